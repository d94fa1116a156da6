//! What the homeserver knows, and the rules by which it changes. Local users in tests and the
//! appservice's requests go through the same methods.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::FakeConfig;
use super::membership::member_draft;
use super::push::Queue;
use super::refusal::Refusal;
use super::room::{Membership, Room, TimelineEvent};

/// The largest event, as the server would sign it (Matrix 1.19, "Size limits").
const MAX_EVENT: usize = 65_536;
/// What a server adds to an event that clients do not see: hashes, signatures, earlier events.
const SIGNED_OVERHEAD: usize = 700;

pub struct World {
    pub config: FakeConfig,
    pub users: HashMap<String, Profile>,
    pub devices: HashSet<(String, String)>,
    /// Users who are no more.
    pub deactivated: HashSet<String>,
    pub rooms: HashMap<String, Room>,
    pub aliases: HashMap<String, String>,
    pub media: HashMap<String, Media>,
    /// Answers to sends by path, as Synapse keeps them: in memory, whoever the ghost is.
    pub transactions: HashMap<String, String>,
    /// Sends with a `device_id`, by room, user, device and transaction id: these are stored.
    pub stored_transactions: HashMap<[String; 4], String>,
    pub queue: Queue,
    /// Goes up with every event.
    pub changes: watch::Sender<u64>,
    made_ids: u64,
    seed: u64,
    started: (u64, std::time::Instant),
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    pub displayname: Option<String>,
    pub avatar_url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// Who has uploaded it; empty for one that was there before.
    pub uploader: String,
    pub content_type: String,
    pub filename: Option<String>,
    /// `None` between `POST /create` and the upload.
    pub bytes: Option<bytes::Bytes>,
}

/// What a new event says, before the homeserver gives it an id and a time.
pub struct Draft<'a> {
    pub room: &'a str,
    pub sender: &'a str,
    pub kind: &'a str,
    pub state_key: Option<&'a str>,
    pub content: Value,
    /// `ts` of the request; the homeserver's own time without it.
    pub timestamp: Option<u64>,
    pub redacts: Option<&'a str>,
}

impl World {
    pub fn new(config: FakeConfig) -> Self {
        #[expect(clippy::disallowed_methods, reason = "a homeserver has its own clock")]
        let now = std::time::SystemTime::now();
        let now = now
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            config,
            users: HashMap::new(),
            deactivated: HashSet::new(),
            devices: HashSet::new(),
            rooms: HashMap::new(),
            aliases: HashMap::new(),
            media: HashMap::new(),
            transactions: HashMap::new(),
            stored_transactions: HashMap::new(),
            queue: Queue::default(),
            changes: watch::Sender::new(0),
            made_ids: 0,
            seed: u64::try_from(now.as_nanos() & u128::from(u64::MAX)).unwrap_or_default(),
            started: (
                u64::try_from(now.as_millis()).unwrap_or_default(),
                std::time::Instant::now(),
            ),
        }
    }

    /// Whether the appservice speaks for this user: one of its namespace, or its bot.
    pub fn is_served(&self, user: &str) -> bool {
        let Some(localpart) = self.local(user) else {
            return false;
        };
        localpart == self.config.sender_localpart || localpart.starts_with(&self.config.user_prefix)
    }

    pub fn bot(&self) -> String {
        format!(
            "@{}:{}",
            self.config.sender_localpart, self.config.server_name
        )
    }

    /// The localpart of a user of this server.
    pub fn local<'a>(&self, user: &'a str) -> Option<&'a str> {
        let (localpart, server) = user.strip_prefix('@')?.split_once(':')?;
        (server == self.config.server_name).then_some(localpart)
    }

    pub fn room(&self, id: &str) -> Result<&Room, Refusal> {
        self.rooms
            .get(id)
            .ok_or_else(|| Refusal::not_found("Unknown room"))
    }

    pub fn room_mut(&mut self, id: &str) -> Result<&mut Room, Refusal> {
        self.rooms
            .get_mut(id)
            .ok_or_else(|| Refusal::not_found("Unknown room"))
    }

    /// The room, if `user` is joined to it.
    pub fn joined_room(&self, id: &str, user: &str) -> Result<&Room, Refusal> {
        match self.rooms.get(id) {
            Some(room) if room.is_joined(user) => Ok(room),
            _ => Err(not_in_room(user, id)),
        }
    }

    /// The room, if `user` is in it or has been: Synapse shows the state as it was when they left, which
    /// here is as it is now.
    pub fn known_room(&self, id: &str, user: &str) -> Result<&Room, Refusal> {
        let known = self.rooms.get(id).filter(|room| {
            matches!(
                room.members.get(user),
                Some(Membership::Join | Membership::Leave | Membership::Ban)
            )
        });
        known.ok_or_else(|| not_in_room(user, id))
    }

    /// Sends a message or state event after checking membership, power, content and size.
    /// State that is already so makes no new event.
    pub fn send(&mut self, draft: Draft<'_>) -> Result<String, Refusal> {
        if draft.kind == "m.room.member" && draft.state_key.is_some() {
            return self.send_member(draft);
        }
        let room = self.joined_room(draft.room, draft.sender)?;
        let level = room.level_to_send(draft.kind, draft.state_key.is_some());
        if room.power(draft.sender) < level {
            return Err(Refusal::forbidden(format!(
                "You don't have permission to post that to the room: {level} needed"
            )));
        }
        check_numbers(&draft.content)?;
        if draft.kind == "m.room.create" && draft.state_key.is_some() {
            return Err(Refusal::forbidden("A room is created once"));
        }
        if draft.kind == "m.room.power_levels" && draft.state_key == Some("") {
            room.check_levels(draft.sender, &draft.content)?;
        }
        if let Some(key) = draft.state_key
            && let Some(known) = room.state(draft.kind, key)
            && known.sender == draft.sender
            && known.content == draft.content
        {
            return Ok(known.event_id.clone());
        }
        self.append(draft)
    }

    pub fn redact(
        &mut self,
        room: &str,
        sender: &str,
        event: &str,
        reason: Option<&str>,
    ) -> Result<String, Refusal> {
        let known = self.joined_room(room, sender)?;
        let redacted = known
            .event(event)
            .ok_or_else(|| Refusal::not_found("Unknown event"))?;
        if redacted.sender != sender && known.power(sender) < known.level_to("redact") {
            return Err(Refusal::forbidden(
                "You don't have permission to redact events",
            ));
        }
        let mut content = json!({"redacts": event});
        if let Some(reason) = reason {
            content["reason"] = reason.into();
        }
        self.append(Draft {
            room,
            sender,
            kind: "m.room.redaction",
            state_key: None,
            content,
            timestamp: None,
            redacts: Some(event),
        })
    }

    /// Sets a part of a profile and, as Synapse does, says so in every room of the user.
    pub fn set_profile(&mut self, user: &str, change: impl FnOnce(&mut Profile)) {
        let profile = self.users.entry(user.to_owned()).or_default();
        let before = profile.clone();
        change(profile);
        if *profile == before {
            return;
        }
        let rooms = self.rooms.values().filter(|room| room.is_joined(user));
        let rooms: Vec<String> = rooms.map(|room| room.id.clone()).collect();
        for room in rooms {
            let content = self.member_content(user, Membership::Join, &json!({}));
            // A member may always renew their own member event.
            let _ = self.append(member_draft(&room, user, user, content));
        }
    }

    /// A new `!`/`$` id without its sigil: 43 characters of unpadded URL-safe Base64, as the hash
    /// of an event has.
    pub fn next_id(&mut self) -> String {
        self.made_ids += 1;
        let bytes: Vec<u8> = (0..4)
            .flat_map(|word| mix(self.seed ^ mix(self.made_ids * 4 + word)).to_be_bytes())
            .collect();
        data_encoding::BASE64URL_NOPAD.encode(&bytes)
    }

    /// Milliseconds since 1970.
    pub fn now(&self) -> u64 {
        let (start, since) = self.started;
        start + u64::try_from(since.elapsed().as_millis()).unwrap_or_default()
    }

    /// Stores an event that was found to be allowed, and queues it for the appservice.
    pub fn append(&mut self, draft: Draft<'_>) -> Result<String, Refusal> {
        let opaque = self.next_id();
        let is_first = draft.kind == "m.room.create";
        let event = TimelineEvent {
            // In version 12 a room is named after its first event.
            event_id: match draft.room.strip_prefix('!') {
                Some(name) if is_first && !name.contains(':') => format!("${name}"),
                _ => format!("${opaque}"),
            },
            room_id: draft.room.to_owned(),
            sender: draft.sender.to_owned(),
            kind: draft.kind.to_owned(),
            state_key: draft.state_key.map(str::to_owned),
            content: draft.content,
            timestamp: draft.timestamp.unwrap_or_else(|| self.now()),
            redacts: draft.redacts.map(str::to_owned),
            redacted_by: None,
        };
        let json = event.to_json();
        let text = json.to_string();
        if text.len() + SIGNED_OVERHEAD > MAX_EVENT {
            return Err(Refusal::new(413, "M_TOO_LARGE", "event too large"));
        }
        let target = event
            .state_key
            .as_deref()
            .filter(|_| event.kind == "m.room.member");
        let concerns_served =
            self.is_served(draft.sender) || target.is_some_and(|target| self.is_served(target));
        let unknown = target
            .filter(|target| self.is_served(target) && !self.users.contains_key(*target))
            .filter(|target| **target != self.bot())
            .map(str::to_owned);
        let served_by_change = target
            .filter(|target| self.is_served(target))
            .map(str::to_owned);

        let event_id = event.event_id.clone();
        let is_invite = event.membership() == "invite";
        let room = self.room_mut(draft.room)?;
        let joined_before = served_by_change
            .as_deref()
            .is_some_and(|user| room.is_joined(user));
        room.push(event);
        let joined_now = served_by_change
            .as_deref()
            .is_some_and(|user| room.is_joined(user));
        match (joined_before, joined_now) {
            (false, true) => room.served += 1,
            (true, false) => room.served -= 1,
            (false, false) | (true, true) => {}
        }
        if concerns_served || room.served > 0 {
            let text = match served_by_change {
                Some(_) if is_invite => with_invite_state(json, room).to_string(),
                _ => text,
            };
            self.queue.event(event_id.clone(), text, unknown);
        }
        self.changes.send_modify(|changes| *changes += 1);
        Ok(event_id)
    }

    /// Everybody in a room with their membership.
    pub fn members(&self, room: &str) -> BTreeMap<String, Membership> {
        self.rooms
            .get(room)
            .map(|room| room.members.clone())
            .unwrap_or_default()
    }
}

pub fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

pub fn not_in_room(user: &str, room: &str) -> Refusal {
    Refusal::forbidden(format!("User {user} not in room {room}"))
}

fn with_invite_state(mut event: Value, room: &Room) -> Value {
    let shown = [
        "m.room.create",
        "m.room.join_rules",
        "m.room.name",
        "m.room.encryption",
    ];
    let stripped: Vec<Value> = room
        .all_state()
        .filter(|state| shown.contains(&state.kind.as_str()))
        .map(|state| {
            json!({"type": state.kind, "state_key": state.state_key,
                "sender": state.sender, "content": state.content})
        })
        .collect();
    event["unsigned"] = json!({"invite_room_state": stripped});
    event
}

/// Refuses floats and integers beyond ±(2⁵³ − 1) (canonical JSON, Matrix 1.19).
pub fn check_numbers(value: &Value) -> Result<(), Refusal> {
    let largest = (1i64 << 53) - 1;
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(number) if (-largest..=largest).contains(&number) => Ok(()),
            _ => Err(Refusal::bad_json(
                "Bad JSON value: float or integer out of range",
            )),
        },
        Value::Array(items) => items.iter().try_for_each(check_numbers),
        Value::Object(fields) => fields.values().try_for_each(check_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

/// Spreads a counter over 64 bits.
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

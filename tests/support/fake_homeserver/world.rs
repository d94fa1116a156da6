//! What the homeserver knows, and the rules by which it changes. Local users in tests and the
//! appservice's requests go through the same methods.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::FakeConfig;
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

    /// Changes a membership; `None` if it is so already.
    pub fn set_membership(
        &mut self,
        room: &str,
        sender: &str,
        target: &str,
        to: Membership,
        reason: Option<&str>,
    ) -> Result<Option<String>, Refusal> {
        let mut content = json!({});
        if let Some(reason) = reason {
            content["reason"] = reason.into();
        }
        self.change_member(room, sender, target, to, content)
    }

    pub fn create_room(&mut self, creator: &str, wish: &Value) -> Result<String, Refusal> {
        let version = wish["room_version"].as_str().unwrap_or("12");
        let version: u32 = version.parse().map_err(|_| {
            let error = "Your homeserver does not support this room version";
            Refusal::new(400, "M_UNSUPPORTED_ROOM_VERSION", error)
        })?;
        let is_public = wish["visibility"] == "public";
        let preset = wish["preset"].as_str();
        let preset = preset.unwrap_or(if is_public {
            "public_chat"
        } else {
            "private_chat"
        });
        let invited: Vec<String> = strings(&wish["invite"]);
        let mut creators = vec![creator.to_owned()];
        creators.extend(strings(&wish["creation_content"]["additional_creators"]));
        if preset == "trusted_private_chat" {
            creators.extend(invited.iter().cloned());
        }
        let alias = match wish["room_alias_name"].as_str() {
            Some(name) => Some(self.free_alias(name)?),
            None => None,
        };

        let opaque = self.next_id();
        let id = if version >= 12 {
            format!("!{opaque}")
        } else {
            format!("!{}:{}", &opaque[..18], self.config.server_name)
        };
        let mut creation = object(&wish["creation_content"]);
        creation.insert("room_version".into(), version.to_string().into());
        let mut levels = json!({
            "users": {}, "users_default": 0, "events_default": 0, "state_default": 50,
            "invite": 0, "kick": 50, "ban": 50, "redact": 50,
            "events": {"m.room.tombstone": if version >= 12 { 150 } else { 100 },
                "m.room.power_levels": 100, "m.room.encryption": 100},
        });
        if version < 12 {
            for creator in creators.drain(..) {
                levels["users"][creator] = json!(100);
            }
        }
        for (key, value) in object(&wish["power_level_content_override"]) {
            levels[key] = value;
        }
        let join_rule = if preset == "public_chat" {
            "public"
        } else {
            "invite"
        };

        self.rooms
            .insert(id.clone(), Room::new(id.clone(), creators));
        let mut lay = |kind: &str, key: &str, content: Value| {
            self.append(Draft {
                room: &id,
                sender: creator,
                kind,
                state_key: Some(key),
                content,
                timestamp: None,
                redacts: None,
            })
        };
        lay("m.room.create", "", Value::Object(creation))?;
        lay("m.room.member", creator, json!({"membership": "join"}))?;
        lay("m.room.power_levels", "", levels)?;
        if let Some(alias) = &alias {
            lay("m.room.canonical_alias", "", json!({"alias": alias}))?;
        }
        lay("m.room.join_rules", "", json!({"join_rule": join_rule}))?;
        lay(
            "m.room.history_visibility",
            "",
            json!({"history_visibility": "shared"}),
        )?;
        for event in wish["initial_state"].as_array().into_iter().flatten() {
            let kind = event["type"]
                .as_str()
                .ok_or_else(|| Refusal::missing("type"))?;
            let key = event["state_key"].as_str().unwrap_or_default();
            lay(kind, key, event["content"].clone())?;
        }
        if let Some(name) = wish["name"].as_str() {
            lay("m.room.name", "", json!({"name": name}))?;
        }
        if let Some(topic) = wish["topic"].as_str() {
            lay("m.room.topic", "", json!({"topic": topic}))?;
        }
        if let Some(alias) = alias {
            self.aliases.insert(alias, id.clone());
        }
        for user in invited {
            let mut content = json!({});
            if wish["is_direct"] == true {
                content["is_direct"] = true.into();
            }
            self.change_member(&id, creator, &user, Membership::Invite, content)?;
        }
        Ok(id)
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

    fn send_member(&mut self, draft: Draft<'_>) -> Result<String, Refusal> {
        let target = draft.state_key.unwrap_or_default();
        let to = draft.content["membership"]
            .as_str()
            .and_then(Membership::parse);
        let to = to.ok_or_else(|| Refusal::bad_json("Bad membership"))?;
        check_numbers(&draft.content)?;
        let room = self.joined_room(draft.room, draft.sender);
        if let Ok(room) = &room
            && to == Membership::Join
            && target == draft.sender
            && room
                .state("m.room.member", target)
                .is_some_and(|e| e.content != draft.content)
        {
            return self.append(draft);
        }
        let made = self.change_member(draft.room, draft.sender, target, to, draft.content)?;
        let known = self.room(draft.room)?.state("m.room.member", target);
        let known = || known.map(|event| event.event_id.clone());
        Ok(made.or_else(known).unwrap_or_default())
    }

    fn change_member(
        &mut self,
        room_id: &str,
        sender: &str,
        target: &str,
        to: Membership,
        content: Value,
    ) -> Result<Option<String>, Refusal> {
        let room = self.room(room_id)?;
        let now = room.members.get(target).copied();
        let power = room.power(sender);
        let refused = |why: &str| Err(Refusal::forbidden(why));
        if sender != target && !room.is_joined(sender) {
            return Err(not_in_room(sender, room_id));
        }
        match to {
            Membership::Join if sender != target => return refused("Cannot join for others"),
            Membership::Join => match now {
                Some(Membership::Join) => return Ok(None),
                Some(Membership::Ban) => return refused("You are banned from this room"),
                Some(Membership::Invite) => {}
                Some(Membership::Leave) | None if room.join_rule() == "public" => {}
                Some(Membership::Leave) | None => {
                    return refused("You are not invited to this room.");
                }
            },
            Membership::Invite => match now {
                Some(Membership::Join) => return refused("They are already in the room."),
                Some(Membership::Ban) => return refused("They are banned from the room"),
                _ if power < room.level_to("invite") => {
                    return refused("You don't have permission to invite users");
                }
                Some(Membership::Invite | Membership::Leave) | None => {}
            },
            Membership::Leave if sender == target => match now {
                Some(Membership::Join | Membership::Invite) => {}
                Some(Membership::Ban | Membership::Leave) | None => {
                    return Err(not_in_room(sender, room_id));
                }
            },
            Membership::Leave => {
                let action = if now == Some(Membership::Ban) {
                    "ban"
                } else {
                    "kick"
                };
                if power < room.level_to(action) || power <= room.power(target) {
                    return refused("You cannot kick this user.");
                }
                if now.is_none_or(|now| now == Membership::Leave) {
                    let error = "The target user is not in the room";
                    return Err(Refusal::new(403, "M_NOT_IN_ROOM", error));
                }
            }
            Membership::Ban => {
                if power < room.level_to("ban") || power <= room.power(target) {
                    return refused("You don't have permission to ban");
                }
            }
        }
        let content = self.member_content(target, to, &content);
        self.append(member_draft(room_id, sender, target, content))
            .map(Some)
    }

    fn member_content(&self, user: &str, to: Membership, content: &Value) -> Value {
        let mut content = object(content);
        content.insert("membership".into(), to.name().into());
        if matches!(to, Membership::Join | Membership::Invite)
            && let Some(profile) = self.users.get(user)
        {
            for (key, value) in [
                ("displayname", &profile.displayname),
                ("avatar_url", &profile.avatar_url),
            ] {
                if let Some(value) = value
                    && !content.contains_key(key)
                {
                    content.insert(key.into(), value.clone().into());
                }
            }
        }
        Value::Object(content)
    }

    /// Stores an event that was found to be allowed, and queues it for the appservice.
    fn append(&mut self, draft: Draft<'_>) -> Result<String, Refusal> {
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

    fn free_alias(&self, name: &str) -> Result<String, Refusal> {
        let alias = format!("#{name}:{}", self.config.server_name);
        if self.aliases.contains_key(&alias) {
            return Err(Refusal::new(
                400,
                "M_ROOM_IN_USE",
                "Room alias already taken",
            ));
        }
        Ok(alias)
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

fn strings(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn not_in_room(user: &str, room: &str) -> Refusal {
    Refusal::forbidden(format!("User {user} not in room {room}"))
}

fn member_draft<'a>(room: &'a str, sender: &'a str, target: &'a str, content: Value) -> Draft<'a> {
    Draft {
        room,
        sender,
        kind: "m.room.member",
        state_key: Some(target),
        content,
        timestamp: None,
        redacts: None,
    }
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
fn check_numbers(value: &Value) -> Result<(), Refusal> {
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

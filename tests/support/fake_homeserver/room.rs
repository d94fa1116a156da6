//! One room: its events, its state and who may do what (Matrix 1.19, room version 12).

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use serde_json::{Map, Value, json};

use super::refusal::Refusal;

/// One event of a room as clients see it.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineEvent {
    pub event_id: String,
    pub room_id: String,
    pub sender: String,
    /// The `type` of the event.
    pub kind: String,
    pub state_key: Option<String>,
    pub content: Value,
    /// `origin_server_ts`, milliseconds since 1970.
    pub timestamp: u64,
    /// The event that this one, an `m.room.redaction`, redacts.
    pub redacts: Option<String>,
    /// The redaction that took this event's content away.
    pub redacted_by: Option<String>,
}

impl TimelineEvent {
    /// The `body` of the content, empty if there is none.
    pub fn body(&self) -> &str {
        self.content["body"].as_str().unwrap_or_default()
    }

    /// The `membership` of the content, empty if there is none.
    pub fn membership(&self) -> &str {
        self.content["membership"].as_str().unwrap_or_default()
    }

    /// The event in the format for clients.
    pub fn to_json(&self) -> Value {
        let mut event = Map::new();
        event.insert("event_id".into(), self.event_id.clone().into());
        event.insert("room_id".into(), self.room_id.clone().into());
        event.insert("sender".into(), self.sender.clone().into());
        event.insert("type".into(), self.kind.clone().into());
        event.insert("origin_server_ts".into(), self.timestamp.into());
        event.insert("content".into(), self.content.clone());
        if let Some(key) = &self.state_key {
            event.insert("state_key".into(), key.clone().into());
        }
        if let Some(redacts) = &self.redacts {
            event.insert("redacts".into(), redacts.clone().into());
        }
        if let Some(redaction) = &self.redacted_by {
            let because = json!({"redacted_because": {"event_id": redaction}});
            event.insert("unsigned".into(), because);
        }
        Value::Object(event)
    }

    /// Takes the content away, except for what keeps the room working.
    fn redact(&mut self, redaction: &str) {
        let kept: &[&str] = match self.kind.as_str() {
            "m.room.member" => &["membership"],
            "m.room.join_rules" => &["join_rule", "allow"],
            "m.room.history_visibility" => &["history_visibility"],
            "m.room.create" | "m.room.power_levels" => return,
            _ => &[],
        };
        if let Some(content) = self.content.as_object_mut() {
            content.retain(|key, _| kept.contains(&key.as_str()));
        }
        self.redacted_by = Some(redaction.to_owned());
    }
}

/// What somebody has read, or `m.fully_read`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub user: String,
    /// `m.read`, `m.read.private` or `m.fully_read`.
    pub kind: String,
    pub event_id: String,
    pub thread_id: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    Join,
    Invite,
    Leave,
    Ban,
}

impl Membership {
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "join" => Some(Self::Join),
            "invite" => Some(Self::Invite),
            "leave" => Some(Self::Leave),
            "ban" => Some(Self::Ban),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Join => "join",
            Self::Invite => "invite",
            Self::Leave => "leave",
            Self::Ban => "ban",
        }
    }
}

pub struct Room {
    pub id: String,
    /// Have every power in version 12 and stand in no power level event.
    pub creators: Vec<String>,
    pub members: BTreeMap<String, Membership>,
    /// Joined users of the appservice; its events are pushed while there is one.
    pub served: usize,
    pub receipts: Vec<Receipt>,
    pub typing: Vec<String>,
    events: Vec<TimelineEvent>,
    places: HashMap<String, usize>,
    state: BTreeMap<String, BTreeMap<String, usize>>,
}

impl Room {
    pub fn new(id: String, creators: Vec<String>) -> Self {
        Self {
            id,
            creators,
            members: BTreeMap::new(),
            served: 0,
            receipts: Vec::new(),
            typing: Vec::new(),
            events: Vec::new(),
            places: HashMap::new(),
            state: BTreeMap::new(),
        }
    }

    pub fn push(&mut self, event: TimelineEvent) {
        let place = self.events.len();
        if let Some(key) = &event.state_key {
            if let Some(membership) = Membership::parse(event.membership())
                && event.kind == "m.room.member"
            {
                self.members.insert(key.clone(), membership);
            }
            self.state
                .entry(event.kind.clone())
                .or_default()
                .insert(key.clone(), place);
        }
        if let Some(redacted) = event.redacts.as_ref().and_then(|id| self.places.get(id)) {
            self.events[*redacted].redact(&event.event_id);
        }
        self.places.insert(event.event_id.clone(), place);
        self.events.push(event);
    }

    pub fn events(&self) -> &[TimelineEvent] {
        &self.events
    }

    pub fn event(&self, id: &str) -> Option<&TimelineEvent> {
        self.places.get(id).map(|place| &self.events[*place])
    }

    pub fn state(&self, kind: &str, key: &str) -> Option<&TimelineEvent> {
        self.state
            .get(kind)?
            .get(key)
            .map(|place| &self.events[*place])
    }

    pub fn all_state(&self) -> impl Iterator<Item = &TimelineEvent> {
        self.state
            .values()
            .flat_map(BTreeMap::values)
            .map(|place| &self.events[*place])
    }

    pub fn state_of_kind(&self, kind: &str) -> impl Iterator<Item = &TimelineEvent> {
        self.state
            .get(kind)
            .into_iter()
            .flat_map(BTreeMap::values)
            .map(|place| &self.events[*place])
    }

    pub fn is_joined(&self, user: &str) -> bool {
        self.members.get(user) == Some(&Membership::Join)
    }

    pub fn join_rule(&self) -> &str {
        self.state("m.room.join_rules", "")
            .and_then(|event| event.content["join_rule"].as_str())
            .unwrap_or("invite")
    }

    pub fn power(&self, user: &str) -> i64 {
        if self.creators.iter().any(|creator| creator == user) {
            return i64::MAX;
        }
        let Some(levels) = self.levels() else {
            return 0;
        };
        levels["users"][user]
            .as_i64()
            .or(levels["users_default"].as_i64())
            .unwrap_or(0)
    }

    /// The level that sending an event of this type takes.
    pub fn level_to_send(&self, kind: &str, is_state: bool) -> i64 {
        let (default_name, default) = if is_state {
            ("state_default", 50)
        } else {
            ("events_default", 0)
        };
        let Some(levels) = self.levels() else {
            return 0;
        };
        levels["events"][kind]
            .as_i64()
            .or(levels[default_name].as_i64())
            .unwrap_or(default)
    }

    /// The level that `invite` (default 0), `kick`, `ban` or `redact` (default 50) takes.
    pub fn level_to(&self, action: &str) -> i64 {
        let default = if action == "invite" { 0 } else { 50 };
        self.levels()
            .and_then(|levels| levels[action].as_i64())
            .unwrap_or(default)
    }

    /// Whether `sender` may set these power levels (authorisation rules of version 12, rule 10): nobody
    /// gives or takes what they haven't themselves, and creators stand in none.
    pub fn check_levels(&self, sender: &str, levels: &Value) -> Result<(), Refusal> {
        let refused = |why: &str| Err(Refusal::forbidden(format!("Power levels: {why}")));
        let named = |creator: &String| levels["users"].get(creator).is_some();
        if self.creators.iter().any(named) {
            return refused("creators can't be in users");
        }
        let Some(now) = self.levels() else {
            return Ok(());
        };
        let own = self.power(sender);
        let is_too_high = |before: &Value, after: &Value| {
            let level = |value: &Value| value.as_i64();
            level(before) != level(after)
                && [before, after]
                    .map(level)
                    .into_iter()
                    .flatten()
                    .any(|it| it > own)
        };
        let simple = [
            "users_default",
            "events_default",
            "state_default",
            "ban",
            "redact",
            "kick",
            "invite",
        ];
        if simple
            .iter()
            .any(|name| is_too_high(&now[name], &levels[name]))
        {
            return refused("you don't have permission to add ops level greater than your own");
        }
        for part in ["events", "notifications", "users"] {
            let keys = [now, levels].map(|levels| levels[part].as_object());
            let keys = keys.into_iter().flatten().flat_map(Map::keys);
            for key in keys {
                let (before, after) = (&now[part][key], &levels[part][key]);
                if is_too_high(before, after) {
                    return refused(
                        "you don't have permission to add ops level greater than your own",
                    );
                }
                let is_peer = part == "users" && key != sender && before.as_i64() >= Some(own);
                if is_peer && before.as_i64() != after.as_i64() {
                    return refused(
                        "you don't have permission to remove ops level equal to your own",
                    );
                }
            }
        }
        Ok(())
    }

    /// A page of events before (`backwards`) or after `from`, which counts events from the
    /// room's beginning, and where the next page begins.
    pub fn page(
        &self,
        from: Option<usize>,
        backwards: bool,
        limit: usize,
    ) -> (Range<usize>, usize) {
        let end = self.events.len();
        if backwards {
            let from = from.unwrap_or(end).min(end);
            let start = from.saturating_sub(limit);
            (start..from, start)
        } else {
            let from = from.unwrap_or(0).min(end);
            let stop = from.saturating_add(limit).min(end);
            (from..stop, stop)
        }
    }

    pub fn note_receipt(&mut self, receipt: Receipt) {
        let same = |known: &&mut Receipt| {
            known.user == receipt.user
                && known.kind == receipt.kind
                && known.thread_id == receipt.thread_id
        };
        match self.receipts.iter_mut().find(same) {
            Some(known) => *known = receipt,
            None => self.receipts.push(receipt),
        }
    }

    fn levels(&self) -> Option<&Value> {
        self.state("m.room.power_levels", "")
            .map(|event| &event.content)
    }
}

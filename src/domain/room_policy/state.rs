//! A room as its state events show it.

use std::collections::BTreeMap;

use ruma::{OwnedMxcUri, OwnedRoomId, OwnedUserId, UserId};
use serde_json::Value;

use super::level;
use crate::domain::event::Membership;

/// A room, or a Space, as far as the policy looks at it.
#[derive(Debug, Clone, PartialEq)]
pub struct RoomState {
    pub id: OwnedRoomId,
    /// They have every power and stand in no power levels: in version 12 and newer.
    pub creators: Vec<OwnedUserId>,
    pub name: String,
    pub topic: String,
    /// The main address.
    pub alias: Option<String>,
    pub logo: Option<OwnedMxcUri>,
    /// As it stands there.
    pub join_rule: String,
    /// As it stands there.
    pub history: String,
    pub encrypted: bool,
    pub levels: Levels,
    pub members: BTreeMap<OwnedUserId, Membership>,
    /// The Spaces that it says it is in.
    pub parents: Vec<OwnedRoomId>,
    /// Of a Space: what it lists.
    pub children: Vec<OwnedRoomId>,
    pub is_space: bool,
    /// It has been replaced; empty if nothing says by what.
    pub replaced_by: Option<String>,
}

/// What somebody may do at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Power {
    Level(i64),
    /// Outranks every level.
    Creator,
}

impl Power {
    #[must_use]
    pub fn reaches(self, level: i64) -> bool {
        self >= Self::Level(level)
    }
}

/// The content of `m.room.power_levels`.
#[derive(Debug, Clone, PartialEq)]
pub struct Levels {
    /// `None`: there are none, which leaves everything to whoever made the room.
    content: Option<Value>,
    creator: Option<OwnedUserId>,
}

impl RoomState {
    /// Reads state events; what makes no sense counts as absent.
    #[must_use]
    pub fn read(id: OwnedRoomId, events: &[Value]) -> Self {
        let mut room = Self {
            // Since version 12 no server stands in a room's id (MSC4291).
            creators: Vec::new(),
            name: String::new(),
            topic: String::new(),
            alias: None,
            logo: None,
            join_rule: "invite".to_owned(),
            history: "shared".to_owned(),
            encrypted: false,
            levels: Levels {
                content: None,
                creator: None,
            },
            members: BTreeMap::new(),
            parents: Vec::new(),
            children: Vec::new(),
            is_space: false,
            replaced_by: None,
            id,
        };
        for event in events {
            room.take(event);
        }
        room
    }

    fn take(&mut self, event: &Value) {
        let key = event["state_key"].as_str().unwrap_or_default();
        let content = &event["content"];
        let text = |name: &str| content[name].as_str().map(str::to_owned);
        let has_via = || content["via"].as_array().is_some_and(|via| !via.is_empty());
        match (event["type"].as_str().unwrap_or_default(), key) {
            ("m.room.create", "") => self.take_creation(event),
            ("m.room.name", "") => trimmed(&content["name"]).clone_into(&mut self.name),
            ("m.room.topic", "") => trimmed(&content["topic"]).clone_into(&mut self.topic),
            ("m.room.canonical_alias", "") => self.alias = text("alias"),
            ("m.room.avatar", "") => {
                let url = text("url").filter(|url| !url.is_empty());
                self.logo = url.map(OwnedMxcUri::from);
            }
            ("m.room.join_rules", "") => {
                self.join_rule = text("join_rule").unwrap_or(self.join_rule.clone());
            }
            ("m.room.history_visibility", "") => {
                self.history = text("history_visibility").unwrap_or(self.history.clone());
            }
            ("m.room.encryption", "") => self.encrypted = content.is_object(),
            ("m.room.power_levels", "") => self.levels.content = Some(content.clone()),
            ("m.room.tombstone", "") => {
                self.replaced_by = Some(text("replacement_room").unwrap_or_default());
            }
            ("m.room.member", user) => {
                let membership = match content["membership"].as_str() {
                    Some("join") => Membership::Join,
                    Some("invite") => Membership::Invite,
                    Some("knock") => Membership::Knock,
                    Some("ban") => Membership::Ban,
                    _ => Membership::Leave,
                };
                if let Ok(user) = OwnedUserId::try_from(user) {
                    self.members.insert(user, membership);
                }
            }
            ("m.space.parent", space) if has_via() => {
                self.parents.extend(OwnedRoomId::try_from(space));
            }
            ("m.space.child", room) if has_via() => {
                self.children.extend(OwnedRoomId::try_from(room));
            }
            _ => {}
        }
    }

    fn take_creation(&mut self, event: &Value) {
        let content = &event["content"];
        self.is_space = content["type"] == "m.space";
        let sender = event["sender"].as_str();
        let creator = sender.and_then(|user| OwnedUserId::try_from(user).ok());
        self.levels.creator.clone_from(&creator);
        // Since version 12 (MSC4289), in which ids of rooms name no server (MSC4291).
        if self.id.server_name().is_some() {
            return;
        }
        let others = content["additional_creators"].as_array();
        let others = others.into_iter().flatten().filter_map(Value::as_str);
        let others = others.filter_map(|user| OwnedUserId::try_from(user).ok());
        self.creators = creator.into_iter().chain(others).collect();
    }

    #[must_use]
    pub fn is_joined(&self, user: &UserId) -> bool {
        self.members.get(user) == Some(&Membership::Join)
    }

    /// Everybody who is in.
    pub fn joined(&self) -> impl Iterator<Item = &OwnedUserId> {
        let members = self.members.iter();
        members
            .filter(|(_, membership)| **membership == Membership::Join)
            .map(|(user, _)| user)
    }

    #[must_use]
    pub fn power(&self, user: &UserId) -> Power {
        if self.creators.iter().any(|creator| creator == user) {
            return Power::Creator;
        }
        Power::Level(self.levels.of(user))
    }

    /// Who is in and has at least this power: the mightiest first.
    #[must_use]
    pub fn mighty(&self, level: i64) -> Vec<(&OwnedUserId, Power)> {
        let with_power = self.joined().map(|user| (user, self.power(user)));
        let mut mighty: Vec<_> = with_power
            .filter(|(_, power)| power.reaches(level))
            .collect();
        mighty.sort_by(|(one, its), (other, others)| others.cmp(its).then(one.cmp(other)));
        mighty
    }
}

impl Levels {
    /// The level that sending an event of this type takes.
    #[must_use]
    pub fn to_send(&self, kind: &str, is_state: bool) -> i64 {
        let Some(content) = &self.content else {
            return 0;
        };
        let (default_name, default) = if is_state {
            ("state_default", level::MODERATOR)
        } else {
            ("events_default", level::TALK)
        };
        let own = number(&content["events"][kind]);
        own.or_else(|| number(&content[default_name]))
            .unwrap_or(default)
    }

    /// The level that `invite` (usually 0), `kick`, `ban` or `redact` (usually 50) takes.
    #[must_use]
    pub fn to(&self, action: &str) -> i64 {
        let usual = if action == "invite" {
            level::TALK
        } else {
            level::MODERATOR
        };
        let content = self.content.as_ref();
        content
            .and_then(|content| number(&content[action]))
            .unwrap_or(usual)
    }

    /// The level that calling everybody takes (`@room`).
    #[must_use]
    pub fn to_call_all(&self) -> i64 {
        let content = self.content.as_ref();
        content
            .and_then(|content| number(&content["notifications"]["room"]))
            .unwrap_or(level::MODERATOR)
    }

    #[must_use]
    pub fn of(&self, user: &UserId) -> i64 {
        match &self.content {
            None if self.creator.as_deref() == Some(user) => level::ADMIN,
            None => level::TALK,
            Some(content) => number(&content["users"][user.as_str()]).unwrap_or(self.of_others()),
        }
    }

    /// The level of everybody of whom nothing else is said.
    #[must_use]
    pub fn of_others(&self) -> i64 {
        let content = self.content.as_ref();
        content
            .and_then(|content| number(&content["users_default"]))
            .unwrap_or(level::TALK)
    }

    /// Users of whom something is said.
    pub fn users(&self) -> impl Iterator<Item = (&str, i64)> {
        self.under("users")
    }

    /// Types of events of which something is said.
    pub fn kinds(&self) -> impl Iterator<Item = (&str, i64)> {
        self.under("events")
    }

    fn under(&self, name: &str) -> impl Iterator<Item = (&str, i64)> {
        let content = self.content.as_ref();
        let entries = content.and_then(|content| content[name].as_object());
        entries
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| Some((key.as_str(), number(value)?)))
    }

    /// The content, for changing it.
    #[must_use]
    pub fn content(&self) -> Value {
        let usual = || Value::Object(serde_json::Map::new());
        let content = self.content.clone().filter(Value::is_object);
        content.unwrap_or_else(usual)
    }
}

fn trimmed(text: &Value) -> &str {
    text.as_str().unwrap_or_default().trim()
}

/// Before version 10 of rooms a number may stand in quotes.
fn number(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| value.as_str()?.trim().parse().ok())
}

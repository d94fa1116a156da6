//! What the bot does about a room: one request to the homeserver each, which can be repeated.

use ruma::{OwnedRoomId, OwnedUserId, UserId};
use serde_json::{Map, Value, json};

use super::state::Levels;

#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    State {
        /// The room, or the Space.
        room: OwnedRoomId,
        kind: String,
        key: String,
        content: Value,
    },
    Invite {
        room: OwnedRoomId,
        user: OwnedUserId,
    },
}

impl Change {
    /// The state event that there is once it is done.
    #[must_use]
    pub fn event(&self) -> Value {
        match self {
            Self::State {
                kind, key, content, ..
            } => json!({"type": kind, "state_key": key, "content": content}),
            Self::Invite { user, .. } => json!({
                "type": "m.room.member", "state_key": user, "content": {"membership": "invite"},
            }),
        }
    }

    /// Whether it says anew who may do what.
    #[must_use]
    pub fn replaces_levels(&self) -> bool {
        matches!(self, Self::State { kind, .. } if kind == "m.room.power_levels")
    }

    /// The same for the same change, and for no other.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{} {}", self.room(), self.event())
    }

    #[must_use]
    pub fn room(&self) -> &OwnedRoomId {
        match self {
            Self::State { room, .. } | Self::Invite { room, .. } => room,
        }
    }
}

/// A change of who may do what, and the power that it takes: nobody gives or takes more than they have.
#[derive(Debug)]
pub(super) struct LevelChange {
    content: Value,
    levels: Levels,
    highest: i64,
    is_any: bool,
}

impl LevelChange {
    pub fn of(levels: &Levels) -> Self {
        Self {
            content: levels.content(),
            highest: levels.to_send("m.room.power_levels", true),
            levels: levels.clone(),
            is_any: false,
        }
    }

    pub fn set_user(&mut self, user: &UserId, level: i64) {
        self.note(self.levels.of(user), level);
        self.entries("users").insert(user.to_string(), level.into());
    }

    /// The user is as everybody.
    pub fn forget(&mut self, user: &str) {
        let named = self.levels.users().find(|(named, _)| *named == user);
        let Some((_, before)) = named else { return };
        // Whoever has as much can't be changed.
        self.note(before.saturating_add(1), 0);
        self.entries("users").remove(user);
    }

    /// Everybody of whom nothing else is said has at most this level.
    pub fn lower_others(&mut self, level: i64) {
        let before = self.levels.of_others();
        if before > level {
            self.note(before, level);
            self.content["users_default"] = level.into();
        }
    }

    /// `invite`, `kick`, `ban`, `redact` or `state_default` takes at least this level.
    pub fn raise(&mut self, action: &str, level: i64) {
        let before = match action {
            "state_default" => self.levels.to_send("", true),
            action => self.levels.to(action),
        };
        if before < level {
            self.note(before, level);
            self.content[action] = level.into();
        }
    }

    pub fn raise_calls(&mut self, level: i64) {
        let before = self.levels.to_call_all();
        if before < level {
            self.note(before, level);
            self.entries("notifications")
                .insert("room".to_owned(), level.into());
        }
    }

    pub fn raise_kind(&mut self, kind: &str, level: i64) {
        let before = self.levels.to_send(kind, true);
        if before < level {
            self.note(before, level);
            self.entries("events").insert(kind.to_owned(), level.into());
        }
    }

    /// The level that whoever makes the change must have.
    pub fn needs(&self) -> i64 {
        self.highest
    }

    pub fn is_any(&self) -> bool {
        self.is_any
    }

    pub fn content(self) -> Value {
        self.content
    }

    fn note(&mut self, before: i64, after: i64) {
        self.highest = self.highest.max(before).max(after);
        self.is_any = true;
    }

    fn entries(&mut self, name: &str) -> &mut Map<String, Value> {
        let entries = &mut self.content[name];
        if !entries.is_object() {
            *entries = json!({});
        }
        match entries {
            Value::Object(entries) => entries,
            _ => unreachable!("it was made one"),
        }
    }
}

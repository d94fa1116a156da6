//! A person with a Matrix client: an ordinary user of the homeserver, or of another one.

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::room::Membership;
use super::world::{Draft, Media};
use super::{FakeHomeserver, endpoints};

/// Acts at once and within the homeserver, under its rules; the plain methods panic when the
/// homeserver refuses, the `try_` ones tell why.
#[derive(Clone)]
pub struct FakeUser {
    hs: FakeHomeserver,
    id: String,
}

impl FakeUser {
    pub(super) fn new(hs: FakeHomeserver, id: String) -> Self {
        Self { hs, id }
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    /// Makes a private, unencrypted room of version 12.
    pub fn create_room(&self, name: &str) -> String {
        self.create_room_with(&json!({"name": name}))
    }

    /// Makes a room as the body of `POST /createRoom` asks.
    pub fn create_room_with(&self, wish: &Value) -> String {
        let room = self.hs.world().create_room(&self.id, wish);
        room.unwrap_or_else(|refusal| panic!("{} may not create it: {refusal:?}", self.id))
    }

    pub fn invite(&self, room: &str, user: &str) {
        self.must(self.try_change(room, user, Membership::Invite));
    }

    pub fn join(&self, room: &str) {
        self.must(self.try_change(room, &self.id, Membership::Join));
    }

    pub fn leave(&self, room: &str) {
        self.must(self.try_change(room, &self.id, Membership::Leave));
    }

    pub fn kick(&self, room: &str, user: &str) {
        self.must(self.try_change(room, user, Membership::Leave));
    }

    pub fn ban(&self, room: &str, user: &str) {
        self.must(self.try_change(room, user, Membership::Ban));
    }

    /// The same, saying why.
    pub fn kick_because(&self, room: &str, user: &str, reason: &str) {
        let leave = Membership::Leave;
        let changed = self
            .hs
            .world()
            .set_membership(room, &self.id, user, leave, Some(reason));
        self.must(changed.map(drop));
    }

    pub fn unban(&self, room: &str, user: &str) {
        self.must(self.try_change(room, user, Membership::Leave));
    }

    /// A room for two, as clients make one.
    pub fn create_direct(&self, with: &str) -> String {
        self.create_room_with(&json!({
            "preset": "trusted_private_chat", "is_direct": true, "invite": [with],
        }))
    }

    /// Replaces the room, as Synapse does: the new room names the old one and has its name; in the old one
    /// nobody without a level of their own may write or invite any more. Nobody is invited.
    pub fn upgrade(&self, room: &str, version: &str) -> String {
        let state = |kind| self.hs.state(room, kind, "").unwrap_or_default();
        let new = self.create_room_with(&json!({
            "room_version": version, "name": state("m.room.name")["name"],
            "creation_content": {"predecessor": {"room_id": room}},
        }));
        let body = "This room has been replaced";
        let tombstone = json!({"body": body, "replacement_room": new});
        self.set_state(room, "m.room.tombstone", "", tombstone);
        let mut levels = state("m.room.power_levels");
        for action in ["events_default", "invite"] {
            let level = levels[action].as_i64().unwrap_or_default();
            levels[action] = level.max(50).into();
        }
        self.set_state(room, "m.room.power_levels", "", levels);
        new
    }

    /// Sends a text message and returns its event id.
    pub fn say(&self, room: &str, text: &str) -> String {
        self.send(
            room,
            "m.room.message",
            json!({"msgtype": "m.text", "body": text}),
        )
    }

    pub fn send(&self, room: &str, kind: &str, content: Value) -> String {
        self.must(self.try_send(room, kind, content))
    }

    pub fn try_send(&self, room: &str, kind: &str, content: Value) -> Result<String, Refusal> {
        self.hs.world().send(self.draft(room, kind, None, content))
    }

    pub fn set_state(&self, room: &str, kind: &str, key: &str, content: Value) -> String {
        let sent = self
            .hs
            .world()
            .send(self.draft(room, kind, Some(key), content));
        self.must(sent)
    }

    /// Replies to `event` without a fallback.
    pub fn reply(&self, room: &str, event: &str, text: &str) -> String {
        let relates = json!({"m.in_reply_to": {"event_id": event}});
        self.say_related(room, text, &relates)
    }

    /// Writes in the thread that `first` begins.
    pub fn say_in_thread(&self, room: &str, first: &str, text: &str) -> String {
        let relates = json!({
            "rel_type": "m.thread", "event_id": first,
            "is_falling_back": true, "m.in_reply_to": {"event_id": first},
        });
        self.say_related(room, text, &relates)
    }

    /// Replaces the text of an own message.
    pub fn edit(&self, room: &str, event: &str, text: &str) -> String {
        let content = json!({
            "msgtype": "m.text", "body": format!("* {text}"),
            "m.new_content": {"msgtype": "m.text", "body": text},
            "m.relates_to": {"rel_type": "m.replace", "event_id": event},
        });
        self.send(room, "m.room.message", content)
    }

    pub fn redact(&self, room: &str, event: &str) -> String {
        let redacted = self.hs.world().redact(room, &self.id, event, None);
        self.must(redacted)
    }

    pub fn react(&self, room: &str, event: &str, key: &str) -> String {
        let relates = json!({"rel_type": "m.annotation", "event_id": event, "key": key});
        self.send(room, "m.reaction", json!({"m.relates_to": relates}))
    }

    /// Uploads a file and sends it as `m.file` or, by its type, `m.image`, `m.audio`, `m.video`.
    pub fn send_file(&self, room: &str, name: &str, content_type: &str, bytes: &[u8]) -> String {
        let uri = self.hs.add_media(name, content_type, bytes);
        let shown = ["image", "audio", "video"];
        let kind = shown
            .into_iter()
            .find(|kind| content_type.starts_with(kind));
        let kind = kind.unwrap_or("file");
        let content = json!({
            "msgtype": format!("m.{kind}"), "body": name, "filename": name, "url": uri,
            "info": {"mimetype": content_type, "size": bytes.len()},
        });
        self.send(room, "m.room.message", content)
    }

    pub fn set_displayname(&self, name: &str) {
        let name = name.to_owned();
        self.hs
            .world()
            .set_profile(&self.id, |profile| profile.displayname = Some(name));
    }

    fn say_related(&self, room: &str, text: &str, relates: &Value) -> String {
        let content = json!({"msgtype": "m.text", "body": text, "m.relates_to": relates});
        self.send(room, "m.room.message", content)
    }

    fn try_change(&self, room: &str, user: &str, to: Membership) -> Result<(), Refusal> {
        self.hs
            .world()
            .set_membership(room, &self.id, user, to, None)
            .map(|_| ())
    }

    fn draft<'a>(
        &'a self,
        room: &'a str,
        kind: &'a str,
        state_key: Option<&'a str>,
        content: Value,
    ) -> Draft<'a> {
        Draft {
            room,
            sender: &self.id,
            kind,
            state_key,
            content,
            timestamp: None,
            redacts: None,
        }
    }

    fn must<T>(&self, result: Result<T, Refusal>) -> T {
        result.unwrap_or_else(|refusal| panic!("{} was refused: {refusal:?}", self.id))
    }
}

impl FakeHomeserver {
    /// Stores a file as if a client had uploaded it; returns its `mxc:` address.
    pub fn add_media(&self, name: &str, content_type: &str, bytes: &[u8]) -> String {
        let media = Media {
            uploader: String::new(),
            content_type: content_type.to_owned(),
            filename: Some(name.to_owned()),
            bytes: Some(bytes::Bytes::copy_from_slice(bytes)),
        };
        endpoints::new_media(&mut self.world(), Some(media))
    }
}

//! A room and its Space, as they are looked at for the policy.

use ruma::OwnedMxcUri;
use serde_json::Value;

use crate::domain::room_policy::{Change, Policy, RoomState, SpaceSight};

/// What there is to look at.
pub struct Scene {
    pub room: RoomState,
    /// The room's events, and the Space's; changes are added as they are made.
    pub events: Vec<Value>,
    pub space_events: Vec<Value>,
    pub space: SpaceSight,
    pub policy: Policy,
    pub mailbox: String,
    pub logo: Option<OwnedMxcUri>,
}

impl Scene {
    /// The change is made: the rooms are looked at with it.
    pub fn take(&mut self, change: &Change) {
        let events = if *change.room() == self.room.id {
            &mut self.events
        } else {
            &mut self.space_events
        };
        let event = change.event();
        let is_other = |known: &Value| {
            known["type"] != event["type"] || known["state_key"] != event["state_key"]
        };
        events.retain(is_other);
        events.push(event);
        self.room = RoomState::read(self.room.id.clone(), &self.events);
        if let SpaceSight::Seen(space) = &mut self.space {
            **space = RoomState::read(space.id.clone(), &self.space_events);
        }
    }
}

//! What several decisions about events are made of.

use crate::domain::{
    effect::{Effect, ItemKind, LetterItem},
    event::{RoomEvent, Words},
    facts::{EventFacts, Role},
};

pub(super) fn item(
    event: &RoomEvent,
    kind: ItemKind,
    words: &Words,
    facts: &EventFacts,
    rides: bool,
) -> LetterItem {
    LetterItem {
        event: event.id.clone(),
        room: event.room.clone(),
        author: facts.sender_name.clone(),
        by_staff: facts.sender_role == Role::Staff,
        sent_at: event.sent_at,
        kind,
        words: words.clone(),
        shared: None,
        quote: None,
        earlier: None,
        had_by: Vec::new(),
        reply_to: None,
        rides,
    }
}

pub(super) fn say(event: &RoomEvent, text: String) -> Effect {
    Effect::Say {
        room: event.room.clone(),
        reply_to: Some(event.id.clone()),
        text,
    }
}

/// Without a reply: for what answers no message.
pub(super) fn say_plainly(event: &RoomEvent, text: String) -> Effect {
    Effect::Say {
        room: event.room.clone(),
        reply_to: None,
        text,
    }
}

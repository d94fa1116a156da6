//! `!email now`

use std::collections::HashSet;

use ruma::OwnedEventId;

use super::answer;
use crate::domain::{
    effect::Effect,
    event::{EventKind, RoomEvent},
    facts::{ConversationFacts, EventFacts},
    wording,
};

pub(super) fn apply(event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
    let waiting: Vec<&ConversationFacts> = meant(event, facts)
        .into_iter()
        .filter(|conversation| conversation.waiting > 0)
        .collect();
    if waiting.is_empty() {
        return vec![answer(event, wording::nothing_waits())];
    }
    let people = waiting.iter().flat_map(|conversation| &conversation.people);
    let mut names: Vec<&str> = people.map(|person| person.name.as_str()).collect();
    // Who is in the room and in one of its threads is named once.
    let mut named = HashSet::new();
    names.retain(|name| named.insert(*name));
    vec![
        Effect::SendNow {
            conversations: waiting.iter().map(|conversation| conversation.id).collect(),
        },
        answer(event, wording::sent_now(&names)),
    ]
}

/// Those of the Matrix thread in which the command stands, if it is a conversation of its own; else all
/// of the room's.
fn meant<'f>(event: &RoomEvent, facts: &'f EventFacts) -> Vec<&'f ConversationFacts> {
    let all = &facts.room.conversations;
    let of_thread = |root: &OwnedEventId| -> Vec<_> {
        let is_its =
            |conversation: &&ConversationFacts| conversation.thread_root.as_ref() == Some(root);
        all.iter().filter(is_its).collect()
    };
    let root = match &event.kind {
        EventKind::Message { relation, .. } => relation.thread_root.as_ref(),
        _ => None,
    };
    let found = root.map(of_thread).unwrap_or_default();
    if found.is_empty() {
        all.iter().collect()
    } else {
        found
    }
}

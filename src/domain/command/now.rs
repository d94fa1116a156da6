//! `!email now`

use std::collections::HashSet;

use ruma::OwnedEventId;

use super::answer;
use crate::domain::{
    effect::Effect,
    event::{EventKind, RoomEvent},
    facts::{ConversationFacts, EventFacts},
    ids::ConversationId,
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
    let conversations: Vec<ConversationId> =
        waiting.iter().map(|conversation| conversation.id).collect();
    let go = waiting.iter().filter(|conversation| {
        let mut held_up = facts.details.held_up.iter();
        !held_up.any(|(id, _)| *id == conversation.id)
    });
    let people = go.flat_map(|conversation| &conversation.people);
    let mut names: Vec<&str> = people.map(|person| person.name.as_str()).collect();
    // Who is in the room and in one of its threads is named once.
    let mut named = HashSet::new();
    names.retain(|name| named.insert(*name));
    let sent = (!names.is_empty()).then(|| wording::sent_now(&names));
    let said: Vec<String> = sent
        .into_iter()
        .chain(held_up(&conversations, facts))
        .collect();
    vec![
        Effect::SendNow { conversations },
        answer(event, said.join("\n")),
    ]
}

/// What is said of those of the conversations that have to wait all the same.
pub fn held_up(conversations: &[ConversationId], facts: &EventFacts) -> Option<String> {
    let held_up: Vec<&(ConversationId, i64)> = facts
        .details
        .held_up
        .iter()
        .filter(|(id, _)| conversations.contains(id))
        .collect();
    let minutes = held_up.iter().map(|(_, minutes)| *minutes).max()?;
    let ids: Vec<ConversationId> = held_up.iter().map(|(id, _)| *id).collect();
    Some(wording::not_sent_now(&ids, minutes))
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

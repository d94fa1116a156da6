//! `!email now`

use std::collections::HashSet;

use super::answer;
use crate::domain::{effect::Effect, event::RoomEvent, facts::EventFacts, wording};

pub(super) fn apply(event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
    let waiting = facts.room.conversations.iter();
    let waiting = waiting.filter(|conversation| conversation.waiting > 0);
    let mut names: Vec<&str> = Vec::new();
    let mut seen = HashSet::new();
    for person in waiting.flat_map(|conversation| &conversation.people) {
        if seen.insert(person.contact) {
            names.push(&person.name);
        }
    }
    if names.is_empty() {
        return vec![answer(event, wording::nothing_waits())];
    }
    vec![
        Effect::SendNow {
            room: event.room.clone(),
        },
        answer(event, wording::sent_now(&names)),
    ]
}

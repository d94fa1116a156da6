//! `!email now`

use super::answer;
use crate::domain::{effect::Effect, event::RoomEvent, facts::EventFacts, wording};

pub(super) fn apply(event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
    let names: Vec<&str> = facts
        .room
        .conversations
        .iter()
        .filter(|conversation| conversation.waiting > 0)
        .flat_map(|conversation| {
            conversation
                .people
                .iter()
                .map(|person| person.name.as_str())
        })
        .collect();
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

//! `!email status`

use super::answer;
use crate::domain::{effect::Effect, event::RoomEvent, facts::EventFacts, wording};

pub(super) fn apply(event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
    let text = if facts.room.conversations.is_empty() {
        wording::nobody_here()
    } else {
        wording::status(&facts.room, &facts.details.now)
            + &wording::bounces::suspended_here(&facts.details.suspended)
    };
    vec![answer(event, text)]
}

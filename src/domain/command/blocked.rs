//! `!email blocked`

use super::answer;
use crate::domain::{
    effect::Effect, event::RoomEvent, facts::EventFacts, wording::guard as wording,
};

pub(super) fn apply(event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
    let senders = &facts.details.senders;
    vec![answer(
        event,
        wording::lists(&senders.listed, senders.has_more),
    )]
}

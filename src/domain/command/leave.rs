//! `!email leave`

use super::answer;
use crate::domain::{
    effect::Effect, event::RoomEvent, facts::EventFacts, life::Life, wording::living,
};

pub(super) fn apply(event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
    if facts.control_room.as_ref() == Some(&event.room) {
        return vec![answer(event, living::not_from_the_control_room())];
    }
    let room = event.room.clone();
    vec![
        answer(event, living::leaving(&facts.room)),
        Effect::Life(Life::Leave { room }),
    ]
}

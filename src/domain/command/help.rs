//! `!email help`

use super::{COMMANDS, answer};
use crate::domain::{effect::Effect, event::RoomEvent, wording};

pub(super) fn apply(event: &RoomEvent) -> Vec<Effect> {
    let lines = COMMANDS.map(|(_, usage, what)| (usage, what));
    vec![answer(event, wording::help(&lines))]
}

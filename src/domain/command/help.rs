//! `!email help`

use super::{COMMANDS, answer};
use crate::domain::{effect::Effect, event::RoomEvent, wording};

pub(super) fn apply(event: &RoomEvent) -> Vec<Effect> {
    vec![answer(event, wording::help(COMMANDS))]
}

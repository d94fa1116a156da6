//! Of a mail that leads to conversations in several rooms: which of them it can appear in, and what became
//! of it.

use super::Outcome;
use crate::domain::{facts::Route, trust::Held};

/// To a conversation that goes on: in a room that the bot was put out of it waits until the bot is back.
pub(super) fn leads_somewhere(route: &Route) -> bool {
    route.bot_joined || !route.is_closed
}

/// Why a mail that would be posted waits until somebody has come back to the room.
pub(super) fn awaits(route: &Route) -> Option<Held> {
    if !route.bot_joined {
        return Some(Held::Away);
    }
    route.is_deserted.then_some(Held::Deserted)
}

/// Of what became of a mail in several conversations: what says most.
pub(super) fn weightier(one: Outcome, other: Outcome) -> Outcome {
    let weight = |outcome: &Outcome| match outcome {
        Outcome::Posted => 4,
        Outcome::Held => 3,
        Outcome::Kept(_) => 2,
        Outcome::PassedOver => 1,
        Outcome::Duplicate
        | Outcome::Requested
        | Outcome::Rejected
        | Outcome::Own
        | Outcome::Leave
        | Outcome::Matched
        | Outcome::PostedSmall
        | Outcome::Blocked
        | Outcome::Junk
        | Outcome::Loop
        | Outcome::Postponed => 0,
    };
    if weight(&other) > weight(&one) {
        other
    } else {
        one
    }
}

//! `!email status [NUMBER]`

use super::{answer, which};
use crate::domain::{
    effect::Effect, event::RoomEvent, facts::EventFacts, ids::ConversationId, wording,
};

/// What waits in the room and how far its conversations are; or all about one of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    pub number: Option<ConversationId>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    pub text: String,
}

impl Status {
    pub(super) fn parse(arguments: &str) -> Result<Self, Fault> {
        let (number, rest) = which::number_first(arguments, false);
        if !rest.is_empty() {
            return Err(Fault {
                text: rest.to_owned(),
            });
        }
        Ok(Self { number })
    }

    pub(super) fn apply(&self, event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
        let details = &facts.details;
        let text = if self.number.is_some() {
            match which::meant(self.number, "status", event, facts) {
                Ok(case) => wording::desk::card(case, &facts.room, details),
                Err(text) => text,
            }
        } else if facts.room.conversations.is_empty() {
            wording::nobody_here()
        } else {
            wording::status(&facts.room, &details.now)
                + &wording::bounces::suspended_here(&details.suspended)
        };
        vec![answer(event, text)]
    }
}

impl Fault {
    pub(super) fn sentence(&self) -> String {
        wording::desk::not_a_number(&self.text, "status")
    }
}

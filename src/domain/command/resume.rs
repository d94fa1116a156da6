//! `!email resume ADDRESS`

use super::answer;
use crate::domain::{
    address::{AddressFault, EmailAddress},
    bounce::Consequence,
    effect::Effect,
    event::RoomEvent,
    facts::EventFacts,
    wording,
};

#[derive(Debug, Clone, PartialEq)]
pub struct Resume {
    pub address: EmailAddress,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    NoAddress,
    NotAnAddress { text: String, fault: AddressFault },
}

impl Resume {
    pub(super) fn parse(arguments: &str) -> Result<Self, Fault> {
        let word = arguments
            .split_whitespace()
            .next()
            .ok_or(Fault::NoAddress)?;
        EmailAddress::parse(word)
            .map(|address| Self { address })
            .map_err(|fault| Fault::NotAnAddress {
                text: word.to_owned(),
                fault,
            })
    }

    /// In whatever room: a suspension holds in all of them.
    pub(super) fn apply(&self, event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
        let mut suspended = facts.details.suspended.iter();
        if !suspended.any(|one| one.address == self.address) {
            let text = wording::bounces::is_not_suspended(&self.address);
            return vec![answer(event, text)];
        }
        vec![Effect::Bounce(Consequence::Resume {
            address: self.address.clone(),
            room: event.room.clone(),
            by: event.id.clone(),
        })]
    }
}

impl Fault {
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::NoAddress => wording::bounces::resume_needs_an_address(),
            Self::NotAnAddress { text, fault } => wording::not_set_not_an_address(text, *fault),
        }
    }
}

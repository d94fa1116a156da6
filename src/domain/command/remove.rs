//! `!email remove ADDRESS`

use super::answer;
use crate::domain::{
    address::{AddressFault, EmailAddress},
    effect::Effect,
    event::RoomEvent,
    facts::EventFacts,
    wording,
};

#[derive(Debug, Clone, PartialEq)]
pub struct Remove {
    pub address: EmailAddress,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    NoAddress,
    NotAnAddress { text: String, fault: AddressFault },
}

impl Remove {
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

    pub(super) fn apply(&self, event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
        let Some(person) = facts.room.find(&self.address) else {
            return vec![answer(event, wording::is_not_here(&self.address))];
        };
        let mut text = wording::removed(&person.name, &person.address);
        if facts.room.people().len() == 1 {
            text.push_str(wording::living::nobody_left());
        }
        vec![
            Effect::RemoveContact {
                room: event.room.clone(),
                contact: person.contact,
            },
            answer(event, text),
        ]
    }
}

impl Fault {
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::NoAddress => wording::remove_needs_an_address(),
            Self::NotAnAddress { text, fault } => wording::not_removed_not_an_address(text, *fault),
        }
    }
}

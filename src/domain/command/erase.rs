//! `!email erase ADDRESS [redact]`

use super::answer;
use crate::domain::{
    address::{AddressFault, EmailAddress},
    effect::Effect,
    event::RoomEvent,
    facts::EventFacts,
    outgoing::Offer,
    wording,
};

/// Makes everything of a person go, once staff confirm it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erase {
    pub address: EmailAddress,
    /// What they have said in rooms is taken back, too.
    pub redacts: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    NoAddress,
    NotAnAddress { text: String, fault: AddressFault },
    WhatElse(String),
}

impl Erase {
    pub(super) fn parse(arguments: &str) -> Result<Self, Fault> {
        let mut words = arguments.split_whitespace();
        let word = words.next().ok_or(Fault::NoAddress)?;
        let address = EmailAddress::parse(word).map_err(|fault| Fault::NotAnAddress {
            text: word.to_owned(),
            fault,
        })?;
        let redacts = match words.next() {
            None => false,
            Some(word) if word.eq_ignore_ascii_case("redact") => true,
            Some(word) => return Err(Fault::WhatElse(word.to_owned())),
        };
        match words.next() {
            None => Ok(Self { address, redacts }),
            Some(word) => Err(Fault::WhatElse(word.to_owned())),
        }
    }

    /// In the control room, where administrators are; nothing is done before somebody confirms it.
    pub(super) fn apply(&self, event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
        if facts.control_room.as_ref() != Some(&event.room) {
            return vec![answer(event, wording::erasure::control_room_only())];
        }
        if facts.own_addresses.contain(&self.address) {
            return vec![answer(event, wording::erasure::own_address(&self.address))];
        }
        vec![Effect::MakeOffer {
            room: event.room.clone(),
            text: wording::erasure::asks(&self.address, self.redacts, &facts.details.person),
            offer: Offer::Erase {
                address: self.address.clone(),
                redacts: self.redacts,
                by: event.sender.clone(),
                room: event.room.clone(),
            },
        }]
    }
}

impl Fault {
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::NoAddress => wording::erasure::needs_an_address(),
            Self::NotAnAddress { text, fault } => wording::not_set_not_an_address(text, *fault),
            Self::WhatElse(word) => wording::erasure::what_else(word),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("jane@acme.com", Ok(false))]
    #[case(" Jane@Acme.com  REDACT ", Ok(true))]
    #[case("", Err(Fault::NoAddress))]
    #[case("jane@acme.com now", Err(Fault::WhatElse("now".to_owned())))]
    #[case("jane@acme.com redact all", Err(Fault::WhatElse("all".to_owned())))]
    fn reads(#[case] text: &str, #[case] expected: Result<bool, Fault>) {
        assert_eq!(Erase::parse(text).map(|it| it.redacts), expected);
    }

    #[test]
    fn what_is_no_address_is_told() {
        assert!(matches!(
            Erase::parse("jane"),
            Err(Fault::NotAnAddress { .. })
        ));
    }
}

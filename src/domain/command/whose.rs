//! For which of a room's customers a command is: the only one, or the one with an address.

use crate::domain::{
    address::{AddressFault, EmailAddress},
    facts::{ConversationFacts, EventFacts, LocaleFacts},
    wording,
};

#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    NotAnAddress { text: String, fault: AddressFault },
    SeveralAddresses,
}

/// The address in the arguments of a command, and the rest of them.
pub(super) fn divide(arguments: &str) -> Result<(Option<EmailAddress>, String), Fault> {
    let (addresses, rest): (Vec<&str>, Vec<&str>) = arguments
        .split([' ', '\t', '\n', ',', ';'])
        .filter(|word| !word.is_empty())
        .partition(|word| word.contains('@'));
    let rest = rest.join(" ");
    match addresses[..] {
        [] => Ok((None, rest)),
        [text] => match EmailAddress::parse(text) {
            Ok(address) => Ok((Some(address), rest)),
            Err(fault) => Err(Fault::NotAnAddress {
                text: text.to_owned(),
                fault,
            }),
        },
        _ => Err(Fault::SeveralAddresses),
    }
}

/// A customer, with a conversation that shows who they are.
type Customer<'f> = (&'f ConversationFacts, &'f LocaleFacts);

/// The room's customers, each once.
fn all(facts: &EventFacts) -> Vec<Customer<'_>> {
    let locales = facts.details.locales.iter();
    let found = locales.filter_map(|locale| {
        let mut conversations = facts.room.conversations.iter();
        let own = conversations.find(|conversation| conversation.customer == locale.customer);
        own.map(|own| (own, locale))
    });
    found.collect()
}

/// How the letters to each customer are written.
pub(super) fn shown(facts: &EventFacts) -> String {
    let all = all(facts);
    if all.is_empty() {
        wording::nobody_here()
    } else {
        wording::locales(&all)
    }
}

/// The customer with this address, or the only one; else what to say.
pub(super) fn meant<'f>(
    address: Option<&EmailAddress>,
    command: &str,
    facts: &'f EventFacts,
) -> Result<Customer<'f>, String> {
    let all = all(facts);
    let Some(address) = address else {
        return match all[..] {
            [] => Err(wording::nobody_here()),
            [only] => Ok(only),
            [_, ..] => Err(wording::for_whom(command)),
        };
    };
    let is_theirs = |(conversation, _): &Customer<'_>| {
        let mut people = conversation.people.iter();
        people.any(|person| person.address == *address)
    };
    all.into_iter()
        .find(is_theirs)
        .ok_or_else(|| wording::is_not_here(address))
}

impl Fault {
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::NotAnAddress { text, fault } => wording::not_set_not_an_address(text, *fault),
            Self::SeveralAddresses => wording::one_at_a_time(),
        }
    }
}

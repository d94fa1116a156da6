//! `!email add [--share] ADDRESS… [Name]`

use super::answer;
use crate::domain::{
    address::{AddressFault, EmailAddress, NamedAddress},
    effect::Effect,
    event::RoomEvent,
    facts::{EventFacts, PersonFacts, RoomFacts},
    ids::{ContactId, ConversationId},
    wording,
};

/// Adds one customer: one person, or several who get one mail together.
#[derive(Debug, Clone, PartialEq)]
pub struct Add {
    pub people: Vec<NamedAddress>,
    /// Staff know that customers of different organisations will read each other.
    pub share: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    NoAddress,
    NotAnAddress { text: String, fault: AddressFault },
}

impl Add {
    pub(super) fn parse(arguments: &str) -> Result<Self, Fault> {
        let mut words = arguments
            .split([' ', '\t', '\n', ',', ';'])
            .filter(|w| !w.is_empty())
            .peekable();
        let share = words.next_if_eq(&"--share").is_some();
        let mut people: Vec<NamedAddress> = Vec::new();
        while let Some(word) = words.next_if(|word| people.is_empty() || word.contains('@')) {
            let address = EmailAddress::parse(word).map_err(|fault| Fault::NotAnAddress {
                text: word.to_owned(),
                fault,
            })?;
            if people.iter().all(|known| known.address != address) {
                people.push(NamedAddress {
                    name: None,
                    address,
                });
            }
        }
        let name = words.collect::<Vec<_>>().join(" ");
        let name = name.trim_matches(['"', '“', '”', '\'']);
        match people.as_mut_slice() {
            [] => return Err(Fault::NoAddress),
            [only] if !name.is_empty() => only.name = Some(name.to_owned()),
            // A name can't belong to several people.
            [_] => {}
            [_, ..] if name.is_empty() => {}
            [_, ..] => {
                let fault = AddressFault::NoAt;
                return Err(Fault::NotAnAddress {
                    text: name.to_owned(),
                    fault,
                });
            }
        }
        Ok(Self { people, share })
    }

    pub(in crate::domain) fn apply(&self, event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
        if facts.room.encrypted {
            return vec![answer(event, wording::room_is_encrypted())];
        }
        if facts.room.is_direct {
            return vec![answer(event, wording::desk::nobody_in_direct_chat())];
        }
        if let Some(own) = self
            .people
            .iter()
            .find(|p| facts.own_addresses.contain(&p.address))
        {
            return vec![answer(event, wording::is_ours(&own.address))];
        }
        if let Some(banned) = self
            .people
            .iter()
            .find(|person| facts.details.banned.contains(&person.address))
        {
            let name = banned.name.as_deref();
            let name = name.unwrap_or_else(|| banned.address.local_part());
            return vec![answer(
                event,
                wording::living::banned_here(name, &banned.address),
            )];
        }
        let mut effects = Vec::new();
        let mut new = Vec::new();
        for named in &self.people {
            match place_of(&named.address, &facts.room) {
                Place::Member(person) => effects.push(answer(
                    event,
                    wording::already_here(&person.name, &person.address),
                )),
                Place::Guest(conversation, contact) => effects.push(Effect::Admit {
                    conversation,
                    contact,
                }),
                Place::Nowhere => new.push(named.clone()),
            }
        }
        if new.is_empty() {
            return effects;
        }
        let others: Vec<String> = facts
            .room
            .people()
            .iter()
            .map(|person| person.name.clone())
            .collect();
        let foreign = facts.room.people().iter().any(|person| {
            new.iter()
                .any(|newcomer| newcomer.address.domain() != person.address.domain())
        });
        let names: Vec<String> = new.iter().map(shown).collect();
        if foreign && !self.share {
            effects.push(answer(
                event,
                wording::would_share(&names.join(", "), &others),
            ));
            return effects;
        }
        effects.push(Effect::AddCustomer {
            room: event.room.clone(),
            people: new,
        });
        effects.push(answer(event, wording::added(&names, &others)));
        effects
    }
}

/// What somebody is to the room already.
enum Place<'a> {
    Member(&'a PersonFacts),
    /// Of this conversation, or of one of its threads: one of its people is what they may become.
    Guest(ConversationId, ContactId),
    Nowhere,
}

fn place_of<'a>(address: &EmailAddress, room: &'a RoomFacts) -> Place<'a> {
    let is_it = |person: &&PersonFacts| person.address == *address;
    let mut members = room.mains().flat_map(|main| &main.people);
    if let Some(member) = members.find(|person| is_it(person) && !person.is_guest) {
        return Place::Member(member);
    }
    let found = room
        .conversations
        .iter()
        .find_map(|conversation| Some((conversation, conversation.people.iter().find(is_it)?)));
    let main = |customer| room.mains().find(|main| main.customer == customer);
    match found.and_then(|(at, person)| Some((main(at.customer)?, person))) {
        Some((main, person)) => Place::Guest(main.id, person.contact),
        None => Place::Nowhere,
    }
}

fn shown(person: &NamedAddress) -> String {
    match &person.name {
        Some(name) => format!("{name} ({})", person.address),
        None => person.address.to_string(),
    }
}

impl Fault {
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::NoAddress => wording::add_needs_an_address(),
            Self::NotAnAddress { text, fault } => wording::not_an_address(text, *fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("jane@acme.com", &["jane@acme.com"], None, false)]
    #[case("jane@acme.com Jane Doe", &["jane@acme.com"], Some("Jane Doe"), false)]
    #[case("<jane@acme.com> \"Jane Doe\"", &["jane@acme.com"], Some("Jane Doe"), false)]
    #[case("jane@acme.com, bob@acme.com JANE@acme.com", &["jane@acme.com", "bob@acme.com"], None, false)]
    #[case("--share jane@acme.com", &["jane@acme.com"], None, true)]
    fn reads(
        #[case] text: &str,
        #[case] addresses: &[&str],
        #[case] name: Option<&str>,
        #[case] share: bool,
    ) {
        let add = Add::parse(text).unwrap();
        let read: Vec<&str> = add
            .people
            .iter()
            .map(|person| person.address.as_str())
            .collect();
        assert_eq!(read, addresses);
        assert_eq!(add.people[0].name.as_deref(), name);
        assert_eq!(add.share, share);
    }

    #[rstest]
    #[case("", Fault::NoAddress)]
    #[case("Jane", Fault::NotAnAddress { text: "Jane".into(), fault: AddressFault::NoAt })]
    #[case("jane@acme..com", Fault::NotAnAddress { text: "jane@acme..com".into(), fault: AddressFault::Domain })]
    #[case("a@acme.com b@acme Jane", Fault::NotAnAddress { text: "Jane".into(), fault: AddressFault::NoAt })]
    fn says_what_is_wrong(#[case] text: &str, #[case] expected: Fault) {
        assert_eq!(Add::parse(text).unwrap_err(), expected);
    }
}

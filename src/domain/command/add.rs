//! `!email add [--share] ADDRESS… [Name]`

use super::answer;
use crate::domain::{
    address::{AddressFault, EmailAddress, NamedAddress},
    effect::Effect,
    event::RoomEvent,
    facts::EventFacts,
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
        if let Some(own) = self
            .people
            .iter()
            .find(|p| facts.own_addresses.contain(&p.address))
        {
            return vec![answer(event, wording::is_ours(&own.address))];
        }
        let (here, new): (Vec<_>, Vec<_>) = self
            .people
            .iter()
            .cloned()
            .partition(|p| facts.room.find(&p.address).is_some());
        let mut effects: Vec<Effect> = here
            .iter()
            .filter_map(|named| facts.room.find(&named.address))
            .map(|person| answer(event, wording::already_here(&person.name, &person.address)))
            .collect();
        if new.is_empty() {
            return effects;
        }
        let others: Vec<String> = facts
            .room
            .people()
            .map(|person| person.name.clone())
            .collect();
        let foreign = facts.room.people().any(|person| {
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

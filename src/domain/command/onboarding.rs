//! `!email link ADDRESS MATRIX-ID`, `!email unlink ADDRESS`, `!email both ADDRESS [on|off]`, `!email mail
//! ADDRESS`

use ruma::OwnedUserId;

use super::answer;
use crate::domain::{
    address::{AddressFault, EmailAddress},
    effect::Effect,
    event::RoomEvent,
    facts::{EventFacts, PersonFacts},
    matrix_id::{self, Unusable},
    onboarding::{Move, Plan, State, Step, plan},
    outgoing::Offer,
    wording::{
        self as wording_of_all,
        onboarding::{self as wording, Wish},
    },
};

/// What is done about one person of the room.
#[derive(Debug, Clone, PartialEq)]
pub struct Onboarding {
    pub address: EmailAddress,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// They are this user, or come in as that.
    Link(OwnedUserId),
    Unlink,
    /// Whether they get mail besides.
    Both(bool),
    /// They are written to by mail again.
    Mail,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    NoAddress(&'static str),
    NotAnAddress { text: String, fault: AddressFault },
    NoId,
    NotAnId { text: String, why: Unusable },
    NeitherOnNorOff,
}

impl Onboarding {
    pub(super) fn link(arguments: &str) -> Result<Self, Fault> {
        let (first, rest) = arguments
            .trim()
            .split_once(char::is_whitespace)
            .ok_or(Fault::NoId)?;
        let (first, rest) = (first.trim_end_matches([',', ';']), rest.trim());
        // Either may come first.
        let is_id = |text: &str| matrix_id::read_one(text).is_ok();
        let (address, id) = if is_id(first) && !rest.contains(char::is_whitespace) && !is_id(rest) {
            (rest, first)
        } else {
            (first, rest)
        };
        let address = address_in(address)?;
        let user = matrix_id::read_one(id).map_err(|why| Fault::NotAnId {
            text: id.to_owned(),
            why,
        })?;
        let what = What::Link(user);
        Ok(Self { address, what })
    }

    pub(super) fn unlink(arguments: &str) -> Result<Self, Fault> {
        Self::of(arguments, "unlink", What::Unlink)
    }

    pub(super) fn mail(arguments: &str) -> Result<Self, Fault> {
        Self::of(arguments, "mail", What::Mail)
    }

    pub(super) fn both(arguments: &str) -> Result<Self, Fault> {
        let mut words = arguments.split_whitespace();
        let address = address_in(words.next().ok_or(Fault::NoAddress("both"))?)?;
        let keeps = match words.next().map(str::to_lowercase).as_deref() {
            None | Some("on" | "yes") => true,
            Some("off" | "no") => false,
            Some(_) => return Err(Fault::NeitherOnNorOff),
        };
        let what = What::Both(keeps);
        Ok(Self { address, what })
    }

    fn of(arguments: &str, word: &'static str, what: What) -> Result<Self, Fault> {
        let mut words = arguments.split_whitespace();
        let address = address_in(words.next().ok_or(Fault::NoAddress(word))?)?;
        Ok(Self { address, what })
    }

    pub(super) fn apply(&self, event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
        let Some(person) = facts.room.find(&self.address) else {
            return vec![answer(event, wording_of_all::is_not_here(&self.address))];
        };
        let moves = &facts.details.onboarding.moves;
        let current = moves.iter().find(|it| it.contact == person.contact);
        match &self.what {
            What::Link(user) => link(person, user, current, event, facts),
            What::Unlink => unlink(person, current, event, facts),
            What::Both(keeps) => both(person, *keeps, current, event),
            What::Mail => mail(person, current, event),
        }
    }
}

fn address_in(text: &str) -> Result<EmailAddress, Fault> {
    EmailAddress::parse(text).map_err(|fault| Fault::NotAnAddress {
        text: text.to_owned(),
        fault,
    })
}

fn link(
    person: &PersonFacts,
    user: &OwnedUserId,
    current: Option<&Move>,
    event: &RoomEvent,
    facts: &EventFacts,
) -> Vec<Effect> {
    let of = &facts.details.onboarding;
    let Some(known) = &of.user else {
        return Vec::new();
    };
    let (room, contact, user) = (event.room.clone(), person.contact, user.clone());
    let is_here = |it: &Move| it.user == user && it.state == State::Joined;
    match plan(known, true, &of.room) {
        Plan::Never => vec![answer(event, wording::is_no_customer(&user))],
        Plan::IsThere if current.is_some_and(is_here) => {
            let text =
                wording::arrived(&person.name, &user, current.is_some_and(|it| it.keeps_mail));
            vec![answer(event, text)]
        }
        Plan::IsThere => vec![Effect::Onboard(Step::Arrive {
            room,
            contact,
            user,
        })],
        Plan::IsInvited => {
            let text = wording::is_invited_already(&person.name, &user);
            vec![
                Effect::Onboard(Step::Note {
                    room,
                    contact,
                    user,
                    state: State::Invited,
                }),
                answer(event, text),
            ]
        }
        Plan::Wait => {
            let text = wording::server_not_allowed(person, &user, true);
            vec![
                Effect::Onboard(Step::Note {
                    room,
                    contact,
                    user,
                    state: State::Waiting,
                }),
                answer(event, text),
            ]
        }
        Plan::Ask => {
            let text = wording::ask(person, &user, Wish::Staff, &of.room);
            let offer = Offer::Invite {
                room: room.clone(),
                contact,
                user,
            };
            let offer = Some(offer);
            vec![Effect::Onboard(Step::Tell { room, text, offer })]
        }
        Plan::Invite => {
            let text = wording::inviting(person, &user, Wish::Staff, &of.room);
            vec![Effect::Onboard(Step::Invite {
                room,
                contact,
                user,
                text: Some(text),
            })]
        }
    }
}

fn unlink(
    person: &PersonFacts,
    current: Option<&Move>,
    event: &RoomEvent,
    facts: &EventFacts,
) -> Vec<Effect> {
    let linked = facts.details.onboarding.user.as_ref().map(|it| &it.user);
    let Some(user) = current.map(|it| &it.user).or(linked) else {
        let text = wording::is_not_linked(&person.name, person.address.as_str());
        return vec![answer(event, text)];
    };
    vec![
        Effect::Onboard(Step::Unlink {
            contact: person.contact,
        }),
        answer(event, wording::unlinked(&person.name, user)),
    ]
}

fn both(
    person: &PersonFacts,
    keeps: bool,
    current: Option<&Move>,
    event: &RoomEvent,
) -> Vec<Effect> {
    if current.is_none() {
        let text = wording::is_not_linked(&person.name, person.address.as_str());
        return vec![answer(event, text)];
    }
    vec![
        Effect::Onboard(Step::KeepMail {
            room: event.room.clone(),
            contact: person.contact,
            keeps,
        }),
        answer(event, wording::keeps_mail(&person.name, keeps)),
    ]
}

fn mail(person: &PersonFacts, current: Option<&Move>, event: &RoomEvent) -> Vec<Effect> {
    let (name, address) = (&person.name, person.address.as_str());
    match current {
        Some(it) if it.state == State::Joined => {
            // Who reads along gets both.
            both(person, true, current, event)
        }
        Some(it) if matches!(it.state, State::Left | State::PutOut) && !it.keeps_mail => vec![
            Effect::Onboard(Step::Return {
                room: event.room.clone(),
                contact: person.contact,
            }),
            answer(event, wording::returned(name, address)),
        ],
        Some(_) | None => vec![answer(event, wording::gets_mail_anyway(name, address))],
    }
}

impl Fault {
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::NoAddress(command) => wording::needs_an_address(command),
            Self::NotAnAddress { text, fault } => {
                wording_of_all::not_set_not_an_address(text, *fault)
            }
            Self::NoId => wording::link_needs(),
            Self::NotAnId { text, why } => wording::not_an_id(text, why),
            Self::NeitherOnNorOff => wording::both_is_on_or_off(),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn parsed(address: &str, what: What) -> Onboarding {
        let address = EmailAddress::parse(address).unwrap();
        Onboarding { address, what }
    }

    #[rstest]
    #[case("jane@acme.com @jane:matrix.org")]
    #[case("<jane@acme.com> jane:matrix.org")]
    #[case("jane@acme.com https://matrix.to/#/@jane:matrix.org")]
    #[case("jane@acme.com @ jane : matrix.org")]
    #[case("@jane:matrix.org jane@acme.com")]
    #[case("jane@acme.com, @Jane:Matrix.org")]
    fn links(#[case] text: &str) {
        let user = What::Link(ruma::owned_user_id!("@jane:matrix.org"));
        assert_eq!(Onboarding::link(text), Ok(parsed("jane@acme.com", user)));
    }

    #[rstest]
    #[case("", Fault::NoId)]
    #[case("jane@acme.com", Fault::NoId)]
    #[case("jane @jane:matrix.org", Fault::NotAnAddress { text: "jane".into(), fault: AddressFault::NoAt })]
    #[case("jane@acme.com jane", Fault::NotAnId { text: "jane".into(), why: Unusable::NoServer })]
    #[case(
        "jane@acme.com jane@matrix.org",
        Fault::NotAnId { text: "jane@matrix.org".into(), why: Unusable::Address("jane@matrix.org".into()) }
    )]
    fn links_nobody(#[case] text: &str, #[case] fault: Fault) {
        assert_eq!(Onboarding::link(text).unwrap_err(), fault);
    }

    #[rstest]
    #[case("jane@acme.com", true)]
    #[case("jane@acme.com on", true)]
    #[case("jane@acme.com OFF", false)]
    fn both_or_not(#[case] text: &str, #[case] keeps: bool) {
        assert_eq!(
            Onboarding::both(text),
            Ok(parsed("jane@acme.com", What::Both(keeps)))
        );
    }

    #[rstest]
    #[case("", Fault::NoAddress("both"))]
    #[case("jane@acme.com maybe", Fault::NeitherOnNorOff)]
    fn neither(#[case] text: &str, #[case] fault: Fault) {
        assert_eq!(Onboarding::both(text).unwrap_err(), fault);
    }

    #[test]
    fn who_is_meant_is_said_by_an_address() {
        assert_eq!(
            Onboarding::unlink("jane@acme.com"),
            Ok(parsed("jane@acme.com", What::Unlink))
        );
        assert_eq!(
            Onboarding::mail("jane@acme.com x"),
            Ok(parsed("jane@acme.com", What::Mail))
        );
        assert_eq!(
            Onboarding::unlink(" ").unwrap_err(),
            Fault::NoAddress("unlink")
        );
        assert!(matches!(
            Onboarding::mail("jane"),
            Err(Fault::NotAnAddress { .. })
        ));
    }
}

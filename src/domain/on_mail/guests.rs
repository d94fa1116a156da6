//! People whom a mail copies in.

use super::place_for_staff;
use crate::domain::{
    address::{EmailAddress, NamedAddress},
    effect::Effect,
    evidence::Verdict,
    facts::{Copied, MailFacts, OwnAddresses, PersonFacts, Route, Standing},
    freemail::is_freemail,
    ids::{ContactId, MailId},
    incoming::IncomingMail,
    role_address::{is_list, is_nobody},
    wording::people as wording,
};

/// Most guests of one conversation.
pub const MOST_GUESTS: usize = 20;

/// What follows from whom the mail went to besides us.
pub(super) fn effects(mail: MailId, route: &Route, facts: &MailFacts) -> Vec<Effect> {
    let mut had: Vec<ContactId> = route.member.iter().map(|by| by.contact).collect();
    had.extend(route.copied.iter().filter_map(colleague));
    let mut effects = vec![Effect::RememberHad {
        mail,
        contacts: had,
    }];
    let Some(by) = route.member.as_ref().filter(|by| may_name_others(by)) else {
        return effects;
    };
    let verified = facts.judgement.verdict == Verdict::Verified;
    let (room, elsewhere) = place_for_staff(route, facts);
    let copy_in = |person: &NamedAddress| Effect::CopyIn {
        conversation: route.conversation,
        mail,
        by: Some(by.contact),
        person: person.clone(),
        is_guest: verified,
        room: room.clone(),
        text: if verified {
            wording::copied_in(&by.name, person, elsewhere)
        } else {
            wording::offered(&by.name, person, elsewhere)
        },
    };
    let mut places = MOST_GUESTS.saturating_sub(route.guests);
    let (mut kept_out, mut too_many) = (Vec::new(), Vec::new());
    for Copied { person, standing } in &route.copied {
        match standing {
            Standing::Here { .. } | Standing::Out { told: true } => {}
            Standing::Out { told: false } => kept_out.push(person.clone()),
            Standing::Offered(_) if !verified => {}
            Standing::Offered(_) => effects.push(copy_in(person)),
            Standing::New if !is_welcome(&person.address, &facts.own_addresses) => {}
            Standing::New if places == 0 => too_many.push(person.clone()),
            Standing::New => {
                places -= 1;
                effects.push(copy_in(person));
            }
        }
    }
    for (people, tell) in [
        (kept_out, wording::stays_out as Tell),
        (too_many, wording::too_many_guests as Tell),
    ] {
        if !people.is_empty() {
            effects.push(Effect::KeepOut {
                conversation: route.conversation,
                text: tell(&by.name, &people, elsewhere),
                people,
                room: room.clone(),
            });
        }
    }
    effects
}

/// Who answered a known mail from the domain of one of the conversation's people is offered to staff.
pub(super) fn offer(
    id: MailId,
    mail: &IncomingMail,
    facts: &MailFacts,
    route: &Route,
) -> Option<Effect> {
    let person = mail.from.clone()?;
    let (room, elsewhere) = place_for_staff(route, facts);
    Some(Effect::CopyIn {
        conversation: route.conversation,
        mail: id,
        by: None,
        text: wording::colleague_offered(&person, elsewhere),
        person,
        is_guest: false,
        room,
    })
}

type Tell = fn(&str, &[NamedAddress], Option<crate::domain::ids::ConversationId>) -> String;

/// Whether staff will have to be told of somebody.
#[must_use]
pub fn will_be_told(
    by: &PersonFacts,
    copied: &[Copied],
    verified: bool,
    own: &OwnAddresses,
) -> bool {
    may_name_others(by)
        && copied.iter().any(|one| match one.standing {
            Standing::Here { .. } => false,
            Standing::Offered(_) => verified,
            Standing::Out { told } => !told,
            Standing::New => is_welcome(&one.person.address, own),
        })
}

/// Whose word counts when somebody is copied in: that of the conversation's people, not that of
/// guests.
fn may_name_others(by: &PersonFacts) -> bool {
    !by.is_guest
}

/// Who got the mail, if its header is to be believed: of the sender's own customer it is. Another
/// customer isn't kept from getting it by what this one's mail says.
fn colleague(copied: &Copied) -> Option<ContactId> {
    match copied.standing {
        Standing::Here {
            contact,
            is_theirs: true,
        }
        | Standing::Offered(contact) => Some(contact),
        Standing::Here { .. } | Standing::Out { .. } | Standing::New => None,
    }
}

/// Whether it is the address of a person, and none of us.
fn is_welcome(address: &EmailAddress, own: &OwnAddresses) -> bool {
    let is_own = own.contain(address)
        || own
            .addresses
            .iter()
            .any(|known| known.domain() == address.domain() && !is_freemail(address.domain()));
    !is_own && !is_nobody(address) && !is_list(address)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("carl@acme.com", true)]
    #[case("support@example.org", false)]
    #[case("support+abc@example.org", false)]
    #[case("ann@example.org", false)]
    #[case("carl@gmail.com", true)]
    #[case("no-reply@acme.com", false)]
    #[case("kernel@lists.acme.com", false)]
    fn only_people_are_welcome(#[case] address: &str, #[case] expected: bool) {
        let own = OwnAddresses {
            addresses: ["support@example.org", "help@gmail.com"]
                .map(|own| EmailAddress::parse(own).unwrap())
                .to_vec(),
            domains: Vec::new(),
        };
        let address = EmailAddress::parse(address).unwrap();
        assert_eq!(is_welcome(&address, &own), expected);
    }
}

//! Whom a mail copies in.

use super::*;
use crate::domain::facts::{Copied, Standing};

const HERE: Standing = Standing::Here {
    contact: ContactId(5),
    is_theirs: true,
};
const ANOTHERS: Standing = Standing::Here {
    contact: ContactId(5),
    is_theirs: false,
};

/// Whom a mail copies in: as guests, or only offered to staff; whom staff are told of otherwise.
#[rstest]
#[case::unproven(false, Standing::New, Some(false), false)]
#[case::proven(true, Standing::New, Some(true), false)]
#[case::offered_before(false, Standing::Offered(ContactId(5)), None, false)]
#[case::proven_since(true, Standing::Offered(ContactId(5)), Some(true), false)]
#[case::put_out(false, Standing::Out { told: false }, None, true)]
#[case::put_out_proven(true, Standing::Out { told: false }, None, true)]
#[case::put_out_told(true, Standing::Out { told: true }, None, false)]
#[case::here(true, HERE, None, false)]
#[case::reads_along(true, ANOTHERS, None, false)]
fn who_is_copied_in(
    #[case] verified: bool,
    #[case] standing: Standing,
    #[case] expected: Option<bool>,
    #[case] stays_out: bool,
) {
    let route = Route {
        copied: vec![copied("carl@partner.example", standing)],
        ..route(1, true)
    };
    let by = route.member.clone().unwrap();
    let told = will_be_told(&by, &route.copied, verified, &OwnAddresses::default());
    assert_eq!(told, expected.is_some() || stays_out);
    let facts = MailFacts {
        judgement: judged(if verified {
            Verdict::Verified
        } else {
            Verdict::Unverified
        }),
        ..facts(vec![route])
    };
    let (_, effects) = decide(MailId(7), &mail(), false, &facts);
    let found = effects.iter().find_map(|effect| match effect {
        Effect::CopyIn { is_guest, .. } => Some(*is_guest),
        _ => None,
    });
    assert_eq!(found, expected);
    let kept_out = |effect: &Effect| matches!(effect, Effect::KeepOut { .. });
    assert_eq!(effects.iter().any(kept_out), stays_out);
}

/// A header keeps nobody of another customer from getting what it says went to them.
#[rstest]
#[case::colleague(HERE, &[1, 5])]
#[case::another_customers(ANOTHERS, &[1])]
#[case::offered(Standing::Offered(ContactId(5)), &[1, 5])]
#[case::put_out(Standing::Out { told: true }, &[1])]
fn who_has_a_mail_already(#[case] standing: Standing, #[case] expected: &[i64]) {
    let route = Route {
        copied: vec![copied("carl@partner.example", standing)],
        ..route(1, true)
    };
    let (_, effects) = decide(MailId(7), &mail(), false, &facts(vec![route]));
    let had = effects.iter().find_map(|effect| match effect {
        Effect::RememberHad { contacts, .. } => Some(contacts.clone()),
        _ => None,
    });
    let expected: Vec<ContactId> = expected.iter().copied().map(ContactId).collect();
    assert_eq!(had, Some(expected));
}

fn copied(address: &str, standing: Standing) -> Copied {
    Copied {
        person: NamedAddress {
            name: None,
            address: EmailAddress::parse(address).unwrap(),
        },
        standing,
    }
}

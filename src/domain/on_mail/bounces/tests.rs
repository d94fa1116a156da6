//! Reports, as tables.

use rstest::rstest;

use super::{
    super::tests::{self as on_mail, mail_of},
    *,
};
use crate::domain::{
    address::EmailAddress,
    bounce::{BounceFacts, FailedRecipient, FeedbackType, Reason, StatusCode},
    evidence::Verdict as Verified,
    flood::Measure,
    ids::LetterId,
    incoming::MailKind,
    machine::Reported,
};

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

fn about(action: Action, code: &str, proof: Proof, standing: Standing) -> About {
    About {
        person: NamedAddress {
            name: Some("Jane".to_owned()),
            address: address("jane@acme.com"),
        },
        is_known: true,
        what: What::Failure(FailedRecipient {
            address: address("jane@acme.com"),
            action,
            status: StatusCode::parse(code),
            reply: None,
            remote_mta: None,
            reason: Reason::find(&[], StatusCode::parse(code)),
        }),
        facts: BounceFacts {
            proof,
            was_recipient: true,
            is_marked: false,
            standing,
        },
        is_told: false,
    }
}

fn gone(proof: Proof) -> About {
    about(Action::Failed, "5.1.1", proof, Standing::Counting(0))
}

fn full(points: u32) -> About {
    let standing = Standing::Counting(points);
    about(Action::Failed, "5.2.2", Proof::Vouched, standing)
}

fn unwanted(proof: Proof) -> About {
    About {
        what: What::Complaint(FeedbackType::Abuse),
        ..gone(proof)
    }
}

fn facts(letter: Option<i64>, about: Vec<About>) -> MailFacts {
    let mut facts = on_mail::facts(Vec::new());
    facts.machine.reported = Some(Reported {
        letter: letter.map(LetterId),
        about,
    });
    facts
}

/// What follows, a word each.
fn words(effects: &[Effect]) -> Vec<String> {
    let word = |effect: &Effect| match effect {
        Effect::Bounce(Consequence::Mark { marks, news, .. }) => {
            let told = if news.is_some() { "told" } else { "quiet" };
            format!("mark {} {told}", marks.len())
        }
        Effect::Bounce(Consequence::Count { points, .. }) => format!("count {points}"),
        Effect::Bounce(Consequence::Suspend { told_at, .. }) => match told_at {
            Some(_) => "suspend, said".to_owned(),
            None => "suspend".to_owned(),
        },
        Effect::Guard(Measure::Notice { .. }) => "report".to_owned(),
        other => panic!("{other:?}"),
    };
    effects.iter().map(word).collect()
}

#[rstest]
#[case::hard(vec![gone(Proof::Vouched)], &["mark 1 told", "suspend, said"])]
#[case::hard_and_known(
    vec![About { is_told: true, ..gone(Proof::Vouched) }], &["mark 1 quiet", "suspend"])]
#[case::soft(vec![full(0)], &["mark 1 told", "count 1"])]
#[case::soft_too_often(vec![full(3)], &["mark 1 told", "suspend, said"])]
#[case::forged(vec![gone(Proof::Named)], &["mark 1 told"])]
#[case::two(vec![gone(Proof::Named), full(0)], &["mark 2 told", "count 1"])]
#[case::reported_before(
    vec![About {
        facts: BounceFacts { is_marked: true, ..gone(Proof::Named).facts },
        ..gone(Proof::Named)
    }],
    &[]
)]
#[case::arrived(
    vec![about(Action::Delivered, "2.0.0", Proof::Vouched, Standing::Counting(3))], &[])]
#[case::complaint(vec![unwanted(Proof::Vouched)], &["mark 1 told", "suspend, said"])]
#[case::forged_complaint(vec![unwanted(Proof::Named)], &["mark 1 told"])]
fn on_a_letter_of_ours(#[case] about: Vec<About>, #[case] expected: &[&str]) {
    let mail = mail_of(MailKind::Bounce);
    let (outcome, effects) = decide(MailId(7), &mail, &facts(Some(1), about));
    assert_eq!(outcome, Outcome::Matched);
    assert_eq!(words(&effects), expected);
}

#[rstest]
#[case::failure(None, vec![gone(Proof::None)], &["report"])]
#[case::nothing(None, vec![], &["report"])]
#[case::nobody(Some(1), vec![], &["report"])]
#[case::arrived(
    None, vec![about(Action::Relayed, "2.0.0", Proof::None, Standing::Counting(0))], &[])]
fn on_no_letter_or_nobody(
    #[case] letter: Option<i64>,
    #[case] about: Vec<About>,
    #[case] expected: &[&str],
) {
    let mail = mail_of(MailKind::Bounce);
    let (_, effects) = decide(MailId(7), &mail, &facts(letter, about));
    assert_eq!(words(&effects), expected);
}

#[rstest]
#[case::suspended(Some(Standing::Suspended), LedBy::Token, Verified::Unverified, "offer")]
#[case::proven(
    Some(Standing::Suspended),
    LedBy::OwnMessageId,
    Verified::Verified,
    "offer"
)]
#[case::anybody(
    Some(Standing::Suspended),
    LedBy::OwnMessageId,
    Verified::Unverified,
    ""
)]
#[case::forged(Some(Standing::Suspended), LedBy::Token, Verified::Failed, "")]
#[case::had_failed(
    Some(Standing::Counting(3)),
    LedBy::Token,
    Verified::Unverified,
    "forget"
)]
#[case::had_not(Some(Standing::Counting(0)), LedBy::Token, Verified::Unverified, "")]
#[case::never(None, LedBy::Token, Verified::Verified, "")]
fn on_a_mail_of_theirs(
    #[case] sender: Option<Standing>,
    #[case] by: LedBy,
    #[case] verdict: Verified,
    #[case] expected: &str,
) {
    let route = Route {
        by,
        ..on_mail::route(1, true)
    };
    let mut facts = facts(None, Vec::new());
    facts.judgement = on_mail::judged(verdict);
    facts.machine.sender = sender;
    let word = match works_again(&route, &facts) {
        Some(Effect::Bounce(Consequence::OfferResume { .. })) => "offer",
        Some(Effect::Bounce(Consequence::Forget { .. })) => "forget",
        None => "",
        other => panic!("{other:?}"),
    };
    assert_eq!(word, expected);
}

//! What becomes of mail that leads nowhere, as a table.

use rstest::rstest;
use ruma::owned_room_id;

use super::{
    super::tests::{facts, judged, mail_of},
    *,
};
use crate::domain::{
    address::EmailAddress,
    facts::IntakeFacts,
    ids::{ConversationId, RequestId},
    incoming::MailKind,
    intake::{Answered, KnownRoom},
    letter::Language,
};

fn intake(rule: Intake) -> IntakeFacts {
    IntakeFacts {
        mailbox: "support".to_owned(),
        address: EmailAddress::parse("support@example.org").unwrap(),
        rule,
        can_ask: true,
        is_known: false,
        pending: None,
        shared: None,
        rooms: Vec::new(),
        is_full: false,
        acknowledge: Acknowledge::Closed,
        is_closed: false,
        answered: Answered::default(),
        language: Language::English,
    }
}

fn shared(is_ready: bool) -> SharedRoom {
    let room = owned_room_id!("!acme");
    SharedRoom { room, is_ready }
}

fn in_rooms() -> Vec<KnownRoom> {
    vec![KnownRoom {
        conversation: ConversationId(3),
        room: owned_room_id!("!one"),
        name: "One".to_owned(),
    }]
}

/// What is done, in one word, and whether it is answered.
fn outcome(verdict: Verdict, intake: IntakeFacts) -> (&'static str, bool) {
    let facts = MailFacts {
        judgement: judged(verdict),
        intake: Some(intake),
        ..facts(Vec::new())
    };
    let (outcome, effects) = decide(MailId(7), &mail_of(MailKind::New), false, &facts);
    let mut word = match outcome {
        Outcome::Rejected => "reject",
        Outcome::Duplicate => "known",
        Outcome::Kept(_) => "keep",
        Outcome::Requested => "",
        other => panic!("{other:?}"),
    };
    let mut is_answered = false;
    for effect in &effects {
        let Effect::Intake(action) = effect else {
            continue;
        };
        match &**action {
            Action::Request { request, .. } => {
                word = match &request.way {
                    Way::Join(_) => "join",
                    Way::Ask => "ask",
                    Way::NewRoom => "open",
                    Way::Into(_) => "into",
                }
            }
            Action::Answer(_) => is_answered = true,
            other => panic!("{other:?}"),
        }
    }
    (word, is_answered)
}

#[rstest]
#[case::triage(intake(Intake::Triage), "ask")]
#[case::nowhere_to_ask(IntakeFacts { can_ask: false, ..intake(Intake::Triage) }, "keep")]
#[case::room(intake(Intake::Room), "open")]
#[case::enough_rooms(IntakeFacts { is_full: true, ..intake(Intake::Room) }, "ask")]
#[case::reject(intake(Intake::Reject), "reject")]
#[case::keep(intake(Intake::Keep), "keep")]
#[case::once_more(IntakeFacts { is_known: true, ..intake(Intake::Room) }, "known")]
#[case::another(IntakeFacts { pending: Some(RequestId(1)), ..intake(Intake::Room) }, "join")]
#[case::by_domain(IntakeFacts { shared: Some(shared(true)), ..intake(Intake::Triage) }, "into")]
#[case::not_ready(IntakeFacts { shared: Some(shared(false)), ..intake(Intake::Room) }, "ask")]
#[case::by_domain_but_rejected(IntakeFacts { shared: Some(shared(true)), ..intake(Intake::Reject) }, "reject")]
#[case::in_several_rooms(IntakeFacts { rooms: in_rooms(), shared: Some(shared(true)), ..intake(Intake::Room) }, "ask")]
fn by_rule(#[case] intake: IntakeFacts, #[case] expected: &str) {
    assert_eq!(outcome(Verdict::Verified, intake).0, expected);
}

#[rstest]
#[case::a_room_of_its_own(intake(Intake::Room), "open")]
#[case::a_room_with_others(IntakeFacts { shared: Some(shared(true)), ..intake(Intake::Room) }, "ask")]
fn without_proof(#[case] intake: IntakeFacts, #[case] expected: &str) {
    assert_eq!(outcome(Verdict::Unverified, intake), (expected, false));
}

#[rstest]
#[case::open(Acknowledge::Closed, false, Verdict::Verified, false)]
#[case::closed(Acknowledge::Closed, true, Verdict::Verified, true)]
#[case::always(Acknowledge::Always, false, Verdict::Verified, true)]
#[case::never(Acknowledge::Never, true, Verdict::Verified, false)]
#[case::nobody_knows_whom(Acknowledge::Always, true, Verdict::Unverified, false)]
fn acknowledges(
    #[case] acknowledge: Acknowledge,
    #[case] is_closed: bool,
    #[case] verdict: Verdict,
    #[case] expected: bool,
) {
    let new = IntakeFacts {
        acknowledge,
        is_closed,
        ..intake(Intake::Triage)
    };
    assert_eq!(outcome(verdict, new.clone()), ("ask", expected));
    let more = IntakeFacts {
        pending: Some(RequestId(1)),
        ..new
    };
    assert_eq!(outcome(verdict, more), ("join", false));
}

#[test]
fn our_own_mail_asks_for_nothing() {
    let jane = EmailAddress::parse("jane@acme.com").unwrap();
    let mut facts = MailFacts {
        judgement: judged(Verdict::Verified),
        intake: Some(intake(Intake::Room)),
        ..facts(Vec::new())
    };
    facts.own_addresses.addresses.push(jane);
    let (outcome, _) = decide(MailId(7), &mail_of(MailKind::New), false, &facts);
    assert_eq!(outcome, Outcome::Kept(KeptBecause::NoConversation));
}

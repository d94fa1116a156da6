//! What becomes of mail that leads nowhere, as a table.

use rstest::rstest;
use ruma::owned_room_id;

use super::{
    super::tests::{facts, judged, mail_of, route},
    *,
};
use crate::domain::{
    address::EmailAddress,
    facts::IntakeFacts,
    ids::{ConversationId, RequestId},
    incoming::MailKind,
    intake::{Answered, KnownRoom, KnownRooms},
    letter::Language,
    room_reference::RoomReference,
};

fn intake(rule: Intake) -> IntakeFacts {
    IntakeFacts {
        mailbox: "support".to_owned(),
        address: EmailAddress::parse("support@example.org").unwrap(),
        rule,
        can_ask: true,
        is_known: false,
        pending: None,
        space: None,
        former: None,
        shared: None,
        rooms: KnownRooms::default(),
        can_invite: true,
        is_full: false,
        acknowledge: Acknowledge::Closed,
        is_closed: false,
        answered: Answered::default(),
        language: Language::English,
    }
}

fn shared(is_ready: bool) -> SharedRoom {
    let room = owned_room_id!("!acme");
    SharedRoom {
        room,
        is_ready,
        is_out: false,
    }
}

/// The sender was there, and is no more.
fn left() -> SharedRoom {
    SharedRoom {
        is_out: true,
        ..shared(true)
    }
}

fn in_rooms() -> KnownRooms {
    KnownRooms {
        named: vec![KnownRoom {
            conversation: ConversationId(3),
            room: owned_room_id!("!one"),
            name: "One".to_owned(),
        }],
        others: 0,
    }
}

/// What is done, in one word, and whether it is answered.
fn outcome(verdict: Verdict, intake: IntakeFacts) -> (&'static str, bool) {
    let facts = MailFacts {
        judgement: judged(verdict),
        intake: vec![intake],
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
#[case::nobody_to_invite(IntakeFacts { can_invite: false, ..intake(Intake::Room) }, "ask")]
#[case::nobody_to_invite_or_ask(IntakeFacts { can_invite: false, can_ask: false, ..intake(Intake::Room) }, "keep")]
#[case::reject(intake(Intake::Reject), "reject")]
#[case::keep(intake(Intake::Keep), "keep")]
#[case::once_more(IntakeFacts { is_known: true, ..intake(Intake::Room) }, "known")]
#[case::another(IntakeFacts { pending: Some(RequestId(1)), ..intake(Intake::Room) }, "join")]
#[case::by_domain(IntakeFacts { shared: Some(shared(true)), ..intake(Intake::Triage) }, "into")]
#[case::was_put_out(IntakeFacts { shared: Some(left()), ..intake(Intake::Room) }, "ask")]
#[case::was_put_out_and_nowhere_to_ask(IntakeFacts { shared: Some(left()), can_ask: false, ..intake(Intake::Room) }, "keep")]
#[case::not_ready(IntakeFacts { shared: Some(shared(false)), ..intake(Intake::Room) }, "ask")]
#[case::by_domain_where_others_are_rejected(IntakeFacts { shared: Some(shared(true)), ..intake(Intake::Reject) }, "into")]
#[case::in_several_rooms_where_others_are_rejected(IntakeFacts { rooms: in_rooms(), ..intake(Intake::Reject) }, "ask")]
#[case::in_several_rooms_where_others_are_kept(IntakeFacts { rooms: in_rooms(), ..intake(Intake::Keep) }, "ask")]
#[case::in_several_rooms(IntakeFacts { rooms: in_rooms(), shared: Some(shared(true)), ..intake(Intake::Room) }, "ask")]
fn by_rule(#[case] intake: IntakeFacts, #[case] expected: &str) {
    assert_eq!(outcome(Verdict::Verified, intake).0, expected);
}

fn wish(pending: Option<RequestId>) -> SpaceWish {
    let room = RoomReference::parse("#lyon:example.org").unwrap();
    SpaceWish { room, pending }
}

/// A room is to come into the Space: that is for staff to say, whatever else the rules make of a mail.
#[rstest]
#[case::triage(intake(Intake::Triage), Verdict::Verified, "ask")]
#[case::room(intake(Intake::Room), Verdict::Verified, "ask")]
#[case::again(IntakeFacts { space: Some(wish(Some(RequestId(2)))), ..intake(Intake::Room) }, Verdict::Verified, "join")]
#[case::beside_another(IntakeFacts { pending: Some(RequestId(1)), ..intake(Intake::Triage) }, Verdict::Verified, "ask")]
#[case::of_a_domain(IntakeFacts { shared: Some(shared(true)), ..intake(Intake::Triage) }, Verdict::Verified, "ask")]
#[case::reject(intake(Intake::Reject), Verdict::Verified, "reject")]
#[case::keep(intake(Intake::Keep), Verdict::Verified, "keep")]
#[case::unproven(intake(Intake::Room), Verdict::Unverified, "open")]
#[case::nowhere_to_ask(IntakeFacts { can_ask: false, ..intake(Intake::Room) }, Verdict::Verified, "open")]
fn a_room_for_the_space(
    #[case] intake: IntakeFacts,
    #[case] verdict: Verdict,
    #[case] expected: &str,
) {
    let space = intake.space.clone().or_else(|| Some(wish(None)));
    let intake = IntakeFacts { space, ..intake };
    assert_eq!(outcome(verdict, intake).0, expected);
}

#[rstest]
#[case::room(Intake::Room, true, "ask")]
#[case::reject(Intake::Reject, true, "ask")]
#[case::keep(Intake::Keep, true, "ask")]
#[case::nowhere_to_ask(Intake::Reject, false, "keep")]
fn an_answer_whose_room_is_no_more(
    #[case] rule: Intake,
    #[case] can_ask: bool,
    #[case] expected: &str,
) {
    let intake = IntakeFacts {
        former: Some(ConversationId(4)),
        can_ask,
        ..intake(rule)
    };
    assert_eq!(outcome(Verdict::Verified, intake).0, expected);
}

/// What a member answers begins a conversation where the old one has rested for long.
#[rstest]
#[case::of_late(false, LedBy::Token, None)]
#[case::long_ago(true, LedBy::Token, Some(true))]
#[case::by_id(true, LedBy::OwnMessageId, Some(true))]
#[case::something_else(true, LedBy::Sender, Some(false))]
fn begins_anew(#[case] rests: bool, #[case] by: LedBy, #[case] expected: Option<bool>) {
    let route = Route {
        by,
        rests_for_long: rests,
        ..route(1, true)
    };
    let begun = begin(MailId(7), &mail_of(MailKind::New), &route);
    let answers = begun.map(|effect| match effect {
        Effect::Begin { answers, .. } => answers.is_some(),
        other => panic!("{other:?}"),
    });
    assert_eq!(answers, expected);
}

#[rstest]
#[case::a_room_of_its_own(intake(Intake::Room), "open")]
#[case::a_room_with_others(IntakeFacts { shared: Some(shared(true)), ..intake(Intake::Room) }, "ask")]
fn without_proof(#[case] intake: IntakeFacts, #[case] expected: &str) {
    assert_eq!(outcome(Verdict::Unverified, intake), (expected, false));
}

/// What each mailbox does with it, in one word, and how many answers there are.
#[rstest]
#[case::both_ask(&[intake(Intake::Triage), intake(Intake::Triage)], &["ask", "ask"], 1)]
#[case::each_by_its_rule(&[intake(Intake::Triage), intake(Intake::Room)], &["ask", "open"], 1)]
#[case::once_more(&[IntakeFacts { is_known: true, ..intake(Intake::Triage) }, intake(Intake::Room)], &["open"], 1)]
#[case::known_to_both(&[IntakeFacts { is_known: true, ..intake(Intake::Triage) }, IntakeFacts { is_known: true, ..intake(Intake::Room) }], &[], 0)]
#[case::nowhere_to_ask(&[IntakeFacts { can_ask: false, ..intake(Intake::Triage) }, intake(Intake::Triage)], &["ask"], 1)]
fn to_several_mailboxes(
    #[case] intake: &[IntakeFacts],
    #[case] expected: &[&str],
    #[case] answers: usize,
) {
    let always = |intake: &IntakeFacts| IntakeFacts {
        acknowledge: Acknowledge::Always,
        ..intake.clone()
    };
    let facts = MailFacts {
        judgement: judged(Verdict::Verified),
        intake: intake.iter().map(always).collect(),
        ..facts(Vec::new())
    };
    let (_, effects) = decide(MailId(7), &mail_of(MailKind::New), false, &facts);
    let mut ways = Vec::new();
    for effect in &effects {
        if let Effect::Intake(action) = effect
            && let Action::Request { request, .. } = &**action
        {
            ways.push(match request.way {
                Way::Ask => "ask",
                Way::NewRoom => "open",
                Way::Join(_) | Way::Into(_) => "other",
            });
        }
    }
    assert_eq!(ways, expected);
    let answered = effects.iter().filter(|effect| is_answer(effect));
    assert_eq!(answered.count(), answers);
}

/// Somebody learns of every mail that is taken nowhere: its sender, or staff.
#[rstest]
#[case::first(Verdict::Verified, None, ("reject", true))]
#[case::again(Verdict::Verified, Some(1), ("reject", false))]
#[case::a_day_later(Verdict::Verified, Some(24), ("reject", true))]
#[case::unproven(Verdict::Unverified, None, ("keep", false))]
#[case::unproven_again(Verdict::Unverified, Some(1), ("reject", false))]
#[case::unproven_a_day_later(Verdict::Unverified, Some(24), ("keep", false))]
fn rejects(
    #[case] verdict: Verdict,
    #[case] hours: Option<u64>,
    #[case] expected: (&'static str, bool),
) {
    let mut intake = intake(Intake::Reject);
    intake.answered.rejected = hours.map(std::time::Duration::from_hours);
    assert_eq!(outcome(verdict, intake), expected);
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
        intake: vec![intake(Intake::Room)],
        ..facts(Vec::new())
    };
    facts.own_addresses.addresses.push(jane);
    let (outcome, _) = decide(MailId(7), &mail_of(MailKind::New), false, &facts);
    assert_eq!(outcome, Outcome::Kept(KeptBecause::NoConversation));
}

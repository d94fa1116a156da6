//! People on their way from mail to Matrix come, decline, go, and speak.

use rstest::rstest;

use super::*;
use crate::domain::{
    facts::{MemberFacts, MoveFacts},
    onboarding::{Move, State, Step, UserFacts},
};

const JANE: &str = "@jane:matrix.org";

fn user(name: &str, is_staff: bool) -> UserFacts {
    UserFacts {
        user: JANE.try_into().unwrap(),
        membership: None,
        is_allowed: true,
        is_staff,
        is_ours: false,
        name: name.to_owned(),
    }
}

fn way(state: State, keeps_mail: bool) -> Move {
    Move {
        room: owned_room_id!("!room"),
        contact: ContactId(1),
        user: JANE.try_into().unwrap(),
        state,
        keeps_mail,
    }
}

fn knows(moves: Vec<Move>) -> MoveFacts {
    MoveFacts {
        moves,
        user: Some(user("J.", false)),
        ..MoveFacts::default()
    }
}

/// What follows for the room's people, in short words, when Jane's membership changes from `was`.
fn follows(
    onboarding: MoveFacts,
    was: Option<Membership>,
    to: Membership,
    by: &str,
) -> Vec<&'static str> {
    let mut facts = scene();
    facts.details.onboarding = onboarding;
    facts.past.member = was.map(|membership| MemberFacts {
        membership,
        name: "Jane".to_owned(),
    });
    let kind = EventKind::Membership {
        user: JANE.try_into().unwrap(),
        membership: to,
        name: None,
    };
    let event = RoomEvent {
        sender: by.try_into().unwrap(),
        ..event(kind)
    };
    let word = |effect: &Effect| match effect {
        Effect::Onboard(Step::Arrive { .. }) => Some("arrive"),
        Effect::Onboard(Step::Note { state, .. }) => Some(state.word()),
        Effect::Onboard(Step::Tell { offer, .. }) => Some(match offer {
            None => "tell",
            Some(Offer::Link { .. }) => "offer link",
            Some(Offer::WriteByMail { .. }) => "offer mail",
            Some(_) => "?",
        }),
        Effect::Onboard(_) => Some("?"),
        _ => None,
    };
    decide(&event, &facts).iter().filter_map(word).collect()
}

#[rstest]
#[case(State::Invited, &["arrive"])]
#[case(State::Inviting, &["arrive"])]
#[case(State::Refused, &["arrive"])]
#[case(State::Declined, &["arrive"])]
#[case(State::Left, &["arrive"])]
#[case(State::PutOut, &["arrive"])]
#[case(State::Waiting, &["offer link"])]
fn who_comes_in(#[case] state: State, #[case] expected: &[&str]) {
    let moves = || knows(vec![way(state, false)]);
    let join = |was| follows(moves(), was, Membership::Join, JANE);
    assert_eq!(join(Some(Membership::Invite)), expected);
    assert_eq!(join(None), expected);
    assert_eq!(
        join(Some(Membership::Join)),
        [""; 0],
        "a new name is no coming"
    );
}

#[rstest]
#[case::stranger(MoveFacts { user: Some(user("Eve", false)), ..MoveFacts::default() }, &[])]
#[case::one_word(MoveFacts { user: Some(user("Jane", false)), ..MoveFacts::default() }, &[])]
#[case::staff(MoveFacts { user: Some(user("Jane Doe", true)), ..MoveFacts::default() }, &[])]
#[case::linked(
    MoveFacts { linked: vec![ContactId(1)], user: Some(user("x", false)), ..MoveFacts::default() },
    &["arrive"]
)]
#[case::linked_elsewhere(
    MoveFacts { linked: vec![ContactId(7)], user: Some(user("x", false)), ..MoveFacts::default() },
    &[]
)]
#[case::gone_from_here(knows(vec![Move { contact: ContactId(7), ..way(State::Invited, false) }]), &[])]
fn who_comes_in_uninvited(#[case] facts: MoveFacts, #[case] expected: &[&str]) {
    assert_eq!(follows(facts, None, Membership::Join, JANE), expected);
}

#[rstest]
#[case::same_name("Jane Doe", "jane@acme.com", "jane doe", &["offer link"])]
#[case::another_order("Jane Doe", "jane@acme.com", "Doe Jane", &[])]
#[case::address("", "jane.doe@acme.com", "x", &[])]
#[case::one_word("Jane", "jane@acme.com", "Jane", &[])]
fn who_is_called_alike(
    #[case] name: &str,
    #[case] address: &str,
    #[case] called: &str,
    #[case] expected: &[&str],
) {
    let mut facts = scene();
    let ghost = owned_user_id!("@_email_jane.aaaa:example.org");
    facts.room.conversations[0].people = vec![person(1, address, name, ghost)];
    facts.details.onboarding = MoveFacts {
        user: Some(user(called, false)),
        ..MoveFacts::default()
    };
    let kind = EventKind::Membership {
        user: JANE.try_into().unwrap(),
        membership: Membership::Join,
        name: None,
    };
    let effects = decide(&event(kind), &facts);
    let offers = |effect: &Effect| {
        matches!(
            effect,
            Effect::Onboard(Step::Tell {
                offer: Some(Offer::Link { .. }),
                ..
            })
        )
    };
    assert_eq!(
        effects.iter().filter(|it| offers(it)).count(),
        expected.len()
    );
}

#[rstest]
#[case::declines(State::Invited, false, Membership::Invite, JANE, &["declined", "tell"])]
#[case::taken_back(State::Invited, false, Membership::Invite, "@ann:example.org", &["declined", "tell"])]
#[case::leaves(State::Joined, false, Membership::Join, JANE, &["left", "offer mail"])]
#[case::is_put_out(State::Joined, false, Membership::Join, "@ann:example.org", &["put_out", "tell"])]
#[case::leaves_and_keeps_mail(State::Joined, true, Membership::Join, JANE, &["left", "tell"])]
#[case::had_left(State::Left, false, Membership::Leave, JANE, &[])]
#[case::waits(State::Waiting, false, Membership::Invite, JANE, &[])]
fn who_goes(
    #[case] state: State,
    #[case] keeps_mail: bool,
    #[case] was: Membership,
    #[case] by: &str,
    #[case] expected: &[&str],
) {
    let moves = knows(vec![way(state, keeps_mail)]);
    assert_eq!(
        follows(moves.clone(), Some(was), Membership::Leave, by),
        expected
    );
    if by != JANE {
        assert_eq!(follows(moves, Some(was), Membership::Ban, by), expected);
    }
}

#[rstest]
#[case(State::Waiting, &["invited"])]
#[case(State::Inviting, &["invited"])]
#[case(State::Refused, &["invited"])]
#[case(State::Declined, &["invited"])]
#[case(State::Joined, &[])]
#[case(State::Left, &[])]
fn whoever_invites_them(#[case] state: State, #[case] expected: &[&str]) {
    let moves = knows(vec![way(state, false)]);
    let by = "@ann:example.org";
    assert_eq!(follows(moves, None, Membership::Invite, by), expected);
}

/// To whose conversations a message goes.
fn written_to(facts: &EventFacts) -> Vec<i64> {
    let to = |effect: &Effect| match effect {
        Effect::Write { conversation, .. } => Some(conversation.0),
        _ => None,
    };
    decide(&event(text("Hello")), facts)
        .iter()
        .filter_map(to)
        .collect()
}

#[test]
fn who_reads_in_matrix_gets_no_mail_and_nobody_gets_their_own_words() {
    let mut facts = scene();
    assert_eq!(written_to(&facts), [1, 2]);
    facts.room.conversations[0].people[0].moved = Some(JANE.try_into().unwrap());
    assert_eq!(written_to(&facts), [2], "she reads it in Matrix");
    facts.room.conversations[0].people[0].moved = None;
    facts.sender_role = Role::Visitor;
    facts.details.onboarding.own = vec![ContactId(1)];
    assert_eq!(written_to(&facts), [2], "she has both, and wrote it");
}

#[test]
fn who_was_linked_before_a_room_spoke_to_many_is_missed_there() {
    let moves = knows(vec![way(State::Joined, false)]);
    let mut facts = scene();
    facts.room.settings.broadcast = true;
    facts.details.onboarding = moves;
    let kind = EventKind::Membership {
        user: JANE.try_into().unwrap(),
        membership: Membership::Leave,
        name: None,
    };
    facts.past.member = Some(MemberFacts {
        membership: Membership::Join,
        name: "Jane".to_owned(),
    });
    let mut event = event(kind);
    event.sender = JANE.try_into().unwrap();
    let effects = decide(&event, &facts);
    assert!(
        effects.iter().any(|effect| matches!(
            effect,
            Effect::Onboard(Step::Tell {
                offer: Some(Offer::WriteByMail { .. }),
                ..
            })
        )),
        "{effects:?}"
    );
}

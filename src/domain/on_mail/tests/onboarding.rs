//! Ids in mails, and what follows from them.

use super::*;
use crate::domain::{
    automatic,
    event::Membership,
    matrix_id::{Said, Unusable},
    onboarding::{Ask, History, Move, NotNow, RoomFacts, State, Step, UserFacts},
    outgoing::Offer,
};

fn user() -> UserFacts {
    UserFacts {
        user: owned_user_id!("@jane:matrix.org"),
        membership: None,
        is_allowed: true,
        is_staff: false,
        is_ours: false,
        name: String::new(),
    }
}

fn known(said: Said, user: UserFacts) -> MailOnboarding {
    MailOnboarding {
        said,
        users: vec![user],
        room: RoomFacts {
            history: History::Invited,
            ask: Ask::History,
            others: Vec::new(),
        },
        ..MailOnboarding::default()
    }
}

fn only(user: UserFacts) -> MailOnboarding {
    known(Said::Only(user.user.clone()), user)
}

fn way(state: State) -> Move {
    Move {
        room: ruma::owned_room_id!("!room:example.org"),
        contact: ContactId(1),
        user: user().user,
        state,
        keeps_mail: false,
    }
}

/// What follows from Jane's mail, in short words.
fn follows(onboarding: MailOnboarding, verdict: Verdict) -> Vec<&'static str> {
    follows_by(LedBy::Token, onboarding, verdict)
}

fn follows_by(by: LedBy, onboarding: MailOnboarding, verdict: Verdict) -> Vec<&'static str> {
    let route = Route {
        by,
        onboarding,
        ..route(1, true)
    };
    let mut facts = facts(vec![route]);
    facts.judgement.verdict = verdict;
    let (outcome, effects) = decide(MailId(1), &mail(), false, &facts);
    assert_eq!(outcome, Outcome::Posted, "whatever it says");
    let word = |effect: &Effect| match effect {
        Effect::Onboard(Step::Invite { text, .. }) => {
            assert!(text.is_some(), "staff are told");
            Some("invite")
        }
        Effect::Onboard(Step::Tell { offer, .. }) => Some(match offer {
            None => "tell",
            Some(Offer::Invite { .. }) => "offer",
            Some(Offer::Link { .. }) => "offer link",
            Some(Offer::WriteByMail { .. }) => "offer mail",
            Some(_) => "?",
        }),
        Effect::Onboard(Step::Note { state, .. }) => Some(state.word()),
        Effect::Onboard(Step::Explain { why, .. }) => Some(match why {
            NotNow::Unusable(_) => "explain",
            NotNow::Server(_) => "note",
        }),
        Effect::Onboard(Step::Return { .. }) => Some("return"),
        Effect::Onboard(_) => Some("?"),
        _ => None,
    };
    effects.iter().filter_map(word).collect()
}

#[rstest]
#[case::nothing(MailOnboarding::default(), &[])]
#[case::only(only(user()), &["invite"])]
#[case::history_is_open(
    MailOnboarding { room: RoomFacts::default(), ..only(user()) }, &["offer"]
)]
#[case::among(known(Said::Among(vec![user().user]), user()), &["offer"])]
#[case::not_allowed(only(UserFacts { is_allowed: false, ..user() }), &["waiting", "tell", "note"])]
#[case::not_allowed_and_noted(
    MailOnboarding {
        noted: Some(std::time::Duration::from_hours(2)),
        ..only(UserFacts { is_allowed: false, ..user() })
    },
    &["waiting", "tell"]
)]
#[case::waits_already(
    MailOnboarding {
        current: Some(way(State::Waiting)),
        noted: Some(std::time::Duration::from_hours(25)),
        ..only(UserFacts { is_allowed: false, ..user() })
    },
    &["note"]
)]
#[case::is_there(
    only(UserFacts { membership: Some(Membership::Join), ..user() }), &["offer link"]
)]
#[case::has_an_invitation(
    only(UserFacts { membership: Some(Membership::Invite), ..user() }), &["invited", "tell"]
)]
#[case::invited(MailOnboarding { current: Some(way(State::Invited)), ..only(user()) }, &[])]
#[case::inviting(MailOnboarding { current: Some(way(State::Inviting)), ..only(user()) }, &[])]
#[case::joined(MailOnboarding { current: Some(way(State::Joined)), ..only(user()) }, &[])]
#[case::declined(MailOnboarding { current: Some(way(State::Declined)), ..only(user()) }, &["invite"])]
#[case::refused(MailOnboarding { current: Some(way(State::Refused)), ..only(user()) }, &["invite"])]
#[case::left(MailOnboarding { current: Some(way(State::Left)), ..only(user()) }, &["return", "tell", "invite"])]
#[case::put_out(
    MailOnboarding { current: Some(way(State::PutOut)), ..MailOnboarding::default() },
    &["offer mail"]
)]
#[case::put_out_with_mail(
    MailOnboarding {
        current: Some(Move { keeps_mail: true, ..way(State::PutOut) }),
        ..MailOnboarding::default()
    },
    &[]
)]
#[case::another_one(
    MailOnboarding {
        current: Some(way(State::Invited)),
        ..only(UserFacts { user: owned_user_id!("@friend:matrix.org"), ..user() })
    },
    &["offer"]
)]
#[case::staff(only(UserFacts { is_staff: true, ..user() }), &["tell"])]
#[case::staff_mentioned(
    known(Said::Among(vec![user().user]), UserFacts { is_staff: true, ..user() }), &[]
)]
#[case::unusable(
    MailOnboarding { said: Said::Unusable(Unusable::NoServer), ..MailOnboarding::default() },
    &["explain"]
)]
#[case::explained(
    MailOnboarding {
        said: Said::Unusable(Unusable::NoServer),
        explained: Some(std::time::Duration::from_hours(1)),
        ..MailOnboarding::default()
    },
    &[]
)]
fn by_what_it_says(#[case] onboarding: MailOnboarding, #[case] expected: &[&str]) {
    assert_eq!(follows(onboarding, Verdict::Verified), expected);
}

#[rstest]
#[case::only(only(user()), &["offer"])]
#[case::not_allowed(only(UserFacts { is_allowed: false, ..user() }), &["tell"])]
#[case::unusable(
    MailOnboarding { said: Said::Unusable(Unusable::NoServer), ..MailOnboarding::default() }, &[]
)]
#[case::left(MailOnboarding { current: Some(way(State::Left)), ..MailOnboarding::default() }, &[])]
fn what_proves_nothing_only_offers(#[case] onboarding: MailOnboarding, #[case] expected: &[&str]) {
    assert_eq!(follows(onboarding, Verdict::Unverified), expected);
}

#[rstest]
#[case::only(only(user()), &["offer"])]
#[case::not_allowed(only(UserFacts { is_allowed: false, ..user() }), &["tell"])]
#[case::unusable(
    MailOnboarding { said: Said::Unusable(Unusable::NoServer), ..MailOnboarding::default() }, &[]
)]
fn whom_nobody_knows_is_only_offered(
    #[case] onboarding: MailOnboarding,
    #[case] expected: &[&str],
) {
    let follows = follows_by(LedBy::Intake, onboarding, Verdict::Verified);
    assert_eq!(follows, expected);
}

#[test]
fn each_kind_is_counted_by_itself() {
    use automatic::Kind;
    let jane = EmailAddress::parse("jane@acme.com").unwrap();
    let keys = [Kind::Left, Kind::Unusable, Kind::Server].map(|kind| kind.key(&jane));
    let all: HashSet<&String> = keys.iter().collect();
    assert_eq!(all.len(), 3);
}

//! What the trust rules come to, and what staff have released.

use super::*;
use crate::domain::{
    held::{Obstacle, Release},
    ids::HeldId,
};

/// Who writes, what proves it, what leads there: what happens, and what the room is told besides.
#[rstest]
#[case::member(Verdict::Verified, Some(false), LedBy::Token, "post")]
#[case::unproven(Verdict::Unverified, Some(false), LedBy::Token, "post ❔")]
#[case::forged(Verdict::Failed, Some(false), LedBy::Token, "hold Failed")]
#[case::guest(Verdict::Verified, Some(true), LedBy::Token, "post ➕")]
#[case::unproven_guest(
    Verdict::Unverified,
    Some(true),
    LedBy::OwnMessageId,
    "hold Unverified"
)]
#[case::fresh(Verdict::Verified, Some(false), LedBy::Sender, "post")]
#[case::fresh_unproven(Verdict::Unverified, Some(false), LedBy::Sender, "hold WithoutToken")]
#[case::stranger(Verdict::Verified, None, LedBy::Token, "hold Stranger")]
fn the_trust_rules_decide(
    #[case] verdict: Verdict,
    #[case] is_guest: Option<bool>,
    #[case] by: LedBy,
    #[case] expected: &str,
) {
    let mut route = Route {
        by,
        copied_by: is_guest
            .filter(|is_guest| *is_guest)
            .map(|_| "Bob".to_owned()),
        ..route(1, is_guest.is_some())
    };
    if let (Some(person), Some(is_guest)) = (&mut route.member, is_guest) {
        person.is_guest = is_guest;
    }
    assert_eq!(outcome_of(verdict, route), expected);
}

#[rstest]
#[case(Verdict::Verified, "post ➕, offered")]
#[case(Verdict::Unverified, "hold Colleague")]
#[case(Verdict::Failed, "hold Failed")]
fn a_colleague_who_answers_is_offered(#[case] verdict: Verdict, #[case] expected: &str) {
    let route = Route {
        standing: trust::Standing::Colleague,
        ..route(1, false)
    };
    assert_eq!(outcome_of(verdict, route), expected);
}

#[test]
fn the_same_mail_is_held_once() {
    let route = Route {
        is_held: true,
        ..route(1, false)
    };
    assert_eq!(outcome_of(Verdict::Verified, route), "nothing");
}

fn outcome_of(verdict: Verdict, route: Route) -> String {
    let facts = MailFacts {
        judgement: judged(verdict),
        ..facts(vec![route])
    };
    let (outcome, effects) = decide(MailId(7), &mail(), false, &facts);
    let is_offered = |effect: &Effect| matches!(effect, Effect::CopyIn { by: None, .. });
    let offered = if effects.iter().any(is_offered) {
        ", offered"
    } else {
        ""
    };
    for effect in &effects {
        match effect {
            Effect::Post { post, .. } => {
                assert_eq!(outcome, Outcome::Posted);
                let signs: Vec<&str> = post
                    .marks
                    .iter()
                    .filter_map(|mark| mark.split(' ').next())
                    .collect();
                return format!("post {}", signs.join(" ")).trim_end().to_owned() + offered;
            }
            Effect::Hold(held) => {
                assert_eq!(outcome, Outcome::Held);
                return format!("hold {:?}", held.notice.why);
            }
            _ => {}
        }
    }
    assert_eq!(outcome, Outcome::Duplicate);
    "nothing".to_owned()
}

#[rstest]
#[case::among_staff(false, None, Some("!room"))]
#[case::with_visitors(true, Some("!control"), Some("!control"))]
#[case::with_visitors_and_no_control_room(true, None, None)]
fn staff_alone_are_told_of_held_mail(
    #[case] has_visitors: bool,
    #[case] control_room: Option<&str>,
    #[case] expected: Option<&str>,
) {
    let facts = MailFacts {
        control_room: control_room.map(|room| room.try_into().unwrap()),
        ..facts(vec![Route {
            has_visitors,
            ..route(1, false)
        }])
    };
    let (_, effects) = decide(MailId(7), &mail(), false, &facts);
    let [Effect::Hold(held)] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(held.told_in.as_ref().map(|room| room.as_str()), expected);
    assert_eq!(held.notice.elsewhere.is_some(), has_visitors);
    assert!(held.notice.may_join && !held.is_member);
}

fn released(admits: bool, was_member: bool) -> Release {
    Release {
        id: HeldId(3),
        by: "Ann".to_owned(),
        admits,
        was_member,
        is_automatic: false,
    }
}

/// What was released is posted, whatever speaks against it; unless the place for it is gone.
#[rstest]
#[case::forged(Route { release: Some(released(false, true)), ..route(1, true) }, None)]
#[case::stranger(Route { release: Some(released(false, false)), ..route(1, false) }, None)]
#[case::admitted(Route { release: Some(released(true, true)), ..route(1, false) }, None)]
#[case::removed(
    Route { release: Some(released(false, true)), ..route(1, false) },
    Some(Obstacle::SenderRemoved)
)]
#[case::closed(
    Route { release: Some(released(true, false)), is_closed: true, ..route(1, false) },
    Some(Obstacle::Closed)
)]
#[case::without_bot(
    Route { release: Some(released(true, false)), bot_joined: false, ..route(1, false) },
    Some(Obstacle::BotGone)
)]
fn what_is_released_is_posted(#[case] route: Route, #[case] obstacle: Option<Obstacle>) {
    let is_admitted = route.release.as_ref().unwrap().admits;
    let facts = MailFacts {
        judgement: judged(Verdict::Failed),
        control_room: Some(owned_room_id!("!control")),
        ..facts(vec![route])
    };
    let (outcome, effects) = decide(MailId(7), &mail(), false, &facts);
    let is_renamed = |effect: &Effect| matches!(effect, Effect::RenameContact { .. });
    assert!(!effects.iter().any(is_renamed), "a forged name counts not");
    if obstacle.is_none() {
        assert_eq!(outcome, Outcome::Posted);
        assert_eq!(post_of(&effects).marks, ["✅ held, then released by Ann"]);
        assert!(effects.contains(&Effect::Released { held: HeldId(3) }));
        let is_let_in = |effect: &Effect| matches!(effect, Effect::LetIn { .. });
        assert_eq!(effects.iter().any(is_let_in), is_admitted);
    } else {
        assert_eq!(outcome, Outcome::Held);
        assert!(matches!(
            effects.as_slice(),
            [Effect::HoldAgain { .. }, Effect::MakeOffer { .. }]
        ));
    }
}

#[rstest]
#[case(true, Outcome::Posted)]
#[case(false, Outcome::Kept(KeptBecause::ByMachine(MailKind::List)))]
fn people_write_by_way_of_lists(#[case] leads: bool, #[case] expected: Outcome) {
    let mail = IncomingMail {
        kind: MailKind::List,
        ..mail()
    };
    let routes = if leads {
        vec![route(1, true)]
    } else {
        Vec::new()
    };
    assert_eq!(decide(MailId(7), &mail, false, &facts(routes)).0, expected);
}

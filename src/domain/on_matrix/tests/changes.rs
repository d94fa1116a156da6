//! Who comes and goes, and what the room is called.

use super::*;
use crate::domain::{facts::MemberFacts, sharing::Change};

fn facts(wanted: bool, was: Option<Membership>) -> EventFacts {
    let mut facts = scene();
    facts.room.settings.changes = wanted;
    facts.past.member = was.map(|membership| MemberFacts {
        membership,
        name: "Zoe".to_owned(),
    });
    facts
}

fn becomes(user: &str, membership: Membership) -> EventKind {
    EventKind::Membership {
        user: user.try_into().unwrap(),
        membership,
        name: None,
    }
}

/// What of it is written, and under which name.
fn remarks(kind: EventKind, facts: &EventFacts) -> Vec<(String, Change)> {
    decide(&event(kind), facts)
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Write { item, .. } => {
                assert!(item.rides && item.kind == ItemKind::Remark);
                let Some(Shared::Change { change }) = item.shared else {
                    panic!()
                };
                Some((item.author, change))
            }
            _ => None,
        })
        .collect()
}

#[rstest]
#[case::comes(
    Some(Membership::Invite),
    Membership::Join,
    "@zoe:other.org",
    Some(Change::Came)
)]
#[case::comes_unknown(None, Membership::Join, "@zoe:other.org", Some(Change::Came))]
#[case::takes_another_name(Some(Membership::Join), Membership::Join, "@zoe:other.org", None)]
#[case::is_put_out(
    Some(Membership::Join),
    Membership::Leave,
    "@zoe:other.org",
    Some(Change::WasPutOut)
)]
#[case::is_banned(
    Some(Membership::Join),
    Membership::Ban,
    "@zoe:other.org",
    Some(Change::WasPutOut)
)]
#[case::goes(
    Some(Membership::Join),
    Membership::Leave,
    "@ann:example.org",
    Some(Change::Went)
)]
#[case::declines(Some(Membership::Invite), Membership::Leave, "@zoe:other.org", None)]
#[case::is_invited(None, Membership::Invite, "@zoe:other.org", None)]
#[case::of_a_bridge(None, Membership::Join, "@_irc_zoe:example.org", None)]
#[case::the_bot(None, Membership::Join, "@postroom:example.org", None)]
fn people_come_and_go(
    #[case] was: Option<Membership>,
    #[case] is: Membership,
    #[case] user: &str,
    #[case] expected: Option<Change>,
) {
    let told = remarks(becomes(user, is), &facts(true, was));
    let told: Vec<Change> = told.into_iter().map(|(_, change)| change).collect();
    assert_eq!(
        told,
        vec![expected; 2].into_iter().flatten().collect::<Vec<_>>()
    );
    assert_eq!(remarks(becomes(user, is), &facts(false, was)), []);
}

#[test]
fn whoever_is_put_out_is_named() {
    let told = remarks(
        becomes("@zoe:other.org", Membership::Leave),
        &facts(true, Some(Membership::Join)),
    );
    assert_eq!(told[0].0, "Zoe");
}

#[rstest]
#[case(EventKind::RoomName("Acme".to_owned()), Change::NamedRoom("Acme".to_owned()))]
#[case(EventKind::RoomName(String::new()), Change::NamedRoom(String::new()))]
#[case(EventKind::Topic("Yocto\ncourse".to_owned()), Change::ChangedTopic("Yocto\ncourse".to_owned()))]
fn the_room_is_called_otherwise(#[case] kind: EventKind, #[case] expected: Change) {
    let told = remarks(kind.clone(), &facts(true, None));
    assert_eq!(told, vec![("Ann".to_owned(), expected); 2]);
    assert_eq!(remarks(kind.clone(), &facts(false, None)), []);
    let ours = EventFacts {
        sender_role: Role::Bot,
        ..facts(true, None)
    };
    assert_eq!(remarks(kind, &ours), []);
}

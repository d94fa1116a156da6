//! What becomes of a room.

use rstest::rstest;
use ruma::{OwnedRoomId, owned_room_id};

use super::*;
use crate::domain::{
    facts::{Bid, GhostFacts, Successor},
    room_rules::{Creation, Levels, RoomRules},
};

fn facts() -> EventFacts {
    let mut facts = scene();
    facts.life.rules = RoomRules {
        creation: Some(Creation {
            version: "11".to_owned(),
            creators: vec![owned_user_id!("@ann:example.org")],
            predecessor: None,
        }),
        levels: Some(Levels {
            users: [("@ann:example.org".to_owned(), 100)].into(),
            ..Levels::default()
        }),
    };
    facts
}

fn tombstone(replacement: Option<OwnedRoomId>) -> EventKind {
    EventKind::Tombstone { replacement }
}

#[rstest]
#[case::by_an_admin("@ann:example.org", Some(owned_room_id!("!new")), true, false, "succeed !new")]
#[case::forged("@zoe:other.org", Some(owned_room_id!("!new")), true, false, "")]
#[case::to_itself("@ann:example.org", Some(owned_room_id!("!room")), true, false, "say")]
#[case::to_nowhere("@ann:example.org", None, true, false, "say")]
#[case::without_us("@ann:example.org", Some(owned_room_id!("!new")), false, false, "")]
#[case::once_more("@ann:example.org", Some(owned_room_id!("!other")), true, true, "")]
fn a_tombstone(
    #[case] by: &str,
    #[case] replacement: Option<OwnedRoomId>,
    #[case] bot_joined: bool,
    #[case] has_moved: bool,
    #[case] expected: &str,
) {
    let mut facts = facts();
    facts.room.bot_joined = bot_joined;
    facts.life.successor = has_moved.then(|| Successor {
        room: owned_room_id!("!new"),
        has_moved,
    });
    let event = RoomEvent {
        sender: by.try_into().unwrap(),
        ..event(tombstone(replacement))
    };
    assert_eq!(short(&decide(&event, &facts)), expected);
}

#[test]
fn in_a_room_of_which_nothing_is_known_a_tombstone_does_nothing() {
    let kind = tombstone(Some(owned_room_id!("!new")));
    assert_eq!(short(&decide(&event(kind), &scene())), "");
}

fn own(membership: Membership) -> EventKind {
    EventKind::Membership {
        user: owned_user_id!("@postroom:example.org"),
        membership,
        name: None,
    }
}

#[test]
fn the_bot_comes_into_the_room_that_replaces_another() {
    let mut facts = facts();
    facts.room.bot_joined = false;
    facts.life.succeeds = Some(owned_room_id!("!old"));
    // Whoever asks it in.
    facts.sender_role = Role::Visitor;
    let effects = decide(&event(own(Membership::Invite)), &facts);
    assert_eq!(short(&effects[1..]), "join");
    let effects = decide(&event(own(Membership::Join)), &facts);
    assert_eq!(short(&effects[1..]), "deserted true; move !old");
    // It invites the ghosts as well; those come with the bot.
    facts.subject = Some(GhostFacts { address: None });
    let ghost = EventKind::Membership {
        user: owned_user_id!("@_email_jane.aaaa:example.org"),
        membership: Membership::Invite,
        name: None,
    };
    assert_eq!(short(&decide(&event(ghost), &facts)[1..]), "");
}

#[rstest]
#[case::as_decided(true, "")]
#[case::by_the_homeserver(false, "give up; close; report")]
fn the_bot_leaves(#[case] is_leaving: bool, #[case] expected: &str) {
    let mut facts = facts();
    facts.life.is_leaving = is_leaving;
    facts.sender_role = Role::Bot;
    let event = RoomEvent {
        sender: facts.bot.clone(),
        ..event(own(Membership::Leave))
    };
    assert_eq!(short(&decide(&event, &facts)[1..]), expected);
}

#[rstest]
#[case::of_staff(Role::Staff, Some("eve@acme.com"), "bid _email_eve.cccc")]
#[case::of_others(Role::Visitor, Some("eve@acme.com"), "decline _email_eve.cccc")]
#[case::to_nobody(Role::Staff, None, "decline _email_eve.cccc")]
fn a_ghost_is_invited_where_the_bot_is_not(
    #[case] by: Role,
    #[case] address: Option<&str>,
    #[case] expected: &str,
) {
    let mut facts = facts();
    facts.room.bot_joined = false;
    facts.room.conversations.clear();
    facts.sender_role = by;
    let address = address.map(|address| EmailAddress::parse(address).unwrap());
    facts.subject = Some(GhostFacts { address });
    let kind = EventKind::Membership {
        user: owned_user_id!("@_email_eve.cccc:example.org"),
        membership: Membership::Invite,
        name: None,
    };
    assert_eq!(short(&decide(&event(kind), &facts)[1..]), expected);
}

#[test]
fn bids_are_taken_up_and_organisations_kept_apart() {
    let mut facts = facts();
    facts.room.bot_joined = false;
    facts.room.conversations.clear();
    facts.life.staff.push(owned_user_id!("@ann:example.org"));
    let bid = |localpart: &str, address: &str| Bid {
        localpart: localpart.to_owned(),
        address: EmailAddress::parse(address).ok(),
        is_placeholder: localpart.contains('='),
    };
    facts.life.bids = vec![
        bid("_email_eve.cccc", "eve@acme.com"),
        bid("_email_joe=40beta.example", "joe@beta.example"),
        bid("_email_jim=40acme.com", "jim@acme.com"),
    ];
    let effects = decide(&event(own(Membership::Join)), &facts);
    assert_eq!(
        short(&effects[1..]),
        "deserted false; add eve@acme.com; say; decline _email_joe=40beta.example; say; \
         add jim@acme.com; say; decline _email_jim=40acme.com; forget bids"
    );
}

#[rstest]
#[case::the_last_of_staff_goes(true, Membership::Leave, true, 0, "deserted true; report")]
#[case::not_the_last(true, Membership::Leave, true, 1, "")]
#[case::staff_come_back(true, Membership::Join, false, 0, "deserted false; resume")]
#[case::more_staff(true, Membership::Join, false, 1, "")]
#[case::a_visitor(
    false,
    Membership::Invite,
    false,
    1,
    "report; told visitor @x:other.org"
)]
#[case::who_was_invited(false, Membership::Join, true, 1, "")]
#[case::a_visitor_goes(false, Membership::Leave, true, 1, "")]
fn who_reads_along(
    #[case] is_staff: bool,
    #[case] membership: Membership,
    #[case] was_here: bool,
    #[case] others: usize,
    #[case] expected: &str,
) {
    let mut facts = facts();
    facts.life.subject_is_staff = is_staff;
    facts.life.staff = vec![owned_user_id!("@bea:example.org"); others];
    facts.past.member = was_here.then(|| crate::domain::facts::MemberFacts {
        membership: Membership::Invite,
        name: "X".to_owned(),
    });
    let kind = EventKind::Membership {
        user: owned_user_id!("@x:other.org"),
        membership,
        name: None,
    };
    assert_eq!(short(&decide(&event(kind), &facts)[1..]), expected);
}

#[rstest]
#[case::they_were_not_told(true, false, "say; told encrypted @ann:example.org")]
#[case::they_were(true, true, "")]
#[case::nobody_would_get_it(false, false, "")]
fn what_nobody_can_read(#[case] has_people: bool, #[case] was_told: bool, #[case] expected: &str) {
    let mut facts = facts();
    facts.room.encrypted = true;
    facts.life.was_told = was_told;
    if !has_people {
        facts.room.conversations.clear();
    }
    let content = Content::Opaque {
        what: Opaque::Encrypted,
        name: String::new(),
    };
    let kind = EventKind::Message {
        content,
        relation: Relation::default(),
    };
    assert_eq!(short(&decide(&event(kind), &facts)), expected);
}

#[rstest]
#[case::to_invite(Levels { invite: 50, ..Levels::default() }, "levels; say")]
#[case::to_speak(Levels { events_default: 50, ..Levels::default() }, "levels; report")]
#[case::nothing_that_matters(Levels { redact: 90, ..Levels::default() }, "levels")]
fn the_bot_is_demoted(#[case] levels: Levels, #[case] expected: &str) {
    let effects = decide(&event(EventKind::PowerLevels(levels)), &facts());
    assert_eq!(short(&effects), expected);
}

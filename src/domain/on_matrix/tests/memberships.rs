//! The bot and ghosts that are invited, come and go.

use rstest::rstest;

use super::*;
use crate::domain::{event::Membership, facts::GhostFacts};

fn membership(user: &str, membership: Membership) -> EventKind {
    EventKind::Membership {
        user: user.try_into().unwrap(),
        membership,
        name: None,
    }
}

#[rstest]
#[case::by_staff(Role::Staff, Membership::Invite, true, "join")]
#[case::by_a_visitor(Role::Visitor, Membership::Invite, true, "leave; report")]
#[case::comes_back(Role::Bot, Membership::Join, false, "deserted true; say; resume")]
#[case::changes_its_name(Role::Bot, Membership::Join, true, "")]
#[case::is_put_out(Role::Staff, Membership::Leave, true, "suspend; report")]
#[case::is_banned(Role::Visitor, Membership::Ban, true, "suspend; report")]
#[case::an_invitation_is_taken_back(Role::Staff, Membership::Leave, false, "")]
fn the_bots_membership(
    #[case] by: Role,
    #[case] change: Membership,
    #[case] bot_joined: bool,
    #[case] expected: &str,
) {
    let mut facts = EventFacts {
        sender_role: by,
        ..scene()
    };
    facts.room.bot_joined = bot_joined;
    let effects = decide(&event(membership("@postroom:example.org", change)), &facts);
    assert_eq!(short(&effects[1..]), expected);
}

#[rstest]
#[case::known(
    "@_email_eve.cccc:example.org",
    Some("eve@acme.com"),
    Role::Staff,
    "decline _email_eve.cccc; say"
)]
#[case::placeholder(
    "@_email_eve=40acme.com:example.org",
    None,
    Role::Staff,
    "decline _email_eve=40acme.com; say"
)]
#[case::nobody(
    "@_email_eve:example.org",
    None,
    Role::Staff,
    "decline _email_eve; say"
)]
#[case::by_a_visitor(
    "@_email_eve.cccc:example.org",
    Some("eve@acme.com"),
    Role::Visitor,
    "decline _email_eve.cccc; say"
)]
#[case::by_us("@_email_eve.cccc:example.org", Some("eve@acme.com"), Role::Bot, "")]
fn an_invited_ghost_of_a_room_with_others(
    #[case] ghost: &str,
    #[case] address: Option<&str>,
    #[case] by: Role,
    #[case] expected: &str,
) {
    let address = address.map(|address| EmailAddress::parse(address).unwrap());
    let facts = EventFacts {
        sender_role: by,
        subject: Some(GhostFacts { address }),
        ..scene()
    };
    let effects = decide(&event(membership(ghost, Membership::Invite)), &facts);
    // Bob of another company is here, so nobody is added without asking.
    assert_eq!(short(&effects[1..]), expected);
}

#[test]
fn an_invited_ghost_is_added() {
    let mut facts = scene();
    facts.room.conversations.truncate(1);
    facts.subject = Some(GhostFacts { address: None });
    let kind = membership("@_email_eve=40acme.com:example.org", Membership::Invite);
    let effects = decide(&event(kind), &facts);
    assert_eq!(
        short(&effects[1..]),
        "decline _email_eve=40acme.com; add eve@acme.com; say"
    );
}

#[test]
fn a_ghost_that_staff_put_out_is_no_longer_written_to() {
    let facts = EventFacts {
        subject: Some(GhostFacts { address: None }),
        ..scene()
    };
    let kind = membership("@_email_jane.aaaa:example.org", Membership::Leave);
    assert_eq!(short(&decide(&event(kind), &facts)[1..]), "remove 1; say");
}

#[rstest]
#[case::fine("add jane@acme.com", "say")]
#[case::own("add support@example.org", "say")]
#[case::own_with_detail("add support+x@example.org", "say")]
#[case::shared("add eve@acme.com", "say")]
#[case::meant("add --share eve@acme.com", "add eve@acme.com; say")]
fn adding(#[case] command: &str, #[case] expected: &str) {
    let effects = decide(&event(text(&format!("!email {command}"))), &scene());
    assert_eq!(short(&effects[1..]), expected);
}

#[test]
fn nobody_is_added_to_an_encrypted_room() {
    let mut facts = scene();
    facts.room.encrypted = true;
    facts.room.conversations.clear();
    let effects = decide(&event(text("!email add eve@acme.com")), &facts);
    assert_eq!(short(&effects[1..]), "say");
}

#[test]
fn encryption_is_spoken_of_at_once() {
    assert_eq!(
        short(&decide(&event(EventKind::Encryption), &scene())[1..]),
        "say; report"
    );
}

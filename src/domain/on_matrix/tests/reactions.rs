//! Reactions, and what staff ask for by them.

use rstest::rstest;
use ruma::{owned_event_id, owned_room_id};

use super::*;

#[rstest]
#[case::rides("👍", Role::Staff, target(false, &[(1, false)]), r#"write 1 Reaction "👍" with quote"#)]
#[case::sends("📨", Role::Staff, target(false, &[(1, true)]), "send 1 now")]
#[case::sends_only_where_it_waits(
    "📨\u{fe0f}",
    Role::Staff,
    target(false, &[(1, false), (2, true)]),
    "send 2 now"
)]
#[case::sends_for_staff("📨", Role::Visitor, target(false, &[(1, true)]), "")]
#[case::nothing_waits("📨", Role::Staff, target(false, &[(1, false)]), "")]
#[case::on_a_note("👍", Role::Staff, target(true, &[]), "")]
#[case::shows_the_mail(
    "🔍",
    Role::Staff,
    mail(None, false),
    "show mail 7 in !room below $before"
)]
#[case::shows_it_in_its_thread(
    "🔍\u{fe0f}",
    Role::Staff,
    mail(Some("$root"), false),
    "show mail 7 in !room below $root"
)]
#[case::shows_it_to_staff_only("🔍", Role::Staff, mail(None, true), "show mail 7 in !control; say")]
#[case::of_a_visitor("🔍", Role::Visitor, mail(None, false), "")]
#[case::on_what_is_no_mail("🔍", Role::Staff, target(false, &[(1, false)]), "")]
#[case::takes_up("✅", Role::Staff, offer(), "take up $before")]
#[case::takes_up_nothing("✅", Role::Visitor, offer(), "")]
#[case::another_sign_on_an_offer("👍", Role::Staff, offer(), "")]
#[case::an_ordinary_check("✅", Role::Staff, target(false, &[(1, false)]), r#"write 1 Reaction "✅" with quote"#)]
fn a_reaction(
    #[case] key: &str,
    #[case] role: Role,
    #[case] target: TargetFacts,
    #[case] expected: &str,
) {
    let kind = EventKind::Reaction {
        target: owned_event_id!("$before"),
        key: key.to_owned(),
    };
    let facts = EventFacts {
        sender_role: role,
        target: Some(target),
        control_room: Some(owned_room_id!("!control")),
        ..scene()
    };
    assert_eq!(short(&decide(&event(kind), &facts)), expected);
}

/// A message that shows mail 7.
fn mail(thread_root: Option<&str>, has_visitors: bool) -> TargetFacts {
    TargetFacts {
        mail: Some(MailId(7)),
        thread_root: thread_root.map(|root| root.try_into().unwrap()),
        has_visitors,
        ..target(false, &[(1, false)])
    }
}

/// A notice of the bot that offers something.
fn offer() -> TargetFacts {
    TargetFacts {
        offer: Some(Offer::Release {
            conversation: ConversationId(1),
            contact: ContactId(1),
            mail: MailId(7),
            files: Vec::new(),
        }),
        ..target(true, &[])
    }
}

#[rstest]
#[case::of_a_mail(
    mail(None, false),
    "internal $this; show mail 7 in !room below $before"
)]
#[case::of_nothing(target(false, &[(1, false)]), "internal $this; say")]
fn the_original_by_command(#[case] target: TargetFacts, #[case] expected: &str) {
    let facts = EventFacts {
        target: Some(target),
        ..scene()
    };
    let event = event(reply("!email original", "$before"));
    assert_eq!(short(&decide(&event, &facts)), expected);
}

#[test]
fn without_a_control_room_an_original_is_shown_to_nobody_but_staff() {
    let facts = EventFacts {
        target: Some(mail(None, true)),
        ..scene()
    };
    let event = event(reply("!email original", "$before"));
    assert_eq!(short(&decide(&event, &facts)), "internal $this; say");
}

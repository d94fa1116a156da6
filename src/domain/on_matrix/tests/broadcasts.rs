//! Broadcasts: staff speak to many, and none of them learns of the others.

use super::*;

fn facts(sender: Role) -> EventFacts {
    let mut facts = scene();
    facts.room.settings.broadcast = true;
    facts.room.settings.changes = true;
    facts.sender_role = sender;
    facts.target = Some(target(false, &[(1, false), (2, false)]));
    facts
}

fn reaction() -> EventKind {
    EventKind::Reaction {
        target: owned_event_id!("$before"),
        key: "👍".to_owned(),
    }
}

#[rstest]
#[case::staff(Role::Staff, 2)]
#[case::a_visitor(Role::Visitor, 0)]
#[case::a_reader(Role::Ghost(ContactId(1)), 0)]
fn only_what_staff_do_goes_out(#[case] sender: Role, #[case] letters: usize) {
    for kind in [text("so"), reaction()] {
        let effects = decide(&event(kind.clone()), &facts(sender));
        let written = |effect: &&Effect| matches!(effect, Effect::Write { .. });
        assert_eq!(effects.iter().filter(written).count(), letters, "{kind:?}");
    }
}

#[test]
fn who_comes_is_told_to_nobody() {
    let comes = EventKind::Membership {
        user: owned_user_id!("@zoe:other.org"),
        membership: Membership::Join,
        name: None,
    };
    let effects = decide(&event(comes), &facts(Role::Staff));
    assert!(
        effects
            .iter()
            .all(|effect| !matches!(effect, Effect::Write { .. })),
        "{effects:?}"
    );
}

#[test]
fn nobodys_mail_is_repeated() {
    let mut facts = facts(Role::Staff);
    facts.target = Some(TargetFacts {
        mail: Some(MailId(7)),
        ..target(false, &[(1, false), (2, false)])
    });
    let effects = decide(&event(reply("so", "$before")), &facts);
    assert_eq!(short(&effects), r#"write 1 Text "so"; write 2 Text "so""#);
    assert_eq!(short(&decide(&event(reaction()), &facts)), "");
}

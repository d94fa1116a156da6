//! Matrix threads: which conversation what is said in them belongs to.

use super::*;

fn in_thread(reply_to: Option<&str>) -> EventKind {
    EventKind::Message {
        content: Content::Text(words("so")),
        relation: Relation {
            thread_root: Some(owned_event_id!("$root")),
            reply_to: reply_to.map(|id| id.try_into().unwrap()),
        },
    }
}

/// `root` was placed in the conversations `placed`; conversation 3 is the thread with Jane's customer,
/// if `own`.
fn facts(placed: &[i64], own: bool) -> EventFacts {
    let mut facts = scene();
    facts.past.thread = placed.iter().copied().map(ConversationId).collect();
    if own {
        let jane = facts.room.conversations[0].people[0].clone();
        facts.room.conversations.push(ConversationFacts {
            customer: CustomerId(1),
            thread_root: Some(owned_event_id!("$root")),
            ..conversation(3, jane)
        });
    }
    facts
}

#[rstest]
#[case::mailed_to_both(&[1, 2], false, r#"write 1 Text "so"; write 2 Text "so""#)]
#[case::mailed_to_one(&[1], false, r#"write 1 Text "so"; write in thread $root of 2 (2) "so""#)]
#[case::mailed_to_nobody(&[], false, r#"write in thread $root of 1 (1) "so"; write in thread $root of 2 (2) "so""#)]
#[case::has_its_own(&[], true, r#"write in thread $root of 1 (1) "so"; write in thread $root of 2 (2) "so""#)]
#[case::began_in_its_own(&[3], true, r#"write in thread $root of 1 (1) "so"; write in thread $root of 2 (2) "so""#)]
fn a_thread(#[case] placed: &[i64], #[case] own: bool, #[case] expected: &str) {
    let effects = decide(&event(in_thread(None)), &facts(placed, own));
    assert_eq!(short(&effects), expected);
}

#[test]
fn what_is_outside_of_threads_stays_there() {
    let effects = decide(&event(text("so")), &facts(&[], true));
    assert_eq!(short(&effects), r#"write 1 Text "so"; write 2 Text "so""#);
}

#[test]
fn a_customers_words_in_a_thread_come_back_to_nobody_of_theirs() {
    let facts = EventFacts {
        sender_role: Role::Ghost(ContactId(1)),
        ..facts(&[], true)
    };
    assert_eq!(
        short(&decide(&event(in_thread(None)), &facts)),
        r#"write in thread $root of 2 (2) "so""#
    );
}

#[test]
fn a_reply_in_a_thread_quotes_only_within_its_conversation() {
    let mut facts = facts(&[], true);
    facts.target = Some(target(false, &[(1, false), (3, false)]));
    let effects = decide(&event(in_thread(Some("$before"))), &facts);
    let has_quote = |effect: &Effect| match effect {
        Effect::WriteInThread { customer, item, .. } => (customer.0, item.quote.is_some()),
        other => panic!("{other:?}"),
    };
    let quotes: Vec<(i64, bool)> = effects.iter().map(has_quote).collect();
    assert_eq!(quotes, [(1, true), (2, false)]);
}

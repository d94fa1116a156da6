//! What `!email now` sends.

use rstest::rstest;

use super::*;

/// Jane's conversation 1 and Bob's 2, and 3, which is Jane's in the thread below `$root`. Of `waiting`
/// each has so many messages.
fn facts(waiting: [usize; 3]) -> EventFacts {
    let mut facts = scene();
    let mut thread = facts.room.conversations[0].clone();
    thread.id = ConversationId(3);
    thread.thread_root = Some("$root".try_into().unwrap());
    facts.room.conversations.push(thread);
    for (conversation, waiting) in facts.room.conversations.iter_mut().zip(waiting) {
        conversation.waiting = waiting;
    }
    facts
}

#[rstest]
#[case::everything(None, [1, 2, 3], "send 1 2 3 now", "On its way to Jane, Bob.")]
#[case::what_waits(None, [0, 2, 0], "send 2 now", "On its way to Bob.")]
#[case::nothing(None, [0, 0, 0], "", "Nothing waits to be sent.")]
#[case::of_the_thread(Some("$root"), [1, 2, 3], "send 3 now", "On its way to Jane.")]
#[case::nothing_in_the_thread(Some("$root"), [1, 2, 0], "", "Nothing waits to be sent.")]
#[case::of_a_thread_that_is_no_conversation(Some("$other"), [1, 0, 0], "send 1 now", "On its way to Jane.")]
fn now_sends(
    #[case] thread: Option<&str>,
    #[case] waiting: [usize; 3],
    #[case] sends: &str,
    #[case] says: &str,
) {
    let kind = EventKind::Message {
        content: Content::Text(words("!email now")),
        relation: Relation {
            thread_root: thread.map(|root| root.try_into().unwrap()),
            reply_to: None,
        },
    };
    let effects = decide(&event(kind), &facts(waiting));
    let sent: Vec<Effect> = effects
        .iter()
        .filter(|effect| matches!(effect, Effect::SendNow { .. }))
        .cloned()
        .collect();
    assert_eq!(short(&sent), sends);
    let said = effects.iter().find_map(|effect| match effect {
        Effect::Say { text, .. } => Some(text.as_str()),
        _ => None,
    });
    assert_eq!(said, Some(says));
}

//! Votes, and the ends of polls.

use jiff::Timestamp;

use super::*;
use crate::domain::{facts::PollFacts, sharing::PollResult};

fn voting(role: Role, votes: &[&str]) -> EventFacts {
    let mut facts = EventFacts {
        sender_role: role,
        target: Some(target(false, &[(1, false), (9, false)])),
        ..scene()
    };
    facts.past.poll = Some(PollFacts {
        poll: poll(),
        votes: votes
            .iter()
            .map(|id| (Timestamp::UNIX_EPOCH, vec![(*id).to_owned()]))
            .collect(),
    });
    facts
}

fn vote() -> RoomEvent {
    event(EventKind::Vote {
        poll: owned_event_id!("$before"),
        answers: vec!["a".to_owned()],
    })
}

fn end() -> RoomEvent {
    event(EventKind::PollEnd {
        poll: owned_event_id!("$before"),
    })
}

#[rstest]
#[case(Role::Staff, r#"vote in $before ["a"]"#)]
#[case(Role::Visitor, r#"vote in $before ["a"]"#)]
#[case(Role::Ghost(ContactId(1)), "")]
fn people_vote(#[case] role: Role, #[case] expected: &str) {
    assert_eq!(short(&decide(&vote(), &voting(role, &[]))), expected);
}

#[test]
fn nobody_votes_in_what_is_no_poll_of_the_room_or_has_ended() {
    assert_eq!(decide(&vote(), &scene()), []);
    let facts = EventFacts {
        target: Some(target(false, &[(1, false)])),
        ..scene()
    };
    assert_eq!(decide(&end(), &facts), []);
}

#[test]
fn the_result_goes_to_whoever_got_the_poll() {
    let effects = decide(&end(), &voting(Role::Staff, &["b", "a", "b"]));
    assert_eq!(short(&effects), r#"end $before; write 1 Shared """#);
    let Effect::Write { item, .. } = &effects[1] else {
        panic!()
    };
    assert_eq!(
        item.shared,
        Some(Shared::PollResult(PollResult {
            question: "When?".to_owned(),
            votes: vec![("Monday".to_owned(), 1), ("Friday".to_owned(), 2)],
        }))
    );
    assert_eq!(item.reply_to.as_ref().unwrap(), "$before");
}

#[rstest]
#[case::its_author("@ann:example.org", Role::Visitor, true)]
#[case::staff("@bob:example.org", Role::Staff, true)]
#[case::anybody("@zoe:other.org", Role::Visitor, false)]
fn not_everybody_ends_a_poll(#[case] sender: &str, #[case] role: Role, #[case] ends: bool) {
    let event = RoomEvent {
        sender: sender.try_into().unwrap(),
        ..end()
    };
    assert_eq!(!decide(&event, &voting(role, &[])).is_empty(), ends);
}

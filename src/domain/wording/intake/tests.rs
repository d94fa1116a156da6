//! What is said of strangers' mail.

use rstest::rstest;

use super::*;
use crate::domain::{address::EmailAddress, ids::ConversationId};

fn jane(name: Option<&str>) -> NamedAddress {
    NamedAddress {
        name: name.map(str::to_owned),
        address: EmailAddress::parse("jane@acme.com").unwrap(),
    }
}

#[rstest]
#[case(Some("Jane Doe"), "Re: Printer", "Jane Doe", "Printer")]
#[case(None, "Printer", "jane", "Printer")]
#[case(Some("Jane\u{202e}\nDoe"), "", "Jane Doe", "")]
fn rooms_are_named_after_who_and_what(
    #[case] name: Option<&str>,
    #[case] about: &str,
    #[case] who: &str,
    #[case] what: &str,
) {
    assert_eq!(customer(&jane(name)), who);
    assert_eq!(subject(about), what);
}

/// Each is a conversation and its room.
#[rstest]
#[case(&[], 0, None)]
#[case(&[(3, "!one")], 0, Some("They are in “One”, `!one` (conversation #3)."))]
#[case(&[(4, "!one"), (3, "!one")], 0, Some("They are in “One”, `!one` (conversations #4, #3)."))]
#[case(&[], 1, Some("They are in a room of a mailbox with other staff."))]
#[case(
    &[(4, "!one"), (3, "!two")],
    0,
    Some("They are in several rooms, so I don't guess: “One”, `!one` (conversation #4); “One”, `!two` (conversation #3).")
)]
#[case(
    &[(3, "!one")],
    2,
    Some("They are in several rooms, so I don't guess: “One”, `!one` (conversation #3); 2 rooms of mailboxes with other staff.")
)]
fn says_where_somebody_is_already(
    #[case] named: &[(i64, &str)],
    #[case] others: usize,
    #[case] expected: Option<&str>,
) {
    let known = |(conversation, room): &(i64, &str)| KnownRoom {
        conversation: ConversationId(*conversation),
        room: (*room).try_into().unwrap(),
        name: "One".to_owned(),
    };
    let known = KnownRooms {
        named: named.iter().map(known).collect(),
        others,
    };
    assert_eq!(rooms(&known).as_deref(), expected);
}

#[test]
fn a_notice_is_bounded_and_says_what_can_be_done() {
    let notice = notice(
        RequestId(7),
        &Notice {
            sender: jane(Some(&"M".repeat(5_000))),
            mailbox: "support@example.org".to_owned(),
            verdict: Verdict::Unverified,
            reason: None,
            subject: "S".repeat(5_000),
            text: "word ".repeat(10_000),
            files: vec!["f".repeat(100); 50],
            space: None,
            former: None,
            rooms: KnownRooms::default(),
            no_rule: Some(NoRule::Unverified),
        },
    );
    assert!(notice.len() < 5_000, "{}", notice.len());
    for expected in ["#7", "✅", "❌", "🔍", "jane@acme.com", "❔", "45 more"] {
        assert!(notice.contains(expected), "{expected}");
    }
}

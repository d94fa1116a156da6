//! Reports that nobody means.

use proptest::prelude::*;
use rstest::rstest;

use super::*;

/// What is sent to make the reader work long, or to name everybody.
#[rstest]
#[case("<a@b.example>: 550 no\n")]
#[case("@@@@ <@>:@ ")]
#[case("From: a\nTo: b\n\n")]
#[case("Final-Recipient: rfc822; a\n b@c.example\n\n")]
#[case("host host host ")]
fn long_reports_take_no_longer_than_their_length(#[case] piece: &str) {
    let text = piece.repeat(4_000_000 / piece.len());
    let parsed = notice(&text);
    let Some(Report::Bounce(bounce)) = parsed.report else {
        panic!("no bounce");
    };
    assert!(bounce.recipients.len() <= 1);
}

#[test]
fn as_many_are_named_as_one_mail_can_have() {
    use std::fmt::Write;
    let mut text = String::new();
    let mut fields = String::new();
    for number in 0..5000 {
        writeln!(text, "<a{number}@acme.com>: 550 no such user").unwrap();
        writeln!(
            fields,
            "Final-Recipient: rfc822; a{number}@acme.com\nAction: failed\n"
        )
        .unwrap();
    }
    assert_eq!(shown(&notice(&text)).len(), 100);
    assert_eq!(shown(&rfc_3464("", &fields)).len(), 100);
}

proptest! {
    #[test]
    fn reads_whatever_comes(text in "\\PC*|[ -~\n]{0,400}", fields in "[ -~\n]{0,200}") {
        let parsed = rfc_3464(&text, &format!("Final-Recipient: {fields}"));
        let Some(Report::Bounce(bounce)) = parsed.report else {
            return Err(TestCaseError::fail("no bounce"));
        };
        for one in &bounce.recipients {
            prop_assert!(one.reply.as_ref().is_none_or(|reply| reply.chars().count() <= 1000));
            prop_assert!(one.action != Action::Delivered || !one.is_hard());
        }
    }
}

//! Letters of every kind are held against the standards.

use super::*;
use crate::domain::letter::List;

#[path = "../../../../tests/support/mail_rules.rs"]
mod mail_rules;

#[track_caller]
fn keeps_the_rules(letter: &SealedLetter) {
    let mail = composed(letter);
    let broken = mail_rules::broken(mail.as_bytes(), letter.utf8);
    assert_eq!(broken, Vec::<String>::new(), "{mail}");
}

fn broadcast() -> SealedLetter {
    SealedLetter {
        list: Some(List {
            id: "abc234.example.org".to_owned(),
            name: "Nouvelles des formations, été".to_owned(),
            leave_url: Some(format!("https://post.example.org/leave/{}", "a".repeat(26))),
            leave_address: EmailAddress::parse("support+abc@example.org").unwrap(),
        }),
        ..first_letter()
    }
}

#[test]
fn letters_of_every_kind() {
    for letter in [first_letter(), full_letter(), broadcast()] {
        keeps_the_rules(&letter);
    }
    keeps_the_rules(&SealedLetter {
        subject: String::new(),
        in_reply_to: None,
        references: Vec::new(),
        quote: None,
        footer: None,
        ..first_letter()
    });
}

#[test]
fn a_hundred_recipients_and_a_long_thread() {
    let ids = (0..16).map(|n| id(&format!("{n:040}@acme.example")));
    let chain: Vec<MessageId> = ids.collect();
    keeps_the_rules(&SealedLetter {
        to: (0..100)
            .map(|n| named("Größe, \"J.\" <x>", &format!("jane{n}@müller.example")))
            .collect(),
        references: chain,
        ..first_letter()
    });
}

/// Who has such an address gets it in the header, everybody else something that harms nobody.
#[test]
fn an_address_beyond_ascii() {
    let mut letter = first_letter();
    letter.to.push(named("Jürgen", "jürgen@müller.example"));
    keeps_the_rules(&letter);
    letter.utf8 = true;
    keeps_the_rules(&letter);
    let mail = composed(&letter);
    assert!(mail.contains("<jürgen@müller.example>"), "{mail}");
    letter.utf8 = false;
    assert!(!composed(&letter).contains("jürgen@"));
}

/// The rules themselves: a mail that breaks them is found.
#[rstest]
#[case(
    "Date: Thu, 12 Nov 2026 14:06:00 +0100",
    "Date: 12.11.2026",
    "RFC 5322 3.3"
)]
#[case("MIME-Version: 1.0\r\n", "", "RFC 5322 3.6: exactly one")]
#[case("Subject: ", "Subject: x\r\nSubject: ", "RFC 5322 3.6: exactly one")]
#[case("Subject: Board", "Subject: B\noard", "RFC 5322 2.3")]
#[case("Subject: Board", "Subject: Böard", "RFC 6532 3.2")]
#[case(
    "@post.example.org>\r\nDate",
    "@elsewhere.example>\r\nDate",
    "RFC 5322 3.6.4: an id of our"
)]
#[case(
    "Jane Doe <jane@acme.example>",
    "Jane Doe <jane@@acme.example>",
    "RFC 5322 3.4.1"
)]
#[case("Jane Doe <", "\"=?utf-8?b?SsO8?=\" <", "RFC 2047")]
#[case("quoted-printable", "8bit", "RFC 2045 6.1")]
#[case("text/plain; charset=utf-8", "text/plain", "RFC 2046 4.1.2")]
#[case("--\r\n", "\r\n", "RFC 2046 5.1.1")]
#[case("To: Jane", "Bcc: x@y.example\r\nTo: Jane", "RFC 5322 3.6.3")]
fn what_breaks_a_rule_is_found(#[case] from: &str, #[case] to: &str, #[case] rule: &str) {
    let mail = composed(&first_letter());
    assert!(mail.contains(from), "{from:?} is in {mail}");
    let broken = mail_rules::broken(mail.replacen(from, to, 1).as_bytes(), false);
    assert!(broken.iter().any(|it| it.starts_with(rule)), "{broken:?}");
}

proptest! {
    #[test]
    fn whatever_people_are_called(name in hostile(), subject in hostile(), text in any::<String>()) {
        let mut letter = broadcast();
        letter.from.name = Some(name.clone());
        letter.to = vec![named("", "jane@acme.example"); 3];
        for to in &mut letter.to {
            to.name = Some(name.clone());
        }
        letter.list.as_mut().unwrap().name = name.clone();
        letter.organisation = name.clone();
        letter.subject = subject;
        letter.entries[0].author = name;
        letter.entries[0].body = EntryBody::Text(words(&text));
        let mail = composed(&letter);
        let broken = mail_rules::broken(mail.as_bytes(), false);
        prop_assert_eq!(broken, Vec::<String>::new());
    }
}

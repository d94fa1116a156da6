//! Letters composed, then read back by the parser that reads our customers' mails.

mod drawn;
mod files;
mod header_rules;
mod hostile;
mod quoted_back;
mod rules;
mod samples;
mod whole;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Zoned;
use mail_parser::{Address, HeaderValue, Message, MessageParser};
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::domain::{
    event::Words,
    letter::{Entry, EntryBody, Language, Look, Quote},
    sharing::Opaque,
};

fn zoned(text: &str) -> Zoned {
    text.parse().unwrap()
}

fn named(name: &str, address: &str) -> NamedAddress {
    NamedAddress {
        name: (!name.is_empty()).then(|| name.to_owned()),
        address: EmailAddress::parse(address).unwrap(),
    }
}

fn id(text: &str) -> MessageId {
    MessageId::parse(text).unwrap()
}

fn words(text: &str) -> Words {
    Words {
        body: text.to_owned(),
        html: None,
    }
}

fn entry(author: &str, time: &str, body: EntryBody) -> Entry {
    Entry {
        author: author.to_owned(),
        at: zoned(&format!("2026-11-12T{time}:00[Europe/Paris]")),
        quote: None,
        body,
    }
}

/// The letter that most customers get: one author, the how-to, the quote, the footer.
fn first_letter() -> SealedLetter {
    let text = "Hello Jane,\n\nthe board boots again with the patch below. Could you try it on \
                your side and tell us which revision of the carrier board you have?\n\n\
                    make imx8mp_defconfig && make -j8\n\nNo hurry: tomorrow is fine.";
    SealedLetter {
        message_id: id("c12.l1.7f3a@post.example.org"),
        date: zoned("2026-11-12T14:06:00[Europe/Paris]"),
        from: named("Anna Léger, Exemple SARL", "support@example.org"),
        reply_to: EmailAddress::parse("support+1k2m3n4p@example.org").unwrap(),
        to: vec![named("Jane Doe", "jane@acme.example")],
        cc: vec![named("", "john@acme.example")],
        subject: "Board doesn't boot".to_owned(),
        in_reply_to: Some(id("q2@acme.example")),
        references: vec![id("q1@acme.example"), id("q2@acme.example")],
        entries: vec![entry("Anna Léger", "14:05", EntryBody::Text(words(text)))],
        how_to: true,
        readers: Vec::new(),
        quote: Some(Quote {
            author: "Jane Doe".to_owned(),
            at: Some(zoned("2026-11-12T11:40:00[Europe/Paris]")),
            text: "Hello,\nsince the update our board stops at \"Starting kernel\".\n\n\
                   > Which version do you run?\n2026.10, as you said.\n\nJane"
                .to_owned(),
        }),
        footer: Some("Exemple SARL · 1 rue de l'Exemple, 69000 Lyon · RCS Lyon 000 000 000".into()),
        organisation: "Exemple SARL".to_owned(),
        look: Look::default(),
        list: None,
        automatic: None,
        utf8: false,
        language: Language::English,
    }
}

/// Everything that a letter can show.
fn full_letter() -> SealedLetter {
    let rich = Words {
        body: "Two ways:\n* the **quick** one\n* the sound one, see https://example.org/doc".into(),
        html: Some(
            "<p>Two ways:</p><ul><li>the <strong>quick</strong> one</li><li>the sound one, see \
             <a href=\"https://example.org/doc\">the guide</a></li></ul>\
             <pre><code>git revert 1f3c9ab\n</code></pre>"
                .into(),
        ),
    };
    SealedLetter {
        entries: vec![
            entry(
                "Anna Léger",
                "14:01",
                EntryBody::Text(words("I had a look at it.")),
            ),
            entry("Anna Léger", "14:02", EntryBody::Text(rich)),
            entry(
                "Béla <Ops>",
                "14:03",
                EntryBody::NotCarried {
                    what: Opaque::Unknown,
                    name: "plan & budget".into(),
                },
            ),
            entry(
                "Béla <Ops>",
                "14:03",
                EntryBody::Emote(words("keeps fingers crossed")),
            ),
            entry(
                "Anna Léger",
                "14:05",
                EntryBody::Correct {
                    earlier: Some("We meet on Tuesday".into()),
                    words: words("We meet on Thursday"),
                },
            ),
            Entry {
                quote: Some("Shall we call?\nOr rather write?".into()),
                ..entry("Anna Léger", "14:05", EntryBody::Text(words("Let's call.")))
            },
            entry(
                "Anna Léger",
                "14:05",
                EntryBody::React {
                    sign: "👍".into(),
                    to: Some("Thank you".into()),
                },
            ),
        ],
        readers: vec![
            "Anna Léger".into(),
            "Béla <Ops>".into(),
            "Carla (Beta)".into(),
        ],
        ..first_letter()
    }
}

fn composed(letter: &SealedLetter) -> String {
    read(&compose(letter).unwrap())
}

/// The whole mail. Its files hold what [`content_of`] says.
fn read(mail: &Composed) -> String {
    let chunks = mail.stream(|key| {
        Box::pin(async move {
            let content = content_of(&key);
            let pieces: Vec<_> = content
                .chunks(1000)
                .map(|piece| Ok(piece.to_vec().into()))
                .collect();
            Ok(stream::iter(pieces).boxed())
        })
    });
    let whole = chunks.try_fold(Vec::new(), |mut whole, chunk| async move {
        whole.extend_from_slice(&chunk);
        Ok(whole)
    });
    let whole = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(whole)
        .unwrap();
    assert_eq!(whole.len() as u64, mail.size());
    String::from_utf8(whole).unwrap()
}

/// `123 octets of whatever`: as many, from 0 to 255 and round again.
fn content_of(key: &str) -> Vec<u8> {
    let size = key.split(' ').next().unwrap().parse().unwrap();
    (0..=255).cycle().take(size).collect()
}

fn text_of(mail: &str) -> String {
    let mail = MessageParser::default().parse(mail.as_bytes()).unwrap();
    mail.body_text(0).unwrap().replace("\r\n", "\n")
}

fn html_of(mail: &str) -> String {
    let mail = MessageParser::default().parse(mail.as_bytes()).unwrap();
    mail.body_html(0).unwrap().into_owned()
}

#[test]
fn the_header() {
    let mail = composed(&first_letter());
    let (header, _) = mail.split_once("\r\n\r\n").unwrap();
    insta::assert_snapshot!(header.replace("\r\n", "\n"));
}

#[test]
fn the_header_reads_back() {
    let letter = first_letter();
    let mail = composed(&letter);
    let mail = MessageParser::default().parse(mail.as_bytes()).unwrap();
    assert_eq!(mail.message_id(), Some(letter.message_id.as_str()));
    assert_eq!(mail.subject(), Some(letter.subject.as_str()));
    let sealed_at = letter.date.timestamp().as_second();
    assert_eq!(mail.date().unwrap().to_timestamp(), sealed_at);
    assert_eq!(mail.in_reply_to().as_text(), Some("q2@acme.example"));
    assert_eq!(
        mail.references().as_text_list().unwrap(),
        ["q1@acme.example", "q2@acme.example"]
    );
    let from = mail.from().unwrap().first().unwrap();
    assert_eq!(from.name(), Some("Anna Léger, Exemple SARL"));
    assert_eq!(from.address(), Some("support@example.org"));
    assert_eq!(
        mail.header_raw(POSTROOM_ID).unwrap().trim(),
        letter.message_id.bracketed()
    );
}

#[rstest]
#[case("Auto-Submitted")]
#[case("Precedence")]
#[case("X-Auto-Response-Suppress")]
#[case("List-Id")]
#[case("List-Unsubscribe")]
#[case("Bcc")]
fn a_letter_is_a_persons_mail(#[case] name: &str) {
    let mail = composed(&full_letter());
    let mail = MessageParser::default().parse(mail.as_bytes()).unwrap();
    assert_eq!(mail.header_raw(name), None);
}

#[test]
fn the_same_letter_gives_the_same_bytes() {
    assert_eq!(composed(&full_letter()), composed(&full_letter()));
}

#[test]
fn addresses_without_ascii_form_harm_nobody() {
    let mut letter = first_letter();
    letter.to.push(named("Jürgen", "jürgen@müller.example"));
    letter.to.push(named("Ä", "a@müller.example"));
    let mail = composed(&letter);
    assert!(mail.is_ascii());
    assert!(mail.contains("<a@xn--mller-kva.example>"), "{mail}");

    letter.reply_to = EmailAddress::parse("sü@example.org").unwrap();
    assert!(matches!(compose(&letter), Err(ComposeFault::OwnAddress(_))));
    letter = first_letter();
    letter.to.clear();
    letter.cc.clear();
    assert!(matches!(compose(&letter), Err(ComposeFault::NoRecipient)));
}

fn header_names(mail: &Message<'_>) -> Vec<String> {
    mail.headers()
        .iter()
        .map(|header| header.name().to_owned())
        .collect()
}

/// Names and subjects as an attacker would choose them.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\r\nBcc: evil@x.example\r\n".to_owned()),
        Just("\n\n".to_owned()),
        Just("=?utf-8?q?=0D=0ABcc:_x?=".to_owned()),
        Just("\", <evil@x.example>, \"".to_owned()),
        Just("\u{2028}\u{85}\0\u{7f}".to_owned()),
        Just("\\".to_owned()),
        "[a-z]{70,200}",
        "\\PC{0,40}",
        any::<String>(),
    ];
    proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_name_or_subject_adds_a_header(name in hostile(), subject in hostile()) {
        let mut letter = full_letter();
        let names = header_names(&MessageParser::default().parse(&composed(&letter)).unwrap());
        letter.from.name = Some(name.clone());
        letter.to[0].name = Some(name.clone());
        letter.cc[0].name = Some(name);
        letter.subject = subject.clone();
        let mail = composed(&letter);
        prop_assert!(mail.is_ascii());
        prop_assert!(mail.split("\r\n").all(|line| line.len() <= 76 && !line.contains(['\r', '\n'])));
        let parsed = MessageParser::default().parse(mail.as_bytes()).unwrap();
        prop_assert_eq!(header_names(&parsed), names);
        for field in [parsed.from(), parsed.to(), parsed.cc(), parsed.reply_to()] {
            let Some(Address::List(list)) = field else { panic!("{field:?}") };
            prop_assert_eq!(list.len(), 1);
        }
        let HeaderValue::Text(read) = parsed.header("Subject").unwrap() else {
            prop_assert_eq!(parsed.header("Subject").unwrap(), &HeaderValue::Empty);
            return Ok(());
        };
        let expected: String = header::clean(&subject);
        prop_assert_eq!(read.as_ref(), expected.as_str());
    }

    #[test]
    fn no_words_break_the_body(text in any::<String>(), quote in any::<String>()) {
        let mut letter = first_letter();
        letter.entries[0].body = EntryBody::Text(words(&format!("{text}\n--=_\n.\n")));
        letter.quote = Some(Quote { author: quote.clone(), at: None, text: quote });
        let mail = composed(&letter);
        prop_assert!(mail.is_ascii());
        prop_assert!(mail.split("\r\n").all(|line| line.len() <= 76 && !line.contains(['\r', '\n'])));
        let parsed = MessageParser::default().parse(mail.as_bytes()).unwrap();
        prop_assert_eq!(parsed.parts.len(), 3);
    }
}

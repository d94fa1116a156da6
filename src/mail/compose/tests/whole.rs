//! Everything that a letter says stands in both of its parts.

use proptest::prelude::*;
use rstest::rstest;

use super::{composed, entry, first_letter, html_of, samples, text_of, words, zoned};
use crate::domain::{
    event::Words,
    letter::{Enclosed, Entry, EntryBody, Language, Quote, SealedLetter},
    note::{Contact, Cryptography, Invitation, Note, Purpose},
    sharing::{Change, FileKind, Missing, Opaque, Place, Poll, PollResult, SharedFile},
    wording::letter::sentences,
};

/// Hands out words that occur nowhere else.
#[derive(Default)]
struct Said {
    words: Vec<String>,
}

impl Said {
    fn word(&mut self) -> String {
        let word = format!("wq{}x", self.words.len());
        self.words.push(word.clone());
        word
    }
}

fn body(kind: u8, said: &mut Said) -> EntryBody {
    let text = |said: &mut Said| {
        words(&format!(
            "{}\n\n> {} <{}>",
            said.word(),
            said.word(),
            said.word()
        ))
    };
    match kind {
        0 => EntryBody::Text(text(said)),
        1 => EntryBody::Emote(text(said)),
        // What only one of the two forms says is left out, or stands in both parts.
        2 => EntryBody::Text(Words {
            body: "formatted".into(),
            html: Some(format!(
                "<b>{}</b><a href='https://x.example/{}'>{}</a><pre>{}</pre><table><tr><th>{}</th>\
                 <th>a</th></tr><tr><td>{}</td><td>b</td></tr></table><details>{}</details>\
                 <blockquote>{}</blockquote><ul><li>{}</ul><img alt='{}' src='mxc://a/b'>",
                said.word(),
                said.word(),
                said.word(),
                said.word(),
                said.word(),
                said.word(),
                said.word(),
                said.word(),
                said.word(),
                said.word(),
            )),
        }),
        3 => EntryBody::Correct {
            earlier: Some(said.word()),
            words: text(said),
        },
        4 => EntryBody::Place(Place {
            description: said.word(),
            latitude: 1.5,
            longitude: -2.5,
        }),
        5 => EntryBody::Poll(Poll {
            question: said.word(),
            answers: vec![("a".into(), said.word()), ("b".into(), said.word())],
            most_choices: 1,
        }),
        6 => EntryBody::PollResult(PollResult {
            question: said.word(),
            votes: vec![(said.word(), 4321), (said.word(), 0)],
        }),
        7 => EntryBody::Remark(Change::NamedRoom(said.word())),
        8 => EntryBody::NotCarried {
            what: Opaque::Unknown,
            name: said.word(),
        },
        9 => EntryBody::React {
            sign: said.word(),
            to: Some(said.word()),
        },
        10 => samples::attached(FileKind::File, &said.word(), 1_234_000, None),
        11 => samples::attached(FileKind::Voice, &said.word(), 1_234_000, Some(65_000)),
        12 => samples::picture(&said.word(), 1_234_000, true, Some(&said.word())),
        13 => samples::picture(&said.word(), 1_234_000, false, Some(&said.word())),
        14 => EntryBody::File {
            file: file(FileKind::Video, said.word()),
            caption: Some(text(said)),
            enclosed: Enclosed::Linked {
                url: format!("https://post.example.org/files/{}", said.word()),
                size: 123_456_000,
                until: zoned("2026-12-12T09:00:00[UTC]"),
            },
        },
        15..LAST_KIND => told(kind, said),
        _ => EntryBody::File {
            file: file(FileKind::Image, said.word()),
            caption: Some(text(said)),
            enclosed: Enclosed::Missing(Missing::TooLarge { size: 123_456_000 }),
        },
    }
}

/// What is mostly told in our words.
fn told(kind: u8, said: &mut Said) -> EntryBody {
    match kind {
        15 => EntryBody::Mail {
            words: words(&said.word()),
            notes: vec![
                Note::Signed(Cryptography::Smime),
                Note::Encrypted(Cryptography::OpenPgp),
                Note::RestInFile(said.word()),
                Note::OnlyInOriginal {
                    names: vec![said.word()],
                    count: 3,
                },
                Note::Contact(Contact {
                    name: Some(said.word()),
                    ..Contact::default()
                }),
                Note::Invitation(Box::new(Invitation {
                    purpose: Purpose::Propose,
                    what: Some(said.word()),
                    when: None,
                    repeats: None,
                    place: Some(said.word()),
                    who: None,
                    others: 2,
                })),
            ],
        },
        16 => EntryBody::Mail {
            words: Words::default(),
            notes: vec![Note::Empty],
        },
        17 => EntryBody::Correct {
            earlier: None,
            words: Words::default(),
        },
        18 => EntryBody::Remark(Change::WasPutOut),
        19 => EntryBody::Remark(Change::ChangedTopic(String::new())),
        20 => EntryBody::NotCarried {
            what: Opaque::Encrypted,
            name: String::new(),
        },
        21 => samples::attached(FileKind::Voice, "", 1_234_000, None),
        _ => samples::attached(FileKind::Video, "", 1_234_000, None),
    }
}

fn file(kind: FileKind, filename: String) -> SharedFile {
    SharedFile {
        kind,
        source: None,
        filename,
        content_type: None,
        size: None,
        duration: None,
    }
}

fn letter(kinds: &[(u8, bool, bool)], language: Language) -> (SealedLetter, Said) {
    let mut said = Said::default();
    let (anna, bela) = (said.word(), said.word());
    let mut entries: Vec<Entry> = kinds
        .iter()
        .map(|(kind, by_anna, is_reply)| Entry {
            quote: is_reply.then(|| said.word()),
            ..entry(
                if *by_anna { &anna } else { &bela },
                "14:01",
                body(*kind, &mut said),
            )
        })
        .collect();
    // Both speak.
    entries.push(entry(&anna, "14:02", EntryBody::Text(words("one"))));
    entries.push(entry(&bela, "14:02", EntryBody::Text(words("other"))));
    let letter = SealedLetter {
        entries,
        readers: vec![said.word(), said.word()],
        quote: Some(Quote {
            author: said.word(),
            at: None,
            text: format!("{}\n> {}\n{}", said.word(), said.word(), said.word()),
        }),
        footer: Some(said.word()),
        organisation: said.word(),
        language,
        ..first_letter()
    };
    (letter, said)
}

/// The last of the kinds that [`body`] knows.
const LAST_KIND: u8 = 23;

/// Names and words of people are made up, so every word of a language is ours.
#[rstest]
#[case(Language::French)]
#[case(Language::German)]
fn no_letter_speaks_two_languages(#[case] language: Language) {
    let kinds: Vec<_> = (0..=LAST_KIND).map(|kind| (kind, true, true)).collect();
    let parts = |language| {
        let mail = composed(&letter(&kinds, language).0);
        [text_of(&mail), readable(&html_of(&mail))]
    };
    for (english, other) in parts(Language::English).iter().zip(parts(language)) {
        let lines: Vec<&str> = other.lines().map(str::trim).collect();
        let sentences = english.lines().map(str::trim);
        for sentence in
            sentences.filter(|line| line.split(' ').filter(|it| is_said(it)).count() > 1)
        {
            assert!(!lines.contains(&sentence), "{sentence}");
        }
        let words = other.split(|c: char| !c.is_alphanumeric());
        let foreign: Vec<&str> = words.filter(|word| ENGLISH.contains(word)).collect();
        assert_eq!(foreign, [""; 0], "{other}");
    }
}

/// Whether it is a word of ours.
fn is_said(word: &str) -> bool {
    !word.starts_with("wq") && word.chars().filter(|c| c.is_alphabetic()).count() > 2
}

/// The words of an HTML part, one element per line.
fn readable(html: &str) -> String {
    let body = html.split_once("<body>").unwrap().1;
    let text = body
        .split('<')
        .map(|piece| piece.split_once('>').map_or("", |(_, text)| text));
    text.collect::<Vec<_>>().join("\n")
}

/// No words of French or German.
const ENGLISH: [&str; 23] = [
    "the", "The", "with", "and", "you", "your", "this", "This", "that", "from", "until", "here",
    "of", "is", "missing", "room", "wrote", "attached", "reacted", "joined", "removed", "file",
    "answer",
];

proptest! {
    #[test]
    fn both_parts_say_everything(
        kinds in proptest::collection::vec((0..=LAST_KIND, any::<bool>(), any::<bool>()), 0..12),
        language in proptest::sample::select(Language::ALL.to_vec()),
    ) {
        let (letter, said) = letter(&kinds, language);
        let mail = composed(&letter);
        for part in [text_of(&mail), html_of(&mail)] {
            for word in &said.words {
                prop_assert!(part.contains(word), "{word} is missing in:\n{part}");
            }
            let part = part.replace("&#39;", "'");
            let says = sentences(language);
            for sentence in [
                says.how_to_answer(&letter.organisation),
                says.how_to_join().to_owned(),
                says.readers(&letter.readers),
                says.attribution(&letter.quote.as_ref().unwrap().author, None),
            ] {
                prop_assert!(part.contains(&sentence), "{sentence} is missing in:\n{part}");
            }
            for (kind, number) in [(6, "4321"), (4, "-2.50000"), (11, "1:05")] {
                let is_said = kinds.iter().any(|(said, _, _)| *said == kind);
                prop_assert!(!is_said || part.contains(number), "{number} is missing in:\n{part}");
            }
        }
    }
}

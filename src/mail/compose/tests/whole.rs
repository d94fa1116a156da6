//! Everything that a letter says stands in both of its parts.

use proptest::prelude::*;

use super::{composed, entry, first_letter, html_of, samples, text_of, words, zoned};
use crate::domain::{
    event::Words,
    letter::{Enclosed, Entry, EntryBody, Language, Quote, SealedLetter},
    sharing::{FileKind, Missing, Place, Poll, PollResult, SharedFile},
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
        7 => EntryBody::Remark { what: said.word() },
        8 => EntryBody::NotCarried { what: said.word() },
        9 => EntryBody::React {
            what: format!("{} (to “{}”)", said.word(), said.word()),
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
        _ => EntryBody::File {
            file: file(FileKind::Image, said.word()),
            caption: Some(text(said)),
            enclosed: Enclosed::Missing(Missing::TooLarge { size: 123_456_000 }),
        },
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

proptest! {
    #[test]
    fn both_parts_say_everything(
        kinds in proptest::collection::vec((0..=15_u8, any::<bool>(), any::<bool>()), 0..12),
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

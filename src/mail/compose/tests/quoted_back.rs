//! Our own letters, quoted back by whoever answers, are known for history in every language.

use rstest::rstest;

use super::{composed, first_letter, html_of, samples, text_of, zoned};
use crate::{
    content::{
        html::BoundedHtml,
        reply::{Known, from_html, from_text},
    },
    domain::{
        letter::{Language, SealedLetter},
        wording::letter::sentences,
    },
};

fn in_language(language: Language) -> SealedLetter {
    SealedLetter {
        language,
        ..first_letter()
    }
}

#[rstest]
fn with_marks(#[values(Language::English, Language::French, Language::German)] language: Language) {
    let letter = text_of(&composed(&in_language(language)));
    let quoted: String = letter.lines().flat_map(|line| ["> ", line, "\n"]).collect();
    // As our attribution says it, so do the programs of that language.
    let at = zoned("2026-11-12T14:06:00[Europe/Paris]");
    let above = sentences(language).attribution("Anna Léger, Exemple SARL", Some(&at));
    let answer = format!("It works, thank you.\n\nJane\n\n{above}\n\n{quoted}");
    let reply = from_text(&answer, false, &Known::default());
    assert_eq!(reply.text, "It works, thank you.\n\nJane", "{answer}");
}

/// Some programs put the letter below as it is. What is left to know it by is the line above.
#[rstest]
fn without_marks(
    #[values(Language::English, Language::French, Language::German)] language: Language,
) {
    let letter = text_of(&composed(&in_language(language)));
    let at = zoned("2026-11-12T14:06:00[Europe/Paris]");
    let above = sentences(language).attribution("Anna Léger, Exemple SARL", Some(&at));
    let answer = format!("It works, thank you.\n\n{above}\n\n{letter}");
    let reply = from_text(&answer, false, &Known::default());
    assert_eq!(reply.text, "It works, thank you.", "{answer}");
}

#[test]
fn as_html() {
    for (name, letter) in samples::all() {
        let html = html_of(&composed(&letter));
        let at = zoned("2026-11-12T14:06:00[Europe/Paris]");
        let above = sentences(letter.language).attribution("Anna Léger", Some(&at));
        for answer in [
            format!(
                "<p>It works, thank you.</p><div>{above}</div><blockquote type=\"cite\">{html}</blockquote>"
            ),
            format!(
                "<div dir=\"ltr\">It works, thank you.</div><br><div class=\"gmail_quote\"><div dir=\"ltr\" class=\"gmail_attr\">{above}<br></div><blockquote class=\"gmail_quote\">{html}</blockquote></div>"
            ),
        ] {
            let bounded = BoundedHtml::new(&answer).unwrap();
            let reply = from_html(&bounded, false, &Known::default());
            assert_eq!(reply.text, "It works, thank you.", "{name}");
        }
    }
}

//! The HTML part of a letter, from `templates/letter.html`.

use askama::Template;

use super::view::{Piece, Said, View};
use crate::{
    content::html::{BoundedHtml, escape, for_mail, text_to_html},
    domain::{event::Words, letter::Language},
};

/// Draws the letter as a whole HTML document without anything remote.
///
/// # Errors
///
/// Those of the template engine, which has no reason for any.
pub(super) fn draw(view: &View<'_>, language: Language) -> Result<String, askama::Error> {
    LetterTemplate {
        language: language.tag(),
        groups: view
            .groups
            .iter()
            .map(|group| GroupHtml {
                heading: group.heading.as_deref(),
                pieces: group.pieces.iter().map(piece).collect(),
            })
            .collect(),
        sign_off: view.sign_off.as_deref(),
        hints: &view.hints,
        quote: view.quote.as_ref().map(|quote| QuoteHtml {
            attribution: &quote.attribution,
            html: text_to_html(quote.text.trim_end()),
        }),
        footer: view.footer.map(text_to_html),
    }
    .render()
}

/// Whatever ends in `html` is HTML already; everything else is escaped by the template.
#[derive(Template)]
#[template(path = "letter.html")]
struct LetterTemplate<'a> {
    language: &'static str,
    groups: Vec<GroupHtml<'a>>,
    sign_off: Option<&'a str>,
    hints: &'a [String],
    quote: Option<QuoteHtml<'a>>,
    footer: Option<String>,
}

struct GroupHtml<'a> {
    heading: Option<&'a str>,
    pieces: Vec<PieceHtml<'a>>,
}

struct PieceHtml<'a> {
    quote: Option<&'a str>,
    /// A small line above the words.
    label: Option<&'a str>,
    html: String,
    /// Said by Postroom, not by the author.
    is_note: bool,
}

struct QuoteHtml<'a> {
    attribution: &'a str,
    html: String,
}

fn piece<'a>(piece: &'a Piece<'_>) -> PieceHtml<'a> {
    let html = match &piece.said {
        Said::Words(words) => words_html(words),
        Said::Emote { author, words } => {
            let html = words_html(words);
            format!("<em>{}</em> {}", escape(author), inline(&html))
        }
        Said::Note(note) => escape(note),
    };
    PieceHtml {
        quote: piece.quote.as_deref(),
        label: piece.label.as_deref(),
        html,
        is_note: matches!(piece.said, Said::Note(_)),
    }
}

/// A single paragraph without its tags, so that it can follow a name.
fn inline(html: &str) -> &str {
    html.strip_prefix("<p>")
        .and_then(|html| html.strip_suffix("</p>"))
        .filter(|inner| !inner.contains("<p>"))
        .unwrap_or(html)
}

/// The author's own HTML where there is some that can be tamed, else the text.
fn words_html(words: &Words) -> String {
    words
        .html
        .as_deref()
        .and_then(|html| BoundedHtml::new(html).ok())
        .map_or_else(|| text_to_html(&words.body), |html| for_mail(&html))
}

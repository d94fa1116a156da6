//! The HTML part of a letter, from `templates/letter.html`.

use askama::Template;

use super::{
    said::{Said, Written},
    view::{QuoteView, View},
};
use crate::content::html::{cited_for_mail, text_for_mail};

/// Draws the letter as a whole HTML document without anything remote.
///
/// # Errors
///
/// Those of the template engine, which has no reason for any.
pub(super) fn draw(view: &View<'_>) -> Result<String, askama::Error> {
    LetterTemplate { view }.render()
}

/// What is HTML already is marked as `safe` in the template; everything else is escaped by it.
#[derive(Template)]
#[template(path = "letter.html")]
struct LetterTemplate<'a> {
    view: &'a View<'a>,
}

impl Written {
    /// A single paragraph without its tags, so that it can follow a name.
    fn inline(&self) -> &str {
        let html = self.html.as_str();
        html.strip_prefix("<p")
            .and_then(|html| html.split_once('>'))
            .and_then(|(_, html)| html.strip_suffix("</p>"))
            .filter(|inner| !inner.contains("<p"))
            .unwrap_or(html)
    }
}

impl QuoteView<'_> {
    fn html(&self) -> String {
        cited_for_mail(&self.text)
    }
}

impl View<'_> {
    fn footer_html(&self) -> Option<String> {
        self.footer.map(text_for_mail)
    }
}

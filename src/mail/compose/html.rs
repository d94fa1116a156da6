//! The HTML part of a letter, from `templates/letter.html`.

use askama::Template;

use super::{
    said::{Said, Written},
    view::{QuoteView, View},
};
use crate::content::html::{cited_for_mail, escape, text_for_mail};

/// Draws the letter as a whole HTML document without anything remote. Of one that mail programs would
/// cut, long messages lose their shape, and none of their words.
///
/// # Errors
///
/// Those of the template engine, which has no reason for any.
pub(super) fn draw(view: &mut View<'_>) -> Result<String, askama::Error> {
    let whole = LetterTemplate { view }.render()?;
    if whole.len() <= LONGEST {
        return Ok(whole);
    }
    for written in view.written_mut() {
        written.lose_shape();
    }
    LetterTemplate { view }.render()
}

/// Gmail shows the first 102 kB of a mail's HTML. In octets.
const LONGEST: usize = 90_000;
/// A message whose HTML is shorter keeps its shape. In octets.
const SHORT: usize = 4_000;

/// What is HTML already is marked as `safe` in the template; everything else is escaped by it.
#[derive(Template)]
#[template(path = "letter.html")]
struct LetterTemplate<'a> {
    view: &'a View<'a>,
}

impl Written {
    /// As plain text, in which line ends and spaces cost nothing.
    fn lose_shape(&mut self) {
        if self.html.len() > SHORT {
            let text = escape(&self.text);
            self.html = format!("<pre style=\"{PLAIN}\">{text}</pre>");
        }
    }

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

/// Words, not code.
const PLAIN: &str = "margin:0 0 10px;white-space:pre-wrap;word-wrap:break-word;\
                     font-family:'Segoe UI',Roboto,Helvetica,Arial,sans-serif";

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

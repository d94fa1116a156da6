//! Replies in HTML: what the elements of mail programs say, then the lines as in plain text.

mod cut;
mod hints;
mod plain;

use self::{cut::Cut, hints::Hints, plain::plain};
use super::{Known, Part, Reason, blocks, line::SourceLine, rule, runs, verdicts};
use crate::content::html::{BoundedHtml, Line, lines_of, render};

/// An answer in HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HtmlReply {
    /// Only what is shown. Not sanitised.
    pub html: BoundedHtml,
    /// The same as plain text, in the author's words alone: without the targets of links.
    pub text: String,
    pub signature: Option<String>,
    /// The history as plain text, its blocks in order with a blank line between them.
    pub folded: Option<String>,
    /// Why each run of lines went where it is, in order.
    pub reasons: Vec<Reason>,
}

/// Reads an HTML body. Of a forwarded mail (`is_forward`) everything is shown; text below a line
/// such as "Forwarded message" always is.
pub fn from_html(html: &BoundedHtml, is_forward: bool, known: &Known) -> HtmlReply {
    let document = html.parse();
    let root = document.root();
    let lines = lines_of(&root);
    let hints = Hints::of(&root);
    let contents: Vec<String> = lines.iter().map(Line::content).collect();
    let source: Vec<SourceLine<'_>> = lines
        .iter()
        .zip(&contents)
        .map(|(line, text)| hints.source_line(line, text))
        .collect();
    let parts = verdicts(&source, is_forward, known);
    let lines = plain(lines, &source, &parts);
    let take = |wanted: Part| {
        let kept = lines
            .iter()
            .zip(&parts)
            .filter(|(_, verdict)| verdict.part == wanted);
        render(&kept.map(|(line, _)| line.clone()).collect::<Vec<_>>())
    };
    let signature = take(Part::Signature);
    let is_whole = parts.iter().all(|verdict| verdict.part == Part::Shown);
    let shown = if is_whole {
        html.clone()
    } else {
        Cut::of(&lines, &parts).apply(&root);
        BoundedHtml::from_pruned_tree(document.html_root().inner_html().to_string())
    };
    HtmlReply {
        html: shown,
        text: take(Part::Shown),
        signature: (!signature.is_empty()).then_some(signature),
        folded: blocks(runs(&parts).map(|run| render(&lines[run]))),
        reasons: rule::reasons(contents.iter().map(String::as_str), &parts),
    }
}

//! What somebody wrote in an answer, apart from its history and signature.
//!
//! Three steps, each in its own file: `line` says what each line looks like, `divide` decides
//! which lines are shown, and here the result is put together. HTML goes the same way: its
//! structure only gives hints about lines (`html`). What a line may look like is told by
//! `attribution` ("On … wrote:"), `header` ("From: …") and `signature`; the words of all
//! languages are in `words`.
//!
//! Nothing is lost: each line of the mail is in the text, the signature or the folded parts. If
//! nothing would be left to show, everything is shown.

mod attribution;
mod divide;
mod header;
mod html;
mod known;
mod line;
mod signature;
mod words;

pub use html::{HtmlReply, from_html};
pub use known::Known;

pub use divide::Part;

use divide::divide;
use line::SourceLine;

/// An answer in plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// What is shown. Quotes that were answered line by line stay in it.
    pub text: String,
    /// With its mark, `-- `.
    pub signature: Option<String>,
    /// The history, its blocks in order with a blank line between them.
    pub folded: Option<String>,
    /// Why each run of lines went where it is, in order.
    pub reasons: Vec<Reason>,
}

/// Why a run of lines is shown or folded: for people who ask what a program made of their mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    pub part: Part,
    /// The rule that took it, as a few words for people.
    pub rule: &'static str,
    /// Its first line that is not blank.
    pub first: String,
    /// How many lines it has that are not blank.
    pub lines: usize,
}

/// Reads a text body whose flowed lines are joined already. Of a forwarded mail (`is_forward`)
/// everything is shown; text below a line such as "Forwarded message" always is.
pub fn from_text(body: &str, is_forward: bool, _known: &Known) -> Reply {
    let lines: Vec<&str> = body.lines().collect();
    let parts = if is_forward {
        vec![Part::Shown; lines.len()]
    } else {
        divide(
            &lines
                .iter()
                .map(|line| SourceLine::of_text(line))
                .collect::<Vec<_>>(),
        )
    };
    let take = |wanted: Part| {
        let kept = lines
            .iter()
            .zip(&parts)
            .filter(|(_, part)| **part == wanted);
        join(kept.map(|(line, _)| *line))
    };
    let signature = take(Part::Signature);
    Reply {
        text: take(Part::Shown),
        signature: (!signature.is_empty()).then_some(signature),
        folded: blocks(runs(&parts).map(|run| join(lines[run].iter().copied()))),
        reasons: Vec::new(),
    }
}

/// Blocks one below the other; `None` if there is nothing in them.
fn blocks(texts: impl Iterator<Item = String>) -> Option<String> {
    let filled: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
    (!filled.is_empty()).then(|| filled.join("\n\n"))
}

/// The runs of lines that are history.
fn runs(parts: &[Part]) -> impl Iterator<Item = std::ops::Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + parts[at..].iter().position(|part| *part == Part::History)?;
        let length = parts[start..]
            .iter()
            .take_while(|part| **part == Part::History)
            .count();
        at = start + length;
        Some(start..at)
    })
}

/// Joins lines, without blank ones at both ends.
fn join<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let lines: Vec<&str> = lines.map(str::trim_end).collect();
    let Some(first) = lines.iter().position(|line| !line.is_empty()) else {
        return String::new();
    };
    let last = lines
        .iter()
        .rposition(|line| !line.is_empty())
        .unwrap_or(first);
    lines[first..=last].join("\n")
}

#[cfg(test)]
mod tests;

/// tmp
pub fn ending(_text: &str, _signature: Option<&str>) -> Vec<String> {
    Vec::new()
}

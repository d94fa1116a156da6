//! What somebody wrote in an answer, apart from its history and signature.
//!
//! Signals, classes, decision, parts, each in its own file. Signals: quote marks (`marks`, `wrapped`),
//! "On … wrote:" (`attribution`), "From: …" (`header`), signatures (`signature`), what we sent
//! ourselves (`sent`), how earlier mails ended (`learned`), the structure of HTML (`html`). From them
//! `class` says what each line looks like, `divide` decides which lines are shown, with `inline`
//! for answers line by line and `tail` for what stands below the text; here the result is put
//! together. The words of all languages are in `words`, the rules by name in `rule`.
//!
//! Nothing is lost: each line of the mail is in the text, the signature or the folded parts. If
//! nothing would be left to show, everything is shown. All of it takes time in proportion to the
//! mail, and a mail that would take too long is shown whole (`budget`).

mod attribution;
mod budget;
mod class;
mod divide;
mod header;
mod html;
mod inline;
mod known;
mod learned;
mod line;
mod marks;
mod part;
mod rule;
mod sent;
mod signature;
mod tail;
mod words;
mod wrapped;

pub use html::{HtmlReply, from_html};
pub use known::Known;
pub use learned::ending;
pub use part::Part;
pub use rule::Reason;

use rule::Verdict;

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

/// Reads a text body whose flowed lines are joined already. Of a forwarded mail (`is_forward`)
/// everything is shown; text below a line such as "Forwarded message" always is.
pub fn from_text(body: &str, is_forward: bool, known: &Known) -> Reply {
    let lines: Vec<&str> = body.lines().flat_map(split_joined).collect();
    let source = marks::source_lines(&lines);
    let verdicts = verdicts(&source, is_forward, known);
    let take = |wanted: Part| {
        let kept = lines
            .iter()
            .zip(&verdicts)
            .filter(|(_, verdict)| verdict.part == wanted);
        join(kept.map(|(line, _)| *line))
    };
    let signature = take(Part::Signature);
    Reply {
        text: take(Part::Shown),
        signature: (!signature.is_empty()).then_some(signature),
        folded: blocks(runs(&verdicts).map(|run| join(lines[run].iter().copied()))),
        reasons: rule::reasons(lines.iter().copied(), &verdicts),
    }
}

/// Where each line goes.
fn verdicts(lines: &[line::SourceLine<'_>], is_forward: bool, known: &Known) -> Vec<Verdict> {
    if is_forward {
        vec![rule::FORWARDED; lines.len()]
    } else if budget::is_exceeded(lines) {
        vec![rule::TOO_LONG; lines.len()]
    } else {
        divide::divide(lines, known)
    }
}

/// Some programs put "--- On … wrote:" right behind the last word of the answer.
fn split_joined(line: &str) -> impl Iterator<Item = &str> {
    let (text, attribution) = match attribution::joined_at(line) {
        Some(at) => (&line[..at], Some(&line[at..])),
        None => (line, None),
    };
    std::iter::once(text).chain(attribution)
}

/// Blocks one below the other; `None` if there is nothing in them.
fn blocks(texts: impl Iterator<Item = String>) -> Option<String> {
    let filled: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
    (!filled.is_empty()).then(|| filled.join("\n\n"))
}

/// The runs of lines that are history.
fn runs(verdicts: &[Verdict]) -> impl Iterator<Item = std::ops::Range<usize>> {
    let mut at = 0;
    let is_history = |verdict: &Verdict| verdict.part == Part::History;
    std::iter::from_fn(move || {
        let start = at + verdicts[at..].iter().position(is_history)?;
        let length = verdicts[start..]
            .iter()
            .take_while(|verdict| is_history(verdict))
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

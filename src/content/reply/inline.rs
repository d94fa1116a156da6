//! Answers line by line: each is shown with the lines that it answers.

use super::{
    class::Class,
    line::SourceLine,
    rule::{self, Verdict},
};

/// A quote above an answer is shown as it is up to that many lines.
const MAX_QUOTE: usize = 15;
/// Of a longer one at least so many are shown, and more up to where its paragraph begins.
const LEAST_SHOWN: usize = 6;

/// Folds the beginnings of long quotes in the text that ends at `end`.
pub(super) fn shorten(
    lines: &[SourceLine<'_>],
    classes: &[Class],
    verdicts: &mut [Verdict],
    end: usize,
) {
    let is_quote = |at: usize| {
        classes[at].is_quote() || (classes[at] == Class::Blank && lines[at].is_quoted())
    };
    let mut at = 0;
    while at < end {
        if !classes[at].is_quote() || verdicts[at] != rule::TEXT {
            at += 1;
            continue;
        }
        let below = (at..end)
            .find(|&line| !is_quote(line) && !lines[line].is_blank())
            .unwrap_or(end);
        let stop = (at..below)
            .rfind(|&line| is_quote(line))
            .map_or(below, |last| last + 1);
        let filled: Vec<usize> = (at..stop).filter(|&line| !lines[line].is_blank()).collect();
        let shown_from = if filled.len() > MAX_QUOTE && below < end {
            first_shown(lines, &filled)
        } else {
            at
        };
        verdicts[at..shown_from].fill(rule::BEFORE_ANSWER);
        verdicts[shown_from..stop].fill(rule::ANSWERED);
        at = below.max(at + 1);
    }
}

/// Where the paragraph begins that the answer follows; no further up than a long quote goes.
fn first_shown(lines: &[SourceLine<'_>], filled: &[usize]) -> usize {
    let begins_paragraph = |at: usize| at == 0 || lines[at - 1].is_blank();
    let last = filled.len() - LEAST_SHOWN;
    let first = filled.len() - MAX_QUOTE;
    (first..=last)
        .rev()
        .map(|index| filled[index])
        .find(|&at| begins_paragraph(at))
        .unwrap_or(filled[last])
}

//! Pieces of quoted lines that lost their mark.
//!
//! A server or an archive that wraps quoted lines again leaves their last words on lines of their
//! own, and a program that makes links of addresses may put them there, too. Such lines stand right
//! below a quoted line, without a blank one between. An answer looks different: it begins where the
//! quoted line has come to an end, or the quoted line is so short that nothing was wrapped.

use super::{class::Class, line::SourceLine};

/// Programs wrap at 70 characters or more.
const WRAPPED_AT: usize = 70;
/// Longest piece between two quoted lines: the words that a short line of a server cuts off.
const MAX_LINES: usize = 12;

/// Marks such lines as quoted.
pub(super) fn mark(lines: &[SourceLine<'_>], classes: &mut [Class]) {
    let mut at = 1;
    while at < lines.len() {
        let run = classes[at..]
            .iter()
            .take_while(|class| **class == Class::Text)
            .count();
        let end = at + run;
        let is_quoted =
            matches!(classes[at - 1], Class::Quote) || (run > 0 && is_link(lines[at].text.trim()));
        if run > 0 && lines[at - 1].depth > 0 && is_quoted {
            let pieces = (at..end)
                .take(MAX_LINES)
                .take_while(|&piece| is_piece(&lines[piece - 1], &lines[piece], piece == at))
                .count();
            // The whole paragraph or nothing: half of one is more likely an answer.
            let is_paragraph =
                pieces == run && (run <= 2 || is_even(lines, at, end)) && fits(lines, at, end);
            if is_paragraph || (run == 1 && is_lost_word(lines, at)) {
                classes[at..end].fill(Class::Quote);
            }
        }
        at = end + 1;
    }
}

/// Whether `line` can be what was left of the line before.
fn is_piece(before: &SourceLine<'_>, line: &SourceLine<'_>, is_first: bool) -> bool {
    let text = line.text.trim();
    let above = before.text.trim_end();
    if is_first && is_link(text) {
        return true;
    }
    // An address that was cut in two.
    let last_word = above.split_whitespace().next_back().unwrap_or_default();
    if is_first
        && last_word.contains("://")
        && last_word.starts_with(['(', '<'])
        && !last_word.ends_with([')', '>'])
    {
        return true;
    }
    let first_word = text.split_whitespace().next().unwrap_or_default();
    before.width() + 1 + first_word.chars().count() > WRAPPED_AT && !above.is_empty()
}

/// Whether a word or a few stand alone between two lines that were quoted more than once: each
/// mark that is put before a line makes it longer, until its end is cut off.
fn is_lost_word(lines: &[SourceLine<'_>], at: usize) -> bool {
    const MAX_WORDS: usize = 3;
    let above = &lines[at - 1];
    above.depth >= 2
        && lines.get(at + 1).is_some_and(|below| below.depth > 0)
        && lines[at].text.split_whitespace().count() <= MAX_WORDS
        && !is_ended(above.text)
}

fn is_ended(text: &str) -> bool {
    text.trim_end()
        .ends_with(['.', '?', '!', ':', ';', '。', '？', '！'])
}

/// Whether the first line goes on with the sentence above it, so far as one can see: a sentence
/// that ended and a line that begins with a capital are an answer.
fn fits(lines: &[SourceLine<'_>], at: usize, end: usize) -> bool {
    let first = lines[at].text.trim_start();
    let begins_anew = first.starts_with(char::is_uppercase);
    let is_between = lines.get(end).is_some_and(|below| below.depth > 0);
    is_link(first.trim_end())
        || !is_ended(lines[at - 1].text)
        || (is_between && !begins_anew && lines[at - 1].width() > WRAPPED_AT)
}

/// Whether all lines but the last are as long as the quoted one above them, or nearly: wrapped by
/// the same hand.
fn is_even(lines: &[SourceLine<'_>], at: usize, end: usize) -> bool {
    let width = lines[at - 1].width();
    lines[at..end - 1]
        .iter()
        .all(|line| line.width() + 20 > width)
}

/// Whether nothing but an address stands on the line, in brackets or not.
fn is_link(text: &str) -> bool {
    let inner = text.trim_matches(|c: char| matches!(c, '(' | ')' | '<' | '>' | '[' | ']' | ' '));
    (inner.contains("://") || inner.starts_with("mailto:")) && !inner.contains(char::is_whitespace)
}

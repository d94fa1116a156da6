//! What each line of a mail looks like, seen with the lines around it.

use super::{attribution, header, signature};

/// A line as it is handed to the classification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SourceLine<'a> {
    /// Without its quote marks; white space at its end tells `-- ` from a rule.
    pub text: &'a str,
    /// How many quote marks it has; in HTML how many block quotes it stands in.
    pub depth: usize,
    pub hint: Hint,
}

/// What the structure of an HTML mail says about a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Hint {
    #[default]
    None,
    /// A block quote without any sign of a mail program: perhaps the author's own quotation.
    OwnQuote,
    /// In an element that a mail program makes around the mail that is answered.
    Quote,
    /// In or below an element after which a mail program puts nothing but history.
    History,
    Signature,
}

impl<'a> SourceLine<'a> {
    pub fn of_text(line: &'a str) -> Self {
        let mut depth = 0;
        let mut text = line;
        // `>`, `>>`, `> >`; a mark after text, as in `x > y`, is none.
        while let Some(rest) = text.strip_prefix("> ").or_else(|| text.strip_prefix('>')) {
            text = rest;
            depth += 1;
        }
        Self {
            text,
            depth,
            hint: Hint::None,
        }
    }

    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    pub fn is_quoted(&self) -> bool {
        self.depth > 0 || self.hint == Hint::Quote
    }
}

/// What a line looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Blank,
    Text,
    Quote,
    /// A quotation of the author's own.
    OwnQuote,
    /// The structure says: nothing but history from here on.
    History,
    /// First line of "On … wrote:", with the number of its lines.
    Attribution {
        lines: usize,
        is_strong: bool,
    },
    /// First line of a From/Sent/To/Subject block, with the number of its lines.
    Header {
        lines: usize,
    },
    /// "-----Original Message-----" and the like.
    Delimiter,
    /// "---------- Forwarded message ---------" and the like.
    Forward,
    /// `-- `, or the first line of an element for signatures.
    SignatureMark,
    /// "Sent from my phone".
    Footer,
    /// A further line of what began above.
    Continued,
}

pub(super) fn classify(lines: &[SourceLine<'_>]) -> Vec<Class> {
    let mut classes: Vec<Class> = (0..lines.len())
        .map(|at| class_of_line(lines, at))
        .collect();
    for end in 0..lines.len() {
        if classes[end] == Class::Text
            && let Some(found) = attribution::ending_at(lines, end)
        {
            classes[found.start] = Class::Attribution {
                lines: end + 1 - found.start,
                is_strong: found.is_strong,
            };
            classes[found.start + 1..=end].fill(Class::Continued);
        }
    }
    let mut at = 0;
    while at < lines.len() {
        if classes[at] == Class::Text
            && let Some(length) = header::block_at(lines, at)
        {
            classes[at] = Class::Header { lines: length };
            classes[at + 1..at + length].fill(Class::Continued);
            at += length;
        } else {
            at += 1;
        }
    }
    mark_introduced_quotes(lines, &mut classes);
    mark_wrapped_quotes(lines, &mut classes);
    classes
}

fn class_of_line(lines: &[SourceLine<'_>], at: usize) -> Class {
    let line = &lines[at];
    let previous = at.checked_sub(1).map(|at| &lines[at]);
    if line.is_blank() {
        return if line.hint == Hint::History {
            Class::History
        } else {
            Class::Blank
        };
    }
    // A forwarded mail is no history, even where it is marked as a quote.
    let begins_block = previous.is_none_or(|previous| {
        previous.is_blank() || (!previous.is_quoted() && previous.hint != Hint::History)
    });
    if begins_block && header::is_forward_delimiter(line.text) {
        return Class::Forward;
    }
    match line.hint {
        Hint::History => return Class::History,
        Hint::Quote => return Class::Quote,
        Hint::OwnQuote => return Class::OwnQuote,
        Hint::Signature => {
            let begins = previous.is_none_or(|previous| previous.hint != Hint::Signature);
            return if begins {
                Class::SignatureMark
            } else {
                Class::Text
            };
        }
        Hint::None if line.depth > 0 => return Class::Quote,
        Hint::None => {}
    }
    if header::is_delimiter(line.text) {
        Class::Delimiter
    } else if signature::is_mark(line.text, previous.is_none_or(SourceLine::is_blank)) {
        Class::SignatureMark
    } else if signature::is_footer(line.text) {
        Class::Footer
    } else {
        Class::Text
    }
}

/// A block quote without the signs of a mail program is history all the same if it opens with
/// "On … wrote:".
fn mark_introduced_quotes(lines: &[SourceLine<'_>], classes: &mut [Class]) {
    let mut at = 0;
    while at < lines.len() {
        if classes[at] != Class::OwnQuote {
            at += 1;
            continue;
        }
        let in_quote = |class: &Class| matches!(class, Class::OwnQuote | Class::Blank);
        let end = at
            + classes[at..]
                .iter()
                .take_while(|class| in_quote(class))
                .count();
        let bare = |line: &SourceLine<'_>| SourceLine::of_text(line.text).text.to_owned();
        let first: Vec<String> = lines[at..end].iter().take(6).map(bare).collect();
        let first: Vec<SourceLine<'_>> =
            first.iter().map(|text| SourceLine::of_text(text)).collect();
        let opens = (0..first.len())
            .find_map(|end| attribution::ending_at(&first, end))
            .is_some_and(|found| found.is_strong && found.start == 0);
        if opens || header::block_at(&first, 0).is_some() {
            for class in &mut classes[at..end] {
                if *class == Class::OwnQuote {
                    *class = Class::Quote;
                }
            }
        }
        at = end;
    }
}

/// A server that wraps quoted lines again leaves their last words on lines without a mark: lines
/// right between quoted ones, of which the upper is long and ends within a sentence.
fn mark_wrapped_quotes(lines: &[SourceLine<'_>], classes: &mut [Class]) {
    /// Programs wrap at 70 characters or more.
    const WRAPPED_AT: usize = 70;
    const MAX_LINES: usize = 3;
    let is_wrapped = |at: usize| {
        let (before, line) = (&lines[at - 1], &lines[at]);
        let first_word = line.text.split_whitespace().next().unwrap_or_default();
        let width =
            before.depth + before.text.trim_end().chars().count() + 2 + first_word.chars().count();
        width > WRAPPED_AT && !before.text.trim_end().ends_with(['.', '?', '!', ':', ';'])
    };
    let mut at = 1;
    while at < lines.len() {
        let run = classes[at..]
            .iter()
            .take_while(|class| **class == Class::Text)
            .count();
        let end = at + run;
        if run > 0
            && run <= MAX_LINES
            && lines[at - 1].depth > 0
            && lines.get(end).is_some_and(|line| line.depth > 0)
            && (at..end).all(is_wrapped)
        {
            classes[at..end].fill(Class::Quote);
        }
        at = end + 1;
    }
}

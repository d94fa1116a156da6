//! What each line of a mail looks like, seen with the lines around it.

use super::{
    attribution, header,
    line::{Hint, SourceLine},
    signature,
};

/// What a line looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Blank,
    Text,
    Quote,
    /// Words of ours that came back without a mark.
    OwnWords,
    /// A quotation of the author's own.
    OwnQuote,
    /// The structure says: nothing but history from here on.
    History,
    /// Not to be seen where the mail is read.
    Hidden,
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

impl Class {
    /// Whether the line is quoted, by a mark or by its words.
    pub fn is_quote(self) -> bool {
        matches!(self, Self::Quote | Self::OwnWords)
    }

    /// Whether the line introduces a quote.
    pub fn is_introduction(self) -> bool {
        matches!(
            self,
            Self::Attribution { .. } | Self::Header { .. } | Self::Delimiter
        )
    }
}

pub(super) fn classify(lines: &[SourceLine<'_>]) -> Vec<Class> {
    let mut classes: Vec<Class> = (0..lines.len())
        .map(|at| class_of_line(lines, at))
        .collect();
    for end in 0..lines.len() {
        if classes[end] == Class::Text
            && let Some(found) = attribution::ending_at(lines, end)
        {
            introduce(&mut classes, found.start, end, found.is_strong);
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
    mark_introductions(lines, &mut classes);
    mark_introduced_quotes(lines, &mut classes);
    mark_old_forwards(lines, &mut classes);
    classes
}

/// Marks the lines `start..=end` as an attribution.
pub(super) fn introduce(classes: &mut [Class], start: usize, end: usize, is_strong: bool) {
    classes[start..=end].fill(Class::Continued);
    classes[start] = Class::Attribution {
        lines: end + 1 - start,
        is_strong,
    };
}

fn class_of_line(lines: &[SourceLine<'_>], at: usize) -> Class {
    let line = &lines[at];
    let previous = at.checked_sub(1).map(|at| &lines[at]);
    if line.is_blank() {
        return match line.hint {
            Hint::History => Class::History,
            _ => Class::Blank,
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
        Hint::Hidden => return Class::Hidden,
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
        Hint::Forward if header::is_sender(line.text) => return Class::Forward,
        Hint::None if header::is_groupwise(line) => return Class::Delimiter,
        Hint::None | Hint::AboveQuote | Hint::Forward if line.depth > 0 => return Class::Quote,
        Hint::None | Hint::AboveQuote | Hint::Forward => {}
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

/// What stands above the block quote in an element for quotes, in a language that is not known.
fn mark_introductions(lines: &[SourceLine<'_>], classes: &mut [Class]) {
    const MAX_LINES: usize = 3;
    let mut at = 0;
    while at < lines.len() {
        let run = lines[at..]
            .iter()
            .take_while(|line| line.hint == Hint::AboveQuote || line.is_blank())
            .count();
        let filled: Vec<usize> = (at..at + run)
            .filter(|&line| !lines[line].is_blank())
            .collect();
        if let (Some(&first), Some(&last)) = (filled.first(), filled.last())
            && filled.len() <= MAX_LINES
            && filled.iter().all(|&line| classes[line] == Class::Text)
        {
            let joined: Vec<&str> = filled.iter().map(|&line| lines[line].text).collect();
            if attribution::is_unknown_introduction(&joined.join(" ")) {
                introduce(classes, first, last, true);
            }
        }
        at += run.max(1);
    }
}

/// A forwarded mail within the mail that is answered is history like the rest of it.
fn mark_old_forwards(lines: &[SourceLine<'_>], classes: &mut [Class]) {
    let mut is_history = false;
    for (line, class) in lines.iter().zip(classes) {
        if *class == Class::Forward && line.is_quoted() && is_history {
            *class = Class::Quote;
        }
        is_history |= class.is_quote() || class.is_introduction();
    }
}

/// A block quote without the signs of a mail program is history all the same if it opens with
/// "On … wrote:", or if such a line stands right above it.
fn mark_introduced_quotes(lines: &[SourceLine<'_>], classes: &mut [Class]) {
    /// In these first lines of a quote an attribution may stand.
    const OPENING: usize = 6;
    let mut at = 0;
    while at < lines.len() {
        if classes[at] != Class::OwnQuote {
            at += 1;
            continue;
        }
        let in_quote = |class: &Class| matches!(class, Class::OwnQuote | Class::Blank);
        let run = classes[at..]
            .iter()
            .take_while(|class| in_quote(class))
            .count();
        let end = at + run;
        let first: Vec<SourceLine<'_>> = lines[at..end]
            .iter()
            .take(OPENING)
            .map(|line| SourceLine::of_text(line.text))
            .collect();
        let opens = (0..first.len())
            .find_map(|end| attribution::ending_at(&first, end))
            .is_some_and(|found| found.is_strong && found.start == 0);
        let above = (0..at)
            .rev()
            .find(|&above| !lines[above].is_blank() && classes[above] != Class::Continued);
        let is_introduced = above.is_some_and(|above| {
            matches!(
                classes[above],
                Class::Attribution {
                    is_strong: true,
                    ..
                } | Class::Header { .. }
                    | Class::Delimiter
            )
        });
        if opens
            || is_introduced
            || attribution::opens(lines[at].text)
            || header::block_at(&first, 0).is_some()
        {
            for class in &mut classes[at..end] {
                if *class == Class::OwnQuote {
                    *class = Class::Quote;
                }
            }
        }
        at = end;
    }
}

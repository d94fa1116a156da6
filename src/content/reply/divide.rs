//! Which lines of a mail are shown: decided from what the lines look like.

use super::{
    header::is_rule,
    line::{Class, Hint, SourceLine, classify},
};

/// Where a line goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Shown,
    Signature,
    History,
}

/// Longest signature, in lines that are not blank. What is longer is text with a dash in it.
const MAX_SIGNATURE_LINES: usize = 20;

/// Gives each line its part. In doubt a line is shown.
pub(super) fn divide(lines: &[SourceLine<'_>]) -> Vec<Part> {
    let classes = classify(lines);
    let mut mail = Mail {
        lines,
        classes: &classes,
        parts: vec![Part::Shown; lines.len()],
    };
    let forward = classes.iter().position(|class| *class == Class::Forward);
    let end = mail.unmarked_history(forward.unwrap_or(lines.len()));
    if end == lines.len() || forward != Some(end) {
        let end = mail.signature_below_quote(end);
        let end = mail.trailing_quote(end);
        mail.leading_quote(end);
        mail.signature(end);
    }
    if mail.shows_nothing() {
        return vec![Part::Shown; lines.len()];
    }
    mail.parts
}

struct Mail<'a> {
    lines: &'a [SourceLine<'a>],
    classes: &'a [Class],
    parts: Vec<Part>,
}

impl Mail<'_> {
    /// Folds everything from the first sign of history without quote marks on. Returns where it
    /// begins; `limit` if there is none before it.
    fn unmarked_history(&mut self, limit: usize) -> usize {
        let Some(start) = (0..limit).find(|&at| self.is_history_start(at)) else {
            return limit;
        };
        let start = self.with_rules_above(start);
        if self.is_blank(0, start) {
            return limit;
        }
        self.parts[start..].fill(Part::History);
        start
    }

    fn is_history_start(&self, at: usize) -> bool {
        let length = match self.classes[at] {
            Class::History => return true,
            Class::Delimiter => 1,
            Class::Header { lines }
            | Class::Attribution {
                lines,
                is_strong: true,
            } => lines,
            _ => return false,
        };
        // Marked quotes below: they tell more exactly what is history and what is an answer to it.
        let below = self.next_filled(at + length);
        below.is_none_or(|below| match self.classes[below] {
            Class::Quote | Class::OwnQuote => false,
            Class::Header { lines } | Class::Attribution { lines, .. } => self
                .next_filled(below + lines)
                .is_none_or(|below| self.classes[below] != Class::Quote),
            _ => true,
        })
    }

    /// Rules and blank lines directly above history belong to it.
    fn with_rules_above(&self, mut start: usize) -> usize {
        let mut at = start;
        while at > 0 && (self.lines[at - 1].is_blank() || is_rule(self.lines[at - 1].text)) {
            at -= 1;
            if is_rule(self.lines[at].text) {
                start = at;
            }
        }
        start
    }

    /// Some programs put the signature below the quote. Returns the end of what is above it.
    fn signature_below_quote(&mut self, end: usize) -> usize {
        let Some(last_quote) = (0..end).rfind(|&at| self.classes[at] == Class::Quote) else {
            return end;
        };
        let Some(first) = self
            .next_filled(last_quote + 1)
            .filter(|&first| first < end)
        else {
            return end;
        };
        let is_signature = matches!(self.classes[first], Class::SignatureMark | Class::Footer);
        let is_all = self.is_blank(self.signature_end(first, end), end);
        if !is_signature || !is_all || self.count_filled(first, end) > MAX_SIGNATURE_LINES {
            return end;
        }
        self.parts[first..end].fill(Part::Signature);
        first
    }

    /// Folds a quote that nothing but blank lines follows, with the line that introduces it.
    /// Returns the end of what is above it.
    fn trailing_quote(&mut self, end: usize) -> usize {
        let is_quote =
            |class: Class| matches!(class, Class::Quote | Class::OwnQuote | Class::Blank);
        let mut start = end;
        while start > 0 && is_quote(self.classes[start - 1]) {
            start -= 1;
        }
        // Quoted blank lines belong to the quote.
        let is_first = |at: &usize| self.lines[*at].is_quoted() || !self.lines[*at].is_blank();
        let Some(first) = (start..end).find(is_first) else {
            return end;
        };
        let above = (0..start).rfind(|&at| self.classes[at] != Class::Continued);
        let introduced = above.filter(|&above| {
            matches!(
                self.classes[above],
                Class::Attribution { .. } | Class::Header { .. } | Class::Delimiter
            )
        });
        let is_own = (first..end).any(|at| self.classes[at] == Class::OwnQuote)
            && (first..end).all(|at| self.classes[at] != Class::Quote);
        if introduced.is_none() && is_own {
            return end;
        }
        let mut start = introduced.unwrap_or(first);
        // A delimiter may stand above the header block.
        let delimiter = (0..start).rfind(|&at| !self.lines[at].is_blank());
        if introduced.is_some() && delimiter.is_some_and(|at| self.classes[at] == Class::Delimiter)
        {
            start = delimiter.unwrap_or(start);
        }
        let start = self.with_rules_above(start);
        self.parts[start..end].fill(Part::History);
        start
    }

    /// Folds one quote at the very top with the whole answer below it. Only in plain text, where
    /// answering below the quote is a habit.
    fn leading_quote(&mut self, end: usize) {
        let Some(first) = self.next_filled(0) else {
            return;
        };
        let Class::Attribution { lines, .. } = self.classes[first] else {
            return;
        };
        let start = first + lines;
        let in_quote = |at: usize| {
            self.lines[at].hint == Hint::None
                && matches!(self.classes[at], Class::Quote | Class::Blank)
        };
        let answer = (start..end).find(|&at| !in_quote(at)).unwrap_or(end);
        let is_plain = |class: Class| {
            matches!(
                class,
                Class::Text | Class::Blank | Class::SignatureMark | Class::Footer
            )
        };
        let has_quote = (start..answer).any(|at| self.classes[at] == Class::Quote);
        // With more quotes below it is an answer line by line.
        let is_only_quote = !self.classes[answer..].contains(&Class::Quote);
        if has_quote && is_only_quote && (answer..end).all(|at| is_plain(self.classes[at])) {
            self.parts[..answer].fill(Part::History);
        }
    }

    /// The signature at the end of the text.
    fn signature(&mut self, end: usize) {
        let after_quotes = (0..end)
            .rfind(|&at| matches!(self.classes[at], Class::Quote | Class::OwnQuote))
            .map_or(0, |at| at + 1);
        let mark = (after_quotes..end).find(|&at| {
            self.classes[at] == Class::SignatureMark
                && self.count_filled(at, end) <= MAX_SIGNATURE_LINES
        });
        let footer = || {
            let last = (0..end).rfind(|&at| !self.lines[at].is_blank())?;
            (self.classes[last] == Class::Footer).then_some(last)
        };
        if let Some(start) = mark.or_else(footer) {
            let end = self.signature_end(start, end);
            self.parts[start..end].fill(Part::Signature);
        }
    }

    /// Where the signature that begins at `start` ends: with its element, else with the text.
    fn signature_end(&self, start: usize, end: usize) -> usize {
        if self.lines[start].hint != Hint::Signature {
            return end;
        }
        let belongs = |line: &SourceLine<'_>| line.is_blank() || line.hint == Hint::Signature;
        start
            + self.lines[start..end]
                .iter()
                .take_while(|line| belongs(line))
                .count()
    }

    fn next_filled(&self, from: usize) -> Option<usize> {
        (from..self.lines.len()).find(|&at| !self.lines[at].is_blank())
    }

    /// Counts lines that are not blank, no further than any limit here needs.
    fn count_filled(&self, from: usize, to: usize) -> usize {
        let filled = self.lines[from..to].iter().filter(|line| !line.is_blank());
        filled.take(MAX_SIGNATURE_LINES + 1).count()
    }

    fn is_blank(&self, from: usize, to: usize) -> bool {
        self.count_filled(from, to) == 0
    }

    fn shows_nothing(&self) -> bool {
        !self
            .lines
            .iter()
            .zip(&self.parts)
            .any(|(line, part)| *part == Part::Shown && !line.is_blank())
    }
}

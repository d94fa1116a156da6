//! Which lines of a mail are shown: decided from what the lines look like.
//!
//! In order: what the structure hides; the first sign of history without quote marks, from which on
//! everything is history; then, above it, quotes at the end, a quote at the top or in the middle
//! with the whole answer below it, quotes that were answered line by line, and the signature. In
//! doubt a line is shown.

use std::ops::Range;

use super::{
    Known,
    class::{Class, classify},
    header::{is_between_dashes, is_field, is_rule},
    inline,
    line::{Hint, SourceLine},
    part::Part,
    rule::{self, Verdict},
    sent, tail, wrapped,
};

/// Gives each line its part, and the rule for it.
pub(super) fn divide(lines: &[SourceLine<'_>], known: &Known) -> Vec<Verdict> {
    let mut classes = classify(lines);
    wrapped::mark(lines, &mut classes);
    sent::mark(lines, &known.sent, &mut classes);
    let mut mail = Mail {
        lines,
        classes,
        verdicts: vec![rule::TEXT; lines.len()],
    };
    mail.hidden();
    let forward = mail
        .classes
        .iter()
        .position(|class| *class == Class::Forward);
    let end = mail.unmarked_history(forward.unwrap_or(lines.len()));
    // Above a forwarded mail nothing is looked for: whoever passes one on writes little.
    if end == lines.len() || forward != Some(end) {
        mail.text_above(end, known);
    }
    if let Some(forward) = forward {
        mail.forwarded(forward);
    }
    if mail.shows_nothing() {
        return vec![rule::NOTHING_ELSE; lines.len()];
    }
    mail.verdicts
}

struct Mail<'a> {
    lines: &'a [SourceLine<'a>],
    classes: Vec<Class>,
    verdicts: Vec<Verdict>,
}

impl Mail<'_> {
    /// Finds the parts of what ends at `end`.
    fn text_above(&mut self, end: usize, known: &Known) {
        let end = self.below_quote(end, &known.endings);
        let end = self.trailing_quote(end);
        if !self.only_quote(end) {
            inline::shorten(self.lines, &self.classes, &mut self.verdicts, end);
        }
        let after_quotes = (0..end)
            .rfind(|&at| self.is_quoted(at))
            .map_or(0, |at| at + 1);
        tail::mark(
            self.lines,
            &self.classes,
            &known.endings,
            &mut self.verdicts,
            (after_quotes, end),
            false,
        );
    }

    fn forwarded(&mut self, from: usize) {
        for verdict in &mut self.verdicts[from..] {
            if *verdict == rule::TEXT {
                *verdict = rule::FORWARDED;
            }
        }
    }

    fn hidden(&mut self) {
        for at in 0..self.lines.len() {
            if self.lines[at].hint == Hint::Hidden {
                self.verdicts[at] = rule::HIDDEN;
                self.classes[at] = Class::Blank;
            }
        }
    }

    /// Folds everything from the first sign of history without quote marks on. Returns where it
    /// begins; `limit` if there is none before it.
    fn unmarked_history(&mut self, limit: usize) -> usize {
        let mut from = 0;
        loop {
            let Some((start, length)) =
                (from..limit).find_map(|at| Some((at, self.history_start(at)?)))
            else {
                return limit;
            };
            if let Some(end) = self.answered(start + length, self.is_blank(0, start)) {
                // The words that came back take the place of quote marks; what follows may still
                // be older history.
                from = end;
                continue;
            }
            let top = self.with_rules_above(self.with_title_above(start));
            if self.is_blank(0, top) {
                return limit;
            }
            let verdict = verdict_of(self.classes[start]);
            self.verdicts[top..].fill(verdict);
            return top;
        }
    }

    /// The number of lines of the sign of history that begins at `at`, if one does.
    fn history_start(&self, at: usize) -> Option<usize> {
        let length = match self.classes[at] {
            Class::History => return Some(0),
            Class::Delimiter => 1,
            Class::Header { .. } if self.is_announced(at) => return None,
            Class::Header { lines }
            | Class::Attribution {
                lines,
                is_strong: true,
            } => lines,
            _ => return None,
        };
        // Marked quotes below: they tell more exactly what is history and what is an answer to it.
        let is_marked = |below: usize| self.classes[below] == Class::Quote;
        let below = self.next_filled(at + length);
        let is_history = below.is_none_or(|below| match self.classes[below] {
            Class::Quote | Class::OwnQuote => false,
            Class::Header { lines } | Class::Attribution { lines, .. } => self
                .next_filled(below + lines)
                .is_none_or(|below| !is_marked(below)),
            _ => true,
        });
        is_history.then_some(length)
    }

    /// Whether the author announces what begins at `at`: "These were the headers of that mail:". A
    /// line of a mail box (`From ann Tue Mar …`) does, too.
    fn is_announced(&self, at: usize) -> bool {
        const LEAST_WORDS: usize = 3;
        let above = (0..at).rfind(|&above| !self.lines[above].is_blank());
        above.is_some_and(|above| {
            let text = self.lines[above].text.trim();
            let is_title =
                text.ends_with([':', '：']) && text.split_whitespace().count() >= LEAST_WORDS;
            let is_mail_box = text.starts_with("From ") && !text.contains(": ");
            self.classes[above] == Class::Text && (is_title || (is_mail_box && above + 1 == at))
        })
    }

    /// Whether the history that begins at `start` was answered in itself: text stands between words
    /// of ours, or below them where nothing stands above (`is_top`). Only our own words tell that.
    /// Returns where the mail that was answered ends.
    fn answered(&self, start: usize, is_top: bool) -> Option<usize> {
        let end = (start..self.lines.len())
            .find(|&at| {
                matches!(
                    self.classes[at],
                    Class::Header { .. }
                        | Class::Attribution { .. }
                        | Class::Delimiter
                        | Class::Quote
                )
            })
            .unwrap_or(self.lines.len());
        let is_own = |at: &usize| self.classes[*at] == Class::OwnWords;
        let first = (start..end).find(is_own)?;
        let last = (start..end).rfind(is_own)?;
        let is_text = |at: usize| self.classes[at] == Class::Text && self.has_words(at);
        let is_between = (first..last).any(is_text);
        let is_below = is_top && (last..end).any(is_text);
        (is_between || is_below).then_some(end)
    }

    /// `--- Words ---` directly above a header block belongs to it, in whatever language.
    fn with_title_above(&self, start: usize) -> usize {
        let above = (0..start).rfind(|&above| !self.lines[above].is_blank());
        above
            .filter(|&above| {
                above + 2 >= start
                    && matches!(self.classes[start], Class::Header { .. })
                    && self.classes[above] == Class::Text
                    && is_between_dashes(self.lines[above].text)
            })
            .unwrap_or(start)
    }

    /// Yandex puts the recipient and the subject above "On … wrote:", and a rule above them.
    fn with_fields_above(&self, start: usize) -> usize {
        const MAX_LINES: usize = 4;
        let above: Vec<usize> = (0..start)
            .rev()
            .filter(|&at| !self.lines[at].is_blank())
            .take(MAX_LINES)
            .take_while(|&at| is_field(self.lines[at].text))
            .collect();
        let Some(&top) = above.last() else {
            return start;
        };
        let is_below_rule = (0..top)
            .rfind(|&at| !self.lines[at].is_blank())
            .is_some_and(|at| is_rule(self.lines[at].text));
        if is_below_rule { top } else { start }
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
    fn below_quote(&mut self, end: usize, endings: &[Vec<String>]) -> usize {
        let Some(last_quote) = (0..end).rfind(|&at| self.classes[at].is_quote()) else {
            return end;
        };
        let Some(first) = self
            .next_filled(last_quote + 1)
            .filter(|&first| first < end)
        else {
            return end;
        };
        if self.count_filled(first, end) > 2 * tail::MAX_SIGNATURE_LINES {
            return end;
        }
        let mut verdicts = self.verdicts.clone();
        tail::mark(
            self.lines,
            &self.classes,
            endings,
            &mut verdicts,
            (first, end),
            true,
        );
        let is_all = (first..end).all(|at| self.lines[at].is_blank() || verdicts[at] != rule::TEXT);
        if !is_all {
            return end;
        }
        self.verdicts = verdicts;
        first
    }

    /// Folds a quote that nothing but blank lines follows, with the line that introduces it.
    /// Returns the end of what is above it.
    fn trailing_quote(&mut self, end: usize) -> usize {
        let is_quote =
            |class: Class| class.is_quote() || matches!(class, Class::OwnQuote | Class::Blank);
        let mut start = end;
        while start > 0 && is_quote(self.classes[start - 1]) {
            start -= 1;
        }
        // Quoted blank lines belong to the quote.
        let is_first = |at: &usize| self.lines[*at].is_quoted() || !self.lines[*at].is_blank();
        let Some(first) = (start..end).find(is_first) else {
            return end;
        };
        let introduction = self.introduction_above(start);
        let is_own = (first..end).any(|at| self.classes[at] == Class::OwnQuote)
            && !(first..end).any(|at| self.classes[at].is_quote());
        if introduction.is_none() && is_own {
            return end;
        }
        let quoted = if (first..end).any(|at| self.classes[at] == Class::Quote) {
            rule::QUOTED
        } else {
            rule::OWN_WORDS
        };
        self.fold(first..end, quoted);
        let Some(introduction) = introduction else {
            let start = self.with_rules_above(first);
            self.fold(start..first, quoted);
            return start;
        };
        self.fold_introduction(introduction, first)
    }

    /// Folds one quote with the whole answer below it, at the top or below a greeting. Only in plain
    /// text, where answering below the quote is a habit; and only if nothing else is quoted: else it
    /// is an answer line by line. Returns whether it was such a quote.
    fn only_quote(&mut self, end: usize) -> bool {
        let is_quote = |at: usize| {
            self.lines[at].hint == Hint::None
                && (self.classes[at].is_quote() || self.classes[at] == Class::Blank)
        };
        let Some(start) = (0..end).find(|&at| self.is_quoted(at)) else {
            return false;
        };
        let answer = (start..end).find(|&at| !is_quote(at)).unwrap_or(end);
        let Some(introduction) = self.introduction_above(start) else {
            return false;
        };
        let is_plain = |at: usize| {
            matches!(
                self.classes[at],
                Class::Text | Class::Blank | Class::SignatureMark | Class::Footer
            )
        };
        if answer == end
            || !(0..introduction).all(is_plain)
            || !(answer..end).all(is_plain)
            || self.classes[end..].iter().any(|class| class.is_quote())
        {
            return false;
        }
        self.fold(start..answer, rule::QUOTED);
        self.fold_introduction(introduction, start);
        true
    }

    /// The line that introduces the quote which begins below `start`.
    fn introduction_above(&self, start: usize) -> Option<usize> {
        (0..start)
            .rfind(|&at| !matches!(self.classes[at], Class::Continued | Class::Blank))
            .filter(|&above| self.classes[above].is_introduction())
    }

    /// Folds the introduction at `at` of a quote that begins at `quote`, with a delimiter and rules
    /// above it. Returns where that begins.
    fn fold_introduction(&mut self, at: usize, quote: usize) -> usize {
        self.fold(at..quote, verdict_of(self.classes[at]));
        let above = (0..at).rfind(|&at| !self.lines[at].is_blank());
        let delimiter = above.filter(|&above| self.classes[above] == Class::Delimiter);
        let start = delimiter.unwrap_or(at);
        self.fold(start..at, rule::DELIMITER);
        let top = self.with_rules_above(self.with_fields_above(self.with_title_above(start)));
        self.fold(top..start, verdict_of(self.classes[start]));
        top
    }

    fn fold(&mut self, lines: Range<usize>, verdict: Verdict) {
        self.verdicts[lines].fill(verdict);
    }

    fn is_quoted(&self, at: usize) -> bool {
        self.classes[at].is_quote() || self.classes[at] == Class::OwnQuote
    }

    fn next_filled(&self, from: usize) -> Option<usize> {
        (from..self.lines.len()).find(|&at| !self.lines[at].is_blank())
    }

    /// Counts lines that are not blank, no further than any limit here needs.
    fn count_filled(&self, from: usize, to: usize) -> usize {
        let filled = self.lines[from..to].iter().filter(|line| !line.is_blank());
        filled.take(2 * tail::MAX_SIGNATURE_LINES + 1).count()
    }

    /// Whether nothing stands there that a reader of the mail would see.
    fn is_blank(&self, from: usize, to: usize) -> bool {
        (from..to).all(|at| self.lines[at].is_blank() || self.verdicts[at] == rule::HIDDEN)
    }

    fn has_words(&self, at: usize) -> bool {
        self.lines[at].text.contains(char::is_alphanumeric)
    }

    fn shows_nothing(&self) -> bool {
        !self
            .lines
            .iter()
            .zip(&self.verdicts)
            .any(|(line, verdict)| verdict.part == Part::Shown && !line.is_blank())
    }
}

/// Why what begins with such a line is folded.
fn verdict_of(class: Class) -> Verdict {
    match class {
        Class::History => rule::ELEMENT,
        Class::Header { .. } => rule::HEADER,
        Class::Delimiter => rule::DELIMITER,
        Class::OwnWords => rule::OWN_WORDS,
        Class::Attribution { .. } | Class::Continued => rule::ATTRIBUTION,
        _ => rule::QUOTED,
    }
}

//! What stands below the text of a mail without being part of it: signatures, footers of programs
//! and mailing lists, disclaimers. Read from the end upwards, one thing after the other.

use super::{
    class::Class,
    header::is_rule,
    learned,
    line::{Hint, SourceLine},
    rule::{self, Verdict},
    signature,
};

/// Longest signature, in lines that are not blank. What is longer is text with a dash in it.
pub(super) const MAX_SIGNATURE_LINES: usize = 20;
/// Footers and notices that may stand one above the other.
const MAX_PIECES: usize = 12;
/// Most lines in a footer of a mailing list.
const MAX_FOOTER_LINES: usize = 8;

/// Puts what stands at the end of the text `start..end` into the signature.
pub(super) fn mark(
    lines: &[SourceLine<'_>],
    classes: &[Class],
    endings: &[Vec<String>],
    verdicts: &mut [Verdict],
    (start, end): (usize, usize),
    is_below_quote: bool,
) {
    let mut tail = Tail {
        lines,
        classes,
        endings,
        verdicts,
        start,
        end,
        has_taken: false,
        is_answer: is_below_quote || end < lines.len(),
        is_below_quote,
    };
    tail.elements();
    tail.pieces();
    if tail.signature() {
        tail.pieces();
    }
}

struct Tail<'a> {
    lines: &'a [SourceLine<'a>],
    classes: &'a [Class],
    endings: &'a [Vec<String>],
    verdicts: &'a mut [Verdict],
    start: usize,
    /// End of what is still text.
    end: usize,
    /// Whether the answer stands above a quote, and this is below it.
    is_below_quote: bool,
    /// Whether something below was taken already.
    has_taken: bool,
    /// Whether the mail that is answered is quoted above or below.
    is_answer: bool,
}

impl Tail<'_> {
    /// What the HTML says to be a signature, wherever it stands: text may follow it.
    fn elements(&mut self) {
        let is_element = |at: &usize| self.lines[*at].hint == Hint::Signature;
        let found: Vec<usize> = (self.start..self.end).filter(is_element).collect();
        for at in found {
            self.verdicts[at] = rule::SIGNATURE_ELEMENT;
        }
        while self.end > self.start
            && (self.lines[self.end - 1].is_blank()
                || self.verdicts[self.end - 1] == rule::SIGNATURE_ELEMENT)
        {
            self.end -= 1;
        }
    }

    fn pieces(&mut self) {
        for _ in 0..MAX_PIECES {
            let Some(last) = self.last() else { return };
            let Some((start, verdict)) = self.piece(last) else {
                return;
            };
            self.take(start, verdict);
        }
    }

    /// The footer or notice that ends with line `last`: its first line.
    fn piece(&self, last: usize) -> Option<(usize, Verdict)> {
        self.rules(last)
            .or_else(|| self.list_footer(last))
            .or_else(|| self.notice(last))
            .or_else(|| {
                (self.classes[last] == Class::Footer || signature::is_advice(self.lines[last].text))
                    .then_some((last, rule::FOOTER))
            })
            .or_else(|| self.learned())
    }

    /// Rules at the very end, with a blank line above them.
    fn rules(&self, last: usize) -> Option<(usize, Verdict)> {
        let is_none = |at: &usize| {
            !self.lines[*at].is_blank() && !signature::is_ornament(self.lines[*at].text)
        };
        let above = (self.start..=last).rfind(is_none)?;
        (above < last && self.lines[above + 1].is_blank()).then_some((above + 1, rule::RULES))
    }

    fn list_footer(&self, last: usize) -> Option<(usize, Verdict)> {
        let mut filled = 0;
        let mut names_list = false;
        for at in (self.start..=last).rev() {
            let line = &self.lines[at];
            if line.is_blank() {
                continue;
            }
            filled += 1;
            if filled > MAX_FOOTER_LINES {
                return None;
            }
            names_list |= signature::names_list(line.text);
            let begins = is_rule(line.text)
                || self.classes[at] == Class::SignatureMark
                || line.text.trim() == "__"
                || line.text.starts_with("__________");
            if begins {
                return names_list.then_some((at, rule::LIST_FOOTER));
            }
        }
        None
    }

    fn notice(&self, last: usize) -> Option<(usize, Verdict)> {
        let paragraph = |last: usize| {
            let above = (self.start..last).rfind(|&at| self.ends_paragraph(at));
            above.map_or(self.start, |above| above + 1)
        };
        let first = paragraph(last);
        if !signature::is_notice(self.lines[first..=last].iter().map(|line| line.text)) {
            return None;
        }
        // Its heading, or a rule.
        let above = (self.start..first).rfind(|&at| !self.lines[at].is_blank());
        let start = match above {
            Some(above)
                if is_rule(self.lines[above].text)
                    || signature::is_notice_heading(self.lines[above].text) =>
            {
                above
            }
            _ => first,
        };
        Some((start, rule::NOTICE))
    }

    /// Whether no paragraph goes on below line `at`: it is blank, a rule, or a signature's mark.
    fn ends_paragraph(&self, at: usize) -> bool {
        self.lines[at].is_blank()
            || is_rule(self.lines[at].text)
            || self.classes[at] == Class::SignatureMark
    }

    fn learned(&self) -> Option<(usize, Verdict)> {
        if self.endings.is_empty() {
            return None;
        }
        let filled: Vec<usize> = (0..self.end)
            .rev()
            .filter(|&at| !self.lines[at].is_blank())
            .take(2 * MAX_SIGNATURE_LINES)
            .collect();
        let texts: Vec<&str> = filled.iter().rev().map(|&at| self.lines[at].text).collect();
        let count = learned::count(&texts, self.endings);
        let first = filled[..count]
            .iter()
            .take_while(|&&at| at >= self.start)
            .last()?;
        Some((*first, rule::CAME_AGAIN))
    }

    /// The signature itself, if there is one.
    fn signature(&mut self) -> bool {
        let found = self
            .below_mark()
            .or_else(|| self.name_with_dash())
            .or_else(|| self.contact())
            .or_else(|| self.bare_contacts());
        let Some((start, verdict)) = found else {
            return false;
        };
        self.take(start, verdict);
        true
    }

    fn below_mark(&self) -> Option<(usize, Verdict)> {
        let is_mark = |at: &usize| {
            self.classes[*at] == Class::SignatureMark && self.lines[*at].hint != Hint::Signature
        };
        (self.start..self.end)
            .filter(is_mark)
            .find(|&at| self.filled(at..self.end).len() <= MAX_SIGNATURE_LINES)
            .map(|at| (at, rule::MARK))
    }

    /// `-Ann`, with an address or two below.
    fn name_with_dash(&self) -> Option<(usize, Verdict)> {
        let filled = self.filled(self.start..self.end);
        let at = filled
            .iter()
            .rev()
            .take(3)
            .copied()
            .find(|&at| signature::is_name_with_dash(self.lines[at].text))?;
        let below = self.filled(at + 1..self.end);
        let is_list = filled.iter().any(|&other| {
            other != at && self.lines[other].text.trim_start().starts_with(['-', '—'])
        });
        let are_contacts = below
            .iter()
            .all(|&at| signature::is_contact(self.lines[at].text));
        // A name alone is how people sign what they wrote.
        let is_alone = !self.is_answer && !self.has_taken;
        (!is_list && are_contacts && !is_alone).then_some((at, rule::NAME))
    }

    /// The block below "Best regards" and a name, if it holds an address or a number to call.
    fn contact(&self) -> Option<(usize, Verdict)> {
        const MAX_LINE: usize = 80;
        const LEAST: usize = 4;
        const LEAST_CONTACTS: usize = 2;
        let filled = self.filled(self.start..self.end);
        let above = filled
            .iter()
            .rposition(|&at| learned::is_sign_off(self.lines[at].text))?;
        let block: Vec<usize> = filled[above + 1..]
            .iter()
            .copied()
            .filter(|&at| !is_rule(self.lines[at].text))
            .collect();
        let fits = |at: &&usize| {
            let text = self.lines[**at].text.trim();
            text.chars().count() <= MAX_LINE && !text.ends_with(['?', '？', '!'])
        };
        let contacts = block
            .iter()
            .filter(|&&at| signature::is_contact(self.lines[at].text))
            .count();
        (block.len() >= LEAST
            && block.len() <= MAX_SIGNATURE_LINES
            && contacts >= LEAST_CONTACTS
            && block.iter().all(|at| fits(&at)))
        .then(|| (block[1], rule::CONTACT))
    }

    /// Nothing but numbers and addresses below a quote.
    fn bare_contacts(&self) -> Option<(usize, Verdict)> {
        const MAX_LINES: usize = 4;
        let filled = self.filled(self.start..self.end);
        let are_contacts = filled
            .iter()
            .all(|&at| signature::is_contact(self.lines[at].text));
        (self.is_below_quote && filled.len() <= MAX_LINES && are_contacts)
            .then(|| filled.first().map(|first| (*first, rule::CONTACT)))?
    }

    /// The lines that are not blank, no more than any limit here needs.
    fn filled(&self, range: std::ops::Range<usize>) -> Vec<usize> {
        let mut found: Vec<usize> = range
            .rev()
            .filter(|&at| !self.lines[at].is_blank() && self.verdicts[at] == rule::TEXT)
            .take(MAX_SIGNATURE_LINES + 4)
            .collect();
        found.reverse();
        found
    }

    fn last(&self) -> Option<usize> {
        (self.start..self.end).rfind(|&at| !self.lines[at].is_blank())
    }

    fn take(&mut self, start: usize, verdict: Verdict) {
        for at in start..self.end {
            if self.verdicts[at] == rule::TEXT {
                self.verdicts[at] = verdict;
            }
        }
        self.end = start;
        self.has_taken = true;
    }
}

//! The rules by name: what people read when they ask why a line went where it is.

use super::part::Part;

/// Where a line goes, and by which rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    pub part: Part,
    pub rule: &'static str,
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

pub(super) const TEXT: Verdict = shown("text");
pub(super) const FORWARDED: Verdict = shown("a forwarded mail");
pub(super) const ANSWERED: Verdict = shown("quoted lines with an answer");
pub(super) const NOTHING_ELSE: Verdict = shown("nothing else would be left");
pub(super) const TOO_LONG: Verdict = shown("too long to look for history in it");

pub(super) const ELEMENT: Verdict = history("element of a mail program");
pub(super) const HEADER: Verdict = history("header block");
pub(super) const ATTRIBUTION: Verdict = history("line “… wrote:”");
pub(super) const DELIMITER: Verdict = history("line “Original message”");
pub(super) const QUOTED: Verdict = history("quoted lines");
pub(super) const OWN_WORDS: Verdict = history("our own words");
pub(super) const BEFORE_ANSWER: Verdict = history("beginning of a long quote");
pub(super) const HIDDEN: Verdict = history("hidden by its style");

pub(super) const MARK: Verdict = signature("signature mark");
pub(super) const SIGNATURE_ELEMENT: Verdict = signature("element for signatures");
pub(super) const FOOTER: Verdict = signature("footer of a program");
pub(super) const CAME_AGAIN: Verdict = signature("came again in earlier mails");
pub(super) const NOTICE: Verdict = signature("disclaimer");
pub(super) const LIST_FOOTER: Verdict = signature("footer of a mailing list");
pub(super) const NAME: Verdict = signature("name with a dash");
pub(super) const CONTACT: Verdict = signature("name and address below a greeting");
pub(super) const RULES: Verdict = signature("nothing but rules");

const fn shown(rule: &'static str) -> Verdict {
    Verdict {
        part: Part::Shown,
        rule,
    }
}

const fn history(rule: &'static str) -> Verdict {
    Verdict {
        part: Part::History,
        rule,
    }
}

const fn signature(rule: &'static str) -> Verdict {
    Verdict {
        part: Part::Signature,
        rule,
    }
}

/// The runs of lines with the same verdict. Blank lines go with what is above them, those at the
/// top with what is below.
pub(super) fn reasons<'a>(
    lines: impl Iterator<Item = &'a str>,
    verdicts: &[Verdict],
) -> Vec<Reason> {
    /// Longest beginning of a line that is given, in characters.
    const MAX_FIRST: usize = 200;
    let mut found: Vec<Reason> = Vec::new();
    for (line, verdict) in lines.zip(verdicts) {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        match found.last_mut() {
            Some(last) if (last.part, last.rule) == (verdict.part, verdict.rule) => {
                last.lines += 1;
            }
            _ => found.push(Reason {
                part: verdict.part,
                rule: verdict.rule,
                first: line.chars().take(MAX_FIRST).collect(),
                lines: 1,
            }),
        }
    }
    found
}

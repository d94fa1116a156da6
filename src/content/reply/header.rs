//! History without quote marks: "-----Original Message-----" and blocks of From, Sent, To, Subject.

use std::{collections::HashMap, sync::LazyLock};

use super::{
    attribution::{has_address, has_date, has_date_or_address, has_time, has_verb},
    line::SourceLine,
    words::{DATES, FIELDS, FORWARDED, Field, ORIGINAL, REPLY_ABOVE},
};

static FIELD_NAMES: LazyLock<HashMap<&str, Field>> = LazyLock::new(|| {
    let pairs = FIELDS
        .iter()
        .flat_map(|(field, names)| names.iter().map(|name| (*name, *field)));
    // Of a name with two meanings the first counts.
    pairs.rev().collect()
});

/// Lines that one block may have, folded ones and blank ones among them.
const MAX_BLOCK_LINES: usize = 16;

/// Whether the line says that the original mail follows. Dashes alone don't.
pub(super) fn is_delimiter(text: &str) -> bool {
    let Some(inner) = within_rules(text) else {
        return false;
    };
    let lower = inner.to_lowercase();
    starts_with_any(&lower, ORIGINAL)
        || REPLY_ABOVE.iter().any(|words| lower.contains(words))
        || (text.trim_start().starts_with("--") && has_verb(&lower) && lower.chars().count() < 120)
}

/// `>>> Ann <ann@a.example> 3/3/2026 9:12 AM >>>`, as `GroupWise` writes it.
pub(super) fn is_groupwise(line: &SourceLine<'_>) -> bool {
    line.depth == 3
        && line.text.trim_end().ends_with(">>>")
        && has_address(line.text)
        && has_date(line.text)
}

/// Whether the line says that a forwarded mail follows.
pub(super) fn is_forward_delimiter(text: &str) -> bool {
    let is_apple = text.trim_end().ends_with([':', '：']);
    let Some(inner) = within_rules(text).or(is_apple.then_some(text.trim())) else {
        return false;
    };
    inner.chars().count() < 80 && starts_with_any(&inner.to_lowercase(), FORWARDED)
}

fn starts_with_any(text: &str, starts: &[&str]) -> bool {
    starts.iter().any(|start| text.starts_with(start))
}

/// Whether the line is words between dashes: above a header block it says that a mail follows, in
/// whatever language.
pub(super) fn is_between_dashes(text: &str) -> bool {
    const MAX_CHARS: usize = 60;
    let text = text.trim();
    text.starts_with("---")
        && text.ends_with("---")
        && text.chars().count() <= MAX_CHARS
        && within_rules(text).is_some_and(|inner| inner.contains(char::is_alphabetic))
}

/// What stands between two rules of at least 2 characters on one line.
fn within_rules(text: &str) -> Option<&str> {
    let is_rule = |c: char| matches!(c, '-' | '_' | '=' | '*' | '#' | '─' | '—' | '–' | ' ');
    let text = text.trim();
    let inner = text.trim_start_matches(is_rule);
    let before = text.len() - inner.len();
    let inner_end = inner.trim_end_matches(is_rule);
    let after = inner.len() - inner_end.len();
    (before >= 2 && after >= 2 && !inner_end.is_empty()).then_some(inner_end)
}

/// Whether the line is a rule of at least 3 characters and nothing else.
pub(super) fn is_rule(text: &str) -> bool {
    let text = text.trim();
    text.chars().count() >= 3
        && text
            .chars()
            .all(|c| matches!(c, '-' | '_' | '=' | '*' | '─' | '—' | '–'))
}

/// The number of lines of the header block that begins at `at`: a sender and at least two of date,
/// recipient and subject, and a sign that a program wrote them: an address, "Sent" with a subject
/// or a time, or all four with a time. People write "From: … To: … Date: …" themselves when they book a journey.
/// Below a rule as Outlook draws it, less is enough: no such sign, a block in a language that
/// nobody taught this program, or a sender and a date on one line.
pub(super) fn block_at(lines: &[SourceLine<'_>], at: usize) -> Option<usize> {
    let known = known_block(lines, at);
    if let Some(block) = &known
        && block.is_sure
    {
        return Some(block.lines);
    }
    notes_block(&lines[at..]).or_else(|| {
        let above = lines[..at]
            .iter()
            .rev()
            .take(3)
            .find(|line| !line.is_blank())?;
        let is_below_rule =
            is_rule(above.text) && (above.text.trim().chars().count() >= 20 || above.text == "---");
        if !is_below_rule && !is_between_dashes(above.text) {
            return None;
        }
        known
            .map(|block| block.lines)
            .or_else(|| one_line_block(lines[at].text).then_some(1))
            .or_else(|| unknown_block(&lines[at..]))
    })
}

/// The block of Lotus Notes: a name, a date below it, and then fields whose names stand alone on
/// their lines, or in columns.
fn notes_block(lines: &[SourceLine<'_>]) -> Option<usize> {
    const MAX_NAME: usize = 100;
    const MAX_DATE: usize = 60;
    let (name, date) = (lines.first()?.text.trim(), lines.get(1)?.text.trim());
    let is_head = !name.is_empty()
        && name.len() <= MAX_NAME
        && date.len() <= MAX_DATE
        && !lines[0].text.starts_with(char::is_whitespace)
        && has_date(date)
        && !date.contains(['@', ';']);
    if !is_head {
        return None;
    }
    let field_of = |line: &SourceLine<'_>| {
        let name = line.text.trim().split(['\t', ':']).next()?.to_lowercase();
        FIELD_NAMES.get(name.as_str()).copied()
    };
    let block = &lines[2..lines.len().min(MAX_BLOCK_LINES)];
    let first = block.iter().position(|line| !line.is_blank())?;
    let subject = block
        .iter()
        .position(|line| field_of(line) == Some(Field::Subject))?;
    let has_recipient = field_of(&block[first]) == Some(Field::To);
    // The subject itself stands on the next line, or on the same.
    let is_alone = !block[subject].text.trim().contains(['\t', ':']);
    let end = 3 + subject + usize::from(is_alone);
    has_recipient.then_some(end.min(lines.len()))
}

/// `From: Ann Date: Tuesday, 3 March 2026`
fn one_line_block(text: &str) -> bool {
    const MAX_CHARS: usize = 300;
    if text.len() > MAX_CHARS || field(text) != Some(Field::From) || !has_date_or_address(text) {
        return false;
    }
    text.split_whitespace().skip(1).any(|word| {
        word.strip_suffix(':').is_some_and(|name| {
            FIELD_NAMES
                .get(name.to_lowercase().as_str())
                .is_some_and(|field| *field != Field::From)
        })
    })
}

/// At least three lines that each begin with a name and a colon, a time or an address among them.
/// Only the name is looked at, so that any language will do.
pub(super) fn unknown_block(lines: &[SourceLine<'_>]) -> Option<usize> {
    const LEAST: usize = 3;
    const MAX_LINES: usize = 8;
    const MAX_NAME: usize = 30;
    let is_field = |line: &&SourceLine<'_>| {
        line.depth == 0
            && line
                .text
                .split_once([':', '：'])
                .is_some_and(|(name, value)| {
                    !name.trim().is_empty()
                        && name.chars().count() <= MAX_NAME
                        && !name.contains("//")
                        && !value.starts_with("//")
                })
    };
    let count = lines.iter().take(MAX_LINES).take_while(is_field).count();
    let signs = lines[..count]
        .iter()
        .filter(|line| has_date_or_address(line.text))
        .count();
    (count >= LEAST && signs >= 2).then_some(count)
}

/// A block of fields with names that are known.
struct Block {
    lines: usize,
    /// Whether only a program can have written it.
    is_sure: bool,
}

fn known_block(lines: &[SourceLine<'_>], at: usize) -> Option<Block> {
    let first = field(lines[at].text)?;
    let mut seen = vec![first];
    let mut end = at + 1;
    let mut continuations = 0;
    for (offset, line) in lines[at..].iter().enumerate().skip(1).take(MAX_BLOCK_LINES) {
        if line.is_quoted() {
            break;
        }
        match field(line.text) {
            Some(field) => {
                if !seen.contains(&field) {
                    seen.push(field);
                } else if field != Field::Cc {
                    break;
                }
                end = at + offset + 1;
                continuations = 0;
            }
            // One blank line may stand between two fields; addresses and subjects may be folded.
            None if continuations < 3 && (!line.is_blank() || continuations == 0) => {
                continuations += 1;
            }
            None => break,
        }
    }
    let counts = seen.iter().filter(|field| **field != Field::Cc).count();
    let texts = || lines[at..end].iter().map(|line| line.text);
    let has_subject = seen.contains(&Field::Subject);
    let is_sure = texts().any(has_address)
        || (texts().any(says_sent) && (has_subject || texts().any(has_time)))
        || (has_subject
            && seen.contains(&Field::To)
            && texts().any(|text| field(text) == Some(Field::Date) && has_time(text)));
    (seen.contains(&Field::From) && counts >= 3).then_some(Block {
        lines: end - at,
        is_sure,
    })
}

/// `Sent: …`: more than a date.
fn says_sent(text: &str) -> bool {
    let Some(name) = name_of_field(text) else {
        return false;
    };
    FIELD_NAMES.get(name.as_str()) == Some(&Field::Date) && !DATES.contains(&name.as_str())
}

/// Whether the line begins with the name of a header field.
pub(super) fn is_field(text: &str) -> bool {
    field(text).is_some()
}

/// Whether the line names a sender: `From: …`.
pub(super) fn is_sender(text: &str) -> bool {
    field(text) == Some(Field::From)
}

/// The field that the line begins with, if it is one: `*Von:* …`, `Objet : …`.
fn field(text: &str) -> Option<Field> {
    FIELD_NAMES.get(name_of_field(text)?.as_str()).copied()
}

/// What stands before the colon, or in the first cell of a row that is drawn: `| From | … |`.
fn name_of_field(text: &str) -> Option<String> {
    let row = text.trim_start().strip_prefix('|');
    let (name, _) = match row {
        Some(row) => row.split_once(['|', ':', '：']),
        None => text.split_once([':', '：']),
    }?;
    if name.len() > 64 {
        return None;
    }
    // Programs begin the names with capitals, where there are any, or put a space before the colon;
    // settings look otherwise.
    let is_setting = |c: char| c.is_lowercase() && !name.ends_with([' ', '\u{a0}']);
    if name
        .chars()
        .find(|c| c.is_alphabetic())
        .is_some_and(is_setting)
    {
        return None;
    }
    let is_ornament = |c: char| c.is_whitespace() || matches!(c, '*' | '_' | '|' | '\u{a0}');
    Some(name.trim_matches(is_ornament).to_lowercase())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("-----Original Message-----", true)]
    #[case("-------- Ursprüngliche Nachricht --------", true)]
    #[case("---- Ann Lee wrote ----", true)]
    #[case("##- Please type your reply above this line -##", true)]
    #[case("--------------------", false)]
    #[case("----- Results -----", false)]
    #[case("Original Message", false)]
    fn tells_delimiters(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_delimiter(text), expected);
    }

    #[rstest]
    #[case("---------- Forwarded message ---------", true)]
    #[case("-------- Weitergeleitete Nachricht --------", true)]
    #[case("Begin forwarded message:", true)]
    #[case("forwarded message", false)]
    fn tells_forwards(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_forward_delimiter(text), expected);
    }

    #[rstest]
    #[case::outlook("From: Ann\nSent: Monday\nTo: Bob\nSubject: Plan\n\nHi", Some(4))]
    #[case::bold("*Von:* Ann\n*Gesendet:* Montag\n*An:* Bob\n*Betreff:* Plan", Some(4))]
    #[case::french("De : Ann\nEnvoyé : lundi\nÀ : Bob\nObjet : Plan", Some(4))]
    #[case::folded(
        "From: Ann\nDate: Monday 9:12\nSubject: a plan that\n is long\nTo: Bob",
        Some(5)
    )]
    #[case::doubled("From: Ann\n\nSent: Monday 9:12\n\nTo: Bob", Some(5))]
    #[case::chinese("发件人：Ann\n发送时间：2026\n收件人：Bob\n主题：x", Some(4))]
    #[case::pipes("| From: Ann |\n| Sent: 9:12 |\n| To: Bob |", Some(3))]
    #[case::cells(
        "| 发件人 | Ann<ann@a.example> |\n| 日期 | 2026 |\n| 收件人 | Bob |",
        Some(3)
    )]
    #[case::small(
        "envoyé : 3 mars\nde : Ann <ann@a.example>\nà : Bob\nobjet : x",
        Some(4)
    )]
    #[case::address("From: Ann <ann@a.example>\nDate: Monday\nTo: Bob", Some(3))]
    #[case::time("Von: Ann\nAn: Bob\nDatum: 3.3.26 9:12\nBetreff: x", Some(4))]
    #[case::journey("From: Kiel\nTo: Bonn\nDate: 3 May 2026, 9:12", None)]
    #[case::letter("From: Ann\nTo: Bob\nDate: 3.3.2026\nSubject: my account", None)]
    #[case::ticket("From: Ann\nDate: 2026-03-03 9:12\nSubject: door", None)]
    #[case::parcel("From: Kiel\nSent: 3 March\nTo: Bonn", None)]
    #[case::settings("from: ann@a.example\nto: bob@b.example\nsubject: x", None)]
    #[case::hebrew_form("מאת: א\nאל: ב\nתאריך: 3.3.2026", None)]
    #[case::hungarian("Feladó: Ann\nElküldve: hétfő\nCímzett: Bob\nTárgy: x", Some(4))]
    #[case::hebrew("מאת: Ann\nנשלח: יום שני\nאל: Bob\nנושא: x", Some(4))]
    #[case::one_line("From: Ann Date: Tue, 3 Mar 2026 09:12", None)]
    #[case::only_from("From: Ann\nHello", None)]
    #[case::form("To: be done\nDate: open", None)]
    fn finds_blocks(#[case] text: &str, #[case] expected: Option<usize>) {
        let lines: Vec<SourceLine<'_>> = text.lines().map(SourceLine::of_text).collect();
        assert_eq!(block_at(&lines, 0), expected);
    }

    #[rstest]
    #[case::unknown(
        "________________________________\nXyz: Ann <ann@a.example>\nQwe: 3 foo 2026 9:12\nRty: Bob\n\nHi",
        Some(3)
    )]
    #[case::no_sign(
        "________________________________\nFrom: Ann\nDate: Monday\nTo: Bob",
        Some(3)
    )]
    #[case::dashes("---- Levél eleje ----\nFrom: Ann\nDate: Monday\nTo: Bob", Some(3))]
    #[case::one_line("---\nFrom: Ann Date: Tue, 3 Mar 2026 09:12", Some(1))]
    #[case::text(
        "________________________________\nPlease note:\nwe close at 9:12",
        None
    )]
    fn finds_blocks_below_a_rule(#[case] text: &str, #[case] expected: Option<usize>) {
        let lines: Vec<SourceLine<'_>> = text.lines().map(SourceLine::of_text).collect();
        assert_eq!(block_at(&lines, 1), expected);
    }
}

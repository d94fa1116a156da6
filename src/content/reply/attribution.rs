//! Lines that introduce a quote: "On Monday Jane Doe wrote:", in many languages, on up to 4 lines.

use super::{
    line::SourceLine,
    words::{INTROS, VERBS},
};

const MAX_LINES: usize = 4;
const MAX_CHARS: usize = 400;

/// An attribution that ends at a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attribution {
    /// Its first line.
    pub start: usize,
    /// Sure enough to mark history without quote marks.
    pub is_strong: bool,
}

/// The attribution that ends with line `end`, if one does. Without a quote below it a line counts
/// only if it names somebody who wrote, and when or from which address.
pub(super) fn ending_at(lines: &[SourceLine<'_>], end: usize) -> Option<Attribution> {
    if !ends_with_colon(lines[end].text) {
        return None;
    }
    let below = lines[end + 1..]
        .iter()
        .take(6)
        .find(|line| !line.is_blank());
    let is_quote_below = below.is_some_and(|line| line.depth > 0 || line.is_quoted());
    let mut joined = String::new();
    let mut weak = None;
    for start in (0..=end).rev().take(MAX_LINES) {
        let line = &lines[start];
        if line.is_blank() || line.is_quoted() || (start < end && ends_with_colon(line.text)) {
            break;
        }
        joined = format!("{} {joined}", line.text.trim());
        if joined.chars().count() > MAX_CHARS {
            break;
        }
        let signs = Signs::of(&joined);
        if signs.date && (signs.verb || signs.email || is_quote_below) {
            let is_strong = signs.verb || (signs.email && is_quote_below);
            let found = (is_strong || is_quote_below).then_some(Attribution { start, is_strong });
            match intro(line.text) {
                Some(Intro::Certain) => return found,
                Some(Intro::Possible) => weak = weak.or(found),
                None => {}
            }
        }
        let begins_paragraph = start
            .checked_sub(1)
            .is_none_or(|above| lines[above].is_blank() || lines[above].is_quoted());
        let is_strong = signs.verb && signs.email && (signs.date || begins_paragraph);
        let is_likely =
            is_quote_below && (signs.verb || (signs.email && (signs.date || begins_paragraph)));
        if weak.is_none() && (is_strong || is_likely) {
            weak = Some(Attribution { start, is_strong });
        }
    }
    weak
}

fn ends_with_colon(text: &str) -> bool {
    text.trim_end_matches(|c: char| {
        c.is_whitespace() || matches!(c, '*' | '_' | '\u{200e}' | '\u{200f}')
    })
    .ends_with([':', '：'])
}

/// What the first word of a line says.
enum Intro {
    /// A preposition, a week day or a full date.
    Certain,
    /// Figures: perhaps the time of day, wrapped away from its date.
    Possible,
}

fn intro(text: &str) -> Option<Intro> {
    let text =
        text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_' | '-' | '"'));
    let end = text
        .find(|c: char| !c.is_alphabetic())
        .unwrap_or(text.len());
    if INTROS.contains(&text[..end].to_lowercase().as_str()) || text.starts_with(['在', '于', '於'])
    {
        Some(Intro::Certain)
    } else if text.starts_with(|c: char| c.is_ascii_digit()) {
        Some(if has_day(text) {
            Intro::Certain
        } else {
            Intro::Possible
        })
    } else {
        None
    }
}

/// What speaks for an attribution.
struct Signs {
    verb: bool,
    email: bool,
    date: bool,
}

impl Signs {
    fn of(text: &str) -> Self {
        let lower = text.to_lowercase();
        Self {
            verb: VERBS.iter().any(|verb| contains_word(&lower, verb)),
            email: has_address(text),
            date: has_date(text),
        }
    }
}

/// Whether anybody writes, in any of the languages: used for lines such as `--- Jane wrote ---`.
pub(super) fn has_verb(text: &str) -> bool {
    let lower = text.to_lowercase();
    VERBS.iter().any(|verb| contains_word(&lower, verb))
}

fn contains_word(text: &str, word: &str) -> bool {
    // Scripts without spaces have no word boundaries to look at.
    let has_boundaries = word.chars().all(|c| c < '\u{2e80}');
    text.match_indices(word).any(|(at, _)| {
        !has_boundaries
            || (!text[..at].ends_with(char::is_alphanumeric)
                && !text[at + word.len()..].starts_with(char::is_alphabetic))
    })
}

fn has_address(text: &str) -> bool {
    text.match_indices('@').any(|(at, _)| {
        text[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '+'))
            && text[at + 1..].starts_with(char::is_alphanumeric)
    })
}

/// A year, a time of day, or a date in figures.
fn has_date(text: &str) -> bool {
    has_day(text)
        || figures(text).windows(2).any(|pair| {
            let ((hour, sign), (minute, _)) = (pair[0], pair[1]);
            hour.len() <= 2 && minute.len() == 2 && matches!(sign, ':' | 'h' | '時' | '：')
        })
}

/// A year, or a date in figures.
fn has_day(text: &str) -> bool {
    let figures = figures(text);
    figures
        .iter()
        .any(|(group, _)| group.len() == 4 && (group.starts_with("20") || group.starts_with("19")))
        || figures.windows(3).any(|three| {
            let ((day, sign), (month, other)) = (three[0], three[1]);
            day.len() <= 2 && month.len() <= 2 && sign == other && matches!(sign, '/' | '.' | '-')
        })
}

/// Runs of figures, each with the character after it.
fn figures(text: &str) -> Vec<(&str, char)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        rest = &rest[start..];
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        found.push((&rest[..end], rest[end..].chars().next().unwrap_or(' ')));
        rest = &rest[end..];
    }
    found
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn find(text: &str) -> Option<Attribution> {
        let lines: Vec<SourceLine<'_>> = text.lines().map(SourceLine::of_text).collect();
        let end = lines
            .iter()
            .rposition(|line| line.depth == 0 && !line.is_blank())
            .unwrap();
        ending_at(&lines, end)
    }

    #[rstest]
    #[case::en("On Tue, 3 Mar 2026 at 09:12, Ann Lee <ann@a.example> wrote:")]
    #[case::en_us("On Mar 3, 2026, at 9:12 AM, Ann Lee wrote:")]
    #[case::de("Am 03.03.26 um 09:12 schrieb Ann Lee:")]
    #[case::de_gmail("Ann Lee <ann@a.example> schrieb am Di., 3. März 2026, 09:12:")]
    #[case::fr("Le mar. 3 mars 2026 à 09:12, Ann Lee <ann@a.example> a écrit :")]
    #[case::es("El mar, 3 mar 2026 a las 9:12, Ann Lee (<ann@a.example>) escribió:")]
    #[case::it("Il giorno mar 3 mar 2026 alle ore 09:12 Ann Lee <ann@a.example> ha scritto:")]
    #[case::pt("Em ter., 3 de mar. de 2026 às 09:12, Ann Lee <ann@a.example> escreveu:")]
    #[case::nl("Op di 3 mrt 2026 om 09:12 schreef Ann Lee <ann@a.example>:")]
    #[case::nl_apple(
        "Op 3 mrt 2026, om 09:12 heeft Ann Lee <ann@a.example> het volgende geschreven:"
    )]
    #[case::pl("wt., 3 mar 2026 o 09:12 Ann Lee <ann@a.example> napisał(a):")]
    #[case::da("Den tir. 3. mar. 2026 kl. 09.12 skrev Ann Lee <ann@a.example>:")]
    #[case::no("tir. 3. mars 2026 kl. 09:12 skrev Ann Lee <ann@a.example>:")]
    #[case::sv("Den tis 3 mars 2026 kl 09:12 skrev Ann Lee <ann@a.example>:")]
    #[case::fi("ti 3. maalisk. 2026 klo 9.12 Ann Lee (ann@a.example) kirjoitti:")]
    #[case::cs("út 3. 3. 2026 v 9:12 odesílatel Ann Lee <ann@a.example> napsal:")]
    #[case::ru("3 марта 2026 г., в 09:12, Ann Lee <ann@a.example> написал(а):")]
    #[case::uk("вт, 3 бер. 2026 р. о 09:12 Ann Lee <ann@a.example> пише:")]
    #[case::tr("Ann Lee <ann@a.example>, 3 Mar 2026 Sal, 09:12 tarihinde şunu yazdı:")]
    #[case::zimbra("----- Am 3. Mrz 2026 um 9:12 schrieb Ann Lee ann@a.example:")]
    #[case::evolution("Am Dienstag, dem 03.03.2026 um 09:12 +0100 schrieb Ann Lee:")]
    #[case::claws("On Tue, 3 Mar 2026 09:12:00 +0100\nAnn Lee <ann@a.example> wrote:")]
    #[case::ja("2026年3月3日(火) 9:12 Ann Lee <ann@a.example>さんは書きました:")]
    #[case::zh("Ann Lee <ann@a.example> 于2026年3月3日周二 09:12写道：")]
    #[case::ko("2026년 3월 3일 (화) 오전 9:12, Ann Lee <ann@a.example>님이 작성:")]
    #[case::vi("Vào Th 3, 3 thg 3, 2026 vào lúc 09:12 Ann Lee <ann@a.example> đã viết:")]
    #[case::wrapped("On Tue, 3 Mar 2026 at\n09:12, Ann Lee\n<ann@a.example>\nwrote:")]
    fn marks_history_by_itself(#[case] text: &str) {
        assert_eq!(
            find(text),
            Some(Attribution {
                start: 0,
                is_strong: true
            })
        );
    }

    #[rstest]
    #[case::no_verb("вт, 3 мар. 2026 г. в 09:12, Ann Lee <ann@a.example>:\n\n> old")]
    #[case::no_date("Ann Lee wrote:\n> old")]
    #[case::iso("2026-03-03 9:12 GMT+01:00 Ann Lee <ann@a.example>:\n\n> old")]
    fn needs_a_quote_below(#[case] text: &str) {
        assert_eq!(find(text).map(|found| found.start), Some(0));
    }

    #[rstest]
    #[case::list("These are needed:\n- one")]
    #[case::sentence("My colleague wrote:\nplease call")]
    #[case::time("Meeting at 10:30:\nroom 4")]
    fn is_none(#[case] text: &str) {
        let lines: Vec<SourceLine<'_>> = text.lines().map(SourceLine::of_text).collect();
        assert_eq!(ending_at(&lines, 0), None);
    }
}

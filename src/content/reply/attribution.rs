//! Lines that introduce a quote: "On Monday Jane Doe wrote:", in many languages, on up to 5 lines.

use std::{collections::HashSet, sync::LazyLock};

use super::{
    line::SourceLine,
    words::{INTROS, OURSELVES, UNSPACED_VERBS, VERBS},
};

static VERB_SET: LazyLock<HashSet<&str>> = LazyLock::new(|| VERBS.iter().copied().collect());
static INTRO_SET: LazyLock<HashSet<&str>> = LazyLock::new(|| INTROS.iter().copied().collect());

const MAX_LINES: usize = 5;
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
/// only if it names somebody who wrote, and at what time or from which address: "On Monday Ann
/// wrote:" is what people write themselves.
pub(super) fn ending_at(lines: &[SourceLine<'_>], end: usize) -> Option<Attribution> {
    if !ends_with_colon(lines[end].text) {
        return is_without_colon(lines[end].text).then_some(Attribution {
            start: end,
            is_strong: true,
        });
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
        if !signs.date && !signs.email && !signs.verb {
            continue;
        }
        if signs.date && (signs.verb || signs.email || is_quote_below) {
            let is_strong = if is_quote_below {
                signs.verb || signs.email
            } else {
                let names_more =
                    signs.email || has_time(&joined) || stands_alone(lines, start, end);
                (signs.verb && names_more && !names_ourselves(&joined))
                    || is_date_and_address(&joined, &signs)
            };
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

/// Whether a text opens with an attribution that has a date or an address: a quote whose lines
/// were run together.
pub(super) fn opens(text: &str) -> bool {
    const MAX_OPENING: usize = 200;
    let end = text
        .char_indices()
        .nth(MAX_OPENING)
        .map_or(text.len(), |(at, _)| at);
    let opening = &text[..end];
    matches!(intro(opening), Some(Intro::Certain))
        && opening.match_indices([':', '：']).take(8).any(|(at, _)| {
            let signs = Signs::of(&opening[..at]);
            let ends_with_verb = opening[..at]
                .split_whitespace()
                .next_back()
                .is_some_and(has_verb);
            signs.date && ends_with_verb
        })
}

/// Where an attribution of one line begins that was joined to the end of another line, as in
/// `text--- On 3 Mar 2026 Ann wrote:`; only for those that begin with dashes.
pub(super) fn joined_at(text: &str) -> Option<usize> {
    if text.len() > MAX_CHARS * 2 || !ends_with_colon(text) {
        return None;
    }
    let at = text.find("--- ")?;
    let before = text[..at].trim_end_matches('-');
    let is_joined = before.ends_with(|c: char| !c.is_whitespace());
    let attribution = text[at..].trim_start_matches(['-', ' ']);
    let signs = Signs::of(attribution);
    (is_joined && matches!(intro(attribution), Some(Intro::Certain)) && signs.date && signs.verb)
        .then_some(before.len())
}

/// Whether the text looks like an introduction in a language that nobody taught this program: it
/// is short, ends as such lines do, and names a time or an address.
pub(super) fn is_unknown_introduction(text: &str) -> bool {
    is_full_introduction(text)
        || (text.chars().count() <= MAX_CHARS && ends_with_colon(text) && has_date_or_address(text))
}

/// Whether such a text names both.
pub(super) fn is_full_introduction(text: &str) -> bool {
    text.chars().count() <= MAX_CHARS && has_date(text) && has_address(text)
}

/// Whether the text names a time or an address.
pub(super) fn has_date_or_address(text: &str) -> bool {
    has_date(text) || has_address(text)
}

/// `On 3 Mar 2026 09:12 Ann Lee <ann@a.example> wrote`: everything but the colon.
fn is_without_colon(text: &str) -> bool {
    let text = text.trim();
    if text.len() > MAX_CHARS {
        return false;
    }
    let Some((before, verb)) = text.rsplit_once(' ') else {
        return false;
    };
    before.ends_with('>')
        && has_verb(verb)
        && has_address(before)
        && has_day(before)
        && has_time(before)
        && matches!(intro(before), Some(Intro::Certain))
}

/// `3 Mar 2026 09:12 Ann Lee <ann@a.example>:`: languages in which Gmail and others say no more.
fn is_date_and_address(text: &str, signs: &Signs) -> bool {
    signs.email && has_time(text) && has_day(text) && text.trim_end().ends_with(">:")
}

/// Whether the lines are a paragraph of their own, with more than a greeting above, and no
/// quotation marks below: those are what people put around the words of others.
fn stands_alone(lines: &[SourceLine<'_>], start: usize, end: usize) -> bool {
    const MARKS: [char; 9] = ['"', '\'', '«', '»', '„', '“', '”', '‘', '「'];
    let is_blank = |at: usize| lines.get(at).is_none_or(SourceLine::is_blank);
    let mut above = lines[..start].iter().rev().filter(|line| !line.is_blank());
    let is_below_greeting = match (above.next(), above.next()) {
        (Some(only), None) => only
            .text
            .trim_end()
            .ends_with([',', '!', ':', '，', '！', '：']),
        _ => false,
    };
    let is_marked = lines[end + 1..]
        .iter()
        .take(6)
        .find(|line| !line.is_blank())
        .is_some_and(|line| line.text.trim_start().starts_with(MARKS));
    (start == 0 || is_blank(start - 1)) && is_blank(end + 1) && !is_below_greeting && !is_marked
}

/// Whether the author is among those who wrote or were written to. No program says "wrote to me".
fn names_ourselves(text: &str) -> bool {
    text.split_whitespace()
        .any(|word| OURSELVES.contains(&word.trim_end_matches([':', ','])))
}

fn ends_with_colon(text: &str) -> bool {
    text.trim_end_matches(|c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '*' | '_' | '-' | '\u{200e}' | '\u{200f}' | '\u{202c}' | '\u{2069}'
            )
    })
    .ends_with([':', '：', '﹕', '︰'])
}

/// What the first word of a line says.
enum Intro {
    /// A preposition, a week day or a full date.
    Certain,
    /// Figures: perhaps the time of day, wrapped away from its date.
    Possible,
}

fn intro(text: &str) -> Option<Intro> {
    let text = text.trim_start_matches(|c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '*' | '_' | '-' | '"' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            )
    });
    let end = text
        .find(|c: char| !c.is_alphabetic())
        .unwrap_or(text.len());
    if INTRO_SET.contains(text[..end].to_lowercase().as_str())
        || text.starts_with(['在', '于', '於'])
        || text.starts_with("ใน")
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
        Self {
            verb: has_verb(text),
            email: has_address(text),
            date: has_date(text),
        }
    }
}

/// Whether anybody writes, in any of the languages: used for lines such as `--- Jane wrote ---`.
pub(super) fn has_verb(text: &str) -> bool {
    let lower = text.to_lowercase();
    lower
        .split(|c: char| !is_word_part(c))
        .any(|word| VERB_SET.contains(word))
        || (!text.is_ascii() && UNSPACED_VERBS.iter().any(|verb| lower.contains(verb)))
}

/// Letters and the signs that some scripts put above or below them.
fn is_word_part(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(c, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{900}'..='\u{97f}')
}

pub(super) fn has_address(text: &str) -> bool {
    text.match_indices('@').any(|(at, _)| {
        text[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '+'))
            && text[at + 1..].starts_with(char::is_alphanumeric)
    })
}

/// A year, a time of day, or a date in figures.
pub(super) fn has_date(text: &str) -> bool {
    has_day(text)
        || figures(text).windows(2).any(|pair| {
            let ((hour, sign), (minute, _)) = (pair[0], pair[1]);
            hour.len() <= 2 && minute.len() == 2 && matches!(sign, ':' | '.' | 'h' | '時' | '：')
        })
}

/// A time of day: `9:12`, `9.12`, `9h12`, but not the first figures of `3.12.2026`.
pub(super) fn has_time(text: &str) -> bool {
    let figures = figures(text);
    (1..figures.len()).any(|at| {
        let ((hour, sign), (minute, after)) = (figures[at - 1], figures[at]);
        let is_apart = match sign {
            '.' => {
                after != '.'
                    && at
                        .checked_sub(2)
                        .is_none_or(|before| figures[before].1 != '.')
            }
            _ => matches!(sign, ':' | '：' | 'h' | '時' | '时' | '点' | '點' | '시'),
        };
        is_apart && hour.len() <= 2 && minute.len() == 2
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
    #[case::hu("Ann Lee <ann@a.example> ezt írta (időpont: 2026. márc. 3., K, 9:12):")]
    #[case::ro("Pe mar., 3 mar. 2026 la 09:12, Ann Lee <ann@a.example> a scris:")]
    #[case::el("Στις Τρί 3 Μαρ 2026 στις 9:12 π.μ., ο χρήστης Ann Lee <ann@a.example> έγραψε:")]
    #[case::he("בתאריך יום ג׳, 3 במרץ 2026 ב-9:12 מאת Ann Lee <ann@a.example>:")]
    #[case::ar("في الثلاثاء، 3 مارس 2026 9:12 ص Ann Lee <ann@a.example> كتب:")]
    #[case::bg("На вт, 3.03.2026 г. в 9:12 Ann Lee <ann@a.example> написа:")]
    #[case::hr("uto, 3. ožu 2026. u 09:12 Ann Lee <ann@a.example> napisao je:")]
    #[case::sk("ut 3. 3. 2026 o 9:12 Ann Lee <ann@a.example> napísal(a):")]
    #[case::sl("V tor., 3. mar. 2026 ob 09:12 je oseba Ann Lee <ann@a.example> napisala:")]
    #[case::et("Kontakt Ann Lee (<ann@a.example>) kirjutas kuupäeval T, 3. märts 2026 kell 09:12:")]
    #[case::lv(
        "otrd., 2026. g. 3. marts, plkst. 09:12 — lietotājs Ann Lee (<ann@a.example>) rakstīja:"
    )]
    #[case::lt("2026-03-03, an, 09:12 Ann Lee <ann@a.example> rašė:")]
    #[case::is("Þann þri., 3. mar. 2026 kl. 09:12 skrifaði Ann Lee <ann@a.example>:")]
    #[case::ca("Missatge de Ann Lee <ann@a.example> del dia dt., 3 de març 2026, va escriure:")]
    #[case::th("ในวันที่ อ. 3 มี.ค. 2026 เวลา 09:12 Ann Lee <ann@a.example> เขียนว่า:")]
    #[case::id("Pada tanggal Sel, 3 Mar 2026 pukul 09.12 Ann Lee <ann@a.example> menulis:")]
    #[case::vi("Vào Th 3, 3 thg 3, 2026 vào lúc 09:12 Ann Lee <ann@a.example> đã viết:")]
    #[case::pl_apple(
        "Wiadomość napisana przez Ann Lee <ann@a.example> w dniu 03.03.2026, o godz. 09:12:"
    )]
    #[case::no_verb("ср, 4 мар. 2026 г. в 09:12, Ann Lee <ann@a.example>:")]
    #[case::no_verb_ru("Среда, 4 марта 2026, 9:12 +03:00 от Ann Lee <ann@a.example>:")]
    #[case::no_verb_ja("2026年3月4日(水) 9:12 Ann Lee <ann@a.example>:")]
    #[case::no_verb_figures("04.03.2026, 09:12, \"Ann Lee\" <ann@a.example>:")]
    #[case::no_colon("On Wed, 4 Mar 2026 09:12:00 +0100 Ann Lee <ann@a.example> wrote")]
    #[case::wrapped_often("On Tue, 3 Mar 2026\nat 09:12,\nAnn Lee\n<ann@a.example>\nwrote:")]
    #[case::right_to_left("\u{202b}בתאריך 3 במרץ 2026 כתב Ann Lee:\u{200f}")]
    #[case::wrapped("On Tue, 3 Mar 2026 at\n09:12, Ann Lee\n<ann@a.example>\nwrote:")]
    fn marks_history_by_itself(#[case] text: &str) {
        let found = find(text).unwrap();
        assert!(found.is_strong);
        assert!(text.starts_with("I see.") || found.start == 0);
    }

    #[rstest]
    #[case::no_time("On 3 March 2026, Ann Lee wrote:\n\n> old")]
    #[case::no_date("Ann Lee wrote:\n> old")]
    #[case::no_brackets("2026-03-03 9:12 GMT+01:00 ann@a.example:\n\n> old")]
    fn needs_a_quote_below(#[case] text: &str) {
        assert_eq!(find(text).map(|found| found.start), Some(0));
    }

    #[rstest]
    #[case::list("These are needed:\n- one")]
    #[case::sentence("My colleague wrote:\nplease call")]
    #[case::time("Meeting at 10:30:\nroom 4")]
    #[case::day("On 3 March 2026 Ann from your shop wrote:\nit comes at once")]
    #[case::day_de("Am 3. März 2026 schrieb Herr Lee:\nes kommt sofort")]
    #[case::day_below_greeting("Dear all,\n\nOn 3 March 2026 Ann wrote:\n\nit comes at once")]
    #[case::day_above_marks("Sorry.\n\nOn 3 March 2026 Ann wrote:\n\n“It comes at once”")]
    #[case::to_me("On 3 March 2026 at 9:12 Ann wrote to me:\nit comes at once")]
    #[case::to_me_de("Am 3. März 2026 um 9:12 Uhr schrieb mir Herr Lee:\nes kommt sofort")]
    #[case::appointment("04.03.2026, 09:12, with Ann Lee (ann@a.example):\nroom 4")]
    #[case::no_end("On 4 Mar 2026 09:12 Ann Lee <ann@a.example> wrote to us\nthat it comes")]
    fn is_none(#[case] text: &str) {
        let lines: Vec<SourceLine<'_>> = text.lines().map(SourceLine::of_text).collect();
        assert!((0..lines.len()).all(|end| ending_at(&lines, end).is_none()));
    }

    #[rstest]
    #[case(
        "fine--- On Wed, Mar 4, 2026 at 3:59 PM, ann@a.example wrote:",
        Some(4)
    )]
    #[case(
        "so - fine--- On Wed, Mar 4, 2026 at 3:59 PM, ann@a.example wrote:",
        Some(9)
    )]
    #[case("--- On Wed, Mar 4, 2026 at 3:59 PM, ann@a.example wrote:", None)]
    #[case("fine--- and so on:", None)]
    fn finds_joined_ones(#[case] text: &str, #[case] expected: Option<usize>) {
        assert_eq!(joined_at(text), expected);
    }

    #[rstest]
    #[case("On 3 Mar 2026 9:12, Ann Lee wrote: > Hi > Which day?", true)]
    #[case("On Tuesday we wrote: come at once", false)]
    #[case("Less is more", false)]
    fn finds_what_opens(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(opens(text), expected);
    }
}

//! The quote marks of text.

use super::{attribution, header, line::SourceLine};

/// Reads the lines of a text body. Beside `>`, whole runs of lines may be marked with the initials
/// of whom they quote (`AL>`); with `|` or `:`, too, where a line above or the first lines tell that
/// they are quoted.
pub(super) fn source_lines<'a>(lines: &[&'a str]) -> Vec<SourceLine<'a>> {
    let mut found: Vec<SourceLine<'a>> =
        lines.iter().map(|line| SourceLine::of_text(line)).collect();
    let mut at = 0;
    while at < lines.len() {
        let Some((mark, least)) = rare_mark(lines[at]) else {
            at += 1;
            continue;
        };
        let run = lines[at..]
            .iter()
            .take_while(|line| after_mark(line, mark).is_some())
            .count();
        let marked: Vec<SourceLine<'a>> = lines[at..at + run]
            .iter()
            .map(|line| without_mark(line, mark))
            .collect();
        let is_sure = mark.len() > 1 || is_told(&found[..at], &marked);
        if run >= least && is_sure && !is_table(&lines[at..at + run]) {
            found[at..at + run].copy_from_slice(&marked);
        }
        at += run.max(1);
    }
    found
}

/// A mark that a line may begin with, and how many such lines there must be for it to be one.
fn rare_mark(line: &str) -> Option<(&str, usize)> {
    /// Initials, seldom a first name.
    const MAX_NAME: usize = 6;
    let text = line.trim_start_matches(' ');
    if line.len() - text.len() > 2 {
        return None;
    }
    if let Some(mark) = ["|", ":"].into_iter().find(|mark| text.starts_with(mark)) {
        return Some((mark, 3));
    }
    let name = text.find(|c: char| !c.is_alphanumeric())?;
    let is_mark = text[name..].starts_with("> ")
        && text.starts_with(char::is_uppercase)
        && text[..name].chars().count() <= MAX_NAME;
    is_mark.then(|| (&text[..=name], 2))
}

fn without_mark<'a>(line: &'a str, mark: &str) -> SourceLine<'a> {
    let inner = SourceLine::of_text(after_mark(line, mark).unwrap_or(line));
    SourceLine {
        depth: inner.depth + 1,
        marks: line.len() - inner.text.len(),
        ..inner
    }
}

/// Whether "On … wrote:" stands right above the lines, or a header block or such a line begins them.
fn is_told(above: &[SourceLine<'_>], marked: &[SourceLine<'_>]) -> bool {
    /// Lines among which the beginning is looked for.
    const OPENING: usize = 10;
    let bare: Vec<SourceLine<'_>> = marked
        .iter()
        .take(OPENING)
        .map(|line| SourceLine::of_text(line.text))
        .collect();
    let last = above.iter().rposition(|line| !line.is_blank());
    let is_introduced = last.is_some_and(|last| {
        last + 3 > above.len()
            && attribution::ending_at(above, last).is_some_and(|found| found.is_strong)
    });
    is_introduced
        || !bare.is_empty() && header::block_at(&bare, 0).is_some()
        || (0..bare.len().min(3))
            .any(|end| attribution::ending_at(&bare, end).is_some_and(|found| found.is_strong))
}

/// What follows the mark; `None` if the line does not begin with it as a quoted line does.
fn after_mark<'a>(line: &'a str, mark: &str) -> Option<&'a str> {
    let rest = line.trim_start_matches(' ').strip_prefix(mark)?;
    if rest.is_empty() {
        return Some(rest);
    }
    rest.strip_prefix(' ')
        .or_else(|| rest.starts_with(mark).then_some(rest))
}

/// Columns between bars are a table that somebody drew.
fn is_table(lines: &[&str]) -> bool {
    lines.iter().any(|line| {
        let line = line.trim();
        line.len() > 1
            && line.starts_with('|')
            && (line.ends_with('|') || line[1..].contains(" | "))
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain(&["> a", ">b", "> > c", ">>d"], &[1, 1, 2, 2])]
    #[case::indented(&[" > a", "  > b"], &[1, 0])]
    #[case::bars(&["On 3 Mar 2026 9:12 Ann wrote:", "| a", "|", "| b"], &[0, 1, 1, 1])]
    #[case::bars_alone(&["| a", "|", "| b"], &[0, 0, 0])]
    #[case::bars_of_a_table(&["| a | b |", "| 1 | 2 |", "| 3 | 4 |"], &[0, 0, 0])]
    #[case::colons(&[": From: Ann", ": Sent: 9:12", ": To: Bob", ":", ": a"], &[1, 1, 1, 1, 1])]
    #[case::two_colons(&[": a", ": b"], &[0, 0])]
    #[case::initials(&["AL> a", "AL> b", "Yes"], &[1, 1, 0])]
    #[case::prompt(&["sql> select", "sql> quit"], &[0, 0])]
    #[case::comparison(&["A > b", "x > y"], &[0, 0])]
    fn counts_marks(#[case] lines: &[&str], #[case] expected: &[usize]) {
        let depths: Vec<usize> = source_lines(lines).iter().map(|line| line.depth).collect();
        assert_eq!(depths, expected);
    }
}

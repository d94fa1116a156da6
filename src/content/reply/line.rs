//! A line of a mail as all that follows sees it: its text, its quote marks, and what HTML says.

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
    /// Not to be seen where the mail is read.
    Hidden,
}

impl<'a> SourceLine<'a> {
    pub fn of_text(line: &'a str) -> Self {
        let mut depth = 0;
        let mut text = line;
        // One space before the first mark is the habit of some programs; more are an indentation.
        if line.starts_with(" >") {
            text = &line[1..];
        }
        // `>`, `>>`, `> >`; a mark after text, as in `x > y`, is none.
        while let Some(rest) = text.strip_prefix("> ").or_else(|| text.strip_prefix('>')) {
            text = rest;
            depth += 1;
        }
        Self {
            text: if depth > 0 { text } else { line },
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

    /// How long the line was where it was quoted, in characters.
    pub fn width(&self) -> usize {
        let marks = if self.depth > 0 { self.depth + 1 } else { 0 };
        marks + self.text.trim_end().chars().count()
    }
}

/// Reads the lines of a text body. Beside `>`, whole runs of lines may be marked with `|`, with `:`
/// or with the initials of whom they quote (`AL>`).
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
        if run >= least && !is_table(&lines[at..at + run]) {
            for (line, found) in lines[at..at + run].iter().zip(&mut found[at..]) {
                let inner = SourceLine::of_text(after_mark(line, mark).unwrap_or(line));
                *found = SourceLine {
                    depth: inner.depth + 1,
                    ..inner
                };
            }
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
        line.len() > 1 && line.starts_with('|') && (line.ends_with('|') || line[1..].contains(" | "))
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain(&["> a", ">b", "> > c", ">>d"], &[1, 1, 2, 2])]
    #[case::indented(&[" > a", "  > b"], &[1, 0])]
    #[case::bars(&["| a", "|", "| b"], &[1, 1, 1])]
    #[case::bars_of_a_table(&["| a | b |", "| 1 | 2 |", "| 3 | 4 |"], &[0, 0, 0])]
    #[case::colons(&[": a", ":", ": b"], &[1, 1, 1])]
    #[case::two_colons(&[": a", ": b"], &[0, 0])]
    #[case::initials(&["AL> a", "AL> b", "Yes"], &[1, 1, 0])]
    #[case::prompt(&["sql> select", "sql> quit"], &[0, 0])]
    #[case::comparison(&["A > b", "x > y"], &[0, 0])]
    fn counts_marks(#[case] lines: &[&str], #[case] expected: &[usize]) {
        let depths: Vec<usize> = source_lines(lines).iter().map(|line| line.depth).collect();
        assert_eq!(depths, expected);
    }
}

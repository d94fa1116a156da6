//! Rust's words, as far as the rules need them: names, `::`, and single marks. Comments, strings,
//! characters and lifetimes are gone.

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub line: usize,
    pub word: Word,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// A name, keyword or number.
    Name(String),
    /// `::`
    Join,
    Mark(char),
}

pub fn tokens(text: &str) -> Vec<Token> {
    let mut rest = text;
    let mut found = Vec::new();
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let (length, word) = next(rest, first);
        if let Some(word) = word {
            found.push(Token { line, word });
        }
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    found
}

/// Length and meaning of what `rest` begins with.
fn next(rest: &str, first: char) -> (usize, Option<Word>) {
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), None);
    }
    if rest.starts_with("/*") {
        return (comment(rest), None);
    }
    if let Some(length) = string(rest) {
        return (length, None);
    }
    if first == '\'' {
        return (quoted(rest), None);
    }
    if is_in_name(first) {
        let length = rest.find(|c| !is_in_name(c)).unwrap_or(rest.len());
        return (length, Some(Word::Name(rest[..length].to_owned())));
    }
    if rest.starts_with("::") {
        return (2, Some(Word::Join));
    }
    let word = (!first.is_whitespace()).then_some(Word::Mark(first));
    (first.len_utf8(), word)
}

fn is_in_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Comments of this kind nest.
fn comment(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0);
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// `"…"`, `b"…"`, `r#"…"#` and their like.
fn string(text: &str) -> Option<usize> {
    let prefix = ["br", "cr", "b", "c", "r", ""].into_iter().find(|prefix| {
        text.strip_prefix(prefix)
            .is_some_and(|rest| rest.trim_start_matches('#').starts_with('"'))
    })?;
    let rest = &text[prefix.len()..];
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    let start = prefix.len() + hashes + 1;
    if prefix.ends_with('r') {
        let end = format!("\"{}", "#".repeat(hashes));
        let length = text[start..].find(&end).map(|at| start + at + end.len());
        return Some(length.unwrap_or(text.len()));
    }
    if hashes > 0 {
        return None;
    }
    Some(start + after_quote(&text[start..], '"'))
}

/// A character, or a lifetime, of which only the quote is taken.
fn quoted(text: &str) -> usize {
    let inner = &text[1..];
    let mut chars = inner.chars();
    match (chars.next(), chars.next()) {
        (Some('\\'), _) => 1 + after_quote(inner, '\''),
        (Some(c), Some('\'')) => 1 + c.len_utf8() + 1,
        _ => 1,
    }
}

fn after_quote(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if !escaped && c == quote {
            return at + 1;
        }
        escaped = !escaped && c == '\\';
    }
    text.len()
}

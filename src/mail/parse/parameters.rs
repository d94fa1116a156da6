//! Headers with parameters: Content-Type and Content-Disposition (RFC 2045, 2183, 2231).

use super::{transfer::hex_pair, words};
use crate::content::charset;

/// `text/plain; charset=utf-8`, read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parameterised {
    /// What stands before the first semicolon, in lower case.
    pub value: String,
    /// Names in lower case, each once: the first one counts.
    parameters: Vec<(String, String)>,
}

impl Parameterised {
    pub(super) fn read(text: &str) -> Self {
        let mut pieces = pieces(text).into_iter();
        let first = pieces.next().unwrap_or_default();
        // Some programs forget the first semicolon.
        let (value, forgotten) = match first.trim().split_once(char::is_whitespace) {
            Some((value, rest)) if rest.contains('=') => (value.to_owned(), Some(rest.to_owned())),
            _ => (first, None),
        };
        let mut named = Vec::new();
        for piece in forgotten.into_iter().chain(pieces).take(MOST_PARAMETERS) {
            if let Some((name, value)) = piece.split_once('=') {
                named.push((
                    name.trim().to_ascii_lowercase(),
                    value.trim_start().to_owned(),
                ));
            }
        }
        Self {
            value: value.trim().to_ascii_lowercase(),
            parameters: merge(named),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Cuts at the semicolons outside of quotes, takes the quotes off and the comments out.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    // How much of the last piece ends in a quote, so that white space there counts.
    let mut fixed = 0;
    let mut quoted = false;
    let mut comments = 0_u32;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let piece = match c {
            ';' if !quoted && comments == 0 => {
                trim_end(pieces.last_mut(), fixed);
                pieces.push(String::new());
                fixed = 0;
                continue;
            }
            '"' if comments == 0 => {
                quoted = !quoted;
                fixed = pieces.last().map_or(0, String::len);
                continue;
            }
            '(' if !quoted => {
                comments += 1;
                continue;
            }
            ')' if !quoted && comments > 0 => {
                comments -= 1;
                continue;
            }
            _ if comments > 0 => continue,
            _ => pieces.last_mut(),
        };
        // A backslash is an escape only before what needs one: others write paths.
        let escaped = chars
            .clone()
            .next()
            .filter(|next| matches!(next, '"' | '\\'));
        let c = match escaped {
            Some(next) if quoted && c == '\\' => {
                chars.next();
                next
            }
            _ => c,
        };
        if let Some(piece) = piece {
            piece.push(c);
        }
    }
    trim_end(pieces.last_mut(), fixed);
    pieces
}

fn trim_end(piece: Option<&mut String>, fixed: usize) {
    if let Some(piece) = piece {
        let end = piece.trim_end().len().max(fixed);
        piece.truncate(end);
    }
}

/// Joins `name*0`, `name*1*`, … and decodes; an extended value goes before a plain one.
fn merge(named: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut sections = Vec::new();
    let mut plain = Vec::new();
    for (name, value) in named {
        match name.split_once('*') {
            Some((base, section)) => {
                let is_encoded = section.is_empty() || section.ends_with('*');
                let number: u32 = section.trim_end_matches('*').parse().unwrap_or(0);
                sections.push((base.to_owned(), number, is_encoded, value));
            }
            None => plain.push((name, words::decode(&value))),
        }
    }
    sections.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    let mut merged: Vec<(String, String)> = sections
        .chunk_by(|a, b| a.0 == b.0)
        .map(|group| (group[0].0.clone(), extended(group)))
        .collect();
    merged.append(&mut plain);
    merged
}

/// Decoded in one go, because a character may be cut in two between sections.
fn extended(sections: &[(String, u32, bool, String)]) -> String {
    let mut declared = None;
    let mut octets = Vec::new();
    for (at, (_, _, is_encoded, value)) in sections.iter().enumerate() {
        if !is_encoded {
            octets.extend_from_slice(value.as_bytes());
            continue;
        }
        let mut parts = value.splitn(3, '\'');
        let encoded = match (at, parts.next(), parts.next(), parts.next()) {
            (0, Some(name), Some(_), Some(encoded)) => {
                declared = Some(name);
                encoded
            }
            _ => value,
        };
        percent(encoded.as_bytes(), &mut octets);
    }
    words::decode(&charset::decode(&octets, declared.filter(|name| !name.is_empty())).0)
}

/// Undoes `%3C` and the like.
pub(super) fn percent(encoded: &[u8], octets: &mut Vec<u8>) {
    let mut rest = encoded;
    while let Some((&octet, after)) = rest.split_first() {
        rest = after;
        match hex_pair(rest) {
            Some((value, after)) if octet == b'%' => {
                octets.push(value);
                rest = after;
            }
            _ => octets.push(octet),
        }
    }
}

const MOST_PARAMETERS: usize = 100;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a/b; name=x", "x")]
    #[case("a/b; NAME = \"x; y\" ; z=1", "x; y")]
    #[case("a/b (see; this); name=x (or not)", "x")]
    #[case(r#"a/b; name="say \"hi\" c:\temp""#, r#"say "hi" c:\temp"#)]
    #[case("a/b; name==?utf-8?Q?=C3=BC?=", "ü")]
    #[case("a/b; name=\"=?utf-8?Q?=C3?= =?utf-8?Q?=BC?=.pdf\"", "ü.pdf")]
    #[case("a/b; name*=utf-8''%C3%BC%20x", "ü x")]
    #[case("a/b; name*=iso-8859-1'de'%FC", "ü")]
    #[case("a/b; name*1*=%BC.pdf; name*0*=UTF-8''%C3", "ü.pdf")]
    #[case("a/b; name*0=\"long \"; name*1=\"name\"", "long name")]
    #[case("a/b; name=plain; name*=utf-8''better", "better")]
    #[case("a/b; name*=no%20charset", "no charset")]
    #[case("a/b; name=\"never ends", "never ends")]
    #[case("a/b name=\"x y\"; z=1", "x y")]
    fn reads_a_parameter(#[case] text: &str, #[case] expected: &str) {
        let read = Parameterised::read(text);
        assert_eq!(read.value, "a/b");
        assert_eq!(read.get("name"), Some(expected));
    }
}

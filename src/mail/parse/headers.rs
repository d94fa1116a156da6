//! A block of headers, cut into fields (RFC 5322 section 2.2).

use std::borrow::Cow;

use super::words;
use crate::content::charset;

/// The headers of a mail or a part, in order. Names are compared without case.
#[derive(Debug, Default)]
pub(super) struct Headers<'a> {
    fields: Vec<(&'a str, &'a [u8])>,
    /// The character set of the mail's text, in which its program probably wrote raw headers, too.
    pub charset: Option<String>,
}

impl<'a> Headers<'a> {
    /// Reads the headers at the start of `text`, and says where the body begins. Lines in between
    /// that are none are skipped; at the end they belong to the body, whose blank line was lost.
    pub(super) fn read(text: &'a [u8]) -> (Self, usize) {
        let mut headers = Self::default();
        let mut at = 0;
        // Where lines that are no headers began, after the last one that is.
        let mut strange = None;
        while at < text.len() {
            let end = line_end(text, at);
            let line = &text[at..end];
            if line.trim_ascii_end().is_empty() {
                let is_fold = line.starts_with(b" ") || line.starts_with(b"\t");
                // RFC 5322 section 4.2: a folded line may be blank, as long as headers follow.
                if is_fold && goes_on(text, end) {
                    at = end;
                    continue;
                }
                return (headers, strange.unwrap_or(end));
            }
            let mut next = end;
            while matches!(text.get(next), Some(b' ' | b'\t'))
                && !text[next..line_end(text, next)].trim_ascii().is_empty()
            {
                next = line_end(text, next);
            }
            if let Some(name) = field_name(line) {
                strange = None;
                let value = &text[at + line.iter().position(|b| *b == b':').unwrap_or(0) + 1..next];
                let value = &value[..value.len().min(LONGEST_VALUE)];
                if headers.fields.len() < MOST_FIELDS {
                    headers.fields.push((name, value));
                }
            } else if !line.starts_with(b"From ") && !line.starts_with(b">From ") {
                strange.get_or_insert(at);
            }
            at = next;
        }
        (headers, strange.unwrap_or(text.len()))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.fields.iter().map(|(name, _)| *name)
    }

    /// Every field, in order.
    pub(super) fn each(&self) -> impl Iterator<Item = (&'a str, Value<'_>)> {
        let charset = self.charset.as_deref();
        self.fields
            .iter()
            .map(move |(name, octets)| (*name, Value { octets, charset }))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.names().any(|own| own.eq_ignore_ascii_case(name))
    }

    /// Values of every field of that name, unfolded but not decoded.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = Value<'_>> {
        self.fields
            .iter()
            .filter(move |(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, octets)| Value {
                octets,
                charset: self.charset.as_deref(),
            })
    }

    pub(super) fn first(&self, name: &str) -> Option<Value<'_>> {
        self.all(name).next()
    }

    /// The first field's value, decoded, on one line; `None` if it is blank.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let text = self.first(name)?.text();
        (!text.is_empty()).then_some(text)
    }
}

/// The raw value of a field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value<'a> {
    octets: &'a [u8],
    charset: Option<&'a str>,
}

impl<'a> Value<'a> {
    /// As Unicode, with line ends, but with encoded words as they are.
    pub(super) fn raw(self) -> Cow<'a, str> {
        match std::str::from_utf8(self.octets) {
            // ISO-2022-JP as it is.
            Ok(text) if text.contains('\u{1b}') => {
                Cow::Owned(charset::decode(self.octets, self.charset).0)
            }
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(charset::decode(self.octets, self.charset).0),
        }
    }

    /// Whether the character set had to be guessed: 8-bit text that isn't UTF-8 (RFC 6532).
    pub(super) fn is_guess(self) -> bool {
        std::str::from_utf8(self.octets).is_err()
    }

    /// Unfolded and decoded, on one line.
    pub(super) fn text(self) -> String {
        one_line(&words::decode(&self.unfolded()))
    }

    pub(super) fn unfolded(self) -> String {
        self.raw().replace(['\r', '\n'], "")
    }
}

/// Whether a field begins at `at`, or after a few more folded lines.
fn goes_on(text: &[u8], mut at: usize) -> bool {
    for _ in 0..MOST_FOLDED {
        let line = &text[at..line_end(text, at)];
        if !matches!(line.first(), Some(b' ' | b'\t')) {
            return field_name(line).is_some();
        }
        at += line.len();
    }
    false
}

/// Control characters become spaces, and runs of white space one space.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// The name in a line that begins a field.
pub(super) fn field_name(line: &[u8]) -> Option<&str> {
    let colon = line.iter().take(LONGEST_NAME).position(|b| *b == b':')?;
    let name = std::str::from_utf8(&line[..colon]).ok()?.trim_end();
    let sound = !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic());
    sound.then_some(name)
}

/// Where the line that begins at `at` ends, after its LF.
pub(super) fn line_end(text: &[u8], at: usize) -> usize {
    let line = text[at..].iter().position(|b| *b == b'\n');
    line.map_or(text.len(), |length| at + length + 1)
}

const LONGEST_NAME: usize = 200;
/// In octets; a To with a thousand addresses fits.
const LONGEST_VALUE: usize = 64 * 1024;
const MOST_FIELDS: usize = 2000;
/// Folded lines after a blank one.
const MOST_FOLDED: usize = 8;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::usual("A: b\r\n\r\nbody", "A=b", "body")]
    #[case::folded("A: b\r\n\tc\r\nD:e\r\n\r\n", "A=b c|D=e", "")]
    #[case::space_before_colon("A : b\n\nbody", "A=b", "body")]
    #[case::no_body("A: b", "A=b", "")]
    #[case::no_headers("\nbody", "", "body")]
    #[case::blank_line_lost("A: b\nHello you\nX: y z\n", "A=b|X=y z", "")]
    #[case::all_body("Hello you\n", "", "Hello you\n")]
    #[case::body_at_once("A: b\nHello you\n\nmore", "A=b", "Hello you\n\nmore")]
    #[case::mbox(">From x\nA: b\n\nbody", "A=b", "body")]
    #[case::blank_with_spaces("A: b\n  \nbody", "A=b", "body")]
    #[case::blank_fold("A: b\n  \nC: d\n\nbody", "A=b|C=d", "body")]
    #[case::blank_fold_amid("A: b,\n\t\n\tc\nC: d\n\nbody", "A=b,|C=d", "body")]
    #[case::indented_body("A: b\n \n c\nd\n", "A=b", " c\nd\n")]
    #[case::raw_utf8("A: ü\n\n", "A=ü", "")]
    fn reads(#[case] text: &str, #[case] fields: &str, #[case] body: &str) {
        let (headers, begin) = Headers::read(text.as_bytes());
        let shown: Vec<String> = headers
            .fields
            .iter()
            .map(|(name, value)| {
                let value = Value {
                    octets: value,
                    charset: None,
                };
                format!("{name}={}", value.text())
            })
            .collect();
        assert_eq!(shown.join("|"), fields);
        assert_eq!(&text[begin..], body);
    }
}

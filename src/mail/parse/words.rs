//! Encoded words in headers (RFC 2047): `=?utf-8?Q?Gr=C3=BC=C3=9Fe?=`.

use data_encoding::BASE64;

use super::transfer::{base64, hex_pair};
use crate::content::charset;

/// Decodes every encoded word in `text`.
pub(super) fn decode(text: &str) -> String {
    rewrite(text, str::to_owned, "=?")
}

/// Makes every run of encoded words one word in UTF-8, for a reader that decodes words one by one
/// and after the grammar around them; what only looks like an encoded word is broken up.
pub(super) fn join(text: &str) -> String {
    rewrite(
        text,
        |decoded| format!("=?utf-8?B?{}?=", BASE64.encode(decoded.as_bytes())),
        "= ?",
    )
}

/// Replaces every run of encoded words by what `write` makes of its text, and every `=?` that
/// begins none by `stray`.
fn rewrite(text: &str, write: impl Fn(&str) -> String, stray: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("=?") {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some((decoded, after)) = run(rest) {
            out.push_str(&write(&decoded));
            rest = after;
        } else {
            out.push_str(stray);
            rest = &rest[2..];
        }
    }
    out.push_str(rest);
    out
}

/// The text of the words at the start of `text` that stand side by side, and what follows them.
/// Neighbours in one character set are decoded as one: many programs cut a character in two.
fn run(text: &str) -> Option<(String, &str)> {
    let (mut word, mut rest) = Word::read(text)?;
    let mut out = String::new();
    while let Some((next, after)) = Word::read(rest.trim_start_matches([' ', '\t', '\r', '\n'])) {
        rest = after;
        if next.charset.eq_ignore_ascii_case(word.charset) {
            word.octets.extend_from_slice(&next.octets);
        } else {
            out.push_str(&word.text());
            word = next;
        }
    }
    out.push_str(&word.text());
    Some((out, rest))
}

struct Word<'a> {
    charset: &'a str,
    octets: Vec<u8>,
}

impl<'a> Word<'a> {
    fn read(text: &'a str) -> Option<(Self, &'a str)> {
        let body = text.strip_prefix("=?")?;
        let charset_end = body.bytes().take(LONGEST_NAME).position(|b| b == b'?')?;
        let (charset, body) = (&body[..charset_end], &body[charset_end + 1..]);
        // RFC 2231 section 5: a language may follow.
        let charset = charset.split('*').next().unwrap_or(charset);
        if charset.is_empty() || charset.contains(char::is_whitespace) {
            return None;
        }
        let encoding = body.as_bytes().first()?.to_ascii_uppercase();
        let body = body.get(1..)?.strip_prefix('?')?;
        let end = body
            .as_bytes()
            .windows(2)
            .take(LONGEST_WORD)
            .position(|pair| pair == b"?=");
        let (end, after) = match end {
            Some(end) => (end, end + 2),
            // The end of the field was cut off.
            None if body.len() <= LONGEST_WORD && !body.contains(char::is_whitespace) => {
                (body.trim_end_matches('?').len(), body.len())
            }
            None => return None,
        };
        let encoded = &body.as_bytes()[..end];
        let mut octets = Vec::with_capacity(end);
        match encoding {
            b'B' => base64(encoded, |octet| octets.push(octet)),
            b'Q' => q(encoded, &mut octets),
            _ => return None,
        }
        Some((Self { charset, octets }, &body[after..]))
    }

    fn text(&self) -> String {
        charset::decode(&self.octets, Some(self.charset)).0
    }
}

fn q(encoded: &[u8], octets: &mut Vec<u8>) {
    let mut rest = encoded;
    while let Some((&octet, after)) = rest.split_first() {
        rest = after;
        match octet {
            b'_' => octets.push(b' '),
            b'=' => {
                if let Some((value, after)) = hex_pair(rest) {
                    octets.push(value);
                    rest = after;
                } else {
                    octets.push(b'=');
                }
            }
            _ => octets.push(octet),
        }
    }
}

/// Of a character set, in octets; the longest in use has 28.
const LONGEST_NAME: usize = 64;
/// In octets. RFC 2047 allows 75, which not everybody keeps to.
const LONGEST_WORD: usize = 2000;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("plain = ?", "plain = ?")]
    #[case("=?utf-8?Q?Gr=C3=BC=C3=9Fe?= an alle", "Grüße an alle")]
    #[case("=?UTF-8?b?R3LDvMOfZQ==?=", "Grüße")]
    #[case("=?utf-8?Q?Gr=C3?=\r\n =?utf-8?Q?=BCn?=", "Grün")]
    #[case("=?utf-8?B?w7w=?= =?iso-8859-1?Q?=FC?=", "üü")]
    #[case("=?iso-8859-1*de?Q?=FCber_alles=3F?=", "über alles?")]
    #[case("=?utf-8?Q?What??= next", "What? next")]
    #[case("=?utf-8?B?R3LDvMOfZQ", "Grüße")]
    #[case("=?x-unknown?Q?Gr=FC=DFe_aus_M=FCnchen?=", "Grüße aus München")]
    #[case("=?iso-8859-1?Q?Gr=C3=BCn?=", "Grün")]
    #[case("\"=?utf-8?Q?a?=\" =?utf-8?q?b c?=", "\"a\" b c")]
    #[case("=?iso-2022-jp?B?GyRCJDMbKEI=?=", "こ")]
    #[case(
        "a =?utf-8?X?b?= =?utf-8?Q?never ends",
        "a =?utf-8?X?b?= =?utf-8?Q?never ends"
    )]
    fn decodes(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(decode(text), expected);
    }

    #[test]
    fn joins() {
        assert_eq!(
            join("=?utf-8?Q?=C3?= =?utf-8?Q?=BC,?= <a@b>, =?x"),
            "=?utf-8?B?w7ws?= <a@b>, = ?x"
        );
    }
}

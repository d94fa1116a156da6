//! Names of folders as the wire wants them: modified UTF-7 (RFC 3501 section 5.1.3), quoted.

use data_encoding::{Encoding, Specification};
use std::sync::LazyLock;

/// A name in modified UTF-7.
pub(super) fn encode(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        let shifted = rest.find(is_plain).unwrap_or(rest.len());
        if c == '&' {
            encoded.push_str("&-");
            rest = &rest[1..];
        } else if shifted == 0 {
            encoded.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            let units: Vec<u8> = rest[..shifted]
                .encode_utf16()
                .flat_map(u16::to_be_bytes)
                .collect();
            encoded.push('&');
            encoded.push_str(&BASE64.encode(&units));
            encoded.push('-');
            rest = &rest[shifted..];
        }
    }
    encoded
}

/// The name that was encoded so; what is no modified UTF-7 is taken as it stands.
pub(super) fn decode(encoded: &str) -> String {
    let mut name = String::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((before, after)) = rest.split_once('&') {
        name.push_str(before);
        let Some((shifted, behind)) = after.split_once('-') else {
            return encoded.to_owned();
        };
        if shifted.is_empty() {
            name.push('&');
        } else {
            let Some(text) = unshift(shifted) else {
                return encoded.to_owned();
            };
            name.push_str(&text);
        }
        rest = behind;
    }
    name.push_str(rest);
    name
}

fn unshift(text: &str) -> Option<String> {
    let bytes = BASE64.decode(text.as_bytes()).ok()?;
    let (units, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
    rest.is_empty().then(|| String::from_utf16(&units).ok())?
}

/// A quoted string. `text` must be on one line; beyond ASCII it is said as it is.
pub(super) fn quoted(text: &str) -> String {
    let text = text.replace(['\r', '\n', '\0'], " ");
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Stands for itself, but for `&`, which is told apart.
fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~')
}

/// With `,` in place of `/`, and without `=`.
static BASE64: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification
        .symbols
        .push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,");
    specification
        .encoding()
        .unwrap_or_else(|_| unreachable!("these are 64 symbols"))
});

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("INBOX", "INBOX")]
    #[case("Entwürfe", "Entw&APw-rfe")]
    #[case("Kunden & Co", "Kunden &- Co")]
    #[case("&", "&-")]
    #[case("ü&ü", "&APw-&-&APw-")]
    #[case("台北/日本語", "&U,BTFw-/&ZeVnLIqe-")]
    #[case("Post 📨", "Post &2D3c6A-")]
    #[case("a\tb", "a&AAk-b")]
    #[case("", "")]
    fn writes_and_reads(#[case] name: &str, #[case] encoded: &str) {
        assert_eq!(encode(name), encoded);
        assert_eq!(decode(encoded), name);
    }

    #[rstest]
    #[case("a & b")]
    #[case("&!-")]
    #[case("&2D0-")]
    #[case("Entwürfe")]
    fn leaves_what_is_none(#[case] text: &str) {
        assert_eq!(decode(text), text);
    }

    #[test]
    fn quotes() {
        assert_eq!(quoted(r#"a "b" \c"#), r#""a \"b\" \\c""#);
        assert_eq!(quoted("a\r\nP9 DELETE x"), "\"a  P9 DELETE x\"");
    }

    proptest! {
        #[test]
        fn every_name_comes_back(name in any::<String>()) {
            let encoded = encode(&name);
            prop_assert!(encoded.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            prop_assert_eq!(decode(&encoded), name);
        }

        #[test]
        fn any_text_can_be_read(text in any::<String>()) {
            decode(&text);
        }
    }
}

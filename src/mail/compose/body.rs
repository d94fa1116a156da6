//! The body: text and HTML as alternatives, in seven bits and short lines (RFC 2045, RFC 2046).

use data_encoding::HEXLOWER;
use lettre::message::{
    MultiPart, SinglePart,
    header::{ContentTransferEncoding, ContentType},
};
use sha2::{Digest, Sha256};

use crate::domain::ids::MessageId;

/// Both forms of the letter that is named by `id`; the later one is what most readers see.
pub(super) fn alternative(text: &str, html: &str, id: &MessageId) -> MultiPart {
    MultiPart::alternative()
        .boundary(boundary(id))
        .singlepart(part(ContentType::TEXT_PLAIN, text))
        .singlepart(part(ContentType::TEXT_HTML, html))
}

/// Never unencoded, as lettre would do it where it can: servers on the way may cut the space off a
/// line's end (the mark above a signature has one), and only an encoding keeps the boundary out of
/// the text.
fn part(content_type: ContentType, text: &str) -> SinglePart {
    let text = lines(text);
    // Spam filters count base64 against a text that could be read without it.
    let beyond_ascii = text.bytes().filter(|byte| !byte.is_ascii()).count();
    let encoding = if beyond_ascii * 2 > text.len() {
        ContentTransferEncoding::Base64
    } else {
        ContentTransferEncoding::QuotedPrintable
    };
    SinglePart::builder()
        .header(content_type)
        .header(encoding)
        .body(text)
}

/// Bound to the message, so that composing anew gives the same bytes; `=_` occurs in neither
/// transfer encoding, so no content can contain it (RFC 2045 section 6.7).
fn boundary(id: &MessageId) -> String {
    let digest = Sha256::digest(id.as_str().as_bytes());
    format!("=_{}", &HEXLOWER.encode(&digest)[..32])
}

/// The text with CRLF at the end of its lines, and without control characters: mail programs show
/// them as boxes or stop at them. lettre would see to the line ends, but by moving the whole rest
/// of the text for each: a mail of blank lines would keep it busy for minutes.
fn lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 32);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\r\n"),
            '\t' => out.push(c),
            _ if c.is_control() => {}
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn encoded(text: &str) -> String {
        let part = part(ContentType::TEXT_PLAIN, text);
        String::from_utf8(part.raw_body().to_vec()).unwrap()
    }

    #[rstest]
    #[case("Hello = world", "Hello =3D world")]
    #[case("a \n\tb\t\n", "a=20\r\n\tb=09\r\n")]
    #[case("The size, Größe", "The size, Gr=C3=B6=C3=9Fe")]
    #[case("a\r\n\r\nb\0", "a\r\n\r\nb")]
    #[case("OK\n\nAnn · Bootlin", "OK\r\n\r\nAnn =C2=B7 Bootlin")]
    #[case("日本", "5pel5pys")]
    #[case("", "")]
    fn encodes_what_could_be_harmed(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(encoded(text), expected);
    }

    #[test]
    fn breaks_long_lines() {
        let mixed = "é".repeat(500) + &"x ".repeat(2000);
        for text in [
            "x".repeat(1000),
            "é".repeat(1000),
            "日本".repeat(500),
            mixed,
        ] {
            let body = encoded(&text);
            assert!(body.lines().all(|line| line.len() <= 76), "{body}");
            assert!(body.is_ascii());
        }
    }

    #[test]
    fn a_million_lines_take_no_time() {
        assert_eq!(encoded(&"\n".repeat(1_000_000)).len(), 2_000_000);
    }
}

//! Bodies in seven bits, in lines that every server takes (RFC 2045 section 6).

use std::fmt::Write;

use data_encoding::BASE64_MIME;

/// One `text/…` part with its own header, ended by a line break.
pub(super) fn text_part(subtype: &str, text: &str) -> String {
    let mut part = format!("Content-Type: text/{subtype}; charset=utf-8\r\n");
    // Base64 once quoted-printable would make the text longer, as it does in most scripts but
    // Latin: three octets for each that isn't ASCII.
    let foreign = text.bytes().filter(|byte| !byte.is_ascii()).count();
    if foreign > text.len() / 6 {
        part.push_str("Content-Transfer-Encoding: base64\r\n\r\n");
        part.push_str(&BASE64_MIME.encode(with_crlf(text).as_bytes()));
    } else {
        part.push_str("Content-Transfer-Encoding: quoted-printable\r\n\r\n");
        quoted_printable(text, &mut part);
    }
    part
}

/// RFC 2045 section 6.7; every line is ended.
fn quoted_printable(text: &str, out: &mut String) {
    for line in text.lines() {
        let mut used = 0;
        let last = line.len().saturating_sub(1);
        for (at, byte) in line.bytes().enumerate() {
            let literal = match byte {
                b'=' => false,
                b'!'..=b'~' => true,
                b' ' | b'\t' => at != last,
                _ => false,
            };
            let length = if literal { 1 } else { 3 };
            if used + length > LINE - "=".len() {
                out.push_str("=\r\n");
                used = 0;
            }
            if literal {
                out.push(char::from(byte));
            } else {
                // Writing into a string can't fail.
                let _ = write!(out, "={byte:02X}");
            }
            used += length;
        }
        out.push_str("\r\n");
    }
}

fn with_crlf(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 32);
    for line in text.lines() {
        out.push_str(line);
        out.push_str("\r\n");
    }
    out
}

/// Octets of a line without its end.
const LINE: usize = 76;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Hello = world", "Hello =3D world\r\n")]
    #[case("a \n\tb\t\n", "a=20\r\n\tb=09\r\n")]
    #[case("Größe", "Gr=C3=B6=C3=9Fe\r\n")]
    #[case("a\r\n\r\nb", "a\r\n\r\nb\r\n")]
    #[case("", "")]
    fn quotes_what_is_not_printable(#[case] text: &str, #[case] expected: &str) {
        let mut out = String::new();
        quoted_printable(text, &mut out);
        assert_eq!(out, expected);
    }

    #[test]
    fn breaks_long_lines() {
        for text in ["x".repeat(1000), "é".repeat(1000), "日本".repeat(500)] {
            let part = text_part("plain", &text);
            assert!(part.lines().all(|line| line.len() <= 76), "{part}");
            assert!(part.is_ascii());
        }
    }
}

//! Bytes as text, whatever their label says.

mod label;
mod shifted;
mod utf16;
mod utf7;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, WINDOWS_1252};
use label::Declared;

/// Decodes `bytes`: as UTF-8 where they are valid UTF-8, else as `declared`, else as what they look
/// like; what can't be decoded becomes U+FFFD. The flag says that the declared character set was
/// missing, unknown or wrong, so that the result is a guess.
pub fn decode(bytes: &[u8], declared: Option<&str>) -> (String, bool) {
    let declared = declared.and_then(label::read);
    let by_label = match declared {
        Some(Declared::Utf7) => utf7::decode(bytes),
        Some(Declared::Utf16(order)) => Some(utf16::decode(bytes, order)),
        Some(Declared::Shifted(kind)) => shifted::decode(bytes, kind),
        Some(Declared::Dos) => dos(bytes),
        Some(Declared::Usual(_)) | None => None,
    };
    if let Some(text) = by_label {
        return (text, false);
    }
    if let Some(text) = utf16::detect(bytes) {
        return (text, true);
    }
    let usual = match declared {
        Some(Declared::Usual(encoding)) => Some(encoding),
        _ => None,
    };
    by_usual_rules(bytes, usual)
}

/// Whether the name of a character set tells how to read other text by the same program: Latin-1 is
/// said of anything.
pub fn is_telling(name: &str) -> bool {
    match label::read(name) {
        Some(Declared::Usual(encoding)) => encoding != WINDOWS_1252 && encoding != UTF_8,
        Some(_) => true,
        None => false,
    }
}

fn by_usual_rules(bytes: &[u8], declared: Option<&'static Encoding>) -> (String, bool) {
    let effective;
    let bytes = if declared == Some(ISO_2022_JP) {
        effective = without_idle_escapes(bytes);
        &effective
    } else {
        bytes
    };
    // ISO-2022-JP is valid ASCII, and so valid UTF-8: there the label counts, or the escapes.
    let has_escapes = bytes.contains(&0x1b);
    if !has_escapes && let Ok(text) = std::str::from_utf8(bytes) {
        let is_guess = !text.is_ascii() && declared != Some(UTF_8);
        return (text.trim_start_matches('\u{feff}').to_owned(), is_guess);
    }
    // A character that was cut, or a line that somebody added, proves no label wrong.
    for encoding in declared.into_iter().chain([UTF_8]) {
        let (text, _, has_errors) = encoding.decode(bytes);
        let fits = if encoding == UTF_8 {
            !has_escapes && is_mostly_right(&text)
        } else {
            !has_errors || is_mostly_right(&text)
        };
        if fits {
            let is_guess = has_errors || declared != Some(encoding);
            return (text.into_owned(), is_guess);
        }
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    let detected = detector.guess(None, Utf8Detection::Allow);
    let (text, _, has_errors) = detected.decode(bytes);
    match declared {
        // Neither fits: the label is the better witness for the bytes that can be read.
        Some(encoding) if has_errors => (encoding.decode(bytes).0.into_owned(), true),
        _ => (text.into_owned(), true),
    }
}

/// ISO-2022-JP without the escapes that another one follows at once, as they come about where encoded
/// words are joined; the decoder takes those for an attack and writes U+FFFD.
fn without_idle_escapes(bytes: &[u8]) -> Vec<u8> {
    let is_escape = |at: usize| matches!(bytes.get(at..at + 3), Some([0x1b, b'(' | b'$', _]));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if is_escape(at) && is_escape(at + 3) {
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    out
}

/// Whether far more characters outside of ASCII were read than could not be read.
fn is_mostly_right(text: &str) -> bool {
    let (mut wrong, mut right) = (0_usize, 0_usize);
    for character in text.chars().filter(|character| !character.is_ascii()) {
        match character {
            '\u{fffd}' => wrong += 1,
            _ => right += 1,
        }
    }
    wrong * 4 < right
}

/// What western DOS programs wrote; their sets differ in frames and Greek letters only.
fn dos(bytes: &[u8]) -> Option<String> {
    let decode = mail_parser::decoders::charsets::map::charset_decoder(b"cp850")?;
    Some(decode(bytes))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::ascii(b"plain", None, "plain", false)]
    #[case::utf8("Grüße".as_bytes(), Some("utf-8"), "Grüße", false)]
    #[case::utf8_with_wrong_label("Grüße".as_bytes(), Some("iso-8859-1"), "Grüße", true)]
    #[case::latin1(b"Gr\xfc\xdfe", Some("ISO-8859-1"), "Grüße", false)]
    #[case::no_label(b"Gr\xfc\xdfe aus M\xfcnchen", None, "Grüße aus München", true)]
    #[case::wrong_label(
        b"Gr\xfc\xdfe aus M\xfcnchen",
        Some("utf-8"),
        "Grüße aus München",
        true
    )]
    #[case::unknown_label(
        b"Gr\xfc\xdfe aus M\xfcnchen",
        Some("x-own"),
        "Grüße aus München",
        true
    )]
    #[case::japanese(b"\x1b$B$3\x1b(B", Some("iso-2022-jp"), "こ", false)]
    #[case::japanese_words(b"\x1b$B$3\x1b(B\x1b$B$s\x1b(B", Some("iso-2022-jp"), "こん", false)]
    #[case::no_such_ascii("Привет, как дела?".as_bytes(), Some("us-ascii"), "Привет, как дела?", true)]
    #[case::ascii_that_is_latin(
        b"Gr\xfc\xdfe aus M\xfcnchen",
        Some("us-ascii"),
        "Grüße aus München",
        true
    )]
    #[case::microsoft(b"\x93a\x94 \x80", Some("iso-8859-1"), "“a” €", false)]
    #[case::cut("Grüße, schöne Grüße aus Köln\u{e4}".as_bytes().split_last().unwrap().1, Some("utf-8"),
        "Grüße, schöne Grüße aus Köln\u{fffd}", true)]
    #[case::chinese(
        b"\xc4\xe3\xba\xc3\x81\x30\x81\x30",
        Some("gb2312"),
        "你好\u{80}",
        false
    )]
    #[case::unknown_8bit(
        b"Gr\xfc\xdfe aus M\xfcnchen",
        Some("unknown-8bit"),
        "Grüße aus München",
        true
    )]
    #[case::windows(b"\xcf\xf0\xe8\xe2\xe5\xf2", Some("\"CP-1251\""), "Привет", false)]
    #[case::list(b"\xfc", Some("iso8859-1:utf8"), "ü", false)]
    #[case::dos(b"Gr\x81n", Some("cp437"), "Grün", false)]
    #[case::utf7(b"Gr+APw-n 1 +- 1", Some("UTF-7"), "Grün 1 + 1", false)]
    #[case::utf16(b"\xff\xfeG\0\xfc\0", Some("utf-16"), "Gü", false)]
    #[case::utf16_undeclared(b"H\0e\0l\0l\0o\0 \0y\0o\0u\0", None, "Hello you", true)]
    #[case::korean(b"\x1b$)C\x0e>H3g\x0f hi", Some("iso-2022-kr"), "안녕 hi", false)]
    #[case::hz(b"~{VPND~} ~~", Some("hz-gb-2312"), "中文 ~", false)]
    #[case::mark(b"\xef\xbb\xbfa", Some("utf-8"), "a", false)]
    fn decodes(
        #[case] bytes: &[u8],
        #[case] declared: Option<&str>,
        #[case] text: &str,
        #[case] is_guess: bool,
    ) {
        assert_eq!(decode(bytes, declared), (text.to_owned(), is_guess));
    }
}

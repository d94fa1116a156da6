//! Bytes as text, whatever their label says.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8};

/// Decodes `bytes`: as UTF-8 where they are valid UTF-8, else as `declared`, else as what they look
/// like; what can't be decoded becomes U+FFFD. The flag says that the declared character set was
/// missing, unknown or wrong, so that the result is a guess.
pub fn decode(bytes: &[u8], declared: Option<&str>) -> (String, bool) {
    let declared = declared.and_then(|label| Encoding::for_label(label.trim().as_bytes()));
    // ISO-2022-JP is valid ASCII, and so valid UTF-8: there the label counts, or the escapes.
    let has_escapes = bytes.contains(&0x1b);
    if !has_escapes && let Ok(text) = std::str::from_utf8(bytes) {
        let is_guess = !text.is_ascii() && declared != Some(UTF_8);
        return (text.trim_start_matches('\u{feff}').to_owned(), is_guess);
    }
    if let Some(encoding) = declared {
        let (text, _, has_errors) = encoding.decode(bytes);
        if !has_errors {
            return (text.into_owned(), false);
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

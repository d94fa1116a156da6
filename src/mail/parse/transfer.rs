//! Content-Transfer-Encoding (RFC 2045 section 6), read leniently: what is damaged is skipped or
//! kept as it stands, never refused.

use std::borrow::Cow;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Identity,
    Base64,
    QuotedPrintable,
    /// As `uuencode` writes files, with or without the lines `begin` and `end`.
    Uuencode,
}

impl Encoding {
    /// By the header's value; what nobody knows is left as it is.
    pub(super) fn named(name: &str) -> Self {
        let word = name.split([';', '(', ',']).next().unwrap_or_default();
        let letters: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
        match letters.to_ascii_lowercase().as_str() {
            "base64" => Self::Base64,
            "quotedprintable" => Self::QuotedPrintable,
            "uuencode" | "xuuencode" | "uue" | "xuue" => Self::Uuencode,
            _ => Self::Identity,
        }
    }

    /// The encoding in which `encoded` really is: what calls itself base64, but has characters of
    /// other kinds throughout, was never encoded.
    pub(super) fn or_none(self, encoded: &[u8]) -> Self {
        if self != Self::Base64 {
            return self;
        }
        let is_foreign = |octet: &&u8| {
            !octet.is_ascii_alphanumeric() && !matches!(octet, b'+' | b'/' | b'=' | b'\r' | b'\n')
        };
        let foreign = encoded.iter().filter(is_foreign).count();
        if foreign > encoded.len() / 8 {
            Self::Identity
        } else {
            self
        }
    }

    pub(super) fn decode(self, encoded: &[u8]) -> Cow<'_, [u8]> {
        if self == Self::Identity {
            return Cow::Borrowed(encoded);
        }
        let mut decoded = Vec::with_capacity(encoded.len());
        self.each(encoded, |octet| decoded.push(octet));
        Cow::Owned(decoded)
    }

    /// About the first `wanted` octets of what [`Self::decode`] would give.
    pub(super) fn decode_start(self, encoded: &[u8], wanted: usize) -> Vec<u8> {
        // No encoding makes four octets of one, but for blank lines.
        let end = encoded.len().min(wanted * 4);
        let mut start = self.decode(&encoded[..end]).into_owned();
        start.truncate(wanted);
        start
    }

    /// How many octets [`Self::decode`] would give, without keeping them.
    pub(super) fn decoded_size(self, encoded: &[u8]) -> u64 {
        if self == Self::Identity {
            return encoded.len() as u64;
        }
        let mut size = 0;
        self.each(encoded, |_| size += 1);
        size
    }

    fn each(self, encoded: &[u8], emit: impl FnMut(u8)) {
        match self {
            Self::Identity => encoded.iter().copied().for_each(emit),
            Self::Base64 => base64(encoded, emit),
            Self::QuotedPrintable => quoted_printable(encoded, emit),
            Self::Uuencode => uuencode(encoded, emit),
        }
    }
}

/// Padding ends a group, not the text: some programs encode and pad line by line. What follows it
/// after a blank is no code.
pub(super) fn base64(encoded: &[u8], mut emit: impl FnMut(u8)) {
    let mut bits = 0_u32;
    let mut count = 0;
    let mut after_padding = false;
    let mut is_skipping = false;
    for octet in encoded {
        match octet {
            b'\n' => is_skipping = false,
            b' ' if after_padding => is_skipping = true,
            _ => {}
        }
        after_padding = *octet == b'=';
        if is_skipping {
            continue;
        }
        let value = match octet {
            b'A'..=b'Z' => octet - b'A',
            b'a'..=b'z' => octet - b'a' + 26,
            b'0'..=b'9' => octet - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => {
                count = 0;
                continue;
            }
            _ => continue,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            emit((bits >> count & 0xff) as u8);
        }
    }
}

fn quoted_printable(encoded: &[u8], mut emit: impl FnMut(u8)) {
    let mut rest = encoded;
    while let Some((&octet, after)) = rest.split_first() {
        rest = after;
        if octet != b'=' {
            emit(octet);
        } else if let Some((value, after)) = hex_pair(rest) {
            emit(value);
            rest = after;
        } else if let Some(after) = soft_break(rest) {
            rest = after;
        } else {
            emit(b'=');
        }
    }
}

/// Each line begins with its length as a character; lines that are none are skipped.
fn uuencode(encoded: &[u8], mut emit: impl FnMut(u8)) {
    for line in encoded.split(|octet| *octet == b'\n') {
        let line = line.trim_ascii_end();
        let Some((&length, characters)) = line.split_first() else {
            continue;
        };
        if !(b' '..=b'`').contains(&length) || line.starts_with(b"begin ") {
            continue;
        }
        // Blanks at the end may have been lost on the way.
        let mut left = usize::from(length.wrapping_sub(b' ') & 0x3f);
        let value = |at: usize| {
            let character = characters.get(at).copied().unwrap_or(b' ');
            u32::from(character.wrapping_sub(b' ') & 0x3f)
        };
        if characters.len() > left.div_ceil(3) * 4 + 2 || characters.len() < left * 3 / 4 {
            continue;
        }
        let mut at = 0;
        while left > 0 {
            let bits = (0..4).fold(0, |bits, next| bits << 6 | value(at + next));
            let [_, octets @ ..] = bits.to_be_bytes();
            octets.iter().take(left).for_each(|octet| emit(*octet));
            left = left.saturating_sub(3);
            at += 4;
        }
    }
}

/// The octet that two hexadecimal digits at the start of `text` stand for, and what follows.
pub(super) fn hex_pair(text: &[u8]) -> Option<(u8, &[u8])> {
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
    let value = digit(0)? * 16 + digit(1)?;
    Some((u8::try_from(value).ok()?, &text[2..]))
}

/// What follows a line end, before which white space may have been added on the way.
fn soft_break(text: &[u8]) -> Option<&[u8]> {
    // A line has at most 76 characters; the bound keeps hostile input linear.
    let blank = text
        .iter()
        .take(100)
        .take_while(|b| matches!(b, b' ' | b'\t' | b'\r'))
        .count();
    match text.get(blank) {
        Some(b'\n') => Some(&text[blank + 1..]),
        None => Some(&[]),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("aGVsbG8=", "hello")]
    #[case("aGVs\r\nbG8", "hello")]
    #[case("aGU=\r\nbGxv", "hello")]
    #[case("a!G*V@sbG8=\n-- \n", "hello\u{fffd}")]
    #[case("aGVsbG8= and so on\naGVsbG8=", "hellohello")]
    #[case("", "")]
    fn reads_base64(#[case] encoded: &str, #[case] expected: &str) {
        let decoded = Encoding::Base64.decode(encoded.as_bytes());
        assert_eq!(String::from_utf8_lossy(&decoded), expected);
        let size = Encoding::Base64.decoded_size(encoded.as_bytes());
        assert_eq!(size, decoded.len() as u64);
    }

    #[rstest]
    #[case("base64", Encoding::Base64)]
    #[case("\"Base64\" (see)", Encoding::Base64)]
    #[case("quoted_printable", Encoding::QuotedPrintable)]
    #[case("x-uuencode", Encoding::Uuencode)]
    #[case("8bit", Encoding::Identity)]
    fn knows_names(#[case] name: &str, #[case] encoding: Encoding) {
        assert_eq!(Encoding::named(name), encoding);
    }

    #[rstest]
    #[case("aGVsbG8=", Encoding::Base64)]
    #[case("aGVsbG8gd29ybGQsIGhlbGxvIQ==\n-- \n", Encoding::Base64)]
    #[case("this is a text, is it not?", Encoding::Identity)]
    #[case("", Encoding::Base64)]
    fn sees_what_was_never_encoded(#[case] encoded: &str, #[case] encoding: Encoding) {
        assert_eq!(Encoding::Base64.or_none(encoded.as_bytes()), encoding);
    }

    #[rstest]
    #[case("begin 644 a.txt\n%:&5L;&\\\n`\nend\n", "hello")]
    #[case("%:&5L;&\\\r\n", "hello")]
    #[case("no such line here at all\n%:&5L;&\\", "hello")]
    #[case("", "")]
    fn reads_uuencode(#[case] encoded: &str, #[case] expected: &str) {
        let decoded = Encoding::Uuencode.decode(encoded.as_bytes());
        assert_eq!(String::from_utf8_lossy(&decoded), expected);
    }

    #[rstest]
    #[case("a=3Db=\r\nc=20\r\n", "a=bc \r\n")]
    #[case("a= \t\nb", "ab")]
    #[case("1=2 =zz =", "1=2 =zz ")]
    #[case("=c3=BC", "ü")]
    fn reads_quoted_printable(#[case] encoded: &str, #[case] expected: &str) {
        let decoded = Encoding::QuotedPrintable.decode(encoded.as_bytes());
        assert_eq!(String::from_utf8_lossy(&decoded), expected);
    }
}

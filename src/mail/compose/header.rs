//! Header fields in ASCII, folded, and safe from whatever a name or subject may hold.

use data_encoding::BASE64;

use crate::{
    domain::{
        address::{EmailAddress, NamedAddress},
        ids::MessageId,
    },
    mail::punycode::ascii_address,
};

/// The header of a mail, written field by field.
#[derive(Debug, Default)]
pub(super) struct Header {
    out: String,
    /// Octets in the line that is being written.
    used: usize,
}

/// Octets of a line, without its end, where it can be folded (RFC 5322 section 2.1.1).
const LINE: usize = 76;
/// Octets of an encoded-word besides its text (RFC 2047 section 2).
const WRAPPING: usize = "=?utf-8?b??=".len();
/// Characters of a name or subject; what is longer is nobody's name and would only be cut later.
const LONGEST_TEXT: usize = 250;
/// Octets of a word that is written as it is; longer ones are encoded, so that they can be folded.
const LONGEST_WORD: usize = 60;
/// Octets of a Message-ID that fits on a line of its own (998 octets) with room to spare.
const LONGEST_ID: usize = 900;

impl Header {
    /// A field whose value is known to be ASCII, printable and short.
    pub(super) fn plain(&mut self, name: &str, value: &str) {
        self.begin(name);
        self.word(value);
        self.end();
    }

    /// Free text: `Subject`.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        let value = clean(value);
        self.begin(name);
        if value.split(' ').all(is_plain_word) {
            self.words(&value);
        } else {
            self.encoded(&value);
        }
        self.end();
    }

    /// Message-IDs; those that can't be written are left out, and the field where none is left.
    pub(super) fn ids<'a>(&mut self, name: &str, ids: impl IntoIterator<Item = &'a MessageId>) {
        let mut usable = ids
            .into_iter()
            .filter(|id| id.as_str().is_ascii() && id.as_str().len() <= LONGEST_ID)
            .peekable();
        if usable.peek().is_none() {
            return;
        }
        self.begin(name);
        for id in usable {
            self.word(&id.bracketed());
        }
        self.end();
    }

    /// Addresses with their names.
    ///
    /// An address that has no ASCII form stands there as a group without members, named by it
    /// (RFC 6857 section 3.1.8): people can read it, no server stumbles over it.
    pub(super) fn addresses<'a>(
        &mut self,
        name: &str,
        addresses: impl IntoIterator<Item = &'a NamedAddress>,
    ) {
        let mut addresses = addresses.into_iter().peekable();
        if addresses.peek().is_none() {
            return;
        }
        self.begin(name);
        while let Some(NamedAddress { name, address }) = addresses.next() {
            let comma = if addresses.peek().is_some() { "," } else { "" };
            let name = name.as_deref().map(clean).unwrap_or_default();
            match ascii_address(address) {
                Some(ascii) if name.is_empty() => self.word(&format!("{ascii}{comma}")),
                Some(ascii) => {
                    self.phrase(&name);
                    self.word(&format!("<{ascii}>{comma}"));
                }
                None => {
                    self.encoded(&readable(&name, address));
                    self.word(&format!(":;{comma}"));
                }
            }
        }
        self.end();
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    fn begin(&mut self, name: &str) {
        self.out.push_str(name);
        self.out.push(':');
        self.used = name.len() + 1;
    }

    fn end(&mut self) {
        self.out.push_str("\r\n");
    }

    /// Writes a word that can't be broken, on a new line where this one is full.
    fn word(&mut self, word: &str) {
        let at_name = self.out.ends_with(':');
        if !at_name && self.used + 1 + word.len() > LINE {
            self.fold();
        }
        self.out.push(' ');
        self.out.push_str(word);
        self.used += 1 + word.len();
    }

    /// Every word brings the space with which the new line has to begin.
    fn fold(&mut self) {
        self.out.push_str("\r\n");
        self.used = 0;
    }

    fn words(&mut self, text: &str) {
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            self.word(word);
        }
    }

    /// A display name: as atoms, as a quoted string, or encoded (RFC 5322 section 3.2.5).
    fn phrase(&mut self, name: &str) {
        let is_atom = |word: &str| word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !name.split(' ').all(is_plain_word) {
            self.encoded(name);
        } else if name.split(' ').all(is_atom) {
            self.words(name);
        } else {
            let escaped = name.replace('\\', r"\\").replace('"', "\\\"");
            self.words(&format!("\"{escaped}\""));
        }
    }

    /// Encoded-words that each end with a whole character (RFC 2047 section 5).
    fn encoded(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            // Four octets say three; a character has up to four.
            let room = LINE.saturating_sub(self.used + 1 + WRAPPING) / 4 * 3;
            if room < 6 {
                self.fold();
                continue;
            }
            let (now, later) = rest.split_at(rest.floor_char_boundary(room));
            let encoded = BASE64.encode(now.as_bytes());
            self.out.push_str(" =?utf-8?b?");
            self.out.push_str(&encoded);
            self.out.push_str("?=");
            self.used += 1 + WRAPPING + encoded.len();
            rest = later;
        }
    }
}

/// One line of printable text: no control characters, single spaces, at most [`LONGEST_TEXT`]
/// characters.
pub(super) fn clean(text: &str) -> String {
    let is_gap = |c: char| c.is_whitespace() || c.is_control();
    let mut clean = String::new();
    for word in text.split(is_gap).filter(|word| !word.is_empty()) {
        if !clean.is_empty() {
            clean.push(' ');
        }
        clean.push_str(word);
    }
    match clean.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => clean[..end].trim_end().to_owned(),
        None => clean,
    }
}

/// Whether a word of cleaned text means itself when it is written as it is.
fn is_plain_word(word: &str) -> bool {
    word.is_ascii() && word.len() <= LONGEST_WORD && !word.contains("=?")
}

fn readable(name: &str, address: &EmailAddress) -> String {
    if name.is_empty() {
        address.to_string()
    } else {
        format!("{name} {address}")
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn named(name: &str, address: &str) -> NamedAddress {
        NamedAddress {
            name: (!name.is_empty()).then(|| name.to_owned()),
            address: EmailAddress::parse(address).unwrap(),
        }
    }

    #[rstest]
    #[case("Release 2.1", "Subject: Release 2.1\r\n")]
    #[case("a \t b\r\nBcc: x@y", "Subject: a b Bcc: x@y\r\n")]
    #[case("Größe", "Subject: =?utf-8?b?R3LDtsOfZQ==?=\r\n")]
    #[case("=?utf-8?q?x?=", "Subject: =?utf-8?b?PT91dGYtOD9xP3g/PQ==?=\r\n")]
    #[case("", "Subject:\r\n")]
    fn texts(#[case] text: &str, #[case] expected: &str) {
        let mut header = Header::default();
        header.text("Subject", text);
        assert_eq!(header.finish(), expected);
    }

    #[rstest]
    #[case("Jane Doe", "jane@acme.com", "To: Jane Doe <jane@acme.com>\r\n")]
    #[case("", "jane@acme.com", "To: jane@acme.com\r\n")]
    #[case(
        "Doe, \"J.\"",
        "j@acme.com",
        "To: \"Doe, \\\"J.\\\"\" <j@acme.com>\r\n"
    )]
    #[case(
        "Jürgen",
        "j@ä.example",
        "To: =?utf-8?b?SsO8cmdlbg==?= <j@xn--4ca.example>\r\n"
    )]
    #[case(
        "",
        "jürgen@acme.com",
        "To: =?utf-8?b?asO8cmdlbkBhY21lLmNvbQ==?= :;\r\n"
    )]
    fn addresses(#[case] name: &str, #[case] address: &str, #[case] expected: &str) {
        let mut header = Header::default();
        header.addresses("To", [&named(name, address)]);
        assert_eq!(header.finish(), expected);
    }

    #[test]
    fn many_addresses_are_folded() {
        let all: Vec<_> = (0..9)
            .map(|n| named("Größe und Maß", &format!("jane{n}@acme.example")))
            .collect();
        let mut header = Header::default();
        header.addresses("Cc", &all);
        let written = header.finish();
        assert!(written.lines().all(|line| line.len() <= 76), "{written}");
        assert_eq!(written.matches("<jane").count(), 9);
    }
}

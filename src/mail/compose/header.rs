//! The header fields in which people's words stand: subject, names and addresses.
//!
//! lettre's own fields don't do for them. They write an ASCII word as it is, even one that reads as
//! an encoded-word or fills a line, and never fold between addresses: fifty recipients would
//! exceed the 998 octets of a line (RFC 5322 section 2.1.1). So the fields are put together here,
//! from the pieces that lettre is made of.

use std::fmt::{self, Write};

use email_encoding::headers::{rfc2047, writer::EmailWriter};
use lettre::message::header::{HeaderName, HeaderValue};

use crate::{
    domain::address::{EmailAddress, NamedAddress},
    mail::punycode::ascii_address,
};

/// Characters of a name or subject; what is longer is nobody's name and would only be cut later.
const LONGEST_TEXT: usize = 250;
/// Octets of a word that is written as it is; longer ones are encoded, so that they can be folded.
const LONGEST_WORD: usize = 60;

/// Free text: `Subject`.
pub(super) fn text(name: &'static str, value: &str) -> HeaderValue {
    let value = clean(value);
    let name = HeaderName::new_from_ascii_str(name);
    if value
        .split(' ')
        .all(|word| !word.is_ascii() || is_plain_word(word))
    {
        HeaderValue::new(name, value)
    } else {
        field(name, |writer| rfc2047::encode(&value, writer))
    }
}

/// Addresses with their names.
///
/// An address that has no ASCII form stands there as it is if `utf8` says that the mail goes by
/// servers that know such (RFC 6532). Else it is a group without members, named by it
/// (RFC 6857 section 3.1.8): people can read it, no server stumbles over it.
pub(super) fn addresses(name: &'static str, addresses: &[NamedAddress], utf8: bool) -> HeaderValue {
    field(HeaderName::new_from_ascii_str(name), |writer| {
        for (at, address) in addresses.iter().enumerate() {
            let is_last = at + 1 == addresses.len();
            write_address(address, if is_last { "" } else { "," }, utf8, writer)?;
            writer.space();
        }
        Ok(())
    })
}

/// `comma` follows the address on the same line.
fn write_address(
    address: &NamedAddress,
    comma: &str,
    utf8: bool,
    writer: &mut EmailWriter<'_>,
) -> fmt::Result {
    let NamedAddress { name, address } = address;
    let name = name.as_deref().map(clean).unwrap_or_default();
    let as_it_is = || utf8.then(|| address.as_str().to_owned());
    match ascii_address(address).or_else(as_it_is) {
        Some(address) if name.is_empty() => {
            writer.folding().write_str(&format!("{address}{comma}"))
        }
        Some(address) => {
            write_phrase(&name, writer)?;
            writer.space();
            writer.folding().write_str(&format!("<{address}>{comma}"))
        }
        None => {
            rfc2047::encode(&readable(&name, address), writer)?;
            writer.space();
            writer.folding().write_str(&format!(":;{comma}"))
        }
    }
}

/// A display name: as atoms, as a quoted string, or encoded (RFC 5322 section 3.2.5). What can be
/// written plainly is: spam filters count needless encoding against a mail.
pub(super) fn write_phrase(name: &str, writer: &mut EmailWriter<'_>) -> fmt::Result {
    let is_atom = |word: &str| word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let quoted = format!("\"{}\"", name.replace('\\', r"\\").replace('"', "\\\""));
    if !quoted.split(' ').all(is_plain_word) {
        rfc2047::encode(name, writer)
    } else if name.split(' ').all(is_atom) {
        writer.folding().write_str(name)
    } else {
        writer.folding().write_str(&quoted)
    }
}

pub(super) fn field(
    name: HeaderName,
    write: impl FnOnce(&mut EmailWriter<'_>) -> fmt::Result,
) -> HeaderValue {
    let mut value = String::new();
    let used = name.len() + ": ".len();
    let mut writer = EmailWriter::new(&mut value, used, 0, false);
    // Writing into a string can't fail.
    let _ = write(&mut writer);
    drop(writer);
    let value = value.trim_end().to_owned();
    HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value)
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
    use lettre::message::header::Headers;
    use rstest::rstest;

    use super::*;

    fn named(name: &str, address: &str) -> NamedAddress {
        NamedAddress {
            name: (!name.is_empty()).then(|| name.to_owned()),
            address: EmailAddress::parse(address).unwrap(),
        }
    }

    fn written(value: HeaderValue) -> String {
        let mut headers = Headers::new();
        headers.insert_raw(value);
        headers.to_string()
    }

    #[rstest]
    #[case("Release 2.1", "Subject: Release 2.1\r\n")]
    #[case("a \t b\r\nBcc: x@y", "Subject: a b Bcc: x@y\r\n")]
    #[case("Größe", "Subject: =?utf-8?b?R3LDtsOfZQ==?=\r\n")]
    #[case("Re: Größe 2", "Subject: Re: =?utf-8?b?R3LDtsOfZQ==?= 2\r\n")]
    #[case("=?utf-8?q?x?=", "Subject: =?utf-8?b?PT91dGYtOD9xP3g/PQ==?=\r\n")]
    #[case("", "Subject: \r\n")]
    fn texts(#[case] value: &str, #[case] expected: &str) {
        assert_eq!(written(text("Subject", value)), expected);
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
    fn one_address(#[case] name: &str, #[case] address: &str, #[case] expected: &str) {
        assert_eq!(
            written(addresses("To", &[named(name, address)], false)),
            expected
        );
    }

    #[rstest]
    #[case("Größe und Maß")]
    #[case("Anna \\\" \"\\ Meyer, Exemple SARL")]
    #[case("")]
    fn many_addresses_are_folded(#[case] name: &str) {
        let all: Vec<_> = (0..60)
            .map(|n| named(name, &format!("jane{n}@acme.example")))
            .collect();
        let written = written(addresses("Cc", &all, false));
        assert!(written.lines().all(|line| line.len() <= 76), "{written}");
        assert_eq!(written.matches("@acme.example").count(), 60);
        assert_eq!(
            written.matches(',').count(),
            59 + name.matches(',').count() * 60
        );
    }
}

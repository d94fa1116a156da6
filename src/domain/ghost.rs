//! The ids of ghosts. A ghost's id is readable but is not the address: every member and federated
//! server sees it, and it outlives erasure. The stored mapping is the truth.

use std::fmt::Write as _;

use super::address::EmailAddress;

/// What every ghost's localpart begins with.
pub const PREFIX: &str = "_email_";

/// Length of the random end that keeps two Janes apart.
pub const TAIL_LENGTH: usize = 4;

/// A new ghost's localpart, such as `_email_jane.doe.k7f3`: what people call the contact, in the
/// characters that Matrix allows (spec: Identifier Grammar, User Identifiers), at most 40 of them,
/// and `tail` from chance.
#[must_use]
pub fn localpart(name: &str, address: &EmailAddress, tail: &str) -> String {
    let readable = readable(name);
    let readable = if readable.is_empty() {
        self::readable(address.local_part())
    } else {
        readable
    };
    let readable = if readable.is_empty() {
        "contact".to_owned()
    } else {
        readable
    };
    format!("{PREFIX}{readable}.{tail}")
}

/// The address that somebody wrote into a ghost's localpart to invite a person who may be new:
/// `_email_jane=40acme.com`, with `=xx` for the octets that Matrix does not allow, or a plain `@`
/// that a client let through. `None` if it is no address; then it can only be a known ghost.
#[must_use]
pub fn address_in(localpart: &str) -> Option<EmailAddress> {
    let written = localpart.strip_prefix(PREFIX)?;
    let mut bytes = Vec::with_capacity(written.len());
    let mut rest = written.as_bytes();
    while let [first, tail @ ..] = rest {
        let octet = match tail {
            [high, low, ..] if *first == b'=' => hex(*high).zip(hex(*low)),
            _ => None,
        };
        if let Some((high, low)) = octet {
            bytes.push(high << 4 | low);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    EmailAddress::parse(&String::from_utf8(bytes).ok()?).ok()
}

/// The address written as a localpart, as [`address_in`] reads it: what anybody can work out, and no
/// contact's own ghost.
#[must_use]
pub fn placeholder(address: &EmailAddress) -> String {
    let mut localpart = PREFIX.to_owned();
    for octet in address.key().bytes() {
        match octet {
            b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-' | b'+' => {
                localpart.push(char::from(octet));
            }
            _ => {
                let _never_fails = write!(localpart, "={octet:02x}");
            }
        }
    }
    localpart
}

fn readable(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => out.push(c),
            'ä' | 'à' | 'á' | 'â' | 'ã' | 'å' => out.push('a'),
            'é' | 'è' | 'ê' | 'ë' => out.push('e'),
            'í' | 'ì' | 'î' | 'ï' => out.push('i'),
            'ö' | 'ó' | 'ò' | 'ô' | 'õ' | 'ø' => out.push('o'),
            'ü' | 'ú' | 'ù' | 'û' => out.push('u'),
            'ç' => out.push('c'),
            'ñ' => out.push('n'),
            'ß' => out.push_str("ss"),
            _ if !out.is_empty() && !out.ends_with('.') => out.push('.'),
            _ => {}
        }
        if out.len() >= 40 {
            break;
        }
    }
    out.trim_end_matches('.').to_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Jane Doe", "_email_jane.doe.k7f3")]
    #[case("", "_email_j.d.k7f3")]
    #[case("Jürgen  Groß (Acme)", "_email_jurgen.gross.acme.k7f3")]
    #[case("李小龍", "_email_j.d.k7f3")]
    fn names_are_readable(#[case] name: &str, #[case] expected: &str) {
        let address = EmailAddress::parse("j.d@acme.com").unwrap();
        assert_eq!(localpart(name, &address, "k7f3"), expected);
    }

    #[rstest]
    #[case("_email_jane=40acme.com", Some("jane@acme.com"))]
    #[case("_email_jane=2bx=40acme.com", Some("jane+x@acme.com"))]
    #[case("_email_jane@acme.com", Some("jane@acme.com"))]
    #[case("_email_jane.doe.k7f3", None)]
    #[case("jane=40acme.com", None)]
    #[case("_email_=ff=40acme.com", None)]
    fn addresses_in_localparts(#[case] localpart: &str, #[case] expected: Option<&str>) {
        assert_eq!(
            address_in(localpart).as_ref().map(EmailAddress::as_str),
            expected
        );
    }
}

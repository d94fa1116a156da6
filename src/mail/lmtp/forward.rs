//! XFORWARD and XCLIENT: a mail server says who handed a mail to it
//! (<https://www.postfix.org/XFORWARD_README.html>, <https://www.postfix.org/XCLIENT_README.html>).

use std::net::IpAddr;

use crate::ports::Client;

/// What is read of what may be said; the rest is passed over.
pub(super) const ATTRIBUTES: &str = "NAME ADDR PROTO HELO SOURCE PORT IDENT";

/// For how long a word counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// XFORWARD: for the next mail.
    Mail,
    /// XCLIENT: until the connection ends.
    Session,
}

#[derive(Debug, Default)]
pub(super) struct Forward {
    mail: Word,
    session: Word,
}

#[derive(Debug, Clone, Default)]
struct Word {
    address: Option<IpAddr>,
    helo: String,
}

impl Forward {
    /// Reads `ADDR=192.0.2.1 HELO=mail.acme.com`; several commands in a row add up. The error is the
    /// answer to give.
    pub(super) fn read(&mut self, kind: Kind, attributes: &str) -> Result<(), &'static str> {
        let word = match kind {
            Kind::Mail => &mut self.mail,
            Kind::Session => &mut self.session,
        };
        let mut read = word.clone();
        for attribute in attributes.split_ascii_whitespace() {
            let (name, value) = attribute
                .split_once('=')
                .ok_or("501 5.5.4 Write NAME=value")?;
            let value = decoded(value).ok_or("501 5.5.4 Bad attribute value")?;
            let is_known = !matches!(value.as_str(), "[UNAVAILABLE]" | "[TEMPUNAVAIL]" | "");
            match name.to_ascii_uppercase().as_str() {
                "ADDR" if is_known => {
                    read.address =
                        Some(address(&value).ok_or("501 5.5.4 ADDR is not an IP address")?);
                }
                "ADDR" => read.address = None,
                "HELO" if is_known => read.helo = value,
                "HELO" => read.helo = String::new(),
                _ => {}
            }
        }
        *word = read;
        Ok(())
    }

    /// Who handed the mail to the client, which is over: what is said of the next one is new.
    pub(super) fn end_of_mail(&mut self) -> Option<Client> {
        let mail = std::mem::take(&mut self.mail);
        let word = if mail.address.is_some() {
            mail
        } else {
            self.session.clone()
        };
        let Word { address, helo } = word;
        address.map(|address| Client { address, helo })
    }
}

fn address(value: &str) -> Option<IpAddr> {
    let tagged = value
        .get(..5)
        .filter(|tag| tag.eq_ignore_ascii_case("ipv6:"));
    let bare = tagged.map_or(value, |tag| &value[tag.len()..]);
    let address: IpAddr = bare.parse().ok()?;
    Some(address.to_canonical())
}

/// Without the `+XX` that stand for odd octets (RFC 3461 section 4).
fn decoded(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        if octet == b'+' {
            let digit = |octet: Option<u8>| char::from(octet?).to_digit(16);
            let value = digit(rest.next())? * 16 + digit(rest.next())?;
            octets.push(u8::try_from(value).ok()?);
        } else {
            octets.push(octet);
        }
    }
    let decoded = String::from_utf8(octets).ok()?;
    (!decoded.contains(char::is_control)).then_some(decoded)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("ADDR=192.0.2.1 HELO=mail.acme.com", Some(("192.0.2.1", "mail.acme.com")))]
    #[case("name=x addr=IPV6:2001:db8::1 proto=ESMTP", Some(("2001:db8::1", "")))]
    #[case("ADDR=::ffff:192.0.2.1", Some(("192.0.2.1", "")))]
    #[case("ADDR=192.0.2.1 HELO=a+20b", Some(("192.0.2.1", "a b")))]
    #[case("ADDR=[UNAVAILABLE] HELO=[UNAVAILABLE]", None)]
    #[case("HELO=mail.acme.com", None)]
    #[case("", None)]
    fn reads(#[case] attributes: &str, #[case] expected: Option<(&str, &str)>) {
        let mut forward = Forward::default();
        forward.read(Kind::Mail, attributes).unwrap();
        let expected = expected.map(|(address, helo)| Client {
            address: address.parse().unwrap(),
            helo: helo.to_owned(),
        });
        assert_eq!(forward.end_of_mail(), expected);
        assert_eq!(forward.end_of_mail(), None, "it was about one mail");
    }

    #[rstest]
    #[case("ADDR")]
    #[case("ADDR=mail.acme.com")]
    #[case("HELO=a+0Ab")]
    #[case("HELO=a+zz")]
    #[case("HELO=a+2")]
    fn refuses(#[case] attributes: &str) {
        let mut forward = Forward::default();
        forward.read(Kind::Session, "ADDR=192.0.2.1").unwrap();
        assert!(forward.read(Kind::Session, attributes).is_err());
        let kept = forward.end_of_mail().map(|client| client.address);
        assert_eq!(kept, "192.0.2.1".parse().ok(), "nothing was changed");
    }

    #[test]
    fn two_commands_add_up_and_a_session_lasts() {
        let mut forward = Forward::default();
        forward.read(Kind::Mail, "ADDR=192.0.2.1").unwrap();
        forward.read(Kind::Mail, "HELO=mail.acme.com").unwrap();
        forward.read(Kind::Session, "ADDR=192.0.2.9").unwrap();
        assert_eq!(forward.end_of_mail().unwrap().helo, "mail.acme.com");
        for _ in 0..2 {
            let client = forward.end_of_mail().unwrap();
            assert_eq!(client.address.to_string(), "192.0.2.9");
        }
    }
}

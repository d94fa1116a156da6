//! The codes with which servers say what became of a mail.

use std::fmt;

use serde::{Serialize, Serializer};

/// An enhanced status code such as 5.1.1 (RFC 3463).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusCode {
    /// 2 delivered, 4 not yet, 5 never.
    pub class: u8,
    /// 1 the address, 2 the mailbox, 3 the system, 4 the network, 5 the protocol, 6 the content,
    /// 7 a policy; 0 anything.
    pub subject: u16,
    pub detail: u16,
}

impl StatusCode {
    /// Reads `5.1.1`, and nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('.');
        let mut next = |most: usize| {
            let digits = numbers.next()?;
            let sound = (1..=most).contains(&digits.len())
                && digits.bytes().all(|octet| octet.is_ascii_digit());
            sound.then(|| digits.parse::<u16>().ok())?
        };
        let (class, subject, detail) = (next(1)?, next(1)?, next(3)?);
        let class = u8::try_from(class).ok()?;
        let sound = numbers.next().is_none() && matches!(class, 2 | 4 | 5);
        sound.then_some(Self {
            class,
            subject,
            detail,
        })
    }

    /// The first failure's code within a text, if possible one that says more than its class;
    /// addresses of four numbers are none.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        let codes = || {
            pieces(text)
                .filter_map(|piece| Self::parse(piece.trim_end_matches('.')))
                .filter(|code| code.class != 2)
        };
        codes()
            .find(|code| !code.is_vague())
            .or_else(|| codes().next())
    }

    /// Whether it says no more than the class.
    #[must_use]
    pub fn is_vague(self) -> bool {
        self.subject == 0 || self.detail == 0
    }

    #[must_use]
    pub fn is_permanent(self) -> bool {
        self.class == 5
    }
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

impl Serialize for StatusCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The first reply code of a failure within a text, 400 to 599 (RFC 5321 section 4.2).
#[must_use]
pub fn reply_code(text: &str) -> Option<u16> {
    let is_code = |piece: &&str| {
        let octets = piece.as_bytes();
        octets.len() == 3
            && matches!(octets[0], b'4' | b'5')
            && (b'0'..=b'7').contains(&octets[1])
            && octets[2].is_ascii_digit()
    };
    pieces(text).find(is_code)?.parse().ok()
}

fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.'))
        .filter(|piece| !piece.is_empty())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("5.1.1", Some("5.1.1"))]
    #[case("4.7.650", Some("4.7.650"))]
    #[case("5.1", None)]
    #[case("5.1.1.1", None)]
    #[case("3.1.1", None)]
    #[case("5.10.1", None)]
    #[case("5..1", None)]
    #[case("", None)]
    fn reads_a_code(#[case] text: &str, #[case] expected: Option<&str>) {
        let code = StatusCode::parse(text).map(|code| code.to_string());
        assert_eq!(code.as_deref(), expected);
    }

    #[rstest]
    #[case("550-5.7.26 no", Some("5.7.26"), Some(550))]
    #[case("host 10.5.1.1 said: 451 (#4.3.0)", Some("4.3.0"), Some(451))]
    #[case("sent 250 2.0.0 OK, then 552 5.2.2.", Some("5.2.2"), Some(552))]
    #[case("Exim 4.80 of 1999 says 590", None, None)]
    #[case("", None, None)]
    fn finds_codes(#[case] text: &str, #[case] status: Option<&str>, #[case] reply: Option<u16>) {
        let code = StatusCode::find(text).map(|code| code.to_string());
        assert_eq!(code.as_deref(), status);
        assert_eq!(reply_code(text), reply);
    }
}

//! What a server's certificate says about itself (RFC 5280 section 4.1), for who has to renew it.
//! Whether it is to be believed, TLS decides.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr},
};

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use rustls::CertificateError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Host names and IP addresses for which it stands.
    pub names: Vec<String>,
    /// The last moment at which it is valid.
    pub not_after: Timestamp,
}

impl Certificate {
    /// Reads a certificate in DER; `None` if it is none, or is unlike what authorities issue.
    #[must_use]
    pub fn read(der: &[u8]) -> Option<Self> {
        let (certificate, _) = element(SEQUENCE, der)?;
        let (mut fields, _) = element(SEQUENCE, certificate)?;
        if let Some((_, rest)) = element(VERSION, fields) {
            fields = rest;
        }
        // Serial number, algorithm and issuer.
        for _ in 0..3 {
            (_, _, fields) = first(fields)?;
        }
        let (validity, mut fields) = element(SEQUENCE, fields)?;
        let (_, _, not_after) = first(validity)?;
        let mut names = Vec::new();
        // Subject, key, two unique ids that nobody uses, and at the end the extensions.
        while let Some((tag, content, rest)) = first(fields) {
            if tag == EXTENSIONS {
                names = alternative_names(element(SEQUENCE, content)?.0);
            }
            fields = rest;
        }
        Some(Self {
            names,
            not_after: time(not_after)?,
        })
    }
}

/// Why a certificate isn't believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    #[error("it has expired")]
    Expired,
    #[error("it is not valid yet")]
    NotYetValid,
    #[error("it is for another name")]
    OtherName,
    #[error("nobody whom we trust has signed it")]
    Untrusted,
    #[error("{0}")]
    Other(String),
}

impl CertificateFault {
    /// What TLS had against the certificate, if that is why it failed.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<Self> {
        let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
        let rustls::Error::InvalidCertificate(fault) = error else {
            return None;
        };
        Some(match fault {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                CertificateFault::NotYetValid
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                CertificateFault::OtherName
            }
            CertificateError::UnknownIssuer => CertificateFault::Untrusted,
            other => CertificateFault::Other(other.to_string()),
        })
    }
}

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;
/// An element with the id of the subject's alternative names, 2.5.29.17.
const ALTERNATIVE_NAMES: [u8; 5] = [0x06, 0x03, 0x55, 0x1d, 0x11];

/// The first element: tag, content, and what follows.
fn first(input: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = input.split_first_chunk()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if digits.len() > 4 {
            return None;
        }
        let length = digits
            .iter()
            .fold(0, |length, digit| length << 8 | usize::from(*digit));
        (length, rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// The content of the first element, which must have this tag, and what follows.
fn element(tag: u8, input: &[u8]) -> Option<(&[u8], &[u8])> {
    first(input)
        .filter(|(found, ..)| *found == tag)
        .map(|(_, content, rest)| (content, rest))
}

fn alternative_names(mut extensions: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    while let Some((extension, rest)) = element(SEQUENCE, extensions) {
        extensions = rest;
        let Some(content) = extension.strip_prefix(&ALTERNATIVE_NAMES) else {
            continue;
        };
        // A flag may stand in between; the value is a string of octets that hold a sequence.
        let mut fields = content;
        let mut value = None;
        while let Some((_, content, rest)) = first(fields) {
            value = Some(content);
            fields = rest;
        }
        let mut list = value
            .and_then(|value| element(SEQUENCE, value))
            .map_or(&[][..], |(list, _)| list);
        while let Some((tag, name, rest)) = first(list) {
            names.extend(name_in(tag, name));
            list = rest;
        }
    }
    names
}

fn name_in(tag: u8, name: &[u8]) -> Option<String> {
    match tag {
        DNS_NAME => {
            let name = std::str::from_utf8(name).ok()?;
            let is_plain = name.bytes().all(|byte| byte.is_ascii_graphic());
            is_plain.then(|| name.to_owned())
        }
        IP_ADDRESS => <[u8; 4]>::try_from(name)
            .map(|octets| Ipv4Addr::from(octets).to_string())
            .or_else(|_| <[u8; 16]>::try_from(name).map(|it| Ipv6Addr::from(it).to_string()))
            .ok(),
        _ => None,
    }
}

/// Years of two digits are those from 1950 to 2049 (RFC 5280 section 4.1.2.5.1).
fn time(input: &[u8]) -> Option<Timestamp> {
    let (tag, content, _) = first(input)?;
    let text = std::str::from_utf8(content).ok()?;
    let text = match tag {
        UTC_TIME if text < "50" => format!("20{text}"),
        UTC_TIME => format!("19{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let time = DateTime::strptime("%Y%m%d%H%M%SZ", text).ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn issued() -> Vec<u8> {
        let names = [
            "mail.example.org",
            "*.example.org",
            "192.0.2.7",
            "2001:db8::1",
        ];
        let mut wanted = rcgen::CertificateParams::new(names.map(str::to_owned)).unwrap();
        wanted.not_after = rcgen::date_time_ymd(2031, 5, 17);
        let key = rcgen::KeyPair::generate().unwrap();
        wanted.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn tells_names_and_end() {
        let expected = Certificate {
            names: [
                "mail.example.org",
                "*.example.org",
                "192.0.2.7",
                "2001:db8::1",
            ]
            .map(str::to_owned)
            .to_vec(),
            not_after: "2031-05-17T00:00:00Z".parse().unwrap(),
        };
        assert_eq!(Certificate::read(&issued()), Some(expected));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = Certificate::read(&bytes);
        }

        #[test]
        fn any_change_is_read(at in 0..300_usize, byte in proptest::num::u8::ANY) {
            let mut bytes = issued();
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = Certificate::read(&bytes);
        }
    }
}

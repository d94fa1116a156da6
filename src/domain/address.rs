//! Email addresses, proven once at the edge (RFC 5321 section 4.1.2, RFC 6531 for non-ASCII).

use std::fmt;

use serde::{Deserialize, Serialize};

/// An email address `local@domain` that can be written to: at most 64 octets before the `@`
/// and 254 in all (RFC 5321 section 4.5.3.1), the domain in lower case.
///
/// Two addresses are equal when they reach the same mailbox: the local part is compared without
/// regard to case, because no provider in use tells them apart and customers write both.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress {
    as_written: String,
    key: String,
}

/// Why a text is not an [`EmailAddress`]; the sentence is meant for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    #[error("it has no “@”")]
    NoAt,
    #[error("nothing stands before the “@”")]
    NoLocalPart,
    #[error("the part before the “@” is longer than 64 characters")]
    LocalPartTooLong,
    #[error("it is longer than 254 characters")]
    TooLong,
    #[error("“{0}” can't stand there")]
    Character(char),
    #[error("a dot stands at the wrong place")]
    Dot,
    #[error("what follows the “@” is not a domain such as example.org")]
    Domain,
}

impl EmailAddress {
    /// Reads one bare address, without a display name.
    ///
    /// # Errors
    ///
    /// Says what is wrong with `text`, see [`AddressFault`].
    pub fn parse(text: &str) -> Result<Self, AddressFault> {
        let text = text.trim();
        let text = text
            .strip_prefix('<')
            .and_then(|inner| inner.strip_suffix('>'))
            .unwrap_or(text);
        let (local, domain) = text.rsplit_once('@').ok_or(AddressFault::NoAt)?;
        // Some letters become two in lower case: what is kept is what has to be right.
        let domain = domain.to_lowercase();
        check_local_part(local)?;
        check_domain(&domain)?;
        let as_written = format!("{local}@{domain}");
        if as_written.len() > 254 {
            return Err(AddressFault::TooLong);
        }
        Ok(Self {
            key: format!("{}@{domain}", local.to_lowercase()),
            as_written,
        })
    }

    /// The address as its owner writes it, with the domain in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.as_written
    }

    /// The form under which the address is stored and compared: all in lower case.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    #[must_use]
    pub fn local_part(&self) -> &str {
        self.as_written
            .rsplit_once('@')
            .map_or("", |(local, _)| local)
    }

    #[must_use]
    pub fn domain(&self) -> &str {
        self.as_written
            .rsplit_once('@')
            .map_or("", |(_, domain)| domain)
    }

    /// The address for logs: `j…@acme.com`.
    #[must_use]
    pub fn masked(&self) -> String {
        let first = self.local_part().chars().next().unwrap_or('?');
        format!("{first}…@{}", self.domain())
    }
}

fn check_local_part(local: &str) -> Result<(), AddressFault> {
    if local.is_empty() {
        return Err(AddressFault::NoLocalPart);
    }
    if local.len() > 64 {
        return Err(AddressFault::LocalPartTooLong);
    }
    // Quoted local parts are legal and unused; refusing them keeps every later place simple.
    let allowed = |c: char| {
        c.is_alphanumeric()
            || !c.is_ascii() && !c.is_control() && !c.is_whitespace()
            || ".!#$%&'*+/=?^_`{|}~-".contains(c)
    };
    if let Some(wrong) = local.chars().find(|c| !allowed(*c)) {
        return Err(AddressFault::Character(wrong));
    }
    if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Err(AddressFault::Dot);
    }
    Ok(())
}

fn check_domain(domain: &str) -> Result<(), AddressFault> {
    let label_is_fine = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    if domain.is_empty() || !domain.split('.').all(label_is_fine) {
        return Err(AddressFault::Domain);
    }
    Ok(())
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for EmailAddress {}

impl std::hash::Hash for EmailAddress {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl PartialOrd for EmailAddress {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for EmailAddress {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_written)
    }
}

/// Masked, so that a derived `Debug` somewhere else never writes an address into a log.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = AddressFault;

    fn try_from(text: String) -> Result<Self, AddressFault> {
        Self::parse(&text)
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.as_written
    }
}

/// An address with the name that stood beside it: `Jane Doe <jane@acme.com>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedAddress {
    pub name: Option<String>,
    pub address: EmailAddress,
}

impl NamedAddress {
    /// What people call them: never empty.
    #[must_use]
    pub fn shown_name(&self) -> String {
        let name = self.name.as_deref();
        name.unwrap_or_else(|| self.address.local_part()).to_owned()
    }
}

impl fmt::Display for NamedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => write!(f, "{}", self.address),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("jane@acme.com", "jane@acme.com")]
    #[case(" <Jane.Doe+x@ACME.com> ", "Jane.Doe+x@acme.com")]
    #[case("o'neil@müller.example", "o'neil@müller.example")]
    #[case("root@localhost", "root@localhost")]
    fn reads_addresses(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(EmailAddress::parse(text).unwrap().as_str(), expected);
    }

    #[rstest]
    #[case("jane", AddressFault::NoAt)]
    #[case("@acme.com", AddressFault::NoLocalPart)]
    #[case("jane doe@acme.com", AddressFault::Character(' '))]
    #[case("jane\r\nBcc: x@acme.com", AddressFault::Character('\r'))]
    #[case("jane..doe@acme.com", AddressFault::Dot)]
    #[case("jane@acme..com", AddressFault::Domain)]
    #[case("jane@", AddressFault::Domain)]
    #[case("jane@-acme.com", AddressFault::Domain)]
    fn says_what_is_wrong(#[case] text: &str, #[case] expected: AddressFault) {
        assert_eq!(EmailAddress::parse(text).unwrap_err(), expected);
    }

    #[test]
    fn what_was_read_can_be_read_again() {
        // İ becomes two characters in lower case, the second of which stands in no domain.
        assert_eq!(
            EmailAddress::parse("jane@amplİe.example").unwrap_err(),
            AddressFault::Domain
        );
        let jane = EmailAddress::parse("JANE@ÄMPLE.example").unwrap();
        assert_eq!(
            EmailAddress::parse(jane.as_str()).unwrap().as_str(),
            jane.as_str()
        );
    }

    #[test]
    fn compares_without_case() {
        let one = EmailAddress::parse("Jane@acme.com").unwrap();
        assert_eq!(one, EmailAddress::parse("jane@ACME.com").unwrap());
    }
}

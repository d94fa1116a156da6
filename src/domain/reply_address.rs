//! The addresses to which customers answer: one per conversation, made from a mailbox's pattern
//! and the conversation's token.

use std::fmt;

use super::{
    address::{AddressFault, EmailAddress},
    token::TOKEN_LENGTH,
};

const PLACE: &str = "{token}";
/// What list servers and mail programs put where a `+` stood.
const SEPARATORS: &[char] = &['+', '-', '=', '.', '_'];

/// `support+{token}@example.org`, for a mail server that delivers `support+anything` to
/// `support`, or `{token}@rooms.example.org`, for a domain whose mail all comes to Postroom.
#[derive(Clone, PartialEq, Eq)]
pub struct ReplyPattern {
    /// What stands before the token in lower case, separator included; empty for a whole domain.
    prefix: String,
    domain: String,
}

/// Why a text is not a [`ReplyPattern`]; the sentence is meant for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplyPatternFault {
    #[error("it has no “{PLACE}”")]
    NoToken,
    #[error("“{PLACE}” must stand right before the “@”, and only there")]
    TokenElsewhere,
    #[error(
        "what stands before “{PLACE}” must end with a separator such as “+” that the mail server \
         knows"
    )]
    NoSeparator,
    #[error(
        "the part before the “@” would be longer than 64 characters with a token of \
         {TOKEN_LENGTH}: at most 38 can stand before “{PLACE}”"
    )]
    TooLong,
    #[error("{0}")]
    Address(AddressFault),
}

impl ReplyPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// Says what is wrong with `text`, see [`ReplyPatternFault`].
    pub fn parse(text: &str) -> Result<Self, ReplyPatternFault> {
        let (prefix, rest) = text.split_once(PLACE).ok_or(ReplyPatternFault::NoToken)?;
        let domain = rest
            .strip_prefix('@')
            .filter(|domain| !domain.contains(PLACE))
            .ok_or(ReplyPatternFault::TokenElsewhere)?;
        let example = format!("{prefix}{}@{domain}", "a".repeat(TOKEN_LENGTH));
        let example = EmailAddress::parse(&example).map_err(|fault| match fault {
            AddressFault::LocalPartTooLong => ReplyPatternFault::TooLong,
            other => ReplyPatternFault::Address(other),
        })?;
        if !prefix.is_empty() && !prefix.ends_with(SEPARATORS) {
            return Err(ReplyPatternFault::NoSeparator);
        }
        Ok(Self {
            prefix: prefix.to_lowercase(),
            domain: example.domain().to_owned(),
        })
    }

    /// The address of the conversation with this token.
    ///
    /// # Panics
    ///
    /// If `token` is longer than [`TOKEN_LENGTH`], empty, or has characters other than ASCII
    /// letters and digits: such a token is a mistake in the program.
    #[must_use]
    pub fn with_token(&self, token: &str) -> EmailAddress {
        EmailAddress::parse(&format!("{}{token}@{}", self.prefix, self.domain))
            .expect("parse has tried a token of full length in this place")
    }

    /// What stands in the token's place if `recipient` is an address of this pattern, in lower
    /// case; mangled perhaps, and not checked.
    ///
    /// Where a separator stands in the pattern another one is taken too, or none, because some
    /// list servers rewrite it; then what follows must have a token's length, or `support-fr@`
    /// and `supporters@` would be ours as well.
    #[must_use]
    pub fn detail(&self, recipient: &str) -> Option<String> {
        let recipient = recipient.trim().to_lowercase();
        let (local, domain) = recipient.rsplit_once('@')?;
        if domain != self.domain {
            return None;
        }
        let detail = if let Some(detail) = local.strip_prefix(&self.prefix) {
            detail
        } else {
            let rest = local.strip_prefix(self.prefix.trim_end_matches(SEPARATORS))?;
            let detail = rest.strip_prefix(SEPARATORS).unwrap_or(rest);
            has_token_shape(detail).then_some(detail)?
        };
        (!detail.is_empty()).then(|| detail.to_owned())
    }

    /// Whether `recipient` is an address of this pattern.
    #[must_use]
    pub fn is_ours(&self, recipient: &str) -> bool {
        self.detail(recipient).is_some()
    }
}

fn has_token_shape(text: &str) -> bool {
    text.len() == TOKEN_LENGTH && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

impl fmt::Display for ReplyPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{PLACE}@{}", self.prefix, self.domain)
    }
}

impl fmt::Debug for ReplyPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const TOKEN: &str = "abcdefghijklmnopqrstuvwx27";

    #[rstest]
    #[case(
        "support+{token}@Example.org",
        "support+abcdefghijklmnopqrstuvwx27@example.org"
    )]
    #[case(
        "{token}@rooms.example.org",
        "abcdefghijklmnopqrstuvwx27@rooms.example.org"
    )]
    fn puts_the_token_in(#[case] pattern: &str, #[case] expected: &str) {
        let pattern = ReplyPattern::parse(pattern).unwrap();
        let address = pattern.with_token(TOKEN);
        assert_eq!(address.as_str(), expected);
        assert_eq!(pattern.detail(address.as_str()).as_deref(), Some(TOKEN));
    }

    #[rstest]
    #[case("Support+ABCdefghijklmnopqrstuvwx27@EXAMPLE.org", Some(TOKEN))]
    #[case("support-abcdefghijklmnopqrstuvwx27@example.org", Some(TOKEN))]
    #[case("support=abcdefghijklmnopqrstuvwx27@example.org", Some(TOKEN))]
    #[case("support.abcdefghijklmnopqrstuvwx27@example.org", Some(TOKEN))]
    #[case("supportabcdefghijklmnopqrstuvwx27@example.org", Some(TOKEN))]
    #[case("support+mangled@example.org", Some("mangled"))]
    #[case("support-fr@example.org", None)]
    #[case("supporters@example.org", None)]
    #[case("support+@example.org", None)]
    #[case("support@example.org", None)]
    #[case("support+abcdefghijklmnopqrstuvwx27@example.com", None)]
    #[case("support", None)]
    fn takes_the_token_out(#[case] recipient: &str, #[case] expected: Option<&str>) {
        let pattern = ReplyPattern::parse("support+{token}@example.org").unwrap();
        assert_eq!(pattern.detail(recipient).as_deref(), expected);
        assert_eq!(pattern.is_ours(recipient), expected.is_some());
    }

    #[test]
    fn a_domain_of_its_own_takes_every_local_part() {
        let pattern = ReplyPattern::parse("{token}@rooms.example.org").unwrap();
        assert_eq!(
            pattern.detail("Any+x@rooms.example.org").as_deref(),
            Some("any+x")
        );
        assert_eq!(pattern.detail("any@example.org"), None);
    }

    #[rstest]
    #[case("support@example.org", ReplyPatternFault::NoToken)]
    #[case("support@{token}.example.org", ReplyPatternFault::TokenElsewhere)]
    #[case("{token}+support@example.org", ReplyPatternFault::TokenElsewhere)]
    #[case("{token}@{token}.org", ReplyPatternFault::TokenElsewhere)]
    #[case("support{token}@example.org", ReplyPatternFault::NoSeparator)]
    #[case(
        "a-long-name-that-leaves-no-room-for-it+{token}@example.org",
        ReplyPatternFault::TooLong
    )]
    #[case(
        "sup port+{token}@example.org",
        ReplyPatternFault::Address(AddressFault::Character(' '))
    )]
    #[case("support+{token}@", ReplyPatternFault::Address(AddressFault::Domain))]
    fn says_what_is_wrong(#[case] text: &str, #[case] expected: ReplyPatternFault) {
        assert_eq!(ReplyPattern::parse(text).unwrap_err(), expected);
    }
}

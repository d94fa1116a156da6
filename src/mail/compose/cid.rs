//! The names by which the HTML of a letter refers to the pictures that travel with it (RFC 2392).

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::domain::letter::SealedLetter;

/// A picture within the letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CidOf {
    /// The mailbox's.
    Logo,
    /// What the letter shows of the file in its n-th entry, from 0.
    Entry(usize),
}

/// The picture's Content-ID without angle brackets: ASCII, fit for a `cid:` URL and for an attribute
/// as it is, unique in the world, and the same whenever the letter is composed.
pub(super) fn content_id(letter: &SealedLetter, what: CidOf) -> String {
    let id = letter.message_id.as_str();
    let digest = HEXLOWER.encode(&Sha256::digest(id.as_bytes())[..10]);
    let place = match what {
        CidOf::Logo => "logo".to_owned(),
        CidOf::Entry(at) => format!("e{at}"),
    };
    format!("{place}.{digest}@{}", domain_of(id))
}

/// Our own domain, as the Message-ID has it.
fn domain_of(id: &str) -> &str {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    id.rsplit_once('@')
        .map(|(_, domain)| domain)
        .filter(|domain| !domain.is_empty() && domain.bytes().all(is_plain))
        .unwrap_or("postroom.invalid")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("c12.l1@post.example.org", "post.example.org")]
    #[case("a@b@c.example", "c.example")]
    #[case("a@[192.0.2.1]", "postroom.invalid")]
    #[case("a@\"><b", "postroom.invalid")]
    #[case("a", "postroom.invalid")]
    fn stands_at_our_own_domain(#[case] id: &str, #[case] expected: &str) {
        assert_eq!(domain_of(id), expected);
    }
}

//! How people name a room: its id, its address, or a link to it.

use ruma::{OwnedRoomAliasId, OwnedRoomId};
use serde::{Deserialize, Serialize};

/// A room that somebody names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomReference {
    Id(OwnedRoomId),
    Alias(OwnedRoomAliasId),
}

impl RoomReference {
    /// Reads `!abc:example.org`, `!abc` (since version 12 of rooms), `#lyon:example.org`, and links such
    /// as `https://matrix.to/#/#lyon:example.org?via=example.org` or `matrix:r/lyon:example.org`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text
            .trim()
            .trim_matches(|c| matches!(c, '<' | '>' | '(' | ')' | ',' | ';' | '.'));
        let link = [
            "https://matrix.to/#/",
            "http://matrix.to/#/",
            "https://app.element.io/#/room/",
        ];
        if let Some(rest) = link.iter().find_map(|link| text.strip_prefix(link)) {
            return Self::of_identifier(&decoded(rest));
        }
        if let Some(rest) = text.strip_prefix("matrix:r/") {
            return Self::of_identifier(&format!("#{}", decoded(rest)));
        }
        if let Some(rest) = text.strip_prefix("matrix:roomid/") {
            return Self::of_identifier(&format!("!{}", decoded(rest)));
        }
        Self::of_identifier(text)
    }

    /// What follows a `?` is no part of it; neither is an event of the room.
    fn of_identifier(text: &str) -> Option<Self> {
        let text = text.split(['?', '/']).next().unwrap_or_default();
        if text.starts_with('#') {
            return OwnedRoomAliasId::try_from(text).ok().map(Self::Alias);
        }
        // The shortest id that there can be, so that a lone mark is none.
        let is_long = text.len() > 3;
        let id = OwnedRoomId::try_from(text).ok().map(Self::Id);
        id.filter(|_| is_long && text.starts_with('!'))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Id(id) => id.as_str(),
            Self::Alias(alias) => alias.as_str(),
        }
    }
}

/// With `%23` and its like resolved; what stands for no text stays as it is.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = bytes.get(at + 1..at + 3).filter(|_| byte == b'%');
        let hex = hex.and_then(|hex| std::str::from_utf8(hex).ok());
        let octet = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(octet.unwrap_or(byte));
        at += if octet.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("!abcdef:example.org", Some("!abcdef:example.org"))]
    #[case(
        "!zs4kyjMwjlVXSMeHVAS3rv1mMBxnRrPFwhHCzeSyvMo",
        Some("!zs4kyjMwjlVXSMeHVAS3rv1mMBxnRrPFwhHCzeSyvMo")
    )]
    #[case("#lyon:example.org", Some("#lyon:example.org"))]
    #[case("<#lyon:example.org>.", Some("#lyon:example.org"))]
    #[case("https://matrix.to/#/#lyon:example.org", Some("#lyon:example.org"))]
    #[case(
        "https://matrix.to/#/%23lyon%3Aexample.org?via=example.org",
        Some("#lyon:example.org")
    )]
    #[case(
        "https://matrix.to/#/!abcdef:example.org/$event?via=x",
        Some("!abcdef:example.org")
    )]
    #[case("matrix:r/lyon:example.org", Some("#lyon:example.org"))]
    #[case("matrix:roomid/abcdef:example.org?via=x", Some("!abcdef:example.org"))]
    #[case("lyon", None)]
    #[case("#lyon", None)]
    #[case("!", None)]
    #[case("!!", None)]
    #[case("https://example.org/#lyon:example.org", None)]
    #[case("@ann:example.org", None)]
    #[case("https://matrix.to/#/%", None)]
    fn reads_what_people_write(#[case] text: &str, #[case] expected: Option<&str>) {
        let read = RoomReference::parse(text);
        assert_eq!(read.as_ref().map(RoomReference::as_str), expected);
    }
}

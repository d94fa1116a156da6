//! Which rooms a rule holds for.

use ruma::OwnedRoomId;

use crate::domain::staff::glob;

/// Some rooms, by id, address, mailbox or name. In all but ids `*` stands for any characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoomPattern {
    /// `!abc:example.org`.
    Id(OwnedRoomId),
    /// `#chapter-*:example.org`: by the room's main address.
    Alias(String),
    /// `mailbox:training`: of the mailbox of this name.
    Mailbox(String),
    /// `Chapter *`; with or without the prefix.
    Name(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatternFault {
    #[error("it is empty")]
    Empty,
    #[error("it is not a room's id")]
    NoId,
    #[error("it has no “:” before the server name")]
    NoServer,
}

/// What patterns look at.
#[derive(Debug, Clone, Copy)]
pub struct Looks<'a> {
    /// `None`: there is none yet.
    pub id: Option<&'a ruma::RoomId>,
    pub alias: Option<&'a str>,
    pub mailbox: &'a str,
    pub name: &'a str,
}

impl RoomPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// Says what is wrong with `text`.
    pub fn parse(text: &str) -> Result<Self, PatternFault> {
        let text = text.trim();
        if let Some(mailbox) = text.strip_prefix("mailbox:") {
            return match mailbox.trim() {
                "" => Err(PatternFault::Empty),
                name => Ok(Self::Mailbox(name.to_owned())),
            };
        }
        match text.chars().next() {
            None => Err(PatternFault::Empty),
            Some('!') => match OwnedRoomId::try_from(text) {
                Ok(id) if text.len() > 1 => Ok(Self::Id(id)),
                _ => Err(PatternFault::NoId),
            },
            Some('#') if !text.contains(':') => Err(PatternFault::NoServer),
            Some('#') => Ok(Self::Alias(text.to_owned())),
            Some(_) => Ok(Self::Name(text.to_owned())),
        }
    }

    pub(super) fn matches(&self, room: Looks<'_>, prefix: Option<&str>) -> bool {
        match self {
            Self::Id(id) => room.id == Some(&**id),
            Self::Alias(pattern) => room.alias.is_some_and(|alias| glob(pattern, alias)),
            Self::Mailbox(pattern) => glob(pattern, room.mailbox),
            Self::Name(pattern) => {
                let bare = prefix.and_then(|prefix| room.name.strip_prefix(prefix));
                glob(pattern, room.name) || bare.is_some_and(|bare| glob(pattern, bare))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Chapter *", true)]
    #[case("Chapter", false)]
    #[case("RSE: Chapter *", true)]
    #[case("#chapter-*:example.org", true)]
    #[case("#chapter-*:example.com", false)]
    #[case("mailbox:support", true)]
    #[case("mailbox:training", false)]
    #[case("!lyon:example.org", true)]
    #[case("!paris", false)]
    fn says_which_rooms(#[case] pattern: &str, #[case] expected: bool) {
        let id = OwnedRoomId::try_from("!lyon:example.org").unwrap();
        let room = Looks {
            id: Some(&id),
            alias: Some("#chapter-lyon:example.org"),
            mailbox: "support",
            name: "RSE: Chapter Lyon",
        };
        let pattern = RoomPattern::parse(pattern).unwrap();
        assert_eq!(pattern.matches(room, Some("RSE: ")), expected);
    }

    #[rstest]
    #[case("", PatternFault::Empty)]
    #[case("mailbox: ", PatternFault::Empty)]
    #[case("!", PatternFault::NoId)]
    #[case("#chapter-*", PatternFault::NoServer)]
    fn says_what_is_wrong(#[case] pattern: &str, #[case] expected: PatternFault) {
        assert_eq!(RoomPattern::parse(pattern), Err(expected));
    }
}

//! Who is staff: Matrix users who may command the bot, by exact id or by pattern.

use std::fmt;

use ruma::{OwnedUserId, UserId};

/// A Matrix user id in which `*` stands for any number of characters, in the localpart, in the
/// server name or in both: `@*:example.org`, `@ann:example.org`, `@support-*:*.example.org`.
///
/// A pattern with a `*` never matches a localpart that begins with `_`: by convention those are
/// the users of application services, so what a bridge relays is never a command. An exact
/// pattern may name one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffPattern {
    localpart: String,
    server: String,
}

/// Why a text is not a [`StaffPattern`]; the sentence is meant for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StaffFault {
    #[error("it does not begin with “@”")]
    NoAt,
    #[error("it has no “:” before the server name")]
    NoServer,
    #[error("nothing stands between “@” and “:”")]
    NoLocalpart,
    #[error("“{0}” can't stand in a Matrix user id")]
    Character(char),
    #[error("it is longer than the 255 characters of a Matrix user id")]
    TooLong,
    #[error("it names no server, so that anybody who runs one could be staff")]
    AnyServer,
}

impl StaffPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// Says what is wrong with `text`, see [`StaffFault`].
    pub fn parse(text: &str) -> Result<Self, StaffFault> {
        let inner = text.strip_prefix('@').ok_or(StaffFault::NoAt)?;
        let (localpart, server) = inner.split_once(':').ok_or(StaffFault::NoServer)?;
        if localpart.is_empty() {
            return Err(StaffFault::NoLocalpart);
        }
        if text.len() > 255 {
            return Err(StaffFault::TooLong);
        }
        // Localparts were once any printable ASCII (spec appendix "Historical User IDs").
        if let Some(wrong) = localpart.chars().find(|c| !c.is_ascii_graphic()) {
            return Err(StaffFault::Character(wrong));
        }
        let in_server = |c: char| c.is_ascii_alphanumeric() || ".-:[]*".contains(c);
        if let Some(wrong) = server.chars().find(|c| !in_server(*c)) {
            return Err(StaffFault::Character(wrong));
        }
        if !server.contains(|c: char| c.is_ascii_alphanumeric()) {
            return Err(if server.contains('*') {
                StaffFault::AnyServer
            } else {
                StaffFault::NoServer
            });
        }
        Ok(Self {
            localpart: localpart.to_owned(),
            server: server.to_owned(),
        })
    }

    #[must_use]
    pub fn matches(&self, user: &UserId) -> bool {
        if self.is_wildcard() && user.localpart().starts_with('_') {
            return false;
        }
        glob(&self.localpart, user.localpart()) && glob(&self.server, user.server_name().as_str())
    }

    fn is_wildcard(&self) -> bool {
        self.localpart.contains('*') || self.server.contains('*')
    }
}

impl fmt::Display for StaffPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}:{}", self.localpart, self.server)
    }
}

/// Several patterns; whoever one of them matches is staff.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StaffList(Vec<StaffPattern>);

impl StaffList {
    /// Whether a pattern matches `user`.
    ///
    /// Postroom's own bot and ghosts are never staff, whatever the patterns say; the bot's name
    /// has no leading `_`, so the caller asks for those two first.
    #[must_use]
    pub fn is_staff(&self, user: &UserId) -> bool {
        self.0.iter().any(|pattern| pattern.matches(user))
    }

    /// Those whom it names by their id.
    pub fn users(&self) -> impl Iterator<Item = OwnedUserId> {
        let named = self.0.iter().filter(|pattern| !pattern.is_wildcard());
        named.filter_map(|pattern| OwnedUserId::try_from(pattern.to_string()).ok())
    }

    pub fn patterns(&self) -> impl Iterator<Item = &StaffPattern> {
        self.0.iter()
    }
}

impl FromIterator<StaffPattern> for StaffList {
    fn from_iter<I: IntoIterator<Item = StaffPattern>>(patterns: I) -> Self {
        Self(patterns.into_iter().collect())
    }
}

/// Whether `text` fits `pattern`: what stands between the `*` must occur in this order. Taking
/// the first occurrence of each is enough, so there is no backtracking.
pub fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(head) else {
        return false;
    };
    let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
    for piece in middle.split('*') {
        let Some(at) = text.find(piece) else {
            return false;
        };
        text = &text[at + piece.len()..];
    }
    text.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("@*:example.org", "@ann:example.org", true)]
    #[case("@*:example.org", "@ann:example.org.evil.net", false)]
    #[case("@*:example.org", "@ann:notexample.org", false)]
    #[case("@*:example.org", "@_irc_ann:example.org", false)]
    #[case("@_irc_*:example.org", "@_irc_ann:example.org", false)]
    #[case("@_irc_ann:example.org", "@_irc_ann:example.org", true)]
    #[case("@ann:example.org", "@ann:example.org", true)]
    #[case("@ann:example.org", "@anna:example.org", false)]
    #[case("@support-*:*.example.org", "@support-1:de.example.org", true)]
    #[case("@support-*:*.example.org", "@support-1:example.org", false)]
    #[case("@a*b*c:example.org", "@axxbyyc:example.org", true)]
    #[case("@a*b*c:example.org", "@acb:example.org", false)]
    #[case("@aa*aa:example.org", "@aaa:example.org", false)]
    #[case("@*:localhost:8448", "@ann:localhost:8448", true)]
    fn matches_users(#[case] pattern: &str, #[case] user: &str, #[case] expected: bool) {
        let pattern = StaffPattern::parse(pattern).unwrap();
        let user = UserId::parse(user).unwrap();
        assert_eq!(pattern.matches(&user), expected);
    }

    #[rstest]
    #[case("ann:example.org", StaffFault::NoAt)]
    #[case("@ann", StaffFault::NoServer)]
    #[case("@ann:", StaffFault::NoServer)]
    #[case("@:example.org", StaffFault::NoLocalpart)]
    #[case("@*:*", StaffFault::AnyServer)]
    #[case("@ann:*.*", StaffFault::AnyServer)]
    #[case("@an n:example.org", StaffFault::Character(' '))]
    #[case("@ann:exam/ple.org", StaffFault::Character('/'))]
    fn says_what_is_wrong(#[case] text: &str, #[case] expected: StaffFault) {
        assert_eq!(StaffPattern::parse(text).unwrap_err(), expected);
    }

    #[test]
    fn one_pattern_is_enough() {
        let list: StaffList = ["@ann:example.org", "@*:staff.example.org"]
            .into_iter()
            .map(|pattern| StaffPattern::parse(pattern).unwrap())
            .collect();
        assert!(list.is_staff(&UserId::parse("@bo:staff.example.org").unwrap()));
        assert!(!list.is_staff(&UserId::parse("@bo:example.org").unwrap()));
        assert!(!StaffList::default().is_staff(&UserId::parse("@bo:example.org").unwrap()));
    }
}

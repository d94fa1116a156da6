//! What a room's state says of who may do what in it, what it goes on from, and whose servers it shuts
//! out.

use std::collections::BTreeMap;

use ruma::{OwnedRoomId, OwnedUserId, ServerName, UserId};
use serde::{Deserialize, Serialize};

/// How a room was made (client-server API, `m.room.create`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Creation {
    /// Of the room; `1` where it isn't said.
    pub version: String,
    pub creators: Vec<OwnedUserId>,
    /// The room that this one goes on from, as whoever made it says.
    pub predecessor: Option<OwnedRoomId>,
}

impl Creation {
    /// From version 12 on the creators have every power and stand in no list of levels.
    fn creators_outrank(&self) -> bool {
        let number = self.version.parse::<u32>().ok();
        number.is_some_and(|number| number >= 12) || self.version.starts_with("org.matrix.hydra")
    }
}

/// Who may do what (client-server API, `m.room.power_levels`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Levels {
    pub users: BTreeMap<String, i64>,
    pub users_default: i64,
    pub events: BTreeMap<String, i64>,
    pub events_default: i64,
    pub state_default: i64,
    pub invite: i64,
    pub redact: i64,
}

impl Default for Levels {
    /// As the specification has it where nothing is said.
    fn default() -> Self {
        Self {
            users: BTreeMap::new(),
            users_default: 0,
            events: BTreeMap::new(),
            events_default: 0,
            state_default: 50,
            invite: 0,
            redact: 50,
        }
    }
}

/// What we know of both.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoomRules {
    pub creation: Option<Creation>,
    pub levels: Option<Levels>,
}

/// What the bot needs to be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// The bot says something.
    Speak,
    /// A ghost, who has no level of its own, does.
    GhostsSpeak,
    Invite,
    Redact,
}

const NEEDS: [Need; 4] = [Need::Speak, Need::GhostsSpeak, Need::Invite, Need::Redact];

impl RoomRules {
    #[must_use]
    pub fn power(&self, user: &UserId) -> i64 {
        let is_creator = self
            .creation
            .as_ref()
            .is_some_and(|made| made.creators.iter().any(|creator| creator == user));
        if is_creator
            && self
                .creation
                .as_ref()
                .is_some_and(Creation::creators_outrank)
        {
            return i64::MAX;
        }
        match &self.levels {
            Some(levels) => levels
                .users
                .get(user.as_str())
                .copied()
                .unwrap_or(levels.users_default),
            None if is_creator => 100,
            None => 0,
        }
    }

    /// Whether the user may set the room's state of this type. Where nothing is known of the room,
    /// nobody may.
    #[must_use]
    pub fn may_set(&self, kind: &str, user: &UserId) -> bool {
        if self.creation.is_none() {
            return false;
        }
        let needed = self.levels.as_ref().map_or(0, |levels| {
            levels
                .events
                .get(kind)
                .copied()
                .unwrap_or(levels.state_default)
        });
        self.power(user) >= needed
    }

    /// The level that somebody needs for it, and the one that they have who would do it.
    #[must_use]
    pub fn stand(&self, need: Need, bot: &UserId) -> (i64, i64) {
        let Some(levels) = &self.levels else {
            return (0, self.power(bot));
        };
        let message = levels
            .events
            .get("m.room.message")
            .copied()
            .unwrap_or(levels.events_default);
        match need {
            Need::Speak => (message, self.power(bot)),
            Need::GhostsSpeak => (message, levels.users_default),
            Need::Invite => (levels.invite, self.power(bot)),
            Need::Redact => (levels.redact, self.power(bot)),
        }
    }

    #[must_use]
    pub fn allows(&self, need: Need, bot: &UserId) -> bool {
        let (needed, has) = self.stand(need, bot);
        has >= needed
    }

    /// What was allowed `before` and isn't any more.
    #[must_use]
    pub fn lost_since(&self, before: &Self, bot: &UserId) -> Vec<Need> {
        let lost = |need: &Need| before.allows(*need, bot) && !self.allows(*need, bot);
        NEEDS.into_iter().filter(lost).collect()
    }
}

/// Which servers may take part in a room (client-server API, `m.room.server_acl`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerAcl {
    pub allow: Vec<String>,
    pub deny: Vec<String>,
    pub allow_ip_literals: bool,
}

impl ServerAcl {
    #[must_use]
    pub fn allows(&self, server: &ServerName) -> bool {
        let host = server.host();
        if !self.allow_ip_literals && server.is_ip_literal() {
            return false;
        }
        let is_in = |list: &[String]| list.iter().any(|pattern| matches(pattern, host));
        !is_in(&self.deny) && is_in(&self.allow)
    }
}

/// `*` stands for any number of characters, `?` for one. Takes time in proportion to the product of
/// both lengths at most.
fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let (mut at, mut from) = (0, 0);
    // Where the last `*` stands, and where in the text what follows it was tried last.
    let mut star: Option<(usize, usize)> = None;
    while from < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(c) if *c == '?' || *c == text[from] => {
                at += 1;
                from += 1;
            }
            _ => match star {
                Some((place, tried)) => {
                    star = Some((place, tried + 1));
                    (at, from) = (place + 1, tried + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use ruma::{server_name, user_id};

    use super::*;

    fn rules(version: &str, levels: Option<Levels>) -> RoomRules {
        RoomRules {
            creation: Some(Creation {
                version: version.to_owned(),
                creators: vec![user_id!("@ann:example.org").to_owned()],
                predecessor: None,
            }),
            levels,
        }
    }

    fn levels(ann: i64) -> Levels {
        Levels {
            users: BTreeMap::from([("@ann:example.org".to_owned(), ann)]),
            events: BTreeMap::from([("m.room.tombstone".to_owned(), 100)]),
            ..Levels::default()
        }
    }

    #[rstest]
    #[case::admin("11", Some(100), "@ann:example.org", true)]
    #[case::a_moderator("11", Some(50), "@ann:example.org", false)]
    #[case::anybody("11", Some(100), "@zoe:other.org", false)]
    #[case::a_creator_outranks_all("12", Some(0), "@ann:example.org", true)]
    #[case::but_not_in_older_rooms("11", Some(0), "@ann:example.org", false)]
    #[case::nobody_else_does("12", Some(100), "@zoe:other.org", false)]
    #[case::without_levels("11", None, "@ann:example.org", true)]
    #[case::an_unstable_version("org.matrix.hydra.11", Some(0), "@ann:example.org", true)]
    fn who_may_replace_a_room(
        #[case] version: &str,
        #[case] ann: Option<i64>,
        #[case] user: &str,
        #[case] expected: bool,
    ) {
        let rules = rules(version, ann.map(levels));
        let user = UserId::parse(user).unwrap();
        assert_eq!(rules.may_set("m.room.tombstone", &user), expected);
    }

    #[test]
    fn in_a_room_of_which_nothing_is_known_nobody_may() {
        let unknown = RoomRules {
            creation: None,
            levels: Some(levels(100)),
        };
        assert!(!unknown.may_set("m.room.tombstone", user_id!("@ann:example.org")));
    }

    #[rstest]
    #[case::nothing(Levels::default(), &[])]
    #[case::to_invite(Levels { invite: 50, ..Levels::default() }, &[Need::Invite])]
    #[case::to_speak(Levels { events_default: 50, ..Levels::default() }, &[Need::Speak, Need::GhostsSpeak])]
    #[case::of_the_ghosts_alone(
        Levels {
            events_default: 50,
            users: BTreeMap::from([("@postroom:example.org".to_owned(), 50)]),
            ..Levels::default()
        },
        &[Need::GhostsSpeak]
    )]
    fn what_is_lost(#[case] after: Levels, #[case] expected: &[Need]) {
        let bot = user_id!("@postroom:example.org");
        let before = rules("11", Some(Levels::default()));
        let after = rules("11", Some(after));
        assert_eq!(after.lost_since(&before, bot), expected);
        assert_eq!(after.lost_since(&after, bot), []);
    }

    #[rstest]
    #[case(&["*"], &[], true)]
    #[case(&["*"], &["evil.example"], true)]
    #[case(&["*"], &["*.ORG"], false)]
    #[case(&["*"], &["exampl?.org"], false)]
    #[case(&["*.com"], &[], false)]
    #[case(&[], &[], false)]
    #[case(&["e*mple*g"], &[], true)]
    #[case(&["e*mple*x"], &[], false)]
    fn who_is_shut_out(#[case] allow: &[&str], #[case] deny: &[&str], #[case] expected: bool) {
        let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        let acl = ServerAcl {
            allow: owned(allow),
            deny: owned(deny),
            allow_ip_literals: true,
        };
        assert_eq!(acl.allows(server_name!("example.org")), expected);
        assert_eq!(acl.allows(server_name!("example.org:8448")), expected);
    }

    #[test]
    fn addresses_are_no_names() {
        let acl = ServerAcl {
            allow: vec!["*".to_owned()],
            ..ServerAcl::default()
        };
        assert!(!acl.allows(server_name!("192.0.2.1:8448")));
        assert!(acl.allows(server_name!("example.org")));
    }
}

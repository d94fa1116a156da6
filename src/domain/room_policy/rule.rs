//! The rules of the policy: how strong each is, and in which rooms it holds.

use super::RoomPattern;

/// A point that a room is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The bot may do what it must.
    Bot,
    /// Ghosts can only talk.
    Ghosts,
    /// It is encrypted or not, as configured.
    Encryption,
    /// The functional account is above everybody.
    Admin,
    /// A person looks after it.
    Moderator,
    /// Staff are in it, or invited.
    Staff,
    /// Its name begins with the prefix.
    Prefix,
    Topic,
    Logo,
    JoinRule,
    History,
    /// It is in the Space.
    Space,
}

impl Rule {
    /// In the order in which they are told.
    pub const ALL: [Self; 12] = [
        Self::Bot,
        Self::Ghosts,
        Self::Encryption,
        Self::Admin,
        Self::Moderator,
        Self::Staff,
        Self::Prefix,
        Self::Topic,
        Self::Logo,
        Self::JoinRule,
        Self::History,
        Self::Space,
    ];

    /// What the configuration calls it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::Ghosts => "ghosts",
            Self::Encryption => "encryption",
            Self::Admin => "admin",
            Self::Moderator => "moderator",
            Self::Staff => "staff",
            Self::Prefix => "prefix",
            Self::Topic => "topic",
            Self::Logo => "logo",
            Self::JoinRule => "join_rule",
            Self::History => "history",
            Self::Space => "space",
        }
    }

    /// If nothing else is configured.
    #[must_use]
    pub fn usual_strength(self) -> Strength {
        match self {
            Self::Bot
            | Self::Ghosts
            | Self::Encryption
            | Self::Admin
            | Self::Moderator
            | Self::Prefix
            | Self::JoinRule => Strength::Must,
            Self::Staff | Self::Topic | Self::Logo | Self::History | Self::Space => {
                Strength::Should
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// A room that breaks it is not taken into the Space.
    Must,
    Should,
    /// Nobody looks.
    Off,
}

impl Strength {
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "must" => Some(Self::Must),
            "should" => Some(Self::Should),
            "off" => Some(Self::Off),
            _ => None,
        }
    }
}

/// How strong each rule is, and the rooms in which it holds; those that aren't named are as usual and
/// hold everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    pub strengths: Vec<(Rule, Strength)>,
    pub only: Vec<(Rule, Vec<RoomPattern>)>,
}

impl Rules {
    #[must_use]
    pub fn strength(&self, rule: Rule) -> Strength {
        let configured = self.strengths.iter().find(|(of, _)| *of == rule);
        configured.map_or_else(|| rule.usual_strength(), |(_, strength)| *strength)
    }

    /// The rooms in which the rule holds; `None`: in all.
    #[must_use]
    pub fn only(&self, rule: Rule) -> Option<&[RoomPattern]> {
        let only = self.only.iter().find(|(of, _)| *of == rule);
        only.map(|(_, patterns)| patterns.as_slice())
    }
}

//! What a room must be: who may do what in it, what it is called, who can find and read it. By this
//! new rooms are made ([`plan`]), and any room can be held against it.
//!
//! A new rule is a variant of [`Rule`], its strength in [`Rules::default`] and its word; the compiler
//! leads to the rest.

mod audit;
mod change;
mod finding;
mod into_space;
mod job;
mod pattern;
mod plan;
mod rule;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use ruma::{OwnedMxcUri, OwnedRoomId, OwnedUserId};

pub use self::{
    audit::{SpaceSight, Subject, audit},
    change::Change,
    finding::{Ability, Audit, Finding, Flaw, Lacking, Problem, Task},
    into_space::SpaceFault,
    job::{Job, Progress, Wish},
    pattern::{PatternFault, RoomPattern},
    plan::{Here, NewRoom, RoomPlan, name_of, plan},
    rule::{Rule, Rules, Strength},
    state::{Levels, Power, RoomState},
};

/// What rooms must be. Without configuration: private, not encrypted, nobody but staff may change
/// anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What their names begin with, as it stands before them: white space at its end counts.
    pub prefix: Option<String>,
    /// What new rooms are about, and rooms that don't say.
    pub topic: Option<String>,
    pub logo: Option<Logo>,
    /// The Space that they are in.
    pub space: Option<OwnedRoomId>,
    /// The functional account: no person, and above everybody.
    pub admin: Option<OwnedUserId>,
    /// People who are to look after the room.
    pub moderators: Vec<OwnedUserId>,
    /// Staff who are invited besides.
    pub invite: Vec<OwnedUserId>,
    /// Machines that are no people, whatever power they have.
    pub bots: Vec<OwnedUserId>,
    /// Of new rooms.
    pub join_rule: JoinRule,
    /// Those that a room may have; [`Self::join_rule`] is among them.
    pub join_rules: Vec<JoinRule>,
    pub history: History,
    pub encrypted: bool,
    pub rules: Rules,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            prefix: None,
            topic: None,
            logo: None,
            space: None,
            admin: None,
            moderators: Vec::new(),
            invite: Vec::new(),
            bots: Vec::new(),
            join_rule: JoinRule::Invite,
            join_rules: JoinRule::PRIVATE.to_vec(),
            history: History::Invited,
            encrypted: false,
            rules: Rules::default(),
        }
    }
}

/// The picture of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Logo {
    /// The homeserver has it.
    Mxc(OwnedMxcUri),
    /// It goes up to the homeserver once.
    File(Arc<Picture>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub content: Vec<u8>,
    pub content_type: &'static str,
    pub filename: String,
}

/// Who may come in (client-server API, `m.room.join_rules`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinRule {
    Invite,
    Knock,
    /// Members of the Space, and who is invited.
    Restricted,
    KnockRestricted,
    Public,
}

impl JoinRule {
    pub const ALL: [Self; 5] = [
        Self::Invite,
        Self::Knock,
        Self::Restricted,
        Self::KnockRestricted,
        Self::Public,
    ];
    /// All but [`Self::Public`].
    pub const PRIVATE: [Self; 4] = [
        Self::Invite,
        Self::Knock,
        Self::Restricted,
        Self::KnockRestricted,
    ];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Invite => "invite",
            Self::Knock => "knock",
            Self::Restricted => "restricted",
            Self::KnockRestricted => "knock_restricted",
            Self::Public => "public",
        }
    }

    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.word() == word)
    }

    /// Whether it names a Space whose members may come in.
    #[must_use]
    pub fn needs_space(self) -> bool {
        matches!(self, Self::Restricted | Self::KnockRestricted)
    }
}

/// Who can read what was written before they came (`m.room.history_visibility`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum History {
    /// From when they came in.
    Joined,
    /// From when they were invited.
    Invited,
    /// All of it.
    Shared,
    /// All of it, without coming in.
    WorldReadable,
}

impl History {
    pub const ALL: [Self; 4] = [
        Self::Joined,
        Self::Invited,
        Self::Shared,
        Self::WorldReadable,
    ];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::Invited => "invited",
            Self::Shared => "shared",
            Self::WorldReadable => "world_readable",
        }
    }

    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|history| history.word() == word)
    }
}

/// What may be done with which power (client-server API, `m.room.power_levels`).
pub mod level {
    /// Of ghosts, and of everybody of whom nothing else is said: they talk.
    pub const TALK: i64 = 0;
    /// Invites, puts out, names the room.
    pub const MODERATOR: i64 = 50;
    /// Says who may do what.
    pub const ADMIN: i64 = 100;
    /// Replaces a room of version 12 by another one.
    pub const TOMBSTONE: i64 = 150;
}

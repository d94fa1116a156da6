//! What an audit finds, and what mends it.

use ruma::OwnedUserId;

use super::{Rule, Strength, change::Change, state::Power};

/// How a room fares.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// Of the rules that hold in the room, in their order.
    pub findings: Vec<Finding>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub rule: Rule,
    /// Never [`Strength::Off`].
    pub strength: Strength,
    /// `None`: all is well.
    pub flaw: Option<Flaw>,
}

/// A rule that is broken.
#[derive(Debug, Clone, PartialEq)]
pub struct Flaw {
    pub problem: Problem,
    /// What the bot can do about it, in this order.
    pub changes: Vec<Change>,
    /// What the bot could do if it had more power.
    pub lacking: Option<Lacking>,
    /// What is left to people.
    pub task: Option<Task>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    BotCannot(Vec<Ability>),
    GhostsCan(Vec<Ability>),
    /// Their mails can't be shown.
    GhostsCannotTalk,
    Encrypted,
    NotEncrypted,
    AdminIsAway,
    AdminIsInvited,
    AdminLacksPower,
    NoModerator,
    StaffAreAway(Vec<OwnedUserId>),
    NoName,
    NoPrefix,
    NoTopic,
    NoLogo,
    OtherLogo,
    JoinRule(String),
    History(String),
    NotInSpace,
    /// The Space lists it, and it doesn't name the Space.
    NamesNoSpace,
    SpaceIsHidden,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ability {
    Talk,
    React,
    Invite,
    PutOut,
    Redact,
    CallAll,
    ChangeRoom,
}

/// The power that the bot lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    pub level: i64,
    pub has: i64,
    /// Who can give it: the mightiest come first; none if nobody who is there can.
    pub givers: Vec<(OwnedUserId, Power)>,
    /// Of the Space, not of the room.
    pub in_space: bool,
}

/// What only people can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Encryption can't be switched off.
    MakeNewRoom,
    Encrypt,
    /// They have been invited.
    Accept(OwnedUserId),
    /// Makes somebody a moderator, or invites one.
    AppointModerator,
    /// They had left, or had been put out.
    Ask(Vec<OwnedUserId>),
    NameRoom,
    AllowTalking {
        level: i64,
    },
    /// `!email space add`.
    AddToSpace,
    InviteBotToSpace,
}

impl Audit {
    /// The musts that are broken.
    pub fn broken(&self) -> impl Iterator<Item = &Finding> {
        self.flawed(Strength::Must)
    }

    pub fn flawed(&self, strength: Strength) -> impl Iterator<Item = &Finding> {
        let findings = self.findings.iter();
        findings.filter(move |finding| finding.flaw.is_some() && finding.strength == strength)
    }

    /// What the bot can do, in order, but for the Space.
    pub fn changes(&self) -> impl Iterator<Item = (Rule, &Change)> {
        self.findings.iter().flat_map(|finding| {
            let changes = finding.flaw.iter().flat_map(|flaw| &flaw.changes);
            changes.map(|change| (finding.rule, change))
        })
    }
}

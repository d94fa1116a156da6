//! Who is on the way from mail to Matrix, as decisions need to know it.

use std::time::Duration;

use crate::domain::{
    ids::ContactId,
    matrix_id::Said,
    onboarding::{Move, RoomFacts, UserFacts},
};

/// Of a mail of one of a conversation's people: what it says of Matrix ids.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MailOnboarding {
    pub said: Said,
    /// The users that it names, in their order.
    pub users: Vec<UserFacts>,
    /// How far its sender is in the room.
    pub current: Option<Move>,
    pub room: RoomFacts,
    /// Since its sender was last told that their id can't be used.
    pub explained: Option<Duration>,
    /// Since they were last told that staff will look at their server.
    pub noted: Option<Duration>,
}

/// Of an event.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MoveFacts {
    /// Who the sender is, of those who take part by mail.
    pub own: Vec<ContactId>,
    /// Of the event of a member: the ways of who may be them. Of a command: all of the room.
    pub moves: Vec<Move>,
    /// Of the event of a member: who they are, of all contacts.
    pub linked: Vec<ContactId>,
    /// The member, or whom `!email link` names.
    pub user: Option<UserFacts>,
    /// What somebody who comes in would read.
    pub room: RoomFacts,
    /// The servers that may be invited from: of the configuration, and those that staff have allowed,
    /// with who did.
    pub servers: (Vec<String>, Vec<(String, String)>),
}

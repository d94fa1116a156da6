//! Of a mail that leads nowhere, and of requests.

use ruma::OwnedRoomId;

use crate::domain::{
    address::EmailAddress,
    ids::{ConversationId, RequestId},
    intake::{Acknowledge, Answered, Known, KnownRooms},
    letter::Language,
    room_reference::RoomReference,
    trust::Intake,
};

/// What the mailbox does with mail that leads nowhere, and what is known of its sender.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact that depends on no other"
)]
pub struct IntakeFacts {
    /// Its name in the configuration.
    pub mailbox: String,
    pub address: EmailAddress,
    pub rule: Intake,
    /// There is a room in which staff can be asked.
    pub can_ask: bool,
    /// The same mail is in a request already.
    pub is_known: bool,
    /// The sender's request that waits, or whose room is being made.
    pub pending: Option<RequestId>,
    /// The mail asks to take a room into the Space, and there is one.
    pub space: Option<SpaceWish>,
    /// The conversation that it answers, which was closed long ago and whose room is no more.
    pub former: Option<ConversationId>,
    /// The room that the customers of the sender's domain share.
    pub shared: Option<SharedRoom>,
    /// Rooms in which the sender is already.
    pub rooms: KnownRooms,
    /// Into a room that is opened without staff some would be invited.
    pub can_invite: bool,
    /// No more rooms are opened without staff for now.
    pub is_full: bool,
    pub acknowledge: Acknowledge,
    /// Nobody is there to answer now.
    pub is_closed: bool,
    pub answered: Answered,
    /// Of answers to the sender.
    pub language: Language,
}

/// A room is to come into the Space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpaceWish {
    pub room: RoomReference,
    /// The sender has asked for it before, and waits for an answer.
    pub pending: Option<RequestId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedRoom {
    pub room: OwnedRoomId,
    /// The bot is in it, and it can be relayed.
    pub is_ready: bool,
    /// The sender was put out of it, or has left it.
    pub is_out: bool,
}

/// Requests, as far as a command asks for them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RequestsFacts {
    /// What waits, the oldest first; or the one that is asked for.
    pub listed: Vec<Known>,
    /// How many wait in all.
    pub count: usize,
    /// This is a room in which requests may be told of.
    pub is_place: bool,
    /// The room that the command names, or the one that it is said in: can be a request's.
    pub target_is_ready: bool,
}

//! Of an event that concerns the life of a room.

use ruma::{OwnedRoomId, OwnedUserId};

use crate::domain::{address::EmailAddress, room_rules::RoomRules};

/// Known as far as the event asks for it.
#[derive(Debug, Clone, PartialEq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is found out by itself, in any combination"
)]
pub struct LifeFacts {
    /// What the room is called, for telling elsewhere which is meant.
    pub room_name: String,
    /// An address under which clients open the room.
    pub link: String,
    /// Before the event.
    pub rules: RoomRules,
    /// The room that replaces this one.
    pub successor: Option<Successor>,
    /// The room that this one replaces, as that one said; nothing has moved yet.
    pub succeeds: Option<OwnedRoomId>,
    /// The room says that it goes on from one of ours, of which nobody has said that it is replaced.
    pub goes_on_from_ours: bool,
    /// We have decided to leave.
    pub is_leaving: bool,
    /// Ghosts that were invited before the bot was there.
    pub bids: Vec<Bid>,
    /// Who else is here or invited, without ourselves and the event's subject.
    pub staff: Vec<OwnedUserId>,
    pub visitors: Vec<OwnedUserId>,
    /// Of a membership event: its user is staff.
    pub subject_is_staff: bool,
    /// How many mails wait for the bot or for somebody of staff to come back.
    pub waiting_mails: usize,
    /// They were told of this before.
    pub was_told: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Successor {
    pub room: OwnedRoomId,
    /// Everything is there already.
    pub has_moved: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Bid {
    pub localpart: String,
    /// Of the contact, or as the id has it.
    pub address: Option<EmailAddress>,
    /// The contact has no ghost of that name: it makes way for theirs.
    pub is_placeholder: bool,
}

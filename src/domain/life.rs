//! What becomes of a room: it is replaced, the bot is put out and comes back, ghosts are invited where
//! the bot isn't, everybody goes.

use ruma::{OwnedRoomId, OwnedServerName, OwnedUserId};

use super::room_rules::{Creation, Levels};

/// What is remembered or done about the life of a room.
#[derive(Debug, Clone, PartialEq)]
pub enum Life {
    RememberCreation {
        room: OwnedRoomId,
        creation: Creation,
    },
    RememberLevels {
        room: OwnedRoomId,
        levels: Levels,
    },
    /// The room's canonical alias; `None`: it has none any more.
    RememberAlias {
        room: OwnedRoomId,
        alias: Option<String>,
    },
    /// Whether anybody of staff is left in the room.
    RememberDeserted {
        room: OwnedRoomId,
        is_deserted: bool,
    },
    /// Staff, or whom it concerns, were told of this.
    RememberTold {
        room: OwnedRoomId,
        about: String,
    },
    /// The bot is out: what was said goes, everything else waits until it is back.
    Suspend {
        room: OwnedRoomId,
    },
    /// The bot is back, or somebody of staff: what waited goes on.
    Resume {
        room: OwnedRoomId,
    },
    /// The room is gone: what was to be shown in it can't be.
    GiveUp {
        room: OwnedRoomId,
    },
    /// `old` is replaced by `new`, says `by`, whose server knows the way in. Everything moves as soon as
    /// the bot is there.
    Succeed {
        old: OwnedRoomId,
        new: OwnedRoomId,
        by: OwnedUserId,
        via: OwnedServerName,
    },
    /// The bot has come into the room that replaces `old`.
    Move {
        old: OwnedRoomId,
        new: OwnedRoomId,
    },
    /// Staff have invited a ghost to a room in which the bot isn't: the ghost comes, and asks the bot in.
    Bid {
        room: OwnedRoomId,
        localpart: String,
        by: OwnedUserId,
    },
    /// The ghosts that were invited before the bot came are seen to.
    ForgetBids {
        room: OwnedRoomId,
    },
    /// An invited user of our namespace declines, or leaves, and says why.
    Decline {
        room: OwnedRoomId,
        localpart: String,
        reason: String,
    },
    /// Everybody who is there by email leaves, and the bot last.
    Leave {
        room: OwnedRoomId,
    },
}

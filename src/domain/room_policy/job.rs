//! What staff ask for about a room. It takes the homeserver, so that a worker does it.

use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId};
use serde::{Deserialize, Serialize};

use super::Change;
use crate::domain::room_reference::RoomReference;

/// Something to be done, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    pub wish: Wish,
    /// Which room; `None`: the one in which it was asked.
    pub target: Option<RoomReference>,
    /// Where it was asked, and is answered.
    pub room: OwnedRoomId,
    /// The command, or the notice that staff reacted to.
    pub asked: OwnedEventId,
    /// Who asks: they must be staff of the room that it is about.
    pub by: OwnedUserId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// Tells how the room fares.
    Audit,
    /// Mends what the bot can.
    Apply,
    /// Takes the room into the Space.
    AddToSpace,
}

/// How far a job has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Sentences, as they are told; none twice.
    pub done: Vec<String>,
    pub failed: Vec<String>,
    /// The keys of the changes: none is tried twice in one job.
    pub tried: Vec<String>,
}

impl Progress {
    pub fn succeeded(&mut self, change: &Change, told: String) {
        self.tried.push(change.key());
        if !self.done.contains(&told) {
            self.done.push(told);
        }
    }

    pub fn failed(&mut self, change: &Change, told: String) {
        self.tried.push(change.key());
        if !self.failed.contains(&told) {
            self.failed.push(told);
        }
    }
}

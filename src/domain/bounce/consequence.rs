//! What follows from a report, a refusal, or a sign that an address works again.

use ruma::{OwnedEventId, OwnedRoomId};
use serde::{Deserialize, Serialize};

use super::reason::Reason;
use crate::domain::{
    address::{EmailAddress, NamedAddress},
    ids::LetterId,
};

/// What is to be done about an address, or a letter to it.
#[derive(Debug, Clone, PartialEq)]
pub enum Consequence {
    /// The letter bears these marks from now on. `news`: what staff are told at its last message.
    Mark {
        letter: LetterId,
        marks: Vec<Mark>,
        news: Option<String>,
    },
    /// The address has so many points now.
    Count { address: EmailAddress, points: u32 },
    /// No mail goes to the address until staff resume it. Every room with them is told, but for the one
    /// of the letter `told_at`, where the news say so.
    Suspend {
        person: NamedAddress,
        cause: Cause,
        told_at: Option<LetterId>,
    },
    /// The address works: earlier failures count no more.
    Forget { address: EmailAddress },
    /// A mail came from a suspended address: staff may resume it, and are asked in the room, once.
    OfferResume {
        person: NamedAddress,
        room: OwnedRoomId,
    },
    /// Staff say, by the event `by` in the room, that mail goes to the address again.
    Resume {
        address: EmailAddress,
        room: OwnedRoomId,
        by: OwnedEventId,
    },
}

/// What is remembered of a letter to an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// `None`: the letter hadn't gone to the address that is reported.
    pub address: Option<EmailAddress>,
    pub kind: MarkKind,
    pub vouched: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkKind {
    Failed,
    Delayed,
    Complaint,
    /// It was not sent, as the address is suspended.
    Unsent,
}

/// Why an address is suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    Failed(Reason),
    /// Its owner wants no mail from us.
    Complained,
}

/// An address to which no mail goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspended {
    pub address: EmailAddress,
    pub cause: Cause,
}

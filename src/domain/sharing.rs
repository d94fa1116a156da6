//! What is in a room besides words, and how it travels in a letter.

use jiff::Timestamp;
use ruma::OwnedMxcUri;
use serde::{Deserialize, Serialize};

use super::note::Note;

/// Something that isn't words. Stored with the letter's item, as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "shared", rename_all = "snake_case")]
pub enum Shared {
    File(SharedFile),
    Place(Place),
    Poll(Poll),
    PollResult(PollResult),
    /// What nobody can carry; `name` is what its sender calls it, and may be empty.
    Opaque {
        what: Opaque,
        name: String,
    },
    /// What happened in the room.
    Change {
        change: Change,
    },
    /// Below the words of a mail: what is told of it.
    Notes {
        notes: Vec<Note>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opaque {
    /// A message that only its encrypted room's members can read.
    Encrypted,
    /// Of a kind that we don't know.
    Unknown,
}

/// What happened in a room, by its author or to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Came,
    Went,
    WasPutOut,
    /// What the room is called now; empty: nothing.
    NamedRoom(String),
    /// What the room is about now; empty: nothing.
    ChangedTopic(String),
}

/// A file as the event that shares it describes it. All of it but `source` is only what the sender's
/// client says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedFile {
    pub kind: FileKind,
    /// Where the homeserver has it; `None` if the event doesn't say, or it is encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<OwnedMxcUri>,
    /// On one line, without a path; may be empty.
    pub filename: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// In octets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Of a sound or a video, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    Image,
    Sticker,
    Video,
    Audio,
    /// Spoken into the microphone (MSC3245).
    Voice,
    File,
}

/// `m.location`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// In the sender's words; may be empty.
    pub description: String,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

/// `m.poll.start` (MSC3381).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poll {
    pub question: String,
    /// Id and text of each, in the order of the poll.
    pub answers: Vec<(String, String)>,
    /// How many one person may choose; at least one.
    pub most_choices: usize,
}

/// How a poll ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollResult {
    pub question: String,
    /// Each answer with its number of votes, in the order of the poll.
    pub votes: Vec<(String, usize)>,
}

/// How a file travels in one letter. Decided once, before the first attempt to send the letter, and
/// stored with the item, as JSON: every recipient and every attempt gets the same mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fate", rename_all = "snake_case")]
pub enum Fate {
    /// In the mail itself.
    Attached,
    /// Too large for that: the letter has a link.
    Linked {
        /// What the link's token names, and what it is signed with.
        link: i64,
        salt: String,
        /// In octets.
        size: u64,
        #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
        until: Timestamp,
    },
    Missing(Missing),
}

/// Why a file isn't in the letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "missing", rename_all = "snake_case")]
pub enum Missing {
    /// Larger than a mail may be, and there is no public address for a link.
    TooLarge { size: u64 },
    /// The homeserver has no such file, or none that can be read by us: in its words.
    Gone { reason: String },
    /// Only the members of its encrypted room can read it.
    Encrypted,
}

//! Mail that belongs to no conversation: what is asked of staff about it, and what they want done.
//!
//! A *request* is what somebody wants of a mailbox whose mail leads nowhere: one mail, and those that
//! follow before there is a place for them. It has a number. Staff, or the mailbox's rule, give it a
//! room; then its mails are posted there, in order, and answers go out as to any other.

use std::time::Duration;

use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId};
use serde::{Deserialize, Serialize};

use super::{
    address::NamedAddress,
    automatic::Kind,
    evidence::{Reason, Verdict},
    ids::{ConversationId, MailId, MessageId, RequestId},
    letter::Language,
    room_reference::RoomReference,
};

/// When somebody is told that their mail has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Acknowledge {
    /// When nobody is there to answer: outside of business hours and on holidays.
    #[default]
    Closed,
    Always,
    Never,
}

/// What a mail that leads nowhere becomes.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub mailbox: String,
    pub mail: MailId,
    pub sender: NamedAddress,
    pub subject: String,
    /// The room that is to come into the Space, where that is what they want.
    pub space: Option<RoomReference>,
    /// Of answers to the sender.
    pub language: Language,
    /// As in [`crate::domain::effect::Post`]: a mail that comes twice is one.
    pub identity: String,
    pub date: String,
    pub way: Way,
}

/// What is done with it.
#[derive(Debug, Clone, PartialEq)]
pub enum Way {
    /// It is one more of a request that is there already.
    Join(RequestId),
    /// Staff decide.
    Ask,
    /// It gets a room of its own at once.
    NewRoom,
    /// It goes into a room that is there.
    Into(OwnedRoomId),
}

/// What staff are told of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub sender: NamedAddress,
    /// The address that it came to.
    pub mailbox: String,
    pub verdict: Verdict,
    pub reason: Option<Reason>,
    pub subject: String,
    /// The room that is to come into the Space, where that is what they want.
    pub space: Option<RoomReference>,
    /// What its sender wrote, from its beginning.
    pub text: String,
    /// Names of its files.
    pub files: Vec<String>,
    /// Rooms in which the sender is already.
    pub rooms: KnownRooms,
    /// The conversation that it answers, which was closed long ago and whose room is no more.
    pub former: Option<ConversationId>,
    /// The room that the rule names, and into which the mail can't go by itself.
    pub no_rule: Option<NoRule>,
}

/// Why staff are asked although a rule has a room for the mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRule {
    /// Nothing proves who sent it.
    Unverified,
    /// Staff have put the sender out of the room of their domain, or they have left it themselves.
    IsOut,
    /// The bot isn't in the room of the sender's domain, or it is encrypted.
    RoomIsNotReady,
    /// Nobody would be invited.
    NobodyToInvite,
    /// So many rooms were opened by rule of late.
    TooManyRooms,
    /// It is written by something that nobody reads the answers of.
    Nobody,
}

/// A room in which somebody has a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRoom {
    pub conversation: ConversationId,
    pub room: OwnedRoomId,
    /// May be empty.
    pub name: String,
}

/// The rooms in which somebody has conversations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownRooms {
    /// Those of which the mailbox's staff may be told, by conversation.
    pub named: Vec<KnownRoom>,
    /// How many there are besides, of mailboxes with other staff.
    pub others: usize,
}

impl KnownRooms {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.named.is_empty() && self.others == 0
    }
}

/// What staff want done with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It gets a room of its own; the room that it asks for comes into the Space.
    Open,
    /// It goes into this room.
    Into(OwnedRoomId),
    /// Nothing; it is kept.
    Dismiss,
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Waiting,
    /// Its room is being made, or held against what comes into the Space.
    Opening,
    /// Its mails are in a room, or on their way into it.
    Opened,
    /// Its sender has been told what came of it.
    Answered,
    Dismissed,
}

impl State {
    /// As it stands in the store.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Opening => "opening",
            Self::Opened => "opened",
            Self::Answered => "answered",
            Self::Dismissed => "dismissed",
        }
    }

    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let all = [
            Self::Waiting,
            Self::Opening,
            Self::Opened,
            Self::Answered,
            Self::Dismissed,
        ];
        all.into_iter().find(|state| state.word() == word)
    }

    /// Whether something follows from the decision. What was put aside can be taken up again.
    #[must_use]
    pub fn may_become(self, decision: &Decision) -> bool {
        match self {
            Self::Waiting => true,
            Self::Dismissed => *decision != Decision::Dismiss,
            // Its room may be long in coming; and there may be more to talk about.
            Self::Opening | Self::Answered => matches!(decision, Decision::Into(_)),
            Self::Opened => false,
        }
    }
}

/// A request, for people.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    pub id: RequestId,
    pub mailbox: String,
    pub sender: NamedAddress,
    pub subject: String,
    /// The room that is to come into the Space, where that is what they want.
    pub space: Option<RoomReference>,
    pub language: Language,
    pub state: State,
    /// How many mails it has.
    pub mails: i64,
    /// Where staff are asked; `None`: nowhere.
    pub told_in: Option<OwnedRoomId>,
    /// Where its mails are; `None` while they are nowhere.
    pub room: Option<OwnedRoomId>,
    /// A Matrix user id; empty while nobody has decided, or a rule has.
    pub decided_by: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

/// A mail that we write by ourselves to somebody whose mail leads nowhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub mailbox: String,
    pub to: NamedAddress,
    pub answered: Option<MessageId>,
    pub subject: String,
    pub language: Language,
    pub kind: Kind,
}

/// Since when somebody was answered last, of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Answered {
    pub acknowledged: Option<Duration>,
    pub rejected: Option<Duration>,
}

/// What a decision wants done about requests.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// The mail becomes a request, or joins one, and staff are told.
    Request {
        request: Request,
        notice: Box<Notice>,
    },
    /// Its sender gets an answer.
    Answer(Answer),
    /// Staff have decided; `asked` is what they reacted to, or the command.
    Decide {
        request: RequestId,
        decision: Decision,
        by: OwnedUserId,
        room: OwnedRoomId,
        asked: OwnedEventId,
        /// By a command, which is answered.
        is_command: bool,
    },
    /// The room belongs to this mailbox from now on.
    SetMailbox { room: OwnedRoomId, mailbox: String },
}

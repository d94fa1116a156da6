//! Of conversations as the desk sees them.

use jiff::Timestamp;
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId};

use super::EventFacts;
use crate::domain::{desk::Standing, elsewhere::Place, ids::ConversationId};

/// What the commands of the desk need to know.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeskFacts {
    pub now: Timestamp,
    /// Of the room, those in which somebody takes part; in the control room and in a direct chat of all
    /// rooms, those asked for, up to a number.
    pub cases: Vec<Case>,
    /// There are more.
    pub has_more: bool,
    /// Asked where all rooms are meant.
    pub is_everywhere: bool,
    /// Of the conversation that is meant, the newest last.
    pub notes: Vec<CaseNote>,
    /// How many there are in all.
    pub note_count: usize,
    /// Somebody who is neither staff nor here by email reads the answer.
    pub has_visitors: bool,
    /// Of the user to whom a conversation is assigned.
    pub assignee: Option<AssigneeFacts>,
    /// Where a conversation is to go on.
    pub target: Option<TargetRoom>,
    /// The conversations that are to become one.
    pub pair: Vec<Case>,
}

/// A conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    pub id: ConversationId,
    pub customer: i64,
    pub room: OwnedRoomId,
    /// Empty where the room has none.
    pub room_name: String,
    pub thread_root: Option<OwnedEventId>,
    /// What staff call it; where they haven't, the subject of its letters.
    pub title: String,
    /// Nobody takes part any more.
    pub is_over: bool,
    /// A letter has gone, so that its subject stays.
    pub has_letters: bool,
    pub standing: Standing,
    /// What the assignee is called; empty if nobody is.
    pub assignee_name: String,
    /// Of those who take part by email.
    pub names: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseNote {
    pub text: String,
    /// What its author is called.
    pub by: String,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssigneeFacts {
    pub user: OwnedUserId,
    pub name: String,
    /// They may command the bot in the conversation's room.
    pub is_staff: bool,
    /// They are in it.
    pub is_there: bool,
}

/// The room in which a conversation is to go on.
#[derive(Debug, Clone, PartialEq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact that depends on no other"
)]
pub struct TargetRoom {
    pub room: Option<OwnedRoomId>,
    pub name: String,
    pub bot_joined: bool,
    pub encrypted: bool,
    /// A direct chat with the bot, or a room of staff's: nobody takes part there by email.
    pub is_for_staff: bool,
    /// Who asks may command the bot there.
    pub is_staff: bool,
    /// The same customer's conversation there.
    pub own: Option<ConversationId>,
    /// People of other customers or of another conversation, who would read it.
    pub others: Vec<String>,
    /// Who is neither staff nor here by email, and would read it.
    pub visitors: Vec<String>,
    /// Asked in one of the rooms of two conversations that become one, or where all rooms are meant.
    pub is_asked_here: bool,
    /// Who takes part, and would have a place in the conversation with which it becomes one.
    pub members: Vec<String>,
    /// Who is copied in, and would have a place in the conversation with which it becomes one.
    pub guests: Vec<String>,
    /// Who takes part or is copied in, and was put out of that one.
    pub put_out: Vec<String>,
    /// The conversation's threads in the room where it is.
    pub threads: Vec<ConversationId>,
}

/// What a command that is about another place leads to.
#[derive(Debug, Clone, PartialEq)]
pub enum Elsewhere {
    /// The command as if it were given there, and what is known there.
    There {
        place: Place,
        text: String,
        room: OwnedRoomId,
        facts: Box<EventFacts>,
        /// Somebody who is neither staff nor ghost is there.
        has_visitors: bool,
    },
    /// Everybody in the room would read the answer.
    NotHere,
    Unknown(Place),
    /// The bot isn't there.
    BotIsOut(Place),
    /// Who asks may not command the bot there.
    NotStaff(Place),
}

impl Elsewhere {
    #[must_use]
    pub fn is_there(&self) -> bool {
        matches!(self, Self::There { .. })
    }
}

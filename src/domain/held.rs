//! Mail that isn't trusted enough to be posted: staff decide, and it waits for them for as long as it
//! takes.

use serde::{Deserialize, Serialize};

use super::{
    address::NamedAddress,
    evidence::Reason,
    ids::{ConversationId, HeldId},
    trust::Held,
};

/// Most mails that one notice lists.
pub const MOST_LISTED: i64 = 20;

/// What staff are told of a mail that waits for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub sender: NamedAddress,
    pub subject: String,
    pub why: Held,
    /// What decided about the verdict; empty where the verdict isn't why.
    pub reason: Option<Reason>,
    /// What its sender wrote, from its beginning.
    pub text: String,
    pub files: usize,
    /// The sender may become one of the conversation's people.
    pub may_join: bool,
    /// A filter calls it spam, whatever else speaks against it.
    pub is_spam: bool,
    /// Of which conversation it is, where the place that it is told in doesn't say so.
    pub elsewhere: Option<ConversationId>,
}

/// What staff want to be done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It is posted.
    Release,
    /// It is posted, and its sender is one of the conversation's people from now on.
    Admit,
    /// It is shown nowhere.
    Drop,
}

/// Where a mail stands on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Waiting,
    /// Staff have released it; it is about to be posted.
    Releasing,
    Released,
    Dropped,
    /// Staff have released it, and it can't be read: its file is missing, say.
    Failed,
}

impl State {
    /// Whether something follows from the decision. One that was dropped can be brought back, and one
    /// that failed can be tried again.
    #[must_use]
    pub fn may_become(self, decision: Decision) -> bool {
        match (self, decision) {
            (Self::Waiting | Self::Failed, _)
            | (Self::Dropped, Decision::Release | Decision::Admit) => true,
            (Self::Releasing | Self::Released, _) | (Self::Dropped, Decision::Drop) => false,
        }
    }
}

/// A mail that is or was held, for people.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldMail {
    pub id: HeldId,
    pub conversation: ConversationId,
    /// A Matrix room id.
    pub room: String,
    pub state: State,
    /// Who decided: a Matrix user id; empty while nobody has.
    pub decided_by: String,
    pub sender: String,
    pub subject: String,
    /// Milliseconds since 1970.
    pub held_at: i64,
}

/// Staff have released the mail in one conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    pub id: HeldId,
    /// What people call the one who released it.
    pub by: String,
    /// The sender becomes one of the conversation's people.
    pub admits: bool,
    /// The sender was one of them when the mail came.
    pub was_member: bool,
    /// Nobody has decided: what it waited for has come, and it is looked at as if it were new.
    pub is_automatic: bool,
}

/// Why a mail that was released can't be posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    BotGone,
    Closed,
    /// Staff have taken its sender out of the conversation since.
    SenderRemoved,
}

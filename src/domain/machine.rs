//! What is known of a mail that a machine wrote, and of the address of one that a person wrote.

use std::time::Duration;

use super::{
    address::NamedAddress,
    bounce::{BounceFacts, FailedRecipient, FeedbackType, Standing},
    ids::{ConversationId, LetterId},
};

/// Looked up only as far as the kind of the mail asks for it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MachineFacts {
    /// What a bounce or a complaint says, and about which letter.
    pub reported: Option<Reported>,
    /// How the sender's address has done; `None`: no mail to it has failed.
    pub sender: Option<Standing>,
    /// Of an automatic reply: what of its sender was shown before, for each conversation to which it
    /// leads.
    pub shown: Vec<ShownBefore>,
    /// Of a mail that may be answered by one of ours: since the last such answer to its sender.
    pub answered: Option<Duration>,
}

/// What a report says of a letter, address by address.
#[derive(Debug, Clone, PartialEq)]
pub struct Reported {
    /// `None`: it names no letter of ours.
    pub letter: Option<LetterId>,
    pub about: Vec<About>,
}

/// What a report says of one address.
#[derive(Debug, Clone, PartialEq)]
pub struct About {
    /// Whom the letter had gone to; where that isn't known, the address that is reported.
    pub person: NamedAddress,
    /// The letter had gone to them, whatever address that led to.
    pub is_known: bool,
    pub what: What,
    pub facts: BounceFacts,
    /// Staff know of it.
    pub is_told: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum What {
    Failure(FailedRecipient),
    Complaint(FeedbackType),
}

/// When automatic replies of the sender were shown in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShownBefore {
    pub conversation: ConversationId,
    /// Since the last one of the same kind.
    pub same_kind: Option<Duration>,
    /// Since the last one that begins alike.
    pub same_beginning: Option<Duration>,
}

/// What an automatic reply is, as far as that is told by its subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyKind {
    Absence,
    Other,
}

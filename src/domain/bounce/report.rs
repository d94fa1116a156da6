//! What a report by a mail server says.

use serde::Serialize;

use super::{reason::Reason, status::StatusCode};
use crate::domain::{address::EmailAddress, ids::MessageId};

/// A mail by a machine about a mail of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    Bounce(Bounce),
    Complaint(Complaint),
}

impl Report {
    /// The mail that it is about, as far as it says.
    #[must_use]
    pub fn original(&self) -> &Original {
        match self {
            Self::Bounce(bounce) => &bounce.original,
            Self::Complaint(complaint) => &complaint.original,
        }
    }
}

/// What became of a mail. Anybody can write one: see [`super::on_failure`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounce {
    /// Each address once; empty if the report can't be understood.
    pub recipients: Vec<FailedRecipient>,
    pub original: Original,
}

/// What became of a mail to one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedRecipient {
    /// The one that was written to; where the report doesn't say, the one to which that led.
    pub address: EmailAddress,
    pub action: Action,
    pub status: Option<StatusCode>,
    /// What the server said, on one line, of at most 1,000 characters.
    pub reply: Option<String>,
    /// The server that said so.
    pub remote_mta: Option<String>,
    pub reason: Reason,
}

impl FailedRecipient {
    /// The mail has not arrived, or not yet; else the report tells that it has.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        match self.action {
            Action::Failed | Action::Delayed => true,
            Action::Delivered | Action::Relayed | Action::Expanded => false,
        }
    }

    /// The mail failed because of the address itself, and will whenever it is tried again.
    #[must_use]
    pub fn is_hard(&self) -> bool {
        self.action == Action::Failed
            && self.reason.is_of_the_address()
            && self.status.is_none_or(StatusCode::is_permanent)
    }
}

/// RFC 3464 section 2.3.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Failed,
    /// The server goes on trying.
    Delayed,
    Delivered,
    /// Handed to a server that will not report any further.
    Relayed,
    /// Handed to several addresses.
    Expanded,
}

impl Action {
    /// The first word counts: some servers add others.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let word = text
            .trim_start()
            .split(|c: char| !c.is_ascii_alphabetic())
            .next()?;
        match word.to_ascii_lowercase().as_str() {
            "failed" | "failure" | "fail" => Some(Self::Failed),
            "delayed" | "deferred" => Some(Self::Delayed),
            "delivered" | "deliverable" => Some(Self::Delivered),
            "relayed" => Some(Self::Relayed),
            "expanded" => Some(Self::Expanded),
            _ => None,
        }
    }
}

/// What a report says of the mail that it is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Original {
    pub message_id: Option<MessageId>,
    /// Its X-Postroom-Id, which stays as it is where the Message-ID is rewritten on the way.
    pub postroom_id: Option<MessageId>,
    /// The address in its To, if there is but one.
    pub recipient: Option<EmailAddress>,
    pub subject: Option<String>,
    /// Its envelope sender.
    pub return_path: Option<EmailAddress>,
}

/// Somebody's provider says what they think of a mail (RFC 5965).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    pub about: FeedbackType,
    /// Who complained, each once; providers often leave them out.
    pub recipients: Vec<EmailAddress>,
    pub original: Original,
}

/// RFC 5965 section 7.3, RFC 6430 and RFC 6591.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedbackType {
    Abuse,
    Fraud,
    Virus,
    /// They took it out of their junk.
    NotSpam,
    /// They want no more of it.
    OptOut,
    /// SPF, DKIM or DMARC failed; nobody complained.
    AuthFailure,
    Other,
}

impl FeedbackType {
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.trim().to_ascii_lowercase().as_str() {
            "abuse" | "complaint" => Self::Abuse,
            "fraud" => Self::Fraud,
            "virus" => Self::Virus,
            "not-spam" => Self::NotSpam,
            "opt-out" | "opt-out-list" => Self::OptOut,
            "auth-failure" => Self::AuthFailure,
            _ => Self::Other,
        }
    }

    /// Somebody wants no more mail from us.
    #[must_use]
    pub fn is_complaint(self) -> bool {
        match self {
            Self::Abuse | Self::Fraud | Self::OptOut | Self::Other => true,
            Self::Virus | Self::NotSpam | Self::AuthFailure => false,
        }
    }
}

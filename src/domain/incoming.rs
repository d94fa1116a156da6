//! An incoming mail as the decisions see it, and as `postroom parse --json` shows it.

use serde::Serialize;

use super::{address::NamedAddress, event::Words, ids::MessageId, note::Note};

/// What a mail is; the first that fits, from the machines to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MailKind {
    /// A delivery status, or the notice of a server that knows no such format.
    Bounce,
    /// An abuse report (RFC 5965).
    FeedbackReport,
    /// Our own mail that came back.
    Own,
    /// An absence note or another answer by a machine (RFC 3834).
    AutoReply,
    /// A mailing list or bulk mail.
    List,
    Forward,
    Reply,
    New,
}

impl MailKind {
    /// Whether a machine wrote it: never posted as an answer, never answered.
    #[must_use]
    pub fn is_by_machine(self) -> bool {
        match self {
            Self::Bounce | Self::FeedbackReport | Self::Own | Self::AutoReply | Self::List => true,
            Self::Forward | Self::Reply | Self::New => false,
        }
    }
}

/// A parsed mail. Serialised it is the JSON of `postroom parse --json` less `file`.
#[derive(Debug, Clone, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact that depends on no other"
)]
pub struct IncomingMail {
    pub kind: MailKind,
    pub message_id: Option<MessageId>,
    /// The ids of the In-Reply-To header, in its order.
    pub in_reply_to: Vec<MessageId>,
    /// The ids of the References header, oldest first.
    pub references: Vec<MessageId>,
    /// The first address in From. Where From holds none: that in Sender or Reply-To, by which the
    /// mail can be answered; then `from_is_substitute`.
    pub from: Option<NamedAddress>,
    /// `from` was taken from another header than From: no domain vouches for it (DMARC looks at From
    /// alone), so such a mail is never more than unverified.
    #[serde(skip)]
    pub from_is_substitute: bool,
    pub to: Vec<NamedAddress>,
    pub cc: Vec<NamedAddress>,
    /// Addresses of every header in which a delivered-to address may stand (Delivered-To,
    /// X-Original-To, …, To, Cc), as written, without names.
    #[serde(skip)]
    pub recipients: Vec<String>,
    /// The decoded subject on one line, with its prefixes.
    pub subject: Option<String>,
    /// RFC 3339, in the sender's offset.
    pub date: Option<String>,
    /// What the sender wrote, without what was folded.
    pub text: String,
    /// The same as Matrix HTML; `None` where the mail had no HTML part.
    pub html: Option<String>,
    pub signature: Option<String>,
    /// The history that was taken out of `text`, its blocks with a blank line between them.
    pub folded: Option<String>,
    /// What the room shows, in order: `text`, with the files that stand within it.
    #[serde(skip)]
    pub shown: Vec<Shown>,
    pub attachments: Vec<AttachmentInfo>,
    /// What is worth a sentence besides: signatures, invitations, encryption.
    #[serde(skip)]
    pub notes: Vec<Note>,
    /// The mail has no words: `text` is what `notes` say.
    #[serde(skip)]
    pub is_told: bool,
    pub problems: Vec<Problem>,
    /// A machine says that it wrote this (Auto-Submitted other than `no`), or the envelope sender
    /// in Return-Path is null; kept apart from `kind` because a bounce or list mail may also be.
    #[serde(skip)]
    pub auto_submitted: bool,
    /// It tells that somebody has opened or deleted a mail of ours (RFC 8098).
    #[serde(skip)]
    pub read_receipt: bool,
    /// The sender's picture, as its header has it (Face): PNG in Base64.
    #[serde(skip)]
    pub face: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttachmentInfo {
    pub filename: Option<String>,
    pub content_type: String,
    /// Decoded size in bytes.
    pub size: u64,
    pub inline: bool,
    #[serde(skip)]
    pub fate: Fate,
}

/// Whether a file is shown in the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Shown,
    /// Named, and kept until staff release it.
    Withheld(Withheld),
    /// Neither shown nor named, as it belongs to what is folded or says nothing: the logo in a
    /// signature, a spacer, the signature of a signed mail.
    Folded,
}

/// Why a file is not shown at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withheld {
    /// Windows would run it when somebody opens it.
    Launchable,
    /// Its content can't be decoded.
    Damaged,
    /// Malware was found in the mail: it is shown to nobody.
    Infected,
    /// The virus scanner didn't look at it.
    NotScanned,
}

/// A stretch of what the room shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    Words(Words),
    /// An image in its place: index among the attachments.
    Image(usize),
}

impl Shown {
    /// Index among the attachments.
    #[must_use]
    pub fn image(&self) -> Option<usize> {
        match self {
            Self::Words(_) => None,
            Self::Image(index) => Some(*index),
        }
    }
}

/// Something in a mail that was mended or can't be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// A stable word for programs, such as `no_from`.
    pub code: &'static str,
    /// A sentence for people.
    pub detail: String,
}

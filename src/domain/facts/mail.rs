//! Of a mail: whom it comes from, and where it leads.

use ruma::{OwnedEventId, OwnedRoomId};

use super::{IntakeFacts, MailOnboarding, OwnAddresses, PersonFacts};
use crate::domain::{
    address::NamedAddress,
    evidence::Judgement,
    held::Release,
    ids::{ContactId, ConversationId, SubscriptionId},
    machine::MachineFacts,
    trust::{self, Lead, TrustPolicy},
};

/// A mail's conversations and whom it comes from, found by routing.
#[derive(Debug, Clone, PartialEq)]
pub struct MailFacts {
    /// The mail's Message-ID, or its digest where it has none.
    pub identity: String,
    /// Its Message-ID is one that we signed.
    pub is_ours: bool,
    /// From one of our own mailboxes to an address with a probe's token.
    pub is_probe: bool,
    /// It came to the return address of this delivery.
    pub delivery: Option<Delivery>,
    /// It came to the address by which its sender leaves this broadcast.
    pub leaving: Option<SubscriptionId>,
    /// What its domain says of who sent it, and why.
    pub judgement: Judgement,
    /// Where the mail leads, best evidence first, each conversation once.
    pub routes: Vec<Route>,
    /// The sender's signature is known from an earlier mail.
    pub knows_signature: bool,
    pub machine: MachineFacts,
    pub own_addresses: OwnAddresses,
    pub control_room: Option<OwnedRoomId>,
    /// Of a mail that leads nowhere: of each mailbox that may take it.
    pub intake: Vec<IntakeFacts>,
}

/// A letter on its way to one recipient.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// The row of the outbox.
    pub row: i64,
    pub recipient: NamedAddress,
}

#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact that depends on no other"
)]
pub struct Route {
    pub conversation: ConversationId,
    pub by: LedBy,
    /// The sender, if they are one of the conversation's people.
    pub member: Option<PersonFacts>,
    /// The same for who isn't.
    pub standing: trust::Standing,
    pub policy: TrustPolicy,
    pub is_closed: bool,
    /// It was closed as nobody took part any more, long ago.
    pub is_long_over: bool,
    /// Staff have called it closed long ago, and nothing was written in it since.
    pub rests_for_long: bool,
    /// Staff have released the mail here.
    pub release: Option<Release>,
    /// The same mail waits for staff here, or has waited.
    pub is_held: bool,
    /// The same mail (Message-ID, From and Date) is in this conversation already.
    pub known: bool,
    /// The event that the mail answers, and the thread that this one stands in.
    pub reply_to: Option<OwnedEventId>,
    pub thread_root: Option<OwnedEventId>,
    pub room: OwnedRoomId,
    pub bot_joined: bool,
    /// Nobody of staff is in the room any more.
    pub is_deserted: bool,
    /// Somebody who is neither staff nor ghost is in the room. Known only if it matters for the mail.
    pub has_visitors: bool,
    /// The mail names none of the conversation's others.
    pub is_loose: bool,
    /// Of the conversation.
    pub subject: String,
    /// Of a guest's mail: what people call the one who copied them in.
    pub copied_by: Option<String>,
    /// Who else stands in To and Cc, without our own addresses; of a member's or guest's mail.
    pub copied: Vec<Copied>,
    /// What it says of its sender's Matrix id, and what is known of that.
    pub onboarding: MailOnboarding,
    /// How many guests the conversation has, those included who are only offered to staff.
    pub guests: usize,
}

impl Route {
    /// Staff, or a rule of theirs, have decided that the mail is posted here.
    #[must_use]
    pub fn is_decided(&self) -> bool {
        self.release.is_some() || self.by == LedBy::Intake
    }
}

/// Somebody to whom a mail went besides us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    pub person: NamedAddress,
    pub standing: Standing,
}

/// What somebody is to a conversation of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// One of its people or guests, or somebody who reads there for another reason.
    Here {
        contact: ContactId,
        /// By a conversation of the same customer.
        is_theirs: bool,
    },
    /// Was copied in without proof: staff may let them in.
    Offered(ContactId),
    /// Was put out of the room by staff, or has left it; staff may have been told that they are copied
    /// in again.
    Out { told: bool },
    /// Nobody to the conversation.
    New,
}

/// What led a mail to a conversation; the first is the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LedBy {
    Token,
    OwnMessageId,
    KnownMessageId,
    /// Nothing but its sender, who is in one room only.
    Sender,
    /// Intake: staff or a rule have given it this place.
    Intake,
}

impl LedBy {
    #[must_use]
    pub fn lead(self) -> Lead {
        match self {
            Self::Token => Lead::Token,
            Self::OwnMessageId | Self::KnownMessageId => Lead::KnownId,
            Self::Sender | Self::Intake => Lead::Nothing,
        }
    }
}

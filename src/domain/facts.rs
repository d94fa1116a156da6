//! What a decision needs to know beyond the event or mail itself. The store loads it in the
//! transaction in which the decision's effects are written.

use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId, UserId};

use super::{
    address::{EmailAddress, NamedAddress},
    ids::{ContactId, ConversationId, CustomerId, MailId, SubscriptionId},
    outgoing::Offer,
    settings::Settings,
};

/// A user, as far as rights go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Bot,
    /// The ghost of a contact.
    Ghost(ContactId),
    /// A user of our namespace who stands for nobody.
    NobodysGhost,
    /// May command the bot.
    Staff,
    /// Any other Matrix user.
    Visitor,
}

#[derive(Debug, Clone, PartialEq)]
pub struct EventFacts {
    pub bot: OwnedUserId,
    pub sender_role: Role,
    /// What the sender is called in the room; the localpart of the id if nothing better is known.
    pub sender_name: String,
    pub room: RoomFacts,
    /// The event that this one edits, takes back, reacts to or replies to, or the root of its
    /// thread, whichever says most, if it is known.
    pub target: Option<TargetFacts>,
    /// For the membership event of a user in our namespace other than the bot.
    pub subject: Option<GhostFacts>,
    pub own_addresses: OwnAddresses,
    /// Where staff are told what not everybody in a room may read.
    pub control_room: Option<OwnedRoomId>,
}

/// A user in our namespace; without an address they stand for nobody.
#[derive(Debug, Clone, PartialEq)]
pub struct GhostFacts {
    pub address: Option<EmailAddress>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct RoomFacts {
    pub id: OwnedRoomId,
    pub encrypted: bool,
    /// Whether the bot is in the room: nothing is relayed without it.
    pub bot_joined: bool,
    /// The conversations that aren't closed, by number.
    pub conversations: Vec<ConversationFacts>,
    pub settings: Settings,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ConversationFacts {
    pub id: ConversationId,
    pub customer: CustomerId,
    /// The Matrix thread that it is; `None`: the room itself.
    pub thread_root: Option<OwnedEventId>,
    pub people: Vec<PersonFacts>,
    /// How many messages wait in the open letter, and when that goes at the latest.
    pub waiting: usize,
    /// Letters that the mail server has not taken yet.
    pub undelivered: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PersonFacts {
    pub contact: ContactId,
    pub address: EmailAddress,
    /// What people call them: never empty.
    pub name: String,
    pub ghost: OwnedUserId,
    /// Copied in by somebody else of the conversation, and not made one of them by staff.
    pub is_guest: bool,
}

/// What we know of an event that another one points at.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetFacts {
    pub event: OwnedEventId,
    pub sender: OwnedUserId,
    /// It stayed in Matrix, and so does what hangs on it.
    pub internal: bool,
    /// Where it went or waits, one for each conversation.
    pub placed: Vec<Placement>,
    /// The thread that it stands in.
    pub thread_root: Option<OwnedEventId>,
    /// The mail that it shows.
    pub mail: Option<MailId>,
    /// What it offers to staff.
    pub offer: Option<Offer>,
    /// Somebody who is neither staff nor ghost is in the room. Known only if the whole of a mail is
    /// asked for.
    pub has_visitors: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Placement {
    pub conversation: ConversationId,
    /// Whether it still waits in an open letter.
    pub open: bool,
    /// The names of those who have the letter, or may have it.
    pub people: Vec<String>,
    /// The beginning of what it said.
    pub excerpt: String,
}

impl TargetFacts {
    /// Whom it had gone to by email.
    #[must_use]
    pub fn gone_to(&self) -> Vec<&str> {
        let gone = self.placed.iter().filter(|placement| !placement.open);
        gone.flat_map(|placement| placement.people.iter().map(String::as_str))
            .collect()
    }
}

/// The addresses and domains that are ours: never a customer's.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OwnAddresses {
    pub addresses: Vec<EmailAddress>,
    /// Domains that exist only for reply tokens.
    pub domains: Vec<String>,
}

impl OwnAddresses {
    #[must_use]
    pub fn contain(&self, address: &EmailAddress) -> bool {
        let base = address.local_part().split('+').next().unwrap_or_default();
        self.domains.iter().any(|domain| domain == address.domain())
            || self.addresses.iter().any(|own| {
                own == address
                    || own.domain() == address.domain()
                        && own.local_part().eq_ignore_ascii_case(base)
            })
    }
}

impl RoomFacts {
    /// The person of this room whose address or ghost this is, with their conversation.
    #[must_use]
    pub fn find(&self, address: &EmailAddress) -> Option<&PersonFacts> {
        self.people().find(|person| person.address == *address)
    }

    pub fn people(&self) -> impl Iterator<Item = &PersonFacts> {
        self.conversations
            .iter()
            .flat_map(|conversation| &conversation.people)
    }

    #[must_use]
    pub fn by_ghost(&self, ghost: &UserId) -> Option<&PersonFacts> {
        self.people().find(|person| person.ghost == ghost)
    }
}

/// A mail's conversations and whom it comes from, found by routing.
#[derive(Debug, Clone, PartialEq, Default)]
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
    /// Where the mail leads, best evidence first, each conversation once.
    pub routes: Vec<Route>,
    /// The sender's signature is known from an earlier mail.
    pub knows_signature: bool,
    pub control_room: Option<OwnedRoomId>,
}

/// A letter on its way to one recipient.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// The row of the outbox.
    pub row: i64,
    pub recipient: NamedAddress,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    pub conversation: ConversationId,
    pub by: Evidence,
    /// The sender, if they are one of the conversation's people.
    pub member: Option<PersonFacts>,
    /// The same mail (Message-ID, From and Date) is in this conversation already.
    pub known: bool,
    /// The event that the mail answers, and the thread that this one stands in.
    pub reply_to: Option<OwnedEventId>,
    pub thread_root: Option<OwnedEventId>,
    pub room: OwnedRoomId,
    pub bot_joined: bool,
    /// Somebody who is neither staff nor ghost is in the room. Known only if it matters for the mail.
    pub has_visitors: bool,
}

/// What led a mail to a conversation; the first is the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    Token,
    OwnMessageId,
    KnownMessageId,
}

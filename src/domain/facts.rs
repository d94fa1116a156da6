//! What a decision needs to know beyond the event or mail itself. The store loads it in the
//! transaction in which the decision's effects are written.

mod desk;
mod intake;
mod life;
mod mail;
mod onboarding;
mod person;
mod settings;

use std::collections::HashSet;

use jiff::{Timestamp, Zoned};
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId, UserId};

pub use self::desk::{AssigneeFacts, Case, CaseNote, DeskFacts, Elsewhere, TargetRoom};
pub use self::intake::{IntakeFacts, RequestsFacts, SharedRoom, SpaceWish};
pub use self::life::{Bid, LifeFacts, Successor};
pub use self::mail::{Copied, Delivery, LedBy, MailFacts, Route, Standing};
pub use self::onboarding::{MailOnboarding, MoveFacts};
pub use self::person::PersonKnown;
pub use self::settings::{LocaleFacts, LocaleSource, SetHere, SettingsFacts, ZoneFacts};
use super::{
    address::EmailAddress,
    bounce::Suspended,
    event::{Content, Membership, Said},
    held::HeldMail,
    ids::{ContactId, ConversationId, CustomerId, MailId},
    outgoing::Offer,
    senders::{List, Listed},
    settings::Settings,
    sharing::Poll,
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
    /// Of the event of a ghost that shows a mail: who got that mail, or wrote it.
    pub had: Vec<ContactId>,
    /// For the membership event of a user in our namespace other than the bot.
    pub subject: Option<GhostFacts>,
    pub own_addresses: OwnAddresses,
    /// Where staff are told what not everybody in a room may read.
    pub control_room: Option<OwnedRoomId>,
    pub past: Past,
    pub life: LifeFacts,
    pub details: Details,
}

/// What was before, as far as an event asks for it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Past {
    /// The conversations to which the root of the message's thread went, or from which it came.
    pub thread: Vec<ConversationId>,
    /// What the message says by now, if an edit of it came before it did.
    pub edited: Option<Content>,
    /// Of an edit that makes a note: the messages that reply to it or stand in its thread, and wait in
    /// a letter, with what hangs on them.
    pub hanging: Vec<OwnedEventId>,
    pub taken_back: TakenBack,
    /// The poll in which somebody votes, or that somebody ends; `None` if it isn't one of this room, or
    /// has ended.
    pub poll: Option<PollFacts>,
    /// What the user of a membership event was before.
    pub member: Option<MemberFacts>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct MemberFacts {
    pub membership: Membership,
    /// Never empty.
    pub name: String,
}

/// What a redaction takes back.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum TakenBack {
    #[default]
    Message,
    Reaction,
    Vote {
        poll: OwnedEventId,
        voter: OwnedUserId,
    },
    /// It had made `message` say `said`. If it was the last edit, that says what it had said before.
    Edit {
        message: Box<TargetFacts>,
        said: Box<Content>,
        before: Option<Content>,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct PollFacts {
    pub poll: Poll,
    /// The ids of the answers that each voter has chosen, with the time of the choice; empty while
    /// nobody ends it.
    pub votes: Vec<(Timestamp, Vec<String>)>,
}

/// What only some commands need to know; each is there if the event is such a command.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Details {
    /// The time, in the mailbox's zone: for `!email status`, `settings`.
    pub now: Zoned,
    /// For `!email settings`.
    pub settings: SettingsFacts,
    /// One for each customer of the room: for `!email language`, `timezone`.
    pub locales: Vec<LocaleFacts>,
    /// What staff ask `!email timezone` for.
    pub zone: Option<ZoneFacts>,
    /// Whose ghosts are banned from the room, of those whom `add` names.
    pub banned: Vec<EmailAddress>,
    /// For `!email held`, `release`, `drop`.
    pub held: HeldFacts,
    /// For `!email requests`, `take`, `dismiss`.
    pub requests: RequestsFacts,
    /// The mailboxes, the room's own first, and whether the sender is staff for each: for `!email settings
    /// mailbox`.
    pub mailboxes: Vec<(String, bool)>,
    /// Somebody was written to from the room: for the same.
    pub was_written_from: bool,
    /// Of the people here: for `!email list` and `status`; of the address asked for: for `resume`.
    pub suspended: Vec<Suspended>,
    /// For `!email erase`.
    pub person: PersonKnown,
    /// Who is on the way from mail to Matrix, as far as the event asks for it.
    pub onboarding: MoveFacts,
    /// For `!email block`, `unblock`, `allow`, `blocked`.
    pub senders: SendersFacts,
    /// Conversations of which so many letters have gone of late that the next one waits, and for how many
    /// minutes: for `!email now` and 📨.
    pub held_up: Vec<(ConversationId, i64)>,
    /// For the commands of the desk.
    pub desk: DeskFacts,
    /// The command is about another room.
    pub elsewhere: Option<Elsewhere>,
    /// Who gives the command is staff by the power level in this room alone.
    pub is_by_level: bool,
}

/// Who is on the lists of senders.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SendersFacts {
    /// Where staff have put the pattern that a command names.
    pub on: Option<List>,
    /// It is listed in the configuration, too.
    pub is_configured: bool,
    /// The first of all patterns: for `!email blocked`.
    pub listed: Vec<Listed>,
    pub has_more: bool,
}

/// Mail that waits for staff, as far as a command asks for it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HeldFacts {
    /// Of the room, or of all rooms in the control room; or the one that is asked for, wherever that
    /// is. The oldest come first.
    pub mails: Vec<HeldMail>,
    /// How many there are in all.
    pub count: usize,
    /// Somebody who is neither staff nor ghost is in the room.
    pub has_visitors: bool,
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
    /// Somebody's direct chat with the bot: nobody takes part there by email.
    pub is_direct: bool,
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
    /// How many messages wait in the open letter.
    pub waiting: usize,
    /// When that goes, if nothing more comes.
    pub goes_at: Option<Timestamp>,
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
    /// They read and write in Matrix as this user, and get no mail.
    pub moved: Option<OwnedUserId>,
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
    /// Whether nobody can have it yet: its letter is open, or no attempt has begun that may have
    /// reached anybody.
    pub waits: bool,
    /// Somebody to whom the letter goes takes part in the conversation no more.
    pub has_leavers: bool,
    /// Who has the message by the letter.
    pub gone_to: GoneTo,
    /// The beginning of what it said.
    pub excerpt: String,
    /// What it says in the letter; with corrections, in the last one that has gone. `None` of what came
    /// by mail.
    pub said: Option<Said>,
    /// The correction of it that waits.
    pub correction: Option<OwnedEventId>,
}

impl TargetFacts {
    /// Whom it had gone to by email.
    #[must_use]
    pub fn gone_to(&self) -> GoneTo {
        let mut gone_to = GoneTo::default();
        for placement in self.placed.iter().filter(|placement| !placement.waits) {
            gone_to.add(placement.gone_to.clone());
        }
        gone_to
    }
}

/// To whom something has gone by email: their names, nobody twice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GoneTo {
    pub surely: Vec<String>,
    /// To these it may have gone: how its sending ended is not known.
    pub perhaps: Vec<String>,
}

impl GoneTo {
    pub fn add(&mut self, others: Self) {
        for name in others.surely {
            self.perhaps.retain(|own| *own != name);
            if !self.surely.contains(&name) {
                self.surely.push(name);
            }
        }
        for name in others.perhaps {
            if !self.surely.contains(&name) && !self.perhaps.contains(&name) {
                self.perhaps.push(name);
            }
        }
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
    /// The person of this room whose address this is, guests included.
    #[must_use]
    pub fn find(&self, address: &EmailAddress) -> Option<&PersonFacts> {
        self.people()
            .into_iter()
            .find(|person| person.address == *address)
    }

    /// One of the room's conversations, unless it is closed.
    #[must_use]
    pub fn conversation(&self, id: ConversationId) -> Option<&ConversationFacts> {
        self.conversations.iter().find(|one| one.id == id)
    }

    /// Everybody who takes part by email in the room or in a thread of it, once each: the members
    /// first.
    #[must_use]
    pub fn people(&self) -> Vec<&PersonFacts> {
        let mut people: Vec<&PersonFacts> = self
            .conversations
            .iter()
            .flat_map(|conversation| &conversation.people)
            .collect();
        people.sort_by_key(|person| person.is_guest);
        let mut seen = HashSet::new();
        people.retain(|person| seen.insert(person.contact));
        people
    }

    /// The conversations of the room itself, without its threads'.
    pub fn mains(&self) -> impl Iterator<Item = &ConversationFacts> {
        self.conversations
            .iter()
            .filter(|conversation| conversation.thread_root.is_none())
    }

    /// The conversation that the thread is with this customer.
    #[must_use]
    pub fn thread(&self, root: &OwnedEventId, customer: CustomerId) -> Option<&ConversationFacts> {
        self.threads_of(customer)
            .find(|conversation| conversation.thread_root.as_ref() == Some(root))
    }

    pub fn threads_of(&self, customer: CustomerId) -> impl Iterator<Item = &ConversationFacts> {
        self.conversations.iter().filter(move |conversation| {
            conversation.thread_root.is_some() && conversation.customer == customer
        })
    }

    #[must_use]
    pub fn by_ghost(&self, ghost: &UserId) -> Option<&PersonFacts> {
        self.people()
            .into_iter()
            .find(|person| person.ghost == ghost)
    }
}

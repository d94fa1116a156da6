//! What stands in the outbox: an effect that leaves the machine, as it is stored.

use ruma::{OwnedEventId, OwnedRoomId, OwnedServerName, OwnedUserId};
use serde::{Deserialize, Serialize};

use super::{
    address::{EmailAddress, NamedAddress},
    ids::{ContactId, ConversationId, HeldId, MailId, MessageId, RequestId, SubscriptionId},
    letter::{Automatically, Quote},
    room_policy::RoomPlan,
    signs::Signs,
};

/// Something that a user of ours does in Matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum MatrixAction {
    /// Sends an event; the content bears the row's effect id besides.
    Send {
        room: OwnedRoomId,
        puppet: Puppet,
        event_type: String,
        content: serde_json::Value,
        /// The mail that the event shows.
        mail: Option<PostedMail>,
        /// What goes up to the homeserver first; where it is then and what it looks like is added
        /// to the content.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        media: Option<Media>,
        /// What staff's reaction to the event does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        offer: Option<Offer>,
    },
    /// The bot says something else than it had said by the row with the effect id `first`.
    Revise {
        room: OwnedRoomId,
        first: String,
        /// What it says now, as a message of its own.
        content: serde_json::Value,
    },
    Join {
        room: OwnedRoomId,
        puppet: Puppet,
    },
    /// The bot follows into the room that replaces another; `via` is a server that knows the way in.
    Follow {
        room: OwnedRoomId,
        via: OwnedServerName,
    },
    Leave {
        room: OwnedRoomId,
        puppet: Puppet,
    },
    /// Makes a room for a request.
    CreateRoom {
        request: RequestId,
        plan: RoomPlan,
    },
    /// The Space lists the room that was made for a request, with servers that know the way in.
    ListInSpace {
        space: OwnedRoomId,
        room: OwnedRoomId,
        via: Vec<OwnedServerName>,
        request: RequestId,
    },
    /// As [`Self::Leave`], of one who says why.
    Decline {
        room: OwnedRoomId,
        puppet: Puppet,
        reason: String,
    },
    /// `puppet` asks the bot into the room.
    AskIn {
        room: OwnedRoomId,
        puppet: Puppet,
    },
    /// The room's state says which bridge serves it, and that the bot is no person; without `signs`,
    /// that none does. `former` is what it said before.
    PutUpSigns {
        room: OwnedRoomId,
        signs: Option<Signs>,
        former: Option<Signs>,
    },
    /// The ghost of a contact takes back what it has said.
    TakeBack {
        room: OwnedRoomId,
        contact: ContactId,
        event: OwnedEventId,
    },
    /// The ghost of this localpart is no more: its contact is erased.
    Retire {
        erasure: i64,
        localpart: String,
    },
    /// The bot invites somebody who takes part in the room by mail.
    Invite {
        room: OwnedRoomId,
        contact: ContactId,
        user: OwnedUserId,
        /// Behind what is said in this room. `None`: in a lane of its own, where it holds up nothing.
        behind: Option<OwnedRoomId>,
    },
    /// The bot has seen to everything up to this event.
    Receipt {
        room: OwnedRoomId,
        event: OwnedEventId,
    },
}

/// A part of a mail that the homeserver is to keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    pub mail: MailId,
    pub part: MailPart,
    pub filename: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailPart {
    /// Index among the attachments.
    File(usize),
    /// All of what its sender wrote, for a mail too long to be shown.
    Text,
    /// Headers and text of the whole mail, for reading: in the event itself if it is short.
    Readable,
    /// The whole mail as it came.
    Original,
}

/// A file of a mail, as it is sent to a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedFile {
    /// Index among the mail's attachments.
    pub index: usize,
    pub filename: String,
}

/// What staff can do by a reaction to a notice of the bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "offer", rename_all = "snake_case")]
pub enum Offer {
    /// ✅ shows these files of a mail, which were withheld, in the conversation's room.
    Release {
        conversation: ConversationId,
        contact: ContactId,
        mail: MailId,
        files: Vec<PostedFile>,
    },
    /// ➕ makes somebody who was copied in one of the conversation's people.
    Admit {
        conversation: ConversationId,
        contact: ContactId,
    },
    /// ✅ shows a mail that waits for staff, ➕ makes its sender one of the conversation's people
    /// besides, ❌ drops it.
    Held { held: HeldId },
    /// ✅ gives a request a room, ❌ puts it aside, 🔍 shows the mail.
    Request { request: RequestId, mail: MailId },
    /// ✅ invites somebody who takes part by mail to the room as this Matrix user.
    Invite {
        room: OwnedRoomId,
        contact: ContactId,
        user: OwnedUserId,
    },
    /// ✅ says that they are this Matrix user, who is in the room.
    Link {
        room: OwnedRoomId,
        contact: ContactId,
        user: OwnedUserId,
    },
    /// ✅ writes to them by mail again.
    WriteByMail {
        room: OwnedRoomId,
        contact: ContactId,
    },
    /// ✅ makes a link to a file live again.
    Renew { link: i64 },
    /// ✅ erases everything about a person. `by` asked for it, in `room`.
    Erase {
        address: EmailAddress,
        redacts: bool,
        by: OwnedUserId,
        room: OwnedRoomId,
    },
    /// ✅ lets mail go to a suspended address again. The room is the notice's own.
    Resume {
        address: EmailAddress,
        room: OwnedRoomId,
    },
}

impl Offer {
    /// The room in which it does something, where that is fixed: it may have been replaced since.
    pub fn room_mut(&mut self) -> Option<&mut OwnedRoomId> {
        match self {
            Self::Invite { room, .. }
            | Self::Link { room, .. }
            | Self::WriteByMail { room, .. }
            | Self::Erase { room, .. }
            | Self::Resume { room, .. } => Some(room),
            Self::Release { .. }
            | Self::Admit { .. }
            | Self::Held { .. }
            | Self::Request { .. }
            | Self::Renew { .. } => None,
        }
    }
}

/// In whose name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Puppet {
    Bot,
    /// The ghost of a contact.
    Contact(ContactId),
    /// A user of our namespace who stands for nobody.
    Localpart(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedMail {
    /// Rows of earlier versions don't say.
    #[serde(default)]
    pub mail: Option<MailId>,
    pub conversation: ConversationId,
    pub message_id: Option<MessageId>,
    /// The sender, for telling people whose mail it was.
    pub name: String,
}

/// A letter on its way to one of its recipients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailAction {
    pub recipient: NamedAddress,
    /// Who that is; rows of earlier versions don't say.
    #[serde(default)]
    pub contact: Option<ContactId>,
    /// In broadcast mode: what the recipient can end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<SubscriptionId>,
}

/// What is fixed about a letter when it is sealed, besides its items: every recipient and every
/// attempt gets the same headers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Seal {
    pub from: NamedAddress,
    pub reply_to: EmailAddress,
    pub to: Vec<NamedAddress>,
    #[serde(default)]
    pub cc: Vec<NamedAddress>,
    pub subject: String,
    pub in_reply_to: Option<MessageId>,
    pub references: Vec<MessageId>,
    /// The conversation's first letter tells how this works.
    pub how_to: bool,
    /// Others who read the answer.
    pub readers: Vec<String>,
    /// The customer's last mail.
    #[serde(default)]
    pub quote: Option<Quote>,
    /// Which mail that is: one that is taken back in the meantime is not quoted.
    #[serde(default)]
    pub quoted: Option<MailId>,
    /// A tag of BCP 47; empty in letters of earlier versions.
    #[serde(default)]
    pub language: String,
    /// A name of the time zone database or an offset such as `+02:00`; empty for the system's.
    #[serde(default)]
    pub time_zone: String,
    /// The room is in broadcast mode, and this is what it is called.
    #[serde(default)]
    pub list: Option<String>,
    /// Written by us, not by people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automatic: Option<Automatic>,
}

/// A mail that we write by ourselves in answer to one of a person's, to them alone. It says all that it
/// says by what it is; people's messages have no place in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "automatic", rename_all = "snake_case")]
pub enum Automatic {
    /// Confirms that they have left the broadcast of this name.
    Left {
        /// Leads back.
        token: String,
        list: String,
    },
    /// Says that a mail has come; `text` is what the configuration says instead.
    Acknowledged { text: Option<String> },
    /// Says that mail to this address opens nothing; the same.
    Rejected { text: Option<String> },
    /// Words that were chosen when it was decided on.
    Said {
        text: String,
        /// To a mail of theirs.
        is_answer: bool,
    },
}

impl Automatic {
    /// Why it is written.
    #[must_use]
    pub fn why(&self) -> Automatically {
        match self {
            Self::Left { .. }
            | Self::Acknowledged { .. }
            | Self::Rejected { .. }
            | Self::Said {
                is_answer: true, ..
            } => Automatically::Replied,
            Self::Said { .. } => Automatically::Generated,
        }
    }
}

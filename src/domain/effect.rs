//! What a decision wants done. The store writes all effects of one decision in one transaction;
//! those that reach out of the machine become outbox rows there.

use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId};

use super::{
    address::{EmailAddress, NamedAddress},
    bounce::Consequence,
    desk,
    event::{Membership, Said, Words},
    flood::Measure,
    held::{Decision, Notice},
    ids::{ContactId, ConversationId, CustomerId, HeldId, MailId, MessageId, SubscriptionId},
    intake,
    letter::Language,
    life::Life,
    machine::ReplyKind,
    note::Note,
    onboarding::Step,
    outgoing::{Offer, PostedFile},
    room_policy::Job,
    settings::{Key, Value},
    sharing::Shared,
};

#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Somebody's membership or name in a room is now this.
    RememberMember {
        room: OwnedRoomId,
        user: OwnedUserId,
        membership: Membership,
        name: Option<String>,
    },
    RememberRoomName {
        room: OwnedRoomId,
        name: String,
    },
    RememberEncryption {
        room: OwnedRoomId,
    },
    /// The bot joins a room that it was invited to, or leaves it (which also declines an invite).
    BotJoins {
        room: OwnedRoomId,
    },
    BotLeaves {
        room: OwnedRoomId,
    },
    /// What becomes of a room.
    Life(Life),
    /// Nobody can be written to from this room any more.
    CloseConversations {
        room: OwnedRoomId,
    },
    /// These people become one customer of the room, with a conversation and their ghosts in it.
    AddCustomer {
        room: OwnedRoomId,
        people: Vec<NamedAddress>,
    },
    /// This person is no longer written to from the room, and their ghost leaves.
    RemoveContact {
        room: OwnedRoomId,
        contact: ContactId,
    },
    /// An invited user of our namespace who stands for nobody declines.
    DeclineAsGhost {
        room: OwnedRoomId,
        localpart: String,
    },
    /// The message goes into the open letter of the conversation.
    Write {
        conversation: ConversationId,
        item: LetterItem,
    },
    /// The message goes into the open letter of the conversation that this thread is with the customer.
    WriteInThread {
        room: OwnedRoomId,
        customer: CustomerId,
        /// The one that they have outside of threads.
        main: ConversationId,
        thread_root: OwnedEventId,
        item: LetterItem,
    },
    Amend(Amend),
    Ballot(Ballot),
    /// The message is taken out of every letter that hasn't been handed over yet, with what is about it
    /// and what others quote of it.
    Strike {
        event: OwnedEventId,
    },
    /// The open letters of these conversations are due now.
    SendNow {
        conversations: Vec<ConversationId>,
    },
    /// Staff make something else of a conversation.
    Desk(desk::Change),
    /// Staff want this to hold in the room; without a value, what is configured.
    ChangeSettings {
        room: OwnedRoomId,
        by: OwnedUserId,
        changes: Vec<(Key, Option<Value>)>,
    },
    /// The language of the letters to a customer; `None`: as their mails and the mailbox have it.
    SetLanguage {
        customer: CustomerId,
        language: Option<Language>,
    },
    /// The zone of the times in the letters to a customer, a name of the time zone database or an
    /// offset; `None`: as their mails and the mailbox have it.
    SetTimeZone {
        customer: CustomerId,
        time_zone: Option<String>,
    },
    /// The event, and what hangs on it, stays in Matrix.
    MarkInternal {
        event: OwnedEventId,
    },
    /// The bot says something.
    Say {
        room: OwnedRoomId,
        reply_to: Option<OwnedEventId>,
        text: String,
    },
    /// The bot's one answer to the command `to`: said as a reply, and changed when there is more to say.
    Answer {
        room: OwnedRoomId,
        to: OwnedEventId,
        text: String,
    },
    /// The bot reacts to an event.
    React {
        room: OwnedRoomId,
        event: OwnedEventId,
        key: &'static str,
    },
    /// The mail begins a conversation with the same people, which is a thread under its first event; what
    /// follows of this decision about `conversation` is about the new one. With `answers` it goes on with
    /// the old one.
    Begin {
        conversation: ConversationId,
        mail: MailId,
        subject: String,
        answers: Option<desk::Former>,
    },
    /// A mail appears in the conversation's room under its author's name.
    Post {
        conversation: ConversationId,
        author: Author,
        mail: MailId,
        post: Post,
    },
    /// Staff are told of files that are shown only if they release them.
    OfferFiles {
        conversation: ConversationId,
        author: Author,
        mail: MailId,
        files: Vec<PostedFile>,
        room: OwnedRoomId,
        text: String,
    },
    /// The mail waits for staff in this conversation, and they are told.
    Hold(Box<Holding>),
    /// It was released and can't be posted: it waits again. `is_member` says what its sender is now.
    HoldAgain {
        held: HeldId,
        is_member: bool,
    },
    /// It was posted.
    Released {
        held: HeldId,
    },
    /// Staff have decided about it; `asked` is what they reacted to, or the command.
    Decide {
        held: HeldId,
        decision: Decision,
        by: OwnedUserId,
        room: OwnedRoomId,
        asked: OwnedEventId,
        /// By a command, which is answered.
        is_command: bool,
    },
    /// The reply addresses of these conversations lead nowhere any more; new letters bear new ones.
    RevokeAddresses {
        conversations: Vec<ConversationId>,
    },
    /// Somebody becomes one of the conversation's people.
    LetIn {
        conversation: ConversationId,
        person: NamedAddress,
    },
    /// The bot says something that staff can take up by a reaction.
    MakeOffer {
        room: OwnedRoomId,
        text: String,
        offer: Offer,
    },
    /// Staff reacted to the notice `event`, which made this offer: the first time it is carried out.
    TakeUp {
        event: OwnedEventId,
        offer: Offer,
    },
    /// The bot shows a whole mail, as text and as a file, in a thread or just in the room.
    ShowOriginal {
        room: OwnedRoomId,
        thread_root: Option<OwnedEventId>,
        mail: MailId,
    },
    /// The next letter quotes this mail.
    RememberLastMail {
        conversation: ConversationId,
        mail: MailId,
        author: String,
        /// RFC 3339 with the sender's offset; empty where the mail didn't say.
        written_at: String,
        text: String,
    },
    /// A mail names none of the conversation's others; the next letters name this one, the top of
    /// its thread.
    RememberLooseEnd {
        conversation: ConversationId,
        end: MessageId,
    },
    /// These contacts got the mail, or wrote it.
    RememberHad {
        mail: MailId,
        contacts: Vec<ContactId>,
    },
    /// Somebody was copied in by a mail of `by`: staff are told in `room`, and may make them one of the
    /// conversation's people.
    CopyIn {
        conversation: ConversationId,
        mail: MailId,
        /// `None`: nobody did, but they answered.
        by: Option<ContactId>,
        person: NamedAddress,
        /// They are a guest from now on; else they get nothing before staff let them in.
        is_guest: bool,
        /// `None`: there is no room in which to tell.
        room: Option<OwnedRoomId>,
        text: String,
    },
    /// These were copied in, and stay out; staff are told so once.
    KeepOut {
        conversation: ConversationId,
        people: Vec<NamedAddress>,
        room: Option<OwnedRoomId>,
        text: String,
    },
    /// Somebody who was copied in becomes one of the conversation's people.
    Admit {
        conversation: ConversationId,
        contact: ContactId,
    },
    /// The mail's sender calls themselves this.
    RenameContact {
        contact: ContactId,
        name: String,
    },
    /// Somebody leaves a broadcast by a mail. `confirm`: they are told so in answer to `message_id`, if
    /// they hadn't left before.
    EndSubscription {
        subscription: SubscriptionId,
        confirm: bool,
        message_id: Option<MessageId>,
    },
    /// What a report, or a sign that an address works again, leads to.
    Bounce(Consequence),
    /// A few words of an automatic reply appear in the conversation's room under the contact's name.
    PostAutoReply(AutoReply),
    /// A room is held against the policy, or something is done about it.
    LookAtRoom(Job),
    /// Somebody goes a step on the way from mail to Matrix, or back.
    Onboard(Step),
    /// What the guard does besides.
    Guard(Measure),
    /// What becomes of mail that belongs to no conversation.
    Intake(Box<intake::Action>),
    /// The event or mail concerns staff in general: said in the control room, or logged.
    Report {
        text: String,
    },
}

/// An automatic reply, as far as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct AutoReply {
    pub conversation: ConversationId,
    pub contact: ContactId,
    pub mail: MailId,
    pub kind: ReplyKind,
    /// How it begins, for telling the same again.
    pub beginning: String,
    /// What the room is told.
    pub text: String,
    pub room: OwnedRoomId,
    /// The event that it answers, and the thread that this one stands in.
    pub reply_to: Option<OwnedEventId>,
    pub thread_root: Option<OwnedEventId>,
    /// The sender, for telling people whose mail it was.
    pub name: String,
}

/// What becomes of a message that says something else than before.
#[derive(Debug, Clone, PartialEq)]
pub enum Amend {
    /// What it says is replaced in the letters of these conversations in which nobody can have it yet,
    /// and where it is quoted there.
    Rewrite {
        event: OwnedEventId,
        conversations: Vec<ConversationId>,
        /// The event from which that follows.
        by: OwnedEventId,
        kind: ItemKind,
        said: Said,
    },
    /// What the conversation's people have of it was taken back: nobody is told again.
    Unsay {
        message: OwnedEventId,
        conversation: ConversationId,
    },
    /// A correction is taken out of the conversation's letter, in which it waits.
    TakeOut {
        conversation: ConversationId,
        event: OwnedEventId,
    },
    /// `event` has changed what `message` says.
    Remember {
        message: OwnedEventId,
        event: OwnedEventId,
    },
}

/// What becomes of a poll.
#[derive(Debug, Clone, PartialEq)]
pub enum Ballot {
    /// Somebody's choice counts from now on.
    Cast {
        poll: OwnedEventId,
        vote: OwnedEventId,
        voter: OwnedUserId,
        answers: Vec<String>,
        at: jiff::Timestamp,
    },
    /// A choice was taken back.
    Withdraw {
        poll: OwnedEventId,
        vote: OwnedEventId,
        voter: OwnedUserId,
    },
    /// The poll has ended: what is chosen now doesn't count.
    Close { poll: OwnedEventId },
}

/// One message on its way into a letter.
#[derive(Debug, Clone, PartialEq)]
pub struct LetterItem {
    pub event: OwnedEventId,
    pub room: OwnedRoomId,
    /// What the letter calls the author.
    pub author: String,
    /// A letter may bear the name of staff in From, never that of another customer.
    pub by_staff: bool,
    pub sent_at: jiff::Timestamp,
    pub kind: ItemKind,
    /// Of what is shared, those that came with it.
    pub words: Words,
    /// What a [`ItemKind::Shared`] shares.
    pub shared: Option<Shared>,
    /// The beginning of the message that this one replies to, or of the one that a reaction is about.
    pub quote: Option<String>,
    /// Of a correction: the beginning of the message as it had been sent.
    pub earlier: Option<String>,
    /// Contacts of the conversation who have it already: who wrote it, and who got that mail.
    pub had_by: Vec<ContactId>,
    /// The message that this one replies to, wherever that may have gone.
    pub reply_to: Option<OwnedEventId>,
    /// The Matrix thread that it stands in.
    pub thread_root: Option<OwnedEventId>,
    /// The message that a correction or a reaction is about, or the poll of a result.
    pub about: Option<OwnedEventId>,
    /// Rides with a letter, but does not cause one.
    pub rides: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemKind {
    Text,
    Emote,
    /// A file, a place or a poll.
    Shared,
    /// Something that letters don't carry; the words say what.
    NotCarried,
    /// An edit of a message that had gone out already.
    Correction,
    Reaction,
    /// What happened in the room: who came, what it is called now.
    Remark,
}

impl ItemKind {
    /// Whether it makes no mail for anybody, but goes with the next one.
    #[must_use]
    pub fn rides(self) -> bool {
        matches!(self, Self::Reaction | Self::Remark)
    }
}

/// Whose mail it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Author {
    Contact(ContactId),
    /// Somebody who isn't one of the conversation's people, and perhaps no contact before.
    Other(NamedAddress),
}

/// A mail that waits for staff.
#[derive(Debug, Clone, PartialEq)]
pub struct Holding {
    pub mail: MailId,
    pub conversation: ConversationId,
    /// The conversation's.
    pub room: OwnedRoomId,
    pub is_member: bool,
    pub notice: Notice,
    /// Where it is told; `None`: there is no room for that.
    pub told_in: Option<OwnedRoomId>,
    /// It isn't told by itself, as too many are.
    pub is_quiet: bool,
    /// As in [`Post`].
    pub identity: String,
    pub from: EmailAddress,
    pub date: String,
}

/// What of a mail goes into the room.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    /// In the order in which they appear.
    pub parts: Vec<PostPart>,
    /// What is told of it below the words: that it is encrypted, who invites to what.
    pub notes: Vec<Note>,
    /// Only the room is told, not those who get the words by email.
    pub folded: Folded,
    /// The same: who writes, if that is somebody new, and how far that is sure.
    pub marks: Vec<String>,
    /// The event that the mail answers, if we know it.
    pub reply_to: Option<OwnedEventId>,
    /// The thread that this event stands in.
    pub thread_root: Option<OwnedEventId>,
    /// `None` where the mail had no id.
    pub message_id: Option<MessageId>,
    /// For telling a mail that came twice: its Message-ID, or its digest where it has none, and From
    /// and Date as they stood in it.
    pub identity: String,
    pub from: EmailAddress,
    pub date: String,
}

#[derive(Debug, Clone, PartialEq)]
pub enum PostPart {
    Words(Words),
    File(PostedFile),
    /// An image, a video or a sound, of which a few words may be the caption.
    Picture(PostedFile),
}

/// What of a mail is kept out of sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Folded {
    pub history: bool,
    pub signature: bool,
}

impl Effect {
    /// The same about another conversation, if it is about `from`.
    #[must_use]
    pub fn moved(mut self, from: ConversationId, to: ConversationId) -> Self {
        match &mut self {
            Self::Post { conversation, .. }
            | Self::OfferFiles { conversation, .. }
            | Self::RememberLastMail { conversation, .. }
            | Self::RememberLooseEnd { conversation, .. }
            | Self::CopyIn { conversation, .. }
            | Self::KeepOut { conversation, .. }
                if *conversation == from =>
            {
                *conversation = to;
            }
            _ => {}
        }
        self
    }
}

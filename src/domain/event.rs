//! A Matrix event as the decisions see it: what happened, in words of ours.

use jiff::Timestamp;
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId};

use super::{
    note::Note,
    room_rules::{Creation, Levels, ServerAcl},
    sharing::{Opaque, Shared},
};
use crate::content::html;

/// One event of a room, decoded. `matrix::decode` makes it.
#[derive(Debug, Clone, PartialEq)]
pub struct RoomEvent {
    pub id: OwnedEventId,
    pub room: OwnedRoomId,
    pub sender: OwnedUserId,
    pub sent_at: Timestamp,
    /// The effect id in the content of an event that we sent ourselves.
    pub effect: Option<String>,
    /// Why, if its sender says so: of who comes and goes.
    pub reason: Option<String>,
    /// Of an invitation: to a room for two.
    pub is_direct: bool,
    pub kind: EventKind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    Membership {
        user: OwnedUserId,
        membership: Membership,
        name: Option<String>,
    },
    RoomName(String),
    /// What the room is about.
    Topic(String),
    /// Who may come in, and what they read.
    Access(Access),
    /// The room is encrypted from now on.
    Encryption,
    /// The room has been replaced by another one, if that is named.
    Tombstone {
        replacement: Option<OwnedRoomId>,
    },
    /// How the room was made.
    Created(Creation),
    PowerLevels(Levels),
    ServerAcl(ServerAcl),
    /// The address under which the room is known.
    CanonicalAlias(Option<String>),
    /// Somebody was invited by way of an identity server, which alone knows their address.
    ThirdPartyInvite,
    Message {
        content: Content,
        relation: Relation,
    },
    /// An edit: `content` takes the place of what `target` said.
    Edit {
        target: OwnedEventId,
        content: Content,
    },
    Reaction {
        target: OwnedEventId,
        key: String,
    },
    Redaction {
        target: OwnedEventId,
    },
    /// Somebody chooses; their newest choice counts.
    Vote {
        poll: OwnedEventId,
        /// The ids of the answers; empty takes an earlier choice back.
        answers: Vec<String>,
    },
    PollEnd {
        poll: OwnedEventId,
    },
    /// Nothing that a conversation is concerned with.
    Irrelevant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    Invite,
    Join,
    Knock,
    /// Left, was kicked, or declined.
    Leave,
    Ban,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    Text(Words),
    Emote(Words),
    /// What a mail says, with what is told of it below. Its event is one that we sent.
    Mail {
        words: Words,
        notes: Vec<Note>,
    },
    /// `m.notice`: what a machine says.
    Notice(Words),
    /// A file, a place or a poll.
    Shared {
        shared: Shared,
        /// What its sender wrote about it (client-server API, Media captions).
        caption: Option<Words>,
    },
    /// What nobody can carry; `name` is what its sender calls it.
    Opaque {
        what: Opaque,
        name: String,
    },
}

impl Content {
    /// What their author wrote.
    #[must_use]
    pub fn words(&self) -> Option<&Words> {
        match self {
            Self::Text(words)
            | Self::Emote(words)
            | Self::Notice(words)
            | Self::Mail { words, .. } => Some(words),
            Self::Shared { caption, .. } => caption.as_ref(),
            Self::Opaque { .. } => None,
        }
    }
}

/// What a message says, as a letter has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// Of what is shared, those that came with it.
    pub words: Words,
    pub shared: Option<Shared>,
}

/// A text, and the same in Matrix HTML if the sender's client sent that, unsanitised.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    pub body: String,
    pub html: Option<String>,
}

impl Words {
    /// Adds what stands below.
    pub fn append(&mut self, below: &Self) {
        if self.html.is_some() || below.html.is_some() {
            let html = self
                .html
                .get_or_insert_with(|| html::text_to_html(&self.body));
            match &below.html {
                Some(below) => html.push_str(below),
                None => html.push_str(&html::text_to_html(&below.body)),
            }
        }
        self.body.push_str("\n\n");
        self.body.push_str(&below.body);
    }
}

/// What the state of a room says of who comes in, and what they read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    JoinRule(String),
    History(String),
}

/// What a message hangs on (spec: Rich replies, Threading).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Relation {
    pub thread_root: Option<OwnedEventId>,
    /// The message that is replied to, but for the fallback that thread messages carry.
    pub reply_to: Option<OwnedEventId>,
}

//! What several decisions about events are made of.

use ruma::OwnedEventId;

use crate::domain::{
    command::{self, Command},
    effect::{Effect, ItemKind, LetterItem},
    event::{Content, RoomEvent, Said, Words},
    facts::{ConversationFacts, EventFacts, GoneTo, Role},
    sharing::{Opaque, Shared},
    wording,
};

/// The bot's mark on what stays in Matrix.
pub const INTERNAL: &str = "🔒";

pub(super) fn item(
    event: &RoomEvent,
    kind: ItemKind,
    words: &Words,
    facts: &EventFacts,
) -> LetterItem {
    LetterItem {
        event: event.id.clone(),
        room: event.room.clone(),
        author: facts.sender_name.clone(),
        by_staff: facts.sender_role == Role::Staff,
        sent_at: event.sent_at,
        kind,
        words: words.clone(),
        shared: None,
        quote: None,
        earlier: None,
        had_by: facts.details.onboarding.own.clone(),
        reply_to: None,
        thread_root: None,
        about: None,
        rides: false,
    }
}

/// What a letter is to have of the content.
#[must_use]
pub fn said(content: &Content) -> (ItemKind, Said) {
    let (kind, words, shared) = match content {
        Content::Text(words) | Content::Notice(words) => (ItemKind::Text, words.clone(), None),
        Content::Mail { words, notes } => {
            let notes = notes.clone();
            (ItemKind::Text, words.clone(), Some(Shared::Notes { notes }))
        }
        Content::Emote(words) => (ItemKind::Emote, words.clone(), None),
        Content::Shared { shared, caption } => (
            ItemKind::Shared,
            caption.clone().unwrap_or_default(),
            Some(shared.clone()),
        ),
        Content::Opaque { what, name } => {
            let (what, name) = (*what, name.clone());
            (
                ItemKind::NotCarried,
                Words::default(),
                Some(Shared::Opaque { what, name }),
            )
        }
    };
    (kind, Said { words, shared })
}

/// Only clients can read it.
pub(super) fn is_unreadable(content: &Content) -> bool {
    let encrypted = Opaque::Encrypted;
    matches!(content, Content::Opaque { what, .. } if *what == encrypted)
}

/// In a broadcast one speaks to many, and none of them learns of the others: only what staff do goes
/// out.
pub(super) fn is_hushed(facts: &EventFacts) -> bool {
    facts.room.settings.broadcast && facts.sender_role != Role::Staff
}

/// What people say goes to every conversation but that of those who wrote it.
pub(super) fn is_for(conversation: &ConversationFacts, facts: &EventFacts) -> bool {
    match facts.sender_role {
        _ if is_hushed(facts) => false,
        Role::Ghost(contact) => conversation.people.iter().all(|p| p.contact != contact),
        Role::Staff | Role::Visitor => true,
        Role::Bot | Role::NobodysGhost => false,
    }
}

/// Whether what somebody in the room writes stays there: a note or a command.
#[must_use]
pub fn stays_inside(content: &Content) -> bool {
    content
        .words()
        .is_some_and(|words| command::is_note(&words.body) || Command::read(words).is_some())
}

/// The message stays in Matrix, and everybody sees that it does.
pub(super) fn keep_inside(event: &RoomEvent, message: &OwnedEventId) -> [Effect; 2] {
    [
        Effect::MarkInternal {
            event: message.clone(),
        },
        Effect::React {
            room: event.room.clone(),
            event: message.clone(),
            key: INTERNAL,
        },
    ]
}

/// The message leaves every letter; whoever takes it back learns who has it.
pub(super) fn take_back(
    event: &RoomEvent,
    target: &OwnedEventId,
    gone_to: &GoneTo,
    facts: &EventFacts,
) -> Vec<Effect> {
    let mut effects = vec![Effect::Strike {
        event: target.clone(),
    }];
    if event.sender == facts.bot {
        return effects;
    }
    let told = [
        (
            &gone_to.surely,
            wording::taken_back_too_late as fn(&str, &[String]) -> String,
        ),
        (&gone_to.perhaps, wording::taken_back_perhaps_too_late),
    ];
    for (people, words) in told {
        if !people.is_empty() {
            effects.push(say_plainly(event, words(&facts.sender_name, people)));
        }
    }
    effects
}

pub(super) fn say(event: &RoomEvent, text: String) -> Effect {
    Effect::Say {
        room: event.room.clone(),
        reply_to: Some(event.id.clone()),
        text,
    }
}

/// Without a reply: for what answers no message.
pub(super) fn say_plainly(event: &RoomEvent, text: String) -> Effect {
    Effect::Say {
        room: event.room.clone(),
        reply_to: None,
        text,
    }
}

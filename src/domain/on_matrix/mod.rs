//! What follows from an event in a room.

mod membership;
mod parts;
mod reaction;

use ruma::OwnedEventId;

use parts::{item, say, say_plainly};
pub use reaction::{SEND_NOW, SHOW_ORIGINAL, TAKE_UP, asks_for_original};

use super::{
    command::{self, Command},
    effect::{Effect, ItemKind, LetterItem},
    event::{Content, EventKind, Relation, RoomEvent, Thing, Words},
    facts::{EventFacts, Role, TargetFacts},
    ids::ConversationId,
    wording,
};
use crate::content::html;

/// Decides about one event. Effects come in the order in which they are to be written.
#[must_use]
pub fn decide(event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
    match &event.kind {
        EventKind::Membership {
            user,
            membership,
            name,
        } => {
            let mut effects = vec![Effect::RememberMember {
                room: event.room.clone(),
                user: user.clone(),
                membership: *membership,
                name: name.clone(),
            }];
            if *user == facts.bot {
                effects.extend(membership::on_own(event, *membership, facts));
            } else if let Some(subject) = &facts.subject {
                effects.extend(membership::on_ghost(
                    event,
                    user,
                    *membership,
                    subject,
                    facts,
                ));
            }
            effects
        }
        EventKind::RoomName(name) => {
            vec![Effect::RememberRoomName {
                room: event.room.clone(),
                name: name.clone(),
            }]
        }
        EventKind::Encryption => {
            let mut effects = vec![Effect::RememberEncryption {
                room: event.room.clone(),
            }];
            if facts.room.bot_joined && !facts.room.encrypted {
                effects.push(say(event, wording::room_is_encrypted()));
            }
            effects
        }
        EventKind::Tombstone if facts.room.bot_joined => {
            vec![say(event, wording::room_was_replaced())]
        }
        // What hangs on the bot's words is talk among staff.
        EventKind::Message { .. } if event.sender == facts.bot => {
            vec![Effect::MarkInternal {
                event: event.id.clone(),
            }]
        }
        EventKind::Message { content, relation } if is_heard(event, facts) => {
            on_message(event, content, relation, facts)
        }
        EventKind::Edit { target, content } if is_heard(event, facts) => {
            on_edit(event, target, content, facts)
        }
        EventKind::Reaction { key, .. } if is_heard(event, facts) => {
            reaction::on_reaction(event, key, facts)
        }
        EventKind::Redaction { target } if facts.room.bot_joined => {
            on_redaction(event, target, facts)
        }
        EventKind::Message { .. }
        | EventKind::Edit { .. }
        | EventKind::Reaction { .. }
        | EventKind::Redaction { .. }
        | EventKind::Tombstone
        | EventKind::Irrelevant => Vec::new(),
    }
}

/// The bot hears nothing of its own, and nothing in rooms that it isn't in.
fn is_heard(event: &RoomEvent, facts: &EventFacts) -> bool {
    facts.room.bot_joined && event.sender != facts.bot
}

fn on_message(
    event: &RoomEvent,
    content: &Content,
    relation: &Relation,
    facts: &EventFacts,
) -> Vec<Effect> {
    let words = match content {
        Content::Text(words) | Content::Emote(words) => words,
        // Other machines talk to the room, not to customers.
        Content::Notice(_) => return Vec::new(),
        Content::Thing {
            what,
            name,
            caption,
        } => {
            return on_thing(
                event,
                (*what, name.as_str()),
                caption.as_ref(),
                relation,
                facts,
            );
        }
    };
    // A mail that says `!email …` is a mail.
    if matches!(facts.sender_role, Role::Staff | Role::Visitor) {
        if let Some(command) = Command::parse(&words.body) {
            let mut effects = vec![Effect::MarkInternal {
                event: event.id.clone(),
            }];
            if facts.sender_role == Role::Staff {
                effects.extend(command.apply(event, facts));
            } else {
                effects.push(say(event, wording::staff_only()));
            }
            return effects;
        }
        if command::is_note(&words.body) || hangs_on_internal(facts.target.as_ref()) {
            return vec![
                Effect::MarkInternal {
                    event: event.id.clone(),
                },
                mark(event, &event.id),
            ];
        }
    }
    let kind = if matches!(content, Content::Emote(_)) {
        ItemKind::Emote
    } else {
        ItemKind::Text
    };
    write(event, kind, words, relation, facts)
}

fn mark(event: &RoomEvent, target: &OwnedEventId) -> Effect {
    Effect::React {
        room: event.room.clone(),
        event: target.clone(),
        key: INTERNAL,
    }
}

/// The bot's mark on what stays in Matrix.
pub const INTERNAL: &str = "🔒";

fn hangs_on_internal(target: Option<&TargetFacts>) -> bool {
    target.is_some_and(|target| target.internal)
}

fn on_thing(
    event: &RoomEvent,
    (what, name): (Thing, &str),
    caption: Option<&Words>,
    relation: &Relation,
    facts: &EventFacts,
) -> Vec<Effect> {
    if hangs_on_internal(facts.target.as_ref()) {
        return vec![Effect::MarkInternal {
            event: event.id.clone(),
        }];
    }
    let (kind, words) = if let Some(caption) = caption {
        (ItemKind::Text, with_thing(caption, what, name))
    } else {
        let body = wording::thing(what, name);
        (ItemKind::NotCarried, Words { body, html: None })
    };
    let mut effects = write(event, kind, &words, relation, facts);
    if !effects.is_empty() && !matches!(facts.sender_role, Role::Ghost(_)) {
        effects.push(say(event, wording::not_carried(what, name)));
    }
    effects
}

/// A caption is carried, and says what it belongs to.
fn with_thing(caption: &Words, what: Thing, name: &str) -> Words {
    let missing = wording::came_with(what, name);
    let html = caption.html.as_ref();
    Words {
        body: format!("{}\n\n{missing}", caption.body),
        html: html.map(|html| format!("{html}<p>{}</p>", html::escape(&missing))),
    }
}

fn on_edit(
    event: &RoomEvent,
    target: &OwnedEventId,
    content: &Content,
    facts: &EventFacts,
) -> Vec<Effect> {
    let Some(original) = facts.target.as_ref().filter(|known| known.event == *target) else {
        return Vec::new();
    };
    // An edit that removes a `!!` by mistake must not send what was meant to stay.
    if original.internal || original.sender != event.sender {
        return vec![Effect::MarkInternal {
            event: event.id.clone(),
        }];
    }
    let (Content::Text(words) | Content::Emote(words)) = content else {
        return Vec::new();
    };
    if command::is_note(&words.body) || Command::parse(&words.body).is_some() {
        let mut effects = on_redaction(event, target, facts);
        effects.push(Effect::MarkInternal {
            event: target.clone(),
        });
        effects.push(mark(event, target));
        return effects;
    }
    let mut effects = Vec::new();
    if original.placed.iter().any(|placement| placement.open) {
        effects.push(Effect::Rewrite {
            event: target.clone(),
            words: words.clone(),
        });
    }
    for placement in original.placed.iter().filter(|placement| !placement.open) {
        effects.push(Effect::Write {
            conversation: placement.conversation,
            item: item(event, ItemKind::Correction, words, facts, false),
        });
    }
    effects
}

fn on_redaction(event: &RoomEvent, target: &OwnedEventId, facts: &EventFacts) -> Vec<Effect> {
    let mut effects = vec![Effect::Strike {
        event: target.clone(),
    }];
    let gone_to = facts
        .target
        .as_ref()
        .map(TargetFacts::gone_to)
        .unwrap_or_default();
    if !gone_to.is_empty() && event.sender != facts.bot {
        effects.push(say_plainly(
            event,
            wording::taken_back_too_late(&facts.sender_name, &gone_to),
        ));
    }
    effects
}

/// The message goes to everybody in the room but those who wrote it.
fn write(
    event: &RoomEvent,
    kind: ItemKind,
    words: &Words,
    relation: &Relation,
    facts: &EventFacts,
) -> Vec<Effect> {
    // One speaks to many there, and none of them learns of the others.
    if facts.room.settings.broadcast && facts.sender_role != Role::Staff {
        return Vec::new();
    }
    facts
        .room
        .conversations
        .iter()
        .filter(|conversation| match facts.sender_role {
            Role::Ghost(contact) => conversation.people.iter().all(|p| p.contact != contact),
            Role::Staff | Role::Visitor => true,
            Role::Bot | Role::NobodysGhost => false,
        })
        .map(|conversation| {
            let quote = quote(relation, conversation.id, facts);
            let item = LetterItem {
                quote,
                reply_to: relation.reply_to.clone(),
                ..item(event, kind, words, facts, false)
            };
            Effect::Write {
                conversation: conversation.id,
                item,
            }
        })
        .collect()
}

/// The beginning of the message replied to, if that had gone to or come from this very
/// conversation: nobody reads what others were told.
fn quote(relation: &Relation, conversation: ConversationId, facts: &EventFacts) -> Option<String> {
    let target = facts.target.as_ref()?;
    if relation.reply_to.as_ref() != Some(&target.event) {
        return None;
    }
    let placement = target
        .placed
        .iter()
        .find(|placed| placed.conversation == conversation)?;
    (!placement.excerpt.is_empty()).then(|| placement.excerpt.clone())
}

#[cfg(test)]
mod tests;

//! What follows from an event in a room.

use ruma::{OwnedEventId, UserId};

use super::{
    address::NamedAddress,
    command::{self, Command, add::Add},
    effect::{Effect, ItemKind, LetterItem},
    event::{Content, EventKind, Membership, Relation, RoomEvent, Thing, Words},
    facts::{EventFacts, GhostFacts, Role, TargetFacts},
    ghost,
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
                effects.extend(on_own_membership(event, *membership, facts));
            } else if let Some(subject) = &facts.subject {
                effects.extend(on_ghost_membership(
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
        EventKind::Reaction { key, .. } if is_heard(event, facts) => on_reaction(event, key, facts),
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

fn on_own_membership(event: &RoomEvent, membership: Membership, facts: &EventFacts) -> Vec<Effect> {
    let room = event.room.clone();
    match (membership, facts.sender_role) {
        // A ghost was invited first; it asked us in.
        (Membership::Invite, Role::Staff | Role::Ghost(_)) => vec![Effect::BotJoins { room }],
        (Membership::Invite, _) => vec![
            Effect::BotLeaves { room },
            Effect::Report {
                text: wording::invited_by_a_stranger(&event.sender),
            },
        ],
        (Membership::Join, _) if facts.room.bot_joined => Vec::new(),
        (Membership::Join, _) if facts.room.encrypted => {
            vec![say_plainly(event, wording::room_is_encrypted())]
        }
        (Membership::Join, _) => vec![say_plainly(event, wording::bot_joined())],
        (Membership::Leave | Membership::Ban, _) => vec![Effect::CloseConversations { room }],
        (Membership::Knock, _) => Vec::new(),
    }
}

fn on_ghost_membership(
    event: &RoomEvent,
    user: &UserId,
    membership: Membership,
    subject: &GhostFacts,
    facts: &EventFacts,
) -> Vec<Effect> {
    let ours = matches!(
        facts.sender_role,
        Role::Bot | Role::Ghost(_) | Role::NobodysGhost
    );
    match membership {
        Membership::Invite if !ours => on_ghost_invited(event, user, subject, facts),
        // Somebody else put the ghost out: then they don't want the person written to.
        Membership::Leave | Membership::Ban if !ours => {
            let Some(person) = facts.room.by_ghost(user) else {
                return Vec::new();
            };
            vec![
                Effect::RemoveContact {
                    room: event.room.clone(),
                    contact: person.contact,
                },
                say_plainly(event, wording::removed(&person.name, &person.address)),
            ]
        }
        _ => Vec::new(),
    }
}

fn on_ghost_invited(
    event: &RoomEvent,
    user: &UserId,
    subject: &GhostFacts,
    facts: &EventFacts,
) -> Vec<Effect> {
    let room = event.room.clone();
    let decline = Effect::DeclineAsGhost {
        room,
        localpart: user.localpart().to_owned(),
    };
    if facts.sender_role != Role::Staff {
        return vec![decline, say_plainly(event, wording::staff_only())];
    }
    if !facts.room.bot_joined {
        return vec![
            decline,
            Effect::Report {
                text: wording::bot_must_come_first(&event.sender),
            },
        ];
    }
    let Some(address) = subject
        .address
        .clone()
        .or_else(|| ghost::address_in(user.localpart()))
    else {
        return vec![decline, say_plainly(event, wording::unknown_ghost(user))];
    };
    let people = vec![NamedAddress {
        name: None,
        address,
    }];
    let mut effects = Add {
        people,
        share: false,
    }
    .apply(event, facts);
    let is_added = effects
        .iter()
        .any(|effect| matches!(effect, Effect::AddCustomer { .. }));
    // A placeholder makes way for the contact's own ghost, whether that comes or not.
    if subject.address.is_none() || !is_added {
        effects.insert(0, decline);
    }
    effects
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
    let (kind, words) = match caption {
        Some(caption) => (ItemKind::Text, with_thing(caption, what, name)),
        None => {
            let body = wording::thing(what, name);
            (ItemKind::NotCarried, Words { body, html: None })
        }
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

fn on_reaction(event: &RoomEvent, key: &str, facts: &EventFacts) -> Vec<Effect> {
    let Some(target) = &facts.target else {
        return Vec::new();
    };
    // Clients send emoji with or without the selector of their coloured form.
    let key = key.trim_end_matches('\u{fe0f}');
    if let Some(offer) = &target.offer {
        return if key == TAKE_UP && facts.sender_role == Role::Staff {
            vec![Effect::TakeUp {
                event: target.event.clone(),
                offer: offer.clone(),
            }]
        } else {
            Vec::new()
        };
    }
    if target.internal {
        return Vec::new();
    }
    if key == SEND_NOW {
        let waits = target.placed.iter().any(|placement| placement.open);
        return if waits && facts.sender_role == Role::Staff {
            vec![Effect::SendNow {
                room: event.room.clone(),
            }]
        } else {
            Vec::new()
        };
    }
    if key == SHOW_ORIGINAL {
        return match target.mail {
            Some(mail) if facts.sender_role == Role::Staff => {
                command::original::show(mail, target, facts)
            }
            _ => Vec::new(),
        };
    }
    target
        .placed
        .iter()
        .map(|placement| Effect::Write {
            conversation: placement.conversation,
            item: item(
                event,
                ItemKind::Reaction,
                &Words {
                    body: wording::reacted(key, &placement.excerpt),
                    html: None,
                },
                facts,
                true,
            ),
        })
        .collect()
}

/// The reaction with which staff send a waiting letter at once.
pub const SEND_NOW: &str = "📨";

/// The reaction with which staff see the whole of a mail.
pub const SHOW_ORIGINAL: &str = "🔍";

/// The reaction with which staff take up what a notice of the bot offers.
pub const TAKE_UP: &str = "✅";

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

fn item(
    event: &RoomEvent,
    kind: ItemKind,
    words: &Words,
    facts: &EventFacts,
    rides: bool,
) -> LetterItem {
    LetterItem {
        event: event.id.clone(),
        room: event.room.clone(),
        author: facts.sender_name.clone(),
        by_staff: facts.sender_role == Role::Staff,
        sent_at: event.sent_at,
        kind,
        words: words.clone(),
        quote: None,
        reply_to: None,
        rides,
    }
}

fn say(event: &RoomEvent, text: String) -> Effect {
    Effect::Say {
        room: event.room.clone(),
        reply_to: Some(event.id.clone()),
        text,
    }
}

/// Without a reply: for what answers no message.
fn say_plainly(event: &RoomEvent, text: String) -> Effect {
    Effect::Say {
        room: event.room.clone(),
        reply_to: None,
        text,
    }
}

#[cfg(test)]
mod tests;

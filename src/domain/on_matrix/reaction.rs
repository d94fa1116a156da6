//! What follows from a reaction.

use ruma::OwnedEventId;

use super::parts::{is_for, item};
use crate::domain::{
    command::{self, Command},
    effect::{Effect, ItemKind, LetterItem},
    event::{EventKind, RoomEvent, Words},
    facts::{EventFacts, Role},
    held::Decision,
    intake::{self, Action},
    outgoing::Offer,
};

/// The reaction with which staff send a waiting letter at once.
pub const SEND_NOW: &str = "📨";

/// The reaction with which staff see the whole of a mail.
pub const SHOW_ORIGINAL: &str = "🔍";

/// The reaction with which staff take up what a notice of the bot offers.
pub const TAKE_UP: &str = "✅";

/// The reaction with which staff let a guest become one of a conversation's people.
pub const ADMIT: &str = "➕";

/// The reaction with which staff drop a mail that waits for them.
pub const DROP: &str = "❌";

/// Clients send emoji with or without the selector of their coloured form.
fn plain(key: &str) -> &str {
    key.trim_end_matches('\u{fe0f}')
}

/// Whether the event, if staff sent it, asks for the whole of a mail: only then has it to be known who
/// would read that.
#[must_use]
pub fn asks_for_original(event: &RoomEvent) -> bool {
    match &event.kind {
        EventKind::Reaction { key, .. } => plain(key) == SHOW_ORIGINAL,
        _ => Command::of(event) == Some(Command::Original),
    }
}

/// Whether the event, if staff sent it, sends a waiting letter at once.
#[must_use]
pub fn sends_now(event: &RoomEvent) -> bool {
    matches!(&event.kind, EventKind::Reaction { key, .. } if plain(key) == SEND_NOW)
}

pub(super) fn on_reaction(event: &RoomEvent, key: &str, facts: &EventFacts) -> Vec<Effect> {
    let Some(target) = &facts.target else {
        return Vec::new();
    };
    let key = plain(key);
    if let Some(Offer::Request { mail, .. }) = &target.offer
        && key == SHOW_ORIGINAL
        && facts.sender_role == Role::Staff
    {
        return command::original::show(*mail, target, facts);
    }
    if let Some(offer) = &target.offer {
        return taken_up(offer, key, &target.event, event, facts)
            .into_iter()
            .collect();
    }
    if target.internal {
        return Vec::new();
    }
    if key == SEND_NOW {
        let waits = target.placed.iter().filter(|placement| placement.waits);
        let conversations: Vec<_> = waits.map(|placement| placement.conversation).collect();
        if conversations.is_empty() || facts.sender_role != Role::Staff {
            return Vec::new();
        }
        let held_up = command::now::held_up(&conversations, facts).map(|text| Effect::Say {
            room: event.room.clone(),
            reply_to: Some(target.event.clone()),
            text,
        });
        let send = Effect::SendNow { conversations };
        return std::iter::once(send).chain(held_up).collect();
    }
    if key == SHOW_ORIGINAL {
        return match target.mail {
            Some(mail) if facts.sender_role == Role::Staff => {
                command::original::show(mail, target, facts)
            }
            _ => Vec::new(),
        };
    }
    // Who reads a broadcast learns nothing of what the others write.
    if facts.room.settings.broadcast && target.mail.is_some() {
        return Vec::new();
    }
    let mut effects = Vec::new();
    for placement in &target.placed {
        let place = placement.conversation;
        if facts
            .room
            .conversation(place)
            .is_none_or(|found| !is_for(found, facts))
        {
            continue;
        }
        let words = Words {
            body: key.to_owned(),
            html: None,
        };
        effects.push(Effect::Write {
            conversation: place,
            item: LetterItem {
                quote: Some(placement.excerpt.clone()).filter(|excerpt| !excerpt.is_empty()),
                about: Some(target.event.clone()),
                rides: true,
                ..item(event, ItemKind::Reaction, &words, facts)
            },
        });
    }
    effects
}

/// What staff take up of what the bot's notice `told` offers.
fn taken_up(
    offer: &Offer,
    key: &str,
    told: &OwnedEventId,
    event: &RoomEvent,
    facts: &EventFacts,
) -> Option<Effect> {
    if facts.sender_role != Role::Staff {
        return None;
    }
    let take_up = |by: &str| {
        (key == by).then(|| Effect::TakeUp {
            event: told.clone(),
            offer: offer.clone(),
        })
    };
    match offer {
        Offer::Release { .. }
        | Offer::Renew { .. }
        | Offer::Resume { .. }
        | Offer::Erase { .. }
        | Offer::Invite { .. }
        | Offer::Link { .. }
        | Offer::WriteByMail { .. } => take_up(TAKE_UP),
        Offer::Admit { .. } => take_up(ADMIT),
        Offer::Request { request, .. } => {
            let decision = match key {
                TAKE_UP => intake::Decision::Open,
                DROP => intake::Decision::Dismiss,
                _ => return None,
            };
            Some(Effect::Intake(Box::new(Action::Decide {
                request: *request,
                decision,
                by: event.sender.clone(),
                room: event.room.clone(),
                asked: told.clone(),
                is_command: false,
            })))
        }
        Offer::Held { held } => {
            let decision = match key {
                TAKE_UP => Decision::Release,
                ADMIT => Decision::Admit,
                DROP => Decision::Drop,
                _ => return None,
            };
            Some(Effect::Decide {
                held: *held,
                decision,
                by: event.sender.clone(),
                room: event.room.clone(),
                asked: told.clone(),
                is_command: false,
            })
        }
    }
}

//! What follows from a reaction.

use super::parts::item;
use crate::domain::{
    command,
    effect::{Effect, ItemKind},
    event::{RoomEvent, Words},
    facts::{EventFacts, Role},
    wording,
};

/// The reaction with which staff send a waiting letter at once.
pub const SEND_NOW: &str = "📨";

/// The reaction with which staff see the whole of a mail.
pub const SHOW_ORIGINAL: &str = "🔍";

/// The reaction with which staff take up what a notice of the bot offers.
pub const TAKE_UP: &str = "✅";

pub(super) fn on_reaction(event: &RoomEvent, key: &str, facts: &EventFacts) -> Vec<Effect> {
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

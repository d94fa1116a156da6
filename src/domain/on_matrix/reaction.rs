//! What follows from a reaction.

use super::parts::item;
use crate::domain::{
    command::{self, Command},
    effect::{Effect, ItemKind},
    event::{EventKind, RoomEvent, Words},
    facts::{EventFacts, Role},
    wording,
};

/// The reaction with which staff send a waiting letter at once.
pub const SEND_NOW: &str = "📨";

/// The reaction with which staff see the whole of a mail.
pub const SHOW_ORIGINAL: &str = "🔍";

/// The reaction with which staff take up what a notice of the bot offers.
pub const TAKE_UP: &str = "✅";

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

pub(super) fn on_reaction(event: &RoomEvent, key: &str, facts: &EventFacts) -> Vec<Effect> {
    let Some(target) = &facts.target else {
        return Vec::new();
    };
    let key = plain(key);
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
        let waits = target.placed.iter().filter(|placement| placement.open);
        let conversations: Vec<_> = waits.map(|placement| placement.conversation).collect();
        return if !conversations.is_empty() && facts.sender_role == Role::Staff {
            vec![Effect::SendNow { conversations }]
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

//! What follows when the bot or a ghost is invited, comes or goes.

use ruma::UserId;

use super::parts::say_plainly;
use crate::domain::{
    address::NamedAddress,
    command::add::Add,
    effect::Effect,
    event::{Membership, RoomEvent},
    facts::{EventFacts, GhostFacts, Role},
    ghost, wording,
};

pub(super) fn on_own(event: &RoomEvent, membership: Membership, facts: &EventFacts) -> Vec<Effect> {
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
        (Membership::Join, _) if facts.room.is_direct => {
            vec![say_plainly(event, wording::desk::direct_chat())]
        }
        (Membership::Join, _) => vec![say_plainly(event, wording::bot_joined())],
        (Membership::Leave | Membership::Ban, _) => vec![Effect::CloseConversations { room }],
        (Membership::Knock, _) => Vec::new(),
    }
}

pub(super) fn on_ghost(
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

//! What follows when the bot or a ghost is invited, comes or goes.

use ruma::UserId;

use super::parts::say_plainly;
use crate::domain::{
    address::NamedAddress,
    command::add::Add,
    effect::Effect,
    event::{Membership, RoomEvent},
    facts::{Bid, EventFacts, GhostFacts, Role},
    ghost,
    life::Life,
    wording::{self, living},
};

pub(super) fn on_own(event: &RoomEvent, membership: Membership, facts: &EventFacts) -> Vec<Effect> {
    let room = event.room.clone();
    match (membership, facts.sender_role) {
        // A ghost was invited first; it asked us in.
        (Membership::Invite, Role::Staff | Role::Ghost(_) | Role::NobodysGhost) => {
            vec![Effect::BotJoins { room }]
        }
        // Whoever may replace a room may ask us into the other one.
        (Membership::Invite, _) if facts.life.succeeds.is_some() => vec![Effect::BotJoins { room }],
        (Membership::Invite, _) => vec![
            Effect::BotLeaves { room },
            Effect::Report {
                text: wording::invited_by_a_stranger(&event.sender),
            },
        ],
        (Membership::Join, _) if facts.room.bot_joined => Vec::new(),
        (Membership::Join, _) => on_arrival(event, facts),
        (Membership::Leave | Membership::Ban, _) => on_departure(event, membership, facts),
        (Membership::Knock, _) => Vec::new(),
    }
}

fn on_arrival(event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
    let room = event.room.clone();
    let life = &facts.life;
    let is_deserted = life.staff.is_empty();
    let mut effects = vec![Effect::Life(Life::RememberDeserted {
        room: room.clone(),
        is_deserted,
    })];
    if let Some(old) = &life.succeeds {
        let (old, new) = (old.clone(), room);
        effects.push(Effect::Life(Life::Move { old, new }));
        return effects;
    }
    let is_back = !facts.room.conversations.is_empty();
    if facts.room.encrypted {
        effects.push(say_plainly(event, wording::room_is_encrypted()));
        effects.extend(life.bids.iter().map(|bid| decline(event, &bid.localpart)));
        effects.extend(forget_bids(event, facts));
        if is_back {
            effects.push(Effect::Life(Life::Resume { room }));
        }
        return effects;
    }
    if is_back {
        let text = living::back(&facts.room, life.waiting_mails);
        effects.push(say_plainly(event, text));
        effects.push(Effect::Life(Life::Resume { room }));
    } else if life.bids.is_empty() || life.goes_on_from_ours {
        let text = if facts.room.is_direct {
            wording::desk::direct_chat()
        } else {
            wording::bot_joined()
        };
        effects.push(say_plainly(event, text));
    }
    // Who takes part comes with the room before, as soon as that is said to be replaced.
    if !life.goes_on_from_ours {
        effects.extend(on_bids(event, facts));
    }
    if !life.visitors.is_empty() && facts.control_room.as_ref() != Some(&event.room) {
        let text = living::visitors_present(life);
        effects.push(Effect::Report { text });
    }
    effects
}

fn forget_bids(event: &RoomEvent, facts: &EventFacts) -> Option<Effect> {
    let room = event.room.clone();
    (!facts.life.bids.is_empty()).then_some(Effect::Life(Life::ForgetBids { room }))
}

/// The ghosts that were invited before the bot came in: a private conversation with each.
fn on_bids(event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut domains: Vec<&str> = Vec::new();
    for Bid {
        localpart,
        address,
        is_placeholder,
    } in &facts.life.bids
    {
        let Some(address) = address else {
            effects.push(decline(event, localpart));
            continue;
        };
        if facts.room.find(address).is_some() {
            continue;
        }
        let is_foreign = domains.iter().any(|domain| *domain != address.domain());
        let is_ours = facts.own_addresses.contain(address);
        if is_ours || is_foreign {
            effects.push(decline(event, localpart));
            let text = if is_ours {
                wording::is_ours(address)
            } else {
                wording::would_share(
                    address.as_str(),
                    &domains.iter().map(ToString::to_string).collect::<Vec<_>>(),
                )
            };
            effects.push(say_plainly(event, text));
            continue;
        }
        domains.push(address.domain());
        let person = NamedAddress {
            name: None,
            address: address.clone(),
        };
        let add = Add {
            people: vec![person],
            share: false,
        };
        let added = add.apply(event, facts);
        let makes_customer = |effect: &Effect| matches!(effect, Effect::AddCustomer { .. });
        let is_added = added.iter().any(makes_customer);
        if is_added {
            // What the room is says more than that somebody was added to it.
            effects.extend(added.into_iter().filter(makes_customer));
            let text = living::private(address.local_part(), address);
            effects.push(say_plainly(event, text));
        } else {
            effects.extend(added);
        }
        // A placeholder makes way for the contact's own ghost, whether that comes or not.
        if *is_placeholder || !is_added {
            effects.push(decline(event, localpart));
        }
    }
    effects.extend(forget_bids(event, facts));
    effects
}

fn decline(event: &RoomEvent, localpart: &str) -> Effect {
    Effect::DeclineAsGhost {
        room: event.room.clone(),
        localpart: localpart.to_owned(),
    }
}

/// The bot is out of the room.
fn on_departure(event: &RoomEvent, membership: Membership, facts: &EventFacts) -> Vec<Effect> {
    let room = event.room.clone();
    let life = &facts.life;
    let has_moved = life.successor.as_ref().is_some_and(|it| it.has_moved);
    // An invitation that was declined or taken back; or it is what we meant to do.
    if !facts.room.bot_joined || life.is_leaving || has_moved {
        return Vec::new();
    }
    let has_conversations = !facts.room.conversations.is_empty();
    if event.sender == facts.bot {
        let mut effects = vec![Effect::Life(Life::GiveUp { room: room.clone() })];
        effects.push(Effect::CloseConversations { room });
        if has_conversations {
            let text = living::room_deleted(life, &facts.room);
            effects.push(Effect::Report { text });
        }
        return effects;
    }
    let mut effects = vec![Effect::Life(Life::Suspend { room })];
    if has_conversations {
        let is_banned = membership == Membership::Ban;
        let (by, reason) = (&event.sender, event.reason.as_deref());
        let text = living::put_out(life, &facts.room, by, is_banned, reason);
        effects.push(Effect::Report { text });
    }
    effects
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
            let remove = Effect::RemoveContact {
                room: event.room.clone(),
                contact: person.contact,
            };
            let is_banned = membership == Membership::Ban;
            let (by, reason) = (&event.sender, event.reason.as_deref());
            let mut text = living::removed_by(&person.name, &person.address, by, is_banned, reason);
            if facts.room.people().len() == 1 {
                text.push_str(living::nobody_left());
            }
            let told = if facts.room.bot_joined {
                say_plainly(event, text)
            } else {
                Effect::Report { text }
            };
            vec![remove, told]
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
    // Clients that replace a room invite everybody; who takes part comes with the bot.
    if facts.life.succeeds.is_some() && !facts.room.bot_joined {
        return Vec::new();
    }
    let localpart = user.localpart().to_owned();
    let refuse = |reason: String| {
        Effect::Life(Life::Decline {
            room: room.clone(),
            localpart: localpart.clone(),
            reason,
        })
    };
    let is_staff = facts.sender_role == Role::Staff;
    if !is_staff {
        let refusal = refuse(living::only_staff_write_to_ghosts());
        let told = facts
            .room
            .bot_joined
            .then(|| say_plainly(event, wording::staff_only()));
        return std::iter::once(refusal).chain(told).collect();
    }
    let address = subject
        .address
        .clone()
        .or_else(|| ghost::address_in(user.localpart()));
    let Some(address) = address else {
        let refusal = refuse(living::nobody_by_that_name());
        let told = facts
            .room
            .bot_joined
            .then(|| say_plainly(event, wording::unknown_ghost(user)));
        return std::iter::once(refusal).chain(told).collect();
    };
    if !facts.room.bot_joined {
        let by = event.sender.clone();
        return vec![Effect::Life(Life::Bid {
            room,
            localpart,
            by,
        })];
    }
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
        effects.insert(0, decline(event, user.localpart()));
    }
    effects
}

//! What follows for a room from who may do what in it, from who comes and goes, and from its end.

use ruma::{OwnedRoomId, UserId};

use super::parts::{say, say_plainly};
use crate::domain::{
    effect::Effect,
    event::{Content, EventKind, Membership, RoomEvent},
    facts::{EventFacts, Role},
    life::Life,
    room_rules::{Levels, Need, RoomRules, ServerAcl},
    sharing::Opaque,
    wording::{self, living},
};

/// Of how many visitors of a room staff are told one by one.
const MOST_TOLD: usize = 10;

/// Under which name it is remembered that people were told of this; `None` if they are told each time.
/// The number says for how many hours; zero: for ever.
#[must_use]
pub fn told_about(event: &RoomEvent) -> Option<(String, u64)> {
    match &event.kind {
        EventKind::Membership { user, .. } => Some((format!("visitor {user}"), 0)),
        EventKind::Message {
            content:
                Content::Opaque {
                    what: Opaque::Encrypted,
                    ..
                },
            ..
        } => Some((format!("encrypted {}", event.sender), 24)),
        _ => None,
    }
}

fn remember_told(event: &RoomEvent) -> Option<Effect> {
    let (about, _) = told_about(event)?;
    let room = event.room.clone();
    Some(Effect::Life(Life::RememberTold { room, about }))
}

pub(super) fn on_encryption(event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
    let mut effects = vec![Effect::RememberEncryption {
        room: event.room.clone(),
    }];
    if !facts.room.bot_joined || facts.room.encrypted {
        return effects;
    }
    if facts.room.conversations.is_empty() {
        effects.push(say(event, wording::room_is_encrypted()));
        return effects;
    }
    effects.push(say(event, living::encrypted_now()));
    if facts.control_room.as_ref() != Some(&event.room) {
        let text = living::encryption_switched_on(&facts.life, &facts.room, &event.sender);
        effects.push(Effect::Report { text });
    }
    effects
}

/// What nobody but clients can read is in no letter; its author is told so now and then.
pub(super) fn on_unreadable(event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
    let is_anybodys = matches!(facts.sender_role, Role::Staff | Role::Visitor);
    if facts.life.was_told || facts.room.conversations.is_empty() || !is_anybodys {
        return Vec::new();
    }
    let mut effects = vec![say(event, living::not_read())];
    effects.extend(remember_told(event));
    effects
}

pub(super) fn on_levels(event: &RoomEvent, levels: &Levels, facts: &EventFacts) -> Vec<Effect> {
    let mut effects = vec![Effect::Life(Life::RememberLevels {
        room: event.room.clone(),
        levels: levels.clone(),
    })];
    let before = &facts.life.rules;
    // Of a room that is about to be left nobody needs to know.
    let is_over = facts.life.successor.is_some();
    if !facts.room.bot_joined || before.levels.is_none() || is_over {
        return effects;
    }
    let after = RoomRules {
        creation: before.creation.clone(),
        levels: Some(levels.clone()),
    };
    let lost: Vec<(Need, i64, i64)> = after
        .lost_since(before, &facts.bot)
        .into_iter()
        .map(|need| {
            let (needed, has) = after.stand(need, &facts.bot);
            (need, needed, has)
        })
        .collect();
    if lost.is_empty() {
        return effects;
    }
    effects.push(if after.allows(Need::Speak, &facts.bot) {
        say_plainly(event, living::demoted(&lost))
    } else {
        let text = living::demoted_elsewhere(&facts.life, &event.sender, &lost);
        Effect::Report { text }
    });
    effects
}

pub(super) fn on_server_acl(event: &RoomEvent, acl: &ServerAcl, facts: &EventFacts) -> Vec<Effect> {
    if !facts.room.bot_joined {
        return Vec::new();
    }
    let is_ours = !acl.allows(facts.bot.server_name());
    let mut users = facts.life.visitors.clone();
    users.extend(facts.life.staff.iter().cloned());
    users.retain(|user| {
        user.server_name() != facts.bot.server_name() && !acl.allows(user.server_name())
    });
    if !is_ours && users.is_empty() {
        return Vec::new();
    }
    let text = living::shut_out(&facts.life, &event.sender, is_ours, &users);
    vec![Effect::Report { text }]
}

pub(super) fn on_tombstone(
    event: &RoomEvent,
    replacement: Option<&OwnedRoomId>,
    facts: &EventFacts,
) -> Vec<Effect> {
    // The homeserver has looked, too; a forged one does nothing.
    let may = facts.life.rules.may_set("m.room.tombstone", &event.sender);
    if !facts.room.bot_joined || !may {
        return Vec::new();
    }
    let moved = facts.life.successor.as_ref();
    if moved.is_some_and(|successor| successor.has_moved) {
        return Vec::new();
    }
    match replacement {
        Some(new) if *new != event.room => vec![Effect::Life(Life::Succeed {
            old: event.room.clone(),
            new: new.clone(),
            by: event.sender.clone(),
            via: event.sender.server_name().to_owned(),
        })],
        _ => vec![say_plainly(event, living::closed_without_successor())],
    }
}

pub(super) fn on_third_party_invite(event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
    if facts.room.bot_joined && facts.sender_role == Role::Staff {
        vec![say_plainly(event, living::invited_by_identity_server())]
    } else {
        Vec::new()
    }
}

/// Somebody who isn't one of ours comes or goes: who reads along changes. `is_told`: that they come staff
/// learn otherwise.
pub(super) fn on_member(
    event: &RoomEvent,
    user: &UserId,
    membership: Membership,
    is_told: bool,
    facts: &EventFacts,
) -> Vec<Effect> {
    if !facts.room.bot_joined || facts.control_room.as_ref() == Some(&event.room) {
        return Vec::new();
    }
    let life = &facts.life;
    let is_here = |membership| matches!(membership, Membership::Join | Membership::Invite);
    let known = facts.past.member.as_ref();
    let was_here = known.is_some_and(|known| is_here(known.membership));
    let room = event.room.clone();
    let has_conversations = !facts.room.conversations.is_empty();
    if life.subject_is_staff {
        let comes = is_here(membership) && !was_here;
        if comes && life.staff.is_empty() {
            let is_deserted = false;
            let back = Life::RememberDeserted {
                room: room.clone(),
                is_deserted,
            };
            return vec![Effect::Life(back), Effect::Life(Life::Resume { room })];
        }
        let goes = was_here && !is_here(membership);
        if goes && life.staff.is_empty() {
            let mut effects = vec![Effect::Life(Life::RememberDeserted {
                room,
                is_deserted: true,
            })];
            if has_conversations {
                let text = living::deserted(life, &facts.room, user);
                effects.push(Effect::Report { text });
            }
            return effects;
        }
        return Vec::new();
    }
    let comes = is_here(membership) && !was_here;
    if !comes || !has_conversations || life.was_told || life.visitors.len() >= MOST_TOLD {
        return Vec::new();
    }
    if is_told {
        return remember_told(event).into_iter().collect();
    }
    let is_invited = membership == Membership::Invite;
    let text = living::visitor(life, user, &event.sender, is_invited);
    let mut effects = vec![Effect::Report { text }];
    effects.extend(remember_told(event));
    effects
}

/// Staff's note is read by everybody in the room.
pub(super) fn warn_of_readers(event: &RoomEvent, facts: &EventFacts) -> Option<Effect> {
    let is_warned = facts.sender_role == Role::Staff && !facts.life.visitors.is_empty();
    is_warned.then(|| say(event, living::note_is_read(&facts.life.visitors)))
}

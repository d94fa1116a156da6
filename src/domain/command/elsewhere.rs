//! `!email PLACE COMMAND`: a command that is given in one room and is about another.

use super::{Command, answer};
use crate::domain::{
    desk::Change,
    effect::Effect,
    event::{Content, EventKind, Relation, RoomEvent, Words},
    facts::{Elsewhere, EventFacts, Role},
    intake::Action,
    onboarding::Step,
    room_reference::RoomReference,
    wording::desk as wording,
};

/// The event of the command as if it stood in the other room.
#[must_use]
pub fn moved(event: &RoomEvent, room: &ruma::RoomId, text: &str) -> RoomEvent {
    let relation = match &event.kind {
        EventKind::Message { relation, .. } if event.room == room => relation.clone(),
        _ => Relation::default(),
    };
    RoomEvent {
        room: room.to_owned(),
        kind: EventKind::Message {
            content: Content::Text(Words {
                body: text.to_owned(),
                html: None,
            }),
            relation,
        },
        ..event.clone()
    }
}

pub(super) fn apply(event: &RoomEvent, elsewhere: &Elsewhere) -> Vec<Effect> {
    let (text, room, facts, has_visitors) = match elsewhere {
        Elsewhere::NotHere => return vec![answer(event, wording::not_here())],
        Elsewhere::Unknown(place) => return vec![answer(event, wording::unknown_place(place))],
        Elsewhere::BotIsOut(place) => return vec![answer(event, wording::bot_is_out(place))],
        Elsewhere::NotStaff(place) => return vec![answer(event, wording::not_staff_there(place))],
        Elsewhere::There {
            text,
            room,
            facts,
            has_visitors,
            ..
        } => (text, room, facts, *has_visitors),
    };
    let Some(command) = Command::parse(text) else {
        return Vec::new();
    };
    let is_only_there = match command {
        Command::Original | Command::Elsewhere { .. } => true,
        Command::Erase(_) => *room != event.room,
        _ => false,
    };
    if is_only_there {
        return vec![answer(event, wording::only_there(text))];
    }
    debug_assert_eq!(facts.sender_role, Role::Staff, "others were sent away");
    let there = moved(event, room, text);
    let effects = command.apply(&there, facts);
    if *room == event.room {
        return effects;
    }
    let is_secret = matches!(command, Command::Note(_)) || has_visitors;
    let line = told_there(&effects, &there, facts).filter(|_| !is_secret);
    let is_answered = effects.iter().any(|effect| answers(effect, event));
    let effects = effects
        .into_iter()
        .map(|effect| answered_here(effect, event));
    // Whoever leaves the room because of it says so first.
    let mut effects: Vec<Effect> = line.into_iter().chain(effects).collect();
    if !is_answered {
        effects.push(answer(event, wording::told_in_the_room()));
    }
    effects
}

/// Whether whoever has given the command is told what came of it by this effect.
fn answers(effect: &Effect, event: &RoomEvent) -> bool {
    match effect {
        Effect::Say { reply_to, .. } => reply_to.as_ref() == Some(&event.id),
        Effect::Answer { to, .. } => *to == event.id,
        Effect::LookAtRoom(_)
        | Effect::Onboard(Step::Allow { .. })
        | Effect::Decide {
            is_command: true, ..
        } => true,
        Effect::Intake(action) => matches!(
            **action,
            Action::Decide {
                is_command: true,
                ..
            }
        ),
        _ => false,
    }
}

/// What the other room is told where something was changed: who has asked for it, and what the answer is.
fn told_there(effects: &[Effect], there: &RoomEvent, facts: &EventFacts) -> Option<Effect> {
    let changes = effects.iter().any(|effect| {
        !matches!(
            effect,
            Effect::Say { .. }
                | Effect::Answer { .. }
                | Effect::Report { .. }
                // Both rooms are told by it.
                | Effect::Desk(Change::Move { .. } | Change::Merge { .. })
        )
    });
    let said = effects.iter().find_map(|effect| match effect {
        Effect::Say { text, reply_to, .. } if reply_to.as_ref() == Some(&there.id) => Some(text),
        _ => None,
    })?;
    changes.then(|| Effect::Say {
        room: there.room.clone(),
        reply_to: None,
        text: wording::asked_elsewhere(&facts.sender_name, said),
    })
}

/// The answer goes to where it was asked.
fn answered_here(effect: Effect, event: &RoomEvent) -> Effect {
    let here = event.room.clone();
    match effect {
        Effect::Say {
            reply_to: Some(to),
            text,
            ..
        } if to == event.id => Effect::Say {
            room: here,
            reply_to: Some(to),
            text,
        },
        Effect::Answer { to, text, .. } if to == event.id => Effect::Answer {
            room: here,
            to,
            text,
        },
        Effect::Decide {
            held,
            decision,
            by,
            asked,
            is_command,
            ..
        } => Effect::Decide {
            held,
            decision,
            by,
            room: here,
            asked,
            is_command,
        },
        Effect::LookAtRoom(mut job) => {
            // What was meant by the room in which it is asked.
            let there = std::mem::replace(&mut job.room, event.room.clone());
            job.target.get_or_insert(RoomReference::Id(there));
            Effect::LookAtRoom(job)
        }
        Effect::Onboard(Step::Allow {
            server, by, event, ..
        }) => Effect::Onboard(Step::Allow {
            server,
            by,
            room: here,
            event,
        }),
        Effect::Intake(mut action) => {
            if let Action::Decide { room, .. } = &mut *action {
                *room = here;
            }
            Effect::Intake(action)
        }
        other => other,
    }
}

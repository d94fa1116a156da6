//! `!email PLACE COMMAND`: a command that is given in one room and is about another.

use super::{Command, answer};
use crate::domain::{
    effect::Effect,
    event::{Content, EventKind, Relation, RoomEvent, Words},
    facts::{Elsewhere, EventFacts, Role},
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
    if matches!(command, Command::Original | Command::Elsewhere { .. }) {
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
    let mut effects: Vec<Effect> = effects
        .into_iter()
        .map(|effect| answered_here(effect, event))
        .collect();
    effects.extend(line);
    effects
}

/// What the other room is told where something was changed: who has asked for it, and what the answer is.
fn told_there(effects: &[Effect], there: &RoomEvent, facts: &EventFacts) -> Option<Effect> {
    let changes = effects.iter().any(|effect| {
        !matches!(
            effect,
            Effect::Say { .. } | Effect::Answer { .. } | Effect::Report { .. }
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
    match effect {
        Effect::Say {
            reply_to: Some(to),
            text,
            ..
        } if to == event.id => Effect::Say {
            room: event.room.clone(),
            reply_to: Some(to),
            text,
        },
        Effect::Answer { to, text, .. } if to == event.id => Effect::Answer {
            room: event.room.clone(),
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
            room: event.room.clone(),
            asked,
            is_command,
        },
        other => other,
    }
}

//! `!email original`, as a reply; the reaction 🔍 does the same.

use super::answer;
use crate::domain::{
    effect::Effect,
    event::RoomEvent,
    facts::{EventFacts, TargetFacts},
    ids::MailId,
    wording,
};

pub(super) fn apply(event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
    let shown = facts.target.as_ref();
    match shown.and_then(|target| Some((target, target.mail?))) {
        Some((target, mail)) => show(mail, target, facts),
        None => vec![answer(event, wording::original_of_what())],
    }
}

/// Shows all of `mail` in a thread under the message that shows it, or in the control room where
/// not everybody is staff.
pub fn show(mail: MailId, target: &TargetFacts, facts: &EventFacts) -> Vec<Effect> {
    let room = &facts.room.id;
    if !target.has_visitors {
        let root = target.thread_root.as_ref().unwrap_or(&target.event);
        return vec![Effect::ShowOriginal {
            room: room.clone(),
            thread_root: Some(root.clone()),
            mail,
        }];
    }
    let say = |text| Effect::Say {
        room: room.clone(),
        reply_to: Some(target.event.clone()),
        text,
    };
    let Some(control_room) = &facts.control_room else {
        return vec![say(wording::original_is_private())];
    };
    let show = Effect::ShowOriginal {
        room: control_room.clone(),
        thread_root: None,
        mail,
    };
    vec![show, say(wording::original_in_control_room())]
}

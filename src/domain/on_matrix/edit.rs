//! What follows from an edit: the letter says the new words, or a correction goes after it.

use ruma::OwnedEventId;

use super::parts::{is_for, is_unreadable, item, keep_inside, said, stays_inside, take_back};
use crate::domain::{
    effect::{Amend, Effect, ItemKind, LetterItem},
    event::{Content, RoomEvent, Said, Words},
    facts::{EventFacts, Placement, Role, TargetFacts},
    sharing::Shared,
    wording,
};

pub(super) fn on_edit(
    event: &RoomEvent,
    target: &OwnedEventId,
    content: &Content,
    facts: &EventFacts,
) -> Vec<Effect> {
    let remember = Effect::Amend(Amend::Remember {
        message: target.clone(),
        event: event.id.clone(),
    });
    let Some(message) = facts.target.as_ref().filter(|known| known.event == *target) else {
        // It came before its message, which says this as soon as it comes.
        return vec![remember];
    };
    // An edit that removes a `!!` by mistake must not send what was meant to stay.
    if message.internal || message.sender != event.sender {
        return vec![Effect::MarkInternal {
            event: event.id.clone(),
        }];
    }
    if matches!(facts.sender_role, Role::Staff | Role::Visitor) && stays_inside(content) {
        let mut effects = take_back(event, target, &message.gone_to(), facts);
        effects.extend(keep_inside(event, target));
        // What hangs on a note stays inside with it.
        for hanging in &facts.past.hanging {
            effects.push(Effect::Strike {
                event: hanging.clone(),
            });
            effects.extend(keep_inside(event, hanging));
        }
        return effects;
    }
    if facts.room.encrypted && is_unreadable(content) {
        return vec![remember];
    }
    let mut effects = vec![remember];
    effects.extend(change(event, message, content, true, facts));
    effects
}

/// The message says something else from now on. `quotes`: whether a correction may repeat what was
/// said before; not if that was taken back.
pub(super) fn change(
    event: &RoomEvent,
    message: &TargetFacts,
    content: &Content,
    quotes: bool,
    facts: &EventFacts,
) -> Vec<Effect> {
    let (kind, said) = said(content);
    if kind == ItemKind::NotCarried {
        return Vec::new();
    }
    let mut effects = Vec::new();
    let mut rewritten = Vec::new();
    for placement in &message.placed {
        let place = placement.conversation;
        let Some(before) = &placement.said else {
            continue;
        };
        // Who has left gets no new words. But nobody gets those that were taken back.
        if placement.waits && !(placement.has_leavers && quotes) {
            if *before != said {
                rewritten.push(place);
            }
            continue;
        }
        if facts
            .room
            .conversation(place)
            .is_none_or(|found| !is_for(found, facts))
        {
            continue;
        }
        if let Some(waiting) = &placement.correction {
            effects.push(Effect::Amend(Amend::TakeOut {
                conversation: place,
                event: waiting.clone(),
            }));
        }
        if *before != said {
            effects.push(Effect::Write {
                conversation: place,
                item: correction(event, message, placement, &said, quotes, facts),
            });
        }
    }
    if !rewritten.is_empty() {
        let rewrite = Amend::Rewrite {
            event: message.event.clone(),
            conversations: rewritten,
            by: event.id.clone(),
            kind,
            said,
        };
        effects.insert(0, Effect::Amend(rewrite));
    }
    effects
}

/// Another file is one more file: the one that went out can't be changed.
fn is_other_file(before: &Said, now: &Said) -> bool {
    match (&before.shared, &now.shared) {
        (Some(Shared::File(before)), Some(Shared::File(now))) => before.source != now.source,
        _ => false,
    }
}

fn correction(
    event: &RoomEvent,
    message: &TargetFacts,
    placement: &Placement,
    said: &Said,
    quotes: bool,
    facts: &EventFacts,
) -> LetterItem {
    let is_other_file = placement
        .said
        .as_ref()
        .is_some_and(|before| is_other_file(before, said));
    let written = |body: String| Words { body, html: None };
    let (kind, words, shared) = match &said.shared {
        Some(Shared::File(_)) if !is_other_file && said.words.body.is_empty() => {
            (ItemKind::Correction, Words::default(), None)
        }
        Some(Shared::Poll(poll)) => (
            ItemKind::Correction,
            written(wording::poll_in_words(poll)),
            None,
        ),
        Some(Shared::Place(_)) => (ItemKind::Shared, said.words.clone(), said.shared.clone()),
        Some(Shared::File(_)) if is_other_file => {
            (ItemKind::Shared, said.words.clone(), said.shared.clone())
        }
        _ => (ItemKind::Correction, said.words.clone(), None),
    };
    let earlier = (quotes && !placement.excerpt.is_empty()).then(|| placement.excerpt.clone());
    LetterItem {
        shared,
        earlier,
        reply_to: Some(message.event.clone()),
        about: Some(message.event.clone()),
        ..item(event, kind, &words, facts)
    }
}

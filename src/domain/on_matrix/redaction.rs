//! What follows where something is taken back.

use ruma::OwnedEventId;

use super::{
    edit,
    parts::{said, take_back},
};
use crate::domain::{
    effect::{Amend, Ballot, Effect},
    event::{Content, RoomEvent, Said},
    facts::{EventFacts, Placement, Role, TakenBack, TargetFacts},
};

pub(super) fn on_redaction(
    event: &RoomEvent,
    target: &OwnedEventId,
    facts: &EventFacts,
) -> Vec<Effect> {
    let mut effects = decide(event, target, facts);
    // A ghost takes back only what somebody said who is erased: it goes, and nobody is told who that was.
    if matches!(facts.sender_role, Role::Ghost(_) | Role::NobodysGhost) {
        effects.retain(|effect| !matches!(effect, Effect::Say { .. } | Effect::Report { .. }));
    }
    if !facts.room.bot_joined {
        // What is taken back doesn't go, also where the bot can say nothing of it any more.
        for effect in &mut effects {
            if let Effect::Say { text, .. } = effect {
                let text = std::mem::take(text);
                *effect = Effect::Report { text };
            }
        }
        effects.retain(|effect| !matches!(effect, Effect::Write { .. }));
    }
    effects
}

fn decide(event: &RoomEvent, target: &OwnedEventId, facts: &EventFacts) -> Vec<Effect> {
    let strike = || Effect::Strike {
        event: target.clone(),
    };
    let known = facts.target.as_ref();
    let gone_to = known.map(TargetFacts::gone_to).unwrap_or_default();
    match &facts.past.taken_back {
        // Nobody minds a sign that has gone.
        TakenBack::Reaction => vec![strike()],
        TakenBack::Vote { poll, voter } => vec![
            strike(),
            Effect::Ballot(Ballot::Withdraw {
                poll: poll.clone(),
                vote: target.clone(),
                voter: voter.clone(),
            }),
        ],
        TakenBack::Edit {
            message,
            said: edit,
            before,
        } if !message.internal => {
            let (_, edit) = said(edit);
            let mut gone_to = gone_to;
            for placement in gone_as(message, &edit) {
                gone_to.add(placement.gone_to.clone());
            }
            let mut effects = take_back(event, target, &gone_to, facts);
            if let Some(before) = before {
                effects.extend(fall_back(event, message, before, facts));
            }
            effects.extend(gone_as(message, &edit).map(|placement| {
                Effect::Amend(Amend::Unsay {
                    message: message.event.clone(),
                    conversation: placement.conversation,
                })
            }));
            effects
        }
        TakenBack::Message | TakenBack::Edit { .. } => take_back(event, target, &gone_to, facts),
    }
}

/// Where the message has gone in these words, of an edit.
fn gone_as<'a>(message: &'a TargetFacts, edit: &Said) -> impl Iterator<Item = &'a Placement> {
    let placed = message.placed.iter();
    placed.filter(move |placement| !placement.waits && placement.said.as_ref() == Some(edit))
}

/// The message says what it had said before. Only its author corrects themselves: else the words of one
/// would go out under the name of another.
fn fall_back(
    event: &RoomEvent,
    message: &TargetFacts,
    before: &Content,
    facts: &EventFacts,
) -> Vec<Effect> {
    let mut effects = edit::change(event, message, before, false, facts);
    if event.sender != message.sender {
        effects.retain(|effect| !matches!(effect, Effect::Write { .. }));
    }
    effects
}

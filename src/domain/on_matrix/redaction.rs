//! What follows where something is taken back.

use ruma::OwnedEventId;

use super::{
    edit,
    parts::{said, take_back},
};
use crate::domain::{
    effect::{Ballot, Effect},
    event::{Content, RoomEvent},
    facts::{EventFacts, TakenBack, TargetFacts},
};

pub(super) fn on_redaction(
    event: &RoomEvent,
    target: &OwnedEventId,
    facts: &EventFacts,
) -> Vec<Effect> {
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
            before: Some(before),
        } if !message.internal => {
            let mut gone_to = gone_to;
            gone_to.extend(have_it_in_the_message(message, before));
            gone_to.sort_unstable();
            gone_to.dedup();
            let mut effects = take_back(event, target, &gone_to, facts);
            effects.extend(fall_back(event, message, before, facts));
            effects
        }
        TakenBack::Message | TakenBack::Edit { .. } => take_back(event, target, &gone_to, facts),
    }
}

/// Those who got the new words in place of the first ones.
fn have_it_in_the_message<'a>(
    message: &'a TargetFacts,
    before: &Content,
) -> impl Iterator<Item = &'a str> {
    let (_, before) = said(before);
    let placed = message.placed.iter();
    placed
        .filter(move |placement| {
            !placement.waits && placement.said.as_ref().is_some_and(|now| *now != before)
        })
        .flat_map(|placement| placement.people.iter().map(String::as_str))
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

//! What follows from votes, and from the end of a poll.

use ruma::OwnedEventId;

use super::parts::{is_hushed, item};
use crate::domain::{
    effect::{Ballot, Effect, ItemKind, LetterItem},
    event::{RoomEvent, Words},
    facts::{EventFacts, Role},
    poll,
    sharing::Shared,
};

pub(super) fn on_vote(
    event: &RoomEvent,
    poll: &OwnedEventId,
    answers: &[String],
    facts: &EventFacts,
) -> Vec<Effect> {
    let may_vote = matches!(facts.sender_role, Role::Staff | Role::Visitor);
    if facts.past.poll.is_none() || !may_vote {
        return Vec::new();
    }
    vec![Effect::Ballot(Ballot::Cast {
        poll: poll.clone(),
        vote: event.id.clone(),
        voter: event.sender.clone(),
        answers: answers.to_vec(),
        at: event.sent_at,
    })]
}

/// The author of a poll ends it, or staff; whoever got the poll gets the result.
pub(super) fn on_end(event: &RoomEvent, id: &OwnedEventId, facts: &EventFacts) -> Vec<Effect> {
    let (Some(known), Some(target)) = (&facts.past.poll, &facts.target) else {
        return Vec::new();
    };
    if target.event != *id || target.sender != event.sender && facts.sender_role != Role::Staff {
        return Vec::new();
    }
    let mut effects = vec![Effect::Ballot(Ballot::Close { poll: id.clone() })];
    let result = poll::result(known, event.sent_at);
    for placement in &target.placed {
        let place = facts.room.conversation(placement.conversation);
        if place.is_some() && !is_hushed(facts) {
            effects.push(Effect::Write {
                conversation: placement.conversation,
                item: LetterItem {
                    shared: Some(Shared::PollResult(result.clone())),
                    reply_to: Some(id.clone()),
                    about: Some(id.clone()),
                    ..item(event, ItemKind::Shared, &Words::default(), facts)
                },
            });
        }
    }
    effects
}

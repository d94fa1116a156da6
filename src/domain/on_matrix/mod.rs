//! What follows from an event in a room.

mod change;
mod edit;
mod life;
mod membership;
mod message;
mod onboarding;
mod parts;
mod poll;
mod reaction;
mod redaction;

pub use life::told_about;
pub use parts::{INTERNAL, said, stays_inside};
pub use reaction::{ADMIT, SEND_NOW, SHOW_ORIGINAL, TAKE_UP, asks_for_original, sends_now};

use super::{
    effect::Effect,
    event::{EventKind, RoomEvent},
    facts::EventFacts,
    life::Life,
    onboarding::Step,
    sharing::Change,
};

/// Decides about one event. Effects come in the order in which they are to be written.
#[must_use]
pub fn decide(event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
    match &event.kind {
        EventKind::Membership {
            user,
            membership,
            name,
        } => {
            let mut effects = vec![Effect::RememberMember {
                room: event.room.clone(),
                user: user.clone(),
                membership: *membership,
                name: name.clone(),
            }];
            if *user == facts.bot {
                effects.extend(membership::on_own(event, *membership, facts));
            } else if let Some(subject) = &facts.subject {
                effects.extend(membership::on_ghost(
                    event,
                    user,
                    *membership,
                    subject,
                    facts,
                ));
            } else {
                effects.extend(change::of_member(event, user, *membership, facts));
                let steps = onboarding::of_member(event, user, *membership, facts);
                let is_told = onboarding::tells_who_comes(&steps, facts);
                effects.extend(life::on_member(event, user, *membership, is_told, facts));
                effects.extend(steps.into_iter().map(Effect::Onboard));
            }
            effects
        }
        EventKind::RoomName(name) => {
            let mut effects = vec![Effect::RememberRoomName {
                room: event.room.clone(),
                name: name.clone(),
            }];
            effects.extend(change::remark(
                event,
                Change::NamedRoom(name.clone()),
                facts,
            ));
            effects
        }
        EventKind::Access(access) => {
            vec![Effect::Onboard(Step::RememberAccess {
                room: event.room.clone(),
                access: access.clone(),
            })]
        }
        EventKind::Topic(topic) => {
            change::remark(event, Change::ChangedTopic(topic.clone()), facts)
        }
        EventKind::Encryption => life::on_encryption(event, facts),
        EventKind::Tombstone { replacement } => {
            life::on_tombstone(event, replacement.as_ref(), facts)
        }
        EventKind::Created(creation) => vec![Effect::Life(Life::RememberCreation {
            room: event.room.clone(),
            creation: creation.clone(),
        })],
        EventKind::PowerLevels(levels) => life::on_levels(event, levels, facts),
        EventKind::ServerAcl(acl) => life::on_server_acl(event, acl, facts),
        EventKind::CanonicalAlias(alias) => vec![Effect::Life(Life::RememberAlias {
            room: event.room.clone(),
            alias: alias.clone(),
        })],
        EventKind::ThirdPartyInvite => life::on_third_party_invite(event, facts),
        // What hangs on the bot's words is talk among staff.
        EventKind::Message { .. } if event.sender == facts.bot => {
            vec![Effect::MarkInternal {
                event: event.id.clone(),
            }]
        }
        EventKind::Message { content, relation } if is_heard(event, facts) => {
            message::on_message(event, content, relation, facts)
        }
        EventKind::Edit { target, content } if is_heard(event, facts) => {
            edit::on_edit(event, target, content, facts)
        }
        EventKind::Reaction { key, .. } if is_heard(event, facts) => {
            reaction::on_reaction(event, key, facts)
        }
        EventKind::Redaction { target } => redaction::on_redaction(event, target, facts),
        EventKind::Vote { poll, answers } if is_heard(event, facts) => {
            poll::on_vote(event, poll, answers, facts)
        }
        EventKind::PollEnd { poll } if is_heard(event, facts) => poll::on_end(event, poll, facts),
        EventKind::Message { .. }
        | EventKind::Edit { .. }
        | EventKind::Reaction { .. }
        | EventKind::Vote { .. }
        | EventKind::PollEnd { .. }
        | EventKind::Irrelevant => Vec::new(),
    }
}

/// The bot hears nothing of its own, and nothing in rooms that it isn't in.
fn is_heard(event: &RoomEvent, facts: &EventFacts) -> bool {
    facts.room.bot_joined && event.sender != facts.bot
}

#[cfg(test)]
mod tests;

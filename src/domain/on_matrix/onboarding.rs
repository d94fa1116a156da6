//! Somebody who may be a customer comes into a room, declines, or goes.

use ruma::{OwnedUserId, UserId};

use crate::domain::{
    event::{Membership, RoomEvent},
    facts::{EventFacts, PersonFacts},
    onboarding::{Move, State, Step},
    outgoing::Offer,
    wording::onboarding as wording,
};

/// What follows for the people of the room from what a user who isn't one of ours does, or has done to
/// them.
pub(super) fn of_member(
    event: &RoomEvent,
    user: &UserId,
    membership: Membership,
    facts: &EventFacts,
) -> Vec<Step> {
    if !facts.room.bot_joined {
        return Vec::new();
    }
    let was = facts.past.member.as_ref().map(|member| member.membership);
    match membership {
        Membership::Join if was != Some(Membership::Join) => came(event, user, facts),
        Membership::Invite => invited(event, user, facts),
        Membership::Leave | Membership::Ban => went(event, user, was, facts),
        Membership::Join | Membership::Knock => Vec::new(),
    }
}

/// Whether staff learn by these steps, or knew before, that somebody comes who reads along.
pub(super) fn tells_who_comes(steps: &[Step], facts: &EventFacts) -> bool {
    let tells = |step: &Step| matches!(step, Step::Tell { .. } | Step::Arrive { .. });
    // As they were invited staff were told what they would read.
    let was_invited = |(way, _): &(&Move, &PersonFacts)| way.state != State::Waiting;
    steps.iter().any(tells) || ways(facts).iter().any(was_invited)
}

/// The ways of those who are still here by mail, with who that is.
fn ways(facts: &EventFacts) -> Vec<(&Move, &PersonFacts)> {
    let people = facts.room.people();
    let person = |it: &Move| people.iter().find(|person| person.contact == it.contact);
    let moves = facts.details.onboarding.moves.iter();
    moves.filter_map(|it| Some((it, *person(it)?))).collect()
}

fn came(event: &RoomEvent, user: &UserId, facts: &EventFacts) -> Vec<Step> {
    let room = &event.room;
    let of = &facts.details.onboarding;
    let mut steps = Vec::new();
    let mut is_known = false;
    for (way, person) in ways(facts) {
        is_known = true;
        let (room, contact, user) = (room.clone(), way.contact, way.user.clone());
        steps.push(match way.state {
            // Only who was invited counts, or was linked before.
            State::Waiting => tell_of(event, person, &user, facts),
            State::Inviting
            | State::Invited
            | State::Refused
            | State::Declined
            | State::Joined
            | State::Left
            | State::PutOut => Step::Arrive {
                room,
                contact,
                user,
            },
        });
    }
    for person in facts.room.people() {
        let has_a_way = of.moves.iter().any(|way| way.contact == person.contact);
        if of.linked.contains(&person.contact) && !has_a_way {
            is_known = true;
            steps.push(Step::Arrive {
                room: room.clone(),
                contact: person.contact,
                user: user.to_owned(),
            });
        }
    }
    let is_customer = of
        .user
        .as_ref()
        .is_some_and(|user| !user.is_staff && !user.is_ours);
    // Who reads a broadcast takes no part in a chat.
    if !is_known && is_customer && !facts.room.settings.broadcast {
        let mut alike = facts.room.people().into_iter().filter(|person| {
            !person.is_guest && person.moved.is_none() && is_alike(person, user, facts)
        });
        // Of two it can't be told which.
        if let (Some(person), None) = (alike.next(), alike.next()) {
            steps.push(tell_of(event, person, user, facts));
        }
    }
    steps
}

fn tell_of(event: &RoomEvent, person: &PersonFacts, user: &UserId, facts: &EventFacts) -> Step {
    let (room, contact, user): (_, _, OwnedUserId) =
        (event.room.clone(), person.contact, user.to_owned());
    Step::Tell {
        text: wording::looks_alike(person, &user, &facts.sender_name),
        offer: Some(Offer::Link {
            room: room.clone(),
            contact,
            user,
        }),
        room,
    }
}

/// Whether the name, or the id, is plainly that of somebody who takes part by mail.
fn is_alike(person: &PersonFacts, user: &UserId, facts: &EventFacts) -> bool {
    let of = |name: &str| {
        let words: Vec<String> = name
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        words
    };
    let own = facts.details.onboarding.user.as_ref();
    let called = of(own.map_or("", |user| user.name.as_str()));
    let is_full_name = |words: &[String]| words.len() >= 2;
    let (name, local) = (of(&person.name), of(user.localpart()));
    let address = of(person.address.local_part());
    is_full_name(&name) && (called == name || local == name)
        || is_full_name(&address) && local == address
}

/// By whomever: who waited for an invitation has one.
fn invited(event: &RoomEvent, user: &UserId, facts: &EventFacts) -> Vec<Step> {
    let is_new = |way: &&(&Move, &PersonFacts)| {
        matches!(
            way.0.state,
            State::Waiting | State::Inviting | State::Refused | State::Declined
        )
    };
    let ways = ways(facts);
    let note = |(way, _): &(&Move, &PersonFacts)| Step::Note {
        room: event.room.clone(),
        contact: way.contact,
        user: user.to_owned(),
        state: State::Invited,
    };
    ways.iter().filter(is_new).map(note).collect()
}

fn went(
    event: &RoomEvent,
    user: &UserId,
    was: Option<Membership>,
    facts: &EventFacts,
) -> Vec<Step> {
    let mut steps = Vec::new();
    let by_themselves = event.sender == user;
    for (way, person) in ways(facts) {
        let (name, address) = (&person.name, person.address.as_str());
        let note = |state| Step::Note {
            room: event.room.clone(),
            contact: way.contact,
            user: user.to_owned(),
            state,
        };
        let tell = |text, offer| Step::Tell {
            room: event.room.clone(),
            text,
            offer,
        };
        match way.state {
            State::Inviting | State::Invited if was != Some(Membership::Join) => {
                let text = if by_themselves {
                    wording::declined(name, user)
                } else {
                    wording::taken_back(name, user, &event.sender)
                };
                steps.extend([note(State::Declined), tell(text, None)]);
            }
            State::Joined if way.keeps_mail => {
                let text = wording::left_and_keeps_mail(name, user);
                steps.extend([note(State::Left), tell(text, None)]);
            }
            State::Joined if by_themselves => {
                let offer = Offer::WriteByMail {
                    room: event.room.clone(),
                    contact: way.contact,
                };
                let text = wording::left(name, address, user);
                steps.extend([note(State::Left), tell(text, Some(offer))]);
            }
            State::Joined => {
                let text = wording::put_out(name, address, user, &event.sender);
                steps.extend([note(State::PutOut), tell(text, None)]);
            }
            State::Waiting
            | State::Inviting
            | State::Invited
            | State::Refused
            | State::Declined
            | State::Left
            | State::PutOut => {}
        }
    }
    steps
}

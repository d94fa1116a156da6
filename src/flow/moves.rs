//! Everything moves from a room into the one that replaces it.

use ruma::{OwnedRoomId, RoomId};
use serde_json::Value;

use super::{
    Context, answers, crowd, lanes,
    lanes::{Origin, enqueue, room_lane},
    life_facts, named, onboarding, transfers,
};
use crate::{
    domain::{
        facts::{ConversationFacts, PersonFacts, RoomFacts},
        outgoing::{MatrixAction, Puppet},
        room_rules::Need,
        settings::Settings,
        wording::living,
    },
    store::{
        StoreError, Tx, conversations, held, lives as store_lives, requests, rooms, successions,
        successions::Pending,
    },
};

/// Moves everything, if the new room says itself that it goes on from the old one. What people wrote
/// waits in the same letters, what customers answer leads to the same conversations, and what was about
/// to be shown in the old room is shown in the new one.
pub async fn to(
    tx: &mut Tx,
    old: &OwnedRoomId,
    new: &OwnedRoomId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let made = store_lives::find(tx.connection(), new.as_str()).await?;
    let predecessor = made.rules.creation.and_then(|made| made.predecessor);
    if predecessor.as_ref() != Some(old) {
        successions::refuse(tx, old.as_str()).await?;
        let old = life_facts::called(tx.connection(), old, context).await?;
        let new = life_facts::called(tx.connection(), new, context).await?;
        let text = living::not_its_successor(&old, &new);
        return lanes::report(tx, &text, origin, context).await;
    }
    let is_named = named::is_one(old, context);
    let there_before = conversations_of(tx, new, context).await?;
    successions::carry_over(tx, old.as_str(), new.as_str(), origin.now).await?;
    tracing::info!(trace = %origin.trace, "A room was replaced, and everything has moved");
    take_along(tx, (old, new), is_named, origin).await?;
    say_what_moved(tx, old, new, origin, context).await?;
    unite(tx, &there_before, new, origin, context).await?;
    onboarding::go_on(tx, new, origin, context).await?;
    let all = conversations_of(tx, new, context).await?.into_iter();
    let mut people: Vec<PersonFacts> = all.flat_map(|one| one.people).collect();
    // Whoever is in Matrix has no ghost there.
    people.retain(|person| person.moved.is_none());
    people.sort_by_key(|person| person.contact);
    people.dedup_by_key(|person| person.contact);
    for person in people {
        let join = MatrixAction::Join {
            room: new.clone(),
            puppet: Puppet::Contact(person.contact),
        };
        enqueue(tx, join, origin, context).await?;
    }
    store_lives::forget_bids(tx, new.as_str()).await?;
    crowd::release(tx, new, origin, context).await?;
    crowd::everybody_leaves(tx, old, origin, context).await
}

async fn conversations_of(
    tx: &mut Tx,
    room: &OwnedRoomId,
    context: &Context,
) -> Result<Vec<ConversationFacts>, StoreError> {
    let server = context.server_name.as_str();
    conversations::of_room(tx.connection(), room.as_str(), server).await
}

/// The new room is told who is there by email, and what waits.
async fn say_what_moved(
    tx: &mut Tx,
    old: &OwnedRoomId,
    new: &OwnedRoomId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let room = RoomFacts {
        id: new.clone(),
        encrypted: false,
        is_direct: false,
        bot_joined: true,
        conversations: conversations_of(tx, new, context).await?,
        settings: Settings::default(),
    };
    let (_, held) = held::of_room(tx.connection(), new.as_str(), 1).await?;
    let away = store_lives::count_waiting_mails(tx.connection(), new.as_str()).await?;
    let (_, requests) = requests::waiting(tx.connection(), new.as_str(), 1).await?;
    let text = living::moved_here(&room, held.saturating_sub(away), requests);
    lanes::say(tx, new.clone(), &text, None, origin, context).await?;
    let keys = named::follow(tx, old, new, context);
    if !keys.is_empty() {
        let text = living::replaces_a_named_room(&keys, new);
        lanes::say(tx, new.clone(), &text, None, origin, context).await?;
    }
    let known = rooms::find(tx.connection(), new.as_str()).await?;
    if known.is_some_and(|known| known.encrypted == 1) {
        let text = living::encrypted_now();
        lanes::say(tx, new.clone(), &text, None, origin, context).await?;
    }
    Ok(())
}

/// Staff may have added people to the new room before the old one ended: they are in one conversation,
/// the older one, so that nobody gets everything twice.
async fn unite(
    tx: &mut Tx,
    there_before: &[ConversationFacts],
    new: &OwnedRoomId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let all = conversations_of(tx, new, context).await?;
    let is_new = |one: &&ConversationFacts| there_before.iter().any(|it| it.id == one.id);
    for double in there_before.iter().filter(|it| it.thread_root.is_none()) {
        let is_in = |contact| double.people.iter().any(|it| it.contact == contact);
        let mut moved = all.iter().filter(|one| !is_new(one));
        let same = moved
            .find(|one| one.thread_root.is_none() && one.people.iter().any(|it| is_in(it.contact)));
        if let Some(same) = same {
            let by = context.bot.as_str();
            transfers::merge(tx, double.id, same.id, by, origin, context).await?;
        }
    }
    Ok(())
}

/// The bot can't get into the room that replaces another: staff are told once, where they can do
/// something about it.
pub async fn tell_of_closed_door(
    tx: &mut Tx,
    new: &RoomId,
    reason: &str,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    for succession in successions::of_new(tx.connection(), new.as_str()).await? {
        let old = succession.old_room_id.as_str();
        let Ok(room) = OwnedRoomId::try_from(old) else {
            continue;
        };
        if !successions::tell(tx, old).await? {
            continue;
        }
        let known = store_lives::find(tx.connection(), old).await?;
        let may_speak = known.rules.allows(Need::Speak, &context.bot);
        let called = life_facts::called(tx.connection(), &room, context).await?;
        let there = life_facts::called(tx.connection(), new, context).await?;
        let text = living::successor_is_closed(&called, &there, reason);
        if may_speak {
            lanes::say(tx, room, &text, None, origin, context).await?;
        } else {
            lanes::report(tx, &text, origin, context).await?;
        }
    }
    Ok(())
}

/// What is still to be shown in the old room is shown in the new one, and what staff can take up by a
/// reaction is offered there; of a room that is for staff, everything that the bot has to say. What is
/// under way ends where it began; if it comes to nothing it follows, see [`reroute`].
async fn take_along(
    tx: &mut Tx,
    (old, new): (&OwnedRoomId, &OwnedRoomId),
    is_named: bool,
    origin: &Origin,
) -> Result<(), StoreError> {
    for row in successions::pending(tx.connection(), &room_lane(old)).await? {
        let action: MatrixAction = serde_json::from_str(&row.payload)?;
        let goes_along = match &action {
            MatrixAction::Send { mail, offer, .. } => is_named || mail.is_some() || offer.is_some(),
            MatrixAction::Revise { .. } => is_named,
            _ => false,
        };
        if goes_along && row.state != "attempting" {
            reroute(tx, &row, old, new, origin.now).await?;
        }
    }
    Ok(())
}

/// What is to be sent to the one room is sent to the other.
pub async fn reroute(
    tx: &mut Tx,
    row: &Pending,
    old: &RoomId,
    new: &OwnedRoomId,
    now: i64,
) -> Result<(), StoreError> {
    let mut action = match serde_json::from_str(&row.payload)? {
        // What it would change is in the room that stays behind, too.
        MatrixAction::Revise { content, .. } => answers::afresh(new.clone(), content),
        action => action,
    };
    if let MatrixAction::Send { room, content, .. } = &mut action {
        *room = new.clone();
        // What it answers is in the room that stays behind.
        if let Value::Object(content) = content {
            content.remove("m.relates_to");
        }
    }
    let lanes = (room_lane(old), room_lane(new));
    let payload = serde_json::to_string(&action)?;
    successions::move_row(tx, row.id, (&lanes.0, &lanes.1), &payload, now).await
}

//! Everything moves from a room into the one that replaces it.

use ruma::{OwnedRoomId, RoomId};
use serde_json::Value;

use super::{
    Context, crowd, lanes,
    lanes::{Origin, enqueue, room_lane},
    life_facts,
};
use crate::{
    domain::{
        facts::RoomFacts,
        outgoing::{MatrixAction, Puppet},
        room_rules::Need,
        settings::Settings,
        wording::living,
    },
    store::{
        StoreError, Tx, conversations, held, lives as store_lives, rooms, successions,
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
    successions::carry_over(tx, old.as_str(), new.as_str(), origin.now).await?;
    tracing::info!(trace = %origin.trace, "A room was replaced, and everything has moved");
    take_along(tx, old, new, origin).await?;
    let server = context.server_name.as_str();
    let room = RoomFacts {
        id: new.clone(),
        encrypted: false,
        is_direct: false,
        bot_joined: true,
        conversations: conversations::of_room(tx.connection(), new.as_str(), server).await?,
        settings: Settings::default(),
    };
    let (_, waiting) = held::of_room(tx.connection(), new.as_str(), 1).await?;
    let away = store_lives::count_waiting_mails(tx.connection(), new.as_str()).await?;
    let text = living::moved_here(&room, waiting.saturating_sub(away));
    lanes::say(tx, new.clone(), &text, None, origin, context).await?;
    let known = rooms::find(tx.connection(), new.as_str()).await?;
    if known.is_some_and(|known| known.encrypted == 1) {
        let text = living::encrypted_now();
        lanes::say(tx, new.clone(), &text, None, origin, context).await?;
    }
    for person in room.people() {
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

/// What is still to be shown in the old room is shown in the new one. What is under way ends where it
/// began; if it comes to nothing it follows, see [`reroute`].
async fn take_along(
    tx: &mut Tx,
    old: &RoomId,
    new: &OwnedRoomId,
    origin: &Origin,
) -> Result<(), StoreError> {
    for row in successions::pending(tx.connection(), &room_lane(old)).await? {
        if row.state != "attempting" {
            reroute(tx, &row, old, new, origin.now).await?;
        }
    }
    Ok(())
}

/// What shows a mail goes to the other room; `false` of everything else, which says something about the
/// old one.
pub async fn reroute(
    tx: &mut Tx,
    row: &Pending,
    old: &RoomId,
    new: &OwnedRoomId,
    now: i64,
) -> Result<bool, StoreError> {
    let mut action: MatrixAction = serde_json::from_str(&row.payload)?;
    let MatrixAction::Send {
        room,
        content,
        mail: Some(_),
        ..
    } = &mut action
    else {
        return Ok(false);
    };
    *room = new.clone();
    // What it answers is in the room that stays behind.
    if let Value::Object(content) = content {
        content.remove("m.relates_to");
    }
    let lanes = (room_lane(old), room_lane(new));
    let payload = serde_json::to_string(&action)?;
    successions::move_row(tx, row.id, (&lanes.0, &lanes.1), &payload, now).await?;
    Ok(true)
}

//! Carries out what becomes of a room.

use ruma::{OwnedRoomId, OwnedServerName, RoomId};

use super::{
    Context, crowd, customers, lanes,
    lanes::{Origin, enqueue, room_lane},
    moves, onboarding, seal,
};
use crate::{
    domain::{
        facts::PersonFacts,
        life::Life,
        outgoing::{MatrixAction, Puppet},
        wording::living,
    },
    matrix::encode,
    store::{
        StoreError, Tx, conversations, lives, named_rooms, outbox,
        outbox::{Settled, Way},
        rooms, successions,
    },
};

pub async fn apply(
    tx: &mut Tx,
    change: Life,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    match change {
        Life::RememberCreation { room, creation } => {
            lives::set_creation(tx, room.as_str(), &creation).await
        }
        Life::RememberLevels { room, levels } => {
            lives::set_levels(tx, room.as_str(), &levels).await
        }
        Life::RememberAlias { room, alias } => {
            lives::set_alias(tx, room.as_str(), &alias.unwrap_or_default()).await
        }
        Life::RememberDeserted { room, is_deserted } => {
            lives::set_deserted(tx, room.as_str(), is_deserted).await
        }
        Life::RememberTold { room, about } => {
            lives::set_told(tx, room.as_str(), &about, origin.now).await
        }
        Life::Suspend { room } => suspend(tx, &room, origin, context).await,
        Life::Resume { room } => resume(tx, &room, origin, context).await,
        Life::GiveUp { room } => give_up(tx, &room, origin, context).await,
        Life::Succeed { old, new, by, via } => {
            if successions::begin(tx, old.as_str(), new.as_str(), by.as_str(), origin.now).await? {
                follow(tx, &old, &new, via, origin, context).await?;
            }
            Ok(())
        }
        Life::Move { old, new } => moves::to(tx, &old, &new, origin, context).await,
        Life::Bid {
            room,
            localpart,
            by,
        } => {
            lives::bid(tx, room.as_str(), &localpart, by.as_str(), origin.now).await?;
            // With somebody else in it, it is no direct chat with the bot.
            named_rooms::forget_direct(tx, room.as_str()).await?;
            let puppet = crowd::puppet_of(tx.connection(), &localpart).await?;
            let join = MatrixAction::Join {
                room: room.clone(),
                puppet: puppet.clone(),
            };
            enqueue(tx, join, origin, context).await?;
            enqueue(tx, MatrixAction::AskIn { room, puppet }, origin, context).await
        }
        Life::ForgetBids { room } => lives::forget_bids(tx, room.as_str()).await,
        Life::Decline {
            room,
            localpart,
            reason,
        } => {
            let puppet = crowd::puppet_of(tx.connection(), &localpart).await?;
            let decline = MatrixAction::Decline {
                room,
                puppet,
                reason,
            };
            enqueue(tx, decline, origin, context).await
        }
        Life::Leave { room } => leave(tx, &room, origin, context).await,
    }
}

/// A ghost could not ask the bot in: it says so, and so do we, if the bot hasn't come by itself.
pub async fn miss_bot(
    tx: &mut Tx,
    room: &OwnedRoomId,
    puppet: Puppet,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let known = rooms::find(tx.connection(), room.as_str()).await?;
    let membership =
        rooms::membership(tx.connection(), room.as_str(), context.bot.as_str()).await?;
    let is_coming = membership.as_deref() == Some("invite");
    if is_coming || known.is_some_and(|known| known.bot_joined == 1) {
        return Ok(());
    }
    let content = encode::notice(&living::bot_is_missing(&context.bot), None);
    let kind = "m.room.message";
    lanes::send(
        tx,
        room.clone(),
        puppet,
        kind,
        content,
        None,
        origin,
        context,
    )
    .await
}

/// What was said goes; nobody waits for what may never be said.
async fn suspend(
    tx: &mut Tx,
    room: &RoomId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let server = context.server_name.as_str();
    let open = conversations::of_room(tx.connection(), room.as_str(), server).await?;
    for conversation in &open {
        seal::open_letter_of(tx, conversation.id, origin, context).await?;
    }
    Ok(())
}

/// What was to be shown is shown now, what customers wrote meanwhile is decided about again, and those
/// ghosts come that were put out with the bot.
async fn resume(
    tx: &mut Tx,
    room: &OwnedRoomId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    successions::unpark(tx, &room_lane(room), origin.now).await?;
    onboarding::catch_up(tx, room, origin, context).await?;
    let server = context.server_name.as_str();
    let open = conversations::of_room(tx.connection(), room.as_str(), server).await?;
    let mut ghosts: Vec<_> = open.iter().flat_map(|one| &one.people).collect();
    ghosts.sort_by_key(|person| person.contact);
    ghosts.dedup_by_key(|person| person.contact);
    let comes = |person: &&PersonFacts| !person.is_guest && person.moved.is_none();
    for person in ghosts.into_iter().filter(comes) {
        let known =
            rooms::membership(tx.connection(), room.as_str(), person.ghost.as_str()).await?;
        if known.as_deref() != Some("join") {
            let join = MatrixAction::Join {
                room: room.clone(),
                puppet: Puppet::Contact(person.contact),
            };
            enqueue(tx, join, origin, context).await?;
        }
    }
    crowd::release(tx, room, origin, context).await
}

/// Nothing can be done in the room any more. Staff are told once, with the messages that can't be shown.
async fn give_up(
    tx: &mut Tx,
    room: &RoomId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let lane = room_lane(room);
    let mut unshown = 0;
    for row in successions::pending(tx.connection(), &lane).await? {
        // What is under way ends by itself.
        if row.state == "attempting" {
            continue;
        }
        let action: MatrixAction = serde_json::from_str(&row.payload)?;
        if matches!(action, MatrixAction::Send { mail: Some(_), .. }) {
            unshown += 1;
        }
        let reason = "the room is gone".to_owned();
        let settled = Settled::Refused { reason };
        outbox::settle(tx, row.id, &lane, Way::Matrix, &settled, origin.now).await?;
    }
    if unshown > 0 {
        let text = living::not_shown(unshown);
        lanes::report(tx, &text, origin, context).await?;
    }
    Ok(())
}

/// Into the room that replaces `old`: everything moves at once if the bot is there already.
async fn follow(
    tx: &mut Tx,
    old: &OwnedRoomId,
    new: &OwnedRoomId,
    via: OwnedServerName,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let known = rooms::find(tx.connection(), new.as_str()).await?;
    let is_there = known.is_some_and(|room| room.bot_joined == 1 && room.known_at.is_some());
    if is_there {
        return moves::to(tx, old, new, origin, context).await;
    }
    let room = new.clone();
    enqueue(tx, MatrixAction::Follow { room, via }, origin, context).await
}

/// What was said still goes, then everybody who is there by email leaves, and the bot last.
async fn leave(
    tx: &mut Tx,
    room: &OwnedRoomId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    customers::close_all(tx, room, origin, context).await?;
    lives::set_leaving(tx, room.as_str(), true).await?;
    crowd::everybody_leaves(tx, room, origin, context).await
}

//! Ours who are in a room, and what waits for them to come back.

use ruma::{OwnedRoomId, RoomId};

use super::{
    Context,
    lanes::{Origin, enqueue},
};
use crate::{
    domain::{
        held::Decision,
        ids::HeldId,
        outgoing::{MatrixAction, Puppet},
    },
    store::{Connection, StoreError, Tx, held, lives, people, rooms},
};

/// Whoever a user of our namespace stands for.
pub async fn puppet_of(connection: &mut Connection, localpart: &str) -> Result<Puppet, StoreError> {
    let contact = people::by_ghost(connection, localpart).await?;
    Ok(contact.map_or_else(
        || Puppet::Localpart(localpart.to_owned()),
        |contact| Puppet::Contact(contact.id),
    ))
}

/// Decides again about the mails that waited for somebody to come back.
pub async fn release(
    tx: &mut Tx,
    room: &RoomId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let bot = context.bot.as_str();
    for id in lives::waiting_mails(tx.connection(), room.as_str()).await? {
        held::decide(tx, HeldId(id), Decision::Release, bot, origin.now).await?;
    }
    Ok(())
}

/// All of ours who are in the room leave it, the bot last.
pub async fn everybody_leaves(
    tx: &mut Tx,
    room: &OwnedRoomId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let present = rooms::present(tx.connection(), room.as_str()).await?;
    let present = present
        .into_iter()
        .filter_map(|user| ruma::OwnedUserId::try_from(user).ok());
    let ghosts = present.filter(|user| context.is_ours(user) && *user != context.bot);
    let mut puppets = Vec::new();
    for ghost in ghosts {
        puppets.push(puppet_of(tx.connection(), ghost.localpart()).await?);
    }
    puppets.push(Puppet::Bot);
    for puppet in puppets {
        let room = room.clone();
        enqueue(tx, MatrixAction::Leave { room, puppet }, origin, context).await?;
    }
    Ok(())
}

//! Who reads along in a room.

use ruma::{OwnedRoomId, RoomId, UserId};

use super::{
    Context,
    lanes::{self, Origin},
};
use crate::{
    domain::staff::StaffList,
    store::{Connection, StoreError, Tx, rooms},
};

/// Whether somebody who is neither staff nor one of ours is in the room, or invited.
pub async fn has_visitors(
    connection: &mut Connection,
    room: &RoomId,
    context: &Context,
) -> Result<bool, StoreError> {
    let present = rooms::present(connection, room.as_str()).await?;
    let mut users = present.iter().filter_map(|user| UserId::parse(user).ok());
    let staff = staff(connection, room, context).await?;
    Ok(users.any(|user| !context.is_ours(&user) && !staff.is_staff(&user)))
}

/// Who is staff in the room: as its mailbox has it; in the control room, as the configuration has it for
/// all.
pub async fn staff<'c>(
    connection: &mut Connection,
    room: &RoomId,
    context: &'c Context,
) -> Result<&'c StaffList, StoreError> {
    if context.control_room.as_deref() == Some(room) {
        return Ok(&context.staff);
    }
    if let Some(mailbox) = context.mailbox_of_triage_room(room) {
        return Ok(context.staff_of(mailbox.as_str()));
    }
    let known = rooms::find(connection, room.as_str()).await?;
    Ok(context.staff_of(known.as_ref().map_or("", |room| room.mailbox.as_str())))
}

/// Tells staff, and nobody else, something of a room: there, or in the control room if others would read
/// it or the bot isn't there.
pub async fn tell_staff(
    tx: &mut Tx,
    room: OwnedRoomId,
    text: &str,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    if !is_bot_in(tx.connection(), &room).await?
        || has_visitors(tx.connection(), &room, context).await?
    {
        return lanes::report(tx, text, origin, context).await;
    }
    lanes::say(tx, room, text, None, origin, context).await
}

/// The room, if the bot is there and nobody but staff would read what it says.
pub async fn room_of_staff(
    connection: &mut Connection,
    room: &str,
    context: &Context,
) -> Result<Option<OwnedRoomId>, StoreError> {
    let Ok(room) = OwnedRoomId::try_from(room) else {
        return Ok(None);
    };
    let is_theirs =
        is_bot_in(connection, &room).await? && !has_visitors(connection, &room, context).await?;
    Ok(is_theirs.then_some(room))
}

pub async fn is_bot_in(connection: &mut Connection, room: &RoomId) -> Result<bool, StoreError> {
    let known = rooms::find(connection, room.as_str()).await?;
    Ok(known.is_some_and(|known| known.bot_joined == 1))
}

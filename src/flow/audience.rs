//! Who reads along in a room.

use ruma::{RoomId, UserId};

use super::Context;
use crate::store::{Connection, StoreError, rooms};

/// Whether somebody who is neither staff nor one of ours is in the room, or invited.
pub async fn has_visitors(
    connection: &mut Connection,
    room: &RoomId,
    context: &Context,
) -> Result<bool, StoreError> {
    let present = rooms::present(connection, room.as_str()).await?;
    let mut users = present.iter().filter_map(|user| UserId::parse(user).ok());
    Ok(users.any(|user| !context.is_ours(&user) && !context.staff.is_staff(&user)))
}

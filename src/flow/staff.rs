//! Who may command the bot in a room.

use ruma::{RoomId, UserId};

use super::Context;
use crate::store::{Connection, StoreError};

/// Whether the user is staff in the room. Users of ours never are.
#[expect(
    clippy::unused_async,
    reason = "what makes somebody staff is about to be looked up in the room"
)]
pub async fn is_staff_in(
    _connection: &mut Connection,
    user: &UserId,
    _room: &RoomId,
    context: &Context,
) -> Result<bool, StoreError> {
    Ok(!context.is_ours(user) && context.staff.is_staff(user))
}

//! Matrix threads as conversations of their own.

use ruma::{EventId, RoomId};

use crate::{
    domain::ids::{ConversationId, CustomerId},
    store::{StoreError, Tx, conversations},
};

/// The conversation that a thread of the room is with the customer; `main`, the one outside of threads,
/// where it has none.
pub async fn conversation(
    tx: &mut Tx,
    room: &RoomId,
    customer: CustomerId,
    main: ConversationId,
    thread_root: &EventId,
) -> Result<ConversationId, StoreError> {
    let own = conversations::of_thread(
        tx.connection(),
        room.as_str(),
        thread_root.as_str(),
        customer,
    )
    .await?;
    Ok(own.unwrap_or(main))
}

//! A request gets its room.

use ruma::OwnedRoomId;

use super::{Context, customers, lanes::Origin};
use crate::{
    domain::{ids::RequestId, intake::State},
    store::{StoreError, Tx, requests},
};

/// The request's mails go into this room, in order, under the name of who sent them. `false` if they
/// have a place already.
pub async fn open_in(
    tx: &mut Tx,
    id: RequestId,
    room: OwnedRoomId,
    origin: &Origin,
    context: &Context,
) -> Result<bool, StoreError> {
    let Some(known) = requests::find(tx.connection(), id).await? else {
        return Ok(false);
    };
    if known.state == State::Opened {
        return Ok(false);
    }
    let receiving = customers::Receiving {
        room: &room,
        mailbox: &known.mailbox,
        subject: &known.subject,
    };
    let conversation = customers::receive(tx, receiving, &known.sender, origin, context).await?;
    tracing::info!(trace = %origin.trace, request = %id, conversation = %conversation, "A request has a place");
    requests::open(tx, id, room.as_str(), conversation).await
}

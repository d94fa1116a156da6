//! The bot's one answer to a command that takes long: said at once, and changed as the work goes on.

use ruma::{OwnedEventId, OwnedRoomId};

use super::{
    Context,
    lanes::{Origin, enqueue_as},
};
use crate::{
    domain::outgoing::{MatrixAction, Puppet},
    matrix::encode,
    store::{Connection, StoreError, Tx, answers},
};

/// Says the answer to `event`, or changes what was said. In the order of the room's lane, so that the
/// first is there before it is changed.
pub async fn say(
    tx: &mut Tx,
    room: OwnedRoomId,
    event: &OwnedEventId,
    text: &str,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let effect_id = context.new_effect_id();
    let content = encode::notice(text, Some(event));
    let said = answers::find(tx.connection(), event.as_str()).await?;
    if said.is_none() {
        answers::remember(tx, event.as_str(), room.as_str(), &effect_id).await?;
    }
    let action = match said {
        Some(first) => MatrixAction::Revise {
            room,
            first,
            content,
        },
        None => afresh(room, content),
    };
    enqueue_as(tx, effect_id, action, origin).await
}

/// What is sent for an action: what changes an answer becomes its edit or, where the answer itself never
/// came into the room, an answer of its own.
pub async fn resolved(
    connection: &mut Connection,
    action: MatrixAction,
) -> Result<MatrixAction, StoreError> {
    let MatrixAction::Revise {
        room,
        first: effect,
        content,
    } = action
    else {
        return Ok(action);
    };
    let said = answers::event_of(connection, &effect).await?;
    let said = said.and_then(|event| OwnedEventId::try_from(event).ok());
    Ok(match said {
        Some(event) => afresh(room, encode::edit(content, &event)),
        None => afresh(room, content),
    })
}

/// An answer that the bot hasn't given yet.
pub fn afresh(room: OwnedRoomId, content: serde_json::Value) -> MatrixAction {
    MatrixAction::Send {
        room,
        puppet: Puppet::Bot,
        event_type: "m.room.message".to_owned(),
        content,
        mail: None,
        media: None,
        offer: None,
    }
}

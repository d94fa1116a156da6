//! The bot's answers that are changed while work goes on.

use super::{Connection, StoreError, Tx};

statements! {
    INSERT = "INSERT INTO answers (event_id, room_id, effect_id) VALUES ($1, $2, $3)";
    SELECT = "SELECT effect_id FROM answers WHERE event_id = $1";
    SELECT_EVENT = "
        SELECT result FROM outbox WHERE effect_id = $1 AND state = 'delivered' AND result <> ''";
}

/// The row of the outbox with this effect id says the bot's answer to `event`.
pub async fn remember(
    tx: &mut Tx,
    event: &str,
    room: &str,
    effect_id: &str,
) -> Result<(), StoreError> {
    execute!(tx.connection(), INSERT, event, room, effect_id);
    Ok(())
}

/// The effect id of the answer to `event`, if there is one.
pub async fn find(connection: &mut Connection, event: &str) -> Result<Option<String>, StoreError> {
    let row = fetch_optional!(connection, (String,), SELECT, event);
    Ok(row.map(|(effect,)| effect))
}

/// The event that a row of the outbox has become.
pub async fn event_of(
    connection: &mut Connection,
    effect_id: &str,
) -> Result<Option<String>, StoreError> {
    let row = fetch_optional!(connection, (String,), SELECT_EVENT, effect_id);
    Ok(row.map(|(event,)| event))
}

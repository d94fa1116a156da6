//! Conversations that were closed long ago, and the ones in which what is answered to them goes on.

use super::{Connection, StoreError, Tx};
use crate::domain::ids::ConversationId;

statements! {
    SELECT = "SELECT by_id FROM continuations WHERE conversation_id = $1";
    INSERT = "
        INSERT INTO continuations (conversation_id, by_id) VALUES ($1, $2)
        ON CONFLICT (conversation_id) DO UPDATE SET by_id = excluded.by_id";
}

/// The conversation in which answers to this one go on, if there was one.
pub async fn of(
    connection: &mut Connection,
    id: ConversationId,
) -> Result<Option<ConversationId>, StoreError> {
    let row = fetch_optional!(connection, (i64,), SELECT, id.0);
    Ok(row.map(|(by,)| ConversationId(by)))
}

pub async fn remember(
    tx: &mut Tx,
    id: ConversationId,
    by: ConversationId,
) -> Result<(), StoreError> {
    execute!(tx.connection(), INSERT, id.0, by.0);
    Ok(())
}

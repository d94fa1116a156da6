//! What rooms tell other clients of us, and which of them may have to tell something else.

use super::{Connection, Queue, StoreError, Tx};
use crate::domain::ids::ConversationId;

statements! {
    TOUCH = "
        INSERT INTO room_signs (room_id, due) VALUES ($1, 1)
        ON CONFLICT (room_id) DO UPDATE SET due = 1";
    TOUCH_OF = "
        INSERT INTO room_signs (room_id, due) SELECT room_id, 1 FROM conversations WHERE id = $1
        ON CONFLICT (room_id) DO UPDATE SET due = 1";
    BEGIN = "
        INSERT INTO room_signs (room_id, due) SELECT room_id, 1 FROM conversations WHERE id = $1
        ON CONFLICT (room_id) DO NOTHING";
    SELECT_DUE = "
        SELECT room_id, stated FROM room_signs WHERE due = 1 ORDER BY room_id LIMIT $1";
    SELECT_MAILBOX = "
        SELECT conversations.mailbox FROM conversations
        JOIN participants ON conversation_id = conversations.id
        WHERE room_id = $1 AND state <> 'closed' AND role IN ('member', 'guest')
        ORDER BY conversations.id LIMIT 1";
    SEEN = "UPDATE room_signs SET due = 0 WHERE room_id = $1";
    SET_STATED = "UPDATE room_signs SET stated = $2 WHERE room_id = $1";
}

/// A room to look at.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Due {
    pub room_id: String,
    /// JSON: [`crate::domain::signs::Signs`]; empty if there are none.
    pub stated: String,
}

/// Who takes part in the room may have changed.
pub async fn touch(tx: &mut Tx, room: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), TOUCH, room);
    tx.wake(Queue::Signs);
    Ok(())
}

/// The same of a conversation's room.
pub async fn touch_of(tx: &mut Tx, conversation: ConversationId) -> Result<(), StoreError> {
    execute!(tx.connection(), TOUCH_OF, conversation.0);
    tx.wake(Queue::Signs);
    Ok(())
}

/// A room of earlier versions has never been looked at.
pub async fn begin(tx: &mut Tx, conversation: ConversationId) -> Result<(), StoreError> {
    if execute!(tx.connection(), BEGIN, conversation.0) > 0 {
        tx.wake(Queue::Signs);
    }
    Ok(())
}

pub async fn due(connection: &mut Connection, limit: i64) -> Result<Vec<Due>, StoreError> {
    Ok(fetch_all!(connection, Due, SELECT_DUE, limit))
}

/// The mailbox by which somebody takes part in the room; `None` if nobody does.
pub async fn mailbox(
    connection: &mut Connection,
    room: &str,
) -> Result<Option<String>, StoreError> {
    let row = fetch_optional!(connection, (String,), SELECT_MAILBOX, room);
    Ok(row.map(|(mailbox,)| mailbox))
}

pub async fn seen(tx: &mut Tx, room: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), SEEN, room);
    Ok(())
}

pub async fn set_stated(tx: &mut Tx, room: &str, stated: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_STATED, room, stated);
    Ok(())
}

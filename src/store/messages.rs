//! Which event is which mail.

use super::{Connection, StoreError, Tx, conversations::Direction};
use crate::domain::ids::{ConversationId, MessageId};

statements! {
    INSERT = "
        INSERT INTO messages (event_id, conversation_id, message_id, direction)
        VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    SELECT_EVENT = "
        SELECT event_id FROM messages LEFT JOIN inbox ON inbox.id = event_id
        WHERE message_id = $1 AND conversation_id = $2
        ORDER BY direction, inbox.seq DESC LIMIT 1";
    SELECT_MESSAGE_ID = "
        SELECT message_id FROM messages WHERE event_id = $1 AND conversation_id = $2";
    SELECT_INBOUND = "
        SELECT conversation_id FROM messages WHERE event_id = $1 AND direction = 'in'";
}

pub async fn link(
    tx: &mut Tx,
    event: &str,
    conversation: ConversationId,
    message_id: &MessageId,
    direction: Direction,
) -> Result<(), StoreError> {
    execute!(
        tx.connection(),
        INSERT,
        event,
        conversation.0,
        message_id.as_str(),
        direction.word()
    );
    Ok(())
}

/// The last event of the conversation that came by, or went into, this mail.
pub async fn event_of(
    connection: &mut Connection,
    message_id: &MessageId,
    conversation: ConversationId,
) -> Result<Option<String>, StoreError> {
    let row = fetch_optional!(
        connection,
        (String,),
        SELECT_EVENT,
        message_id.as_str(),
        conversation.0
    );
    Ok(row.map(|(event,)| event))
}

/// The mail that carried the event in this conversation.
pub async fn mail_of(
    connection: &mut Connection,
    event: &str,
    conversation: ConversationId,
) -> Result<Option<MessageId>, StoreError> {
    let row = fetch_optional!(
        connection,
        (String,),
        SELECT_MESSAGE_ID,
        event,
        conversation.0
    );
    Ok(row.and_then(|(id,)| MessageId::parse(&id)))
}

/// The conversations from which the event came by mail.
pub async fn came_from(
    connection: &mut Connection,
    event: &str,
) -> Result<Vec<ConversationId>, StoreError> {
    let rows = fetch_all!(connection, (i64,), SELECT_INBOUND, event);
    Ok(rows.into_iter().map(|(id,)| ConversationId(id)).collect())
}

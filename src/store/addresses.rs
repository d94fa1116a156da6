//! What the reply addresses of conversations are signed with besides their numbers.

use super::{Connection, StoreError, Tx};
use crate::domain::ids::ConversationId;

statements! {
    SELECT = "SELECT salt FROM address_salts WHERE conversation_id = $1";
    BEGIN = "INSERT INTO address_salts (conversation_id) VALUES ($1) ON CONFLICT DO NOTHING";
    RENEW = "
        INSERT INTO address_salts (conversation_id) VALUES ($1)
        ON CONFLICT (conversation_id) DO UPDATE SET salt = excluded.salt";
}

/// The conversation's salt; empty for one of a version without salts, whose addresses live on.
pub async fn salt(
    connection: &mut Connection,
    conversation: ConversationId,
) -> Result<String, StoreError> {
    let row = fetch_optional!(connection, (String,), SELECT, conversation.0);
    Ok(row.map(|(salt,)| salt).unwrap_or_default())
}

/// A new conversation gets a salt, by chance.
pub async fn begin(tx: &mut Tx, conversation: ConversationId) -> Result<(), StoreError> {
    execute!(tx.connection(), BEGIN, conversation.0);
    Ok(())
}

/// Another salt: the addresses that the conversation had lead nowhere any more.
pub async fn renew(tx: &mut Tx, conversation: ConversationId) -> Result<(), StoreError> {
    execute!(tx.connection(), RENEW, conversation.0);
    Ok(())
}

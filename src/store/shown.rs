//! Which events show which mail.

use super::{Connection, StoreError, Tx};
use crate::domain::ids::{ContactId, ConversationId, MailId};

statements! {
    INSERT = "
        INSERT INTO shown (event_id, conversation_id, mail_id, contact_id) VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING";
    SELECT = "
        SELECT conversation_id, mail_id, contact_id FROM shown WHERE event_id = $1
        ORDER BY conversation_id";
    SELECT_EVENTS = "SELECT event_id FROM shown WHERE mail_id = $1";
}

/// The event shows the mail, which `contact` had sent, or a part of it.
pub async fn remember(
    tx: &mut Tx,
    event: &str,
    conversation: ConversationId,
    mail: MailId,
    contact: ContactId,
) -> Result<(), StoreError> {
    execute!(
        tx.connection(),
        INSERT,
        event,
        conversation.0,
        mail.0,
        contact.0
    );
    Ok(())
}

/// The mail that the event shows, with its sender, once for each conversation; empty if it shows none.
pub async fn mail_of(
    connection: &mut Connection,
    event: &str,
) -> Result<Vec<(ConversationId, MailId, ContactId)>, StoreError> {
    let rows = fetch_all!(connection, (i64, i64, i64), SELECT, event);
    Ok(rows
        .into_iter()
        .map(|(conversation, mail, contact)| {
            (
                ConversationId(conversation),
                MailId(mail),
                ContactId(contact),
            )
        })
        .collect())
}

/// The events that show the mail, or a part of it, in whatever room.
pub async fn events_of(
    connection: &mut Connection,
    mail: MailId,
) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(connection, (String,), SELECT_EVENTS, mail.0);
    Ok(rows.into_iter().map(|(event,)| event).collect())
}

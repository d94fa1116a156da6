//! Who gets the letters of rooms in broadcast mode, and who has left.
//!
//! Somebody who leaves leaves the room: every conversation that they have there, or would have. That
//! they do not get its letters any more holds with the commit; what the room is told, and the ghost's
//! leaving, follow by a worker, for which `told` is kept.

use super::{Connection, Queue, StoreError, Tx, newcomers, people::address};
use crate::domain::{
    address::EmailAddress,
    ids::{ContactId, ConversationId, SubscriptionId},
};

statements! {
    ENSURE = "
        INSERT INTO subscriptions (room_id, contact_id, conversation_id)
        SELECT room_id, $2, id FROM conversations WHERE id = $1
        ON CONFLICT (room_id, contact_id) DO UPDATE SET contact_id = excluded.contact_id
        RETURNING id";
    SELECT = "
        SELECT contact_id, ended_at, written, contacts.name, subscriptions.room_id, signed_in, mailbox,
            subject
        FROM subscriptions JOIN contacts ON contacts.id = contact_id
        JOIN conversations ON conversations.id = subscriptions.conversation_id
        WHERE subscriptions.id = $1";
    // What changes a second time before anybody was told is no news.
    END = "
        UPDATE subscriptions SET ended_at = $2, told = 1 - told WHERE id = $1 AND ended_at IS NULL";
    RESUME = "UPDATE subscriptions SET ended_at = NULL, told = 1 - told WHERE id = $1";
    SELECT_ENDED = "
        SELECT ended_at FROM subscriptions
        WHERE room_id = $1 AND contact_id = $2 AND ended_at IS NOT NULL";
    RENEW = "
        UPDATE subscriptions SET ended_at = NULL, told = 1 WHERE room_id = $1 AND contact_id = $2";
    SELECT_UNTOLD = "SELECT id FROM subscriptions WHERE told = 0 ORDER BY id LIMIT $1";
    SET_TOLD = "UPDATE subscriptions SET told = 1 WHERE id = $1 AND told = 0";
}

/// A contact's part in a broadcast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    pub contact: ContactId,
    pub address: EmailAddress,
    /// What the contact is called: never empty.
    pub name: String,
    pub room_id: String,
    /// The room by whose id its links are signed: the first, where it has moved with a room since.
    signed_in: String,
    pub mailbox: String,
    pub subject: String,
    /// Milliseconds since 1970; when the contact left.
    pub ended_at: Option<i64>,
}

impl Subscription {
    /// What a token is signed with besides its number: who leaves what.
    #[must_use]
    pub fn salt(&self) -> String {
        format!("{} {}", self.signed_in, self.address)
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    contact_id: i64,
    ended_at: Option<i64>,
    written: String,
    name: String,
    room_id: String,
    signed_in: String,
    mailbox: String,
    subject: String,
}

/// The subscription of a contact to the letters of a conversation's room, ended or not.
pub async fn ensure(
    tx: &mut Tx,
    conversation: ConversationId,
    contact: ContactId,
) -> Result<SubscriptionId, StoreError> {
    let (id,) = fetch_one!(tx.connection(), (i64,), ENSURE, conversation.0, contact.0);
    Ok(SubscriptionId(id))
}

pub async fn find(
    connection: &mut Connection,
    id: SubscriptionId,
) -> Result<Option<Subscription>, StoreError> {
    let Some(row) = fetch_optional!(connection, Row, SELECT, id.0) else {
        return Ok(None);
    };
    let address = address(&row.written)?;
    Ok(Some(Subscription {
        contact: ContactId(row.contact_id),
        name: if row.name.is_empty() {
            address.local_part().to_owned()
        } else {
            row.name
        },
        address,
        signed_in: if row.signed_in.is_empty() {
            row.room_id.clone()
        } else {
            row.signed_in
        },
        room_id: row.room_id,
        mailbox: row.mailbox,
        subject: row.subject,
        ended_at: row.ended_at,
    }))
}

/// The contact gets nothing of the room any more. Nothing changes for who has left before.
pub async fn end(tx: &mut Tx, id: SubscriptionId, now: i64) -> Result<(), StoreError> {
    if execute!(tx.connection(), END, id.0, now) == 1 {
        tx.wake(Queue::Subscriptions);
    }
    Ok(())
}

/// Takes back that the contact left, if that was after `since`. What was said in between isn't for
/// them.
pub async fn resume(tx: &mut Tx, id: SubscriptionId, since: i64) -> Result<(), StoreError> {
    let Some(found) = find(tx.connection(), id).await? else {
        return Ok(());
    };
    if let Some(ended_at) = found.ended_at.filter(|ended_at| *ended_at > since) {
        newcomers::keep_what_came_from(tx, &found.room_id, found.contact, ended_at).await?;
        execute!(tx.connection(), RESUME, id.0);
        tx.wake(Queue::Subscriptions);
    }
    Ok(())
}

/// Staff let the contact into the room again; `false` if they hadn't left.
pub async fn renew(tx: &mut Tx, room: &str, contact: ContactId) -> Result<bool, StoreError> {
    let connection = tx.connection();
    let Some((ended_at,)) = fetch_optional!(connection, (i64,), SELECT_ENDED, room, contact.0)
    else {
        return Ok(false);
    };
    newcomers::keep_what_came_from(tx, room, contact, ended_at).await?;
    execute!(tx.connection(), RENEW, room, contact.0);
    Ok(true)
}

/// Changes of which the room doesn't know yet.
pub async fn untold(
    connection: &mut Connection,
    limit: i64,
) -> Result<Vec<SubscriptionId>, StoreError> {
    let rows = fetch_all!(connection, (i64,), SELECT_UNTOLD, limit);
    Ok(rows.into_iter().map(|(id,)| SubscriptionId(id)).collect())
}

/// The room knows; `false` if it did before.
pub async fn set_told(tx: &mut Tx, id: SubscriptionId) -> Result<bool, StoreError> {
    Ok(execute!(tx.connection(), SET_TOLD, id.0) == 1)
}

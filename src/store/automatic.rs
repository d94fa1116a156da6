//! Mails that Postroom writes by itself. Each is a letter without items that was never open.

use super::{Connection, StoreError, Tx};
use crate::domain::{
    ids::{ConversationId, LetterId, MessageId, SubscriptionId},
    outgoing::Seal,
};

statements! {
    SELECT_CONVERSATION = "SELECT conversation_id FROM subscriptions WHERE id = $1";
    INSERT = "
        INSERT INTO letters (conversation_id, state, opened_at, sealed_at, trace)
        VALUES ($1, 'sealed', $2, $2, $3) RETURNING id";
    SELECT_ANSWERED = "SELECT began_at FROM tallies WHERE key = $1";
    NOTE_ANSWER = "
        INSERT INTO tallies (key, count, began_at) VALUES ($1, 1, $2)
        ON CONFLICT (key) DO UPDATE SET count = tallies.count + 1, began_at = excluded.began_at";
    FIX = "UPDATE letters SET message_id = $2, seal = $3 WHERE id = $1";
}

/// The conversation through which somebody first got a broadcast.
pub async fn conversation_of(
    connection: &mut Connection,
    subscription: SubscriptionId,
) -> Result<Option<ConversationId>, StoreError> {
    let row = fetch_optional!(connection, (i64,), SELECT_CONVERSATION, subscription.0);
    Ok(row.map(|(id,)| ConversationId(id)))
}

/// A letter that is sealed at once; [`fix`] says as what, in the same transaction.
pub async fn begin(
    tx: &mut Tx,
    conversation: ConversationId,
    trace: &str,
    now: i64,
) -> Result<LetterId, StoreError> {
    let (id,) = fetch_one!(tx.connection(), (i64,), INSERT, conversation.0, now, trace);
    Ok(LetterId(id))
}

pub async fn fix(
    tx: &mut Tx,
    letter: LetterId,
    message_id: &MessageId,
    seal: &Seal,
) -> Result<(), StoreError> {
    let seal = serde_json::to_string(seal)?;
    execute!(tx.connection(), FIX, letter.0, message_id.as_str(), seal);
    Ok(())
}

/// When a mail was last sent of which this is kept; what is two days old is forgotten.
pub async fn answered_at(
    connection: &mut Connection,
    key: &str,
) -> Result<Option<i64>, StoreError> {
    let row = fetch_optional!(connection, (i64,), SELECT_ANSWERED, key);
    Ok(row.map(|(at,)| at))
}

pub async fn note_answer(tx: &mut Tx, key: &str, now: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), NOTE_ANSWER, key, now);
    Ok(())
}

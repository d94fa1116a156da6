//! When open letters go.

use jiff::Timestamp;

use super::{Connection, Queue, StoreError, Tx};
use crate::domain::{
    ids::{ConversationId, LetterId},
    timing::{Departure, Opened},
};

statements! {
    SET_DUE = "
        UPDATE letters SET opened_at = $2, due_at = $3, latest_at = $4
        WHERE id = $1 AND state = 'open'";
    SELECT_OPEN_OF_ROOM = "
        SELECT letters.id, room_id, opened_at, latest_at FROM conversations
        JOIN letters ON conversation_id = conversations.id
        WHERE room_id = $1 AND conversations.state <> 'closed'
        AND letters.state = 'open' AND due_at IS NOT NULL";
    SELECT_OPENED_AFTER = "
        SELECT letters.id, room_id, opened_at, latest_at FROM letters
        JOIN conversations ON conversations.id = conversation_id
        WHERE letters.state = 'open' AND due_at IS NOT NULL AND opened_at > $1";
    MAKE_DUE = "
        UPDATE letters SET due_at = $2, latest_at = $2
        WHERE conversation_id = $1 AND state = 'open' AND due_at IS NOT NULL";
    SELECT_DUE = "
        SELECT letters.id, conversation_id, room_id, latest_at, letters.trace
        FROM letters JOIN conversations ON conversations.id = conversation_id
        WHERE letters.state = 'open' AND due_at <= $1 ORDER BY due_at LIMIT $2";
    SELECT_NEXT_DUE = "SELECT min(due_at) FROM letters WHERE state = 'open'";
    PUT_OFF = "UPDATE letters SET due_at = $2 WHERE id = $1 AND state = 'open'";
    REST = "UPDATE letters SET due_at = NULL, latest_at = NULL WHERE id = $1 AND state = 'open'";
    SELECT_RESTING = "
        SELECT id FROM letters WHERE conversation_id = $1 AND state = 'open' AND due_at IS NULL";
}

/// A letter that waits.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Open {
    pub id: i64,
    pub room_id: String,
    /// When its first message came.
    pub opened_at: i64,
    pub latest_at: Option<i64>,
}

impl Open {
    #[must_use]
    pub fn opened(&self) -> Opened {
        opened(self.opened_at, self.latest_at)
    }
}

/// An open letter whose time has come.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Due {
    pub id: i64,
    pub conversation_id: i64,
    pub room_id: String,
    pub latest_at: Option<i64>,
    pub trace: String,
}

/// When the letter goes; its first message counts as one of `opened_at`.
pub async fn set(
    tx: &mut Tx,
    letter: LetterId,
    opened_at: i64,
    departure: Departure,
) -> Result<(), StoreError> {
    execute!(
        tx.connection(),
        SET_DUE,
        letter.0,
        opened_at,
        departure.due.as_millisecond(),
        departure.latest.as_millisecond()
    );
    tx.wake(Queue::Letters);
    Ok(())
}

/// The room's letters that wait for their time.
pub async fn open_of_room(
    connection: &mut Connection,
    room: &str,
) -> Result<Vec<Open>, StoreError> {
    Ok(fetch_all!(connection, Open, SELECT_OPEN_OF_ROOM, room))
}

/// The letters of which the store says that they were opened after `now`.
pub async fn opened_after(connection: &mut Connection, now: i64) -> Result<Vec<Open>, StoreError> {
    Ok(fetch_all!(connection, Open, SELECT_OPENED_AFTER, now))
}

/// The open letters of these conversations are due at once, whoever types or writes meanwhile; but for
/// one that holds only what rides with a letter.
pub async fn make_due(
    tx: &mut Tx,
    conversations: &[ConversationId],
    now: i64,
) -> Result<(), StoreError> {
    for conversation in conversations {
        execute!(tx.connection(), MAKE_DUE, conversation.0, now);
    }
    tx.wake(Queue::Letters);
    Ok(())
}

pub async fn due(
    connection: &mut Connection,
    now: i64,
    limit: i64,
) -> Result<Vec<Due>, StoreError> {
    Ok(fetch_all!(connection, Due, SELECT_DUE, now, limit))
}

/// When the next letter is due.
pub async fn next_due(connection: &mut Connection) -> Result<Option<i64>, StoreError> {
    Ok(fetch_one!(connection, (Option<i64>,), SELECT_NEXT_DUE).0)
}

/// Nothing is left in the letter that causes one: it waits for something that does.
pub async fn rest(tx: &mut Tx, letter: LetterId) -> Result<(), StoreError> {
    execute!(tx.connection(), REST, letter.0);
    Ok(())
}

/// The conversation's letter that holds only what rides, and waits for something to ride with.
pub async fn resting(
    connection: &mut Connection,
    conversation: ConversationId,
) -> Result<Option<LetterId>, StoreError> {
    let row = fetch_optional!(connection, (i64,), SELECT_RESTING, conversation.0);
    Ok(row.map(|(id,)| LetterId(id)))
}

/// Somebody is typing: the letter waits until then.
pub async fn put_off(tx: &mut Tx, letter: LetterId, until: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), PUT_OFF, letter.0, until);
    Ok(())
}

/// What is known of a letter from before.
#[must_use]
pub fn opened(at: i64, latest: Option<i64>) -> Opened {
    Opened {
        at: moment(at),
        latest: latest.map(moment),
    }
}

/// A time as the store has it.
fn moment(at: i64) -> Timestamp {
    let end = if at < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    Timestamp::from_millisecond(at).unwrap_or(end)
}

//! Events that the homeserver handed over, and how far each has come.

use super::{Connection, Queue, StoreError, Tx};

statements! {
    SELECT_DIGEST = "SELECT digest FROM transactions WHERE txn_id = $1";
    REMEMBER_TRANSACTION = "
        INSERT INTO transactions (txn_id, digest, received_at) VALUES ($1, $2, $3)
        ON CONFLICT (txn_id) DO UPDATE SET digest = excluded.digest, received_at = excluded.received_at";
    INSERT = "
        INSERT INTO inbox (kind, id, room_id, sender, body, trace, received_at)
        VALUES ('event', $1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING";
    SELECT_WAITING = "
        SELECT seq, id, room_id, body, trace FROM inbox
        WHERE state = 'waiting' AND seq > $1 ORDER BY seq LIMIT $2";
    SELECT_WAITING_BEFORE = "
        SELECT seq FROM inbox WHERE state = 'waiting' AND seq < $1 AND room_id = $2 LIMIT 1";
    FINISH = "UPDATE inbox SET state = 'done' WHERE seq = $1 AND state = 'waiting'";
    SET_ASIDE = "UPDATE inbox SET state = 'set_aside', problem = $2 WHERE seq = $1";
    MARK_INTERNAL = "UPDATE inbox SET internal = 1 WHERE id = $1";
    FORGET_BODY = "UPDATE inbox SET body = '{}' WHERE id = $1 AND state <> 'waiting'";
    SELECT_KNOWN = "SELECT room_id, sender, internal, state, body FROM inbox WHERE id = $1";
    COUNT_WAITING = "SELECT count(*) FROM inbox WHERE state = 'waiting'";
    SELECT_OLDEST_WAITING = "
        SELECT received_at FROM inbox WHERE state = 'waiting' ORDER BY seq LIMIT 1";
}

/// An event as it came.
#[derive(Debug, Clone)]
pub struct NewEvent {
    pub id: String,
    pub room: String,
    pub sender: String,
    /// The event's JSON.
    pub body: String,
}

/// Something in a transaction that is no event. It waits like one, in no room, for the worker to set
/// it aside and to tell staff.
#[derive(Debug, Clone)]
pub struct Broken {
    /// What stands for the event id.
    pub id: String,
    pub body: String,
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Waiting {
    pub seq: i64,
    pub id: String,
    pub room_id: String,
    pub body: String,
    pub trace: String,
}

/// What is known of an event that another one points at.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Known {
    pub room_id: String,
    pub sender: String,
    pub internal: i64,
    /// `waiting` until it is decided about.
    pub state: String,
    pub body: String,
}

/// How much of a transaction was new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct New {
    pub events: u64,
    pub broken: u64,
}

/// Stores a transaction's events; those that are known already are left alone. Returns how many
/// were new.
pub async fn accept(
    tx: &mut Tx,
    txn_id: &str,
    digest: &[u8],
    events: &[NewEvent],
    broken: &[Broken],
    trace: &str,
    now: i64,
) -> Result<New, StoreError> {
    let connection = tx.connection();
    let seen = fetch_optional!(connection, (Vec<u8>,), SELECT_DIGEST, txn_id);
    if seen.is_some_and(|(known,)| known == digest) {
        return Ok(New::default());
    }
    execute!(connection, REMEMBER_TRANSACTION, txn_id, digest, now);
    let mut new = New::default();
    for event in events {
        new.events += execute!(
            connection,
            INSERT,
            &event.id,
            &event.room,
            &event.sender,
            &event.body,
            trace,
            now
        );
    }
    for one in broken {
        let (room, sender) = ("", "");
        new.broken += execute!(
            connection, INSERT, &one.id, room, sender, &one.body, trace, now
        );
    }
    if new != New::default() {
        tx.wake(Queue::Events);
    }
    Ok(new)
}

/// The first events after place `after` that wait, in the order in which they came.
pub async fn waiting(
    connection: &mut Connection,
    after: i64,
    limit: i64,
) -> Result<Vec<Waiting>, StoreError> {
    Ok(fetch_all!(
        connection,
        Waiting,
        SELECT_WAITING,
        after,
        limit
    ))
}

pub async fn count_waiting(connection: &mut Connection) -> Result<i64, StoreError> {
    Ok(fetch_one!(connection, (i64,), COUNT_WAITING).0)
}

/// When the first event that waits was taken over.
pub async fn oldest_waiting(connection: &mut Connection) -> Result<Option<i64>, StoreError> {
    let oldest = fetch_optional!(connection, (i64,), SELECT_OLDEST_WAITING);
    Ok(oldest.map(|(received_at,)| received_at))
}

/// Whether anything of this room waits that came before `seq`.
pub async fn waits_before(
    connection: &mut Connection,
    seq: i64,
    room: &str,
) -> Result<bool, StoreError> {
    Ok(fetch_optional!(connection, (i64,), SELECT_WAITING_BEFORE, seq, room).is_some())
}

/// Marks an event done; `false` if somebody else has done it.
pub async fn finish(tx: &mut Tx, seq: i64) -> Result<bool, StoreError> {
    Ok(execute!(tx.connection(), FINISH, seq) == 1)
}

pub async fn set_aside(tx: &mut Tx, seq: i64, problem: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_ASIDE, seq, problem);
    Ok(())
}

pub async fn mark_internal(tx: &mut Tx, event: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), MARK_INTERNAL, event);
    Ok(())
}

/// A message that was taken back leaves only its id.
pub async fn forget_body(tx: &mut Tx, event: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), FORGET_BODY, event);
    Ok(())
}

pub async fn known(connection: &mut Connection, event: &str) -> Result<Option<Known>, StoreError> {
    Ok(fetch_optional!(connection, Known, SELECT_KNOWN, event))
}

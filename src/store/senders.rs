//! Whom staff have blocked or allowed, and what was kept because of that or as spam.

use super::{Connection, Queue, StoreError, Tx};
use crate::domain::{ids::MailId, senders::List};

statements! {
    SELECT = "SELECT list FROM senders WHERE pattern = $1";
    SET = "
        INSERT INTO senders (pattern, list, set_by, set_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (pattern) DO UPDATE SET
            list = excluded.list, set_by = excluded.set_by, set_at = excluded.set_at";
    REMOVE = "DELETE FROM senders WHERE pattern = $1";
    SELECT_ALL = "
        SELECT pattern, list, set_by, set_at FROM senders
        WHERE pattern > $1 ORDER BY pattern LIMIT $2";
    COUNT_BLOCKED = "
        INSERT INTO blocked (pattern, mails, last_at) VALUES ($1, 1, $2)
        ON CONFLICT (pattern) DO UPDATE SET
            mails = blocked.mails + 1, last_at = excluded.last_at";
    SELECT_BLOCKED = "SELECT mails FROM blocked WHERE pattern = $1";
    INSERT_JUNK = "
        INSERT INTO junk (mail_id, from_address, why, kept_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (mail_id) DO NOTHING";
    SELECT_OLDEST_JUNK = "SELECT min(kept_at) FROM junk WHERE told = 0";
    COUNT_JUNK = "SELECT count(*) FROM junk WHERE told = 0";
    SELECT_JUNK = "
        SELECT from_address FROM junk WHERE told = 0 ORDER BY kept_at LIMIT $1";
    SET_JUNK_TOLD = "UPDATE junk SET told = 1 WHERE told = 0";
}

/// A pattern that staff have listed.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Row {
    pub pattern: String,
    list: String,
    /// A Matrix user id.
    pub set_by: String,
    /// Milliseconds since 1970.
    pub set_at: i64,
}

impl Row {
    /// # Errors
    ///
    /// The row holds no list that is known.
    pub fn list(&self) -> Result<List, StoreError> {
        list(&self.list)
    }
}

fn list(word: &str) -> Result<List, StoreError> {
    List::from_word(word).ok_or_else(|| StoreError::Value(format!("there is no list {word}")))
}

/// On which list staff have put the pattern.
pub async fn find(connection: &mut Connection, pattern: &str) -> Result<Option<List>, StoreError> {
    let row = fetch_optional!(connection, (String,), SELECT, pattern);
    row.map(|(word,)| list(&word)).transpose()
}

/// Puts the pattern on a list, and takes it off the other; `None` takes it off both.
pub async fn set(
    tx: &mut Tx,
    pattern: &str,
    list: Option<List>,
    by: &str,
    now: i64,
) -> Result<(), StoreError> {
    match list {
        Some(list) => execute!(tx.connection(), SET, pattern, list.word(), by, now),
        None => execute!(tx.connection(), REMOVE, pattern),
    };
    Ok(())
}

/// The first patterns, in the order of the alphabet.
pub async fn all(connection: &mut Connection, limit: i64) -> Result<Vec<Row>, StoreError> {
    Ok(fetch_all!(connection, Row, SELECT_ALL, "", limit))
}

pub async fn count_blocked(tx: &mut Tx, pattern: &str, now: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), COUNT_BLOCKED, pattern, now);
    Ok(())
}

/// How many mails the pattern has blocked.
pub async fn blocked(connection: &mut Connection, pattern: &str) -> Result<i64, StoreError> {
    let row = fetch_optional!(connection, (i64,), SELECT_BLOCKED, pattern);
    Ok(row.map_or(0, |(mails,)| mails))
}

pub async fn remember_junk(
    tx: &mut Tx,
    mail: MailId,
    from: &str,
    why: &str,
    now: i64,
) -> Result<(), StoreError> {
    execute!(tx.connection(), INSERT_JUNK, mail.0, from, why, now);
    // Who waits for mail reckons with the time anew.
    tx.wake(Queue::Mails);
    Ok(())
}

/// When the first spam was kept of which staff don't know.
pub async fn oldest_junk(connection: &mut Connection) -> Result<Option<i64>, StoreError> {
    Ok(fetch_one!(connection, (Option<i64>,), SELECT_OLDEST_JUNK).0)
}

/// How much spam there is of which staff don't know, and the senders of the first `limit`. From now on
/// they know.
pub async fn tell_of_junk(tx: &mut Tx, limit: i64) -> Result<(i64, Vec<String>), StoreError> {
    let (count,) = fetch_one!(tx.connection(), (i64,), COUNT_JUNK);
    let rows = fetch_all!(tx.connection(), (String,), SELECT_JUNK, limit);
    execute!(tx.connection(), SET_JUNK_TOLD);
    Ok((count, rows.into_iter().map(|(from,)| from).collect()))
}

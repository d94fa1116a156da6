//! Polls: who votes for what, and which have ended.

use jiff::Timestamp;

use super::{Connection, StoreError, Tx};

statements! {
    SET = "
        INSERT INTO votes (poll_id, voter, event_id, answers, voted_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (poll_id, voter) DO UPDATE SET
            event_id = excluded.event_id, answers = excluded.answers, voted_at = excluded.voted_at
        WHERE excluded.voted_at >= votes.voted_at";
    DELETE = "DELETE FROM votes WHERE poll_id = $1 AND voter = $2 AND event_id = $3";
    SELECT = "SELECT voted_at, answers FROM votes WHERE poll_id = $1 ORDER BY voter LIMIT $2";
    END = "INSERT INTO ended_polls (poll_id, ended_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    SELECT_ENDED = "SELECT ended_at FROM ended_polls WHERE poll_id = $1";
}

/// Most voters of a poll that are counted.
const MOST_VOTERS: i64 = 10_000;

/// Remembers a vote, unless a later one of the same voter is known.
pub async fn set(
    tx: &mut Tx,
    poll: &str,
    voter: &str,
    event: &str,
    answers: &[String],
    at: Timestamp,
) -> Result<(), StoreError> {
    let answers = serde_json::to_string(answers)?;
    let at = at.as_millisecond();
    execute!(tx.connection(), SET, poll, voter, event, answers, at);
    Ok(())
}

/// The voter has taken this vote back.
pub async fn forget(tx: &mut Tx, poll: &str, voter: &str, event: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), DELETE, poll, voter, event);
    Ok(())
}

/// What each voter has chosen, and when.
pub async fn of(
    connection: &mut Connection,
    poll: &str,
) -> Result<Vec<(Timestamp, Vec<String>)>, StoreError> {
    fetch_all!(connection, (i64, String), SELECT, poll, MOST_VOTERS)
        .into_iter()
        .map(|(at, answers)| {
            let at = Timestamp::from_millisecond(at)
                .map_err(|fault| StoreError::Value(fault.to_string()))?;
            Ok((at, serde_json::from_str(&answers)?))
        })
        .collect()
}

pub async fn end(tx: &mut Tx, poll: &str, now: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), END, poll, now);
    Ok(())
}

pub async fn has_ended(connection: &mut Connection, poll: &str) -> Result<bool, StoreError> {
    Ok(fetch_optional!(connection, (i64,), SELECT_ENDED, poll).is_some())
}

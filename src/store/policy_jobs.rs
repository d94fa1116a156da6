//! What staff ask for about rooms, until it is done.

use super::{Connection, Queue, StoreError, Tx};
use crate::domain::room_policy::{Job, Progress};

statements! {
    INSERT = "
        INSERT INTO policy_jobs (room_id, asked_event, job, next_at, trace, created_at)
        VALUES ($1, $2, $3, $4, $5, $4) ON CONFLICT (asked_event) DO NOTHING";
    SELECT_DUE = "
        SELECT id, job, progress, attempts, trace FROM policy_jobs
        WHERE next_at <= $1 ORDER BY next_at, id LIMIT 1";
    SELECT_NEXT = "SELECT min(next_at) FROM policy_jobs";
    BEGIN = "UPDATE policy_jobs SET attempts = attempts + 1 WHERE id = $1";
    ADVANCE = "UPDATE policy_jobs SET progress = $2 WHERE id = $1";
    PUT_OFF = "UPDATE policy_jobs SET next_at = $2 WHERE id = $1";
    DELETE = "DELETE FROM policy_jobs WHERE id = $1";
}

/// A job as it stands.
#[derive(Debug, Clone)]
pub struct Row {
    pub id: i64,
    pub job: Job,
    pub progress: Progress,
    pub attempts: u32,
    pub trace: String,
}

#[derive(sqlx::FromRow)]
struct Stored {
    id: i64,
    job: String,
    progress: String,
    attempts: i64,
    trace: String,
}

impl TryFrom<Stored> for Row {
    type Error = StoreError;

    fn try_from(stored: Stored) -> Result<Self, StoreError> {
        Ok(Self {
            id: stored.id,
            job: serde_json::from_str(&stored.job)?,
            progress: match stored.progress.as_str() {
                "" => Progress::default(),
                progress => serde_json::from_str(progress)?,
            },
            attempts: u32::try_from(stored.attempts).unwrap_or(u32::MAX),
            trace: stored.trace,
        })
    }
}

/// Something is to be done. Whether it is new: a command, or a notice, asks for one thing.
pub async fn add(tx: &mut Tx, job: &Job, trace: &str, now: i64) -> Result<bool, StoreError> {
    let (room, asked) = (job.room.as_str(), job.asked.as_str());
    let job = serde_json::to_string(job)?;
    let added = execute!(tx.connection(), INSERT, room, asked, job, now, trace);
    tx.wake(Queue::Policy);
    Ok(added == 1)
}

/// The next job that is due.
pub async fn due(connection: &mut Connection, now: i64) -> Result<Option<Row>, StoreError> {
    let row = fetch_optional!(connection, Stored, SELECT_DUE, now);
    row.map(Row::try_from).transpose()
}

/// When the next one is due.
pub async fn next_at(connection: &mut Connection) -> Result<Option<i64>, StoreError> {
    let (at,) = fetch_one!(connection, (Option<i64>,), SELECT_NEXT);
    Ok(at)
}

/// An attempt begins.
pub async fn begin(tx: &mut Tx, id: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), BEGIN, id);
    Ok(())
}

pub async fn advance(tx: &mut Tx, id: i64, progress: &Progress) -> Result<(), StoreError> {
    let progress = serde_json::to_string(progress)?;
    execute!(tx.connection(), ADVANCE, id, progress);
    Ok(())
}

/// It is tried again at this time.
pub async fn put_off(tx: &mut Tx, id: i64, next_at: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), PUT_OFF, id, next_at);
    Ok(())
}

pub async fn done(tx: &mut Tx, id: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), DELETE, id);
    Ok(())
}

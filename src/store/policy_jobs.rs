//! What staff ask for about rooms, until it is done.

use super::{Connection, Queue, StoreError, Tx};
use crate::domain::{
    ids::RequestId,
    room_policy::{Job, Progress},
};

statements! {
    INSERT = "
        INSERT INTO policy_jobs (room_id, asked_event, request_id, job, next_at, trace, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $5) ON CONFLICT (asked_event) DO UPDATE SET
            job = excluded.job, progress = '', attempts = 0, next_at = excluded.next_at,
            trace = excluded.trace, problem = ''
        WHERE policy_jobs.problem <> ''";
    SELECT_DUE = "
        SELECT id, room_id, asked_event, request_id, job, progress, attempts, trace FROM policy_jobs
        WHERE next_at <= $1 AND problem = '' ORDER BY next_at, id LIMIT 1";
    SELECT_NEXT = "SELECT min(next_at) FROM policy_jobs WHERE problem = ''";
    BEGIN = "UPDATE policy_jobs SET attempts = attempts + 1 WHERE id = $1";
    ADVANCE = "UPDATE policy_jobs SET progress = $2 WHERE id = $1";
    PUT_OFF = "UPDATE policy_jobs SET next_at = $2 WHERE id = $1";
    SET_ASIDE = "UPDATE policy_jobs SET problem = $2 WHERE id = $1";
    DELETE = "DELETE FROM policy_jobs WHERE id = $1";
}

/// A job as it stands.
#[derive(Debug, Clone)]
pub struct Row {
    pub id: i64,
    /// Of somebody who asks by mail.
    pub request: Option<RequestId>,
    pub job: Job,
    pub progress: Progress,
    pub attempts: u32,
    pub trace: String,
}

impl Row {
    /// Nobody is to work on it any more.
    #[must_use]
    pub fn hopeless(self, problem: &str) -> Hopeless {
        Hopeless {
            id: self.id,
            request: self.request,
            room: self.job.room.to_string(),
            asked: self.job.asked.to_string(),
            problem: problem.to_owned(),
            trace: self.trace,
        }
    }
}

/// A job that makes no sense to this version, or on which work has no end.
#[derive(Debug, Clone)]
pub struct Hopeless {
    pub id: i64,
    pub request: Option<RequestId>,
    /// Where it is answered, and what.
    pub room: String,
    pub asked: String,
    pub problem: String,
    pub trace: String,
}

#[derive(sqlx::FromRow)]
struct Stored {
    id: i64,
    room_id: String,
    asked_event: String,
    request_id: Option<i64>,
    job: String,
    progress: String,
    attempts: i64,
    trace: String,
}

impl Stored {
    fn read(&self) -> Result<(Job, Progress), serde_json::Error> {
        let progress = match self.progress.as_str() {
            "" => Progress::default(),
            progress => serde_json::from_str(progress)?,
        };
        Ok((serde_json::from_str(&self.job)?, progress))
    }
}

impl From<Stored> for Result<Row, Hopeless> {
    fn from(stored: Stored) -> Self {
        let request = stored.request_id.map(RequestId);
        match stored.read() {
            Ok((job, progress)) => Ok(Row {
                id: stored.id,
                request,
                job,
                progress,
                attempts: u32::try_from(stored.attempts).unwrap_or(u32::MAX),
                trace: stored.trace,
            }),
            Err(fault) => Err(Hopeless {
                id: stored.id,
                request,
                room: stored.room_id,
                asked: stored.asked_event,
                problem: fault.to_string(),
                trace: stored.trace,
            }),
        }
    }
}

/// Something is to be done. Whether it is new: a command, or a notice, asks for one thing.
pub async fn add(
    tx: &mut Tx,
    job: &Job,
    request: Option<RequestId>,
    trace: &str,
    now: i64,
) -> Result<bool, StoreError> {
    let (room, asked) = (job.room.as_str(), job.asked.as_str());
    let request = request.map(|request| request.0);
    let job = serde_json::to_string(job)?;
    let added = execute!(
        tx.connection(),
        INSERT,
        room,
        asked,
        request,
        job,
        now,
        trace
    );
    tx.wake(Queue::Policy);
    Ok(added == 1)
}

/// The next job that is due.
pub async fn due(
    connection: &mut Connection,
    now: i64,
) -> Result<Option<Result<Row, Hopeless>>, StoreError> {
    let row = fetch_optional!(connection, Stored, SELECT_DUE, now);
    Ok(row.map(Into::into))
}

/// Nobody works on it any more.
pub async fn set_aside(tx: &mut Tx, id: i64, problem: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_ASIDE, id, problem);
    Ok(())
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

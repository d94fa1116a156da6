//! What is to leave the machine, in lanes. Of each lane only the head may be attempted; when it is
//! settled the next one moves up, in the same transaction.

use super::{Connection, Queue, StoreError, Tx};
use crate::{
    domain::ids::LetterId,
    telemetry::metrics::catalogue::{ATTEMPTS, SEND_TIME, SENDS},
};

statements! {
    IS_LANE_BUSY = "
        SELECT count(*) FROM (
            SELECT 1 FROM outbox WHERE lane = $1 AND state IN ('ready', 'attempting') LIMIT 1
        ) AS busy";
    INSERT = "
        INSERT INTO outbox (way, lane, effect_id, payload, state, next_at, letter_id, trace, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $6)";
    CLAIM = "
        UPDATE outbox SET state = 'attempting', attempts = attempts + 1, lease_until = $3,
            spared = CASE WHEN uncertain = 2 THEN spared ELSE coalesce((
                SELECT max(struck) FROM letter_items
                WHERE letter_items.letter_id = outbox.letter_id), 0) END
        WHERE id IN (
            SELECT id FROM outbox WHERE way = $1 AND state = 'ready' AND next_at <= $2
            ORDER BY next_at LIMIT $4)
        RETURNING id, lane, effect_id, payload, uncertain, attempts, letter_id, spared, trace,
            created_at";
    SELECT_NEXT = "SELECT min(next_at) FROM outbox WHERE way = $1 AND state = 'ready'";
    SETTLE = "
        UPDATE outbox SET state = $2, reason = $3, result = $4, settled_at = $5, lease_until = NULL,
            preparing = 0
        WHERE id = $1 AND settled_at IS NULL RETURNING created_at";
    MOVE_UP = "
        UPDATE outbox SET state = 'ready' WHERE id = (
            SELECT id FROM outbox WHERE lane = $1 AND state = 'queued' ORDER BY id LIMIT 1)
        AND NOT EXISTS (
            SELECT 1 FROM outbox WHERE lane = $1 AND state IN ('ready', 'attempting'))";
    RETRY = "
        UPDATE outbox SET state = 'ready', next_at = $2, reason = $3, lease_until = NULL, preparing = 0,
            uncertain = CASE WHEN $4 > uncertain THEN $4 ELSE uncertain END
        WHERE id = $1 AND settled_at IS NULL AND attempts = $5";
    PUT_OFF = "
        UPDATE outbox SET state = 'ready', next_at = $2, reason = $3, lease_until = NULL, preparing = 0,
            attempts = attempts - 1
        WHERE id = $1 AND settled_at IS NULL AND attempts = $4";
    TAKE_BACK = "
        UPDATE outbox SET state = 'ready', lease_until = NULL, preparing = 0,
            uncertain = CASE
                WHEN preparing = 1 THEN uncertain
                WHEN way = 'mail' AND uncertain <> 1 THEN 2
                ELSE 1
            END
        WHERE state = 'attempting' AND lease_until <= $1";
    SELECT_ATTEMPTING = "SELECT id FROM outbox WHERE way = $1 AND state = 'attempting'";
    TAKE_BACK_ONE = "
        UPDATE outbox SET state = 'ready', lease_until = NULL, preparing = 0,
            uncertain = CASE
                WHEN preparing = 1 THEN uncertain
                WHEN way = 'mail' AND uncertain <> 1 THEN 2
                ELSE 1
            END
        WHERE id = $1 AND state = 'attempting'";
    PREPARE = "
        UPDATE outbox SET preparing = $2
        WHERE id = $1 AND state = 'attempting' AND attempts = $3";
    DOUBT = "UPDATE outbox SET uncertain = 1 WHERE id = $1 AND uncertain <> 1";
    SELECT_BY_EFFECT = "
        SELECT id, lane, payload FROM outbox WHERE effect_id = $1 AND settled_at IS NULL
        AND attempts > 0";
    SELECT_PAYLOAD = "SELECT payload, effect_id FROM outbox WHERE id = $1 AND way = 'mail'";
    COUNT_OF_LETTER = "
        SELECT count(CASE WHEN settled_at IS NULL THEN 1 END) AS unsettled,
            count(CASE WHEN state = 'delivered' THEN 1 END) AS delivered
        FROM outbox WHERE letter_id = $1";
    COUNT_OTHERS_OF_LETTER = "
        SELECT count(CASE WHEN state = 'delivered' OR uncertain <> 0 THEN 1 END) AS reached,
            count(CASE WHEN state = 'attempting' AND id <> $2 THEN 1 END) AS under_way
        FROM outbox WHERE letter_id = $1";
    COUNT_UNSETTLED = "
        SELECT count(*) FROM outbox WHERE way = $1 AND settled_at IS NULL";
    COUNT_LANES = "
        SELECT CASE WHEN way = 'mail' THEN 'mail' WHEN lane LIKE 'receipt:%' THEN 'receipt'
                ELSE 'room' END AS kind,
            count(*) AS rows, min(created_at) AS oldest
        FROM outbox WHERE way = $1 AND settled_at IS NULL GROUP BY kind";
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Matrix,
    Mail,
}

impl Way {
    fn word(self) -> &'static str {
        match self {
            Self::Matrix => "matrix",
            Self::Mail => "mail",
        }
    }

    fn queue(self) -> Queue {
        match self {
            Self::Matrix => Queue::MatrixOut,
            Self::Mail => Queue::MailOut,
        }
    }
}

/// An effect to be carried out.
#[derive(Debug, Clone)]
pub struct NewRow {
    pub way: Way,
    /// Rows of one lane go one after the other.
    pub lane: String,
    /// Our name for the effect, the same at every attempt.
    pub effect_id: String,
    /// JSON.
    pub payload: String,
    pub letter: Option<LetterId>,
    pub trace: String,
}

/// A row whose attempt has begun; nobody else attempts it until the lease is over.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Claimed {
    pub id: i64,
    pub lane: String,
    pub effect_id: String,
    pub payload: String,
    /// An earlier attempt may have succeeded; [`LOST`] if nobody has looked yet what follows from that.
    pub uncertain: i64,
    /// How many attempts were begun, with this one.
    pub attempts: i64,
    pub letter_id: Option<i64>,
    /// What was taken out of the letter up to here, by places in the inbox, was in no attempt that may
    /// have succeeded.
    pub spared: i64,
    pub trace: String,
    pub created_at: i64,
}

/// What stands in [`Claimed::uncertain`] of a mail whose attempt nobody wrote the end of.
pub const LOST: i64 = 2;

/// How a row ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    Delivered {
        answer: String,
    },
    Refused {
        reason: String,
    },
    /// Nothing was left to say.
    Withdrawn,
}

pub async fn enqueue(tx: &mut Tx, row: &NewRow, now: i64) -> Result<(), StoreError> {
    let connection = tx.connection();
    let busy = fetch_one!(connection, (i64,), IS_LANE_BUSY, &row.lane).0 > 0;
    execute!(
        connection,
        INSERT,
        row.way.word(),
        &row.lane,
        &row.effect_id,
        &row.payload,
        if busy { "queued" } else { "ready" },
        now,
        row.letter.map(|letter| letter.0),
        &row.trace,
    );
    tx.wake(row.way.queue());
    Ok(())
}

/// Begins an attempt of up to `limit` rows that are due. Commit before the network is touched. An
/// attempt whose lease is over is one that nobody wrote the end of: its outcome is unknown.
pub async fn claim(
    tx: &mut Tx,
    way: Way,
    now: i64,
    lease_until: i64,
    limit: usize,
) -> Result<Vec<Claimed>, StoreError> {
    execute!(tx.connection(), TAKE_BACK, now);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let claimed = fetch_all!(
        tx.connection(),
        Claimed,
        CLAIM,
        way.word(),
        now,
        lease_until,
        limit
    );
    let begun = claimed.len() as u64;
    tx.once_committed(move || ATTEMPTS.add(begun, [way.word()]));
    Ok(claimed)
}

/// When the next row is to be attempted.
pub async fn next_at(connection: &mut Connection, way: Way) -> Result<Option<i64>, StoreError> {
    Ok(fetch_one!(connection, (Option<i64>,), SELECT_NEXT, way.word()).0)
}

/// Ends a row and lets the next of its lane move up; `false` if it had ended before.
pub async fn settle(
    tx: &mut Tx,
    id: i64,
    lane: &str,
    way: Way,
    how: &Settled,
    now: i64,
) -> Result<bool, StoreError> {
    let (state, reason, result) = match how {
        Settled::Delivered { answer } => ("delivered", "", answer.as_str()),
        Settled::Refused { reason } => ("refused", reason.as_str(), ""),
        Settled::Withdrawn => ("withdrawn", "", ""),
    };
    let row = fetch_optional!(
        tx.connection(),
        (i64,),
        SETTLE,
        id,
        state,
        reason,
        result,
        now
    );
    let Some((created_at,)) = row else {
        return Ok(false);
    };
    let took = matches!(how, Settled::Delivered { .. }).then_some(now.saturating_sub(created_at));
    tx.once_committed(move || {
        SENDS.count([way.word(), state]);
        if let Some(took) = took {
            SEND_TIME.observe_millis(took, [way.word()]);
        }
    });
    execute!(tx.connection(), MOVE_UP, lane);
    tx.wake(way.queue());
    Ok(true)
}

/// The row is attempted again at `next_at`, unless a later attempt than number `attempt` has begun;
/// `uncertain` says that this attempt may have succeeded. Rings the bell, as the worker may sleep longer than until then.
pub async fn retry(
    tx: &mut Tx,
    (id, attempt): (i64, i64),
    way: Way,
    next_at: i64,
    reason: &str,
    uncertain: bool,
) -> Result<(), StoreError> {
    let changed = execute!(
        tx.connection(),
        RETRY,
        id,
        next_at,
        reason,
        i64::from(uncertain),
        attempt
    );
    let outcome = if uncertain {
        "uncertain"
    } else {
        "retry_later"
    };
    tx.once_committed(move || SENDS.add(changed, [way.word(), outcome]));
    tx.wake(way.queue());
    Ok(())
}

/// An attempt may have succeeded, and what follows from that is seen to now; `false` if it was before.
pub async fn doubt(tx: &mut Tx, id: i64) -> Result<bool, StoreError> {
    Ok(execute!(tx.connection(), DOUBT, id) == 1)
}

/// The row isn't ready to be attempted: attempt number `attempt` doesn't count, and the next one is
/// at `next_at`.
pub async fn put_off(
    tx: &mut Tx,
    (id, attempt): (i64, i64),
    way: Way,
    next_at: i64,
    reason: &str,
) -> Result<(), StoreError> {
    execute!(tx.connection(), PUT_OFF, id, next_at, reason, attempt);
    tx.wake(way.queue());
    Ok(())
}

/// Attempt number `attempt` gets ready, or is from now on about to touch the network: one of which
/// nobody wrote the end while it got ready has reached nobody.
pub async fn prepare(
    tx: &mut Tx,
    (id, attempt): (i64, i64),
    is_preparing: bool,
) -> Result<(), StoreError> {
    let is_preparing = i64::from(is_preparing);
    execute!(tx.connection(), PREPARE, id, is_preparing, attempt);
    Ok(())
}

/// Attempts whose lease ended before `now` were begun by somebody who is gone: their outcome is
/// unknown. At start every lease is over, as a database has one Postroom.
pub async fn take_back(tx: &mut Tx, now: i64) -> Result<u64, StoreError> {
    let taken = execute!(tx.connection(), TAKE_BACK, now);
    tx.wake(Queue::MatrixOut);
    tx.wake(Queue::MailOut);
    Ok(taken)
}

/// Takes back every attempt of one way but those `under_way`: nobody makes it, though its lease may
/// last.
pub async fn take_back_all_but(tx: &mut Tx, way: Way, under_way: &[i64]) -> Result<(), StoreError> {
    for (id,) in fetch_all!(tx.connection(), (i64,), SELECT_ATTEMPTING, way.word()) {
        if !under_way.contains(&id) {
            execute!(tx.connection(), TAKE_BACK_ONE, id);
        }
    }
    Ok(())
}

/// The row of an effect of ours that was seen from outside, if it isn't settled: id, lane, payload.
pub async fn by_effect(
    connection: &mut Connection,
    effect_id: &str,
) -> Result<Option<(i64, String, String)>, StoreError> {
    Ok(fetch_optional!(
        connection,
        (i64, String, String),
        SELECT_BY_EFFECT,
        effect_id
    ))
}

/// What a mail's row says, for as long as it is kept, and our name for the effect.
pub async fn payload(
    connection: &mut Connection,
    id: i64,
) -> Result<Option<(String, String)>, StoreError> {
    Ok(fetch_optional!(
        connection,
        (String, String),
        SELECT_PAYLOAD,
        id
    ))
}

/// How far a letter's deliveries are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Progress {
    pub unsettled: i64,
    pub delivered: i64,
}

pub async fn progress_of_letter(
    connection: &mut Connection,
    letter: LetterId,
) -> Result<Progress, StoreError> {
    Ok(fetch_one!(connection, Progress, COUNT_OF_LETTER, letter.0))
}

/// Whom a letter may have reached, and who may be getting it now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Reach {
    /// Deliveries that have, or may have, reached somebody.
    pub reached: i64,
    /// Attempts at other deliveries that are under way.
    pub under_way: i64,
}

/// How far the letter has come, besides the attempt at its row `id`.
pub async fn reach_of_letter(
    connection: &mut Connection,
    letter: LetterId,
    id: i64,
) -> Result<Reach, StoreError> {
    Ok(fetch_one!(
        connection,
        Reach,
        COUNT_OTHERS_OF_LETTER,
        letter.0,
        id
    ))
}

/// What waits in the lanes of one kind: `room`, `receipt` or `mail`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Waiting {
    pub kind: String,
    pub rows: i64,
    /// When the oldest of it was decided on.
    pub oldest: i64,
}

/// What isn't settled, by kind of lane. Looks at what waits, and at nothing else.
pub async fn waiting(connection: &mut Connection, way: Way) -> Result<Vec<Waiting>, StoreError> {
    Ok(fetch_all!(connection, Waiting, COUNT_LANES, way.word()))
}

pub async fn count_unsettled(connection: &mut Connection, way: Way) -> Result<i64, StoreError> {
    Ok(fetch_one!(connection, (i64,), COUNT_UNSETTLED, way.word()).0)
}

//! How much came of what, and which mails wait because of it.

use super::{Connection, Queue, StoreError, Tx};
use crate::domain::{
    flood::{Scope, Tally},
    ids::{ConversationId, LetterId, MailId},
    rhythm::Rhythm,
};

statements! {
    SELECT_TALLY = "SELECT count, began_at, told_at FROM tallies WHERE key = $1";
    // A window that is over, or that began in the future, as the clock was set back, begins anew.
    COUNT = "
        INSERT INTO tallies (key, count, began_at) VALUES ($1, 1, $2)
        ON CONFLICT (key) DO UPDATE SET
            count = CASE WHEN tallies.began_at > $3 AND tallies.began_at <= $2
                THEN tallies.count + 1 ELSE 1 END,
            began_at = CASE WHEN tallies.began_at > $3 AND tallies.began_at <= $2
                THEN tallies.began_at ELSE $2 END";
    SET_TOLD = "UPDATE tallies SET told_at = $2 WHERE key = $1";
    CLEAN = "
        DELETE FROM tallies WHERE key IN
            (SELECT key FROM tallies WHERE began_at < $1 AND key NOT LIKE 'notices:%'
             ORDER BY began_at LIMIT $2)";
    BEGIN_OUTAGE = "
        INSERT INTO tallies (key, count, began_at) VALUES ($1, 0, $2) ON CONFLICT (key) DO NOTHING";
    END_OUTAGE = "DELETE FROM tallies WHERE key = $1";
    SELECT_QUEUE = "SELECT mail_id FROM postponed WHERE key = $1 AND mail_id < $2 LIMIT 1";
    COUNT_QUEUE = "SELECT count(*) FROM postponed WHERE key = $1";
    POSTPONE = "
        INSERT INTO postponed (mail_id, key, due_at) VALUES ($1, $2, $3)
        ON CONFLICT (mail_id) DO UPDATE SET key = excluded.key, due_at = excluded.due_at";
    SELECT_DUE = "SELECT mail_id FROM postponed WHERE due_at <= $1 ORDER BY due_at, mail_id LIMIT $2";
    SELECT_NEXT_DUE = "SELECT min(due_at) FROM postponed";
    RESUME = "
        UPDATE mails SET state = 'waiting', outcome = '', attempts = 0
        WHERE id = $1 AND state = 'kept'";
    FORGET = "DELETE FROM postponed WHERE mail_id = $1";
    LOOK_AGAIN = "UPDATE postponed SET due_at = $1 WHERE due_at > $1";
    SELECT_RHYTHM = "SELECT rhythm FROM rhythms WHERE conversation_id = $1 AND address = $2";
    REMEMBER_RHYTHM = "
        INSERT INTO rhythms (conversation_id, address, rhythm) VALUES ($1, $2, $3)
        ON CONFLICT (conversation_id, address) DO UPDATE SET rhythm = excluded.rhythm";
    SELECT_CONVERSATION = "SELECT conversation_id FROM letters WHERE id = $1";
    SET_INFECTED = "UPDATE mails SET infected = $2 WHERE id = $1";
    SELECT_INFECTED = "SELECT infected FROM mails WHERE id = $1";
}

/// Windows that are over for so long, in milliseconds, are forgotten; none is longer.
const FORGOTTEN_AFTER: i64 = 2 * 24 * 60 * 60 * 1000;
const FORGOTTEN_AT_ONCE: i64 = 20;

/// What has been counted of `scope`. `mail` is the one that is decided about.
pub async fn tally(
    connection: &mut Connection,
    scope: Scope,
    mail: MailId,
) -> Result<Tally, StoreError> {
    let key = scope.key();
    let row = fetch_optional!(connection, (i64, i64, i64), SELECT_TALLY, &key);
    let queue = fetch_optional!(connection, (i64,), SELECT_QUEUE, &key, mail.0);
    let (count, began_at, told_at) = row.unwrap_or_default();
    Ok(Tally {
        scope,
        count: u32::try_from(count).unwrap_or(u32::MAX),
        began_at,
        told_at,
        has_queue: queue.is_some(),
    })
}

/// One more, at `now`. `window` is in milliseconds.
pub async fn count(tx: &mut Tx, scope: &Scope, window: i64, now: i64) -> Result<(), StoreError> {
    let begun_after = now.saturating_sub(window);
    execute!(tx.connection(), COUNT, scope.key(), now, begun_after);
    let old = now.saturating_sub(FORGOTTEN_AFTER);
    execute!(tx.connection(), CLEAN, old, FORGOTTEN_AT_ONCE);
    Ok(())
}

/// Staff are told that there is too much.
pub async fn set_told(tx: &mut Tx, scope: &Scope, now: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_TOLD, scope.key(), now);
    Ok(())
}

/// The mail, which is kept, waits until `due_at` because of `key`.
pub async fn postpone(tx: &mut Tx, mail: MailId, key: &str, due_at: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), POSTPONE, mail.0, key, due_at);
    // Who waits for mail reckons with the time anew.
    tx.wake(Queue::Mails);
    Ok(())
}

/// Mails whose time has come, those first that wait for the longest.
pub async fn due(
    connection: &mut Connection,
    now: i64,
    limit: i64,
) -> Result<Vec<MailId>, StoreError> {
    let rows = fetch_all!(connection, (i64,), SELECT_DUE, now, limit);
    Ok(rows.into_iter().map(|(id,)| MailId(id)).collect())
}

/// When the next mail's time comes.
pub async fn next_due(connection: &mut Connection) -> Result<Option<i64>, StoreError> {
    Ok(fetch_one!(connection, (Option<i64>,), SELECT_NEXT_DUE).0)
}

/// These mails are decided about again.
pub async fn resume(tx: &mut Tx, mails: &[MailId]) -> Result<(), StoreError> {
    for mail in mails {
        execute!(tx.connection(), RESUME, mail.0);
        execute!(tx.connection(), FORGET, mail.0);
    }
    tx.wake(Queue::Mails);
    Ok(())
}

/// Something has changed: every mail that waits is decided about again now.
pub async fn look_again(tx: &mut Tx, now: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), LOOK_AGAIN, now);
    tx.wake(Queue::Mails);
    Ok(())
}

/// Something that mails wait for under `key` is away: since when, and when staff were told (zero: not
/// yet).
pub async fn outage(tx: &mut Tx, key: &str, now: i64) -> Result<(i64, i64), StoreError> {
    execute!(tx.connection(), BEGIN_OUTAGE, key, now);
    let (_, began_at, told_at) = fetch_one!(tx.connection(), (i64, i64, i64), SELECT_TALLY, key);
    Ok((began_at, told_at))
}

pub async fn set_outage_told(tx: &mut Tx, key: &str, now: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_TOLD, key, now);
    Ok(())
}

/// It is there again: whether staff had been told that it was away. Those who wait needn't any more.
pub async fn end_outage(tx: &mut Tx, key: &str, now: i64) -> Result<bool, StoreError> {
    let row = fetch_optional!(tx.connection(), (i64, i64, i64), SELECT_TALLY, key);
    let Some((_, _, told_at)) = row else {
        return Ok(false);
    };
    execute!(tx.connection(), END_OUTAGE, key);
    look_again(tx, now).await?;
    Ok(told_at > 0)
}

/// How many mails wait under `key`.
pub async fn queued(connection: &mut Connection, key: &str) -> Result<i64, StoreError> {
    Ok(fetch_one!(connection, (i64,), COUNT_QUEUE, key).0)
}

/// How the address (as its key) answers in the conversation.
pub async fn rhythm(
    connection: &mut Connection,
    conversation: ConversationId,
    address: &str,
) -> Result<Rhythm, StoreError> {
    let row = fetch_optional!(
        connection,
        (String,),
        SELECT_RHYTHM,
        conversation.0,
        address
    );
    Ok(match row {
        Some((rhythm,)) => serde_json::from_str(&rhythm)?,
        None => Rhythm::default(),
    })
}

pub async fn remember_rhythm(
    tx: &mut Tx,
    conversation: ConversationId,
    address: &str,
    rhythm: &Rhythm,
) -> Result<(), StoreError> {
    let rhythm = serde_json::to_string(rhythm)?;
    execute!(
        tx.connection(),
        REMEMBER_RHYTHM,
        conversation.0,
        address,
        rhythm
    );
    Ok(())
}

/// A letter has been delivered to the address (as its key).
pub async fn note_letter(
    tx: &mut Tx,
    letter: LetterId,
    address: &str,
    now: i64,
) -> Result<(), StoreError> {
    let (id,) = fetch_one!(tx.connection(), (i64,), SELECT_CONVERSATION, letter.0);
    let conversation = ConversationId(id);
    let mut rhythm = rhythm(tx.connection(), conversation, address).await?;
    rhythm.note_letter(now);
    remember_rhythm(tx, conversation, address, &rhythm).await
}

/// The mail has malware in it, which is called that.
pub async fn set_infected(tx: &mut Tx, mail: MailId, name: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_INFECTED, mail.0, name);
    Ok(())
}

/// Whether malware was found in the mail.
pub async fn is_infected(connection: &mut Connection, mail: MailId) -> Result<bool, StoreError> {
    let row = fetch_optional!(connection, (String,), SELECT_INFECTED, mail.0);
    Ok(row.is_some_and(|(infected,)| !infected.is_empty()))
}

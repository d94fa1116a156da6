//! How addresses do that mail has failed for, and what is known of letters that failed.

use super::{Connection, StoreError, Tx};
use crate::domain::{
    address::EmailAddress,
    bounce::{Cause, Mark, MarkKind, Standing},
    ids::{ConversationId, LetterId},
    outgoing::MailAction,
};

statements! {
    SELECT_STANDING = "
        SELECT points, counted_at, suspended_at, cause FROM troubled_addresses WHERE address = $1";
    COUNT = "
        INSERT INTO troubled_addresses (address, points, counted_at) VALUES ($1, $2, $3)
        ON CONFLICT (address) DO UPDATE SET points = excluded.points, counted_at = excluded.counted_at";
    SUSPEND = "
        INSERT INTO troubled_addresses (address, suspended_at, cause) VALUES ($1, $2, $3)
        ON CONFLICT (address) DO UPDATE
        SET suspended_at = excluded.suspended_at, cause = excluded.cause, offered = 0
        WHERE troubled_addresses.suspended_at IS NULL";
    RESUME = "
        UPDATE troubled_addresses SET suspended_at = NULL, points = 0
        WHERE address = $1 AND suspended_at IS NOT NULL";
    FORGET = "
        UPDATE troubled_addresses SET points = 0 WHERE address = $1 AND points > 0";
    OFFER = "
        UPDATE troubled_addresses SET offered = 1
        WHERE address = $1 AND suspended_at IS NOT NULL AND offered = 0";
    MARK = "
        INSERT INTO letter_marks (address, letter_id, kind, vouched, marked_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (address, letter_id, kind) DO UPDATE SET vouched =
            CASE WHEN excluded.vouched > letter_marks.vouched THEN excluded.vouched
                ELSE letter_marks.vouched END";
    SELECT_MARKS = "
        SELECT kind, vouched FROM letter_marks WHERE address = $1 AND letter_id = $2";
    SELECT_UNSENT = "
        SELECT letter_id, room_id FROM letter_marks
        JOIN letters ON letters.id = letter_id
        JOIN conversations ON conversations.id = conversation_id
        WHERE address = $1 AND kind = 'unsent' AND marked_at >= $2 ORDER BY letter_id";
    SELECT_DELIVERY = "
        SELECT letter_id, payload, state FROM outbox WHERE id = $1 AND letter_id IS NOT NULL";
    SELECT_DELIVERIES = "
        SELECT letter_id, payload, state FROM outbox WHERE letter_id = $1 ORDER BY id";
    SELECT_MESSAGE_ID = "SELECT message_id FROM letters WHERE id = $1";
    SELECT_CONVERSATION = "SELECT conversation_id FROM letters WHERE id = $1";
    SELECT_ROOMS = "
        SELECT DISTINCT room_id FROM contacts
        JOIN participants ON contact_id = contacts.id
        JOIN conversations ON conversations.id = conversation_id
        WHERE address = $1 AND role IN ('member', 'guest') AND state <> 'closed' ORDER BY room_id";
}

/// An address to which no mail goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suspension {
    /// Milliseconds since 1970.
    pub since: i64,
    pub cause: Cause,
}

/// How an address does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It has so many points, the last of them counted then.
    Counting {
        points: u32,
        counted_at: i64,
    },
    Suspended(Suspension),
}

/// `None`: no mail to the address has failed.
pub async fn condition(
    connection: &mut Connection,
    address: &EmailAddress,
) -> Result<Option<Condition>, StoreError> {
    type Row = (i64, i64, Option<i64>, String);
    let row = fetch_optional!(connection, Row, SELECT_STANDING, address.key());
    let Some((points, counted_at, suspended_at, cause)) = row else {
        return Ok(None);
    };
    Ok(Some(match suspended_at {
        Some(since) => Condition::Suspended(Suspension {
            since,
            cause: serde_json::from_str(&cause)?,
        }),
        None => Condition::Counting {
            points: u32::try_from(points).unwrap_or_default(),
            counted_at,
        },
    }))
}

/// Since when and why no mail goes to the address; `None` if it does.
pub async fn suspension(
    connection: &mut Connection,
    address: &EmailAddress,
) -> Result<Option<Suspension>, StoreError> {
    Ok(match condition(connection, address).await? {
        Some(Condition::Suspended(suspension)) => Some(suspension),
        Some(Condition::Counting { .. }) | None => None,
    })
}

/// How the address does, where points are forgotten `for_long` milliseconds after the last of them.
pub async fn standing(
    connection: &mut Connection,
    address: &EmailAddress,
    now: i64,
    for_long: i64,
) -> Result<Option<Standing>, StoreError> {
    let found = condition(connection, address).await?;
    Ok(found.map(|condition| match condition {
        Condition::Suspended(_) => Standing::Suspended,
        Condition::Counting { counted_at, .. } if now.saturating_sub(counted_at) > for_long => {
            Standing::Counting(0)
        }
        Condition::Counting { points, .. } => Standing::Counting(points),
    }))
}

pub async fn count(
    tx: &mut Tx,
    address: &EmailAddress,
    points: u32,
    now: i64,
) -> Result<(), StoreError> {
    execute!(
        tx.connection(),
        COUNT,
        address.key(),
        i64::from(points),
        now
    );
    Ok(())
}

/// `false` if it was suspended before.
pub async fn suspend(
    tx: &mut Tx,
    address: &EmailAddress,
    cause: Cause,
    now: i64,
) -> Result<bool, StoreError> {
    let cause = serde_json::to_string(&cause)?;
    Ok(execute!(tx.connection(), SUSPEND, address.key(), now, cause) == 1)
}

/// `false` if it wasn't suspended.
pub async fn resume(tx: &mut Tx, address: &EmailAddress) -> Result<bool, StoreError> {
    Ok(execute!(tx.connection(), RESUME, address.key()) == 1)
}

/// Earlier failures count no more.
pub async fn forget(tx: &mut Tx, address: &EmailAddress) -> Result<(), StoreError> {
    execute!(tx.connection(), FORGET, address.key());
    Ok(())
}

/// Staff are to be asked whether the suspended address works again; `false` if they were before.
pub async fn offer(tx: &mut Tx, address: &EmailAddress) -> Result<bool, StoreError> {
    Ok(execute!(tx.connection(), OFFER, address.key()) == 1)
}

pub async fn mark(tx: &mut Tx, letter: LetterId, mark: &Mark, now: i64) -> Result<(), StoreError> {
    let address = mark.address.as_ref().map_or("", EmailAddress::key);
    execute!(
        tx.connection(),
        MARK,
        address,
        letter.0,
        word(mark.kind),
        i64::from(mark.vouched),
        now
    );
    Ok(())
}

/// What is known of the letter to the address, and whether it was vouched for; without an address:
/// of others than those to whom it had gone.
pub async fn marks(
    connection: &mut Connection,
    letter: LetterId,
    address: Option<&EmailAddress>,
) -> Result<Vec<(MarkKind, bool)>, StoreError> {
    let address = address.map_or("", EmailAddress::key);
    fetch_all!(connection, (String, i64), SELECT_MARKS, address, letter.0)
        .into_iter()
        .map(|(kind, vouched)| Ok((kind_of(&kind)?, vouched == 1)))
        .collect()
}

/// The letters that were not sent to the address since then, each with its room.
pub async fn unsent(
    connection: &mut Connection,
    address: &EmailAddress,
    since: i64,
) -> Result<Vec<(LetterId, String)>, StoreError> {
    let rows = fetch_all!(
        connection,
        (i64, String),
        SELECT_UNSENT,
        address.key(),
        since
    );
    let unsent = rows.into_iter();
    Ok(unsent.map(|(id, room)| (LetterId(id), room)).collect())
}

/// A letter on its way to one of its recipients.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub letter: LetterId,
    pub action: MailAction,
    /// The mail server has not taken it, or we gave up: the room was told.
    pub is_refused: bool,
}

/// The delivery that is a row of the outbox.
pub async fn delivery(
    connection: &mut Connection,
    row: i64,
) -> Result<Option<Delivery>, StoreError> {
    let found = fetch_optional!(connection, (i64, String, String), SELECT_DELIVERY, row);
    found.map(read).transpose()
}

/// All of a letter's.
pub async fn deliveries(
    connection: &mut Connection,
    letter: LetterId,
) -> Result<Vec<Delivery>, StoreError> {
    type Row = (i64, String, String);
    let rows = fetch_all!(connection, Row, SELECT_DELIVERIES, letter.0);
    rows.into_iter().map(read).collect()
}

fn read((letter, payload, state): (i64, String, String)) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        letter: LetterId(letter),
        action: serde_json::from_str(&payload)?,
        is_refused: state == "refused",
    })
}

/// The Message-ID under which a letter went; `None` if there is no such letter. A database that was
/// replaced by its backup may have used the number twice.
pub async fn message_id(
    connection: &mut Connection,
    letter: LetterId,
) -> Result<Option<String>, StoreError> {
    let row = fetch_optional!(connection, (String,), SELECT_MESSAGE_ID, letter.0);
    Ok(row.map(|(id,)| id))
}

pub async fn conversation(
    connection: &mut Connection,
    letter: LetterId,
) -> Result<ConversationId, StoreError> {
    let (id,) = fetch_one!(connection, (i64,), SELECT_CONVERSATION, letter.0);
    Ok(ConversationId(id))
}

/// The rooms in which somebody with the address is written to.
pub async fn rooms(
    connection: &mut Connection,
    address: &EmailAddress,
) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(connection, (String,), SELECT_ROOMS, address.key());
    Ok(rows.into_iter().map(|(room,)| room).collect())
}

fn word(kind: MarkKind) -> &'static str {
    match kind {
        MarkKind::Failed => "failed",
        MarkKind::Delayed => "delayed",
        MarkKind::Complaint => "complaint",
        MarkKind::Unsent => "unsent",
    }
}

fn kind_of(word: &str) -> Result<MarkKind, StoreError> {
    Ok(match word {
        "failed" => MarkKind::Failed,
        "delayed" => MarkKind::Delayed,
        "complaint" => MarkKind::Complaint,
        "unsent" => MarkKind::Unsent,
        other => return Err(StoreError::Value(format!("kind of mark {other}"))),
    })
}

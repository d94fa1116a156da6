//! Mails that staff decide about, each in the conversation to which it leads.

use super::{Connection, Queue, StoreError, Tx, mails};
use crate::domain::{
    address::EmailAddress,
    effect::Holding,
    held::{Decision, HeldMail, State},
    ids::{ConversationId, HeldId, MailId},
};

/// What was released, of a mail that was set aside since.
macro_rules! has_failed {
    () => {
        "state = 'releasing' AND EXISTS (
            SELECT 1 FROM mails WHERE mails.id = held.mail_id AND mails.state = 'set_aside')"
    };
}

statements! {
    INSERT = "
        INSERT INTO held (mail_id, conversation_id, room_id, held_at, why, is_member, is_quiet, sender,
            subject, message_id, from_address, date)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING RETURNING id";
    SELECT_SAME = "
        SELECT id FROM held
        WHERE conversation_id = $1 AND message_id = $2 AND from_address = $3 AND date = $4";
    SELECT_RELEASING = "
        SELECT id, conversation_id, room_id, decided_by, admits, is_member, sender FROM held
        WHERE mail_id = $1 AND state = 'releasing' ORDER BY id";
    SELECT = concat!("
        SELECT id, conversation_id, room_id, CASE WHEN ", has_failed!(), " THEN 'failed' ELSE state END
            AS state, decided_by, sender, subject, held_at
        FROM held WHERE id = $1");
    SELECT_OF_ROOM = "
        SELECT id, conversation_id, room_id, state, decided_by, sender, subject, held_at FROM held
        WHERE room_id = $1 AND state = 'waiting' ORDER BY id LIMIT $2";
    SELECT_ALL = "
        SELECT id, conversation_id, room_id, state, decided_by, sender, subject, held_at FROM held
        WHERE state = 'waiting' ORDER BY id LIMIT $1";
    COUNT_OF_ROOM = "SELECT count(*) FROM held WHERE room_id = $1 AND state = 'waiting'";
    SELECT_TOLD = "
        SELECT id FROM held WHERE room_id = $1 AND state = 'waiting' AND is_quiet = 0 LIMIT $2";
    COUNT_ALL = "SELECT count(*) FROM held WHERE state = 'waiting'";
    RELEASE = concat!("
        UPDATE held SET state = 'releasing', decided_by = $2, decided_at = $3, admits = $4
        WHERE id = $1 AND (state IN ('waiting', 'dropped') OR ", has_failed!(), ") RETURNING mail_id");
    DROP = concat!("
        UPDATE held SET state = 'dropped', decided_by = $2, decided_at = $3
        WHERE id = $1 AND (state = 'waiting' OR ", has_failed!(), ") RETURNING mail_id");
    RELEASED = "UPDATE held SET state = 'released' WHERE id = $1 AND state = 'releasing'";
    HOLD_AGAIN = "
        UPDATE held SET state = 'waiting', is_member = $2, admits = 0
        WHERE id = $1 AND state = 'releasing'";
    SELECT_ROOMS = "
        SELECT room_id, min(held_at),
            (SELECT reminded_at FROM reminders WHERE reminders.room_id = held.room_id)
        FROM held WHERE state = 'waiting' GROUP BY room_id ORDER BY room_id";
    REMIND = "
        INSERT INTO reminders (room_id, reminded_at) VALUES ($1, $2)
        ON CONFLICT (room_id) DO UPDATE SET reminded_at = excluded.reminded_at";
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    conversation_id: i64,
    room_id: String,
    state: String,
    decided_by: String,
    sender: String,
    subject: String,
    held_at: i64,
}

impl From<Row> for HeldMail {
    fn from(row: Row) -> Self {
        Self {
            id: HeldId(row.id),
            conversation: ConversationId(row.conversation_id),
            room: row.room_id,
            state: match row.state.as_str() {
                "releasing" => State::Releasing,
                "released" => State::Released,
                "dropped" => State::Dropped,
                "failed" => State::Failed,
                _ => State::Waiting,
            },
            decided_by: row.decided_by,
            sender: row.sender,
            subject: row.subject,
            held_at: row.held_at,
        }
    }
}

/// The mail waits for staff; `None` if it does, or did, already.
pub async fn insert(tx: &mut Tx, held: &Holding, now: i64) -> Result<Option<HeldId>, StoreError> {
    let why = serde_json::to_value(held.notice.why)?;
    let row = fetch_optional!(
        tx.connection(),
        (i64,),
        INSERT,
        held.mail.0,
        held.conversation.0,
        held.room.as_str(),
        now,
        why.as_str().unwrap_or_default(),
        i64::from(held.is_member),
        i64::from(held.is_quiet),
        held.notice.sender.to_string(),
        &held.notice.subject,
        &held.identity,
        held.from.key(),
        &held.date,
    );
    tx.wake(Queue::Held);
    Ok(row.map(|(id,)| HeldId(id)))
}

/// Whether a mail with this id, sender and date waits for staff in the conversation, or has waited.
pub async fn is_held(
    connection: &mut Connection,
    conversation: ConversationId,
    message_id: &str,
    from: &EmailAddress,
    date: &str,
) -> Result<bool, StoreError> {
    let row = fetch_optional!(
        connection,
        (i64,),
        SELECT_SAME,
        conversation.0,
        message_id,
        from.key(),
        date
    );
    Ok(row.is_some())
}

/// Where a mail is to be posted that staff have released.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Releasing {
    pub id: i64,
    pub conversation_id: i64,
    pub room_id: String,
    /// A Matrix user id.
    pub decided_by: String,
    pub admits: i64,
    /// Its sender was one of the conversation's people.
    pub is_member: i64,
    /// As it stands in the mail.
    pub sender: String,
}

pub async fn releasing(
    connection: &mut Connection,
    mail: MailId,
) -> Result<Vec<Releasing>, StoreError> {
    Ok(fetch_all!(connection, Releasing, SELECT_RELEASING, mail.0))
}

pub async fn find(connection: &mut Connection, id: HeldId) -> Result<Option<HeldMail>, StoreError> {
    Ok(fetch_optional!(connection, Row, SELECT, id.0).map(Into::into))
}

/// What waits for staff in a room, the oldest first, at most `limit`; and how many wait in all.
pub async fn of_room(
    connection: &mut Connection,
    room: &str,
    limit: i64,
) -> Result<(Vec<HeldMail>, usize), StoreError> {
    let rows = fetch_all!(connection, Row, SELECT_OF_ROOM, room, limit);
    let (count,) = fetch_one!(connection, (i64,), COUNT_OF_ROOM, room);
    Ok(counted(rows, count))
}

/// The same in all rooms.
pub async fn all(
    connection: &mut Connection,
    limit: i64,
) -> Result<(Vec<HeldMail>, usize), StoreError> {
    let rows = fetch_all!(connection, Row, SELECT_ALL, limit);
    let (count,) = fetch_one!(connection, (i64,), COUNT_ALL);
    Ok(counted(rows, count))
}

/// How many mails wait for staff in a room that are not quiet; at most `most`.
pub async fn count_told(
    connection: &mut Connection,
    room: &str,
    most: i64,
) -> Result<usize, StoreError> {
    let told = fetch_all!(connection, (i64,), SELECT_TOLD, room, most);
    Ok(told.len())
}

fn counted(rows: Vec<Row>, count: i64) -> (Vec<HeldMail>, usize) {
    let mails = rows.into_iter().map(Into::into).collect();
    (mails, usize::try_from(count).unwrap_or_default())
}

/// Staff have decided: `false` if that was done before. A mail that is released is decided on once more.
pub async fn decide(
    tx: &mut Tx,
    id: HeldId,
    decision: Decision,
    by: &str,
    now: i64,
) -> Result<bool, StoreError> {
    let admits = i64::from(decision == Decision::Admit);
    let mail = match decision {
        Decision::Release | Decision::Admit => {
            fetch_optional!(tx.connection(), (i64,), RELEASE, id.0, by, now, admits)
        }
        Decision::Drop => fetch_optional!(tx.connection(), (i64,), DROP, id.0, by, now),
    };
    let Some((mail,)) = mail else {
        return Ok(false);
    };
    if decision != Decision::Drop {
        mails::take_up_again(tx, MailId(mail)).await?;
    }
    Ok(true)
}

/// What was released was posted.
pub async fn released(tx: &mut Tx, id: HeldId) -> Result<(), StoreError> {
    execute!(tx.connection(), RELEASED, id.0);
    Ok(())
}

/// What was released can't be posted, and waits again.
pub async fn hold_again(tx: &mut Tx, id: HeldId, is_member: bool) -> Result<(), StoreError> {
    execute!(tx.connection(), HOLD_AGAIN, id.0, i64::from(is_member));
    Ok(())
}

/// A room in which mail waits for staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingRoom {
    pub room: String,
    /// When somebody was last told of it: milliseconds since 1970.
    pub told_at: i64,
}

pub async fn rooms(connection: &mut Connection) -> Result<Vec<WaitingRoom>, StoreError> {
    let rows = fetch_all!(connection, (String, i64, Option<i64>), SELECT_ROOMS);
    let room = |(room, held_at, reminded_at): (String, i64, Option<i64>)| WaitingRoom {
        room,
        told_at: reminded_at.unwrap_or_default().max(held_at),
    };
    Ok(rows.into_iter().map(room).collect())
}

/// Staff were reminded of what waits in the room.
pub async fn remind(tx: &mut Tx, room: &str, now: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), REMIND, room, now);
    Ok(())
}

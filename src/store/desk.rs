//! Conversations as the desk sees them.

use jiff::Timestamp;
use ruma::{OwnedRoomId, OwnedUserId};

use super::{Connection, StoreError, Tx};
use crate::domain::{
    desk::{Progress, Standing},
    facts::Case,
    ids::ConversationId,
};

macro_rules! cases {
    ($rest:literal) => {
        concat!(
            "
        SELECT it.id, it.customer_id, it.room_id, coalesce(rooms.name, '') AS room_name,
            it.thread_root, it.title, it.subject, it.mailbox, it.state, it.progress, it.assignee,
            it.waits_since, CAST(coalesce((
                SELECT 1 FROM chain WHERE chain.conversation_id = it.id LIMIT 1), 0) AS BIGINT)
                AS letters
        FROM conversations AS it LEFT JOIN rooms ON rooms.room_id = it.room_id ",
            $rest
        )
    };
}

statements! {
    SELECT = cases!("WHERE it.id = $1");
    SELECT_OF_ROOM = cases!("WHERE it.room_id = $1 AND it.state <> 'closed' ORDER BY it.id");
    SELECT_WAITING = cases!("
        WHERE it.waits_since IS NOT NULL AND it.state <> 'closed' AND it.progress = 'open'
        ORDER BY it.waits_since, it.id LIMIT $1");
    SELECT_AT = cases!("
        WHERE it.progress = $1 AND it.state <> 'closed' ORDER BY it.id DESC LIMIT $2");
    SELECT_OF_ASSIGNEE = cases!("
        WHERE it.assignee = $1 AND it.assignee <> '' AND it.state <> 'closed'
        AND it.progress <> 'done' ORDER BY it.id DESC LIMIT $2");
    SELECT_NEWEST = cases!("WHERE it.id < $1 ORDER BY it.id DESC LIMIT $2");
    SELECT_NAMES = "
        SELECT conversation_id, written, name FROM participants
        JOIN contacts ON contacts.id = contact_id
        WHERE conversation_id >= $1 AND conversation_id <= $2 AND role <> 'offered'
        ORDER BY conversation_id, position";
    SELECT_LAST_MAILS = "
        SELECT conversation_id, substr(text, 1, 1000) FROM last_mails
        WHERE conversation_id >= $1 AND conversation_id <= $2";
    SET_PROGRESS = "
        UPDATE conversations SET progress = $2,
            done_since = CASE WHEN $2 = 'done' THEN CAST($3 AS BIGINT) END,
            waits_since = CASE WHEN $2 = 'open' THEN waits_since ELSE NULL END,
            waited_since = CASE WHEN $2 = 'open' THEN waited_since ELSE NULL END
        WHERE id = $1";
    SET_HEARD = "
        UPDATE conversations SET progress = 'open', done_since = NULL,
            waits_since = coalesce(waits_since, $2)
        WHERE id = $1";
    SET_ANSWERED = "
        UPDATE conversations SET waits_since = NULL, waited_since = waits_since, answered_seq = $2
        WHERE id = $1 AND waits_since IS NOT NULL";
    SET_UNANSWERED = "
        UPDATE conversations SET waited_since = NULL, answered_seq = NULL,
            waits_since = CASE WHEN waits_since < waited_since THEN waits_since ELSE waited_since END
        WHERE waited_since IS NOT NULL AND progress = 'open' AND state <> 'closed'
        AND id IN (
            SELECT conversation_id FROM letter_items JOIN letters ON letters.id = letter_id
            WHERE event_id = $1)
        AND NOT EXISTS (
            SELECT 1 FROM letters JOIN letter_items ON letter_id = letters.id
            WHERE letters.conversation_id = conversations.id AND inbox_seq >= answered_seq
            AND by_staff = 1 AND kind IN ('text', 'emote', 'shared', 'not_carried')
            AND (struck = 0 OR letters.state = 'settled' OR EXISTS (
                SELECT 1 FROM outbox
                WHERE outbox.letter_id = letters.id AND (uncertain <> 0
                    OR (outbox.state NOT IN ('queued', 'ready') AND preparing = 0)))))";
    SET_WRITTEN = "
        UPDATE conversations SET done_since = $2 WHERE id = $1 AND done_since IS NOT NULL";
    SET_ASSIGNEE = "UPDATE conversations SET assignee = $2 WHERE id = $1";
    SET_TITLE = "UPDATE conversations SET title = $2 WHERE id = $1";
    SET_SUBJECT = "
        UPDATE conversations SET subject = $2 WHERE id = $1 AND NOT EXISTS (
            SELECT 1 FROM chain WHERE chain.conversation_id = conversations.id)";
    INSERT_NOTE = "
        INSERT INTO conversation_notes (conversation_id, author, text, written_at)
        VALUES ($1, $2, $3, $4)";
    SELECT_NOTES = "
        SELECT author, text, written_at FROM conversation_notes WHERE conversation_id = $1
        ORDER BY id DESC LIMIT $2";
    COUNT_NOTES = "SELECT count(*) FROM conversation_notes WHERE conversation_id = $1";
    SELECT_OVERDUE = cases!("
        WHERE it.waits_since IS NOT NULL AND it.waits_since <= $1 AND it.state <> 'closed'
        AND it.progress = 'open' AND (it.reminded_at IS NULL OR it.reminded_at <= $2)
        ORDER BY it.waits_since, it.id LIMIT $3");
    SELECT_REMINDED = "SELECT id FROM conversations WHERE reminded_at > $1 LIMIT 1";
    SET_REMINDED = "UPDATE conversations SET reminded_at = $2 WHERE id = $1";
}

/// A conversation, with the mailbox of its letters and their subject.
#[derive(Debug, Clone)]
pub struct Found {
    pub case: Case,
    pub mailbox: String,
    pub subject: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    customer_id: i64,
    room_id: String,
    room_name: String,
    thread_root: String,
    title: String,
    subject: String,
    mailbox: String,
    state: String,
    progress: String,
    assignee: String,
    waits_since: Option<i64>,
    letters: i64,
}

impl Row {
    /// Without names.
    fn found(self) -> Result<Found, StoreError> {
        let progress = Progress::from_word(&self.progress)
            .ok_or_else(|| StoreError::Value(format!("progress {}", self.progress)))?;
        let room = OwnedRoomId::try_from(self.room_id)
            .map_err(|fault| StoreError::Value(fault.to_string()))?;
        let since = self.waits_since;
        let case = Case {
            id: ConversationId(self.id),
            customer: self.customer_id,
            room,
            room_name: self.room_name,
            thread_root: self.thread_root.try_into().ok(),
            title: if self.title.is_empty() {
                self.subject.clone()
            } else {
                self.title
            },
            is_over: self.state == "closed",
            has_letters: self.letters > 0,
            standing: Standing {
                progress,
                assignee: OwnedUserId::try_from(self.assignee).ok(),
                waits_since: since.and_then(|at| Timestamp::from_millisecond(at).ok()),
            },
            assignee_name: String::new(),
            names: Vec::new(),
        };
        Ok(Found {
            case,
            mailbox: self.mailbox,
            subject: self.subject,
        })
    }
}

fn all(rows: Vec<Row>) -> Result<Vec<Found>, StoreError> {
    rows.into_iter().map(Row::found).collect()
}

pub async fn find(
    connection: &mut Connection,
    id: ConversationId,
) -> Result<Option<Found>, StoreError> {
    let row = fetch_optional!(connection, Row, SELECT, id.0);
    row.map(Row::found).transpose()
}

/// Those of a room in which somebody takes part.
pub async fn of_room(connection: &mut Connection, room: &str) -> Result<Vec<Found>, StoreError> {
    all(fetch_all!(connection, Row, SELECT_OF_ROOM, room))
}

/// Those whose customers wait for an answer; who waits longest comes first.
pub async fn waiting(connection: &mut Connection, most: i64) -> Result<Vec<Found>, StoreError> {
    all(fetch_all!(connection, Row, SELECT_WAITING, most))
}

/// Those that are so far, the newest first.
pub async fn at(
    connection: &mut Connection,
    progress: Progress,
    most: i64,
) -> Result<Vec<Found>, StoreError> {
    let word = progress.word();
    all(fetch_all!(connection, Row, SELECT_AT, word, most))
}

/// What somebody has to do, the newest first.
pub async fn of_assignee(
    connection: &mut Connection,
    user: &str,
    most: i64,
) -> Result<Vec<Found>, StoreError> {
    all(fetch_all!(connection, Row, SELECT_OF_ASSIGNEE, user, most))
}

/// The newest of those whose number is less than `before`.
pub async fn newest(
    connection: &mut Connection,
    before: i64,
    most: i64,
) -> Result<Vec<Found>, StoreError> {
    all(fetch_all!(connection, Row, SELECT_NEWEST, before, most))
}

/// Conversation, address and name of everybody who takes part, or did, in those from `first` to `last`.
pub async fn people_between(
    connection: &mut Connection,
    first: i64,
    last: i64,
) -> Result<Vec<(i64, String, String)>, StoreError> {
    Ok(fetch_all!(
        connection,
        (i64, String, String),
        SELECT_NAMES,
        first,
        last
    ))
}

/// How the last mails in those from `first` to `last` begin.
pub async fn last_mails_between(
    connection: &mut Connection,
    first: i64,
    last: i64,
) -> Result<Vec<(i64, String)>, StoreError> {
    Ok(fetch_all!(
        connection,
        (i64, String),
        SELECT_LAST_MAILS,
        first,
        last
    ))
}

/// Only what is open waits for us.
pub async fn set_progress(
    tx: &mut Tx,
    id: ConversationId,
    progress: Progress,
    now: i64,
) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_PROGRESS, id.0, progress.word(), now);
    Ok(())
}

/// Its customer has written: it is open, and waits for us, if it hadn't before.
pub async fn heard(tx: &mut Tx, id: ConversationId, now: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_HEARD, id.0, now);
    Ok(())
}

/// Staff have written what came at the place `seq` of the inbox: it is the customer's turn.
pub async fn answered(
    tx: &mut Tx,
    id: ConversationId,
    seq: i64,
    now: i64,
) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_ANSWERED, id.0, seq);
    execute!(tx.connection(), SET_WRITTEN, id.0, now);
    Ok(())
}

/// The message was taken out of letters: those of its conversations to which now no answer of staff goes
/// wait as before.
pub async fn taken_out(tx: &mut Tx, event: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_UNANSWERED, event);
    Ok(())
}

/// An empty `user`: nobody.
pub async fn assign(tx: &mut Tx, id: ConversationId, user: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_ASSIGNEE, id.0, user);
    Ok(())
}

/// What staff call it; as long as there is no mail in it, its letters will, too.
pub async fn set_title(tx: &mut Tx, id: ConversationId, title: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_TITLE, id.0, title);
    execute!(tx.connection(), SET_SUBJECT, id.0, title);
    Ok(())
}

pub async fn note(
    tx: &mut Tx,
    id: ConversationId,
    author: &str,
    text: &str,
    now: i64,
) -> Result<(), StoreError> {
    execute!(tx.connection(), INSERT_NOTE, id.0, author, text, now);
    Ok(())
}

/// The newest notes, oldest first, and how many there are: author, text, time.
pub async fn notes(
    connection: &mut Connection,
    id: ConversationId,
    most: i64,
) -> Result<(Vec<(String, String, i64)>, usize), StoreError> {
    type Note = (String, String, i64);
    let mut rows = fetch_all!(connection, Note, SELECT_NOTES, id.0, most);
    rows.reverse();
    let (count,) = fetch_one!(connection, (i64,), COUNT_NOTES, id.0);
    Ok((rows, usize::try_from(count).unwrap_or_default()))
}

/// Those that have waited for us since `since` or longer, and of which staff weren't told after
/// `told_before`.
pub async fn overdue(
    connection: &mut Connection,
    since: i64,
    told_before: i64,
    most: i64,
) -> Result<Vec<Found>, StoreError> {
    all(fetch_all!(
        connection,
        Row,
        SELECT_OVERDUE,
        since,
        told_before,
        most
    ))
}

/// Whether staff were reminded of any conversation after `since`.
pub async fn was_reminded(connection: &mut Connection, since: i64) -> Result<bool, StoreError> {
    Ok(fetch_optional!(connection, (i64,), SELECT_REMINDED, since).is_some())
}

pub async fn set_reminded(tx: &mut Tx, id: ConversationId, now: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_REMINDED, id.0, now);
    Ok(())
}

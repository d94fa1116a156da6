//! Files that were shared in rooms, from the first try to fetch one until no letter needs it any more.
//!
//! Content is kept only while a letter that holds the file is on its way: rows let go of a blob first,
//! by writing its name down as spent, and then it is deleted.

use bytes::Bytes;

use super::{Connection, Queue, StoreError, Tx, mails::RawMail};
use crate::domain::ids::LetterId;

statements! {
    BEGIN = "
        INSERT INTO files (event_id, source, first_tried_at)
        SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS BIGINT)
        WHERE EXISTS (SELECT 1 FROM letter_items WHERE file_event = $1 AND struck = 0)
        ON CONFLICT DO NOTHING";
    SELECT = "
        SELECT source, state, size, content_type, preview_width, preview_height,
            CAST(coalesce(length(preview), 0) AS BIGINT) AS preview_size, problem,
            coalesce(first_tried_at, 0) AS first_tried_at
        FROM files WHERE event_id = $1";
    KEEP = "
        UPDATE files SET state = 'kept', size = $2, content_type = $3, content = $4, blob = $5,
            preview = $6, preview_type = $7, preview_width = $8, preview_height = $9, width = $10,
            height = $11
        WHERE event_id = $1 AND state = 'waiting'";
    LEAVE = "
        UPDATE files SET state = 'too_large', size = $2, content_type = $3
        WHERE event_id = $1 AND state = 'waiting'";
    MISS = "
        UPDATE files SET state = 'missing', problem = $2, told = 1
        WHERE event_id = $1 AND state = 'waiting'";
    TELL = "UPDATE files SET told = 1 WHERE event_id = $1 AND told = 0";
    SELECT_CONTENT = "SELECT content, blob FROM files WHERE event_id = $1 AND state = 'kept'";
    SELECT_PREVIEW = "SELECT preview, preview_type FROM files WHERE event_id = $1";
    SELECT_BLOB = "SELECT blob FROM files WHERE event_id = $1";
    TAKE_BACK = "
        UPDATE files SET state = 'taken_back', content = NULL, blob = '', preview = NULL, problem = ''
        WHERE event_id = $1";
    SELECT_NEEDED_NO_MORE = "
        SELECT files.event_id, blob FROM letter_items
        JOIN files ON files.event_id = letter_items.file_event
        WHERE letter_id = $1 AND state <> 'taken_back' AND NOT EXISTS (
            SELECT 1 FROM letter_items AS other
            WHERE other.file_event = files.event_id AND other.settled = 0)";
    SELECT_REPLACED = "
        SELECT blob FROM files WHERE event_id = $1 AND state <> 'taken_back' AND coalesce(
            (SELECT min(settled) FROM letter_items WHERE file_event = $1), 1) = 1";
    LEAVE_TO_LINKS = "
        UPDATE files SET state = 'too_large', content = NULL, blob = '', preview = NULL
        WHERE event_id = $1 AND EXISTS (SELECT 1 FROM links WHERE links.event_id = $1)";
    FORGET = "DELETE FROM files WHERE event_id = $1";
    SPEND = "INSERT INTO spent_blobs (name) VALUES ($1) ON CONFLICT DO NOTHING";
    SELECT_SPENT = "SELECT name FROM spent_blobs WHERE name > $1 ORDER BY name LIMIT $2";
    FORGET_SPENT = "DELETE FROM spent_blobs WHERE name = $1";
    SELECT_BLOBS = "SELECT event_id, blob FROM files WHERE blob <> '' LIMIT $1";
    LOSE = "
        UPDATE files SET state = 'waiting', content = NULL, blob = '', preview = NULL,
            preview_type = '', first_tried_at = $2
        WHERE event_id = $1 AND state = 'kept'";
    BEGIN_AGAIN = "UPDATE files SET first_tried_at = $1 WHERE state = 'waiting'";
    IS_REFERRED_TO = "SELECT event_id FROM files WHERE blob = $1 AND blob <> ''";
}

/// How far a file has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is still to be fetched.
    Waiting,
    /// We have it.
    Kept,
    /// It can be fetched from the homeserver by a link; we don't have it.
    TooLarge,
    /// It can't be had.
    Missing,
    /// Its message was redacted.
    TakenBack,
}

/// What is known of a file, but for its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// `mxc://…`
    pub source: String,
    pub state: State,
    /// In octets, as far as it is known.
    pub size: u64,
    pub content_type: String,
    /// Width and height in pixels of what a letter shows of it, if it is a picture for that.
    pub shown: Option<(u32, u32)>,
    /// Octets of the small picture that is shown instead of the file itself; zero if there is none.
    pub preview_size: u64,
    /// Why it is missing.
    pub problem: String,
    /// When it was first tried to fetch it, in milliseconds since 1970.
    pub first_tried_at: i64,
}

/// A file that was fetched.
#[derive(Debug, Clone)]
pub struct Kept {
    /// In octets.
    pub size: u64,
    /// By its bytes.
    pub content_type: String,
    /// Durable if it is a blob.
    pub content: RawMail,
    /// Width and height in pixels of a picture.
    pub picture: Option<(u32, u32)>,
    /// What a letter shows of it: width and height in pixels.
    pub shown: Option<(u32, u32)>,
    /// A small picture and its type; `None` if the file itself is shown, or nothing.
    pub preview: Option<(Vec<u8>, String)>,
}

#[derive(sqlx::FromRow)]
struct Row {
    source: String,
    state: String,
    size: i64,
    content_type: String,
    preview_width: i64,
    preview_height: i64,
    preview_size: i64,
    problem: String,
    first_tried_at: i64,
}

/// The file that `event` shares is to be fetched; `now` is when that was first tried, unless it was
/// before. One whose message was taken out of every letter is left alone.
pub async fn begin(tx: &mut Tx, event: &str, source: &str, now: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), BEGIN, event, source, now);
    Ok(())
}

/// What is known of the file that `event` shares.
pub async fn find(connection: &mut Connection, event: &str) -> Result<Option<Found>, StoreError> {
    let Some(row) = fetch_optional!(connection, Row, SELECT, event) else {
        return Ok(None);
    };
    Ok(Some(Found {
        state: state_of(&row.state)?,
        source: row.source,
        size: count(row.size),
        content_type: row.content_type,
        shown: dimensions(row.preview_width, row.preview_height),
        preview_size: count(row.preview_size),
        problem: row.problem,
        first_tried_at: row.first_tried_at,
    }))
}

/// The file was fetched. If nobody waits for it any more, as it was taken back meanwhile, its blob is
/// spent.
pub async fn keep(tx: &mut Tx, event: &str, kept: &Kept) -> Result<(), StoreError> {
    let (content, blob) = match &kept.content {
        RawMail::Inline(bytes) => (Some(bytes.as_slice()), ""),
        RawMail::Blob(name) => (None, name.as_str()),
    };
    let preview = kept.preview.as_ref();
    let (width, height) = kept.picture.unwrap_or_default();
    let (shown_width, shown_height) = kept.shown.unwrap_or_default();
    let changed = execute!(
        tx.connection(),
        KEEP,
        event,
        number(kept.size),
        &kept.content_type,
        content,
        blob,
        preview.map(|(bytes, _)| bytes.as_slice()),
        preview.map_or("", |(_, content_type)| content_type),
        i64::from(shown_width),
        i64::from(shown_height),
        i64::from(width),
        i64::from(height),
    );
    if changed == 0 {
        spend_blob(tx, blob).await?;
    }
    Ok(())
}

/// The file is left where it is: it is too large to be sent.
pub async fn leave(
    tx: &mut Tx,
    event: &str,
    size: u64,
    content_type: &str,
) -> Result<(), StoreError> {
    execute!(tx.connection(), LEAVE, event, number(size), content_type);
    Ok(())
}

/// The file can't be had; `false` if that was known, or it isn't waited for.
pub async fn miss(tx: &mut Tx, event: &str, problem: &str) -> Result<bool, StoreError> {
    Ok(execute!(tx.connection(), MISS, event, problem) == 1)
}

/// The room is to be told now that the file isn't sent; `false` if it was before.
pub async fn tell(tx: &mut Tx, event: &str) -> Result<bool, StoreError> {
    Ok(execute!(tx.connection(), TELL, event) == 1)
}

/// Where the content of a file that was fetched stands.
pub async fn content(
    connection: &mut Connection,
    event: &str,
) -> Result<Option<RawMail>, StoreError> {
    let row = fetch_optional!(connection, (Option<Vec<u8>>, String), SELECT_CONTENT, event);
    Ok(row.map(|(content, blob)| match content {
        Some(bytes) => RawMail::Inline(bytes),
        None => RawMail::Blob(blob),
    }))
}

/// The small picture that is shown instead of the file, and its type.
pub async fn preview(
    connection: &mut Connection,
    event: &str,
) -> Result<Option<(Bytes, String)>, StoreError> {
    let row = fetch_optional!(connection, (Option<Vec<u8>>, String), SELECT_PREVIEW, event);
    Ok(row.and_then(|(preview, content_type)| Some((preview?.into(), content_type))))
}

/// The message was redacted: its file is gone from here, and the links to it are dead.
pub async fn take_back(tx: &mut Tx, event: &str) -> Result<(), StoreError> {
    let Some((blob,)) = fetch_optional!(tx.connection(), (String,), SELECT_BLOB, event) else {
        return Ok(());
    };
    spend_blob(tx, &blob).await?;
    execute!(tx.connection(), TAKE_BACK, event);
    Ok(())
}

/// The letter is settled: what no other letter needs is let go of.
pub async fn let_go(tx: &mut Tx, letter: LetterId) -> Result<(), StoreError> {
    let files = fetch_all!(
        tx.connection(),
        (String, String),
        SELECT_NEEDED_NO_MORE,
        letter.0
    );
    for (event, blob) in files {
        release(tx, &event, &blob).await?;
    }
    Ok(())
}

/// A letter that waits has another file in place of the one that `event` shares: that one is let go of if
/// no other letter needs it.
pub async fn replace(tx: &mut Tx, event: &str) -> Result<(), StoreError> {
    match fetch_optional!(tx.connection(), (String,), SELECT_REPLACED, event) {
        Some((blob,)) => release(tx, event, &blob).await,
        None => Ok(()),
    }
}

async fn release(tx: &mut Tx, event: &str, blob: &str) -> Result<(), StoreError> {
    spend_blob(tx, blob).await?;
    if execute!(tx.connection(), LEAVE_TO_LINKS, event) == 0 {
        execute!(tx.connection(), FORGET, event);
    }
    Ok(())
}

/// Some of the blobs that are to be deleted, by name, after that one.
pub async fn spent(
    connection: &mut Connection,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(connection, (String,), SELECT_SPENT, after, limit);
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// The blob is deleted.
pub async fn forget_spent(tx: &mut Tx, name: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), FORGET_SPENT, name);
    Ok(())
}

/// Whether some file stands in this blob.
pub async fn is_referred_to(connection: &mut Connection, blob: &str) -> Result<bool, StoreError> {
    Ok(fetch_optional!(connection, (String,), IS_REFERRED_TO, blob).is_some())
}

/// Some files that stand in blobs, by their events, and the blobs.
pub async fn in_blobs(
    connection: &mut Connection,
    limit: i64,
) -> Result<Vec<(String, String)>, StoreError> {
    Ok(fetch_all!(
        connection,
        (String, String),
        SELECT_BLOBS,
        limit
    ))
}

/// The content of a file isn't there any more, or not as it was: the file is to be fetched anew.
pub async fn lose(tx: &mut Tx, event: &str, now: i64) -> Result<(), StoreError> {
    if let Some((blob,)) = fetch_optional!(tx.connection(), (String,), SELECT_BLOB, event)
        && execute!(tx.connection(), LOSE, event, now) == 1
    {
        spend_blob(tx, &blob).await?;
    }
    Ok(())
}

/// Nobody has tried to fetch anything for a while: how long it was tried counts from now.
pub async fn begin_again(tx: &mut Tx, now: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), BEGIN_AGAIN, now);
    Ok(())
}

/// The blob is deleted soon: nothing refers to it any more.
pub async fn spend_blob(tx: &mut Tx, blob: &str) -> Result<(), StoreError> {
    if !blob.is_empty() {
        execute!(tx.connection(), SPEND, blob);
        tx.wake(Queue::Files);
    }
    Ok(())
}

fn state_of(word: &str) -> Result<State, StoreError> {
    Ok(match word {
        "waiting" => State::Waiting,
        "kept" => State::Kept,
        "too_large" => State::TooLarge,
        "missing" => State::Missing,
        "taken_back" => State::TakenBack,
        other => return Err(StoreError::Value(format!("state of a file {other}"))),
    })
}

fn dimensions(width: i64, height: i64) -> Option<(u32, u32)> {
    let (width, height) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
    (width > 0 && height > 0).then_some((width, height))
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

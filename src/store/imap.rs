//! How far each folder on an IMAP server has been read, and what is still to be marked there.

use super::{Connection, StoreError, Tx};

statements! {
    SELECT = "
        SELECT id, uid_validity, next_uid, compare_below, since FROM imap_folders
        WHERE mailbox = $1 AND host = $2 AND username = $3 AND folder = $4";
    INSERT = "
        INSERT INTO imap_folders (mailbox, host, username, folder, uid_validity, next_uid, since)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    BEGIN_ANEW = "
        UPDATE imap_folders SET uid_validity = $3, next_uid = 1, compare_below = $4
        WHERE id = $1 AND uid_validity = $2";
    ADVANCE = "
        UPDATE imap_folders SET next_uid = $4
        WHERE id = $1 AND uid_validity = $2 AND next_uid = $3";
    ADD_UNMARKED = "
        INSERT INTO imap_unmarked (folder_id, uid) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    SELECT_UNMARKED = "
        SELECT uid FROM imap_unmarked WHERE folder_id = $1 ORDER BY uid LIMIT $2";
    MARKED = "DELETE FROM imap_unmarked WHERE folder_id = $1 AND uid = $2";
    FORGET_UNMARKED = "DELETE FROM imap_unmarked WHERE folder_id = $1";
    ADD_PASSED = "
        INSERT INTO imap_passed (folder_id, came_at, size) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING";
    SELECT_PASSED = "
        SELECT size FROM imap_passed WHERE folder_id = $1 AND came_at = $2 AND size = $3";
    SELECT_BY_DIGEST = "SELECT id FROM mails WHERE digest = $1 LIMIT 1";
}

/// Which folder, of whose account, for which of our mailboxes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub mailbox: String,
    pub host: String,
    pub username: String,
    pub folder: String,
}

/// How far a folder has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Progress {
    pub id: i64,
    pub uid_validity: i64,
    pub next_uid: i64,
    /// Mails with a lower UID may have been taken under another one.
    pub compare_below: i64,
    /// Mail from before is not ours; milliseconds since 1970.
    pub since: i64,
}

pub async fn find(
    connection: &mut Connection,
    place: &Place,
) -> Result<Option<Progress>, StoreError> {
    Ok(fetch_optional!(
        connection,
        Progress,
        SELECT,
        &place.mailbox,
        &place.host,
        &place.username,
        &place.folder
    ))
}

/// Notes where to begin in a folder that is read for the first time.
pub async fn begin(
    tx: &mut Tx,
    place: &Place,
    uid_validity: i64,
    next_uid: i64,
    since: i64,
) -> Result<(), StoreError> {
    execute!(
        tx.connection(),
        INSERT,
        &place.mailbox,
        &place.host,
        &place.username,
        &place.folder,
        uid_validity,
        next_uid,
        since
    );
    Ok(())
}

/// The server has given up its UIDs: everything below `compare_below` is to be looked at again.
pub async fn begin_anew(
    tx: &mut Tx,
    known: &Progress,
    uid_validity: i64,
    compare_below: i64,
) -> Result<(), StoreError> {
    let changed = execute!(
        tx.connection(),
        BEGIN_ANEW,
        known.id,
        known.uid_validity,
        uid_validity,
        compare_below
    );
    if changed > 0 {
        execute!(tx.connection(), FORGET_UNMARKED, known.id);
    }
    Ok(())
}

/// Notes that everything below `next_uid` has been dealt with. `false` if the folder has been read
/// on by somebody else: then nothing may be taken from it.
pub async fn advance(tx: &mut Tx, known: &Progress, next_uid: i64) -> Result<bool, StoreError> {
    let changed = execute!(
        tx.connection(),
        ADVANCE,
        known.id,
        known.uid_validity,
        known.next_uid,
        next_uid
    );
    Ok(changed == 1)
}

/// Notes that a mail was taken over and has to be marked.
pub async fn add_unmarked(tx: &mut Tx, folder: i64, uid: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), ADD_UNMARKED, folder, uid);
    Ok(())
}

/// UIDs of mails that are to be marked, in order.
pub async fn unmarked(
    connection: &mut Connection,
    folder: i64,
    limit: i64,
) -> Result<Vec<i64>, StoreError> {
    let rows = fetch_all!(connection, (i64,), SELECT_UNMARKED, folder, limit);
    Ok(rows.into_iter().map(|(uid,)| uid).collect())
}

pub async fn marked(tx: &mut Tx, folder: i64, uids: &[i64]) -> Result<(), StoreError> {
    for uid in uids {
        execute!(tx.connection(), MARKED, folder, uid);
    }
    Ok(())
}

/// Notes that a mail stays on the server; `came_at` in milliseconds since 1970.
pub async fn add_passed(
    tx: &mut Tx,
    folder: i64,
    came_at: i64,
    size: i64,
) -> Result<(), StoreError> {
    execute!(tx.connection(), ADD_PASSED, folder, came_at, size);
    Ok(())
}

pub async fn is_passed(
    connection: &mut Connection,
    folder: i64,
    came_at: i64,
    size: i64,
) -> Result<bool, StoreError> {
    let row = fetch_optional!(connection, (i64,), SELECT_PASSED, folder, came_at, size);
    Ok(row.is_some())
}

/// Whether a mail with these very bytes has been taken over, through whichever door.
pub async fn is_known(connection: &mut Connection, digest: &str) -> Result<bool, StoreError> {
    Ok(fetch_optional!(connection, (i64,), SELECT_BY_DIGEST, digest).is_some())
}

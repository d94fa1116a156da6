//! The secrets that sign reply tokens and Message-IDs.

use super::{Connection, Store, StoreError, Tx};
use crate::domain::token::Keys;

statements! {
    SELECT = "SELECT id, secret FROM keys ORDER BY id";
    INSERT = "INSERT INTO keys (id, secret, created_at) VALUES ($1, $2, $3)";
    SELECT_IDS = "SELECT id, created_at FROM keys ORDER BY id";
    REVOKE = "DELETE FROM keys WHERE id = $1";
}

/// The id of the first key.
const FIRST: i64 = 1;

/// Loads the keys; a fresh database gets `first` as its first one.
pub async fn load(store: &Store, first: [u8; 32], now: i64) -> Result<Keys, StoreError> {
    store
        .write(move |tx| {
            Box::pin(async move {
                // Whoever has rotated and revoked has no first one.
                if ids(tx.connection()).await?.is_empty() {
                    execute!(tx.connection(), INSERT, FIRST, first.as_slice(), now);
                }
                read(tx.connection()).await
            })
        })
        .await
}

/// The keys that are there; a database that Postroom has never opened has none.
pub async fn read(connection: &mut Connection) -> Result<Keys, StoreError> {
    let rows = fetch_all!(connection, (i64, Vec<u8>), SELECT);
    // Only the lower four bits of a key's id count.
    Ok(Keys::new(
        rows.into_iter()
            .map(|(id, secret)| (id.to_le_bytes()[0], secret))
            .collect(),
    ))
}

/// The ids of the keys that are there, each with the time of its making; the last one signs.
pub async fn ids(connection: &mut Connection) -> Result<Vec<(i64, i64)>, StoreError> {
    Ok(fetch_all!(connection, (i64, i64), SELECT_IDS))
}

/// From the next start on this key signs, and those before are still read. Returns its id; `None` if
/// there are as many as can be told apart.
pub async fn rotate(tx: &mut Tx, secret: [u8; 32], now: i64) -> Result<Option<i64>, StoreError> {
    let known = ids(tx.connection()).await?;
    let id = known.last().map_or(FIRST, |(last, _)| last + 1);
    // Tokens have only four bits of it.
    if known.iter().any(|(other, _)| other & 0x0f == id & 0x0f) {
        return Ok(None);
    }
    execute!(tx.connection(), INSERT, id, secret.as_slice(), now);
    Ok(Some(id))
}

/// What this key has signed counts for nothing from the next start on. `false` if there is none, or it
/// is the one that signs.
pub async fn revoke(tx: &mut Tx, id: i64) -> Result<bool, StoreError> {
    let known = ids(tx.connection()).await?;
    if known.last().is_none_or(|(last, _)| *last == id) {
        return Ok(false);
    }
    Ok(execute!(tx.connection(), REVOKE, id) == 1)
}

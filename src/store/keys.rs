//! The secrets that sign reply tokens and Message-IDs.

use super::{Connection, Store, StoreError};
use crate::domain::token::Keys;

statements! {
    SELECT = "SELECT id, secret FROM keys ORDER BY id";
    INSERT = "INSERT INTO keys (id, secret, created_at) VALUES (1, $1, $2) ON CONFLICT DO NOTHING";
}

/// Loads the keys; a fresh database gets `first` as its first one.
pub async fn load(store: &Store, first: [u8; 32], now: i64) -> Result<Keys, StoreError> {
    store
        .write(move |tx| {
            Box::pin(async move {
                execute!(tx.connection(), INSERT, first.as_slice(), now);
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

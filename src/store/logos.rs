//! Which pictures of rooms the homeserver has.

use ruma::OwnedMxcUri;

use super::{Connection, StoreError, Tx};

statements! {
    SELECT = "SELECT uri FROM logos WHERE digest = $1";
    INSERT = "
        INSERT INTO logos (digest, uri, uploaded_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
}

/// Where the picture with this digest is; `None` if it hasn't gone up yet.
pub async fn find(
    connection: &mut Connection,
    digest: &str,
) -> Result<Option<OwnedMxcUri>, StoreError> {
    let row = fetch_optional!(connection, (String,), SELECT, digest);
    Ok(row.map(|(uri,)| OwnedMxcUri::from(uri)))
}

/// The picture is there. If it went up twice, the first one counts.
pub async fn remember(
    tx: &mut Tx,
    digest: &str,
    uri: &OwnedMxcUri,
    now: i64,
) -> Result<(), StoreError> {
    execute!(tx.connection(), INSERT, digest, uri.as_str(), now);
    Ok(())
}

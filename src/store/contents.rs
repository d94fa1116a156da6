//! What is in the files that letters carry.

use super::{Connection, StoreError, mails::RawMail};

statements! {
    SELECT_CONTENT = "SELECT content, blob FROM files WHERE event_id = $1 AND state = 'kept'";
}

/// Where the content of the file that `event` has shared stands; `None` if it isn't kept.
pub async fn find(connection: &mut Connection, event: &str) -> Result<Option<RawMail>, StoreError> {
    let row = fetch_optional!(connection, (Option<Vec<u8>>, String), SELECT_CONTENT, event);
    Ok(row.map(|(content, blob)| content.map_or(RawMail::Blob(blob), RawMail::Inline)))
}

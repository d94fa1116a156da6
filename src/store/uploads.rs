//! What of which mail the homeserver keeps already.

use serde_json::Value;

use super::{Connection, StoreError, Tx};
use crate::domain::{ids::MailId, outgoing::MailPart};

statements! {
    SELECT = "SELECT content FROM uploads WHERE mail_id = $1 AND part = $2";
    INSERT = "
        INSERT INTO uploads (mail_id, part, content, uploaded_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING";
}

/// What an event's content says of the part; `None` if it hasn't gone up yet.
pub async fn find(
    connection: &mut Connection,
    mail: MailId,
    part: MailPart,
) -> Result<Option<Value>, StoreError> {
    let row = fetch_optional!(connection, (String,), SELECT, mail.0, name(part));
    Ok(row
        .map(|(content,)| serde_json::from_str(&content))
        .transpose()?)
}

/// The part is there. If it went up twice, the first one counts.
pub async fn remember(
    tx: &mut Tx,
    mail: MailId,
    part: MailPart,
    content: &Value,
    now: i64,
) -> Result<(), StoreError> {
    execute!(
        tx.connection(),
        INSERT,
        mail.0,
        name(part),
        content.to_string(),
        now
    );
    Ok(())
}

fn name(part: MailPart) -> String {
    match part {
        MailPart::File(index) => format!("file {index}"),
        MailPart::Text => "text".to_owned(),
        MailPart::Readable => "readable".to_owned(),
        MailPart::Original => "original".to_owned(),
    }
}

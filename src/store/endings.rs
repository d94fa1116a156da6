//! The last lines of what each sender wrote lately: those that come again are their signature.

use super::{Connection, StoreError, Tx};
use crate::domain::{address::EmailAddress, ids::MailId};

statements! {
    INSERT = "
        INSERT INTO endings (sender, mail_id, lines) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    SELECT = "SELECT lines FROM endings WHERE sender = $1 ORDER BY mail_id DESC LIMIT $2";
    FORGET = "
        DELETE FROM endings WHERE sender = $1 AND mail_id <= (
            SELECT mail_id FROM endings WHERE sender = $1 ORDER BY mail_id DESC LIMIT 1 OFFSET $2)";
}

/// How many mails of one sender are remembered.
const KEPT: i64 = 5;

/// The mail ended with `lines`, in the order in which they stood. What the sender wrote earlier than
/// the newest five mails is forgotten.
pub async fn remember(
    tx: &mut Tx,
    sender: &EmailAddress,
    mail: MailId,
    lines: &[String],
) -> Result<(), StoreError> {
    let key = sender.key();
    let lines = serde_json::to_string(lines)?;
    execute!(tx.connection(), INSERT, key, mail.0, lines);
    execute!(tx.connection(), FORGET, key, KEPT);
    Ok(())
}

/// How the sender's newest mails ended, the newest first.
pub async fn of(
    connection: &mut Connection,
    sender: &EmailAddress,
) -> Result<Vec<Vec<String>>, StoreError> {
    fetch_all!(connection, (String,), SELECT, sender.key(), KEPT)
        .into_iter()
        .map(|(lines,)| Ok(serde_json::from_str(&lines)?))
        .collect()
}

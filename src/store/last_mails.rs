//! The last mail that came in each conversation, as the next letter quotes it.

use super::{Connection, StoreError, Tx};
use crate::domain::ids::{ConversationId, MailId};

statements! {
    REMEMBER = "
        INSERT INTO last_mails (conversation_id, mail_id, author, written_at, text)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (conversation_id) DO UPDATE SET mail_id = excluded.mail_id,
            author = excluded.author, written_at = excluded.written_at, text = excluded.text";
    FORGET = "DELETE FROM last_mails WHERE conversation_id = $1";
    FORGET_MAIL = "DELETE FROM last_mails WHERE conversation_id = $1 AND mail_id = $2";
    SELECT = "
        SELECT last_mails.mail_id, author, written_at, text FROM last_mails
        JOIN mails ON mails.id = mail_id WHERE conversation_id = $1 AND taken_back = 0";
    TAKE_BACK = "UPDATE mails SET taken_back = 1 WHERE id = $1";
    COUNT_TAKEN_BACK = "SELECT count(*) FROM mails WHERE id = $1 AND taken_back = 1";
    SELECT_SHOWN = "SELECT conversation_id, mail_id FROM shown WHERE event_id = $1";
}

/// What a letter quotes.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct LastMail {
    pub mail_id: i64,
    pub author: String,
    /// RFC 3339 with the sender's offset; empty where the mail didn't say.
    pub written_at: String,
    pub text: String,
}

/// The newest mail by arrival; one without words leaves nothing to be quoted.
pub async fn remember(
    tx: &mut Tx,
    conversation: ConversationId,
    mail: &LastMail,
) -> Result<(), StoreError> {
    if mail.text.trim().is_empty() {
        execute!(tx.connection(), FORGET, conversation.0);
        return Ok(());
    }
    execute!(
        tx.connection(),
        REMEMBER,
        conversation.0,
        mail.mail_id,
        &mail.author,
        &mail.written_at,
        &mail.text,
    );
    Ok(())
}

pub async fn of(
    connection: &mut Connection,
    conversation: ConversationId,
) -> Result<Option<LastMail>, StoreError> {
    Ok(fetch_optional!(
        connection,
        LastMail,
        SELECT,
        conversation.0
    ))
}

/// Somebody took back an event in its room; the mail that it shows, if it does, is quoted no more.
pub async fn take_back(tx: &mut Tx, event: &str) -> Result<(), StoreError> {
    let connection = tx.connection();
    for (conversation, mail) in fetch_all!(connection, (i64, i64), SELECT_SHOWN, event) {
        execute!(connection, TAKE_BACK, mail);
        execute!(connection, FORGET_MAIL, conversation, mail);
    }
    Ok(())
}

pub async fn is_taken_back(connection: &mut Connection, mail: MailId) -> Result<bool, StoreError> {
    Ok(fetch_one!(connection, (i64,), COUNT_TAKEN_BACK, mail.0).0 > 0)
}

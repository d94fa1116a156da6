//! Links in letters to files that are too large for a mail. The address of each bears its number,
//! signed with its salt, which the database makes; the file itself stays with the homeserver.

use super::{Connection, Queue, StoreError, Tx};
use crate::domain::ids::ConversationId;

statements! {
    MAKE = "
        INSERT INTO links (event_id, conversation_id, made_at, ends_at, filename, language)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (event_id, conversation_id) DO UPDATE SET ends_at = excluded.ends_at
        RETURNING id, salt";
    SELECT = "
        SELECT links.id, salt, links.event_id, conversation_id, ends_at, filename, language, asked_at,
            source, state, size, content_type
        FROM links JOIN files ON files.event_id = links.event_id WHERE links.id = $1";
    ASK = "
        UPDATE links SET asked_at = $2, told = 0
        WHERE id = $1 AND (asked_at IS NULL OR asked_at <= $3)";
    SELECT_ASKED = "
        SELECT links.id, links.event_id, room_id, filename
        FROM links JOIN conversations ON conversations.id = conversation_id
        WHERE told = 0 ORDER BY links.id LIMIT $1";
    TOLD = "UPDATE links SET told = 1 WHERE id = $1 AND told = 0";
    RENEW = "UPDATE links SET ends_at = $2, asked_at = NULL, told = 1 WHERE id = $1";
    FORGET_NAME = "UPDATE links SET filename = '', told = 1 WHERE event_id = $1";
}

/// A link and the file that it leads to.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Link {
    pub id: i64,
    /// What its token is signed with.
    pub salt: String,
    pub event_id: String,
    pub conversation_id: i64,
    /// In milliseconds since 1970.
    pub ends_at: i64,
    pub filename: String,
    /// A tag of BCP 47.
    pub language: String,
    /// When somebody asked for it after its end.
    pub asked_at: Option<i64>,
    /// `mxc://…`
    pub source: String,
    state: String,
    size: i64,
    pub content_type: String,
}

impl Link {
    /// Whether the message with the file was redacted.
    #[must_use]
    pub fn is_taken_back(&self) -> bool {
        self.state == "taken_back"
    }

    /// The day of its end, for people.
    #[must_use]
    pub fn end(&self) -> jiff::Zoned {
        let end = jiff::Timestamp::from_millisecond(self.ends_at);
        end.unwrap_or_default()
            .to_zoned(jiff::tz::TimeZone::system())
    }

    /// In octets, as far as it is known.
    #[must_use]
    pub fn size(&self) -> u64 {
        u64::try_from(self.size).unwrap_or_default()
    }
}

/// A link for which somebody has asked after its end.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Asked {
    pub id: i64,
    pub event_id: String,
    pub room_id: String,
    pub filename: String,
}

/// The conversation gets a link to the file that `event` shares; its number and its salt. There is one for each
/// conversation, and a second letter makes it last longer.
pub async fn make(
    tx: &mut Tx,
    event: &str,
    conversation: ConversationId,
    filename: &str,
    language: &str,
    (now, ends_at): (i64, i64),
) -> Result<(i64, String), StoreError> {
    Ok(fetch_one!(
        tx.connection(),
        (i64, String),
        MAKE,
        event,
        conversation.0,
        now,
        ends_at,
        filename,
        language
    ))
}

pub async fn find(connection: &mut Connection, id: i64) -> Result<Option<Link>, StoreError> {
    Ok(fetch_optional!(connection, Link, SELECT, id))
}

/// Somebody asks for the file after the link's end. Who asks again after `since` changes nothing.
pub async fn ask(tx: &mut Tx, id: i64, now: i64, since: i64) -> Result<(), StoreError> {
    if execute!(tx.connection(), ASK, id, now, since) == 1 {
        tx.wake(Queue::Files);
    }
    Ok(())
}

/// Some of the links of which the room is still to be told that somebody asks for them.
pub async fn asked(connection: &mut Connection, limit: i64) -> Result<Vec<Asked>, StoreError> {
    Ok(fetch_all!(connection, Asked, SELECT_ASKED, limit))
}

/// The room is told now; `false` if it was before.
pub async fn told(tx: &mut Tx, id: i64) -> Result<bool, StoreError> {
    Ok(execute!(tx.connection(), TOLD, id) == 1)
}

/// The link works until then.
pub async fn renew(tx: &mut Tx, id: i64, ends_at: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), RENEW, id, ends_at);
    Ok(())
}

/// The message with the file was redacted.
pub async fn forget_name(tx: &mut Tx, event: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), FORGET_NAME, event);
    Ok(())
}

//! The pictures of people, and of the bot.

use super::{Connection, StoreError, Tx};
use crate::domain::ids::ContactId;

statements! {
    SELECT = "
        SELECT picture, source, uploaded, mxc, worn FROM portraits WHERE contact_id = $1";
    SET_PICTURE = "
        INSERT INTO portraits (contact_id, picture, source) VALUES ($1, $2, $3)
        ON CONFLICT (contact_id) DO UPDATE SET picture = excluded.picture, source = excluded.source";
    SET_UPLOADED = "
        INSERT INTO portraits (contact_id, uploaded, mxc) VALUES ($1, $2, $3)
        ON CONFLICT (contact_id) DO UPDATE SET uploaded = excluded.uploaded, mxc = excluded.mxc";
    SET_WORN = "
        INSERT INTO portraits (contact_id, worn) VALUES ($1, $2)
        ON CONFLICT (contact_id) DO UPDATE SET worn = excluded.worn";
}

/// The bot's stands in the place of a contact that nobody is.
pub const OF_THE_BOT: ContactId = ContactId(0);

#[derive(Debug, Clone, Default, sqlx::FromRow)]
pub struct Portrait {
    /// PNG; `None`: initials.
    pub picture: Option<Vec<u8>>,
    /// The digest of what its owner had sent.
    pub source: String,
    /// What the homeserver was given last, and where that is.
    pub uploaded: String,
    pub mxc: String,
    /// What the profile has.
    pub worn: String,
}

pub async fn find(connection: &mut Connection, of: ContactId) -> Result<Portrait, StoreError> {
    Ok(fetch_optional!(connection, Portrait, SELECT, of.0).unwrap_or_default())
}

/// Somebody has sent a picture of themselves; `source` is the digest of what they sent.
pub async fn set_picture(
    tx: &mut Tx,
    of: ContactId,
    picture: &[u8],
    source: &str,
) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_PICTURE, of.0, Some(picture), source);
    Ok(())
}

pub async fn set_uploaded(
    tx: &mut Tx,
    of: ContactId,
    what: &str,
    mxc: &str,
) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_UPLOADED, of.0, what, mxc);
    Ok(())
}

pub async fn set_worn(tx: &mut Tx, of: ContactId, what: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_WORN, of.0, what);
    Ok(())
}

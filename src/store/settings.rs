//! What staff have set for rooms.

use super::{Connection, StoreError, Tx};
use crate::domain::settings::Value;

statements! {
    SELECT = "SELECT key, value, set_by FROM room_settings WHERE room_id = $1";
    SET = "
        INSERT INTO room_settings (room_id, key, value, set_by, set_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (room_id, key) DO UPDATE SET value = $3, set_by = $4, set_at = $5";
    TAKE_BACK = "DELETE FROM room_settings WHERE room_id = $1 AND key = $2";
}

/// One setting, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Row {
    pub key: String,
    pub value: String,
    /// A Matrix user id.
    pub set_by: String,
}

pub async fn of_room(connection: &mut Connection, room: &str) -> Result<Vec<Row>, StoreError> {
    Ok(fetch_all!(connection, Row, SELECT, room))
}

pub async fn set(
    tx: &mut Tx,
    room: &str,
    value: &Value,
    by: &str,
    now: i64,
) -> Result<(), StoreError> {
    let key = value.key().word();
    execute!(tx.connection(), SET, room, key, value.to_string(), by, now);
    Ok(())
}

pub async fn take_back(tx: &mut Tx, room: &str, key: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), TAKE_BACK, room, key);
    Ok(())
}

//! What is known of rooms for commands: direct chats with the bot, and aliases.

use super::{Connection, StoreError, Tx};

statements! {
    INSERT_DIRECT = "INSERT INTO direct_rooms (room_id) VALUES ($1) ON CONFLICT DO NOTHING";
    SELECT_DIRECT = "SELECT room_id FROM direct_rooms WHERE room_id = $1";
    DELETE_DIRECT = "DELETE FROM direct_rooms WHERE room_id = $1";
    SET_ALIAS = "
        INSERT INTO room_aliases (alias, room_id, looked_at) VALUES ($1, $2, $3)
        ON CONFLICT (alias) DO UPDATE SET room_id = excluded.room_id,
            looked_at = excluded.looked_at";
    SELECT_ALIAS = "SELECT room_id, looked_at FROM room_aliases WHERE alias = $1";
}

/// The room is somebody's direct chat with the bot.
pub async fn set_direct(tx: &mut Tx, room: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), INSERT_DIRECT, room);
    Ok(())
}

pub async fn forget_direct(tx: &mut Tx, room: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), DELETE_DIRECT, room);
    Ok(())
}

pub async fn is_direct(connection: &mut Connection, room: &str) -> Result<bool, StoreError> {
    Ok(fetch_optional!(connection, (String,), SELECT_DIRECT, room).is_some())
}

/// The room to which an alias led at that time, in milliseconds since 1970; empty: to none.
pub async fn set_alias(tx: &mut Tx, alias: &str, room: &str, now: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_ALIAS, alias, room, now);
    Ok(())
}

pub async fn alias(
    connection: &mut Connection,
    alias: &str,
) -> Result<Option<(String, i64)>, StoreError> {
    Ok(fetch_optional!(
        connection,
        (String, i64),
        SELECT_ALIAS,
        alias
    ))
}

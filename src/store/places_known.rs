//! What is known of rooms for commands: direct chats, aliases, who may do what.

use super::{Connection, StoreError, Tx};

statements! {
    INSERT_DIRECT = "INSERT INTO direct_rooms (room_id) VALUES ($1) ON CONFLICT DO NOTHING";
    SELECT_DIRECT = "SELECT room_id FROM direct_rooms WHERE room_id = $1";
    SET_ALIAS = "
        INSERT INTO room_aliases (alias, room_id, looked_at) VALUES ($1, $2, $3)
        ON CONFLICT (alias) DO UPDATE SET room_id = excluded.room_id,
            looked_at = excluded.looked_at";
    SELECT_ALIAS = "SELECT room_id, looked_at FROM room_aliases WHERE alias = $1";
    SET_POWERS = "
        INSERT INTO room_powers (room_id, powers) VALUES ($1, $2)
        ON CONFLICT (room_id) DO UPDATE SET powers = excluded.powers";
    SELECT_POWERS = "SELECT powers FROM room_powers WHERE room_id = $1";
    DELETE_POWERS = "DELETE FROM room_powers WHERE room_id = $1";
}

/// The room is somebody's direct chat with the bot.
pub async fn set_direct(tx: &mut Tx, room: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), INSERT_DIRECT, room);
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

/// `powers` as JSON.
pub async fn set_powers(tx: &mut Tx, room: &str, powers: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_POWERS, room, powers);
    Ok(())
}

pub async fn powers(connection: &mut Connection, room: &str) -> Result<Option<String>, StoreError> {
    let row = fetch_optional!(connection, (String,), SELECT_POWERS, room);
    Ok(row.map(|(powers,)| powers))
}

/// They are fetched anew when they are needed.
pub async fn forget_powers(tx: &mut Tx, room: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), DELETE_POWERS, room);
    Ok(())
}

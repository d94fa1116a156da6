//! The lives of rooms: who may do what in them, what replaces them, who waits before their door.

use super::{Connection, StoreError, Tx};
use crate::domain::room_rules::{Creation, Levels, RoomRules};

statements! {
    SELECT = "
        SELECT creation, levels, alias, deserted, leaving FROM room_lives WHERE room_id = $1";
    SET_CREATION = "
        INSERT INTO room_lives (room_id, creation) VALUES ($1, $2)
        ON CONFLICT (room_id) DO UPDATE SET creation = excluded.creation";
    SET_LEVELS = "
        INSERT INTO room_lives (room_id, levels) VALUES ($1, $2)
        ON CONFLICT (room_id) DO UPDATE SET levels = excluded.levels";
    SET_ALIAS = "
        INSERT INTO room_lives (room_id, alias) VALUES ($1, $2)
        ON CONFLICT (room_id) DO UPDATE SET alias = excluded.alias";
    SET_DESERTED = "
        INSERT INTO room_lives (room_id, deserted) VALUES ($1, $2)
        ON CONFLICT (room_id) DO UPDATE SET deserted = excluded.deserted";
    SET_LEAVING = "
        INSERT INTO room_lives (room_id, leaving) VALUES ($1, $2)
        ON CONFLICT (room_id) DO UPDATE SET leaving = excluded.leaving";
    SELECT_TOLD = "SELECT told_at FROM told WHERE room_id = $1 AND about = $2";
    SET_TOLD = "
        INSERT INTO told (room_id, about, told_at) VALUES ($1, $2, $3)
        ON CONFLICT (room_id, about) DO UPDATE SET told_at = excluded.told_at";
    INSERT_BID = "
        INSERT INTO bids (room_id, localpart, invited_by, invited_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING";
    SELECT_BIDS = "SELECT localpart FROM bids WHERE room_id = $1 ORDER BY localpart";
    DELETE_BIDS = "DELETE FROM bids WHERE room_id = $1";
    COUNT_WAITING_MAILS = "
        SELECT count(*) FROM held
        WHERE room_id = $1 AND state = 'waiting' AND why IN ('away', 'deserted')";
    SELECT_WAITING_MAILS = "
        SELECT id FROM held
        WHERE room_id = $1 AND state = 'waiting' AND why IN ('away', 'deserted') ORDER BY id";
}

/// What is known of a room's life.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub rules: RoomRules,
    pub alias: String,
    pub is_deserted: bool,
    pub is_leaving: bool,
}

#[derive(sqlx::FromRow)]
struct Row {
    creation: String,
    levels: String,
    alias: String,
    deserted: i64,
    leaving: i64,
}

pub async fn find(connection: &mut Connection, room: &str) -> Result<Known, StoreError> {
    let Some(row) = fetch_optional!(connection, Row, SELECT, room) else {
        return Ok(Known::default());
    };
    Ok(Known {
        rules: RoomRules {
            creation: read(&row.creation)?,
            levels: read(&row.levels)?,
        },
        alias: row.alias,
        is_deserted: row.deserted == 1,
        is_leaving: row.leaving == 1,
    })
}

fn read<T: serde::de::DeserializeOwned>(json: &str) -> Result<Option<T>, StoreError> {
    if json.is_empty() {
        return Ok(None);
    }
    Ok(Some(serde_json::from_str(json)?))
}

pub async fn set_creation(tx: &mut Tx, room: &str, made: &Creation) -> Result<(), StoreError> {
    let json = serde_json::to_string(made)?;
    execute!(tx.connection(), SET_CREATION, room, json);
    Ok(())
}

pub async fn set_levels(tx: &mut Tx, room: &str, levels: &Levels) -> Result<(), StoreError> {
    let json = serde_json::to_string(levels)?;
    execute!(tx.connection(), SET_LEVELS, room, json);
    Ok(())
}

/// An empty alias: the room has none.
pub async fn set_alias(tx: &mut Tx, room: &str, alias: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_ALIAS, room, alias);
    Ok(())
}

pub async fn set_deserted(tx: &mut Tx, room: &str, is_deserted: bool) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_DESERTED, room, i64::from(is_deserted));
    Ok(())
}

/// Whether the bot has decided to leave the room.
pub async fn set_leaving(tx: &mut Tx, room: &str, is_leaving: bool) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_LEAVING, room, i64::from(is_leaving));
    Ok(())
}

/// When people of the room were last told of something.
pub async fn told_at(
    connection: &mut Connection,
    room: &str,
    about: &str,
) -> Result<Option<i64>, StoreError> {
    let row = fetch_optional!(connection, (i64,), SELECT_TOLD, room, about);
    Ok(row.map(|(at,)| at))
}

pub async fn set_told(tx: &mut Tx, room: &str, about: &str, now: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_TOLD, room, about, now);
    Ok(())
}

/// `by` has invited a user of our namespace to a room in which the bot isn't.
pub async fn bid(
    tx: &mut Tx,
    room: &str,
    localpart: &str,
    by: &str,
    now: i64,
) -> Result<(), StoreError> {
    execute!(tx.connection(), INSERT_BID, room, localpart, by, now);
    Ok(())
}

pub async fn bids(connection: &mut Connection, room: &str) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(connection, (String,), SELECT_BIDS, room);
    Ok(rows.into_iter().map(|(localpart,)| localpart).collect())
}

pub async fn forget_bids(tx: &mut Tx, room: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), DELETE_BIDS, room);
    Ok(())
}

/// How many mails wait for the bot, or for somebody of staff, to come back to the room.
pub async fn count_waiting_mails(
    connection: &mut Connection,
    room: &str,
) -> Result<usize, StoreError> {
    let (count,) = fetch_one!(connection, (i64,), COUNT_WAITING_MAILS, room);
    Ok(usize::try_from(count).unwrap_or_default())
}

/// The numbers of what is held for that.
pub async fn waiting_mails(
    connection: &mut Connection,
    room: &str,
) -> Result<Vec<i64>, StoreError> {
    let rows = fetch_all!(connection, (i64,), SELECT_WAITING_MAILS, room);
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

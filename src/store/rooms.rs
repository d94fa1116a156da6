//! Rooms and who is in them.

use super::{Connection, StoreError, Tx, signs};

statements! {
    INSERT = "INSERT INTO rooms (room_id, mailbox) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    SELECT = "SELECT mailbox, name, encrypted, bot_joined, known_at FROM rooms WHERE room_id = $1";
    SET_NAME = "UPDATE rooms SET name = $2 WHERE room_id = $1";
    SET_ENCRYPTED = "UPDATE rooms SET encrypted = 1 WHERE room_id = $1";
    SET_BOT_JOINED = "UPDATE rooms SET bot_joined = $2 WHERE room_id = $1";
    SET_KNOWN = "UPDATE rooms SET known_at = $2 WHERE room_id = $1";
    FORGET = "UPDATE rooms SET known_at = NULL WHERE room_id = $1";
    SET_MEMBER = "
        INSERT INTO members (room_id, user_id, membership, name) VALUES ($1, $2, $3, $4)
        ON CONFLICT (room_id, user_id) DO UPDATE SET membership = excluded.membership,
            name = CASE WHEN excluded.name = '' THEN members.name ELSE excluded.name END";
    SELECT_PRESENT = "
        SELECT user_id FROM members WHERE room_id = $1 AND membership IN ('join', 'invite')";
    SELECT_JOINED = "
        SELECT user_id FROM members WHERE room_id = $1 AND membership = 'join' ORDER BY user_id";
    SELECT_MEMBERSHIP = "SELECT membership FROM members WHERE room_id = $1 AND user_id = $2";
    SELECT_MEMBER = "SELECT name FROM members WHERE room_id = $1 AND user_id = $2";
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Room {
    pub mailbox: String,
    pub name: String,
    pub encrypted: i64,
    pub bot_joined: i64,
    pub known_at: Option<i64>,
}

/// Makes sure that the room has a row; a new one belongs to `mailbox`.
pub async fn ensure(tx: &mut Tx, room: &str, mailbox: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), INSERT, room, mailbox);
    Ok(())
}

pub async fn find(connection: &mut Connection, room: &str) -> Result<Option<Room>, StoreError> {
    Ok(fetch_optional!(connection, Room, SELECT, room))
}

pub async fn set_name(tx: &mut Tx, room: &str, name: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_NAME, room, name);
    Ok(())
}

pub async fn set_encrypted(tx: &mut Tx, room: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_ENCRYPTED, room);
    Ok(())
}

pub async fn set_bot_joined(tx: &mut Tx, room: &str, joined: bool) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_BOT_JOINED, room, i64::from(joined));
    if !joined {
        // What happens without us we don't see: the state is fetched anew when we come back.
        execute!(tx.connection(), FORGET, room);
        signs::set_stated(tx, room, "").await?;
    }
    signs::touch(tx, room).await
}

pub async fn set_known(tx: &mut Tx, room: &str, now: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_KNOWN, room, now);
    Ok(())
}

/// `membership` in the spec's words; an empty `name` leaves the one that is known.
pub async fn set_member(
    tx: &mut Tx,
    room: &str,
    user: &str,
    membership: &str,
    name: &str,
) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_MEMBER, room, user, membership, name);
    Ok(())
}

/// What a member is called in the room, if that is known.
pub async fn member_name(
    connection: &mut Connection,
    room: &str,
    user: &str,
) -> Result<Option<String>, StoreError> {
    let row = fetch_optional!(connection, (String,), SELECT_MEMBER, room, user);
    Ok(row.map(|(name,)| name).filter(|name| !name.is_empty()))
}

/// What somebody's membership is, in the spec's words, if that is known.
pub async fn membership(
    connection: &mut Connection,
    room: &str,
    user: &str,
) -> Result<Option<String>, StoreError> {
    let row = fetch_optional!(connection, (String,), SELECT_MEMBERSHIP, room, user);
    Ok(row.map(|(membership,)| membership))
}

/// The ids of those who are in the room or invited.
pub async fn present(connection: &mut Connection, room: &str) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(connection, (String,), SELECT_PRESENT, room);
    Ok(rows.into_iter().map(|(user,)| user).collect())
}

/// The ids of those who are in the room.
pub async fn joined(connection: &mut Connection, room: &str) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(connection, (String,), SELECT_JOINED, room);
    Ok(rows.into_iter().map(|(user,)| user).collect())
}

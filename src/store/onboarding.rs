//! People on their way from mail to Matrix, and back.

use ruma::{OwnedUserId, UserId};

use super::{Connection, StoreError, Tx};
use crate::domain::{
    event::Access,
    ids::{ContactId, ConversationId},
    onboarding::{Move, State},
};

statements! {
    ENSURE_ACCESS = "INSERT INTO room_access (room_id) VALUES ($1) ON CONFLICT DO NOTHING";
    SET_JOIN_RULE = "UPDATE room_access SET join_rule = $2 WHERE room_id = $1";
    SET_HISTORY = "UPDATE room_access SET history = $2 WHERE room_id = $1";
    SELECT_ACCESS = "SELECT join_rule, history FROM room_access WHERE room_id = $1";
    SELECT_MOVE = "
        SELECT room_id, contact_id, user_id, state, keeps_mail FROM moves
        WHERE room_id = $1 AND contact_id = $2";
    SELECT_MOVES_OF_USER = "
        SELECT room_id, contact_id, user_id, state, keeps_mail FROM moves
        WHERE room_id = $1 AND user_id = $2 ORDER BY contact_id";
    SELECT_MOVES_OF_ROOM = "
        SELECT room_id, contact_id, user_id, state, keeps_mail FROM moves
        WHERE room_id = $1 ORDER BY contact_id";
    SELECT_MOVES_OF_CONTACT = "
        SELECT room_id, contact_id, user_id, state, keeps_mail FROM moves
        WHERE contact_id = $1 ORDER BY room_id";
    SELECT_UNFINISHED = "
        SELECT room_id, contact_id, user_id, state, keeps_mail FROM moves
        WHERE state IN ('waiting', 'refused') ORDER BY room_id, contact_id LIMIT 500";
    SET_MOVE = "
        INSERT INTO moves (room_id, contact_id, user_id, state, changed_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (room_id, contact_id) DO UPDATE SET user_id = excluded.user_id,
            state = excluded.state, changed_at = excluded.changed_at";
    ADVANCE_MOVE = "
        UPDATE moves SET state = $5, changed_at = $6
        WHERE room_id = $1 AND contact_id = $2 AND user_id = $3 AND state = $4";
    KEEP_MAIL = "UPDATE moves SET keeps_mail = $3 WHERE room_id = $1 AND contact_id = $2";
    FORGET_MOVE = "DELETE FROM moves WHERE room_id = $1 AND contact_id = $2";
    FORGET_MOVES = "DELETE FROM moves WHERE contact_id = $1";
    LINK = "
        INSERT INTO matrix_links (contact_id, user_id, linked_at) VALUES ($1, $2, $3)
        ON CONFLICT (contact_id) DO UPDATE SET user_id = excluded.user_id,
            linked_at = excluded.linked_at";
    UNLINK = "DELETE FROM matrix_links WHERE contact_id = $1";
    SELECT_LINK = "SELECT user_id FROM matrix_links WHERE contact_id = $1";
    SELECT_LINKED = "
        SELECT contact_id, user_id FROM matrix_links WHERE user_id = $1 ORDER BY contact_id";
    WAS_WELCOMED = "SELECT count(*) FROM welcomes WHERE contact_id = $1 AND mailbox = $2";
    WELCOME = "
        INSERT INTO welcomes (contact_id, mailbox, sent_at) VALUES ($1, $2, $3)
        ON CONFLICT (contact_id, mailbox) DO UPDATE SET sent_at = excluded.sent_at";
    SELECT_ALLOWED = "SELECT server, allowed_by FROM allowed_servers ORDER BY server LIMIT 500";
    ALLOW = "
        INSERT INTO allowed_servers (server, allowed_by, allowed_at) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING";
    DISALLOW = "DELETE FROM allowed_servers WHERE server = $1";
    SELECT_MAIN = "
        SELECT conversations.id FROM participants
        JOIN conversations ON conversations.id = conversation_id
        WHERE contact_id = $2 AND room_id = $1 AND role IN ('member', 'guest')
        AND state <> 'closed' ORDER BY length(thread_root), conversations.id LIMIT 1";
}

/// Something of the room's access changed.
pub async fn set_access(tx: &mut Tx, room: &str, access: &Access) -> Result<(), StoreError> {
    execute!(tx.connection(), ENSURE_ACCESS, room);
    match access {
        Access::JoinRule(rule) => execute!(tx.connection(), SET_JOIN_RULE, room, rule),
        Access::History(history) => execute!(tx.connection(), SET_HISTORY, room, history),
    };
    Ok(())
}

/// Join rule and history visibility, in the spec's words; empty where nothing is known.
pub async fn access(
    connection: &mut Connection,
    room: &str,
) -> Result<(String, String), StoreError> {
    let row = fetch_optional!(connection, (String, String), SELECT_ACCESS, room);
    Ok(row.unwrap_or_default())
}

type Row = (String, i64, String, String, i64);

fn of_row((room, contact, user, state, keeps_mail): Row) -> Result<Move, StoreError> {
    let wrong = |text: &str| StoreError::Value(format!("“{text}” in a move"));
    Ok(Move {
        room: room.as_str().try_into().map_err(|_| wrong(&room))?,
        contact: ContactId(contact),
        user: UserId::parse(&user).map_err(|_| wrong(&user))?,
        state: State::of_word(&state).ok_or_else(|| wrong(&state))?,
        keeps_mail: keeps_mail == 1,
    })
}

pub async fn find(
    connection: &mut Connection,
    room: &str,
    contact: ContactId,
) -> Result<Option<Move>, StoreError> {
    let row = fetch_optional!(connection, Row, SELECT_MOVE, room, contact.0);
    row.map(of_row).transpose()
}

/// Who in the room is this user, or may become it.
pub async fn of_user(
    connection: &mut Connection,
    room: &str,
    user: &UserId,
) -> Result<Vec<Move>, StoreError> {
    let rows = fetch_all!(connection, Row, SELECT_MOVES_OF_USER, room, user.as_str());
    rows.into_iter().map(of_row).collect()
}

pub async fn of_room(connection: &mut Connection, room: &str) -> Result<Vec<Move>, StoreError> {
    let rows = fetch_all!(connection, Row, SELECT_MOVES_OF_ROOM, room);
    rows.into_iter().map(of_row).collect()
}

/// Of all rooms.
pub async fn of_contact(
    connection: &mut Connection,
    contact: ContactId,
) -> Result<Vec<Move>, StoreError> {
    let rows = fetch_all!(connection, Row, SELECT_MOVES_OF_CONTACT, contact.0);
    rows.into_iter().map(of_row).collect()
}

/// Invitations that wait for a server to be allowed, or were refused.
pub async fn unfinished(connection: &mut Connection) -> Result<Vec<Move>, StoreError> {
    let rows = fetch_all!(connection, Row, SELECT_UNFINISHED);
    rows.into_iter().map(of_row).collect()
}

/// Somebody is so far in the room, as this user.
pub async fn set(
    tx: &mut Tx,
    (room, contact, user): (&str, ContactId, &UserId),
    state: State,
    now: i64,
) -> Result<(), StoreError> {
    let (user, state) = (user.as_str(), state.word());
    execute!(tx.connection(), SET_MOVE, room, contact.0, user, state, now);
    Ok(())
}

/// The same for who was in the state `from`; `false` if they weren't.
pub async fn advance(
    tx: &mut Tx,
    (room, contact, user): (&str, ContactId, &UserId),
    from: State,
    to: State,
    now: i64,
) -> Result<bool, StoreError> {
    let (user, from, to) = (user.as_str(), from.word(), to.word());
    let changed = execute!(
        tx.connection(),
        ADVANCE_MOVE,
        room,
        contact.0,
        user,
        from,
        to,
        now
    );
    Ok(changed == 1)
}

/// Whether they get mail besides.
pub async fn keep_mail(
    tx: &mut Tx,
    room: &str,
    contact: ContactId,
    keeps: bool,
) -> Result<(), StoreError> {
    execute!(
        tx.connection(),
        KEEP_MAIL,
        room,
        contact.0,
        i64::from(keeps)
    );
    Ok(())
}

/// They take part in the room by mail, and by nothing else.
pub async fn forget(tx: &mut Tx, room: &str, contact: ContactId) -> Result<(), StoreError> {
    execute!(tx.connection(), FORGET_MOVE, room, contact.0);
    Ok(())
}

pub async fn link(
    tx: &mut Tx,
    contact: ContactId,
    user: &UserId,
    now: i64,
) -> Result<(), StoreError> {
    execute!(tx.connection(), LINK, contact.0, user.as_str(), now);
    Ok(())
}

/// The contact is nobody in Matrix any more, in no room.
pub async fn unlink(tx: &mut Tx, contact: ContactId) -> Result<(), StoreError> {
    execute!(tx.connection(), UNLINK, contact.0);
    execute!(tx.connection(), FORGET_MOVES, contact.0);
    Ok(())
}

/// Which user the contact is.
pub async fn link_of(
    connection: &mut Connection,
    contact: ContactId,
) -> Result<Option<OwnedUserId>, StoreError> {
    let row = fetch_optional!(connection, (String,), SELECT_LINK, contact.0);
    Ok(row.and_then(|(user,)| UserId::parse(user).ok()))
}

/// Which contacts the user is.
pub async fn linked(
    connection: &mut Connection,
    user: &UserId,
) -> Result<Vec<ContactId>, StoreError> {
    let rows = fetch_all!(connection, (i64, String), SELECT_LINKED, user.as_str());
    Ok(rows
        .into_iter()
        .map(|(contact, _)| ContactId(contact))
        .collect())
}

pub async fn was_welcomed(
    connection: &mut Connection,
    contact: ContactId,
    mailbox: &str,
) -> Result<bool, StoreError> {
    let (count,) = fetch_one!(connection, (i64,), WAS_WELCOMED, contact.0, mailbox);
    Ok(count > 0)
}

pub async fn welcome(
    tx: &mut Tx,
    contact: ContactId,
    mailbox: &str,
    now: i64,
) -> Result<(), StoreError> {
    execute!(tx.connection(), WELCOME, contact.0, mailbox, now);
    Ok(())
}

/// The servers that staff have allowed, each with who did.
pub async fn allowed_servers(
    connection: &mut Connection,
) -> Result<Vec<(String, String)>, StoreError> {
    Ok(fetch_all!(connection, (String, String), SELECT_ALLOWED))
}

pub async fn allow_server(
    tx: &mut Tx,
    server: &str,
    by: &UserId,
    now: i64,
) -> Result<(), StoreError> {
    execute!(tx.connection(), ALLOW, server, by.as_str(), now);
    Ok(())
}

pub async fn disallow_server(tx: &mut Tx, server: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), DISALLOW, server);
    Ok(())
}

/// The conversation in which somebody is written to in the room: rather not a thread.
pub async fn main_place(
    connection: &mut Connection,
    room: &str,
    contact: ContactId,
) -> Result<Option<ConversationId>, StoreError> {
    let row = fetch_optional!(connection, (i64,), SELECT_MAIN, room, contact.0);
    Ok(row.map(|(id,)| ConversationId(id)))
}

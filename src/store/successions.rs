//! Rooms that are replaced by others, and what moves.

use ruma::OwnedRoomId;

use super::{Connection, Queue, StoreError, Tx, signs};
use crate::domain::ids::ConversationId;

statements! {
    INSERT = "
        INSERT INTO successions (old_room_id, new_room_id, said_by, said_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (old_room_id) DO UPDATE SET new_room_id = excluded.new_room_id,
            said_by = excluded.said_by, said_at = excluded.said_at, state = 'waiting', told = 0
        WHERE successions.state <> 'moved' AND successions.new_room_id <> excluded.new_room_id";
    SELECT_OF_OLD = "SELECT old_room_id, new_room_id, state FROM successions WHERE old_room_id = $1";
    SELECT_OF_NEW = "
        SELECT old_room_id, new_room_id, state FROM successions
        WHERE new_room_id = $1 AND state = 'waiting' ORDER BY said_at";
    MOVED = "UPDATE successions SET state = 'moved', moved_at = $2 WHERE old_room_id = $1";
    REFUSED = "UPDATE successions SET state = 'refused' WHERE old_room_id = $1 AND state = 'waiting'";
    SET_TOLD = "UPDATE successions SET told = 1 WHERE old_room_id = $1 AND told = 0";
    MOVE_MAILBOX = "
        UPDATE rooms SET mailbox = (SELECT mailbox FROM rooms WHERE room_id = $1) WHERE room_id = $2";
    SELECT_THREADS = "
        SELECT id FROM conversations WHERE room_id = $1 AND thread_root <> '' ORDER BY id";
    UPROOT = "INSERT INTO uprooted (conversation_id) VALUES ($1) ON CONFLICT DO NOTHING";
    SELECT_UPROOTED = "SELECT conversation_id FROM uprooted WHERE conversation_id = $1";
    FORGET_UPROOTED = "DELETE FROM uprooted WHERE conversation_id = $1";
    SET_ROOT = "UPDATE conversations SET thread_root = $2 WHERE id = $1";
    MOVE_CONVERSATIONS = "UPDATE conversations SET room_id = $2 WHERE room_id = $1";
    MOVE_HELD = "UPDATE held SET room_id = $2 WHERE room_id = $1";
    MOVE_REQUESTS = "UPDATE requests SET room_id = $2 WHERE room_id = $1";
    MOVE_QUESTIONS = "
        UPDATE requests SET told_in = $2
        WHERE told_in = $1 AND state IN ('waiting', 'opening')";
    MOVE_DISMISSED = "
        UPDATE requests SET told_in = $2 WHERE told_in = $1 AND state = 'dismissed'";
    MOVE_ERASURES = "
        UPDATE erasures SET room_id = $2 WHERE room_id = $1 AND state <> 'done' AND next_at >= 0";
    MOVE_SUBSCRIPTIONS = "
        UPDATE subscriptions SET room_id = $2,
            signed_in = CASE WHEN signed_in = '' THEN room_id ELSE signed_in END
        WHERE room_id = $1 AND NOT EXISTS (
            SELECT 1 FROM subscriptions AS there
            WHERE there.room_id = $2 AND there.contact_id = subscriptions.contact_id)";
    MOVE_SETTINGS = "
        UPDATE room_settings SET room_id = $2 WHERE room_id = $1 AND NOT EXISTS (
            SELECT 1 FROM room_settings AS there
            WHERE there.room_id = $2 AND there.key = room_settings.key)";
    MOVE_MOVES = "
        UPDATE moves SET room_id = $2 WHERE room_id = $1 AND NOT EXISTS (
            SELECT 1 FROM moves AS there
            WHERE there.room_id = $2 AND there.contact_id = moves.contact_id)";
    MOVE_TOLD = "
        UPDATE told SET room_id = $2 WHERE room_id = $1 AND NOT EXISTS (
            SELECT 1 FROM told AS there WHERE there.room_id = $2 AND there.about = told.about)";
    MOVE_DIRECT = "
        UPDATE direct_rooms SET room_id = $2 WHERE room_id = $1 AND NOT EXISTS (
            SELECT 1 FROM direct_rooms AS there WHERE there.room_id = $2)";
    // Clients take the alias along: it is looked for anew.
    FORGET_ALIASES = "DELETE FROM room_aliases WHERE room_id = $1";
    // What waits is told of in the new room.
    FORGET_REMINDER = "DELETE FROM reminders WHERE room_id = $1";
    SELECT_OPEN_CONVERSATION = "
        SELECT room_id FROM conversations WHERE id = $1 AND state <> 'closed'";
    SELECT_LANE = "
        SELECT id, payload, state, effect_id FROM outbox
        WHERE lane = $1 AND settled_at IS NULL ORDER BY id";
    IS_LANE_BUSY = "
        SELECT count(*) FROM (
            SELECT 1 FROM outbox WHERE lane = $1 AND state IN ('ready', 'attempting') LIMIT 1
        ) AS busy";
    MOVE_ROW = "
        UPDATE outbox SET lane = $2, payload = $3, state = $4, next_at = $5, lease_until = NULL
        WHERE id = $1 AND settled_at IS NULL";
    MOVE_UP = "
        UPDATE outbox SET state = 'ready' WHERE id = (
            SELECT id FROM outbox WHERE lane = $1 AND state = 'queued' ORDER BY id LIMIT 1)
        AND NOT EXISTS (
            SELECT 1 FROM outbox WHERE lane = $1 AND state IN ('ready', 'attempting'))";
    PARK = "
        UPDATE outbox SET state = 'ready', next_at = $2, reason = $3, lease_until = NULL, preparing = 0,
            uncertain = CASE WHEN $4 > uncertain THEN $4 ELSE uncertain END
        WHERE id = $1 AND settled_at IS NULL AND attempts = $5";
    UNPARK = "
        UPDATE outbox SET next_at = $2, created_at = $2 WHERE lane = $1 AND state = 'ready' AND settled_at IS NULL";
}

/// Far enough in the future for what waits until somebody does something.
pub const UNTIL_SOMETHING_HAPPENS: i64 = 253_370_764_800_000;

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Succession {
    pub old_room_id: String,
    pub new_room_id: String,
    pub state: String,
}

/// `old` is to be replaced by `new`, says `by`; a second word counts as long as nothing has moved.
pub async fn begin(
    tx: &mut Tx,
    old: &str,
    new: &str,
    by: &str,
    now: i64,
) -> Result<bool, StoreError> {
    Ok(execute!(tx.connection(), INSERT, old, new, by, now) == 1)
}

pub async fn of_old(
    connection: &mut Connection,
    old: &str,
) -> Result<Option<Succession>, StoreError> {
    Ok(fetch_optional!(connection, Succession, SELECT_OF_OLD, old))
}

/// Where what belonged to the room is now: in the room itself, or in the last of those that have replaced
/// it one after the other.
pub async fn newest(
    connection: &mut Connection,
    room: &OwnedRoomId,
) -> Result<OwnedRoomId, StoreError> {
    let mut newest = room.clone();
    for _ in 0..MOST_FOLLOWED {
        let next = of_old(connection, newest.as_str()).await?;
        let Some(next) = next.filter(|next| next.state == "moved") else {
            break;
        };
        newest = OwnedRoomId::try_from(next.new_room_id)
            .map_err(|fault| StoreError::Value(fault.to_string()))?;
    }
    Ok(newest)
}

/// Rooms that replace each other in a circle lead nowhere.
const MOST_FOLLOWED: usize = 100;

/// Whether the room is being replaced, and nothing has moved yet.
pub async fn is_waiting(connection: &mut Connection, old: &str) -> Result<bool, StoreError> {
    let known = of_old(connection, old).await?;
    Ok(known.is_some_and(|known| known.state == "waiting"))
}

/// What waits for the bot to come into this room, the oldest first.
pub async fn of_new(connection: &mut Connection, new: &str) -> Result<Vec<Succession>, StoreError> {
    Ok(fetch_all!(connection, Succession, SELECT_OF_NEW, new))
}

pub async fn refuse(tx: &mut Tx, old: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), REFUSED, old);
    Ok(())
}

/// Staff are told now that the bot can't get in; `false` if they know.
pub async fn tell(tx: &mut Tx, old: &str) -> Result<bool, StoreError> {
    Ok(execute!(tx.connection(), SET_TOLD, old) == 1)
}

/// Everything that belongs to a room, and isn't in it, belongs to the other one from now on.
pub async fn carry_over(tx: &mut Tx, old: &str, new: &str, now: i64) -> Result<(), StoreError> {
    for (thread,) in fetch_all!(tx.connection(), (i64,), SELECT_THREADS, old) {
        execute!(tx.connection(), UPROOT, thread);
    }
    execute!(tx.connection(), MOVE_MAILBOX, old, new);
    for statement in [
        MOVE_CONVERSATIONS,
        MOVE_HELD,
        MOVE_REQUESTS,
        MOVE_QUESTIONS,
        MOVE_DISMISSED,
        MOVE_ERASURES,
        MOVE_SUBSCRIPTIONS,
        MOVE_SETTINGS,
        MOVE_MOVES,
        MOVE_TOLD,
        MOVE_DIRECT,
    ] {
        execute!(tx.connection(), statement, old, new);
    }
    for statement in [FORGET_ALIASES, FORGET_REMINDER] {
        execute!(tx.connection(), statement, old);
    }
    execute!(tx.connection(), MOVED, old, now);
    signs::touch(tx, new).await
}

/// Whether the thread of the conversation stayed behind in another room.
pub async fn is_uprooted(
    connection: &mut Connection,
    conversation: ConversationId,
) -> Result<bool, StoreError> {
    let row = fetch_optional!(connection, (i64,), SELECT_UPROOTED, conversation.0);
    Ok(row.is_some())
}

/// The first event that is shown of such a conversation is the root of its thread from now on.
pub async fn take_root(
    tx: &mut Tx,
    conversation: ConversationId,
    event: &str,
) -> Result<(), StoreError> {
    if execute!(tx.connection(), FORGET_UPROOTED, conversation.0) == 1 {
        execute!(tx.connection(), SET_ROOT, conversation.0, event);
    }
    Ok(())
}

/// The room of a conversation, unless it is closed.
pub async fn room_of(
    connection: &mut Connection,
    conversation: ConversationId,
) -> Result<Option<String>, StoreError> {
    let row = fetch_optional!(
        connection,
        (String,),
        SELECT_OPEN_CONVERSATION,
        conversation.0
    );
    Ok(row.map(|(room,)| room))
}

/// A row of the outbox that isn't settled.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Pending {
    pub id: i64,
    pub payload: String,
    pub state: String,
    pub effect_id: String,
}

/// What still has to be done in a lane, in its order.
pub async fn pending(connection: &mut Connection, lane: &str) -> Result<Vec<Pending>, StoreError> {
    Ok(fetch_all!(connection, Pending, SELECT_LANE, lane))
}

/// A row goes to the end of another lane, with what it is to do there. It must not be under way.
pub async fn move_row(
    tx: &mut Tx,
    id: i64,
    (from, to): (&str, &str),
    payload: &str,
    now: i64,
) -> Result<(), StoreError> {
    let busy = fetch_one!(tx.connection(), (i64,), IS_LANE_BUSY, to).0 > 0;
    let state = if busy { "queued" } else { "ready" };
    execute!(tx.connection(), MOVE_ROW, id, to, payload, state, now);
    execute!(tx.connection(), MOVE_UP, from);
    tx.wake(Queue::MatrixOut);
    Ok(())
}

/// The row waits until somebody does something, with all that is behind it in its lane.
pub async fn park(
    tx: &mut Tx,
    (id, attempt): (i64, i64),
    reason: &str,
    uncertain: bool,
) -> Result<(), StoreError> {
    execute!(
        tx.connection(),
        PARK,
        id,
        UNTIL_SOMETHING_HAPPENS,
        reason,
        i64::from(uncertain),
        attempt
    );
    Ok(())
}

/// What waits in the lane is attempted now, as if it were new.
pub async fn unpark(tx: &mut Tx, lane: &str, now: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), UNPARK, lane, now);
    tx.wake(Queue::MatrixOut);
    Ok(())
}

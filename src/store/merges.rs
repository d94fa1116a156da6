//! Conversations that go on in another one, or in another room.

use super::{Connection, StoreError, Tx};
use crate::domain::ids::{ContactId, ConversationId};

statements! {
    MOVE = "UPDATE conversations SET room_id = $2, thread_root = '' WHERE id = $1";
    SELECT = "SELECT into_id FROM merged_conversations WHERE conversation_id = $1";
    FORWARD = "UPDATE merged_conversations SET into_id = $2 WHERE into_id = $1";
    INSERT = "
        INSERT INTO merged_conversations (conversation_id, into_id, merged_at) VALUES ($1, $2, $3)
        ON CONFLICT (conversation_id) DO UPDATE SET into_id = excluded.into_id,
            merged_at = excluded.merged_at";
    DELETE = "DELETE FROM merged_conversations WHERE conversation_id = $1";
    MOVE_MESSAGES = "
        UPDATE messages SET conversation_id = $2
        WHERE conversation_id = $1
        AND message_id IN (SELECT message_id FROM chain WHERE chain.conversation_id = $1)
        AND NOT EXISTS (
            SELECT 1 FROM messages AS other
            WHERE other.event_id = messages.event_id AND other.conversation_id = $2)";
    MOVE_CHAIN = "
        UPDATE chain SET conversation_id = $2
        WHERE conversation_id = $1 AND NOT EXISTS (
            SELECT 1 FROM chain AS other
            WHERE other.message_id = chain.message_id AND other.conversation_id = $2)";
    MOVE_POSTINGS = "
        UPDATE postings SET conversation_id = $2
        WHERE conversation_id = $1 AND NOT EXISTS (
            SELECT 1 FROM postings AS other
            WHERE other.conversation_id = $2 AND other.message_id = postings.message_id
            AND other.from_address = postings.from_address AND other.date = postings.date)";
    MOVE_NOTES = "UPDATE conversation_notes SET conversation_id = $2 WHERE conversation_id = $1";
    TAKE_STANDING = "
        UPDATE conversations SET
            waits_since = CASE
                WHEN waits_since IS NULL THEN
                    (SELECT other.waits_since FROM conversations AS other WHERE other.id = $1)
                WHEN (SELECT other.waits_since FROM conversations AS other WHERE other.id = $1)
                    < waits_since THEN
                    (SELECT other.waits_since FROM conversations AS other WHERE other.id = $1)
                ELSE waits_since END,
            progress = CASE
                WHEN (SELECT other.progress FROM conversations AS other WHERE other.id = $1) = 'open'
                THEN 'open' ELSE progress END,
            assignee = CASE WHEN assignee = ''
                THEN (SELECT other.assignee FROM conversations AS other WHERE other.id = $1)
                ELSE assignee END
        WHERE id = $2";
    REST = "
        UPDATE conversations SET waits_since = NULL, waited_since = NULL, answered_seq = NULL,
            progress = 'done'
        WHERE id = $1";
    MOVE_HELD = "
        UPDATE held SET room_id = $2 WHERE conversation_id = $1";
    MERGE_HELD = "
        UPDATE held SET conversation_id = $2, room_id = $3
        WHERE conversation_id = $1 AND NOT EXISTS (
            SELECT 1 FROM held AS other
            WHERE other.conversation_id = $2 AND (other.mail_id = held.mail_id
                OR other.message_id = held.message_id AND other.from_address = held.from_address
                AND other.date = held.date))";
    TAKE_COPIED_IN = "
        INSERT INTO participants (conversation_id, contact_id, position, role, copied_by)
        SELECT $2, contact_id, position + (
                SELECT coalesce(max(position) + 1, 0) FROM participants WHERE conversation_id = $2),
            role, copied_by
        FROM participants WHERE conversation_id = $1 AND role IN ('guest', 'offered')
        ON CONFLICT (conversation_id, contact_id)
        DO UPDATE SET role = excluded.role, copied_by = excluded.copied_by
        WHERE participants.role = 'offered' AND excluded.role = 'guest'
        RETURNING contact_id, role";
    SELECT_MEMBERS = "
        SELECT contact_id FROM participants
        WHERE conversation_id = $1 AND role = 'member' AND NOT EXISTS (
            SELECT 1 FROM participants AS other
            WHERE other.conversation_id = $2 AND other.contact_id = participants.contact_id
            AND other.role = 'removed')
        ORDER BY position";
}

/// The conversation goes on in another room, outside of threads.
pub async fn move_to(tx: &mut Tx, id: ConversationId, room: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), MOVE, id.0, room);
    execute!(tx.connection(), MOVE_HELD, id.0, room);
    Ok(())
}

/// The conversation in which what comes for this one goes on: itself, unless it was merged.
pub async fn follow(
    connection: &mut Connection,
    id: ConversationId,
) -> Result<ConversationId, StoreError> {
    let row = fetch_optional!(connection, (i64,), SELECT, id.0);
    Ok(row.map_or(id, |(into,)| ConversationId(into)))
}

/// Somebody takes part in the conversation again: it is no longer a part of another one.
pub async fn undo(tx: &mut Tx, id: ConversationId) -> Result<(), StoreError> {
    execute!(tx.connection(), DELETE, id.0);
    Ok(())
}

/// What was in `from` is in `into`, a conversation of `room`: its mails, what they were shown as, what
/// waits for staff, and what they have noted.
pub async fn merge(
    tx: &mut Tx,
    from: ConversationId,
    (into, room): (ConversationId, &str),
    now: i64,
) -> Result<(), StoreError> {
    // By the mails of the chain, which moves afterwards.
    execute!(tx.connection(), MOVE_MESSAGES, from.0, into.0);
    execute!(tx.connection(), MOVE_CHAIN, from.0, into.0);
    execute!(tx.connection(), MOVE_POSTINGS, from.0, into.0);
    execute!(tx.connection(), MOVE_NOTES, from.0, into.0);
    execute!(tx.connection(), MERGE_HELD, from.0, into.0, room);
    execute!(tx.connection(), TAKE_STANDING, from.0, into.0);
    execute!(tx.connection(), REST, from.0);
    // Nobody has to follow more than one step.
    execute!(tx.connection(), FORWARD, from.0, into.0);
    execute!(tx.connection(), INSERT, from.0, into.0, now);
    Ok(())
}

/// Who was copied in in `from` is so in `into`, unless they were put out there; those who are guests
/// there by that are returned.
pub async fn take_copied_in(
    tx: &mut Tx,
    from: ConversationId,
    into: ConversationId,
) -> Result<Vec<ContactId>, StoreError> {
    let rows = fetch_all!(
        tx.connection(),
        (i64, String),
        TAKE_COPIED_IN,
        from.0,
        into.0
    );
    let guests = rows.into_iter().filter(|(_, role)| role == "guest");
    Ok(guests.map(|(contact, _)| ContactId(contact)).collect())
}

/// The members of `from` who weren't put out of `into`, as stored: in their order.
pub async fn members(
    connection: &mut Connection,
    from: ConversationId,
    into: ConversationId,
) -> Result<Vec<ContactId>, StoreError> {
    let rows = fetch_all!(connection, (i64,), SELECT_MEMBERS, from.0, into.0);
    Ok(rows.into_iter().map(|(id,)| ContactId(id)).collect())
}

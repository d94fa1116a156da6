//! For whom an item isn't, though they are among the people of its conversation: who came when it had
//! been said, and who gets it in another conversation of the room.

use std::collections::BTreeSet;

use super::{Connection, StoreError, Tx};
use crate::domain::ids::{ContactId, ConversationId};

/// The JSON array `had_by` with `$2` at its end.
macro_rules! with_one_more {
    () => {
        "CASE had_by WHEN '[]' THEN '[' || CAST($2 AS TEXT) || ']'
            ELSE substr(had_by, 1, length(had_by) - 1) || ',' || CAST($2 AS TEXT) || ']' END"
    };
}

statements! {
    KEEP = concat!("
        UPDATE letter_items SET had_by = ", with_one_more!(), "
        WHERE letter_id IN (SELECT id FROM letters WHERE conversation_id = $1 AND state = 'open')");
    KEEP_SINCE = concat!("
        UPDATE letter_items SET had_by = ", with_one_more!(), "
        WHERE letter_id IN (
            SELECT letters.id FROM participants
            JOIN conversations ON conversations.id = participants.conversation_id
            JOIN letters ON letters.conversation_id = conversations.id
            WHERE contact_id = $1 AND conversations.room_id = $3 AND letters.state = 'open')
        AND EXISTS (SELECT 1 FROM inbox WHERE seq = inbox_seq AND received_at >= $4)");
    SELECT_ELSEWHERE = concat!("
        SELECT participants.contact_id, had_by FROM participants AS here
        JOIN participants ON participants.contact_id = here.contact_id
        JOIN letters ON letters.conversation_id = participants.conversation_id
        JOIN letter_items ON letter_id = letters.id
        WHERE here.conversation_id = $1 AND participants.conversation_id <> $1
        AND letters.state IN ('open', 'sealed') AND event_id = $2 AND struck = 0
        AND participants.", is_there!());
}

/// What waits in the conversation's open letter was said before this person came.
pub async fn keep_what_waits_from(
    tx: &mut Tx,
    conversation: ConversationId,
    contact: ContactId,
) -> Result<(), StoreError> {
    let text = contact.0.to_string();
    execute!(tx.connection(), KEEP, conversation.0, text);
    Ok(())
}

/// What waits in the room's open letters and came at `since` or later (milliseconds since 1970) was
/// said while this person was away.
pub async fn keep_what_came_from(
    tx: &mut Tx,
    room: &str,
    contact: ContactId,
    since: i64,
) -> Result<(), StoreError> {
    let text = contact.0.to_string();
    execute!(tx.connection(), KEEP_SINCE, contact.0, text, room, since);
    Ok(())
}

/// Who of the conversation gets the event by another one's letter.
pub async fn served_elsewhere(
    connection: &mut Connection,
    event: &str,
    conversation: ConversationId,
) -> Result<BTreeSet<ContactId>, StoreError> {
    let rows = fetch_all!(
        connection,
        (i64, String),
        SELECT_ELSEWHERE,
        conversation.0,
        event
    );
    let mut served = BTreeSet::new();
    for (contact, had_by) in rows {
        let had_by: Vec<ContactId> = serde_json::from_str(&had_by)?;
        if !had_by.contains(&ContactId(contact)) {
            served.insert(ContactId(contact));
        }
    }
    Ok(served)
}

//! Which messages were said to be sent, late or not sent.

use super::{Connection, StoreError, Tx};
use crate::domain::ids::LetterId;

statements! {
    SELECT_MESSAGES = "
        SELECT DISTINCT event_id FROM letter_items
        JOIN inbox ON inbox.seq = inbox_seq
        WHERE letter_id = $1 AND struck = 0 AND letter_items.kind NOT IN ('reaction', 'remark')
        AND inbox.id = event_id AND inbox.internal = 0
        ORDER BY event_id";
    SELECT_SENDER = "SELECT sender FROM inbox WHERE id = $1";
    SELECT_LETTERS = "
        SELECT letters.id, letters.state FROM letter_items JOIN letters ON letters.id = letter_id
        WHERE event_id = $1 AND struck = 0";
    COUNT_REFUSED = "
        SELECT count(*) FROM outbox WHERE letter_id = $1 AND state = 'refused'";
    SELECT = "SELECT status FROM message_statuses WHERE event_id = $1";
    SET = "
        INSERT INTO message_statuses (event_id, status) VALUES ($1, $2)
        ON CONFLICT (event_id) DO UPDATE SET status = excluded.status";
}

/// The messages in a letter, with who wrote each.
pub async fn messages_of(
    connection: &mut Connection,
    letter: LetterId,
) -> Result<Vec<(String, String)>, StoreError> {
    let mut messages = Vec::new();
    for (event,) in fetch_all!(connection, (String,), SELECT_MESSAGES, letter.0) {
        if let Some((sender,)) = fetch_optional!(connection, (String,), SELECT_SENDER, &event) {
            messages.push((event, sender));
        }
    }
    Ok(messages)
}

/// Whether every letter with the message was taken by every recipient's server.
pub async fn has_arrived(connection: &mut Connection, event: &str) -> Result<bool, StoreError> {
    for (letter, state) in fetch_all!(connection, (i64, String), SELECT_LETTERS, event) {
        if state != "settled" || fetch_one!(connection, (i64,), COUNT_REFUSED, letter).0 > 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Notes what is said of a message; `false` if that was said already, or something that stays.
pub async fn say(tx: &mut Tx, event: &str, status: &str) -> Result<bool, StoreError> {
    let said = fetch_optional!(tx.connection(), (String,), SELECT, event);
    let is_new = match said.as_ref().map(|(said,)| said.as_str()) {
        None => true,
        Some("late") => status != "late",
        Some("sent") => status == "failed",
        Some(_) => false,
    };
    if is_new {
        execute!(tx.connection(), SET, event, status);
    }
    Ok(is_new)
}

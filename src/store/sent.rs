//! What was said to a customer: the words that their program may quote.

use super::{Connection, StoreError};
use crate::domain::ids::ConversationId;

statements! {
    SELECT_WORDS = "
        SELECT body FROM letter_items
        WHERE body <> '' AND letter_id IN (
            SELECT id FROM (
                SELECT id FROM letters WHERE conversation_id = $1 AND state = 'sealed'
                ORDER BY id DESC LIMIT $2) AS sent
            UNION ALL
            SELECT id FROM (
                SELECT id FROM letters WHERE conversation_id = $1 AND state = 'settled'
                ORDER BY id DESC LIMIT $2) AS sent)
        ORDER BY letter_id DESC, id DESC LIMIT $2";
}

/// Most octets that [`words`] gives.
const MOST_OCTETS: usize = 64 * 1024;

/// The messages in the conversation's newest letters that were sealed, the newest first: at most
/// `limit` of them and 64 KiB, but the newest in any case. What was taken back is none of them.
pub async fn words(
    connection: &mut Connection,
    conversation: ConversationId,
    limit: u32,
) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(
        connection,
        (String,),
        SELECT_WORDS,
        conversation.0,
        i64::from(limit)
    );
    let mut octets = 0;
    let bodies = rows.into_iter().map(|(body,)| body);
    Ok(bodies
        .enumerate()
        .take_while(|(place, body)| {
            octets += body.len();
            *place == 0 || octets <= MOST_OCTETS
        })
        .map(|(_, body)| body)
        .collect())
}

//! Automatic replies that were shown.

use super::{Connection, StoreError, Tx};
use crate::domain::{
    ids::{ContactId, ConversationId},
    machine::ReplyKind,
};

statements! {
    REMEMBER = "
        INSERT INTO auto_replies (conversation_id, contact_id, kind, beginning, shown_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (conversation_id, contact_id, kind, beginning)
        DO UPDATE SET shown_at = excluded.shown_at";
    SELECT_OF_KIND = "
        SELECT max(shown_at) FROM auto_replies
        WHERE conversation_id = $1 AND contact_id = $2 AND kind = $3";
    SELECT_ALIKE = "
        SELECT shown_at FROM auto_replies
        WHERE conversation_id = $1 AND contact_id = $2 AND kind = $3 AND beginning = $4";
}

pub async fn remember(
    tx: &mut Tx,
    (conversation, contact): (ConversationId, ContactId),
    kind: ReplyKind,
    beginning: &str,
    now: i64,
) -> Result<(), StoreError> {
    execute!(
        tx.connection(),
        REMEMBER,
        conversation.0,
        contact.0,
        word(kind),
        beginning,
        now
    );
    Ok(())
}

/// When the last one of that kind was shown, and the last one that begins so.
pub async fn last(
    connection: &mut Connection,
    (conversation, contact): (ConversationId, ContactId),
    kind: ReplyKind,
    beginning: &str,
) -> Result<(Option<i64>, Option<i64>), StoreError> {
    let (of_kind,) = fetch_one!(
        connection,
        (Option<i64>,),
        SELECT_OF_KIND,
        conversation.0,
        contact.0,
        word(kind)
    );
    let alike = fetch_optional!(
        connection,
        (i64,),
        SELECT_ALIKE,
        conversation.0,
        contact.0,
        word(kind),
        beginning
    );
    Ok((of_kind, alike.map(|(at,)| at)))
}

fn word(kind: ReplyKind) -> &'static str {
    match kind {
        ReplyKind::Absence => "absence",
        ReplyKind::Other => "other",
    }
}

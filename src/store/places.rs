//! Where messages stand in letters, and what becomes of them there when they are changed or taken back.

use super::{Connection, StoreError, Tx, files, inbox, letters::word, links};
use crate::domain::{
    effect::ItemKind,
    event::{Said, Words},
    facts::Placement,
    ids::{ContactId, ConversationId, LetterId},
    outgoing::MailAction,
    wording,
};

statements! {
    SELECT_PLACES = "
        SELECT conversation_id, letters.id, letters.state, letter_items.body, html, shared, had_by
        FROM letter_items JOIN letters ON letters.id = letter_id
        WHERE event_id = $1 AND struck = 0 ORDER BY letter_items.id";
    SELECT_CORRECTIONS = "
        SELECT conversation_id, letters.id, letters.state, letter_items.body, html, event_id
        FROM letter_items JOIN letters ON letters.id = letter_id
        WHERE about = $1 AND about <> '' AND kind = 'correction' AND struck = 0
        ORDER BY letter_items.id";
    SELECT_EVER = "
        SELECT conversation_id FROM letter_items JOIN letters ON letters.id = letter_id
        WHERE event_id = $1";
    SELECT_CARRYING = "SELECT letter_id, had_by FROM letter_items WHERE event_id = $1";
    COUNT_BEGUN = "
        SELECT count(*) FROM outbox
        WHERE letter_id = $1 AND (
            uncertain <> 0 OR (state NOT IN ('queued', 'ready') AND preparing = 0))";
    SELECT_REACHED = "
        SELECT payload FROM outbox
        WHERE letter_id = $1 AND (state = 'delivered' OR uncertain = 1) ORDER BY id";
    REWRITE = "
        UPDATE letter_items SET kind = $3, body = $4, html = $5, shared = $6
        WHERE event_id = $1 AND letter_id = $2 AND struck = 0";
    TAKE_OUT = "
        UPDATE letter_items
        SET struck = $3, body = '', html = NULL, quote = '', shared = '', earlier = ''
        WHERE event_id = $1 AND struck = 0 AND letter_id IN (
            SELECT id FROM letters WHERE conversation_id = $2 AND state <> 'settled')";
    STRIKE = "
        UPDATE letter_items
        SET struck = $2, body = '', html = NULL, quote = '', shared = '', earlier = ''
        WHERE event_id = $1 AND struck = 0";
    STRIKE_WHAT_IS_ABOUT = "
        UPDATE letter_items
        SET struck = $2, body = '', html = NULL, quote = '', shared = '', earlier = ''
        WHERE about = $1 AND about <> '' AND struck = 0";
    STRIKE_QUOTES = "UPDATE letter_items SET quote = '' WHERE reply_to = $1 AND reply_to <> ''";
    INSERT_EDIT = "
        INSERT INTO edits (event_id, message_id, inbox_seq) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    DELETE_EDIT = "DELETE FROM edits WHERE event_id = $1";
    SELECT_EDITS = "
        SELECT event_id FROM edits WHERE message_id = $1 ORDER BY inbox_seq DESC LIMIT 2";
}

/// Conversation, letter and its state; words, what is shared, and who had it before.
type Place = (i64, i64, String, String, Option<String>, String, String);

/// Where a message stands that wasn't taken back, and who has it.
pub async fn of(connection: &mut Connection, event: &str) -> Result<Vec<Placement>, StoreError> {
    let mut places = Vec::new();
    for place in fetch_all!(connection, Place, SELECT_PLACES, event) {
        let (conversation, letter, state, body, html, shared, had_by) = place;
        let shared = match shared.as_str() {
            "" => None,
            json => Some(serde_json::from_str(json)?),
        };
        let words = Words { body, html };
        places.push(Placement {
            conversation: ConversationId(conversation),
            waits: waits(connection, LetterId(letter), &state).await?,
            people: people(connection, LetterId(letter), &had_by).await?,
            excerpt: String::new(),
            said: Some(Said { words, shared }),
            correction: None,
        });
    }
    if !places.is_empty() {
        add_corrections(&mut places, connection, event).await?;
    }
    for place in &mut places {
        place.excerpt = place
            .said
            .as_ref()
            .map(wording::excerpt_of)
            .unwrap_or_default();
    }
    Ok(places)
}

/// The last correction that has gone is what the message says now; one that waits can be replaced.
async fn add_corrections(
    places: &mut [Placement],
    connection: &mut Connection,
    event: &str,
) -> Result<(), StoreError> {
    type Row = (i64, i64, String, String, Option<String>, String);
    for (conversation, letter, state, body, html, correction) in
        fetch_all!(connection, Row, SELECT_CORRECTIONS, event)
    {
        let waits = waits(connection, LetterId(letter), &state).await?;
        let place = places
            .iter_mut()
            .find(|place| place.conversation.0 == conversation && !place.waits);
        let Some(place) = place else { continue };
        if waits {
            place.correction = correction.try_into().ok();
        } else if let Some(said) = &mut place.said {
            said.words = Words { body, html };
        }
    }
    Ok(())
}

/// The conversations into whose letters the message went, whatever became of it there.
pub async fn ever(
    connection: &mut Connection,
    event: &str,
) -> Result<Vec<ConversationId>, StoreError> {
    let rows = fetch_all!(connection, (i64,), SELECT_EVER, event);
    Ok(rows.into_iter().map(|(id,)| ConversationId(id)).collect())
}

/// Whether a letter with the message has reached, or may have reached, this person; or they had it
/// before there was one.
pub async fn has(
    connection: &mut Connection,
    event: &str,
    person: ContactId,
) -> Result<bool, StoreError> {
    for (letter, had_by) in fetch_all!(connection, (i64, String), SELECT_CARRYING, event) {
        let had_by: Vec<ContactId> = serde_json::from_str(&had_by)?;
        if had_by.contains(&person) {
            return Ok(true);
        }
        let reached = reached(connection, LetterId(letter)).await?;
        if reached.iter().any(|action| action.contact == Some(person)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether nobody can have the letter yet. A failed attempt that reached nobody doesn't count.
async fn waits(
    connection: &mut Connection,
    letter: LetterId,
    state: &str,
) -> Result<bool, StoreError> {
    Ok(match state {
        "open" => true,
        "sealed" => fetch_one!(connection, (i64,), COUNT_BEGUN, letter.0).0 == 0,
        _ => false,
    })
}

/// To whom the letter has been handed over, or may have been.
async fn reached(
    connection: &mut Connection,
    letter: LetterId,
) -> Result<Vec<MailAction>, StoreError> {
    fetch_all!(connection, (String,), SELECT_REACHED, letter.0)
        .into_iter()
        .map(|(payload,)| Ok(serde_json::from_str(&payload)?))
        .collect()
}

/// The names of those whom a message has reached by the letter: but for those who had it before.
async fn people(
    connection: &mut Connection,
    letter: LetterId,
    had_by: &str,
) -> Result<Vec<String>, StoreError> {
    let had_by: Vec<ContactId> = serde_json::from_str(had_by)?;
    let mut reached = reached(connection, letter).await?;
    reached.retain(|action| action.contact.is_none_or(|one| !had_by.contains(&one)));
    let names = reached.iter().map(|action| action.recipient.shown_name());
    Ok(names.collect())
}

/// Replaces what a message says in every letter that nobody can have yet.
pub async fn rewrite(
    tx: &mut Tx,
    event: &str,
    kind: ItemKind,
    said: &Said,
) -> Result<(), StoreError> {
    let connection = tx.connection();
    let shared = match &said.shared {
        Some(shared) => serde_json::to_string(shared)?,
        None => String::new(),
    };
    for (_, letter, state, ..) in fetch_all!(connection, Place, SELECT_PLACES, event) {
        if waits(connection, LetterId(letter), &state).await? {
            execute!(
                connection,
                REWRITE,
                event,
                letter,
                word(kind),
                &said.words.body,
                said.words.html.as_deref(),
                &shared,
            );
        }
    }
    Ok(())
}

/// Takes a message out of the conversation's letter, in which it waits. `by` is the place in the inbox of
/// the event that does so.
pub async fn take_out(
    tx: &mut Tx,
    conversation: ConversationId,
    event: &str,
    by: i64,
) -> Result<(), StoreError> {
    execute!(tx.connection(), TAKE_OUT, event, conversation.0, by);
    Ok(())
}

/// Takes a message out of every letter with its file, what is about it and what others quote of it, and
/// forgets what it said. One that is on its way is looked at once more right before its DATA. `by` is the
/// place in the inbox of the event that does so.
pub async fn strike(tx: &mut Tx, event: &str, by: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), STRIKE, event, by);
    execute!(tx.connection(), STRIKE_WHAT_IS_ABOUT, event, by);
    execute!(tx.connection(), STRIKE_QUOTES, event);
    execute!(tx.connection(), DELETE_EDIT, event);
    files::take_back(tx, event).await?;
    links::forget_name(tx, event).await?;
    inbox::forget_body(tx, event).await
}

/// `edit` has changed what the message says.
pub async fn remember_edit(
    tx: &mut Tx,
    message: &str,
    edit: &str,
    inbox_seq: i64,
) -> Result<(), StoreError> {
    execute!(tx.connection(), INSERT_EDIT, edit, message, inbox_seq);
    Ok(())
}

/// The last two events that have changed what the message says, the newest first.
pub async fn last_edits(
    connection: &mut Connection,
    message: &str,
) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(connection, (String,), SELECT_EDITS, message);
    Ok(rows.into_iter().map(|(event,)| event).collect())
}

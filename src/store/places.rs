//! Where messages stand in letters, and what becomes of them there when they are changed or taken back.

use super::{Connection, StoreError, Tx, files, inbox, letters::word, links};
use crate::domain::{
    effect::ItemKind,
    event::{Said, Words},
    facts::Placement,
    ids::{ContactId, ConversationId, LetterId},
    outgoing::MailAction,
    sharing::Shared,
    wording,
};

statements! {
    SELECT_PLACES = "
        SELECT conversation_id, letters.id, letters.state, letter_items.body, html, shared, had_by,
            file_event
        FROM letter_items JOIN letters ON letters.id = letter_id
        WHERE event_id = $1 AND struck = 0 ORDER BY letter_items.id";
    SELECT_CORRECTIONS = "
        SELECT conversation_id, letters.id, letters.state, letter_items.body, html, shared, had_by,
            event_id
        FROM letter_items JOIN letters ON letters.id = letter_id
        WHERE about = $1 AND about <> '' AND kind IN ('correction', 'shared') AND struck = 0
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
    SELECT_RECIPIENTS = "SELECT payload FROM outbox WHERE letter_id = $1";
    IS_HERE = "
        SELECT count(*) FROM participants JOIN conversations ON conversations.id = conversation_id
        WHERE conversation_id = $1 AND contact_id = $2 AND role <> 'removed' AND state <> 'closed'";
    SELECT_UNSETTLED = "
        SELECT id, state FROM letters WHERE conversation_id = $1 AND state IN ('open', 'sealed')";
    REQUOTE = "
        UPDATE letter_items SET quote = $3
        WHERE letter_id = $1 AND (reply_to = $2 OR about = $2) AND quote <> ''";
    RECALL = "
        UPDATE letter_items SET earlier = $3
        WHERE letter_id = $1 AND about = $2 AND earlier <> ''";
    UNSAY = "
        UPDATE letter_items SET body = '', html = NULL
        WHERE event_id = $1 AND letter_id IN (
            SELECT id FROM letters WHERE conversation_id = $2 AND state = 'settled')";
    SELECT_REPLIES = "
        SELECT DISTINCT event_id FROM letter_items JOIN letters ON letters.id = letter_id
        WHERE reply_to = $1 AND reply_to <> '' AND about = '' AND struck = 0 AND state <> 'settled'";
    SELECT_IN_THREAD = "
        SELECT DISTINCT event_id FROM letter_items JOIN letters ON letters.id = letter_id
        WHERE letter_items.thread_root = $1 AND letter_items.thread_root <> '' AND about = ''
        AND struck = 0 AND state <> 'settled'";
    REWRITE = "
        UPDATE letter_items SET kind = $3, body = $4, html = $5, shared = $6, file_event = $7,
            fate = CASE WHEN file_event = $7 THEN fate ELSE '' END
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
    SELECT_FILES_OF = "
        SELECT files.event_id FROM letter_items JOIN files ON files.event_id = file_event
        WHERE letter_items.event_id = $1
        UNION
        SELECT files.event_id FROM letter_items JOIN files ON files.event_id = file_event
        WHERE about = $1 AND about <> ''";
    STRIKE_WHAT_IS_ABOUT = "
        UPDATE letter_items
        SET struck = $2, body = '', html = NULL, quote = '', shared = '', earlier = ''
        WHERE about = $1 AND about <> '' AND struck = 0";
    STRIKE_QUOTES = "UPDATE letter_items SET quote = '' WHERE reply_to = $1 AND reply_to <> ''";
    INSERT_EDIT = "
        INSERT INTO edits (event_id, message_id, inbox_seq) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    DELETE_EDIT = "DELETE FROM edits WHERE event_id = $1";
    SELECT_EDITS = "
        SELECT edits.event_id FROM edits JOIN inbox ON inbox.id = edits.event_id
        WHERE message_id = $1 AND sender = $2 AND room_id = $3 ORDER BY inbox_seq DESC LIMIT 2";
}

/// Conversation, letter and its state; words, what is shared, who had it before, and the event that brought
/// what is shared.
type Place = (
    i64,
    i64,
    String,
    String,
    Option<String>,
    String,
    String,
    String,
);

/// Where a message stands that wasn't taken back, and who has it.
pub async fn of(connection: &mut Connection, event: &str) -> Result<Vec<Placement>, StoreError> {
    let mut places = Vec::new();
    for place in fetch_all!(connection, Place, SELECT_PLACES, event) {
        let (conversation, letter, state, body, html, shared, had_by, _) = place;
        let shared = read(&shared)?;
        let words = Words { body, html };
        let (letter, conversation) = (LetterId(letter), ConversationId(conversation));
        places.push(Placement {
            conversation,
            waits: waits(connection, letter, &state).await?,
            has_leavers: state == "sealed" && has_leavers(connection, letter, conversation).await?,
            people: people(connection, letter, &had_by).await?,
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

/// The last correction that has gone is what the message says now; one that waits can be replaced. A file
/// that came in place of another is one, a poll's result isn't.
async fn add_corrections(
    places: &mut [Placement],
    connection: &mut Connection,
    event: &str,
) -> Result<(), StoreError> {
    for correction in fetch_all!(connection, Place, SELECT_CORRECTIONS, event) {
        let (conversation, letter, state, body, html, shared, had_by, correction) = correction;
        let shared = read(&shared)?;
        if matches!(shared, Some(Shared::PollResult(_))) {
            continue;
        }
        let waits = waits(connection, LetterId(letter), &state).await?;
        let place = places.iter_mut().find(|place| {
            place.conversation.0 == conversation && (!place.waits || place.has_leavers)
        });
        let Some(place) = place else { continue };
        if waits {
            place.correction = correction.try_into().ok();
            continue;
        }
        for name in people(connection, LetterId(letter), &had_by).await? {
            if !place.people.contains(&name) {
                place.people.push(name);
            }
        }
        if let Some(said) = &mut place.said {
            said.words = Words { body, html };
            if shared.is_some() {
                said.shared = shared;
            }
        }
    }
    Ok(())
}

fn read(shared: &str) -> Result<Option<Shared>, StoreError> {
    Ok(match shared {
        "" => None,
        json => Some(serde_json::from_str(json)?),
    })
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

/// Whether the sealed letter goes to somebody who takes part in its conversation no more.
async fn has_leavers(
    connection: &mut Connection,
    letter: LetterId,
    conversation: ConversationId,
) -> Result<bool, StoreError> {
    for (payload,) in fetch_all!(connection, (String,), SELECT_RECIPIENTS, letter.0) {
        let action: MailAction = serde_json::from_str(&payload)?;
        if let Some(contact) = action.contact
            && fetch_one!(connection, (i64,), IS_HERE, conversation.0, contact.0).0 == 0
        {
            return Ok(true);
        }
    }
    Ok(false)
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

/// Replaces what a message says in those of these conversations' letters that nobody can have yet, and
/// where it is quoted there. Another file than before is known by the event `by` that brought it, so
/// that none is ever taken for another.
pub async fn rewrite(
    tx: &mut Tx,
    (event, by): (&str, &str),
    conversations: &[ConversationId],
    kind: ItemKind,
    said: &Said,
) -> Result<(), StoreError> {
    let shared = match &said.shared {
        Some(shared) => serde_json::to_string(shared)?,
        None => String::new(),
    };
    let source = |shared: &Option<Shared>| match shared {
        Some(Shared::File(file)) => file.source.clone(),
        _ => None,
    };
    for (conversation, letter, state, _, _, before, _, file_event) in
        fetch_all!(tx.connection(), Place, SELECT_PLACES, event)
    {
        let is_meant = conversations.contains(&ConversationId(conversation));
        if is_meant && waits(tx.connection(), LetterId(letter), &state).await? {
            let is_same_file = source(&read(&before)?) == source(&said.shared);
            let brought_by = if is_same_file { &file_event } else { by };
            execute!(
                tx.connection(),
                REWRITE,
                event,
                letter,
                word(kind),
                &said.words.body,
                said.words.html.as_deref(),
                &shared,
                brought_by,
            );
            if !is_same_file {
                files::replace(tx, &file_event).await?;
            }
        }
    }
    let excerpt = wording::excerpt_of(said);
    for conversation in conversations {
        for (letter, state) in unsettled(tx.connection(), *conversation).await? {
            if waits(tx.connection(), letter, &state).await? {
                execute!(tx.connection(), REQUOTE, letter.0, event, &excerpt);
            }
        }
    }
    Ok(())
}

/// What the conversation's people have of a message was taken back: what has gone forgets it, and
/// nothing that goes repeats it.
pub async fn unsay(
    tx: &mut Tx,
    event: &str,
    conversation: ConversationId,
) -> Result<(), StoreError> {
    let connection = tx.connection();
    execute!(connection, UNSAY, event, conversation.0);
    for (letter, _) in unsettled(connection, conversation).await? {
        execute!(connection, REQUOTE, letter.0, event, "");
        execute!(connection, RECALL, letter.0, event, "");
    }
    Ok(())
}

async fn unsettled(
    connection: &mut Connection,
    conversation: ConversationId,
) -> Result<Vec<(LetterId, String)>, StoreError> {
    let rows = fetch_all!(connection, (i64, String), SELECT_UNSETTLED, conversation.0);
    Ok(rows
        .into_iter()
        .map(|(id, state)| (LetterId(id), state))
        .collect())
}

/// The messages in letters that aren't settled which reply to this one, or stand in its thread.
pub async fn hanging_on(
    connection: &mut Connection,
    event: &str,
) -> Result<Vec<String>, StoreError> {
    let mut found = fetch_all!(connection, (String,), SELECT_REPLIES, event);
    found.extend(fetch_all!(connection, (String,), SELECT_IN_THREAD, event));
    Ok(found.into_iter().map(|(event,)| event).collect())
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

/// Takes a message out of every letter with its files, what is about it and what others quote of it, and
/// forgets what it said. One that is on its way is looked at once more right before its DATA. `by` is the
/// place in the inbox of the event that does so.
pub async fn strike(tx: &mut Tx, event: &str, by: i64) -> Result<(), StoreError> {
    for (file,) in fetch_all!(tx.connection(), (String,), SELECT_FILES_OF, event) {
        files::take_back(tx, &file).await?;
        links::forget_name(tx, &file).await?;
    }
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

/// The last two events by which the message's sender has changed what it says, the newest first.
pub async fn last_edits(
    connection: &mut Connection,
    message: &str,
    sender: &str,
    room: &str,
) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(connection, (String,), SELECT_EDITS, message, sender, room);
    Ok(rows.into_iter().map(|(event,)| event).collect())
}

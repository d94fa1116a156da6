//! Letters: what waits in them, what was fixed when they were sealed, and how far they have come.

use super::{Connection, StoreError, Tx, departures, departures::opened, files};
use crate::domain::{
    effect::{ItemKind, LetterItem},
    event::Words,
    ids::{ContactId, ConversationId, LetterId, MessageId},
    outgoing::Seal,
    sharing::{Fate, Shared},
    timing::{Departure, Opened},
};

statements! {
    SELECT_OPEN = "
        SELECT id, opened_at, due_at, latest_at FROM letters
        WHERE conversation_id = $1 AND state = 'open'";
    INSERT = "
        INSERT INTO letters (conversation_id, opened_at, trace) VALUES ($1, $2, $3) RETURNING id";
    INSERT_ITEM = "
        INSERT INTO letter_items
            (letter_id, event_id, inbox_seq, room_id, author, by_staff, sent_at, kind, body, html, quote,
             reply_to, shared, earlier, had_by, about, thread_root, file_event)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $2)
        ON CONFLICT DO NOTHING";
    CARRY_OVER = "
        INSERT INTO letter_items
            (letter_id, event_id, inbox_seq, room_id, author, by_staff, sent_at, kind, body, html, quote,
             reply_to, shared, earlier, had_by, about, file_event)
        SELECT $2, event_id, inbox_seq, room_id, author, by_staff, sent_at, kind, body, html, quote,
            reply_to, shared, earlier, $4, about, file_event
        FROM letter_items WHERE letter_id = $1 AND event_id = $3 AND struck = 0
        ON CONFLICT DO NOTHING";
    SEAL = "
        UPDATE letters SET state = 'sealed', sealed_at = $2, message_id = $3, seal = $4
        WHERE id = $1 AND state = 'open'";
    SETTLE = "UPDATE letters SET state = 'settled' WHERE id = $1 AND state <> 'settled'";
    SETTLE_ITEMS = "UPDATE letter_items SET settled = 1 WHERE letter_id = $1";
    SELECT = "
        SELECT conversation_id, message_id, sealed_at, seal FROM letters WHERE id = $1";
    SELECT_ITEMS = "
        SELECT event_id, author, by_staff, sent_at, kind, body, html, quote, reply_to, shared, fate,
            earlier, had_by, about, file_event
        FROM letter_items WHERE letter_id = $1 AND struck = 0 ORDER BY id";
    MOVE = "
        UPDATE letter_items SET letter_id = $2 WHERE letter_id = $1 AND id >= (
            SELECT id FROM letter_items WHERE letter_id = $1 AND event_id = $3)";
    COUNT_SENT = "
        SELECT count(*) FROM (
            SELECT 1 FROM letters WHERE conversation_id = $1 AND message_id <> '' LIMIT 1
        ) AS sent";
    DECIDE = "
        UPDATE letter_items SET fate = $3 WHERE letter_id = $1 AND event_id = $2 AND fate = ''";
    SELECT_MOST = "SELECT most FROM letters WHERE id = $1";
    SET_MOST = "UPDATE letters SET most = $2 WHERE id = $1";
    UNDECIDE = "UPDATE letter_items SET fate = '' WHERE letter_id = $1 AND fate = $2";
    SELECT_STRUCK = "
        SELECT event_id, author, had_by FROM letter_items
        WHERE letter_id = $1 AND struck > $2 AND kind NOT IN ('reaction', 'remark') ORDER BY id";
    SELECT_ROOM = "
        SELECT room_id FROM letters JOIN conversations ON conversations.id = conversation_id
        WHERE letters.id = $1";
    SELECT_LAST_EVENT = "
        SELECT event_id FROM letter_items WHERE letter_id = $1 ORDER BY id DESC LIMIT 1";
    SELECT_HIGH_WATER = "
        SELECT event_id FROM letter_items
        WHERE room_id = $1 AND settled = 1 AND inbox_seq < coalesce(
            (SELECT min(inbox_seq) FROM letter_items WHERE room_id = $1 AND settled = 0
                AND (kind NOT IN ('reaction', 'remark') OR NOT EXISTS (
                    SELECT 1 FROM letters
                    WHERE letters.id = letter_id AND state = 'open' AND due_at IS NULL))),
            9223372036854775807)
        ORDER BY inbox_seq DESC LIMIT 1";
    SELECT_RECEIVED = "
        SELECT received_at FROM letter_items JOIN inbox ON inbox.seq = inbox_seq
        WHERE letter_id = $1 AND struck = 0 AND letter_items.kind <> 'reaction'";
    COUNT_OPEN = "SELECT count(*) FROM letters WHERE state = 'open'";
}

/// A sealed letter.
#[derive(Debug, Clone)]
pub struct Sealed {
    pub conversation: ConversationId,
    pub message_id: MessageId,
    pub sealed_at: i64,
    pub seal: Seal,
}

/// An item as it stands in the letter now.
#[derive(Debug, Clone)]
pub struct Item {
    pub event: String,
    pub author: String,
    pub by_staff: bool,
    pub sent_at: i64,
    pub kind: ItemKind,
    pub words: Words,
    /// The beginning of the message that this one replies to, or of the one that a reaction is about.
    pub quote: Option<String>,
    /// The event that this one replies to.
    pub reply_to: Option<String>,
    pub shared: Option<Shared>,
    /// The event that brought what is shared: this one, or an edit of it.
    pub file_event: String,
    /// How a file travels in this letter, once that is decided.
    pub fate: Option<Fate>,
    /// Of a correction: the beginning of the message as it had been sent.
    pub earlier: Option<String>,
    /// Who has it already.
    pub had_by: Vec<ContactId>,
    /// The message that a correction or a reaction is about, or the poll of a result.
    pub about: Option<String>,
}

#[derive(sqlx::FromRow)]
struct ItemRow {
    event_id: String,
    author: String,
    by_staff: i64,
    sent_at: i64,
    kind: String,
    body: String,
    html: Option<String>,
    quote: String,
    reply_to: String,
    shared: String,
    fate: String,
    earlier: String,
    had_by: String,
    about: String,
    file_event: String,
}

impl TryFrom<ItemRow> for Item {
    type Error = StoreError;

    fn try_from(row: ItemRow) -> Result<Self, StoreError> {
        let given = |text: String| (!text.is_empty()).then_some(text);
        Ok(Self {
            event: row.event_id,
            author: row.author,
            by_staff: row.by_staff == 1,
            sent_at: row.sent_at,
            kind: kind_of(&row.kind)?,
            words: Words {
                body: row.body,
                html: row.html,
            },
            quote: given(row.quote),
            reply_to: given(row.reply_to),
            shared: given(row.shared)
                .map(|json| serde_json::from_str(&json))
                .transpose()?,
            fate: given(row.fate)
                .map(|json| serde_json::from_str(&json))
                .transpose()?,
            earlier: given(row.earlier),
            had_by: serde_json::from_str(&row.had_by)?,
            about: given(row.about),
            file_event: row.file_event,
        })
    }
}

/// Puts a message into the conversation's open letter, and opens one if there is none. Unless it only
/// rides, `departure` says when the letter goes then; it gets what was known of that, if anything was.
pub async fn write(
    tx: &mut Tx,
    conversation: ConversationId,
    item: &LetterItem,
    inbox_seq: i64,
    departure: impl FnOnce(Option<Opened>) -> Departure + Send,
    trace: &str,
    now: i64,
) -> Result<(), StoreError> {
    let connection = tx.connection();
    let open = fetch_optional!(
        connection,
        (i64, i64, Option<i64>, Option<i64>),
        SELECT_OPEN,
        conversation.0
    );
    let letter = match open {
        Some((id, ..)) => id,
        None => fetch_one!(connection, (i64,), INSERT, conversation.0, now, trace).0,
    };
    let had_by = serde_json::to_string(&item.had_by)?;
    let shared = match &item.shared {
        Some(shared) => serde_json::to_string(shared)?,
        None => String::new(),
    };
    execute!(
        connection,
        INSERT_ITEM,
        letter,
        item.event.as_str(),
        inbox_seq,
        item.room.as_str(),
        &item.author,
        i64::from(item.by_staff),
        item.sent_at.as_millisecond(),
        word(item.kind),
        &item.words.body,
        item.words.html.as_deref(),
        item.quote.as_deref().unwrap_or_default(),
        item.reply_to.as_ref().map_or("", |event| event.as_str()),
        shared,
        item.earlier.as_deref().unwrap_or_default(),
        had_by,
        item.about.as_ref().map_or("", |event| event.as_str()),
        item.thread_root.as_ref().map_or("", |event| event.as_str()),
    );
    if !item.rides {
        // A letter that holds only what rides is not opened yet.
        let opened = open.and_then(|(_, at, due, latest)| due.map(|_| opened(at, latest)));
        let opened_at = opened.map_or(now, |opened| opened.at.as_millisecond().min(now));
        departures::set(tx, LetterId(letter), opened_at, departure(opened)).await?;
    }
    Ok(())
}

/// Whether the conversation has had a letter.
pub async fn has_had_one(
    connection: &mut Connection,
    conversation: ConversationId,
) -> Result<bool, StoreError> {
    Ok(fetch_one!(connection, (i64,), COUNT_SENT, conversation.0).0 > 0)
}

/// The conversation's open letter.
pub async fn open_of(
    connection: &mut Connection,
    conversation: ConversationId,
) -> Result<Option<LetterId>, StoreError> {
    let open = fetch_optional!(
        connection,
        (i64, i64, Option<i64>, Option<i64>),
        SELECT_OPEN,
        conversation.0
    );
    Ok(open.map(|(id, ..)| LetterId(id)))
}

/// Fixes the letter; `false` if it was sealed before.
pub async fn seal(
    tx: &mut Tx,
    letter: LetterId,
    message_id: &MessageId,
    seal: &Seal,
    now: i64,
) -> Result<bool, StoreError> {
    let seal = serde_json::to_string(seal)?;
    Ok(execute!(
        tx.connection(),
        SEAL,
        letter.0,
        now,
        message_id.as_str(),
        seal
    ) == 1)
}

/// The conversation's open letter, or a new one.
async fn open_or_new(
    connection: &mut Connection,
    conversation: ConversationId,
    trace: &str,
    now: i64,
) -> Result<i64, StoreError> {
    if let Some(open) = open_of(connection, conversation).await? {
        return Ok(open.0);
    }
    Ok(fetch_one!(connection, (i64,), INSERT, conversation.0, now, trace).0)
}

/// What rides with the letter rides with the conversation's next one, too: for those who didn't get this
/// one. Each is an event, with those who have it then.
pub async fn carry_over(
    tx: &mut Tx,
    letter: LetterId,
    conversation: ConversationId,
    items: &[(&str, Vec<ContactId>)],
    trace: &str,
    now: i64,
) -> Result<(), StoreError> {
    let connection = tx.connection();
    let next = open_or_new(connection, conversation, trace, now).await?;
    for (event, had_by) in items {
        let had_by = serde_json::to_string(had_by)?;
        execute!(connection, CARRY_OVER, letter.0, next, *event, had_by);
    }
    Ok(())
}

/// Moves the item of this event, and those after it, from a sealed letter to the conversation's next
/// one.
pub async fn split_off(
    tx: &mut Tx,
    (letter, conversation): (LetterId, ConversationId),
    event: &str,
    trace: &str,
    now: i64,
) -> Result<LetterId, StoreError> {
    let connection = tx.connection();
    let next = open_or_new(connection, conversation, trace, now).await?;
    execute!(connection, MOVE, letter.0, next, event);
    Ok(LetterId(next))
}

/// The letter's way is at its end, whatever that was; its files are let go of.
pub async fn settle(tx: &mut Tx, letter: LetterId) -> Result<(), StoreError> {
    execute!(tx.connection(), SETTLE, letter.0);
    execute!(tx.connection(), SETTLE_ITEMS, letter.0);
    files::let_go(tx, letter).await
}

pub async fn sealed(connection: &mut Connection, letter: LetterId) -> Result<Sealed, StoreError> {
    let (conversation, message_id, sealed_at, seal) = fetch_one!(
        connection,
        (i64, String, Option<i64>, String),
        SELECT,
        letter.0
    );
    Ok(Sealed {
        conversation: ConversationId(conversation),
        message_id: MessageId::parse(&message_id)
            .ok_or_else(|| StoreError::Value(format!("letter {letter} has no Message-ID")))?,
        sealed_at: sealed_at.unwrap_or_default(),
        seal: serde_json::from_str(&seal)?,
    })
}

/// What the letter says now: what was struck is gone.
pub async fn items(connection: &mut Connection, letter: LetterId) -> Result<Vec<Item>, StoreError> {
    fetch_all!(connection, ItemRow, SELECT_ITEMS, letter.0)
        .into_iter()
        .map(TryInto::try_into)
        .collect()
}

/// How a file travels in this letter is decided, once.
pub async fn decide(
    tx: &mut Tx,
    letter: LetterId,
    event: &str,
    fate: &Fate,
) -> Result<(), StoreError> {
    let fate = serde_json::to_string(fate)?;
    execute!(tx.connection(), DECIDE, letter.0, event, fate);
    Ok(())
}

/// In octets, the most that the mail server was found to take of this letter.
pub async fn most(
    connection: &mut Connection,
    letter: LetterId,
) -> Result<Option<u64>, StoreError> {
    let (most,) = fetch_one!(connection, (i64,), SELECT_MOST, letter.0);
    Ok(u64::try_from(most).ok().filter(|most| *most > 0))
}

/// The mail server takes no more than `most` octets of this letter: how its attached files travel is to
/// be decided again. `false` if none was attached.
pub async fn decide_again(tx: &mut Tx, letter: LetterId, most: u64) -> Result<bool, StoreError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    execute!(tx.connection(), SET_MOST, letter.0, most);
    let attached = serde_json::to_string(&Fate::Attached)?;
    Ok(execute!(tx.connection(), UNDECIDE, letter.0, attached) > 0)
}

/// A message that was taken out of a letter.
#[derive(Debug, Clone)]
pub struct Struck {
    pub event: String,
    pub author: String,
    /// Who had it before the letter.
    pub had_by: Vec<ContactId>,
}

/// What was taken out of the letter by events after place `since` in the inbox.
pub async fn struck_since(
    connection: &mut Connection,
    letter: LetterId,
    since: i64,
) -> Result<Vec<Struck>, StoreError> {
    type Row = (String, String, String);
    fetch_all!(connection, Row, SELECT_STRUCK, letter.0, since)
        .into_iter()
        .map(|(event, author, had_by)| {
            Ok(Struck {
                event,
                author,
                had_by: serde_json::from_str(&had_by)?,
            })
        })
        .collect()
}

/// The room of a letter, and the last message in it.
pub async fn place_of(
    connection: &mut Connection,
    letter: LetterId,
) -> Result<(String, Option<String>), StoreError> {
    let (room,) = fetch_one!(connection, (String,), SELECT_ROOM, letter.0);
    let event = fetch_optional!(connection, (String,), SELECT_LAST_EVENT, letter.0);
    Ok((room, event.map(|(id,)| id)))
}

/// The newest message of the room before which everything that was to go out is settled, but for what
/// waits for a letter to ride with.
pub async fn high_water(
    connection: &mut Connection,
    room: &str,
) -> Result<Option<String>, StoreError> {
    let row = fetch_optional!(connection, (String,), SELECT_HIGH_WATER, room);
    Ok(row.map(|(event,)| event))
}

/// When each of the letter's messages was taken over; reactions wait for a letter, however long.
pub async fn received_at(
    connection: &mut Connection,
    letter: LetterId,
) -> Result<Vec<i64>, StoreError> {
    let rows = fetch_all!(connection, (i64,), SELECT_RECEIVED, letter.0);
    Ok(rows.into_iter().map(|(received_at,)| received_at).collect())
}

pub async fn count_open(connection: &mut Connection) -> Result<i64, StoreError> {
    Ok(fetch_one!(connection, (i64,), COUNT_OPEN).0)
}

pub(super) fn word(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::Text => "text",
        ItemKind::Emote => "emote",
        ItemKind::Shared => "shared",
        ItemKind::NotCarried => "not_carried",
        ItemKind::Correction => "correction",
        ItemKind::Reaction => "reaction",
        ItemKind::Remark => "remark",
    }
}

fn kind_of(word: &str) -> Result<ItemKind, StoreError> {
    Ok(match word {
        "text" => ItemKind::Text,
        "emote" => ItemKind::Emote,
        "shared" => ItemKind::Shared,
        "not_carried" => ItemKind::NotCarried,
        "correction" => ItemKind::Correction,
        "reaction" => ItemKind::Reaction,
        "remark" => ItemKind::Remark,
        other => return Err(StoreError::Value(format!("kind of item {other}"))),
    })
}

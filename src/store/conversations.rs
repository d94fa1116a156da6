//! Conversations: who is written to, and the chain of Message-IDs.

use std::collections::HashMap;

use jiff::Timestamp;
use ruma::UserId;

use super::{
    Connection, StoreError, Tx, addresses, departures, letters, members, merges, people::address,
    signs,
};
use crate::domain::{
    facts::{ConversationFacts, PersonFacts},
    ids::{ContactId, ConversationId, CustomerId, MessageId},
    threading::Chain,
};

statements! {
    SELECT_OF_ROOM = "
        SELECT id, customer_id, thread_root FROM conversations
        WHERE room_id = $1 AND state <> 'closed' ORDER BY id";
    SELECT_PEOPLE = concat!("
        SELECT contacts.id, written, name, ghost, role, (
            SELECT user_id FROM moves JOIN conversations AS here ON here.room_id = moves.room_id
            WHERE here.id = conversation_id AND moves.contact_id = contacts.id AND ", has_moved!(), "
        ) FROM participants
        JOIN contacts ON contacts.id = contact_id
        WHERE conversation_id = $1 AND ", is_there!(), " ORDER BY position, contacts.id");
    SELECT_PEOPLE_OF_ROOM = concat!("
        SELECT it.id, contacts.id, written, name, ghost, role, (
            SELECT user_id FROM moves WHERE moves.room_id = it.room_id
            AND moves.contact_id = contacts.id AND ", has_moved!(), "
        ) FROM conversations AS it
        JOIN participants ON conversation_id = it.id
        JOIN contacts ON contacts.id = contact_id
        WHERE it.room_id = $1 AND it.state <> 'closed' AND ", is_there!(), "
        ORDER BY it.id, position, contacts.id");
    COUNT_WAITING = "
        SELECT it.id, count(*), min(due_at) FROM conversations AS it
        JOIN letters ON conversation_id = it.id JOIN letter_items ON letter_id = letters.id
        WHERE it.room_id = $1 AND it.state <> 'closed' AND letters.state = 'open'
        AND due_at IS NOT NULL AND struck = 0 AND kind NOT IN ('reaction', 'remark')
        GROUP BY it.id";
    COUNT_UNDELIVERED = "
        SELECT it.id, count(*) FROM conversations AS it JOIN letters ON conversation_id = it.id
        WHERE it.room_id = $1 AND it.state <> 'closed' AND letters.state = 'sealed'
        GROUP BY it.id";
    SELECT = "
        SELECT room_id, thread_root, customer_id, mailbox, subject, state, closed_at,
            CASE WHEN progress = 'done' THEN done_since END AS done_since
        FROM conversations WHERE id = $1";
    SELECT_THREAD = "
        SELECT id, state FROM conversations
        WHERE room_id = $1 AND thread_root = $2 AND customer_id = $3 AND thread_root <> ''";
    SELECT_SIBLINGS = "
        SELECT id, thread_root FROM conversations
        WHERE customer_id = $1 AND room_id = $2 AND state <> 'closed' ORDER BY id";
    SELECT_SUBJECTS = "
        SELECT subject FROM participants JOIN conversations ON conversations.id = conversation_id
        WHERE contact_id = $1 AND substr(lower(subject), 1, length($2)) = $2";
    INSERT = "
        INSERT INTO conversations (room_id, thread_root, customer_id, mailbox, subject, created_at)
        VALUES ($1, $2, $3, $4, $5, $6) RETURNING id";
    CLOSE = "
        UPDATE conversations SET state = 'closed', closed_at = $2, deserted = $3
        WHERE id = $1 AND state <> 'closed'";
    FORGET_DESERTED = "
        UPDATE conversations SET deserted = 0 WHERE room_id = $1 AND deserted = 1";
    REOPEN = "
        UPDATE conversations SET state = 'open', closed_at = NULL, deserted = 0 WHERE id = $1";
    REOPEN_DESERTED = "
        UPDATE conversations SET state = 'open', closed_at = NULL, deserted = 0
        WHERE room_id = $1 AND deserted = 1 AND EXISTS (
            SELECT 1 FROM participants
            WHERE conversation_id = conversations.id AND contact_id = $2 AND role = 'member')";
    SELECT_BEFORE = "
        SELECT id, thread_root, state FROM conversations
        WHERE customer_id = $1 AND room_id = $2 ORDER BY id";
    EXTEND_CHAIN = "
        INSERT INTO chain (conversation_id, message_id, direction) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING";
    SELECT_CHAIN = "
        SELECT message_id FROM chain WHERE conversation_id = $1 AND NOT EXISTS (
            SELECT 1 FROM loose_ends WHERE loose_ends.conversation_id = chain.conversation_id
            AND loose_ends.message_id = chain.message_id)
        ORDER BY seq DESC LIMIT 40";
    SELECT_CHAIN_END = "
        SELECT message_id FROM chain WHERE conversation_id = $1 ORDER BY seq DESC LIMIT 1";
    SELECT_CHAIN_START = "SELECT message_id FROM chain WHERE conversation_id = $1 ORDER BY seq LIMIT 1";
    SELECT_LINK = "SELECT direction FROM chain WHERE message_id = $2 AND conversation_id = $1";
    INSERT_LOOSE_END = "
        INSERT INTO loose_ends (conversation_id, position, message_id) VALUES ($1,
            (SELECT coalesce(max(position) + 1, 0) FROM loose_ends WHERE conversation_id = $1), $2)
        ON CONFLICT DO NOTHING";
    SELECT_LOOSE_ENDS = "
        SELECT message_id FROM loose_ends
        WHERE conversation_id = $1 AND tied = 0 ORDER BY position LIMIT 40";
    TIE = "UPDATE loose_ends SET tied = 1 WHERE conversation_id = $1 AND message_id = $2";
    SELECT_BY_MESSAGE_ID = "SELECT conversation_id, direction FROM chain WHERE message_id = $1";
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Conversation {
    pub room_id: String,
    /// Empty: the room itself.
    pub thread_root: String,
    pub customer_id: i64,
    pub mailbox: String,
    pub subject: String,
    pub state: String,
    /// Since when nobody takes part any more.
    pub closed_at: Option<i64>,
    /// Since when it rests: staff call it closed, and have written nothing since.
    pub done_since: Option<i64>,
}

/// Which way a mail went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    In,
    Out,
}

impl Direction {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

pub async fn find(
    connection: &mut Connection,
    id: ConversationId,
) -> Result<Option<Conversation>, StoreError> {
    Ok(fetch_optional!(connection, Conversation, SELECT, id.0))
}

/// The room's conversations that aren't closed, with their people. `server` is the ghosts' own. Asks the
/// database as often for many conversations as for one.
pub async fn of_room(
    connection: &mut Connection,
    room: &str,
    server: &str,
) -> Result<Vec<ConversationFacts>, StoreError> {
    let mut people: HashMap<i64, Vec<PersonFacts>> = HashMap::new();
    for row in fetch_all!(connection, MemberRow, SELECT_PEOPLE_OF_ROOM, room) {
        let (conversation, contact, written, name, ghost, role, moved) = row;
        let person = person((contact, written, name, ghost, role, moved), server)?;
        people.entry(conversation).or_default().push(person);
    }
    let waiting = fetch_all!(connection, (i64, i64, Option<i64>), COUNT_WAITING, room);
    let waiting: HashMap<i64, (i64, Option<i64>)> = waiting
        .into_iter()
        .map(|(id, count, due)| (id, (count, due)))
        .collect();
    let undelivered = fetch_all!(connection, (i64, i64), COUNT_UNDELIVERED, room);
    let undelivered: HashMap<i64, i64> = undelivered.into_iter().collect();
    let rows = fetch_all!(connection, (i64, i64, String), SELECT_OF_ROOM, room);
    let facts = |(id, customer, thread_root): (i64, i64, String)| {
        let (count, due) = waiting.get(&id).copied().unwrap_or_default();
        let on_the_way = undelivered.get(&id).copied().unwrap_or_default();
        ConversationFacts {
            id: ConversationId(id),
            customer: CustomerId(customer),
            thread_root: thread_root.try_into().ok(),
            people: people.remove(&id).unwrap_or_default(),
            waiting: usize::try_from(count).unwrap_or_default(),
            goes_at: due.and_then(|due| Timestamp::from_millisecond(due).ok()),
            undelivered: usize::try_from(on_the_way).unwrap_or_default(),
        }
    };
    Ok(rows.into_iter().map(facts).collect())
}

/// Whom the conversation's letters go to, in a stable order: without those who have left a broadcast.
pub async fn people(
    connection: &mut Connection,
    id: ConversationId,
    server: &str,
) -> Result<Vec<PersonFacts>, StoreError> {
    let rows = fetch_all!(connection, PersonRow, SELECT_PEOPLE, id.0);
    rows.into_iter().map(|row| person(row, server)).collect()
}

/// Contact, address, name, localpart of the ghost, role, the user as whom they have moved to Matrix.
type PersonRow = (i64, String, String, String, String, Option<String>);
/// The conversation, and as [`PersonRow`].
type MemberRow = (i64, i64, String, String, String, String, Option<String>);

fn person(row: PersonRow, server: &str) -> Result<PersonFacts, StoreError> {
    let (contact, written, name, ghost, role, moved) = row;
    let address = address(&written)?;
    let ghost = UserId::parse(format!("@{ghost}:{server}"))
        .map_err(|fault| StoreError::Value(fault.to_string()))?;
    let name = if name.is_empty() {
        address.local_part().to_owned()
    } else {
        name
    };
    Ok(PersonFacts {
        contact: ContactId(contact),
        address,
        name,
        ghost,
        is_guest: role == "guest",
        moved: moved.and_then(|user| UserId::parse(user).ok()),
    })
}

/// What opening a conversation takes.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    pub room: &'a str,
    /// Empty for the room itself.
    pub thread_root: &'a str,
    pub customer: CustomerId,
    pub mailbox: &'a str,
    pub subject: &'a str,
}

/// Opens the conversation of a room with a customer, or the one that they had in the room before,
/// with its threads: their ids and their reply addresses live on. Who else was in one that was closed
/// is no longer. `contacts` are written to in this order, those who were there before at their old
/// places.
pub async fn open(
    tx: &mut Tx,
    room: &str,
    customer: CustomerId,
    contacts: &[ContactId],
    mailbox: &str,
    subject: &str,
    now: i64,
) -> Result<ConversationId, StoreError> {
    type Row = (i64, String, String);
    let before = fetch_all!(tx.connection(), Row, SELECT_BEFORE, customer.0, room);
    for (id, _, state) in &before {
        let id = ConversationId(*id);
        if state == "closed" {
            reopen(tx, id, contacts).await?;
        } else {
            members::add(tx, id, contacts).await?;
        }
    }
    if let Some((id, ..)) = before.iter().find(|(_, root, _)| root.is_empty()) {
        return Ok(ConversationId(*id));
    }
    let opening = Opening {
        room,
        thread_root: "",
        customer,
        mailbox,
        subject,
    };
    open_new(tx, opening, contacts, now).await
}

/// Opens a conversation that wasn't there before.
pub async fn open_new(
    tx: &mut Tx,
    opening: Opening<'_>,
    contacts: &[ContactId],
    now: i64,
) -> Result<ConversationId, StoreError> {
    let (id,) = fetch_one!(
        tx.connection(),
        (i64,),
        INSERT,
        opening.room,
        opening.thread_root,
        opening.customer.0,
        opening.mailbox,
        opening.subject,
        now
    );
    addresses::begin(tx, ConversationId(id)).await?;
    members::add(tx, ConversationId(id), contacts).await?;
    Ok(ConversationId(id))
}

/// Opens a closed conversation with these people: who else was in it is no longer.
pub async fn reopen(
    tx: &mut Tx,
    id: ConversationId,
    contacts: &[ContactId],
) -> Result<(), StoreError> {
    execute!(tx.connection(), REOPEN, id.0);
    merges::undo(tx, id).await?;
    members::dismiss(tx, id).await?;
    members::add(tx, id, contacts).await
}

/// Opens those of the room's conversations that closed since everybody had left, and of which the
/// contact is a member.
pub async fn reopen_deserted(
    tx: &mut Tx,
    room: &str,
    contact: ContactId,
) -> Result<(), StoreError> {
    execute!(tx.connection(), REOPEN_DESERTED, room, contact.0);
    signs::touch(tx, room).await
}

/// Whoever comes back to the room opens none of its conversations by that.
pub async fn forget_deserted(tx: &mut Tx, room: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), FORGET_DESERTED, room);
    Ok(())
}

/// The conversation that a Matrix thread is with a customer, and whether it is open.
pub async fn of_thread(
    connection: &mut Connection,
    room: &str,
    thread_root: &str,
    customer: CustomerId,
) -> Result<Option<(ConversationId, bool)>, StoreError> {
    let row = fetch_optional!(
        connection,
        (i64, String),
        SELECT_THREAD,
        room,
        thread_root,
        customer.0
    );
    Ok(row.map(|(id, state)| (ConversationId(id), state != "closed")))
}

/// The conversations with a customer in a room that aren't closed, each with the root of its thread;
/// that of the room itself has an empty one.
pub async fn with_customer(
    connection: &mut Connection,
    room: &str,
    customer: CustomerId,
) -> Result<Vec<(ConversationId, String)>, StoreError> {
    let rows = fetch_all!(connection, (i64, String), SELECT_SIBLINGS, customer.0, room);
    Ok(rows
        .into_iter()
        .map(|(id, root)| (ConversationId(id), root))
        .collect())
}

/// The subjects of the contact's conversations, in any room, that begin with `base`, which is in lower
/// case.
pub async fn subjects_like(
    connection: &mut Connection,
    base: &str,
    contact: ContactId,
) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(connection, (String,), SELECT_SUBJECTS, contact.0, base);
    Ok(rows.into_iter().map(|(subject,)| subject).collect())
}

/// Closes the conversation; `deserted` says that it is since everybody has left.
pub async fn close(
    tx: &mut Tx,
    id: ConversationId,
    deserted: bool,
    now: i64,
) -> Result<(), StoreError> {
    execute!(tx.connection(), CLOSE, id.0, now, i64::from(deserted));
    signs::touch_of(tx, id).await?;
    // Nothing comes any more that it could ride with.
    match departures::resting(tx.connection(), id).await? {
        Some(letter) => letters::settle(tx, letter).await,
        None => Ok(()),
    }
}

pub async fn extend_chain(
    tx: &mut Tx,
    id: ConversationId,
    message_id: &MessageId,
    direction: Direction,
) -> Result<(), StoreError> {
    execute!(
        tx.connection(),
        EXTEND_CHAIN,
        id.0,
        message_id.as_str(),
        direction.word()
    );
    Ok(())
}

/// Whether the mail is one of the conversation's.
pub async fn has_in_chain(
    connection: &mut Connection,
    id: ConversationId,
    message_id: &MessageId,
) -> Result<bool, StoreError> {
    let row = fetch_optional!(
        connection,
        (String,),
        SELECT_LINK,
        id.0,
        message_id.as_str()
    );
    Ok(row.is_some())
}

/// The next letters shall name this mail, see [`threading`](crate::domain::threading).
pub async fn remember_loose_end(
    tx: &mut Tx,
    id: ConversationId,
    end: &MessageId,
) -> Result<(), StoreError> {
    execute!(tx.connection(), INSERT_LOOSE_END, id.0, end.as_str());
    Ok(())
}

/// A letter names these mails.
pub async fn tie(tx: &mut Tx, id: ConversationId, ends: &[MessageId]) -> Result<(), StoreError> {
    for end in ends {
        execute!(tx.connection(), TIE, id.0, end.as_str());
    }
    Ok(())
}

/// The conversation's mails: the first one, the newest 40, and apart from them up to 40 loose ends.
pub async fn chain(connection: &mut Connection, id: ConversationId) -> Result<Chain, StoreError> {
    let start = fetch_optional!(connection, (String,), SELECT_CHAIN_START, id.0);
    let mut ids = fetch_all!(connection, (String,), SELECT_CHAIN, id.0);
    if ids.last() != start.as_ref() {
        ids.extend(start);
    }
    let loose = fetch_all!(connection, (String,), SELECT_LOOSE_ENDS, id.0);
    Ok(Chain {
        ids: ids
            .iter()
            .rev()
            .filter_map(|(id,)| MessageId::parse(id))
            .collect(),
        loose: loose
            .iter()
            .filter_map(|(id,)| MessageId::parse(id))
            .collect(),
    })
}

/// The conversation's newest mail, by arrival.
pub async fn newest_mail(
    connection: &mut Connection,
    id: ConversationId,
) -> Result<Option<MessageId>, StoreError> {
    let row = fetch_optional!(connection, (String,), SELECT_CHAIN_END, id.0);
    Ok(row.and_then(|(id,)| MessageId::parse(&id)))
}

/// The conversations that this mail is part of, and which way it went.
pub async fn by_message_id(
    connection: &mut Connection,
    message_id: &MessageId,
) -> Result<Vec<(ConversationId, Direction)>, StoreError> {
    let rows = fetch_all!(
        connection,
        (i64, String),
        SELECT_BY_MESSAGE_ID,
        message_id.as_str()
    );
    let direction = |word: &str| {
        if word == "out" {
            Direction::Out
        } else {
            Direction::In
        }
    };
    Ok(rows
        .into_iter()
        .map(|(id, word)| (ConversationId(id), direction(&word)))
        .collect())
}

//! Conversations: who is written to, and the chain of Message-IDs.

use ruma::UserId;

use super::{Connection, StoreError, Tx, people::address};
use crate::domain::{
    facts::{ConversationFacts, PersonFacts},
    ids::{ContactId, ConversationId, CustomerId, MessageId},
};

statements! {
    SELECT_OF_ROOM = "
        SELECT id, customer_id, thread_root FROM conversations
        WHERE room_id = $1 AND state <> 'closed' ORDER BY id";
    SELECT_PEOPLE = "
        SELECT contacts.id, written, name, ghost, role FROM participants
        JOIN contacts ON contacts.id = contact_id
        WHERE conversation_id = $1 AND role <> 'removed' AND NOT EXISTS (
            SELECT 1 FROM subscriptions WHERE subscriptions.conversation_id = $1
            AND subscriptions.contact_id = participants.contact_id AND ended_at IS NOT NULL)
        ORDER BY position";
    COUNT_WAITING = "
        SELECT count(*) FROM letters JOIN letter_items ON letter_id = letters.id
        WHERE conversation_id = $1 AND state = 'open' AND struck = 0";
    COUNT_UNDELIVERED = "
        SELECT count(*) FROM letters WHERE conversation_id = $1 AND state = 'sealed'";
    SELECT = "SELECT room_id, mailbox, subject, state FROM conversations WHERE id = $1";
    INSERT = "
        INSERT INTO conversations (room_id, customer_id, mailbox, subject, created_at)
        VALUES ($1, $2, $3, $4, $5) RETURNING id";
    CLOSE = "
        UPDATE conversations SET state = 'closed', closed_at = $2
        WHERE id = $1 AND state <> 'closed'";
    REOPEN = "
        UPDATE conversations SET state = 'open', closed_at = NULL
        WHERE customer_id = $1 AND room_id = $2 AND thread_root = '' RETURNING id";
    REOPEN_ONE = "
        UPDATE conversations SET state = 'open', closed_at = NULL WHERE id = $1 AND state = 'closed'";
    INSERT_PARTICIPANT = "
        INSERT INTO participants (conversation_id, contact_id, position) VALUES ($1, $2, $3)
        ON CONFLICT (conversation_id, contact_id) DO UPDATE SET role = 'member'";
    REMOVE_PARTICIPANT = "
        UPDATE participants SET role = 'removed' WHERE conversation_id = $1 AND contact_id = $2";
    COUNT_PARTICIPANTS = "
        SELECT count(*) FROM participants WHERE conversation_id = $1 AND role <> 'removed'";
    EXTEND_CHAIN = "
        INSERT INTO chain (conversation_id, message_id, direction) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING";
    SELECT_CHAIN = "SELECT message_id FROM chain WHERE conversation_id = $1 ORDER BY seq DESC LIMIT 40";
    SELECT_CHAIN_START = "SELECT message_id FROM chain WHERE conversation_id = $1 ORDER BY seq LIMIT 1";
    SELECT_BY_MESSAGE_ID = "SELECT conversation_id, direction FROM chain WHERE message_id = $1";
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Conversation {
    pub room_id: String,
    pub mailbox: String,
    pub subject: String,
    pub state: String,
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

/// The room's conversations that aren't closed, with their people. `server` is the ghosts' own.
pub async fn of_room(
    connection: &mut Connection,
    room: &str,
    server: &str,
) -> Result<Vec<ConversationFacts>, StoreError> {
    let mut conversations = Vec::new();
    let rows = fetch_all!(connection, (i64, i64, String), SELECT_OF_ROOM, room);
    for (id, customer, thread_root) in rows {
        let (waiting,) = fetch_one!(connection, (i64,), COUNT_WAITING, id);
        let (undelivered,) = fetch_one!(connection, (i64,), COUNT_UNDELIVERED, id);
        conversations.push(ConversationFacts {
            id: ConversationId(id),
            customer: CustomerId(customer),
            thread_root: thread_root.try_into().ok(),
            people: people(connection, ConversationId(id), server).await?,
            waiting: usize::try_from(waiting).unwrap_or_default(),
            undelivered: usize::try_from(undelivered).unwrap_or_default(),
        });
    }
    Ok(conversations)
}

/// Whom the conversation's letters go to, in a stable order: without those who have left a broadcast.
pub async fn people(
    connection: &mut Connection,
    id: ConversationId,
    server: &str,
) -> Result<Vec<PersonFacts>, StoreError> {
    let rows = fetch_all!(
        connection,
        (i64, String, String, String, String),
        SELECT_PEOPLE,
        id.0
    );
    rows.into_iter()
        .map(|(contact, written, name, ghost, role)| {
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
            })
        })
        .collect()
}

/// Opens a conversation with a customer, or the one that they had in the room before: its thread and
/// its reply address live on. `contacts` are written to in this order.
pub async fn open(
    tx: &mut Tx,
    room: &str,
    customer: CustomerId,
    contacts: &[ContactId],
    mailbox: &str,
    subject: &str,
    now: i64,
) -> Result<ConversationId, StoreError> {
    let connection = tx.connection();
    let id = match fetch_optional!(connection, (i64,), REOPEN, customer.0, room) {
        Some((id,)) => id,
        None => {
            fetch_one!(
                connection,
                (i64,),
                INSERT,
                room,
                customer.0,
                mailbox,
                subject,
                now
            )
            .0
        }
    };
    for (position, contact) in (0_i64..).zip(contacts) {
        execute!(connection, INSERT_PARTICIPANT, id, contact.0, position);
    }
    Ok(ConversationId(id))
}

/// Nobody writes to this person any more; a conversation without people is closed.
pub async fn remove_participant(
    tx: &mut Tx,
    id: ConversationId,
    contact: ContactId,
    now: i64,
) -> Result<(), StoreError> {
    execute!(tx.connection(), REMOVE_PARTICIPANT, id.0, contact.0);
    if fetch_one!(tx.connection(), (i64,), COUNT_PARTICIPANTS, id.0).0 == 0 {
        close(tx, id, now).await?;
    }
    Ok(())
}

pub async fn close(tx: &mut Tx, id: ConversationId, now: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), CLOSE, id.0, now);
    Ok(())
}

pub async fn reopen(tx: &mut Tx, id: ConversationId) -> Result<(), StoreError> {
    execute!(tx.connection(), REOPEN_ONE, id.0);
    Ok(())
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

/// The conversation's Message-IDs, oldest first: the first one and the newest 40.
pub async fn chain(
    connection: &mut Connection,
    id: ConversationId,
) -> Result<Vec<MessageId>, StoreError> {
    let start = fetch_optional!(connection, (String,), SELECT_CHAIN_START, id.0);
    let mut ids = fetch_all!(connection, (String,), SELECT_CHAIN, id.0);
    if ids.last() != start.as_ref() {
        ids.extend(start);
    }
    Ok(ids
        .iter()
        .rev()
        .filter_map(|(id,)| MessageId::parse(id))
        .collect())
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

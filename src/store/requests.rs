//! Requests: what somebody wants whose mail belongs to no conversation.

use ruma::OwnedRoomId;

use super::{Connection, Queue, StoreError, Tx, mails, people::address};
use crate::domain::{
    address::{EmailAddress, NamedAddress},
    ids::{ConversationId, MailId, MessageId, RequestId},
    intake::{Known, KnownRoom, Request, State},
    letter::Language,
    room_reference::RoomReference,
};

/// The columns of [`Row`].
macro_rules! columns {
    () => {
        "id, mailbox, written, name, subject, space, language, state, told_in, room_id, decided_by,
            created_at,
            (SELECT count(*) FROM request_mails WHERE request_id = requests.id) AS mails"
    };
}

statements! {
    INSERT = "
        INSERT INTO requests
            (mailbox, address, written, name, subject, space, language, state, told_in, created_at,
            decided_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id";
    INSERT_MAIL = "
        INSERT INTO request_mails (mail_id, request_id, mailbox, message_id, from_address, date)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    SELECT_SAME = "
        SELECT request_id FROM request_mails
        WHERE message_id = $1 AND from_address = $2 AND date = $3 AND mailbox = $4";
    SELECT_PENDING = "
        SELECT id FROM requests
        WHERE mailbox = $1 AND address = $2 AND space = $3 AND state IN ('waiting', 'opening')";
    SELECT = concat!("SELECT ", columns!(), " FROM requests WHERE id = $1");
    SELECT_WAITING = concat!("
        SELECT ", columns!(), " FROM requests WHERE state IN ('waiting', 'opening')
        AND (told_in = $1 OR $1 = '') ORDER BY id LIMIT $2");
    COUNT_WAITING = "
        SELECT count(*) FROM requests WHERE state IN ('waiting', 'opening')
        AND (told_in = $1 OR $1 = '')";
    SELECT_PLACES_OF = "
        SELECT DISTINCT conversation_id FROM request_mails JOIN requests ON requests.id = request_id
        WHERE mail_id = $1 AND state = 'opened' AND conversation_id IS NOT NULL
        ORDER BY conversation_id";
    SELECT_MAILS = "SELECT mail_id FROM request_mails WHERE request_id = $1 ORDER BY mail_id";
    BEGIN = "
        UPDATE requests SET state = 'opening', decided_by = $2, decided_at = $3, trouble_told = 0
        WHERE id = $1 AND state IN ('waiting', 'dismissed')";
    DISMISS = "
        UPDATE requests SET state = 'dismissed', decided_by = $2, decided_at = $3
        WHERE id = $1 AND state = 'waiting'";
    DECIDED_BY = "UPDATE requests SET decided_by = $2, decided_at = $3 WHERE id = $1";
    OPEN = "
        UPDATE requests SET state = 'opened', room_id = $2, conversation_id = $3
        WHERE id = $1 AND state <> 'opened'";
    WAIT_AGAIN = "
        UPDATE requests SET state = 'waiting', decided_by = '', decided_at = NULL, trouble_told = 0
        WHERE id = $1 AND state = 'opening'";
    ANSWERED = "UPDATE requests SET state = 'answered' WHERE id = $1 AND state = 'opening'";
    SELECT_FIRST_ID = "
        SELECT mails.message_id FROM request_mails JOIN mails ON mails.id = mail_id
        WHERE request_id = $1 ORDER BY mail_id LIMIT 1";
    TELL_OF_TROUBLE = "
        UPDATE requests SET trouble_told = 1 WHERE id = $1 AND trouble_told = 0";
    COUNT_BY_RULE = "
        SELECT count(*) FROM requests
        WHERE mailbox = $1 AND ordered_at > $2";
    NOTE_ORDER = "UPDATE requests SET ordered_at = $2 WHERE id = $1";
    SELECT_ROOMS = "
        SELECT told_in, min(coalesce(reminded_at, created_at)) FROM requests
        WHERE state = 'waiting' AND state IN ('waiting', 'opening') AND told_in <> '' GROUP BY told_in ORDER BY told_in";
    REMIND = "
        UPDATE requests SET reminded_at = $2
        WHERE told_in = $1 AND state = 'waiting' AND state IN ('waiting', 'opening')";
    SELECT_ROOMS_OF = concat!("
        SELECT conversations.id, conversations.room_id, coalesce(rooms.name, ''), conversations.mailbox
        FROM contacts
        JOIN participants ON contact_id = contacts.id
        JOIN conversations ON conversations.id = conversation_id
        LEFT JOIN rooms ON rooms.room_id = conversations.room_id
        WHERE address = $1 AND state <> 'closed' AND thread_root = '' AND role = 'member'
        AND ", is_there!(), " ORDER BY conversations.id DESC LIMIT $2");
    SET_MAILBOX = "UPDATE rooms SET mailbox = $2 WHERE room_id = $1";
    SET_MAILBOX_OF_CONVERSATIONS = "UPDATE conversations SET mailbox = $2 WHERE room_id = $1";
    SELECT_WRITTEN_FROM = "
        SELECT letters.id FROM letters JOIN conversations ON conversations.id = conversation_id
        WHERE room_id = $1 AND letters.state <> 'open' LIMIT 1";
    SELECT_USED = "SELECT id FROM conversations WHERE room_id = $1 LIMIT 1";
    SELECT_MADE = "
        SELECT lane, result FROM outbox
        WHERE effect_id = $1 AND settled_at IS NOT NULL AND lane LIKE 'room:new-%'";
    ROOT = "UPDATE conversations SET thread_root = $3 WHERE id = $1 AND thread_root = $2";
    SELECT_DESK = "
        SELECT id FROM conversations WHERE room_id = '' AND mailbox = $1 ORDER BY id LIMIT 1";
    INSERT_CUSTOMER = "INSERT INTO customers (mailbox, created_at) VALUES ($1, $2) RETURNING id";
    INSERT_DESK = "
        INSERT INTO conversations (room_id, thread_root, customer_id, mailbox, subject, state,
            created_at, closed_at)
        VALUES ('', '', $1, $2, '', 'closed', $3, $3) RETURNING id";
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    mailbox: String,
    written: String,
    name: String,
    subject: String,
    space: String,
    language: String,
    state: String,
    told_in: String,
    room_id: String,
    decided_by: String,
    created_at: i64,
    mails: i64,
}

impl TryFrom<Row> for Known {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: RequestId(row.id),
            mailbox: row.mailbox,
            sender: NamedAddress {
                name: Some(row.name).filter(|name| !name.is_empty()),
                address: address(&row.written)?,
            },
            subject: row.subject,
            space: RoomReference::parse(&row.space),
            language: Language::from_tag(&row.language).unwrap_or_default(),
            state: State::parse(&row.state)
                .ok_or_else(|| StoreError::Value(format!("request {} has no state", row.id)))?,
            mails: row.mails,
            told_in: OwnedRoomId::try_from(row.told_in).ok(),
            room: OwnedRoomId::try_from(row.room_id).ok(),
            decided_by: row.decided_by,
            created_at: row.created_at,
        })
    }
}

/// A new request; one that is not `waiting` was decided about by a rule.
pub async fn insert(
    tx: &mut Tx,
    request: &Request,
    state: State,
    told_in: &str,
    now: i64,
) -> Result<RequestId, StoreError> {
    let (id,) = fetch_one!(
        tx.connection(),
        (i64,),
        INSERT,
        &request.mailbox,
        request.sender.address.key(),
        request.sender.address.as_str(),
        request.sender.name.as_deref().unwrap_or_default(),
        &request.subject,
        request.space.as_ref().map_or("", RoomReference::as_str),
        request.language.tag(),
        state.word(),
        told_in,
        now,
        (state != State::Waiting).then_some(now)
    );
    tx.wake(Queue::Held);
    Ok(RequestId(id))
}

/// The mail is one of the request's.
pub async fn add_mail(tx: &mut Tx, id: RequestId, request: &Request) -> Result<(), StoreError> {
    execute!(
        tx.connection(),
        INSERT_MAIL,
        request.mail.0,
        id.0,
        &request.mailbox,
        &request.identity,
        request.sender.address.key(),
        &request.date
    );
    Ok(())
}

/// Whether the same mail is in a request of the mailbox already.
pub async fn is_known(
    connection: &mut Connection,
    mailbox: &str,
    identity: &str,
    from: &EmailAddress,
    date: &str,
) -> Result<bool, StoreError> {
    let row = fetch_optional!(
        connection,
        (i64,),
        SELECT_SAME,
        identity,
        from.key(),
        date,
        mailbox
    );
    Ok(row.is_some())
}

/// The request of somebody that waits, or whose room is being made; the one to take the room `space` into
/// the Space, where that is what they want.
pub async fn pending(
    connection: &mut Connection,
    mailbox: &str,
    from: &EmailAddress,
    space: Option<&RoomReference>,
) -> Result<Option<RequestId>, StoreError> {
    let space = space.map_or("", RoomReference::as_str);
    let row = fetch_optional!(
        connection,
        (i64,),
        SELECT_PENDING,
        mailbox,
        from.key(),
        space
    );
    Ok(row.map(|(id,)| RequestId(id)))
}

pub async fn find(connection: &mut Connection, id: RequestId) -> Result<Option<Known>, StoreError> {
    fetch_optional!(connection, Row, SELECT, id.0)
        .map(TryInto::try_into)
        .transpose()
}

/// What waits and was told in a room, or anywhere if `told_in` is empty; the oldest first, at most
/// `limit`; and how many in all.
pub async fn waiting(
    connection: &mut Connection,
    told_in: &str,
    limit: i64,
) -> Result<(Vec<Known>, usize), StoreError> {
    let rows = fetch_all!(connection, Row, SELECT_WAITING, told_in, limit);
    let (count,) = fetch_one!(connection, (i64,), COUNT_WAITING, told_in);
    let known: Result<Vec<Known>, StoreError> = rows.into_iter().map(TryInto::try_into).collect();
    Ok((known?, usize::try_from(count).unwrap_or_default()))
}

/// Where a mail is to be posted since its requests have rooms.
pub async fn places_of(
    connection: &mut Connection,
    mail: MailId,
) -> Result<Vec<ConversationId>, StoreError> {
    let rows = fetch_all!(connection, (i64,), SELECT_PLACES_OF, mail.0);
    Ok(rows.into_iter().map(|(id,)| ConversationId(id)).collect())
}

/// A room is to be made for it: `false` if somebody has decided otherwise in the meantime.
pub async fn begin(tx: &mut Tx, id: RequestId, by: &str, now: i64) -> Result<bool, StoreError> {
    Ok(execute!(tx.connection(), BEGIN, id.0, by, now) == 1)
}

pub async fn dismiss(tx: &mut Tx, id: RequestId, by: &str, now: i64) -> Result<bool, StoreError> {
    Ok(execute!(tx.connection(), DISMISS, id.0, by, now) == 1)
}

pub async fn set_decided_by(
    tx: &mut Tx,
    id: RequestId,
    by: &str,
    now: i64,
) -> Result<(), StoreError> {
    execute!(tx.connection(), DECIDED_BY, id.0, by, now);
    Ok(())
}

/// Its mails belong to this conversation, and are decided about once more, in order. `false` if they
/// have a place already.
pub async fn open(
    tx: &mut Tx,
    id: RequestId,
    room: &str,
    conversation: ConversationId,
) -> Result<bool, StoreError> {
    if execute!(tx.connection(), OPEN, id.0, room, conversation.0) != 1 {
        return Ok(false);
    }
    for (mail,) in fetch_all!(tx.connection(), (i64,), SELECT_MAILS, id.0) {
        mails::take_up_again(tx, MailId(mail)).await?;
    }
    Ok(true)
}

/// Its room could not be made.
pub async fn wait_again(tx: &mut Tx, id: RequestId) -> Result<(), StoreError> {
    execute!(tx.connection(), WAIT_AGAIN, id.0);
    tx.wake(Queue::Held);
    Ok(())
}

/// Its sender is told what came of it: `false` if somebody has decided otherwise in the meantime.
pub async fn answered(tx: &mut Tx, id: RequestId) -> Result<bool, StoreError> {
    Ok(execute!(tx.connection(), ANSWERED, id.0) == 1)
}

/// The Message-ID of the mail that began it, if that has one.
pub async fn first_message_id(
    connection: &mut Connection,
    id: RequestId,
) -> Result<Option<MessageId>, StoreError> {
    let row = fetch_optional!(connection, (String,), SELECT_FIRST_ID, id.0);
    Ok(row.and_then(|(id,)| MessageId::parse(&id)))
}

/// Whether staff don't know yet that its room can't be made for now; from now on they do.
pub async fn is_trouble_news(tx: &mut Tx, id: RequestId) -> Result<bool, StoreError> {
    Ok(execute!(tx.connection(), TELL_OF_TROUBLE, id.0) == 1)
}

/// A rule has a room made for it.
pub async fn note_order(tx: &mut Tx, id: RequestId, now: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), NOTE_ORDER, id.0, now);
    Ok(())
}

/// For how many requests the mailbox's rule has had a room made since.
pub async fn opened_by_rule(
    connection: &mut Connection,
    mailbox: &str,
    since: i64,
) -> Result<i64, StoreError> {
    Ok(fetch_one!(connection, (i64,), COUNT_BY_RULE, mailbox, since).0)
}

/// The rooms in which staff were asked about what waits, each with the time at which the first of it was
/// told there, or they were reminded of it.
pub async fn rooms(connection: &mut Connection) -> Result<Vec<(String, i64)>, StoreError> {
    Ok(fetch_all!(connection, (String, i64), SELECT_ROOMS))
}

pub async fn remind(tx: &mut Tx, room: &str, now: i64) -> Result<(), StoreError> {
    execute!(tx.connection(), REMIND, room, now);
    Ok(())
}

/// The rooms in which somebody has a conversation, each with its mailbox, the newest first.
pub async fn rooms_of(
    connection: &mut Connection,
    from: &EmailAddress,
    limit: i64,
) -> Result<Vec<(KnownRoom, String)>, StoreError> {
    type Place = (i64, String, String, String);
    let rows = fetch_all!(connection, Place, SELECT_ROOMS_OF, from.key(), limit);
    let known = |(conversation, room, name, mailbox): Place| {
        let room = KnownRoom {
            conversation: ConversationId(conversation),
            room: room.try_into().ok()?,
            name,
        };
        Some((room, mailbox))
    };
    Ok(rows.into_iter().filter_map(known).collect())
}

/// The room belongs to another mailbox, with its conversations.
pub async fn set_mailbox(tx: &mut Tx, room: &str, mailbox: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_MAILBOX, room, mailbox);
    execute!(tx.connection(), SET_MAILBOX_OF_CONVERSATIONS, room, mailbox);
    Ok(())
}

/// Whether a letter was sent from the room.
pub async fn was_written_from(connection: &mut Connection, room: &str) -> Result<bool, StoreError> {
    Ok(fetch_optional!(connection, (i64,), SELECT_WRITTEN_FROM, room).is_some())
}

/// Whether somebody has a conversation in the room, or had.
pub async fn is_used(connection: &mut Connection, room: &str) -> Result<bool, StoreError> {
    Ok(fetch_optional!(connection, (i64,), SELECT_USED, room).is_some())
}

/// A room that was to be made, and isn't any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedOrder {
    pub request: RequestId,
    /// What it came to; empty: to nothing, as far as we know.
    pub room: String,
}

/// The order of a room that has this effect; `None` while the room is still to come.
pub async fn ended_order(
    connection: &mut Connection,
    effect: &str,
) -> Result<Option<EndedOrder>, StoreError> {
    let row = fetch_optional!(connection, (String, String), SELECT_MADE, effect);
    Ok(row.and_then(|(lane, room)| {
        let request = lane.strip_prefix("room:new-")?.parse().ok()?;
        Some(EndedOrder {
            request: RequestId(request),
            room,
        })
    }))
}

/// Stands for the root of the thread that a mail begins, until the mail has an event.
#[must_use]
pub fn root_to_come(mail: MailId) -> String {
    format!("{TO_COME}{mail}")
}

/// Whether it stands for a root that isn't there yet.
#[must_use]
pub fn is_root_to_come(root: &str) -> bool {
    root.starts_with(TO_COME)
}

const TO_COME: &str = "$mail-";

/// The event shows the mail: if that began the conversation, and nothing has shown it before, this is
/// the root of its thread.
pub async fn root(
    tx: &mut Tx,
    conversation: ConversationId,
    mail: MailId,
    event: &str,
) -> Result<(), StoreError> {
    let to_come = root_to_come(mail);
    execute!(tx.connection(), ROOT, conversation.0, to_come, event);
    Ok(())
}

/// What stands for a mailbox's own letters to people who have no conversation: one that is closed, in no
/// room and with nobody.
pub async fn desk(tx: &mut Tx, mailbox: &str, now: i64) -> Result<ConversationId, StoreError> {
    if let Some((id,)) = fetch_optional!(tx.connection(), (i64,), SELECT_DESK, mailbox) {
        return Ok(ConversationId(id));
    }
    let (customer,) = fetch_one!(tx.connection(), (i64,), INSERT_CUSTOMER, mailbox, now);
    let (id,) = fetch_one!(tx.connection(), (i64,), INSERT_DESK, customer, mailbox, now);
    Ok(ConversationId(id))
}

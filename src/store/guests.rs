//! People who were copied in: who they are to a room, and who got which mail.

use super::{Connection, StoreError, Tx, newcomers};
use crate::domain::{
    address::EmailAddress,
    facts::Standing,
    ids::{ContactId, ConversationId, MailId},
};

statements! {
    SELECT_HAS_LEFT = "
        SELECT subscriptions.id FROM contacts JOIN subscriptions ON contact_id = contacts.id
        WHERE address = $1 AND room_id = $2 AND ended_at IS NOT NULL";
    SELECT_STANDING = "
        SELECT contact_id, it.id, it.customer_id, it.thread_root, it.state, role, told,
            own.customer_id AS own_customer_id, own.thread_root AS own_thread_root
        FROM contacts JOIN participants ON contact_id = contacts.id
        JOIN conversations AS it ON it.id = conversation_id
        JOIN conversations AS own ON own.room_id = it.room_id
        WHERE address = $1 AND own.id = $2";
    SELECT_LAST_ROLE = "
        SELECT role FROM contacts JOIN participants ON contact_id = contacts.id
        JOIN conversations ON conversations.id = conversation_id
        WHERE address = $1 AND room_id = $2 AND role IN ('member', 'removed')
        ORDER BY conversations.id DESC LIMIT 1";
    COUNT_COPIED_IN = "
        SELECT count(*) FROM participants
        WHERE conversation_id = $1 AND role IN ('guest', 'offered')";
    SELECT_COPIED_BY = "
        SELECT written, name FROM participants JOIN contacts ON contacts.id = copied_by
        WHERE conversation_id = $1 AND contact_id = $2 AND role = 'guest'";
    INSERT_COPIED_IN = "
        INSERT INTO participants (conversation_id, contact_id, position, role, copied_by)
        VALUES ($1, $2,
            (SELECT coalesce(max(position) + 1, 0) FROM participants WHERE conversation_id = $1),
            $4, $3)
        ON CONFLICT (conversation_id, contact_id)
        DO UPDATE SET role = excluded.role, copied_by = excluded.copied_by
        WHERE participants.role = 'offered' AND excluded.role = 'guest'";
    INSERT_KEPT_OUT = "
        INSERT INTO participants (conversation_id, contact_id, position, role, told)
        VALUES ($1, $2,
            (SELECT coalesce(max(position) + 1, 0) FROM participants WHERE conversation_id = $1),
            'removed', 1)
        ON CONFLICT (conversation_id, contact_id) DO UPDATE SET told = 1";
    INSERT_HAD = "
        INSERT INTO had (mail_id, contact_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    SELECT_HAD = "SELECT contact_id FROM had WHERE mail_id = $1 ORDER BY contact_id";
}

#[derive(sqlx::FromRow)]
struct Row {
    contact_id: i64,
    id: i64,
    customer_id: i64,
    thread_root: String,
    state: String,
    role: String,
    told: i64,
    own_customer_id: i64,
    own_thread_root: String,
}

/// What somebody is to a conversation of the room.
pub async fn standing(
    connection: &mut Connection,
    conversation: ConversationId,
    room: &str,
    address: &EmailAddress,
) -> Result<Standing, StoreError> {
    let key = address.key();
    let left = fetch_optional!(connection, (i64,), SELECT_HAS_LEFT, key, room);
    let rows = fetch_all!(connection, Row, SELECT_STANDING, key, conversation.0);
    if left.is_some() {
        let told = rows.iter().any(|row| row.told == 1);
        return Ok(Standing::Out { told });
    }
    let standings = rows.iter().map(|row| standing_by(row, conversation));
    Ok(standings.fold(Standing::New, weightier))
}

/// Whether somebody was put out of the room, or has left it, and nobody has let them in again since.
pub async fn is_out(
    connection: &mut Connection,
    room: &str,
    address: &EmailAddress,
) -> Result<bool, StoreError> {
    let key = address.key();
    if fetch_optional!(connection, (i64,), SELECT_HAS_LEFT, key, room).is_some() {
        return Ok(true);
    }
    let last = fetch_optional!(connection, (String,), SELECT_LAST_ROLE, key, room);
    Ok(last.is_some_and(|(role,)| role == "removed"))
}

/// What a row says of somebody to whom it belongs.
fn standing_by(row: &Row, conversation: ConversationId) -> Standing {
    let contact = ContactId(row.contact_id);
    let is_own = row.id == conversation.0;
    // Who is one of the room's people reads everything there, whoever is in the thread itself reads
    // that.
    let reads_along = row.thread_root == row.own_thread_root
        || row.thread_root.is_empty() && row.role == "member";
    match row.role.as_str() {
        "removed" => Standing::Out {
            told: row.told == 1,
        },
        "offered" if is_own => Standing::Offered(contact),
        "member" | "guest" if is_own || row.state != "closed" && reads_along => Standing::Here {
            contact,
            is_theirs: row.customer_id == row.own_customer_id,
        },
        _ => Standing::New,
    }
}

/// Who is there is there, who was put out is out, wherever they are offered besides.
fn weightier(one: Standing, other: Standing) -> Standing {
    let weight = |standing: &Standing| match standing {
        Standing::New => 0,
        Standing::Offered(_) => 1,
        Standing::Out { told: false } => 2,
        Standing::Out { told: true } => 3,
        Standing::Here {
            is_theirs: false, ..
        } => 4,
        Standing::Here {
            is_theirs: true, ..
        } => 5,
    };
    if weight(&other) > weight(&one) {
        other
    } else {
        one
    }
}

/// How many people are guests of the conversation, or offered to staff.
pub async fn count(
    connection: &mut Connection,
    conversation: ConversationId,
) -> Result<usize, StoreError> {
    let (count,) = fetch_one!(connection, (i64,), COUNT_COPIED_IN, conversation.0);
    Ok(usize::try_from(count).unwrap_or_default())
}

/// What people call the one who copied this guest in; `None` if it is no guest.
pub async fn copied_by(
    connection: &mut Connection,
    conversation: ConversationId,
    guest: ContactId,
) -> Result<Option<String>, StoreError> {
    let row = fetch_optional!(
        connection,
        (String, String),
        SELECT_COPIED_BY,
        conversation.0,
        guest.0
    );
    Ok(row.map(|(address, name)| if name.is_empty() { address } else { name }))
}

/// The contact is a guest of the conversation from now on, and gets what is said then; `false` if they
/// were something else than offered before.
pub async fn add(
    tx: &mut Tx,
    conversation: ConversationId,
    guest: ContactId,
    by: ContactId,
) -> Result<bool, StoreError> {
    if !insert(tx, conversation, guest, by, "guest").await? {
        return Ok(false);
    }
    newcomers::keep_what_waits_from(tx, conversation, guest).await?;
    Ok(true)
}

/// The contact is copied in, and gets nothing unless staff let them in; `false` if they were something
/// before.
pub async fn offer(
    tx: &mut Tx,
    conversation: ConversationId,
    contact: ContactId,
    by: ContactId,
) -> Result<bool, StoreError> {
    insert(tx, conversation, contact, by, "offered").await
}

async fn insert(
    tx: &mut Tx,
    conversation: ConversationId,
    contact: ContactId,
    by: ContactId,
    role: &str,
) -> Result<bool, StoreError> {
    let connection = tx.connection();
    let changed = execute!(
        connection,
        INSERT_COPIED_IN,
        conversation.0,
        contact.0,
        by.0,
        role
    );
    Ok(changed == 1)
}

/// Staff know that the contact is copied in, and stays out.
pub async fn keep_out(
    tx: &mut Tx,
    conversation: ConversationId,
    contact: ContactId,
) -> Result<(), StoreError> {
    execute!(tx.connection(), INSERT_KEPT_OUT, conversation.0, contact.0);
    Ok(())
}

/// These contacts got, or wrote, the mail.
pub async fn remember_had(
    tx: &mut Tx,
    mail: MailId,
    contacts: &[ContactId],
) -> Result<(), StoreError> {
    for contact in contacts {
        execute!(tx.connection(), INSERT_HAD, mail.0, contact.0);
    }
    Ok(())
}

pub async fn had(connection: &mut Connection, mail: MailId) -> Result<Vec<ContactId>, StoreError> {
    let rows = fetch_all!(connection, (i64,), SELECT_HAD, mail.0);
    Ok(rows.into_iter().map(|(id,)| ContactId(id)).collect())
}

//! People who were copied in: who they are to a room, and who got which mail.

use super::{Connection, StoreError, Tx};
use crate::domain::{
    address::EmailAddress,
    facts::Standing,
    ids::{ContactId, ConversationId, MailId},
};

statements! {
    SELECT_STANDING = "
        SELECT contacts.id, conversation_id, thread_root, state, role, told FROM contacts
        JOIN participants ON contact_id = contacts.id
        JOIN conversations ON conversations.id = conversation_id
        WHERE address = $1 AND room_id = $2";
    COUNT_GUESTS = "
        SELECT count(*) FROM participants WHERE conversation_id = $1 AND role = 'guest'";
    SELECT_COPIED_BY = "
        SELECT written, name FROM participants JOIN contacts ON contacts.id = copied_by
        WHERE conversation_id = $1 AND contact_id = $2 AND role = 'guest'";
    INSERT_GUEST = "
        INSERT INTO participants (conversation_id, contact_id, position, role, copied_by)
        VALUES ($1, $2,
            (SELECT coalesce(max(position) + 1, 0) FROM participants WHERE conversation_id = $1),
            'guest', $3)
        ON CONFLICT DO NOTHING";
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

/// What somebody is to a conversation of the room.
pub async fn standing(
    connection: &mut Connection,
    conversation: ConversationId,
    room: &str,
    address: &EmailAddress,
) -> Result<Standing, StoreError> {
    let rows = fetch_all!(
        connection,
        (i64, i64, String, String, String, i64),
        SELECT_STANDING,
        address.key(),
        room
    );
    let mut standing = Standing::New { contact: None };
    for (contact, id, thread_root, state, role, told) in rows {
        let contact = ContactId(contact);
        let is_open = state != "closed";
        let is_here = role != "removed" && id == conversation.0;
        // Who is one of the room's people reads everything there.
        let reads_along = role == "member" && is_open && thread_root.is_empty();
        if is_here || reads_along {
            return Ok(Standing::Here(contact));
        }
        standing = match (standing, role.as_str()) {
            (Standing::Out { told: before }, "removed") => Standing::Out {
                told: before || told == 1,
            },
            (_, "removed") => Standing::Out { told: told == 1 },
            (Standing::New { .. }, _) if is_open => Standing::New {
                contact: Some(contact),
            },
            (before, _) => before,
        };
    }
    Ok(standing)
}

pub async fn count(
    connection: &mut Connection,
    conversation: ConversationId,
) -> Result<usize, StoreError> {
    let (count,) = fetch_one!(connection, (i64,), COUNT_GUESTS, conversation.0);
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

/// The contact is a guest of the conversation; `false` if they were something in it before.
pub async fn add(
    tx: &mut Tx,
    conversation: ConversationId,
    guest: ContactId,
    by: ContactId,
) -> Result<bool, StoreError> {
    Ok(execute!(tx.connection(), INSERT_GUEST, conversation.0, guest.0, by.0) == 1)
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

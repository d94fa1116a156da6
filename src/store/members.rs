//! Who comes into a conversation, and who goes.

use super::{Connection, StoreError, Tx, newcomers, signs};
use crate::domain::{
    address::EmailAddress,
    ids::{ContactId, ConversationId, CustomerId},
};

statements! {
    COUNT_THERE = concat!("
        SELECT count(*) FROM participants
        WHERE conversation_id = $1 AND contact_id = $2 AND ", is_there!());
    INSERT = "
        INSERT INTO participants (conversation_id, contact_id, position) VALUES ($1, $2,
            (SELECT coalesce(max(position) + 1, 0) FROM participants WHERE conversation_id = $1))
        ON CONFLICT (conversation_id, contact_id) DO UPDATE SET role = 'member', told = 0";
    REMOVE = "
        UPDATE participants SET role = 'removed' WHERE conversation_id = $1 AND contact_id = $2";
    SELECT_ONLY_PLACE = concat!("
        SELECT conversations.id FROM contacts
        JOIN participants ON contact_id = contacts.id
        JOIN conversations ON conversations.id = conversation_id
        WHERE address = $1 AND state <> 'closed' AND thread_root = '' AND role = 'member'
        AND ", is_there!(), " ORDER BY conversations.id LIMIT 2");
    REMOVE_ALL = "
        UPDATE participants SET role = 'removed' WHERE conversation_id = $1 AND role = 'member'";
    DELETE_GUESTS = "
        DELETE FROM participants WHERE conversation_id = $1 AND role IN ('guest', 'offered')
        RETURNING contact_id, role";
    SELECT_PLACES = "
        SELECT conversations.id, customer_id, thread_root FROM participants
        JOIN conversations ON conversations.id = conversation_id
        WHERE contact_id = $1 AND room_id = $2 AND state <> 'closed' AND role IN ('member', 'guest')
        ORDER BY conversations.id";
}

/// A conversation in which somebody is one of the people or a guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceHeld {
    pub conversation: ConversationId,
    pub customer: CustomerId,
    /// Not in a thread.
    pub is_main: bool,
}

/// Makes these contacts people of the conversation; those who are new come last, in this order, and
/// get what is said from now on.
pub async fn add(
    tx: &mut Tx,
    conversation: ConversationId,
    contacts: &[ContactId],
) -> Result<(), StoreError> {
    for contact in contacts {
        let connection = tx.connection();
        let (there,) = fetch_one!(connection, (i64,), COUNT_THERE, conversation.0, contact.0);
        if there == 0 {
            newcomers::keep_what_waits_from(tx, conversation, *contact).await?;
        }
        execute!(tx.connection(), INSERT, conversation.0, contact.0);
    }
    signs::touch_of(tx, conversation).await
}

/// The only open conversation outside of threads in which somebody is one of the people; `None` if there
/// are several, or none.
pub async fn only_place(
    connection: &mut Connection,
    address: &EmailAddress,
) -> Result<Option<ConversationId>, StoreError> {
    let rows = fetch_all!(connection, (i64,), SELECT_ONLY_PLACE, address.key());
    Ok(match rows.as_slice() {
        [(only,)] => Some(ConversationId(*only)),
        _ => None,
    })
}

/// Nobody writes to this person any more.
pub async fn remove(
    tx: &mut Tx,
    conversation: ConversationId,
    contact: ContactId,
) -> Result<(), StoreError> {
    execute!(tx.connection(), REMOVE, conversation.0, contact.0);
    signs::touch_of(tx, conversation).await
}

/// Nobody is in the conversation any more.
pub async fn dismiss(tx: &mut Tx, conversation: ConversationId) -> Result<(), StoreError> {
    execute!(tx.connection(), REMOVE_ALL, conversation.0);
    drop_guests(tx, conversation).await?;
    Ok(())
}

/// Who was copied in is nobody to the conversation any more; those who had been guests are returned.
pub async fn drop_guests(
    tx: &mut Tx,
    conversation: ConversationId,
) -> Result<Vec<ContactId>, StoreError> {
    let rows = fetch_all!(
        tx.connection(),
        (i64, String),
        DELETE_GUESTS,
        conversation.0
    );
    signs::touch_of(tx, conversation).await?;
    let guests = rows.into_iter().filter(|(_, role)| role == "guest");
    Ok(guests.map(|(contact, _)| ContactId(contact)).collect())
}

/// Where in the room somebody is one of the people or a guest, also while they have left a broadcast.
pub async fn places(
    connection: &mut Connection,
    room: &str,
    contact: ContactId,
) -> Result<Vec<PlaceHeld>, StoreError> {
    let rows = fetch_all!(
        connection,
        (i64, i64, String),
        SELECT_PLACES,
        contact.0,
        room
    );
    let place = |(conversation, customer, root): (i64, i64, String)| PlaceHeld {
        conversation: ConversationId(conversation),
        customer: CustomerId(customer),
        is_main: root.is_empty(),
    };
    Ok(rows.into_iter().map(place).collect())
}

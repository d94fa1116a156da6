//! In which language customers read, and by which clock they live.

use super::{Connection, StoreError, Tx};
use crate::domain::{
    address::EmailAddress,
    ids::{ConversationId, CustomerId, MailId, SubscriptionId},
    letter::Language,
};

statements! {
    SELECT_CUSTOMER = "
        SELECT customers.id, language, time_zone FROM conversations
        JOIN customers ON customers.id = customer_id WHERE conversations.id = $1";
    SELECT_SUBSCRIBER = "
        SELECT customers.language, contacts.language FROM subscriptions
        JOIN contacts ON contacts.id = contact_id
        JOIN conversations ON conversations.id = conversation_id
        JOIN customers ON customers.id = customer_id WHERE subscriptions.id = $1";
    SELECT_MEMBERS = "
        SELECT language, language_mail, time_zone, time_zone_mail FROM participants
        JOIN contacts ON contacts.id = contact_id
        WHERE conversation_id = $1 AND role = 'member' ORDER BY position";
    REMEMBER_LANGUAGE = "UPDATE contacts SET language = $2, language_mail = $3 WHERE address = $1";
    REMEMBER_ZONE = "UPDATE contacts SET time_zone = $2, time_zone_mail = $3 WHERE address = $1";
    SET_LANGUAGE = "UPDATE customers SET language = $2 WHERE id = $1";
    SET_ZONE = "UPDATE customers SET time_zone = $2 WHERE id = $1";
}

/// What staff have set for a customer; empty where they have not.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Own {
    /// The customer's.
    pub id: i64,
    /// A tag of BCP 47.
    pub language: String,
    /// A name of the time zone database or an offset such as `+02:00`.
    pub time_zone: String,
}

/// What somebody's mails say of them, each with the mail that said it; empty where none did.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Seen {
    pub language: String,
    pub language_mail: i64,
    pub time_zone: String,
    pub time_zone_mail: i64,
}

pub async fn of_customer(
    connection: &mut Connection,
    conversation: ConversationId,
) -> Result<Option<Own>, StoreError> {
    let own = fetch_optional!(connection, Own, SELECT_CUSTOMER, conversation.0);
    Ok(own)
}

/// The language of one reader of a broadcast: the customer's, else that of their own last mail; `None`
/// if neither is known, or none that we write.
pub async fn of_subscriber(
    connection: &mut Connection,
    id: SubscriptionId,
) -> Result<Option<Language>, StoreError> {
    let tags = fetch_optional!(connection, (String, String), SELECT_SUBSCRIBER, id.0);
    Ok(tags
        .and_then(|(set, mailed)| Language::from_tag(&set).or_else(|| Language::from_tag(&mailed))))
}

/// What is known of those who are written to, but for guests.
pub async fn of_members(
    connection: &mut Connection,
    conversation: ConversationId,
) -> Result<Vec<Seen>, StoreError> {
    Ok(fetch_all!(connection, Seen, SELECT_MEMBERS, conversation.0))
}

pub async fn remember_language(
    tx: &mut Tx,
    address: &EmailAddress,
    tag: &str,
    mail: MailId,
) -> Result<(), StoreError> {
    execute!(
        tx.connection(),
        REMEMBER_LANGUAGE,
        address.key(),
        tag,
        mail.0
    );
    Ok(())
}

pub async fn remember_zone(
    tx: &mut Tx,
    address: &EmailAddress,
    zone: &str,
    mail: MailId,
) -> Result<(), StoreError> {
    execute!(tx.connection(), REMEMBER_ZONE, address.key(), zone, mail.0);
    Ok(())
}

/// An empty tag takes back what was set.
pub async fn set_language(tx: &mut Tx, id: CustomerId, tag: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_LANGUAGE, id.0, tag);
    Ok(())
}

/// An empty zone takes back what was set.
pub async fn set_zone(tx: &mut Tx, id: CustomerId, zone: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_ZONE, id.0, zone);
    Ok(())
}

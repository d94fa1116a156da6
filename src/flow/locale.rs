//! In which language, and by which clock, a conversation's letters are written.

use super::Context;
use crate::{
    domain::{ids::ConversationId, letter::Language},
    store::{Connection, StoreError, conversations},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locale {
    pub language: Language,
    /// A name of the time zone database or an offset such as `+02:00`; empty for the system's.
    pub time_zone: String,
}

/// The customer's own, else as in their last mail, else the mailbox's.
pub async fn of(
    connection: &mut Connection,
    conversation: ConversationId,
    context: &Context,
) -> Result<Locale, StoreError> {
    let found = conversations::find(connection, conversation).await?;
    let (_, mailbox) = context.mailbox(found.as_ref().map_or("", |found| found.mailbox.as_str()));
    Ok(Locale {
        language: mailbox.language,
        time_zone: mailbox.time_zone.clone().unwrap_or_default(),
    })
}

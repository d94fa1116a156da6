//! The addresses to which people answer, each with the token of a conversation.

use super::Context;
use crate::{
    config::Mailbox,
    domain::{address::EmailAddress, ids::ConversationId, token::Keys},
    store::{Connection, StoreError, addresses},
};

/// The address of a conversation, as letters have it from now on.
pub async fn of(
    connection: &mut Connection,
    conversation: ConversationId,
    mailbox: &Mailbox,
    context: &Context,
) -> Result<EmailAddress, StoreError> {
    let salt = addresses::salt(connection, conversation).await?;
    let token = context.keys.reply_token(conversation, &salt);
    Ok(mailbox.reply_address.with_token(&token))
}

/// The conversation to whose address a mail came, by what stands in the token's place.
pub async fn conversation_of(
    connection: &mut Connection,
    token: &str,
    context: &Context,
) -> Result<Option<ConversationId>, StoreError> {
    let Some(conversation) = Keys::number_in(token).map(ConversationId) else {
        return Ok(None);
    };
    let salt = addresses::salt(connection, conversation).await?;
    let is_it = context.keys.is_reply(token, &salt);
    Ok(is_it.then_some(conversation))
}

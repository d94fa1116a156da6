//! Shows mail in its room: what somebody wrote, files that staff release, the whole of a mail.

use ruma::{OwnedEventId, OwnedRoomId};

use super::{
    Context,
    lanes::{Origin, enqueue},
};
use crate::{
    domain::{
        effect::{Author, Post},
        ghost,
        ids::{ContactId, ConversationId, MailId, MessageId},
        outgoing::{MailPart, MatrixAction, Media, PostedMail, Puppet},
        wording,
    },
    matrix::{
        encode,
        post::{self, Planned},
    },
    store::{
        StoreError, Tx, conversations, conversations::Direction, guests::remember_had, mails,
        people,
    },
};

/// Somebody who isn't a contact becomes one, and has their own mail.
pub async fn contact_of(
    tx: &mut Tx,
    author: &Author,
    mail: MailId,
    origin: &Origin,
    context: &Context,
) -> Result<ContactId, StoreError> {
    match author {
        Author::Contact(contact) => Ok(*contact),
        Author::Other(person) => {
            let tail = context.chance.base32(ghost::TAIL_LENGTH);
            let contact = people::ensure_copied_in(tx, person, &tail, origin.now).await?;
            remember_had(tx, mail, &[contact]).await?;
            Ok(contact)
        }
    }
}

pub async fn post_mail(
    tx: &mut Tx,
    conversation: ConversationId,
    contact: ContactId,
    mail: MailId,
    post: &Post,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    mails::remember_posting(
        tx,
        conversation,
        &post.identity,
        &post.from,
        &post.date,
        mail,
    )
    .await?;
    if let Some(id) = &post.message_id {
        conversations::extend_chain(tx, conversation, id, Direction::In).await?;
    }
    let showing = (conversation, contact, mail);
    let id = post.message_id.clone();
    show(tx, showing, id, post::events(post), origin, context).await
}

/// The contact's ghost shows parts of a mail in the conversation's room.
pub async fn show(
    tx: &mut Tx,
    (conversation, contact, mail): (ConversationId, ContactId, MailId),
    message_id: Option<MessageId>,
    events: impl IntoIterator<Item = Planned> + Send,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let room = room_of(tx, conversation).await?;
    let sender = people::contact(tx.connection(), contact).await?;
    let posted = PostedMail {
        mail: Some(mail),
        conversation,
        message_id,
        name: sender.shown_name().to_owned(),
    };
    let actions: Vec<MatrixAction> = events
        .into_iter()
        .map(|Planned { content, media }| MatrixAction::Send {
            room: room.clone(),
            puppet: Puppet::Contact(contact),
            event_type: "m.room.message".to_owned(),
            content,
            mail: Some(posted.clone()),
            media: media.map(|(part, filename)| Media {
                mail,
                part,
                filename,
            }),
            offer: None,
        })
        .collect();
    for action in actions {
        enqueue(tx, action, origin, context).await?;
    }
    Ok(())
}

async fn room_of(tx: &mut Tx, conversation: ConversationId) -> Result<OwnedRoomId, StoreError> {
    let found = conversations::find(tx.connection(), conversation).await?;
    found
        .and_then(|found| OwnedRoomId::try_from(found.room_id).ok())
        .ok_or_else(|| StoreError::Value(format!("conversation {conversation} has no room")))
}

/// First to be read, then to be kept.
pub async fn show_original(
    tx: &mut Tx,
    room: &OwnedRoomId,
    thread_root: Option<&OwnedEventId>,
    mail: MailId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    for part in [MailPart::Readable, MailPart::Original] {
        let filename = wording::original_file(mail.0, part == MailPart::Readable);
        // Whether it is words or a file is known when it has been read.
        let content = serde_json::json!({});
        let action = MatrixAction::Send {
            room: room.clone(),
            puppet: Puppet::Bot,
            event_type: "m.room.message".to_owned(),
            content: match thread_root {
                Some(root) => encode::in_thread(content, root),
                None => content,
            },
            mail: None,
            media: Some(Media {
                mail,
                part,
                filename,
            }),
            offer: None,
        };
        enqueue(tx, action, origin, context).await?;
    }
    Ok(())
}

//! Writes the effects of a decision. What leaves the machine becomes rows of the outbox, in the same
//! transaction.

use ruma::{OwnedEventId, OwnedRoomId, UserId};
use serde_json::Value;

use super::{Context, seal};
use crate::{
    domain::{
        address::NamedAddress,
        effect::{Effect, Post},
        event::Membership,
        ids::{ContactId, ConversationId, MailId},
        outgoing::{MatrixAction, PostedMail, Puppet},
        wording,
    },
    matrix::encode,
    store::{
        StoreError, Tx, conversations, conversations::Direction, inbox, letters, mails, outbox,
        people, rooms,
    },
};

/// What the effects follow from.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Place of the event in the inbox; zero for effects that follow from none.
    pub inbox_seq: i64,
    pub trace: String,
    pub now: i64,
}

/// Length of the random end of a ghost's id.
const TAIL: usize = crate::domain::ghost::TAIL_LENGTH;

pub async fn all(
    tx: &mut Tx,
    effects: Vec<Effect>,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    for effect in effects {
        one(tx, effect, origin, context).await?;
    }
    Ok(())
}

async fn one(
    tx: &mut Tx,
    effect: Effect,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    match effect {
        Effect::RememberMember {
            room,
            user,
            membership,
            name,
        } => {
            remember_member(tx, &room, &user, membership, name, context).await?;
        }
        Effect::RememberRoomName { room, name } => {
            rooms::set_name(tx, room.as_str(), &name).await?;
        }
        Effect::RememberEncryption { room } => rooms::set_encrypted(tx, room.as_str()).await?,
        Effect::BotJoins { room } => {
            enqueue(
                tx,
                MatrixAction::Join {
                    room,
                    puppet: Puppet::Bot,
                },
                origin,
                context,
            )
            .await?;
        }
        Effect::BotLeaves { room } => {
            enqueue(
                tx,
                MatrixAction::Leave {
                    room,
                    puppet: Puppet::Bot,
                },
                origin,
                context,
            )
            .await?;
        }
        Effect::CloseConversations { room } => {
            close_conversations(tx, &room, origin, context).await?;
        }
        Effect::AddCustomer { room, people } => {
            add_customer(tx, room, &people, origin, context).await?;
        }
        Effect::RemoveContact { room, contact } => {
            remove_contact(tx, room, contact, origin, context).await?;
        }
        Effect::DeclineAsGhost { room, localpart } => {
            let puppet = Puppet::Localpart(localpart);
            enqueue(tx, MatrixAction::Leave { room, puppet }, origin, context).await?;
        }
        Effect::Write { conversation, item } => {
            letters::write(
                tx,
                conversation,
                &item,
                origin.inbox_seq,
                context.timing,
                &origin.trace,
                origin.now,
            )
            .await?;
        }
        Effect::Rewrite { event, words } => letters::rewrite(tx, event.as_str(), &words).await?,
        Effect::Strike { event } => letters::strike(tx, event.as_str()).await?,
        Effect::SendNow { room } => letters::make_due(tx, room.as_str(), origin.now).await?,
        Effect::MarkInternal { event } => inbox::mark_internal(tx, event.as_str()).await?,
        Effect::Say {
            room,
            reply_to,
            text,
        } => say(tx, room, &text, reply_to.as_ref(), origin, context).await?,
        Effect::React { room, event, key } => {
            let content = encode::reaction(&event, key);
            send(
                tx,
                room,
                Puppet::Bot,
                "m.reaction",
                content,
                None,
                origin,
                context,
            )
            .await?;
        }
        Effect::Post {
            conversation,
            contact,
            mail,
            post,
        } => {
            post_mail(tx, conversation, contact, mail, &post, origin, context).await?;
        }
        Effect::RenameContact { contact, name } => people::name_by_mail(tx, contact, &name).await?,
        Effect::Report { text } => report(tx, &text, origin, context).await?,
    }
    Ok(())
}

async fn remember_member(
    tx: &mut Tx,
    room: &OwnedRoomId,
    user: &UserId,
    membership: Membership,
    name: Option<String>,
    context: &Context,
) -> Result<(), StoreError> {
    let name = name.unwrap_or_default();
    rooms::set_member(tx, room.as_str(), user.as_str(), word(membership), &name).await?;
    if *user == context.bot {
        rooms::set_bot_joined(tx, room.as_str(), membership == Membership::Join).await?;
    }
    Ok(())
}

/// The bot says something in a room.
pub async fn say(
    tx: &mut Tx,
    room: OwnedRoomId,
    text: &str,
    reply_to: Option<&OwnedEventId>,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let content = encode::notice(text, reply_to);
    send(
        tx,
        room,
        Puppet::Bot,
        "m.room.message",
        content,
        None,
        origin,
        context,
    )
    .await
}

/// Tells staff in the control room; without one the log must do.
pub async fn report(
    tx: &mut Tx,
    text: &str,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    if let Some(room) = &context.control_room {
        return say(tx, room.clone(), text, None, origin, context).await;
    }
    tracing::warn!(trace = %origin.trace, "For staff (there is no control room): {}", masked(text));
    Ok(())
}

/// Logs must not hold addresses.
fn masked(text: &str) -> String {
    text.split(' ')
        .map(|word| match word.split_once('@') {
            Some((local, domain)) if domain.contains('.') && !local.is_empty() => {
                format!("{}…@{domain}", local.chars().next().unwrap_or('?'))
            }
            _ => word.to_owned(),
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// Puts an action at the end of its lane.
pub async fn enqueue(
    tx: &mut Tx,
    action: MatrixAction,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let lane = match &action {
        MatrixAction::Send { room, .. }
        | MatrixAction::Join { room, .. }
        | MatrixAction::Leave { room, .. } => {
            format!("room:{room}")
        }
        MatrixAction::Receipt { room, .. } => format!("receipt:{room}"),
    };
    let row = outbox::NewRow {
        way: outbox::Way::Matrix,
        lane,
        effect_id: context.new_effect_id(),
        payload: serde_json::to_string(&action)?,
        letter: None,
        trace: origin.trace.clone(),
    };
    outbox::enqueue(tx, &row, origin.now).await
}

#[expect(
    clippy::too_many_arguments,
    reason = "an event is made of that many things"
)]
async fn send(
    tx: &mut Tx,
    room: OwnedRoomId,
    puppet: Puppet,
    event_type: &str,
    content: Value,
    mail: Option<PostedMail>,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let action = MatrixAction::Send {
        room,
        puppet,
        event_type: event_type.to_owned(),
        content,
        mail,
    };
    enqueue(tx, action, origin, context).await
}

async fn add_customer(
    tx: &mut Tx,
    room: OwnedRoomId,
    people: &[NamedAddress],
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let known = rooms::find(tx.connection(), room.as_str()).await?;
    let (mailbox_name, mailbox) =
        context.mailbox(known.as_ref().map_or("", |room| room.mailbox.as_str()));
    let subject = match known.map(|room| room.name) {
        Some(name) if !name.is_empty() => name,
        _ => wording::subject_of_nameless_room(&mailbox.name),
    };
    let mut contacts = Vec::with_capacity(people.len());
    for person in people {
        contacts.push(
            people::ensure_contact(tx, person, &context.chance.base32(TAIL), origin.now).await?,
        );
    }
    let customer =
        people::ensure_customer(tx, mailbox_name.as_str(), &contacts, origin.now).await?;
    conversations::open(
        tx,
        room.as_str(),
        customer,
        &contacts,
        mailbox_name.as_str(),
        &subject,
        origin.now,
    )
    .await?;
    for contact in contacts {
        let action = MatrixAction::Join {
            room: room.clone(),
            puppet: Puppet::Contact(contact),
        };
        enqueue(tx, action, origin, context).await?;
    }
    Ok(())
}

/// What was written while the person was there still goes to them.
async fn remove_contact(
    tx: &mut Tx,
    room: OwnedRoomId,
    contact: ContactId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let server = context.server_name.as_str();
    for conversation in conversations::of_room(tx.connection(), room.as_str(), server).await? {
        if conversation
            .people
            .iter()
            .any(|person| person.contact == contact)
        {
            seal::open_letter_of(tx, conversation.id, origin, context).await?;
            conversations::remove_participant(tx, conversation.id, contact, origin.now).await?;
        }
    }
    let action = MatrixAction::Leave {
        room,
        puppet: Puppet::Contact(contact),
    };
    enqueue(tx, action, origin, context).await
}

async fn close_conversations(
    tx: &mut Tx,
    room: &OwnedRoomId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let server = context.server_name.as_str();
    let open = conversations::of_room(tx.connection(), room.as_str(), server).await?;
    for conversation in &open {
        seal::open_letter_of(tx, conversation.id, origin, context).await?;
        conversations::close(tx, conversation.id, origin.now).await?;
    }
    if !open.is_empty() {
        report(
            tx,
            &wording::conversations_closed(open.len()),
            origin,
            context,
        )
        .await?;
    }
    Ok(())
}

async fn post_mail(
    tx: &mut Tx,
    conversation: ConversationId,
    contact: ContactId,
    mail: MailId,
    post: &Post,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let found = conversations::find(tx.connection(), conversation).await?;
    let room = found
        .and_then(|found| OwnedRoomId::try_from(found.room_id).ok())
        .ok_or_else(|| StoreError::Value(format!("conversation {conversation} has no room")))?;
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
    let name = people::contact(tx.connection(), contact)
        .await?
        .shown_name()
        .to_owned();
    for content in encode::post(post) {
        let posted = PostedMail {
            conversation,
            message_id: post.message_id.clone(),
            name: name.clone(),
        };
        let puppet = Puppet::Contact(contact);
        send(
            tx,
            room.clone(),
            puppet,
            "m.room.message",
            content,
            Some(posted),
            origin,
            context,
        )
        .await?;
    }
    Ok(())
}

fn word(membership: Membership) -> &'static str {
    match membership {
        Membership::Invite => "invite",
        Membership::Join => "join",
        Membership::Knock => "knock",
        Membership::Leave => "leave",
        Membership::Ban => "ban",
    }
}

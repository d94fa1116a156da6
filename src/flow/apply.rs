//! Writes the effects of a decision. What leaves the machine becomes rows of the outbox, in the same
//! transaction.

use ruma::{OwnedEventId, OwnedRoomId, UserId};

use super::{
    Context,
    lanes::{Origin, enqueue, report, say, send},
    seal, settings,
};
use crate::{
    domain::{
        address::NamedAddress,
        effect::{Effect, LetterItem, Post},
        event::Membership,
        ids::{ContactId, ConversationId, MailId, MessageId},
        outgoing::{MailPart, MatrixAction, Media, Offer, PostedMail, Puppet},
        wording,
    },
    matrix::{
        encode,
        post::{self, Planned},
    },
    store::{
        StoreError, Tx, conversations, conversations::Direction, inbox, letters, letters::Timing,
        mails, offers, people, rooms, subscriptions,
    },
};

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
            let puppet = Puppet::Bot;
            enqueue(tx, MatrixAction::Join { room, puppet }, origin, context).await?;
        }
        Effect::BotLeaves { room } => {
            let puppet = Puppet::Bot;
            enqueue(tx, MatrixAction::Leave { room, puppet }, origin, context).await?;
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
            write(tx, conversation, &item, origin, context).await?;
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
        Effect::MakeOffer { room, text, offer } => {
            make_offer(tx, room, &text, offer, origin, context).await?;
        }
        Effect::TakeUp { event, offer } => {
            if offers::take(tx, event.as_str(), origin.now).await? {
                take_up(tx, offer, origin, context).await?;
            }
        }
        Effect::ShowOriginal {
            room,
            thread_root,
            mail,
        } => {
            show_original(tx, &room, thread_root.as_ref(), mail, origin, context).await?;
        }
        Effect::EndSubscription { subscription } => {
            subscriptions::end(tx, subscription, origin.now).await?;
        }
        Effect::RenameContact { contact, name } => people::name_by_mail(tx, contact, &name).await?,
        Effect::Report { text } => report(tx, &text, origin, context).await?,
    }
    Ok(())
}

/// Without a quiet time every message is a letter of its own, however many come together.
async fn write(
    tx: &mut Tx,
    conversation: ConversationId,
    item: &LetterItem,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let (place, trace) = (origin.inbox_seq, &origin.trace);
    let settings = settings::of_room(tx.connection(), item.room.as_str(), context).await?;
    let timing = Timing {
        quiet: settings.quiet,
        at_most: settings.at_most,
    };
    letters::write(tx, conversation, item, place, timing, trace, origin.now).await?;
    if settings.quiet.is_zero() && !item.rides {
        seal::open_letter_of(tx, conversation, origin, context).await?;
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
    let conversation = conversations::open(
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
        subscriptions::renew(tx, conversation, contact).await?;
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
async fn show(
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

async fn make_offer(
    tx: &mut Tx,
    room: OwnedRoomId,
    text: &str,
    offer: Offer,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let action = MatrixAction::Send {
        room,
        puppet: Puppet::Bot,
        event_type: "m.room.message".to_owned(),
        content: encode::notice(text, None),
        mail: None,
        media: None,
        offer: Some(offer),
    };
    enqueue(tx, action, origin, context).await
}

/// Carries out what the bot had offered.
async fn take_up(
    tx: &mut Tx,
    offer: Offer,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    match offer {
        Offer::Release {
            conversation,
            contact,
            mail,
            files,
        } => {
            let showing = (conversation, contact, mail);
            let events: Vec<Planned> = files.iter().map(post::of_file).collect();
            show(tx, showing, None, events, origin, context).await
        }
        Offer::Admit { .. } | Offer::Renew { .. } => Ok(()),
    }
}

/// First to be read, then to be kept.
async fn show_original(
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

fn word(membership: Membership) -> &'static str {
    match membership {
        Membership::Invite => "invite",
        Membership::Join => "join",
        Membership::Knock => "knock",
        Membership::Leave => "leave",
        Membership::Ban => "ban",
    }
}

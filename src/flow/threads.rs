//! Matrix threads as conversations of their own.

use ruma::{OwnedEventId, OwnedRoomId};

use super::{Context, lanes::Origin};
use crate::{
    domain::{
        effect::LetterItem,
        facts::{ConversationFacts, PersonFacts},
        ids::{ContactId, ConversationId, CustomerId, MailId},
        threading,
    },
    store::{
        Connection, StoreError, Tx, conversations, conversations::Opening, guests, merges,
        messages, places, requests, shown,
    },
};

/// The conversation that the thread is with the customer, opened if need be, for writing `item` into
/// its letter; `None` if there is nobody whom the item would tell anything new. People are those of
/// the customer's conversation in the room itself, `main`, without its guests.
#[expect(
    clippy::too_many_arguments,
    reason = "the place of a thread is made of that many things"
)]
pub async fn to_write_in(
    tx: &mut Tx,
    room: &OwnedRoomId,
    customer: CustomerId,
    main: ConversationId,
    thread_root: &OwnedEventId,
    item: &LetterItem,
    origin: &Origin,
    context: &Context,
) -> Result<Option<ConversationId>, StoreError> {
    let connection = tx.connection();
    let server = context.server_name.as_str();
    let known =
        conversations::of_thread(connection, room.as_str(), thread_root.as_str(), customer).await?;
    let lack = |people: &[PersonFacts]| {
        let mut people = people.iter();
        people.any(|person| !item.had_by.contains(&person.contact))
    };
    if let Some((conversation, true)) = known {
        let people = conversations::people(connection, conversation, server).await?;
        return Ok(lack(&people).then_some(conversation));
    }
    let mut people = conversations::people(connection, main, server).await?;
    people.retain(|person| !person.is_guest);
    let Some(found) = conversations::find(connection, main).await? else {
        return Ok(None);
    };
    if !lack(&people) {
        return Ok(None);
    }
    let contacts: Vec<ContactId> = people.iter().map(|person| person.contact).collect();
    if let Some((conversation, _)) = known {
        let kept = merges::follow(tx.connection(), conversation).await?;
        let kept_state = conversations::find(tx.connection(), kept).await?;
        if kept != conversation && kept_state.is_some_and(|it| it.state != "closed") {
            return Ok(Some(kept));
        }
        conversations::reopen(tx, conversation, &contacts).await?;
        return Ok(Some(conversation));
    }
    let subject = free_subject(tx, &found.subject, &contacts).await?;
    let opening = Opening {
        room: room.as_str(),
        thread_root: thread_root.as_str(),
        customer,
        mailbox: &found.mailbox,
        subject: &subject,
    };
    let conversation = conversations::open_new(tx, opening, &contacts, origin.now).await?;
    tracing::info!(trace = %origin.trace, conversation = %conversation, "Opened a conversation for a thread");
    Ok(Some(conversation))
}

/// The mail begins a conversation with the people of `main`, without its guests: the thread under the
/// event by which it will appear.
pub async fn begin(
    tx: &mut Tx,
    main: ConversationId,
    mail: MailId,
    subject: &str,
    origin: &Origin,
    context: &Context,
) -> Result<Option<ConversationId>, StoreError> {
    let server = context.server_name.as_str();
    let mut people = conversations::people(tx.connection(), main, server).await?;
    people.retain(|person| !person.is_guest);
    let contacts: Vec<ContactId> = people.iter().map(|person| person.contact).collect();
    let Some(found) = conversations::find(tx.connection(), main).await? else {
        return Ok(None);
    };
    let root = requests::root_to_come(mail);
    let opening = Opening {
        room: &found.room_id,
        thread_root: &root,
        customer: CustomerId(found.customer_id),
        mailbox: &found.mailbox,
        subject,
    };
    let conversation = conversations::open_new(tx, opening, &contacts, origin.now).await?;
    tracing::info!(trace = %origin.trace, conversation = %conversation, "A mail begins a conversation");
    Ok(Some(conversation))
}

/// The conversations whose own mail the root of a thread is: it went out in their letters, came by
/// them, or all of their people had it already. They keep the thread. `mains` are those of the room
/// itself.
pub async fn kept_by(
    connection: &mut Connection,
    root: &OwnedEventId,
    mains: &[&ConversationFacts],
) -> Result<Vec<ConversationId>, StoreError> {
    let mut keep = places::ever(connection, root.as_str()).await?;
    keep.extend(messages::came_from(connection, root.as_str()).await?);
    if let Some((_, mail, _)) = shown::mail_of(connection, root.as_str()).await?.first() {
        let had = guests::had(connection, *mail).await?;
        let have_it = |it: &&&ConversationFacts| {
            let mut people = it.people.iter();
            people.all(|person| had.contains(&person.contact))
        };
        keep.extend(mains.iter().filter(have_it).map(|it| it.id));
    }
    // A mail that began a conversation is the root of that.
    if let Some(first) = mains.first()
        && let Some(found) = conversations::find(connection, first.id).await?
    {
        for main in mains {
            let (room, root) = (&found.room_id, root.as_str());
            let own = conversations::of_thread(connection, room, root, main.customer).await?;
            if own.is_some() {
                keep.retain(|id| *id != main.id);
            }
        }
    }
    Ok(keep)
}

/// A subject like `wanted` under which none of the contacts has a conversation: mail programs would
/// show both as one.
pub async fn free_subject(
    tx: &mut Tx,
    wanted: &str,
    contacts: &[ContactId],
) -> Result<String, StoreError> {
    let base = crate::content::subject::base(wanted).to_lowercase();
    let mut taken = Vec::new();
    for contact in contacts {
        taken.extend(conversations::subjects_like(tx.connection(), &base, *contact).await?);
    }
    Ok(threading::distinct_subject(wanted, &taken))
}

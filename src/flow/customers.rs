//! Who comes into a room as a customer, and who leaves it.

use std::collections::BTreeSet;

use ruma::OwnedRoomId;

use super::{
    Context, guests,
    lanes::{Origin, enqueue},
    onboarding, seal, threads,
};
use crate::{
    domain::{
        address::NamedAddress,
        facts::PersonFacts,
        ghost,
        ids::{ContactId, ConversationId, CustomerId},
        outgoing::{MatrixAction, Puppet},
        wording,
    },
    store::{
        StoreError, Tx, conversations,
        members::{self, PlaceHeld},
        people, rooms,
    },
};

/// These people become one customer of the room; but who had left it comes back to where they were.
pub async fn add(
    tx: &mut Tx,
    room: OwnedRoomId,
    people: &[NamedAddress],
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let mut new = Vec::with_capacity(people.len());
    for person in people {
        let tail = context.chance.base32(ghost::TAIL_LENGTH);
        let contact = people::ensure_contact(tx, person, &tail, origin.now).await?;
        if !guests::bring_back(tx, &room, contact).await? {
            new.push(contact);
        }
        let join = MatrixAction::Join {
            room: room.clone(),
            puppet: Puppet::Contact(contact),
        };
        enqueue(tx, join, origin, context).await?;
    }
    if new.is_empty() {
        return Ok(());
    }
    open_with(tx, &room, &new, origin, context).await
}

/// Where somebody who has written to us is received.
#[derive(Debug, Clone, Copy)]
pub struct Receiving<'a> {
    pub room: &'a OwnedRoomId,
    pub mailbox: &'a str,
    /// Of their mail.
    pub subject: &'a str,
}

/// Somebody whose mail belonged to no conversation becomes a customer of the room, or is one there
/// already. Answers bear the subject of their mail.
pub async fn receive(
    tx: &mut Tx,
    receiving: Receiving<'_>,
    person: &NamedAddress,
    origin: &Origin,
    context: &Context,
) -> Result<ConversationId, StoreError> {
    let Receiving {
        room,
        mailbox,
        subject,
    } = receiving;
    let tail = context.chance.base32(ghost::TAIL_LENGTH);
    let contact = people::ensure_copied_in(tx, person, &tail, origin.now).await?;
    guests::bring_back(tx, room, contact).await?;
    let join = MatrixAction::Join {
        room: room.clone(),
        puppet: Puppet::Contact(contact),
    };
    enqueue(tx, join, origin, context).await?;
    let places = members::places(tx.connection(), room.as_str(), contact).await?;
    if let Some(place) = places.iter().find(|place| place.is_main) {
        return Ok(place.conversation);
    }
    let (_, config) = context.mailbox(mailbox);
    let subject = match crate::content::subject::base(subject) {
        subject if subject.is_empty() => {
            wording::letter::sentences(config.language).subject_of_nameless_room(&config.name)
        }
        subject => subject,
    };
    let customer = people::ensure_customer(tx, mailbox, &[contact], origin.now).await?;
    let room = room.as_str();
    conversations::open(
        tx,
        room,
        customer,
        &[contact],
        mailbox,
        &subject,
        origin.now,
    )
    .await
}

async fn open_with(
    tx: &mut Tx,
    room: &OwnedRoomId,
    contacts: &[ContactId],
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let known = rooms::find(tx.connection(), room.as_str()).await?;
    let (mailbox_name, mailbox) =
        context.mailbox(known.as_ref().map_or("", |room| room.mailbox.as_str()));
    let subject = match known.map(|room| room.name) {
        Some(name) if !name.is_empty() => name,
        _ => wording::letter::sentences(mailbox.language).subject_of_nameless_room(&mailbox.name),
    };
    let customer = people::ensure_customer(tx, mailbox_name.as_str(), contacts, origin.now).await?;
    let subject = threads::free_subject(tx, &subject, contacts).await?;
    let conversation = conversations::open(
        tx,
        room.as_str(),
        customer,
        contacts,
        mailbox_name.as_str(),
        &subject,
        origin.now,
    )
    .await?;
    onboarding::mails::welcome_newcomers(tx, conversation, contacts, origin, context).await
}

/// What was written while the person was there still goes to them. When nobody is left of a customer,
/// their threads end with them, and so do the guests' visits.
pub async fn remove(
    tx: &mut Tx,
    room: OwnedRoomId,
    contact: ContactId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let places = members::places(tx.connection(), room.as_str(), contact).await?;
    for place in &places {
        seal::open_letter_of(tx, place.conversation, origin, context).await?;
        members::remove(tx, place.conversation, contact).await?;
    }
    onboarding::forget(tx, room.as_str(), contact).await?;
    leave(tx, &room, contact, origin, context).await?;
    close_without_members(tx, &room, &places, false, origin, context).await
}

/// The contact has left the room: conversations in which nobody is left are closed until somebody comes
/// back.
pub async fn close_deserted(
    tx: &mut Tx,
    room: &OwnedRoomId,
    contact: ContactId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let places = members::places(tx.connection(), room.as_str(), contact).await?;
    close_without_members(tx, room, &places, true, origin, context).await
}

/// Closes what has no members any more of the conversations with these customers, and threads without
/// the customer's conversation in the room itself. What was said still goes to those who are there.
async fn close_without_members(
    tx: &mut Tx,
    room: &OwnedRoomId,
    places: &[PlaceHeld],
    deserted: bool,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let customers: BTreeSet<CustomerId> = places.iter().map(|place| place.customer).collect();
    let mut gone = BTreeSet::new();
    for customer in customers {
        let connection = tx.connection();
        let all = conversations::with_customer(connection, room.as_str(), customer).await?;
        let mut found = Vec::new();
        for (id, root) in all {
            let server = context.server_name.as_str();
            let people = conversations::people(tx.connection(), id, server).await?;
            found.push((id, root.is_empty(), people));
        }
        let has_members = |people: &[PersonFacts]| people.iter().any(|person| !person.is_guest);
        let is_main_kept = found
            .iter()
            .any(|(_, is_main, people)| *is_main && has_members(people));
        for (id, _, people) in found {
            if is_main_kept && has_members(&people) {
                continue;
            }
            // Nobody's letter waits a while for who left by mistake.
            if !people.is_empty() {
                seal::open_letter_of(tx, id, origin, context).await?;
            }
            conversations::close(tx, id, deserted, origin.now).await?;
            members::drop_guests(tx, id).await?;
            gone.extend(people.iter().map(|person| person.contact));
        }
    }
    for contact in gone {
        leave(tx, room, contact, origin, context).await?;
    }
    Ok(())
}

/// The contact's ghost leaves, unless they have another place in the room.
pub async fn leave(
    tx: &mut Tx,
    room: &OwnedRoomId,
    contact: ContactId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let places = members::places(tx.connection(), room.as_str(), contact).await?;
    if !places.is_empty() {
        return Ok(());
    }
    let action = MatrixAction::Leave {
        room: room.clone(),
        puppet: Puppet::Contact(contact),
    };
    enqueue(tx, action, origin, context).await
}

/// Nobody can be written to from this room any more.
pub async fn close_all(
    tx: &mut Tx,
    room: &OwnedRoomId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let server = context.server_name.as_str();
    let open = conversations::of_room(tx.connection(), room.as_str(), server).await?;
    for conversation in &open {
        seal::open_letter_of(tx, conversation.id, origin, context).await?;
        conversations::close(tx, conversation.id, false, origin.now).await?;
    }
    conversations::forget_deserted(tx, room.as_str()).await?;
    Ok(())
}

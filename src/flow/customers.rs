//! Who comes into a room as a customer, and who leaves it.

use ruma::OwnedRoomId;

use super::{
    Context,
    lanes::{Origin, enqueue, report},
    seal, threads,
};
use crate::{
    domain::{
        address::NamedAddress,
        facts::PersonFacts,
        ghost,
        ids::ContactId,
        outgoing::{MatrixAction, Puppet},
        wording,
    },
    store::{StoreError, Tx, conversations, people, rooms, subscriptions},
};

/// These people become one customer of the room.
pub async fn add(
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
        _ => wording::letter::sentences(mailbox.language).subject_of_nameless_room(&mailbox.name),
    };
    let mut contacts = Vec::with_capacity(people.len());
    for person in people {
        contacts.push(
            people::ensure_contact(
                tx,
                person,
                &context.chance.base32(ghost::TAIL_LENGTH),
                origin.now,
            )
            .await?,
        );
    }
    let customer =
        people::ensure_customer(tx, mailbox_name.as_str(), &contacts, origin.now).await?;
    let subject = threads::free_subject(tx, &subject, &contacts).await?;
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

/// What was written while the person was there still goes to them. When nobody is left of a customer,
/// their threads end with them, and so do the guests' visits.
pub async fn remove(
    tx: &mut Tx,
    room: OwnedRoomId,
    contact: ContactId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let server = context.server_name.as_str();
    let here = conversations::of_room(tx.connection(), room.as_str(), server).await?;
    let mut gone = vec![contact];
    for conversation in &here {
        let is_it = |person: &PersonFacts| person.contact == contact;
        if conversation.people.iter().any(is_it) {
            seal::open_letter_of(tx, conversation.id, origin, context).await?;
            let (id, now) = (conversation.id, origin.now);
            gone.extend(conversations::remove_participant(tx, id, contact, now).await?);
        }
    }
    let left = conversations::of_room(tx.connection(), room.as_str(), server).await?;
    let has_main = |customer| {
        let mut mains = left.iter().filter(|it| it.thread_root.is_none());
        mains.any(|main| main.customer == customer)
    };
    for thread in left.iter().filter(|it| !has_main(it.customer)) {
        seal::open_letter_of(tx, thread.id, origin, context).await?;
        conversations::close(tx, thread.id, origin.now).await?;
        gone.extend(thread.people.iter().map(|person| person.contact));
    }
    let left = conversations::of_room(tx.connection(), room.as_str(), server).await?;
    let is_left = |contact: &ContactId| {
        let mut people = left.iter().flat_map(|conversation| &conversation.people);
        people.any(|person| person.contact == *contact)
    };
    gone.sort_unstable();
    gone.dedup();
    for contact in gone.into_iter().filter(|contact| !is_left(contact)) {
        let action = MatrixAction::Leave {
            room: room.clone(),
            puppet: Puppet::Contact(contact),
        };
        enqueue(tx, action, origin, context).await?;
    }
    Ok(())
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
        conversations::close(tx, conversation.id, origin.now).await?;
    }
    let mains = open.iter().filter(|it| it.thread_root.is_none()).count();
    if mains > 0 {
        report(tx, &wording::conversations_closed(mains), origin, context).await?;
    }
    Ok(())
}

//! Conversations that go on in another room, or in another conversation.

use ruma::OwnedRoomId;

use super::{
    Context, audience, customers,
    lanes::{Origin, enqueue, say},
    seal,
};
use crate::{
    domain::{
        ids::ConversationId,
        outgoing::{MatrixAction, Puppet},
        wording::transfers as wording,
    },
    store::{StoreError, Tx, conversations, desk, members, merges, newcomers, rooms},
};

/// What was said still goes to those who are there; from now on letters go from the other room, and
/// answers come there.
pub async fn move_to(
    tx: &mut Tx,
    id: ConversationId,
    to: OwnedRoomId,
    by: &str,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let Some(found) = desk::find(tx.connection(), id).await? else {
        return Ok(());
    };
    let from = found.case.room;
    let server = context.server_name.as_str();
    let people = conversations::people(tx.connection(), id, server).await?;
    seal::open_letter_of(tx, id, origin, context).await?;
    merges::move_to(tx, id, to.as_str()).await?;
    for person in &people {
        let join = MatrixAction::Join {
            room: to.clone(),
            puppet: Puppet::Contact(person.contact),
        };
        enqueue(tx, join, origin, context).await?;
    }
    let names: Vec<&str> = people.iter().map(|person| person.name.as_str()).collect();
    let known = rooms::find(tx.connection(), to.as_str()).await?;
    let name = known.map(|room| room.name).unwrap_or_default();
    // A room's name may say more than others are to know.
    let shown = |text: String, is_seen: bool| if is_seen { String::new() } else { text };
    let from_name = shown(
        found.case.room_name,
        audience::has_visitors(tx.connection(), &to, context).await?,
    );
    let text = wording::came_here(&names.join(", "), id, by, &from_name);
    say(tx, to.clone(), &text, None, origin, context).await?;
    let name = shown(
        name,
        audience::has_visitors(tx.connection(), &from, context).await?,
    );
    let text = wording::went_away(id, by, &name);
    say(tx, from.clone(), &text, None, origin, context).await?;
    for person in people {
        customers::leave(tx, &from, person.contact, origin, context).await?;
    }
    Ok(())
}

/// What was said in `from` still goes out as its letter; what is answered to it comes to `into`, where its
/// people are, but for those who were put out there.
pub async fn merge(
    tx: &mut Tx,
    from: ConversationId,
    into: ConversationId,
    by: &str,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let connection = tx.connection();
    let (Some(old), Some(kept)) = (
        desk::find(connection, from).await?,
        desk::find(connection, into).await?,
    ) else {
        return Ok(());
    };
    let (old_room, room) = (old.case.room, kept.case.room);
    let server = context.server_name.as_str();
    let people = conversations::people(tx.connection(), from, server).await?;
    // Who was put out of the one is not brought back by the other.
    let contacts = merges::members(tx.connection(), from, into).await?;
    if !old.case.is_over {
        seal::open_letter_of(tx, from, origin, context).await?;
        members::add(tx, into, &contacts).await?;
        let guests = merges::take_copied_in(tx, from, into).await?;
        for guest in &guests {
            // What waits there was said before they came.
            newcomers::keep_what_waits_from(tx, into, *guest).await?;
        }
        for contact in contacts.into_iter().chain(guests) {
            let join = MatrixAction::Join {
                room: room.clone(),
                puppet: Puppet::Contact(contact),
            };
            enqueue(tx, join, origin, context).await?;
        }
        conversations::close(tx, from, false, origin.now).await?;
        members::drop_guests(tx, from).await?;
    }
    merges::merge(tx, from, (into, room.as_str()), origin.now).await?;
    let text = wording::was_merged(from, into, by);
    if old_room != room {
        say(tx, room.clone(), &text, None, origin, context).await?;
        say(tx, old_room.clone(), &text, None, origin, context).await?;
    }
    for person in people {
        customers::leave(tx, &old_room, person.contact, origin, context).await?;
    }
    Ok(())
}

//! What staff were offered about somebody on the way to Matrix, and say to. Much may have happened since.

use ruma::{OwnedRoomId, OwnedUserId};

use super::{
    Context, Origin, arrive, begin, begin_anew, facts, is_here, person, tell, write_again,
};
use crate::{
    domain::{
        ids::ContactId,
        onboarding::{Move, Plan, State, plan},
        outgoing::Offer,
        wording::onboarding as wording,
    },
    store::{StoreError, Tx, onboarding as stored, people, rooms},
};

/// Staff take up what they were offered.
pub async fn take_up(
    tx: &mut Tx,
    offer: Offer,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    match offer {
        Offer::Invite {
            room,
            contact,
            user,
        } => invite(tx, (room, contact, user), origin, context).await,
        Offer::Link {
            room,
            contact,
            user,
        } => link(tx, (room, contact, user), origin, context).await,
        Offer::WriteByMail { room, contact } => {
            let current = stored::find(tx.connection(), room.as_str(), contact).await?;
            let is_gone = |it: &Move| matches!(it.state, State::Left | State::PutOut);
            if !current.as_ref().is_some_and(is_gone) {
                return Ok(());
            }
            write_again(tx, &room, contact).await?;
            let known = people::contact(tx.connection(), contact).await?;
            let text = wording::returned(known.shown_name(), known.address.as_str());
            tell(tx, &room, &text, None, origin, context).await?;
            Ok(())
        }
        Offer::Release { .. }
        | Offer::Request { .. }
        | Offer::Erase { .. }
        | Offer::Admit { .. }
        | Offer::Held { .. }
        | Offer::Renew { .. }
        | Offer::Resume { .. } => Ok(()),
    }
}

async fn invite(
    tx: &mut Tx,
    (room, contact, user): (OwnedRoomId, ContactId, OwnedUserId),
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let current = stored::find(tx.connection(), room.as_str(), contact).await?;
    let is_done = |it: &Move| {
        it.user == user && matches!(it.state, State::Inviting | State::Invited | State::Joined)
    };
    if current.as_ref().is_some_and(is_done) {
        return Ok(());
    }
    let Some(person) = person(tx.connection(), &room, contact, context).await? else {
        return tell_that_they_are_gone(tx, &room, contact, origin, context).await;
    };
    let of_user = facts::of_user(tx.connection(), &room, &user, context).await?;
    let of_room = facts::of_room(tx.connection(), &room, Some(contact), context).await?;
    let (state, text) = match plan(&of_user, true, &of_room) {
        Plan::Invite | Plan::Ask => {
            return begin(tx, (room, contact, user), None, origin, context).await;
        }
        Plan::IsThere => return arrive(tx, (room, contact, user), origin, context).await,
        Plan::IsInvited => {
            let text = wording::is_invited_already(&person.name, &user);
            (Some(State::Invited), text)
        }
        Plan::Wait => {
            let text = wording::server_not_allowed(&person, &user, true);
            (Some(State::Waiting), text)
        }
        Plan::Never => (None, wording::never(&person, &user)),
    };
    if let Some(state) = state {
        begin_anew(tx, &room, contact).await?;
        let who = (room.as_str(), contact, user.as_ref());
        stored::set(tx, who, state, origin.now).await?;
    }
    tell(tx, &room, &text, None, origin, context).await?;
    Ok(())
}

async fn link(
    tx: &mut Tx,
    (room, contact, user): (OwnedRoomId, ContactId, OwnedUserId),
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    if !is_here(tx, &room, contact).await? {
        return tell_that_they_are_gone(tx, &room, contact, origin, context).await;
    }
    let membership = rooms::membership(tx.connection(), room.as_str(), user.as_str()).await?;
    if membership.as_deref() == Some("join") {
        return arrive(tx, (room, contact, user), origin, context).await;
    }
    let text = wording::is_no_more_there(&user);
    tell(tx, &room, &text, None, origin, context).await?;
    Ok(())
}

async fn tell_that_they_are_gone(
    tx: &mut Tx,
    room: &OwnedRoomId,
    contact: ContactId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let known = people::contact(tx.connection(), contact).await?;
    let text = wording::takes_part_no_more(known.shown_name(), known.address.as_str());
    tell(tx, room, &text, None, origin, context).await?;
    Ok(())
}

//! People on their way from mail to Matrix, and back: carries out what was decided about them.
//!
//! `facts` loads what decisions need, `invite` follows an invitation through the outbox, `mails` writes
//! what they get by mail, `offers` does what staff say to.

pub mod facts;
pub mod invite;
pub mod mails;
pub mod offers;

use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId, RoomId, UserId};

use super::{
    Context, audience,
    lanes::{self, Origin, enqueue},
    seal,
};
use crate::{
    domain::{
        facts::PersonFacts,
        ids::ContactId,
        matrix_id::ServerPattern,
        onboarding::{Move, Plan, State, Step, plan},
        outgoing::{MatrixAction, Offer, Puppet},
        wording::onboarding::{self as wording, Wish},
    },
    store::{
        Connection, StoreError, Tx, conversations, members, newcomers, onboarding as stored,
        people, rooms,
    },
};

/// Carries out one step.
pub async fn apply(
    tx: &mut Tx,
    step: Step,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    match step {
        Step::RememberAccess { room, access } => {
            stored::set_access(tx, room.as_str(), &access).await?;
        }
        Step::Tell { room, text, offer } => {
            tell(tx, &room, &text, offer, origin, context).await?;
        }
        Step::Invite {
            room,
            contact,
            user,
            text,
        } => {
            let who = (room, contact, user);
            match text {
                Some(text) => invite(tx, who, &text, origin, context).await?,
                None => begin(tx, who, None, origin, context).await?,
            }
        }
        Step::Note {
            room,
            contact,
            user,
            state,
        } => {
            if !state.is_moved() {
                begin_anew(tx, &room, contact).await?;
            }
            let who = (room.as_str(), contact, user.as_ref());
            stored::set(tx, who, state, origin.now).await?;
        }
        Step::Arrive {
            room,
            contact,
            user,
        } => arrive(tx, (room, contact, user), origin, context).await?,
        Step::Return { room, contact } => write_again(tx, &room, contact).await?,
        Step::Unlink { contact } => {
            for way in stored::of_contact(tx.connection(), contact).await? {
                begin_anew(tx, &way.room, contact).await?;
            }
            stored::unlink(tx, contact).await?;
        }
        Step::KeepMail {
            room,
            contact,
            keeps,
        } => keep_mail(tx, &room, contact, keeps, origin, context).await?,
        Step::Welcome {
            conversation,
            contacts,
        } => mails::welcome(tx, conversation, &contacts, origin, context).await?,
        Step::Explain {
            conversation,
            contact,
            answered,
            why,
        } => mails::explain(tx, (conversation, contact), answered, &why, origin, context).await?,
        Step::Allow {
            server,
            by,
            room,
            event,
        } => allow(tx, &server, &by, (room, event), origin, context).await?,
        Step::Disallow { server } => stored::disallow_server(tx, server.as_str()).await?,
    }
    Ok(())
}

/// They take part in the room by mail, and by nothing else: staff have taken them off, or added them.
pub async fn forget(tx: &mut Tx, room: &str, contact: ContactId) -> Result<(), StoreError> {
    stored::forget(tx, room, contact).await
}

/// The ways that lead into this room led into the one that it has replaced. Who was there, or was invited
/// there, is invited anew; until they have come they get mail.
pub async fn go_on(
    tx: &mut Tx,
    room: &OwnedRoomId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    for way in stored::of_room(tx.connection(), room.as_str()).await? {
        match way.state {
            State::Inviting | State::Invited | State::Joined => {}
            State::Waiting | State::Refused | State::Declined | State::Left | State::PutOut => {
                continue;
            }
        }
        let Move {
            contact,
            user,
            state,
            ..
        } = way;
        let membership = rooms::membership(tx.connection(), room.as_str(), user.as_str()).await?;
        match (membership.as_deref(), state) {
            (Some("join"), State::Joined) => {}
            (Some("join"), _) => arrive(tx, (room.clone(), contact, user), origin, context).await?,
            (Some("invite"), _) => {
                let who = (room.as_str(), contact, user.as_ref());
                stored::set(tx, who, State::Invited, origin.now).await?;
            }
            _ => {
                let behind = Some(room.clone());
                begin(tx, (room.clone(), contact, user), behind, origin, context).await?;
            }
        }
    }
    Ok(())
}

/// The bot is back in the room, where somebody may have come or gone in the meantime.
pub async fn catch_up(
    tx: &mut Tx,
    room: &OwnedRoomId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    for way in stored::of_room(tx.connection(), room.as_str()).await? {
        let user = way.user.as_str();
        let membership = rooms::membership(tx.connection(), room.as_str(), user).await?;
        let is_there = membership.as_deref() == Some("join");
        let contact = way.contact;
        match way.state {
            State::Inviting | State::Invited if is_there => {
                arrive(tx, (room.clone(), contact, way.user), origin, context).await?;
            }
            State::Joined if !is_there => {
                let state = match membership.as_deref() {
                    Some("ban") => State::PutOut,
                    _ => State::Left,
                };
                let who = (room.as_str(), contact, way.user.as_ref());
                stored::set(tx, who, state, origin.now).await?;
                let known = people::contact(tx.connection(), contact).await?;
                let (name, address) = (known.shown_name(), known.address.as_str());
                let (text, offer) = if way.keeps_mail {
                    (wording::left_and_keeps_mail(name, &way.user), None)
                } else {
                    let room = room.clone();
                    let offer = Offer::WriteByMail { room, contact };
                    (wording::left(name, address, &way.user), Some(offer))
                };
                tell(tx, room, &text, offer, origin, context).await?;
            }
            State::Waiting
            | State::Inviting
            | State::Invited
            | State::Refused
            | State::Declined
            | State::Joined
            | State::Left
            | State::PutOut => {}
        }
    }
    Ok(())
}

/// Tells staff, and nobody else; where that was. Where nobody but customers and their like would read it,
/// and something is asked, the room learns that.
pub(super) async fn tell(
    tx: &mut Tx,
    room: &OwnedRoomId,
    text: &str,
    offer: Option<Offer>,
    origin: &Origin,
    context: &Context,
) -> Result<Option<OwnedRoomId>, StoreError> {
    let own = audience::room_of_staff(tx.connection(), room.as_str(), context).await?;
    let asks = offer.is_some();
    let (place, text) = match (own, &context.control_room()) {
        (Some(own), _) => (own, text.to_owned()),
        (None, control_room) => {
            let known = rooms::find(tx.connection(), room.as_str()).await?;
            let name = known.map(|known| known.name).unwrap_or_default();
            let text = wording::of_room(&wording::room_named(&name, room.as_str()), text);
            let Some(control_room) = control_room else {
                lanes::report(tx, &text, origin, context).await?;
                if asks {
                    say_that_staff_cannot_be_asked(tx, room, origin, context).await?;
                }
                return Ok(None);
            };
            (control_room.clone(), text)
        }
    };
    match offer {
        Some(offer) => lanes::make_offer(tx, place.clone(), &text, offer, origin, context).await?,
        None => lanes::say(tx, place.clone(), &text, None, origin, context).await?,
    }
    Ok(Some(place))
}

/// For who reads the room as staff, where customers read along.
async fn say_that_staff_cannot_be_asked(
    tx: &mut Tx,
    room: &OwnedRoomId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let text = wording::needs_a_control_room();
    lanes::say(tx, room.clone(), text, None, origin, context).await
}

/// Staff read what it means, then the homeserver is asked to invite. Where staff can't be told, nobody
/// comes.
async fn invite(
    tx: &mut Tx,
    (room, contact, user): (OwnedRoomId, ContactId, OwnedUserId),
    text: &str,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    match tell(tx, &room, text, None, origin, context).await? {
        None => say_that_staff_cannot_be_asked(tx, &room, origin, context).await,
        behind => begin(tx, (room, contact, user), behind, origin, context).await,
    }
}

/// The homeserver is asked to invite somebody, behind what is said in the room `behind`.
async fn begin(
    tx: &mut Tx,
    (room, contact, user): (OwnedRoomId, ContactId, OwnedUserId),
    behind: Option<OwnedRoomId>,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    begin_anew(tx, &room, contact).await?;
    let who = (room.as_str(), contact, user.as_ref());
    stored::set(tx, who, State::Inviting, origin.now).await?;
    let action = MatrixAction::Invite {
        room,
        contact,
        user,
        behind,
    };
    enqueue(tx, action, origin, context).await
}

/// Contact and user are one. What was written before still goes by mail, then a last note; what comes
/// after is read in Matrix.
async fn arrive(
    tx: &mut Tx,
    (room, contact, user): (OwnedRoomId, ContactId, OwnedUserId),
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let current = stored::find(tx.connection(), room.as_str(), contact).await?;
    let is_done = |it: &Move| it.user == user && it.state == State::Joined;
    if current.as_ref().is_some_and(is_done) || !is_here(tx, &room, contact).await? {
        return Ok(());
    }
    let was_invited = current.is_some();
    let keeps_mail = current.as_ref().is_some_and(|it| it.keeps_mail);
    // Who comes back has had the last mail.
    let got_mail = current.is_none_or(|it| !it.state.is_moved() || it.keeps_mail);
    if !keeps_mail && got_mail {
        send_what_waits(tx, &room, contact, origin, context).await?;
        mails::last(tx, (&room, contact, &user), origin, context).await?;
    }
    stored::link(tx, contact, &user, origin.now).await?;
    let who = (room.as_str(), contact, user.as_ref());
    stored::set(tx, who, State::Joined, origin.now).await?;
    if !keeps_mail {
        ghost_leaves(tx, &room, contact, origin, context).await?;
    }
    let known = people::contact(tx.connection(), contact).await?;
    tracing::info!(trace = %origin.trace, contact = contact.0, "A customer has come to Matrix");
    let mut text = wording::arrived(known.shown_name(), &user, keeps_mail);
    if !was_invited {
        text.push(' ');
        text.push_str(wording::reads_along());
    }
    tell(tx, &room, &text, None, origin, context).await?;
    Ok(())
}

/// Whether they take part in the room by mail.
async fn is_here(tx: &mut Tx, room: &OwnedRoomId, contact: ContactId) -> Result<bool, StoreError> {
    let places = members::places(tx.connection(), room.as_str(), contact).await?;
    Ok(!places.is_empty())
}

async fn send_what_waits(
    tx: &mut Tx,
    room: &OwnedRoomId,
    contact: ContactId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    for place in members::places(tx.connection(), room.as_str(), contact).await? {
        seal::open_letter_of(tx, place.conversation, origin, context).await?;
    }
    Ok(())
}

/// It comes back with the next mail of theirs.
async fn ghost_leaves(
    tx: &mut Tx,
    room: &OwnedRoomId,
    contact: ContactId,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let action = MatrixAction::Leave {
        room: room.clone(),
        puppet: Puppet::Contact(contact),
    };
    enqueue(tx, action, origin, context).await
}

async fn write_again(
    tx: &mut Tx,
    room: &OwnedRoomId,
    contact: ContactId,
) -> Result<(), StoreError> {
    begin_anew(tx, room, contact).await?;
    stored::forget(tx, room.as_str(), contact).await
}

/// What waits in letters is not for them: they have read it, or know that they haven't.
async fn begin_anew(tx: &mut Tx, room: &OwnedRoomId, contact: ContactId) -> Result<(), StoreError> {
    let current = stored::find(tx.connection(), room.as_str(), contact).await?;
    let gets_none = |it: &Move| it.state.is_moved() && !it.keeps_mail;
    if !current.as_ref().is_some_and(gets_none) {
        return Ok(());
    }
    for place in members::places(tx.connection(), room.as_str(), contact).await? {
        newcomers::keep_what_waits_from(tx, place.conversation, contact).await?;
    }
    Ok(())
}

async fn keep_mail(
    tx: &mut Tx,
    room: &OwnedRoomId,
    contact: ContactId,
    keeps: bool,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let current = stored::find(tx.connection(), room.as_str(), contact).await?;
    let Some(current) = current.filter(|it| it.keeps_mail != keeps) else {
        return Ok(());
    };
    let is_in_matrix = current.state.is_moved();
    if keeps {
        begin_anew(tx, room, contact).await?;
    } else if is_in_matrix {
        send_what_waits(tx, room, contact, origin, context).await?;
    }
    stored::keep_mail(tx, room.as_str(), contact, keeps).await?;
    if !keeps && is_in_matrix {
        ghost_leaves(tx, room, contact, origin, context).await?;
    }
    Ok(())
}

/// The server is allowed, and whoever waited for it, or was refused, is invited.
async fn allow(
    tx: &mut Tx,
    server: &ServerPattern,
    by: &UserId,
    (room, event): (OwnedRoomId, OwnedEventId),
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    stored::allow_server(tx, server.as_str(), by, origin.now).await?;
    let mut tried = 0;
    for way in stored::unfinished(tx.connection()).await? {
        if server.matches(way.user.server_name().as_str())
            && try_again(tx, &way, origin, context).await?
        {
            tried += 1;
        }
    }
    let text = wording::server_allowed(server.as_str(), tried);
    lanes::say(tx, room, &text, Some(&event), origin, context).await
}

/// Whether the invitation is on its way, or staff are asked.
async fn try_again(
    tx: &mut Tx,
    way: &Move,
    origin: &Origin,
    context: &Context,
) -> Result<bool, StoreError> {
    let found = person(tx.connection(), &way.room, way.contact, context).await?;
    let Some(person) = found else {
        return Ok(false);
    };
    let Move {
        room,
        contact,
        user,
        state,
        ..
    } = way.clone();
    let of_user = facts::of_user(tx.connection(), &room, &user, context).await?;
    let of_room = facts::of_room(tx.connection(), &room, Some(contact), context).await?;
    match plan(&of_user, true, &of_room) {
        // Staff have agreed before.
        Plan::Ask if state == State::Refused => {
            begin(tx, (room, contact, user), None, origin, context).await?;
        }
        Plan::Invite => {
            let text = wording::inviting(&person, &user, Wish::Asked, &of_room);
            invite(tx, (room, contact, user), &text, origin, context).await?;
        }
        Plan::Ask => {
            let text = wording::ask(&person, &user, Wish::Asked, &of_room);
            let offer = Offer::Invite {
                room: room.clone(),
                contact,
                user,
            };
            tell(tx, &room, &text, Some(offer), origin, context).await?;
        }
        Plan::IsInvited | Plan::IsThere | Plan::Wait | Plan::Never => return Ok(false),
    }
    Ok(true)
}

/// One of those who take part in the room by mail.
async fn person(
    connection: &mut Connection,
    room: &RoomId,
    contact: ContactId,
    context: &Context,
) -> Result<Option<PersonFacts>, StoreError> {
    let server = context.server_name.as_str();
    let all = conversations::of_room(connection, room.as_str(), server).await?;
    let mut people = all.into_iter().flat_map(|one| one.people);
    Ok(people.find(|person| person.contact == contact))
}

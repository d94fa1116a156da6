//! An invitation on its way through the outbox.
//!
//! At first it stands behind the notice that tells staff of it, so that they know before anybody can come.
//! If the homeserver can't send it at once it steps aside, into a lane of its own: servers that nobody
//! reaches hold up no room.

use std::time::Duration;

use ruma::{OwnedRoomId, OwnedUserId};

use super::{super::lanes::enqueue, Context, Origin, tell};
use crate::{
    domain::{
        ids::ContactId,
        onboarding::{Move, State},
        outgoing::MatrixAction,
        wording::onboarding as wording,
    },
    matrix::client::Fault,
    store::{Connection, StoreError, Tx, onboarding as stored, people, rooms},
};

/// For how long it is tried.
pub const GIVE_UP_AFTER: Duration = Duration::from_hours(24);
/// The longest pause between two attempts.
pub const LONGEST_WAIT: Duration = Duration::from_mins(30);
/// After this many attempts staff are told that it takes longer.
const TELL_AFTER: i64 = 4;

/// Who is invited where.
#[derive(Debug, Clone, Copy)]
pub struct Invitation<'a> {
    pub room: &'a OwnedRoomId,
    pub contact: ContactId,
    pub user: &'a OwnedUserId,
}

/// Invites, unless nobody wants that any more. Who is there already is fine.
pub async fn attempt(
    invitation: Invitation<'_>,
    context: &Context,
) -> Result<Result<String, Fault>, StoreError> {
    let Invitation {
        room,
        contact,
        user,
    } = invitation;
    let mut reading = context.store.read().await?;
    let current = stored::find(&mut reading, room.as_str(), contact).await?;
    let is_it = |it: &Move| it.state == State::Inviting && it.user == *user;
    if !current.as_ref().is_some_and(is_it) || is_there(&mut reading, room, user).await? {
        return Ok(Ok(String::new()));
    }
    drop(reading);
    let invited = context.homeserver.invite(room, user, None).await;
    if matches!(invited, Err(Fault::Refused { .. })) {
        // Perhaps they came in a moment ago.
        let mut reading = context.store.read().await?;
        if is_there(&mut reading, room, user).await? {
            return Ok(Ok(String::new()));
        }
    }
    Ok(invited.map(|()| String::new()))
}

async fn is_there(
    connection: &mut Connection,
    room: &OwnedRoomId,
    user: &OwnedUserId,
) -> Result<bool, StoreError> {
    let membership = rooms::membership(connection, room.as_str(), user.as_str()).await?;
    Ok(matches!(membership.as_deref(), Some("invite" | "join")))
}

/// The homeserver has sent it.
pub async fn sent(tx: &mut Tx, invitation: Invitation<'_>, now: i64) -> Result<(), StoreError> {
    let Invitation {
        room,
        contact,
        user,
    } = invitation;
    let who = (room.as_str(), contact, user.as_ref());
    stored::advance(tx, who, State::Inviting, State::Invited, now).await?;
    Ok(())
}

/// The homeserver doesn't send it, or could not for too long.
pub async fn refused(
    tx: &mut Tx,
    invitation: Invitation<'_>,
    reason: &str,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let Invitation {
        room,
        contact,
        user,
    } = invitation;
    let who = (room.as_str(), contact, user.as_ref());
    if !stored::advance(tx, who, State::Inviting, State::Refused, origin.now).await? {
        return Ok(());
    }
    let known = people::contact(tx.connection(), contact).await?;
    let text = wording::not_invited(known.shown_name(), user, reason);
    tell(tx, room, &text, None, origin, context).await?;
    Ok(())
}

/// It could not be sent now. `true`: it was put into its own lane, and the row is done with.
pub async fn step_aside(
    tx: &mut Tx,
    action: &MatrixAction,
    origin: &Origin,
    context: &Context,
) -> Result<bool, StoreError> {
    let MatrixAction::Invite {
        room,
        contact,
        user,
        behind: Some(_),
    } = action
    else {
        return Ok(false);
    };
    let action = MatrixAction::Invite {
        room: room.clone(),
        contact: *contact,
        user: user.clone(),
        behind: None,
    };
    enqueue(tx, action, origin, context).await?;
    Ok(true)
}

/// It could not be sent so often.
pub async fn delayed(
    tx: &mut Tx,
    invitation: Invitation<'_>,
    (attempts, reason): (i64, &str),
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    if attempts != TELL_AFTER {
        return Ok(());
    }
    let known = people::contact(tx.connection(), invitation.contact).await?;
    let text = wording::invitation_delayed(known.shown_name(), invitation.user, reason);
    tell(tx, invitation.room, &text, None, origin, context).await?;
    Ok(())
}

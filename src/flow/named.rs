//! Rooms that the configuration names, where they are now: each may have been replaced since.

use ruma::OwnedRoomId;

use super::Context;
use crate::store::{StoreError, Tx, successions};

/// Looks where they are, as the process begins.
///
/// # Errors
///
/// Of the store.
pub async fn find(context: &Context) -> Result<(), StoreError> {
    let mut reading = context.store.read().await?;
    for (_, named) in of(context) {
        let newest = successions::newest(&mut reading, &named).await?;
        context.replaced.set(named, newest);
    }
    Ok(())
}

/// A room was replaced: if the configuration names it, everything that is told or asked there is told and
/// asked in the new one once this is committed. The keys of the configuration that say so.
pub fn follow(tx: &mut Tx, old: &OwnedRoomId, new: &OwnedRoomId, context: &Context) -> Vec<String> {
    let mut keys = Vec::new();
    for (key, named) in of(context) {
        if context.replaced.newest(&named) == *old {
            let (replaced, new) = (context.replaced.clone(), new.clone());
            tx.once_committed(move || replaced.set(named, new));
            keys.push(key);
        }
    }
    keys
}

/// Whether staff are told of things in the room as the configuration says so.
pub fn is_one(room: &OwnedRoomId, context: &Context) -> bool {
    of(context).any(|(_, named)| context.replaced.newest(&named) == *room)
}

/// With their keys.
fn of(context: &Context) -> impl Iterator<Item = (String, OwnedRoomId)> {
    let control_room = context.named_control_room.iter();
    let control_room = control_room.map(|room| ("control_room".to_owned(), room.clone()));
    let triage_rooms = context.mailboxes.iter().filter_map(|(name, mailbox)| {
        let room = mailbox.intake.triage_room.clone()?;
        Some((format!("mailboxes.{name}.intake.triage_room"), room))
    });
    control_room.chain(triage_rooms)
}

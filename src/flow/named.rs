//! Rooms that the configuration names, where they are now: each may have been replaced since.

use ruma::OwnedRoomId;

use super::Context;
use crate::{
    config::MailboxName,
    store::{StoreError, Tx, successions},
};

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
    let control_room = control_room.map(|room| (CONTROL_ROOM_KEY.to_owned(), room.clone()));
    let triage_rooms = context.mailboxes.iter().filter_map(|(name, mailbox)| {
        let room = mailbox.intake.triage_room.clone()?;
        Some((triage_room_key(name), room))
    });
    control_room.chain(triage_rooms)
}

const CONTROL_ROOM_KEY: &str = "control_room";

fn triage_room_key(mailbox: &MailboxName) -> String {
    format!("mailboxes.{mailbox}.triage_room")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::Config;

    const CONFIG: &str = "\
homeserver: {url: \"http://127.0.0.1:8008\", server_name: example.org}
appservice: {listen: \"127.0.0.1:29381\", url: \"http://127.0.0.1:29381\", registration: r.yaml}
database: {url: \"sqlite:postroom.db\"}
blobs: {url: \"file:blobs\"}
mailboxes:
  support:
    name: Example
    address: support@example.org
    reply_address: \"support+{token}@example.org\"
    smtp: {url: \"smtp://mail.example.org\"}
staff: [\"@*:example.org\"]
";

    /// Staff are told to correct them.
    #[test]
    fn the_keys_that_it_names_are_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.yaml");
        fs::write(&path, CONFIG).unwrap();
        let support = MailboxName::parse("support").unwrap();
        let set = |key: &str, room: &str| {
            let name = format!("POSTROOM__{}", key.replace('.', "__"));
            (name, room.to_owned())
        };
        let variables = [
            set(CONTROL_ROOM_KEY, "!control:example.org"),
            set(&triage_room_key(&support), "!triage:example.org"),
        ];
        let config = Config::load_unregistered(&path, variables).unwrap();
        assert_eq!(config.control_room.unwrap(), "!control:example.org");
        let triage_room = &config.mailboxes[&support].intake.triage_room;
        assert_eq!(triage_room.as_ref().unwrap(), "!triage:example.org");
    }
}

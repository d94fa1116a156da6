//! What other bridges get wrong and no other story tells: see `docs/peers.md`.

use crate::{
    desk::codes,
    support::world::{Options, World, answer},
};

/// Two mails in one connection, of two customers, about one subject: each lands in its own room.
#[tokio::test(flavor = "multi_thread")]
async fn mails_of_one_connection_go_each_to_its_own_room() {
    let world = World::start(Options::default()).await;
    let mut told = Vec::new();
    for (address, name) in [("jane@acme.com", "Jane Doe"), ("bob@beta.com", "Bob")] {
        let room = world.room("Help", &[(address, name)]).await;
        world.ann.say(&room, "How can we help?");
        let letter = world.mails_to(address, 1).await.remove(0);
        told.push((address, name, room, letter));
    }
    let mut connection = world.lmtp().await;
    for round in 0..3 {
        for (address, _, _, letter) in &told {
            let id = format!("{round}-{address}");
            let (to, raw) = answer(letter, address, &format!("{round} from {address}"), &id);
            let raw = raw.replace('\n', "\r\n");
            let replies = connection.deliver(address, &[&to], raw.as_bytes()).await;
            assert_eq!(codes(&replies.unwrap()), [250]);
        }
    }
    world.quiet().await;
    for (address, name, room, _) in &told {
        let ghost = world.ghost(room, name).unwrap();
        let said = world.said_by(room, &ghost);
        let said: Vec<&str> = said.iter().filter_map(|it| it.lines().next()).collect();
        let expected = [0, 1, 2].map(|round| format!("{round} from {address}"));
        assert_eq!(said, expected);
        let others = world.homeserver.messages(room).into_iter();
        let mut others = others.filter(|(sender, _)| sender.starts_with("@_email_"));
        assert!(others.all(|(sender, _)| sender == ghost));
    }
    world.finish().await;
}

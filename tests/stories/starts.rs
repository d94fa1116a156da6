//! A start asks the homeserver for nothing that is known already, however many rooms and people there
//! are, and neither does the first start after an update.

use std::time::Instant;

use serde_json::json;

use crate::{
    desk::BOT,
    support::{
        fake_homeserver::Membership,
        world::{Options, World},
    },
};

const ROOMS: usize = 500;
const IN_EACH: usize = 4;
/// So many rooms are got ready at a time.
const AT_ONCE: usize = 50;

/// What a start asks, however much is stored: who it is, what the bot is called, and to be sent what came
/// meanwhile.
const OF_A_START: [&str; 4] = ["whoami", "register", "get_profile", "ping"];
/// What it asks later on where people write: that they have been read, and, for its health, who it is.
const MEANWHILE: [&str; 2] = ["receipt", "whoami"];

fn people(room: usize) -> Vec<String> {
    let first = room * IN_EACH;
    let numbers = first..first + IN_EACH;
    numbers.map(|it| format!("person{it}@acme.com")).collect()
}

/// Staff open a room, invite the bot, and add four people: each a ghost with a name and a picture.
async fn open_rooms(world: &World) -> Vec<String> {
    let mut rooms = Vec::new();
    for batch in (0..ROOMS).collect::<Vec<_>>().chunks(AT_ONCE) {
        let opened: Vec<String> = batch
            .iter()
            .map(|number| {
                let levels = json!({"users": {BOT: 50}});
                let room = world.ann.create_room_with(&json!({
                    "name": format!("Room {number}"), "power_level_content_override": levels,
                }));
                world.ann.invite(&room, BOT);
                room
            })
            .collect();
        let has = |room: &String, members: usize| {
            let there = world.homeserver.members(room);
            there.values().filter(|it| **it == Membership::Join).count() == members
        };
        let is_there = || opened.iter().all(|room| has(room, 2));
        world.until("the bot is in the rooms", is_there).await;
        for (number, room) in batch.iter().zip(&opened) {
            let people = people(*number).join(" ");
            world.ann.say(room, &format!("!email add {people}"));
        }
        let are_there = || opened.iter().all(|room| has(room, 2 + IN_EACH));
        world.until("the ghosts are in the rooms", are_there).await;
        rooms.extend(opened);
    }
    world.settled().await;
    rooms
}

/// Somebody of staff says something in every room, and everybody there gets it.
async fn greet(world: &World, rooms: &[String], text: &str) {
    let before = world.sink.count();
    for batch in rooms.chunks(AT_ONCE) {
        let so_far = world.sink.count();
        for room in batch {
            world.ann.say(room, text);
        }
        let have_come = || world.sink.count() >= so_far + batch.len() * IN_EACH;
        world.until("the letters", have_come).await;
    }
    world.settled().await;
    assert_eq!(
        world.sink.count(),
        before + rooms.len() * IN_EACH,
        "each of them once"
    );
}

/// How often the homeserver was asked for anything but what is named.
fn asked(world: &World, but: &[&str]) -> Vec<(&'static str, u64)> {
    let counts = world.homeserver.counts().into_iter();
    counts.filter(|(what, _)| !but.contains(what)).collect()
}

async fn start_quietly(world: &mut World) {
    world.homeserver.reset_counts();
    let begun = Instant::now();
    world.start_postroom().await;
    world.settled().await;
    println!("Ready and settled after {:?}", begun.elapsed());
    assert_eq!(asked(world, &OF_A_START), []);
    let counts = world.homeserver.counts();
    for once in ["register", "get_profile", "ping"] {
        assert_eq!(counts.get(once), Some(&1), "{once}: {counts:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_rooms_and_two_thousand_people_cause_no_storm() {
    let mut world = World::start(Options::default()).await;
    let begun = Instant::now();
    let rooms = open_rooms(&world).await;
    println!("{ROOMS} rooms after {:?}", begun.elapsed());
    let mut database = world.database().await;
    let there: (i64, i64, i64) = database
        .row(
            "SELECT (SELECT count(*) FROM conversations),
                (SELECT count(*) FROM contacts WHERE registered = 1),
                (SELECT count(*) FROM portraits WHERE worn <> '' AND contact_id > 0)",
        )
        .await;
    database.close().await;
    assert_eq!(there, (500, 2000, 2000));

    world.stop_postroom().await;
    start_quietly(&mut world).await;
    let some = &rooms[..AT_ONCE];
    world.homeserver.reset_counts();
    greet(&world, some, "Good morning").await;
    assert_eq!(asked(&world, &MEANWHILE), [], "letters are all that goes");

    // As after an update from a version that knew less of rooms and gave nobody a picture: what is
    // lacking is fetched where something happens, once, and no picture is given to who says nothing.
    world.stop_postroom().await;
    let mut database = world.database().await;
    database
        .execute(
            "UPDATE rooms SET known_at = NULL; DELETE FROM room_access; DELETE FROM room_lives;
            DELETE FROM room_signs; DELETE FROM portraits WHERE contact_id > 0",
        )
        .await;
    database.close().await;
    start_quietly(&mut world).await;
    world.homeserver.reset_counts();
    greet(&world, some, "Good day").await;
    // The state of each room once, and whether each of the three signs is there.
    let each = some.len() as u64;
    assert_eq!(
        asked(&world, &MEANWHILE),
        [("all_state", each), ("get_state", 3 * each)]
    );
    world.homeserver.reset_counts();
    greet(&world, some, "Good evening").await;
    assert_eq!(asked(&world, &MEANWHILE), [], "and not again");
    world.finish().await;
}

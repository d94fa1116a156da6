//! Rooms for strangers' mail while things go wrong: one room is made, and no mail is lost.

use std::time::Duration;

use serde_json::json;

use crate::{
    desk::{BOT, JANE},
    intake::{made, new_room, request, said, told, triage, write},
    support::{
        fake_homeserver::Fault,
        world::{Options, World},
    },
};

fn at_once() -> Options {
    Options {
        intake: "room",
        mailbox: "acknowledge: never",
        ..Options::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_whose_making_got_no_answer_is_found_again() {
    let world = World::start(at_once()).await;
    world
        .homeserver
        .fault(Fault::drop_answer().at("create_room").times(1));
    // The room's own events don't come either, which would tell.
    world.homeserver.hold_pushes(true);
    write(&world, JANE, "", "My printer is broken").await;
    world
        .until("it looks for the room", || {
            world.homeserver.count("joined_rooms") > 0
        })
        .await;
    world
        .until("the mail is posted", || {
            made(&world)
                .first()
                .is_some_and(|room| !world.homeserver.messages(room).is_empty())
        })
        .await;
    world.homeserver.hold_pushes(false);
    let room = new_room(&world, &world.ann).await;
    assert_eq!(world.homeserver.count("create_room"), 1);
    assert_eq!(said(&world, &room, "Jane Doe"), ["My printer is broken"]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rooms_own_events_tell_that_it_is_there() {
    let world = World::start(at_once()).await;
    world.homeserver.fault(
        Fault::late(Duration::from_secs(3))
            .at("create_room")
            .times(1),
    );
    write(&world, JANE, "", "My printer is broken").await;
    let room = new_room(&world, &world.ann).await;
    assert_eq!(said(&world, &room, "Jane Doe"), ["My printer is broken"]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_was_made_twice_after_all_is_left() {
    let world = World::start(at_once()).await;
    world.homeserver.hold_pushes(true);
    // The first request is still on its way when the homeserver's proxy gives up on it.
    let lost = world
        .homeserver
        .fault(Fault::drop_answer().at("create_room").times(1));
    let blind = world
        .homeserver
        .fault(Fault::error(404, "M_NOT_FOUND").at("get_state"));
    write(&world, JANE, "", "My printer is broken").await;
    world
        .until("a second room", || {
            world.homeserver.count("create_room") == 2
        })
        .await;
    assert_eq!(world.homeserver.hits(lost), 1);
    world.homeserver.clear_fault(blind);
    world.homeserver.hold_pushes(false);
    world
        .until("one of them is left", || {
            let rooms = made(&world);
            rooms.iter().filter(|room| !world.is_in(room, BOT)).count() == 1
        })
        .await;
    world.quiet().await;
    let kept: Vec<String> = made(&world)
        .into_iter()
        .filter(|room| world.is_in(room, BOT))
        .collect();
    assert_eq!(kept.len(), 1);
    assert_eq!(said(&world, &kept[0], "Jane Doe"), ["My printer is broken"]);
    assert!(world.bot_says(&world.control_room, "made a room twice"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_told_once_and_the_room_made_as_soon_as_it_can_be() {
    let world = World::start(triage()).await;
    let refused = world
        .homeserver
        .fault(Fault::status(403).at("create_room").times(2));
    write(&world, JANE, "", "My printer is broken").await;
    let asked = request(&world, 1).await;
    world.ann.react(&world.control_room, &asked, "✅");
    let room = new_room(&world, &world.ann).await;
    assert_eq!(world.homeserver.hits(refused), 2);
    assert_eq!(said(&world, &room, "Jane Doe"), ["My printer is broken"]);
    let trouble = told(
        &world,
        &world.control_room,
        "There is no room yet for request #1",
    );
    assert_eq!(trouble.len(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_no_room_can_be_made_a_request_goes_into_one_that_is_there() {
    let world = World::start(triage()).await;
    let refused = world.homeserver.fault(Fault::status(403).at("create_room"));
    let room = world.room("Printers", &[]).await;
    write(&world, JANE, "", "My printer is broken").await;
    let asked = request(&world, 1).await;
    world.ann.react(&world.control_room, &asked, "✅");
    world
        .until("the refusal is told", || {
            world.bot_says(&world.control_room, "There is no room yet")
        })
        .await;
    world.ask(&room, "!email take 1").await;
    world.homeserver.clear_fault(refused);
    world
        .until("Jane comes", || world.ghost(&room, "Jane Doe").is_some())
        .await;
    world.quiet().await;
    assert_eq!(said(&world, &room, "Jane Doe"), ["My printer is broken"]);
    assert_eq!(
        made(&world),
        [""; 0],
        "the other room isn't wanted any more"
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_comes_after_all_is_left() {
    let world = World::start(triage()).await;
    // Whether the homeserver has made it nobody knows.
    world
        .homeserver
        .fault(Fault::drop_request().at("create_room").times(1));
    let refused = world.homeserver.fault(Fault::status(403).at("create_room"));
    let room = world.room("Printers", &[]).await;
    write(&world, JANE, "", "My printer is broken").await;
    let asked = request(&world, 1).await;
    world.ann.react(&world.control_room, &asked, "✅");
    world
        .until("the refusal is told", || {
            world.bot_says(&world.control_room, "There is no room yet")
        })
        .await;
    world.ask(&room, "!email take 1").await;
    world.settled().await;
    world.homeserver.clear_fault(refused);
    let orders = "SELECT effect_id, state FROM outbox WHERE lane = 'room:new-1'";
    let orders = world
        .database()
        .await
        .rows::<(String, String)>(orders)
        .await;
    let [(effect, state)] = orders.as_slice() else {
        panic!("{orders:?}");
    };
    assert_eq!(state, "withdrawn");
    let wish = json!({"creation_content": {"org.postroom.effect": effect}});
    let late = world.homeserver.make_late(BOT, &wish);
    world.until("it is left", || !world.is_in(&late, BOT)).await;
    world.quiet().await;
    let text = "made a room for request #1 after all";
    assert_eq!(told(&world, &world.control_room, text).len(), 1);
    assert_eq!(said(&world, &room, "Jane Doe"), ["My printer is broken"]);
    world.finish().await;
}

/// The process ends at four moments around the making of the room.
#[rstest::rstest]
#[case::before_the_request(Fault::drop_request())]
#[case::before_the_answer(Fault::late(Duration::from_secs(30)))]
#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_room_is_made(#[case] fault: Fault) {
    let mut world = World::start(at_once()).await;
    world.homeserver.fault(fault.at("create_room").times(1));
    world.homeserver.hold_pushes(true);
    write(&world, JANE, "", "My printer is broken").await;
    world
        .until("the room is asked for", || {
            world.homeserver.count("create_room") == 1
        })
        .await;
    world.kill_postroom();
    world.homeserver.hold_pushes(false);
    world.start_postroom().await;
    let room = new_room(&world, &world.ann).await;
    assert_eq!(said(&world, &room, "Jane Doe"), ["My printer is broken"]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_the_decision_and_before_the_mail_is_posted() {
    let mut world = World::start(triage()).await;
    write(&world, JANE, "", "My printer is broken").await;
    let asked = request(&world, 1).await;
    let held_up = world
        .homeserver
        .fault(Fault::status(502).at("send").containing("printer"));
    world.ann.react(&world.control_room, &asked, "✅");
    world
        .until("the mail is on its way", || {
            world.homeserver.hits(held_up) > 0
        })
        .await;
    world.kill_postroom();
    world.homeserver.clear_fault(held_up);
    world.start_postroom().await;
    let room = new_room(&world, &world.ann).await;
    assert_eq!(said(&world, &room, "Jane Doe"), ["My printer is broken"]);
    world.finish().await;
}

//! Events that tell clients how a message fares.

use serde_json::Value;

use crate::{
    desk::{BOT, Desk, mail},
    support::{
        smtp_sink::{Stage, Trouble},
        world::{Options, World},
    },
};

/// One more setting rides in the line of another.
fn with_statuses() -> Options {
    Options {
        quiet: "0s, status_events: true",
        ..Options::default()
    }
}

fn told(world: &World, room: &str) -> Vec<(String, String)> {
    let timeline = world.homeserver.timeline(room).into_iter();
    timeline
        .filter(|event| event.kind == "com.beeper.message_send_status")
        .map(|event| {
            assert_eq!(event.sender, BOT);
            let relates = &event.content["m.relates_to"];
            assert_eq!(relates["rel_type"], "m.reference");
            let word = |value: &Value| value.as_str().unwrap().to_owned();
            (word(&relates["event_id"]), word(&event.content["status"]))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_said_to_be_sent_once_everybodys_server_has_it() {
    let world = World::start(with_statuses()).await;
    let people = [("jane@acme.com", "Jane Doe"), ("bob@beta.example", "Bob")];
    let room = world.room("Training", &people).await;
    let trouble = Trouble::answer(Stage::Rcpt, 451, "4.7.1 Later")
        .for_address("bob@beta.example")
        .times(1);
    world.sink.trouble(trouble);
    let said = world.tell(&room, "Hello all").await;
    let note = world.tell(&room, "!!Between us").await;
    world.mails_to("jane@acme.com", 1).await;
    world.mails_to("bob@beta.example", 1).await;
    world.settled().await;
    assert_eq!(
        told(&world, &room),
        [(said, "SUCCESS".to_owned())],
        "{note}"
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_takes_has_failed_for_good() {
    let world = World::start(with_statuses()).await;
    let room = world
        .room("Training", &[("jane@acme.com", "Jane Doe")])
        .await;
    world
        .sink
        .trouble(Trouble::answer(Stage::Rcpt, 550, "5.1.1 Nobody"));
    let said = world.tell(&room, "Hello Jane").await;
    world.settled().await;
    assert_eq!(told(&world, &room), [(said, "FAIL_PERMANENT".to_owned())]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_setting_nothing_is_said() {
    let desk = Desk::open(Options::default()).await;
    let raw = mail("Jane Doe <jane@acme.com>", &desk.token, "", "Thank you");
    desk.take(&desk.token, &raw).await;
    assert_eq!(told(&desk.world, &desk.room), []);
    desk.close().await;
}

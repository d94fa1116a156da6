//! Starting, stopping, being watched; and what the log may say.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::json;

use crate::{
    support::{
        database::Choice,
        fake_homeserver::Fault,
        smtp_sink::{Stage, Trouble},
        world::{Options, World, letter_text},
    },
    training::JANE,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_soft_stop_finishes_what_is_in_hand_and_the_rest_follows() {
    let mut world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let slow = world
        .sink
        .trouble(Trouble::delay(Stage::Message, Duration::from_secs(2)).times(1));
    world.ann.say(&room, "In hand");
    world
        .until("the mail server thinks", || world.sink.hits(slow) == 1)
        .await;
    world.tell(&room, "Behind it").await;
    world.stop_postroom().await;
    let letters = world.sink.mails_to("jane@acme.com");
    assert_eq!(letters.len(), 1);
    assert!(letters[0].answered && letter_text(&letters[0]).contains("In hand"));

    world.ann.say(&room, "While away");
    world.start_postroom().await;
    let letters = world.mails_to("jane@acme.com", 3).await;
    assert!(letter_text(&letters[1]).contains("Behind it"));
    assert!(letter_text(&letters[2]).contains("While away"));
    world.settled().await;
    assert_eq!(world.sink.count(), 3);
    assert!(world.whole_log().contains("Postroom has stopped"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_postroom_stops_at_once() {
    let mut world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    world.ann.say(&room, "Hello");
    world.settled().await;
    let took = world.stop_postroom().await;
    assert!(took < Duration::from_secs(3), "{took:?}");
    world.start_postroom().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_postroom_on_the_same_database_is_refused() {
    // With PostgreSQL it stands by.
    let world = World::start(Options {
        database: Choice::Sqlite,
        ..Options::default()
    })
    .await;
    let second = Command::new(env!("CARGO_BIN_EXE_postroom"))
        .args(["run", "--config", "config.yaml"])
        .current_dir(world.folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(
        said.contains("another Postroom is using this database"),
        "{said}"
    );
    assert!(said.contains("postroom.db"), "{said}");
    assert_eq!(
        world.health().await.unwrap()["status"],
        "ready",
        "the first goes on"
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_watches_is_told_what_is_missing() {
    let mut world = World::start(Options::default()).await;
    world.homeserver.down().await;
    let health = world.health().await.unwrap();
    assert_eq!(health["status"], "not ready");
    let missing = health["missing"].to_string();
    assert!(missing.contains("homeserver: "), "{missing}");
    assert!(missing.contains("can't be reached"), "{missing}");

    world.kill_postroom();
    world.spawn_postroom();
    let mut health = None;
    for _ in 0..500 {
        health = world.health().await;
        if health.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let health = health.expect("Postroom starts without its homeserver");
    let missing = health["missing"].to_string();
    assert!(missing.contains("the bot is not set up yet"), "{missing}");
    world.homeserver.up().await;
    for _ in 0..1000 {
        if world
            .health()
            .await
            .is_some_and(|health| health["status"] == "ready")
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(world.health().await.unwrap()["status"], "ready");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_names_nobody_and_quotes_nothing() {
    let world = World::start(Options {
        control_room: false,
        ..Options::default()
    })
    .await;
    let people = [JANE, ("bob@beta.com", "Bob")];
    let room = world.room("Secret project", &people).await;
    world
        .ann
        .invite(&room, "@_email_carl=40gamma.com:example.org");
    world.ask(&room, "!email add dora@delta..com").await;

    let words = "@jane@acme.com: <jane@acme.com> 5.7.1 not accepted";
    let refusal = Trouble::answer(Stage::Rcpt, 550, words)
        .for_address("jane@")
        .times(1);
    world.sink.trouble(refusal);
    let putting_off = Trouble::answer(Stage::Rcpt, 450, words)
        .for_address("jane@")
        .times(1);
    world.sink.trouble(putting_off);
    world
        .homeserver
        .fault(Fault::status(500).at("send").times(2));
    let said = world.ann.say(&room, "xylophone one");
    world.answer_to(&room, &said).await;
    world.ann.say(&room, "xylophone two");
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    world
        .answer(letter, "jane@acme.com", "xylophone three", "a1@acme.com")
        .await;
    world
        .answer(letter, "eve@evil.com", "xylophone four", "a2@evil.com")
        .await;
    let refused = Fault::error(413, "M_TOO_LARGE").at("send");
    let refused = world.homeserver.fault(refused.containing("xylophone five"));
    world
        .answer(letter, "jane@acme.com", "xylophone five", "a3@acme.com")
        .await;
    world
        .until("the refusal", || world.homeserver.hits(refused) > 0)
        .await;
    world.ann.edit(&room, &said, "xylophone six");
    world.ann.redact(&room, &said);
    let broken = json!({"events": [
        {"type": "m.room.message", "event_id": "$broken", "room_id": room,
            "sender": world.ann.id(), "origin_server_ts": "xylophone jane@acme.com",
            "content": {"msgtype": "m.text", "body": "xylophone seven"}},
        {"type": "m.room.message", "event_id": "$broken2", "room_id": room,
            "sender": "xylophone jane@acme.com", "origin_server_ts": 1, "content": {}},
        "xylophone jane@acme.com",
    ]});
    let url = format!("{}/_matrix/app/v1/transactions/b1", world.appservice_url());
    let client = crate::support::servers::http::client().unwrap();
    let pushed = client
        .put(url)
        .bearer_auth("hs-token-of-the-story")
        .json(&broken);
    assert!(pushed.send().await.unwrap().status().is_success());
    world.settled().await;

    let log = world.whole_log();
    assert!(log.contains("DEBUG"), "the log is at debug level");
    for secret in [
        "xylophone",
        "jane@",
        "jane=40",
        "bob@",
        "bob=40",
        "carl@",
        "carl=40",
        "dora@",
        "eve@",
        "hs-token-of-the-story",
        "as-token-of-the-story",
    ] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
    world.finish().await;
}

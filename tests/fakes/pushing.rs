//! What the homeserver pushes to its appservice, and when.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::scene::{Api, GHOST, SOON, quick, world};
use crate::support::fake_homeserver::{FakeConfig, FakeHomeserver};

#[tokio::test]
async fn transactions_are_full_ordered_and_one_at_a_time() {
    let (hs, appservice, _, ann, room) = world(quick()).await;
    hs.hold_pushes(true);
    let texts: Vec<String> = (0..250).map(|number| format!("m{number}")).collect();
    for text in &texts {
        ann.say(&room, text);
    }
    appservice.recorded().delay = Duration::from_millis(20);
    hs.hold_pushes(false);
    assert!(hs.wait_pushed(SOON).await);
    let transactions = appservice.transactions();
    let sizes: Vec<usize> = transactions
        .iter()
        .map(|(_, events)| events.len())
        .collect();
    assert_eq!(sizes, [100, 100, 50]);
    let numbers: Vec<u64> = transactions
        .iter()
        .map(|(id, _)| id.parse().unwrap())
        .collect();
    assert!(numbers.is_sorted_by(|a, b| a + 1 == *b), "{numbers:?}");
    assert_eq!(
        transactions
            .into_iter()
            .flat_map(|(_, events)| events)
            .collect::<Vec<_>>(),
        texts
    );
    assert_eq!(appservice.recorded().most_in_flight, 1);
}

#[tokio::test]
async fn a_failed_transaction_comes_again_unchanged_and_the_backlog_one_by_one() {
    let (hs, appservice, _, ann, room) = world(quick()).await;
    appservice.recorded().failures = 3;
    hs.hold_pushes(true);
    ann.say(&room, "a");
    ann.say(&room, "b");
    hs.hold_pushes(false);
    assert!(hs.wait_attempts(1, SOON).await);
    for text in ["c", "d", "e"] {
        ann.say(&room, text);
    }
    assert!(hs.wait_pushed(SOON).await);
    let transactions = appservice.transactions();
    let events: Vec<&[String]> = transactions.iter().map(|(_, events)| &events[..]).collect();
    let first = ["a".to_owned(), "b".to_owned()];
    assert_eq!(events[..4], [&first[..]; 4]);
    assert_eq!(
        events[4..],
        [["c".to_owned()], ["d".to_owned()], ["e".to_owned()]]
    );
    let recorded = appservice.recorded().transactions.clone();
    assert!(
        recorded[..4]
            .iter()
            .all(|transaction| *transaction == recorded[0])
    );
    assert_ne!(recorded[4].0, recorded[0].0);

    // Afterwards they are full again.
    hs.hold_pushes(true);
    ann.say(&room, "f");
    ann.say(&room, "g");
    hs.hold_pushes(false);
    assert!(hs.wait_pushed(SOON).await);
    assert_eq!(appservice.transactions().pop().unwrap().1, ["f", "g"]);
}

#[tokio::test]
async fn a_slow_answer_counts_as_a_failure() {
    let config = FakeConfig {
        push_timeout: Duration::from_millis(100),
        ..quick()
    };
    let (hs, appservice, _, ann, room) = world(config).await;
    appservice.recorded().delay = Duration::from_millis(300);
    ann.say(&room, "a");
    assert!(hs.wait_attempts(2, SOON).await);
    appservice.recorded().delay = Duration::ZERO;
    assert!(hs.wait_pushed(SOON).await);
    let ids: Vec<String> = appservice
        .transactions()
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    assert!(
        ids.len() > 1 && ids.iter().all(|id| *id == ids[0]),
        "{ids:?}"
    );
}

#[tokio::test]
async fn a_ping_ends_the_backoff() {
    let config = FakeConfig {
        backoff_base: Duration::from_mins(1),
        ..quick()
    };
    let (hs, appservice, api, ann, room) = world(config).await;
    appservice.recorded().failures = 1;
    ann.say(&room, "a");
    assert!(hs.wait_attempts(1, SOON).await);
    assert!(!hs.wait_pushed(Duration::from_millis(200)).await);
    let url = format!("{}/_matrix/client/v1/appservice/postroom/ping", hs.url());
    let ping = api.client.post(url).bearer_auth("as-token");
    let answer = ping
        .json(&json!({"transaction_id": "p1"}))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.json::<Value>().await.unwrap()["duration_ms"].is_u64());
    assert!(hs.wait_pushed(SOON).await);
    assert_eq!(appservice.transactions().len(), 2);
    assert_eq!(
        appservice.recorded().pings,
        [json!({"transaction_id": "p1"})]
    );
}

#[tokio::test]
async fn a_ping_of_nobody_fails() {
    let hs = FakeHomeserver::start(quick()).await;
    let url = format!("{}/_matrix/client/v1/appservice/postroom/ping", hs.url());
    let answer = Api::of(&hs)
        .client
        .post(url)
        .bearer_auth("as-token")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 502);
}

#[tokio::test]
async fn numbers_begin_anew_after_a_restart() {
    let (hs, appservice, _, ann, room) = world(quick()).await;
    hs.restart();
    ann.say(&room, "a");
    assert!(hs.wait_pushed(SOON).await);
    assert_eq!(
        appservice.transactions(),
        [("1".to_owned(), vec!["a".to_owned()])]
    );
    let lost = ann.say(&room, "b");
    assert!(hs.wait_pushed(SOON).await);
    hs.push_again(&room, &lost);
    assert!(hs.wait_pushed(SOON).await);
    let again = appservice.transactions();
    assert_eq!(
        again[1..],
        [
            ("2".into(), vec!["b".into()]),
            ("3".into(), vec!["b".into()])
        ]
    );
}

#[tokio::test]
async fn an_unsent_transaction_keeps_its_number_through_a_restart() {
    let (hs, appservice, _, ann, room) = world(quick()).await;
    appservice.recorded().failures = 1;
    ann.say(&room, "a");
    assert!(hs.wait_attempts(1, SOON).await);
    hs.restart();
    ann.say(&room, "b");
    assert!(hs.wait_pushed(SOON).await);
    let numbers = appservice
        .transactions()
        .into_iter()
        .map(|(id, _)| id.parse::<u64>().unwrap());
    let numbers: Vec<u64> = numbers.collect();
    assert_eq!(numbers, [numbers[0], numbers[0], numbers[0] + 1]);
}

#[tokio::test]
async fn a_restart_in_the_middle_brings_the_transaction_again() {
    let (hs, appservice, _, ann, room) = world(quick()).await;
    appservice.recorded().delay = Duration::from_millis(200);
    ann.say(&room, "a");
    while appservice.recorded().transactions.is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    hs.restart();
    assert!(hs.wait_pushed(SOON).await);
    let recorded = appservice.recorded().transactions.clone();
    assert_eq!(recorded.len(), 2);
    assert_eq!(recorded[0], recorded[1]);
}

#[tokio::test]
async fn a_lost_answer_brings_the_transaction_again() {
    let (hs, appservice, _, ann, room) = world(quick()).await;
    hs.lose_answers(1);
    ann.say(&room, "a");
    assert!(hs.wait_pushed(SOON).await);
    let recorded = appservice.recorded().transactions.clone();
    assert_eq!(recorded.len(), 2);
    assert_eq!(recorded[0], recorded[1]);
}

#[tokio::test]
async fn rooms_without_the_appservice_are_not_pushed_and_its_own_events_are() {
    let (hs, appservice, api, ann, room) = world(quick()).await;
    let private = ann.create_room("Private");
    ann.say(&private, "secret");
    api.say(&room, GHOST, "t1", "from the ghost").await;
    assert!(hs.wait_pushed(SOON).await);
    let pushed: Vec<String> = appservice
        .transactions()
        .into_iter()
        .flat_map(|(_, e)| e)
        .collect();
    assert_eq!(pushed, ["from the ghost"]);

    // An invite of a ghost that does not exist: the appservice is asked, then told.
    let unknown = "@_email_new=40acme.com:example.org";
    ann.invite(&private, unknown);
    assert!(hs.wait_pushed(SOON).await);
    assert_eq!(appservice.recorded().asked_users, [unknown]);
    assert_eq!(
        appservice.transactions().pop().unwrap().1,
        ["m.room.member"]
    );
    let body = appservice.recorded().transactions.pop().unwrap().1;
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["events"][0]["state_key"], unknown);
    assert!(body["events"][0]["unsigned"]["invite_room_state"].is_array());
    // Nobody has joined: what is said goes nowhere.
    ann.say(&private, "still secret");
    assert!(hs.wait_pushed(SOON).await);
    assert_eq!(appservice.transactions().len(), 1);
}

#[tokio::test]
async fn typing_comes_along_but_not_late() {
    let (hs, appservice, _, ann, room) = world(quick()).await;
    hs.typing(&room, &[ann.id()]);
    assert!(hs.wait_pushed(SOON).await);
    let typing = |place: usize| {
        let body = appservice.recorded().transactions[place].1.clone();
        serde_json::from_slice::<Value>(&body).unwrap()["ephemeral"].clone()
    };
    assert_eq!(typing(0)[0]["type"], "m.typing");
    assert_eq!(typing(0)[0]["content"]["user_ids"], json!([ann.id()]));

    appservice.recorded().failures = 2;
    let before = hs.attempts().len();
    ann.say(&room, "a");
    assert!(hs.wait_attempts(before + 1, SOON).await);
    hs.typing(&room, &[]);
    assert!(hs.wait_pushed(SOON).await);
    let last = appservice.recorded().transactions.len() - 1;
    assert_eq!(typing(last), json!([]));
}

/// Prints rates; what is measured is mostly the debug build's HTTP client and server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pushing_and_sending_are_fast() {
    let (hs, appservice, api, ann, room) = world(quick()).await;
    let n: u32 = 3000;
    let begun = Instant::now();
    for number in 0..n {
        ann.say(
            &room,
            &format!("message number {number}, of a usual length for a chat"),
        );
    }
    assert!(hs.wait_pushed(Duration::from_mins(1)).await);
    println!(
        "pushed {:.0} events/s",
        f64::from(n) / begun.elapsed().as_secs_f64()
    );
    let most = appservice
        .transactions()
        .iter()
        .map(|(_, events)| events.len())
        .max();
    assert_eq!(most, Some(100));

    hs.hold_pushes(true);
    let begun = Instant::now();
    let (api, room) = (Arc::new(api), Arc::new(room));
    let sending = (0..8).map(|sender| {
        let (api, room) = (api.clone(), room.clone());
        tokio::spawn(async move {
            for number in 0..n / 8 {
                let sent = api
                    .say(&room, GHOST, &format!("{sender}.{number}"), "x")
                    .await;
                assert_eq!(sent.0, 200);
            }
        })
    });
    for sender in sending.collect::<Vec<_>>() {
        sender.await.unwrap();
    }
    println!(
        "sent {:.0} messages/s",
        f64::from(n) / begun.elapsed().as_secs_f64()
    );
}

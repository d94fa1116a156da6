//! The homeserver goes wrong as it is told.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::scene::{GHOST, SOON, bodies, quick, world};
use crate::support::fake_homeserver::{Fault, TimelineEvent};

#[tokio::test]
async fn faults_strike_as_often_as_told() {
    let (hs, _, api, _, room) = world(quick()).await;
    let fault = hs.fault(Fault::status(500).at("send").times(2));
    hs.reset_counts();
    let mut statuses = Vec::new();
    for number in 0..4 {
        statuses.push(api.say(&room, GHOST, &format!("t{number}"), "x").await.0);
    }
    assert_eq!(statuses, [500, 500, 200, 200]);
    assert_eq!(
        (hs.hits(fault), hs.count("send"), bodies(&hs, &room).len()),
        (2, 4, 2)
    );
    assert_eq!(
        api.call("GET", "account/whoami", GHOST, json!({})).await.0,
        200
    );

    let fault = hs.fault(Fault::error(403, "M_FORBIDDEN").containing("bad word"));
    assert_eq!(api.say(&room, GHOST, "t5", "a bad word").await.0, 403);
    assert_eq!(api.say(&room, GHOST, "t6", "a good word").await.0, 200);
    hs.clear_fault(fault);
    assert_eq!(api.say(&room, GHOST, "t7", "a bad word").await.0, 200);
}

#[tokio::test]
async fn a_limit_says_when_to_come_again() {
    let (hs, _, api, _, _) = world(quick()).await;
    hs.fault(Fault::limited(Duration::from_millis(1500)).at("whoami"));
    let answer = api
        .request("GET", "account/whoami", "")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["retry-after"]),
        (429, &"2".parse().unwrap())
    );
    let body: Value = answer.json().await.unwrap();
    assert_eq!(
        (&body["errcode"], &body["retry_after_ms"]),
        (&json!("M_LIMIT_EXCEEDED"), &json!(1500))
    );
}

#[tokio::test]
async fn an_answer_can_be_lost_after_or_before_the_deed() {
    let (hs, _, api, _, room) = world(quick()).await;
    hs.fault(Fault::drop_answer().at("send").times(1));
    assert_eq!(api.say(&room, GHOST, "t1", "done").await.0, 0);
    assert_eq!(bodies(&hs, &room), ["done"]);
    assert_eq!(api.say(&room, GHOST, "t1", "done").await.0, 200);
    assert_eq!(bodies(&hs, &room), ["done"]);

    hs.fault(Fault::drop_request().at("send").times(1));
    assert_eq!(api.say(&room, GHOST, "t2", "undone").await.0, 0);
    hs.fault(Fault::act_then_status(504).at("send").times(1));
    assert_eq!(api.say(&room, GHOST, "t3", "gateway").await.0, 504);
    assert_eq!(bodies(&hs, &room), ["done", "gateway"]);

    let wait = Duration::from_millis(200);
    for fault in [Fault::delay(wait), Fault::late(wait)] {
        hs.fault(fault.at("send").times(1));
        let begun = Instant::now();
        assert_eq!(api.say(&room, GHOST, "t4", "slow").await.0, 200);
        assert!(begun.elapsed() >= wait);
    }
}

#[tokio::test]
async fn the_homeserver_can_be_away_and_come_back() {
    let (hs, _, api, ann, room) = world(quick()).await;
    for _ in 0..3 {
        hs.down().await;
        assert_eq!(api.say(&room, GHOST, "t1", "x").await.0, 0);
        assert!(tokio::net::TcpStream::connect(hs.address()).await.is_err());
        hs.up().await;
        assert_eq!(api.say(&room, GHOST, "t1", "x").await.0, 200);
    }
    let waiting = hs.wait_for(&room, SOON, |event: &TimelineEvent| event.body() == "late");
    let saying = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        ann.say(&room, "late")
    };
    let (seen, said) = tokio::join!(waiting, saying);
    assert_eq!(seen.unwrap().event_id, said);
}

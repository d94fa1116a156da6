//! The fakes keep the rules of what they stand for.

mod support;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::{get, post, put};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use support::fake_homeserver::{
    FakeConfig, FakeHomeserver, FakeUser, Fault, Membership, TimelineEvent,
};
use support::lmtp_client::LmtpClient;
use support::smtp_sink::{SmtpSink, Stage, Trouble};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const SOON: Duration = Duration::from_secs(10);
const GHOST: &str = "@_email_jane:example.org";

// An appservice that records.

#[derive(Clone, Default)]
struct Appservice(Arc<Mutex<Recorded>>);

#[derive(Default)]
struct Recorded {
    /// Id and raw body of every transaction that came.
    transactions: Vec<(String, Bytes)>,
    asked_users: Vec<String>,
    pings: Vec<Value>,
    /// Answered with 500 from now on, this many times.
    failures: usize,
    delay: Duration,
    in_flight: usize,
    most_in_flight: usize,
}

impl Appservice {
    async fn start() -> (Self, String) {
        let appservice = Self::default();
        let app = axum::Router::new()
            .route("/_matrix/app/v1/transactions/{id}", put(take))
            .route("/_matrix/app/v1/users/{id}", get(ask))
            .route("/_matrix/app/v1/ping", post(take_ping))
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state(appservice.clone());
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (appservice, url)
    }

    fn recorded(&self) -> std::sync::MutexGuard<'_, Recorded> {
        self.0.lock().unwrap()
    }

    /// Transaction id and the bodies (or types) of its events.
    fn transactions(&self) -> Vec<(String, Vec<String>)> {
        let recorded = self.recorded();
        let read = |(id, body): &(String, Bytes)| {
            let body: Value = serde_json::from_slice(body).unwrap();
            let name = |event: &Value| {
                let text = event["content"]["body"].as_str().or(event["type"].as_str());
                text.unwrap().to_owned()
            };
            (
                id.clone(),
                body["events"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(name)
                    .collect(),
            )
        };
        recorded.transactions.iter().map(read).collect()
    }
}

async fn take(
    State(appservice): State<Appservice>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    assert_eq!(headers["authorization"], "Bearer hs-token");
    let (delay, failing) = {
        let mut recorded = appservice.recorded();
        recorded.transactions.push((id, body));
        recorded.in_flight += 1;
        recorded.most_in_flight = recorded.most_in_flight.max(recorded.in_flight);
        let failing = recorded.failures > 0;
        recorded.failures -= usize::from(failing);
        (recorded.delay, failing)
    };
    tokio::time::sleep(delay).await;
    appservice.recorded().in_flight -= 1;
    let status = if failing {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::OK
    };
    (status, "{}".into())
}

async fn ask(State(appservice): State<Appservice>, Path(id): Path<String>) -> StatusCode {
    appservice.recorded().asked_users.push(id);
    StatusCode::NOT_FOUND
}

async fn take_ping(State(appservice): State<Appservice>, body: Bytes) -> String {
    appservice
        .recorded()
        .pings
        .push(serde_json::from_slice(&body).unwrap());
    "{}".into()
}

// The appservice's side of the client-server API.

struct Api {
    base: String,
    client: reqwest::Client,
}

impl Api {
    fn of(hs: &FakeHomeserver) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            base: hs.url(),
            client,
        }
    }

    fn request(&self, method: &str, path: &str, user: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/_matrix/client/v3/{path}", self.base);
        let mut url = url::Url::parse(&url).unwrap();
        if !user.is_empty() {
            url.query_pairs_mut().append_pair("user_id", user);
        }
        self.client
            .request(method.parse().unwrap(), url)
            .bearer_auth("as-token")
    }

    /// Status and body of an answer; status 0 if there was none.
    async fn call(&self, method: &str, path: &str, user: &str, body: Value) -> (u16, Value) {
        let request = self.request(method, path, user);
        let request = if method == "GET" {
            request
        } else {
            request.json(&body)
        };
        match request.send().await {
            Ok(response) => (response.status().as_u16(), response.json().await.unwrap()),
            Err(_) => (0, Value::Null),
        }
    }

    async fn register(&self, localpart: &str) -> (u16, Value) {
        let body = json!({
            "type": "m.login.application_service", "username": localpart, "inhibit_login": true,
        });
        self.call("POST", "register", "", body).await
    }

    async fn say(&self, room: &str, user: &str, txn: &str, text: &str) -> (u16, Value) {
        let path = format!("rooms/{room}/send/m.room.message/{txn}");
        self.call(
            "PUT",
            &path,
            user,
            json!({"msgtype": "m.text", "body": text}),
        )
        .await
    }
}

fn quick() -> FakeConfig {
    FakeConfig {
        backoff_base: Duration::from_millis(20),
        ..FakeConfig::default()
    }
}

/// A homeserver, its appservice, Ann, and a room of hers with the ghost in it; all pushed.
async fn world(config: FakeConfig) -> (FakeHomeserver, Appservice, Api, FakeUser, String) {
    let (appservice, url) = Appservice::start().await;
    let hs = FakeHomeserver::start(FakeConfig {
        appservice_url: url,
        ..config
    })
    .await;
    let api = Api::of(&hs);
    let ann = hs.user("ann");
    let room = ann.create_room("Project");
    assert_eq!(api.register("_email_jane").await.0, 200);
    ann.invite(&room, GHOST);
    assert_eq!(
        api.call("POST", &format!("join/{room}"), GHOST, json!({}))
            .await
            .0,
        200
    );
    assert!(hs.wait_pushed(SOON).await);
    appservice.recorded().transactions.clear();
    hs.forget_attempts();
    (hs, appservice, api, ann, room)
}

fn errcode(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["errcode"].as_str().unwrap_or_default())
}

fn bodies(hs: &FakeHomeserver, room: &str) -> Vec<String> {
    hs.messages(room)
        .into_iter()
        .map(|(_, body)| body)
        .collect()
}

// The client-server API.

#[tokio::test]
async fn a_path_is_sent_once_whoever_asks_until_a_restart() {
    let (hs, _, api, ann, room) = world(quick()).await;
    let first = api.say(&room, GHOST, "t1", "one").await;
    assert_eq!(first.0, 200);
    assert_eq!(api.say(&room, GHOST, "t1", "one").await, first);
    api.register("_email_max").await;
    ann.invite(&room, "@_email_max:example.org");
    api.call(
        "POST",
        &format!("join/{room}"),
        "@_email_max:example.org",
        json!({}),
    )
    .await;
    assert_eq!(
        api.say(&room, "@_email_max:example.org", "t1", "other")
            .await,
        first
    );
    assert_eq!(bodies(&hs, &room), ["one"]);

    hs.restart();
    let api = Api::of(&hs);
    let again = api.say(&room, GHOST, "t1", "one").await;
    assert_eq!(again.0, 200);
    assert_ne!(again, first);
    assert_eq!(bodies(&hs, &room), ["one", "one"]);
}

#[tokio::test]
async fn a_send_with_a_device_is_remembered_through_a_restart() {
    let (hs, _, api, _, room) = world(quick()).await;
    let path = format!("rooms/{room}/send/m.room.message/t1?device_id=POST");
    let body = json!({"msgtype": "m.text", "body": "one"});
    let unknown = api.call("PUT", &path, GHOST, body.clone()).await;
    assert_eq!(errcode(&unknown), (400, "M_UNKNOWN_DEVICE"));
    assert_eq!(
        api.call("PUT", "devices/POST", GHOST, json!({})).await.0,
        200
    );
    let first = api.call("PUT", &path, GHOST, body.clone()).await;
    hs.restart();
    let api = Api::of(&hs);
    assert_eq!(api.call("PUT", &path, GHOST, body).await, first);
    assert_eq!(bodies(&hs, &room), ["one"]);
}

#[tokio::test]
async fn a_failed_send_is_not_remembered() {
    let (hs, _, api, ann, room) = world(quick()).await;
    ann.kick(&room, GHOST);
    assert_eq!(
        errcode(&api.say(&room, GHOST, "t1", "one").await),
        (403, "M_FORBIDDEN")
    );
    ann.invite(&room, GHOST);
    api.call("POST", &format!("rooms/{room}/join"), GHOST, json!({}))
        .await;
    assert_eq!(api.say(&room, GHOST, "t1", "one").await.0, 200);
    assert_eq!(bodies(&hs, &room), ["one"]);
}

#[tokio::test]
async fn only_registered_users_of_the_namespace_may_be_used() {
    let (_hs, _, api, _, _) = world(quick()).await;
    assert_eq!(
        errcode(&api.register("_email_jane").await),
        (400, "M_USER_IN_USE")
    );
    assert_eq!(errcode(&api.register("jane").await), (400, "M_EXCLUSIVE"));
    assert_eq!(
        errcode(&api.register("_email_JANE").await),
        (400, "M_INVALID_USERNAME")
    );
    let whoami = async |user| api.call("GET", "account/whoami", user, json!({})).await;
    assert_eq!(whoami(GHOST).await.1["user_id"], GHOST);
    assert_eq!(whoami("").await.1["user_id"], "@postroom:example.org");
    assert_eq!(
        errcode(&whoami("@ann:example.org").await),
        (403, "M_FORBIDDEN")
    );
    assert_eq!(
        errcode(&whoami("@_email_new:example.org").await),
        (403, "M_FORBIDDEN")
    );
    assert_eq!(
        errcode(&whoami("@_email_jane:other.example").await),
        (403, "M_FORBIDDEN")
    );
    let url = format!("{}/_matrix/client/v3/account/whoami", api.base);
    let request = api.client.get(url).bearer_auth("wrong");
    assert_eq!(request.send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn joining_needs_an_invite_and_writing_a_join() {
    let (hs, _, api, ann, _) = world(quick()).await;
    let room = ann.create_room("Another");
    assert!(
        room.starts_with('!') && room.len() == 44 && !room.contains(':'),
        "{room}"
    );
    let join = async || {
        api.call("POST", &format!("rooms/{room}/join"), GHOST, json!({}))
            .await
    };
    assert_eq!(errcode(&join().await), (403, "M_FORBIDDEN"));
    assert_eq!(
        errcode(&api.say(&room, GHOST, "t1", "one").await),
        (403, "M_FORBIDDEN")
    );
    ann.invite(&room, GHOST);
    assert_eq!(
        errcode(&api.say(&room, GHOST, "t1", "one").await),
        (403, "M_FORBIDDEN")
    );
    assert_eq!(join().await, (200, json!({"room_id": room})));
    let events = hs.timeline(&room).len();
    assert_eq!(join().await.0, 200);
    assert_eq!(hs.timeline(&room).len(), events);

    let (status, sent) = api.say(&room, GHOST, "t1", "one").await;
    assert_eq!(status, 200);
    let id = sent["event_id"].as_str().unwrap();
    assert!(id.starts_with('$') && id.len() == 44, "{id}");
    let topic = format!("rooms/{room}/state/m.room.topic");
    let topic = api.call("PUT", &topic, GHOST, json!({"topic": "x"})).await;
    assert_eq!(errcode(&topic), (403, "M_FORBIDDEN"));
    assert_eq!(hs.members(&room)[GHOST], Membership::Join);
    let leave = async || {
        api.call("POST", &format!("rooms/{room}/leave"), GHOST, json!({}))
            .await
    };
    assert_eq!(leave().await.0, 200);
    assert_eq!(errcode(&leave().await), (403, "M_FORBIDDEN"));
    assert_eq!(hs.members(&room)[GHOST], Membership::Leave);
}

#[tokio::test]
async fn content_that_synapse_refuses_is_refused() {
    let (_hs, _, api, _, room) = world(quick()).await;
    let path = format!("rooms/{room}/send/m.room.message/t1");
    let send = async |body| api.call("PUT", &path, GHOST, body).await;
    assert_eq!(
        errcode(&send(json!({"size": 1.5})).await),
        (400, "M_BAD_JSON")
    );
    assert_eq!(errcode(&send(json!(["body"])).await), (400, "M_BAD_JSON"));
    let large = json!({"body": "x".repeat(65_536)});
    assert_eq!(errcode(&send(large).await), (413, "M_TOO_LARGE"));
}

#[tokio::test]
async fn rooms_can_be_read() {
    let (hs, _, api, ann, room) = world(quick()).await;
    for number in 0..5 {
        ann.say(&room, &format!("m{number}"));
    }
    let page = async |query: &str| {
        let path = format!("rooms/{room}/messages?{query}");
        let (_, page) = api.call("GET", &path, GHOST, json!({})).await;
        let bodies: Vec<String> = page["chunk"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["content"]["body"].as_str().unwrap_or("-").to_owned())
            .collect();
        (bodies, page["end"].as_str().map(str::to_owned))
    };
    let (newest, end) = page("dir=b&limit=2").await;
    assert_eq!(newest, ["m4", "m3"]);
    let (older, _) = page(&format!("dir=b&limit=2&from={}", end.unwrap())).await;
    assert_eq!(older, ["m2", "m1"]);
    let (all, end) = page("dir=f&limit=1000").await;
    assert_eq!(all.last().unwrap(), "m4");
    assert_eq!(
        page(&format!("dir=f&from={}", end.unwrap())).await,
        (vec![], None)
    );
    let (filtered, _) =
        page("dir=f&limit=100&filter=%7B%22types%22%3A%5B%22m.room.message%22%5D%7D").await;
    assert_eq!(filtered.len(), 5);

    let get = async |path: &str| {
        api.call("GET", &format!("rooms/{room}/{path}"), GHOST, json!({}))
            .await
    };
    assert_eq!(
        get("state/m.room.name/").await,
        (200, json!({"name": "Project"}))
    );
    assert_eq!(
        errcode(&get("state/m.room.topic").await),
        (404, "M_NOT_FOUND")
    );
    assert!(get("state").await.1.as_array().unwrap().len() > 5);
    assert_eq!(
        get("members?membership=join").await.1["chunk"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        get("joined_members").await.1["joined"]["@ann:example.org"]["display_name"],
        "ann"
    );
    let message = ann.say(&room, "secret");
    assert_eq!(
        get(&format!("event/{message}")).await.1["content"]["body"],
        "secret"
    );
    ann.redact(&room, &message);
    assert_eq!(
        get(&format!("event/{message}")).await.1["content"],
        json!({})
    );
    let rooms = api.call("GET", "joined_rooms", GHOST, json!({})).await;
    assert_eq!(rooms.1, json!({"joined_rooms": [room]}));

    let receipt = format!("rooms/{room}/receipt/m.read/{message}");
    assert_eq!(api.call("POST", &receipt, GHOST, json!({})).await.0, 200);
    assert_eq!(hs.receipts(&room)[0].event_id, message);
    let typing = format!("rooms/{room}/typing/{GHOST}");
    api.call(
        "PUT",
        &typing,
        GHOST,
        json!({"typing": true, "timeout": 1000}),
    )
    .await;
    assert_eq!(hs.typing_in(&room), [GHOST]);
}

#[tokio::test]
async fn a_new_name_is_shown_in_every_room() {
    let (hs, _, api, _, room) = world(quick()).await;
    let path = format!("profile/{GHOST}/displayname");
    let name = json!({"displayname": "Jane Doe"});
    assert_eq!(api.call("PUT", &path, GHOST, name.clone()).await.0, 200);
    assert_eq!(
        api.call("GET", &format!("profile/{GHOST}"), "", json!({}))
            .await
            .1,
        name
    );
    let last = hs.timeline(&room).pop().unwrap();
    assert_eq!(
        (last.kind.as_str(), &last.content["displayname"]),
        ("m.room.member", &json!("Jane Doe"))
    );
    let other = api.call("PUT", &path, "", name).await;
    assert_eq!(errcode(&other), (400, "M_FORBIDDEN"));
}

#[tokio::test]
async fn the_bot_makes_rooms_and_rules_them() {
    let (hs, _, api, _, _) = world(quick()).await;
    let wish = json!({
        "name": "Case 1", "topic": "Help", "invite": ["@ann:example.org"],
        "initial_state": [{"type": "m.room.history_visibility", "state_key": "",
            "content": {"history_visibility": "invited"}}],
    });
    let (status, made) = api.call("POST", "createRoom", "", wish).await;
    assert_eq!(status, 200);
    let room = made["room_id"].as_str().unwrap();
    assert_eq!(hs.members(room)["@ann:example.org"], Membership::Invite);
    assert_eq!(hs.state(room, "m.room.topic", "").unwrap()["topic"], "Help");
    let visibility = hs.state(room, "m.room.history_visibility", "").unwrap();
    assert_eq!(visibility["history_visibility"], "invited");
    assert_eq!(hs.timeline(room)[0].event_id[1..], room[1..]);
    let ann = hs.user("ann");
    ann.join(room);
    assert_eq!(
        ann.try_send(room, "m.room.message", json!({"body": "hi"}))
            .map(|_| ()),
        Ok(())
    );
    let kick = json!({"user_id": "@ann:example.org"});
    assert_eq!(
        api.call("POST", &format!("rooms/{room}/kick"), "", kick)
            .await
            .0,
        200
    );
    assert_eq!(
        ann.try_send(room, "m.room.message", json!({"body": "hi"}))
            .unwrap_err()
            .status,
        403
    );
}

#[tokio::test]
async fn media_go_in_and_come_out() {
    let (hs, _, api, _, _) = world(quick()).await;
    let upload = format!("{}/_matrix/media/v3/upload?filename=a.pdf", hs.url());
    let request = api.client.post(upload).bearer_auth("as-token");
    let request = request
        .header("content-type", "application/pdf")
        .body(&b"%PDF"[..]);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    let uri = answer["content_uri"].as_str().unwrap();
    assert_eq!(hs.media(uri).unwrap().filename.as_deref(), Some("a.pdf"));

    let path = uri.strip_prefix("mxc://").unwrap();
    let download = format!("{}/_matrix/client/v1/media/download/{path}", hs.url());
    assert_eq!(
        api.client.get(&download).send().await.unwrap().status(),
        401
    );
    let file = api
        .client
        .get(&download)
        .bearer_auth("as-token")
        .send()
        .await
        .unwrap();
    assert_eq!(file.headers()["content-type"], "application/pdf");
    assert_eq!(file.bytes().await.unwrap(), &b"%PDF"[..]);
}

// Pushing.

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

// Faults.

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

// The SMTP sink.

async fn smtp(sink: &SmtpSink) -> LmtpClient {
    // Speaks SMTP as well: it only has to greet otherwise.
    LmtpClient::connect_smtp(sink.address()).await.unwrap()
}

#[tokio::test]
async fn the_sink_keeps_what_it_takes() {
    let sink = SmtpSink::start().await;
    let mut client = smtp(&sink).await;
    let mail = b"Subject: Hi\r\n\r\nOne\r\n.two\r\n..\r\n";
    let reply = client.deliver_smtp("a@example.org", &["Jane@acme.example", "b@x.example"], mail);
    assert_eq!(reply.await.unwrap().code, 250);
    assert!(sink.wait_for(1, SOON).await);
    let taken = sink.mails_to("jane@acme.example").pop().unwrap();
    assert_eq!(
        (taken.sender.as_str(), &taken.raw[..]),
        ("a@example.org", &mail[..])
    );
    assert_eq!(taken.recipients, ["Jane@acme.example", "b@x.example"]);
    assert!(sink.violations().is_empty());
    assert_eq!(client.command("DATA").await.unwrap().code, 554);
    assert_eq!(
        client.command("RCPT TO:<a@x.example>").await.unwrap().code,
        503
    );
    assert!(!sink.wait_for(2, Duration::from_millis(20)).await);
}

#[tokio::test]
async fn the_sink_makes_trouble_where_told() {
    let sink = SmtpSink::start().await;
    let greylisting = Trouble::answer(Stage::Rcpt, 451, "4.7.1 Greylisted").for_address("jane@");
    let greylisting = sink.trouble(greylisting.times(1));
    let mut client = smtp(&sink).await;
    let mail = b"Subject: Hi\r\n\r\nHi\r\n";
    let codes =
        async |client: &mut LmtpClient, to| client.deliver_smtp("a@x.example", &[to], mail).await;
    assert_eq!(
        codes(&mut client, "max@acme.example").await.unwrap().code,
        250
    );
    let refused = codes(&mut client, "jane@acme.example").await.unwrap();
    assert_eq!(
        (refused.code, refused.text().as_str()),
        (451, "4.7.1 Greylisted")
    );
    client.command("RSET").await.unwrap();
    assert_eq!(
        codes(&mut client, "jane@acme.example").await.unwrap().code,
        250
    );
    assert_eq!((sink.count(), sink.hits(greylisting)), (2, 1));

    for stage in [Stage::Mail, Stage::Data, Stage::Message] {
        sink.trouble(Trouble::answer(stage, 550, "5.7.1 No").times(1));
        assert_eq!(
            codes(&mut client, "jane@acme.example").await.unwrap().code,
            550,
            "{stage:?}"
        );
        client.command("RSET").await.unwrap();
        sink.trouble(Trouble::close(stage).times(1));
        assert!(
            codes(&mut client, "jane@acme.example").await.is_err(),
            "{stage:?}"
        );
        client = smtp(&sink).await;
    }
    assert_eq!(sink.count(), 2);
    sink.trouble(Trouble::take_then_close().times(1));
    assert!(codes(&mut client, "jane@acme.example").await.is_err());
    assert_eq!((sink.count(), sink.mails()[2].answered), (3, false));

    sink.trouble(Trouble::answer(Stage::Connect, 421, "4.3.2 Busy").times(1));
    assert!(LmtpClient::connect_smtp(sink.address()).await.is_err());
    sink.trouble(Trouble::close(Stage::Connect).times(1));
    assert!(LmtpClient::connect_smtp(sink.address()).await.is_err());
    let begun = Instant::now();
    sink.trouble(Trouble::delay(Stage::Hello, Duration::from_millis(100)).times(1));
    let mut client = smtp(&sink).await;
    assert!(begun.elapsed() >= Duration::from_millis(100));
    sink.cut_connections();
    assert!(client.command("NOOP").await.is_err());
}

#[tokio::test]
async fn the_sink_sees_what_breaks_the_rules() {
    let sink = SmtpSink::start().await;
    let mut client = smtp(&sink).await;
    let mail = "Subject: Hi\r\n\r\nbare\nümlaut\r\n".as_bytes();
    client
        .deliver_smtp("", &["a@x.example"], mail)
        .await
        .unwrap();
    assert_eq!(sink.mails()[0].sender, "");
    assert_eq!(sink.violations().len(), 2);
}

#[tokio::test]
async fn the_sink_speaks_with_a_real_client() {
    use lettre::transport::smtp::authentication::Credentials;
    use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
    let sink = SmtpSink::start().await;
    let client = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
        .port(sink.address().port())
        .credentials(Credentials::new("user".into(), "password".into()))
        .build();
    let address = |text: &str| text.parse::<lettre::Address>().unwrap();
    let to = vec![address("jane@acme.example")];
    let envelope = lettre::address::Envelope::new(Some(address("a@x.example")), to).unwrap();
    for _ in 0..3 {
        client
            .send_raw(&envelope, b"Subject: Hi\r\n\r\nHi\r\n")
            .await
            .unwrap();
    }
    assert_eq!(sink.count(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sink_counts_fast() {
    let sink = SmtpSink::start().await;
    sink.count_only();
    let n: u32 = 5000;
    let one = "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nDATA\r\n";
    let content = format!(
        "Subject: Hi\r\n\r\n{}.\r\n",
        "A line of text.\r\n".repeat(20)
    );
    let begun = Instant::now();
    let sending = (0..4).map(|_| {
        let (sink, content) = (sink.clone(), content.clone());
        tokio::spawn(async move {
            let mut client = smtp(&sink).await;
            for _ in 0..n / 4 {
                client.write(one.as_bytes()).await.unwrap();
                for _ in 0..3 {
                    client.read_reply().await.unwrap();
                }
                client.write(content.as_bytes()).await.unwrap();
                assert_eq!(client.read_reply().await.unwrap().code, 250);
            }
        })
    });
    for sender in sending.collect::<Vec<_>>() {
        sender.await.unwrap();
    }
    println!(
        "took {:.0} mails/s",
        f64::from(n) / begun.elapsed().as_secs_f64()
    );
    assert_eq!((sink.count(), sink.mails().len()), (5000, 0));
}

// The LMTP client.

/// A server that says its lines, whatever comes, and returns what came.
async fn scripted(
    replies: &'static [&'static str],
) -> (std::net::SocketAddr, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let session = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = Vec::new();
        for reply in replies {
            stream.write_all(reply.as_bytes()).await.unwrap();
            let mut buffer = [0; 4096];
            let read = stream.read(&mut buffer).await.unwrap();
            heard.extend_from_slice(&buffer[..read]);
        }
        String::from_utf8(heard).unwrap()
    });
    (address, session)
}

#[tokio::test]
async fn the_client_reads_a_reply_for_each_recipient() {
    let (address, session) = scripted(&[
        "220 hi\r\n",
        "250-me\r\n250 PIPELINING\r\n",
        "250 ok\r\n",
        "250 ok\r\n",
        "550 5.1.1 Nobody\r\n",
        "250 ok\r\n",
        "354 go\r\n",
        "250 taken\r\n452 4.2.2 Full\r\n",
    ])
    .await;
    let mut client = LmtpClient::connect(address).await.unwrap();
    assert_eq!(client.extensions, ["me", "PIPELINING"]);
    let replies = client
        .deliver("s@x.example", &["a@x", "b@x", "c@x"], b"A: b\r\n\r\n.dot")
        .await;
    let codes: Vec<u16> = replies.unwrap().iter().map(|reply| reply.code).collect();
    assert_eq!(codes, [250, 550, 452]);
    drop(client);
    let heard = session.await.unwrap();
    assert!(
        heard.ends_with("DATA\r\nA: b\r\n\r\n..dot\r\n.\r\n"),
        "{heard}"
    );
    assert!(
        heard.starts_with("LHLO client.invalid\r\nMAIL FROM:<s@x.example>\r\n"),
        "{heard}"
    );
}

#[tokio::test]
async fn the_client_pipelines() {
    let (address, session) = scripted(&[
        "220 hi\r\n",
        "250 me\r\n",
        "250 ok\r\n550 no\r\n250 ok\r\n354 go\r\n",
        "250 taken\r\n",
        "250 ok\r\n550 no\r\n503 none\r\n",
    ])
    .await;
    let mut client = LmtpClient::connect(address).await.unwrap();
    let replies = client
        .deliver_pipelined("", &["a@x", "b@x"], b"A: b\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(
        replies.iter().map(|reply| reply.code).collect::<Vec<_>>(),
        [550, 250]
    );
    let replies = client
        .deliver_pipelined("", &["a@x"], b"A: b\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(replies[0].code, 550);
    drop(client);
    assert!(
        session
            .await
            .unwrap()
            .contains("RCPT TO:<b@x>\r\nDATA\r\nA: b")
    );
}

//! A homeserver with an appservice that records what it gets, and the appservice's side of the
//! client-server API.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::{get, post, put};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::fake_homeserver::{FakeConfig, FakeHomeserver, FakeUser};

pub const SOON: Duration = Duration::from_secs(10);
pub const GHOST: &str = "@_email_jane:example.org";

#[derive(Clone, Default)]
pub struct Appservice(Arc<Mutex<Recorded>>);

#[derive(Default)]
pub struct Recorded {
    /// Id and raw body of every transaction that came.
    pub transactions: Vec<(String, Bytes)>,
    pub asked_users: Vec<String>,
    pub pings: Vec<Value>,
    /// Answered with 500 from now on, this many times.
    pub failures: usize,
    pub delay: Duration,
    pub in_flight: usize,
    pub most_in_flight: usize,
}

impl Appservice {
    pub async fn start() -> (Self, String) {
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

    pub fn recorded(&self) -> std::sync::MutexGuard<'_, Recorded> {
        self.0.lock().unwrap()
    }

    /// Transaction id and the bodies (or types) of its events.
    pub fn transactions(&self) -> Vec<(String, Vec<String>)> {
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

pub struct Api {
    pub base: String,
    pub client: reqwest::Client,
}

impl Api {
    pub fn of(hs: &FakeHomeserver) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            base: hs.url(),
            client,
        }
    }

    pub fn request(&self, method: &str, path: &str, user: &str) -> reqwest::RequestBuilder {
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
    pub async fn call(&self, method: &str, path: &str, user: &str, body: Value) -> (u16, Value) {
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

    pub async fn register(&self, localpart: &str) -> (u16, Value) {
        let body = json!({
            "type": "m.login.application_service", "username": localpart, "inhibit_login": true,
        });
        self.call("POST", "register", "", body).await
    }

    pub async fn say(&self, room: &str, user: &str, txn: &str, text: &str) -> (u16, Value) {
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

pub fn quick() -> FakeConfig {
    FakeConfig {
        backoff_base: Duration::from_millis(20),
        ..FakeConfig::default()
    }
}

/// A homeserver, its appservice, Ann, and a room of hers with the ghost in it; all pushed.
pub async fn world(config: FakeConfig) -> (FakeHomeserver, Appservice, Api, FakeUser, String) {
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

pub fn errcode(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["errcode"].as_str().unwrap_or_default())
}

pub fn bodies(hs: &FakeHomeserver, room: &str) -> Vec<String> {
    hs.messages(room)
        .into_iter()
        .map(|(_, body)| body)
        .collect()
}

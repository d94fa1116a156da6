//! A Matrix user with a plain client, for staff in tests and the demo.
//!
//! Client-server API, <https://spec.matrix.org/latest/client-server-api/>. It never syncs: it
//! asks `/messages` again until what it waits for is there.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use reqwest::{Client, Method, RequestBuilder, Url};
use serde_json::{Value, json};

use super::http;

/// One logged-in user.
#[derive(Debug)]
pub struct MatrixClient {
    http: Client,
    homeserver: Url,
    user_id: String,
    token: String,
    next_transaction: AtomicU64,
}

/// Somebody in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// `invite`, `join`, `leave`, `ban` or `knock`
    pub membership: String,
    pub name: Option<String>,
}

impl MatrixClient {
    /// Registers a user; `name` is the local part of the user id.
    pub async fn register(homeserver: &str, name: &str, password: &str) -> Result<Self> {
        let body = json!({
            "username": name,
            "password": password,
            "initial_device_display_name": "test",
            "auth": {"type": "m.login.dummy"},
        });
        Self::enter("register", &body, homeserver)
            .await
            .with_context(|| format!("registering {name}"))
    }

    /// Logs a user in on a new device.
    pub async fn log_in(homeserver: &str, name: &str, password: &str) -> Result<Self> {
        let body = json!({
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": name},
            "password": password,
        });
        Self::enter("login", &body, homeserver)
            .await
            .with_context(|| format!("logging {name} in"))
    }

    async fn enter(door: &str, body: &Value, homeserver: &str) -> Result<Self> {
        let mut client = Self {
            http: http::client()?,
            homeserver: Url::parse(homeserver)?,
            user_id: String::new(),
            token: String::new(),
            next_transaction: AtomicU64::new(1),
        };
        let url = client.url(&["_matrix", "client", "v3", door])?;
        let answer = call(client.http.post(url).json(body)).await?;
        client.user_id = text(&answer, "user_id")?;
        client.token = text(&answer, "access_token")?;
        Ok(client)
    }

    pub fn user_id(&self) -> &str {
        &self.user_id
    }

    /// Creates a private room and returns its id.
    pub async fn create_room(&self, name: &str, invite: &[&str]) -> Result<String> {
        let options = json!({"name": name, "preset": "private_chat", "invite": invite});
        self.create_room_with(&options).await
    }

    /// Creates a room as the body of `/createRoom` says.
    pub async fn create_room_with(&self, options: &Value) -> Result<String> {
        let answer = self
            .request(Method::POST, &["createRoom"], Some(options))
            .await?;
        text(&answer, "room_id")
    }

    pub async fn invite(&self, user_id: &str, room: &str) -> Result<()> {
        self.act(
            Method::POST,
            &["rooms", room, "invite"],
            json!({"user_id": user_id}),
        )
        .await
    }

    pub async fn join(&self, room: &str) -> Result<()> {
        self.act(Method::POST, &["rooms", room, "join"], json!({}))
            .await
    }

    pub async fn leave(&self, room: &str) -> Result<()> {
        self.act(Method::POST, &["rooms", room, "leave"], json!({}))
            .await
    }

    /// Puts somebody out of the room, saying why.
    pub async fn kick(&self, user_id: &str, reason: &str, room: &str) -> Result<()> {
        let body = json!({"user_id": user_id, "reason": reason});
        self.act(Method::POST, &["rooms", room, "kick"], body).await
    }

    /// Replaces a room by one of this version, as clients ask the homeserver to; returns the new room.
    pub async fn upgrade(&self, room: &str, version: &str) -> Result<String> {
        let body = json!({"new_version": version});
        let path = ["rooms", room, "upgrade"];
        let answer = self.request(Method::POST, &path, Some(&body)).await?;
        text(&answer, "replacement_room")
    }

    /// Whom a third-party network knows by these fields.
    pub async fn look_up(&self, protocol: &str, field: (&str, &str)) -> Result<Value> {
        let mut url = self.client_url(&["thirdparty", "user", protocol])?;
        url.query_pairs_mut().append_pair(field.0, field.1);
        call(self.http.get(url).bearer_auth(&self.token)).await
    }

    /// Deletes a room as an administrator of the server, and waits until it is gone.
    pub async fn delete_room(&self, room: &str) -> Result<()> {
        let url = self.url(&["_synapse", "admin", "v2", "rooms", room])?;
        let body = json!({"block": true, "purge": true});
        let request = self.http.delete(url).bearer_auth(&self.token).json(&body);
        let answer = call(request).await.context("deleting a room")?;
        let id = text(&answer, "delete_id")?;
        let path = ["_synapse", "admin", "v2", "rooms", "delete_status", &id];
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let answer = call(self.http.get(self.url(&path)?).bearer_auth(&self.token)).await?;
            match answer["status"].as_str() {
                Some("complete") => return Ok(()),
                Some("failed") => bail!("the room was not deleted: {answer}"),
                _ if Instant::now() > deadline => bail!("the room is not deleted: {answer}"),
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    pub async fn set_name(&self, name: &str) -> Result<()> {
        let path = ["profile", &self.user_id, "displayname"];
        self.act(Method::PUT, &path, json!({"displayname": name}))
            .await
    }

    /// Sends plain text and returns the event id.
    pub async fn send_text(&self, text: &str, room: &str) -> Result<String> {
        self.send_event(
            "m.room.message",
            &json!({"msgtype": "m.text", "body": text}),
            room,
        )
        .await
    }

    /// Sends any event and returns its id.
    pub async fn send_event(&self, kind: &str, content: &Value, room: &str) -> Result<String> {
        let transaction = self.transaction();
        let path = ["rooms", room, "send", kind, &transaction];
        let answer = self.request(Method::PUT, &path, Some(content)).await?;
        text(&answer, "event_id")
    }

    /// Sets room state and returns the event id.
    pub async fn send_state(
        &self,
        kind: &str,
        key: &str,
        content: &Value,
        room: &str,
    ) -> Result<String> {
        let path = ["rooms", room, "state", kind, key];
        let answer = self.request(Method::PUT, &path, Some(content)).await?;
        text(&answer, "event_id")
    }

    /// The content of a state event; fails if there is none.
    pub async fn state(&self, kind: &str, key: &str, room: &str) -> Result<Value> {
        let path = ["rooms", room, "state", kind, key];
        self.request(Method::GET, &path, None).await
    }

    /// Reacts to an event and returns the reaction's id.
    pub async fn react(&self, key: &str, event: &str, room: &str) -> Result<String> {
        let relation = json!({"rel_type": "m.annotation", "event_id": event, "key": key});
        self.send_event("m.reaction", &json!({"m.relates_to": relation}), room)
            .await
    }

    /// Redacts an event and returns the redaction's id.
    pub async fn redact(&self, event: &str, room: &str) -> Result<String> {
        let transaction = self.transaction();
        let path = ["rooms", room, "redact", event, &transaction];
        let answer = self.request(Method::PUT, &path, Some(&json!({}))).await?;
        text(&answer, "event_id")
    }

    /// Says that the user is typing, for at most 30 s, or no longer is.
    pub async fn set_typing(&self, typing: bool, room: &str) -> Result<()> {
        let body = json!({"typing": typing, "timeout": 30_000});
        self.act(Method::PUT, &["rooms", room, "typing", &self.user_id], body)
            .await
    }

    /// Uploads a file and returns its `mxc:` URI.
    pub async fn upload(&self, bytes: Vec<u8>, content_type: &str, name: &str) -> Result<String> {
        let mut url = self.url(&["_matrix", "media", "v3", "upload"])?;
        url.query_pairs_mut().append_pair("filename", name);
        let request = self
            .http
            .post(url)
            .bearer_auth(&self.token)
            .header("Content-Type", content_type)
            .body(bytes);
        text(&call(request).await.context("uploading")?, "content_uri")
    }

    /// Fetches a file by its `mxc:` URI.
    pub async fn download(&self, uri: &str) -> Result<Vec<u8>> {
        let (server, id) = uri
            .strip_prefix("mxc://")
            .and_then(|rest| rest.split_once('/'))
            .with_context(|| format!("{uri} is no mxc URI"))?;
        let url = self.url(&["_matrix", "client", "v1", "media", "download", server, id])?;
        let answer = self.http.get(url).bearer_auth(&self.token).send().await?;
        Ok(answer.error_for_status()?.bytes().await?.to_vec())
    }

    /// The newest events of a room, at most `limit`, oldest first.
    pub async fn timeline(&self, limit: u16, room: &str) -> Result<Vec<Value>> {
        let mut url = self.client_url(&["rooms", room, "messages"])?;
        url.query_pairs_mut()
            .append_pair("dir", "b")
            .append_pair("limit", &limit.to_string());
        let mut answer = call(self.http.get(url).bearer_auth(&self.token)).await?;
        let Value::Array(mut events) = answer["chunk"].take() else {
            bail!("/messages answered without a chunk")
        };
        events.reverse();
        Ok(events)
    }

    /// Waits until one of the room's newest 100 events is `wanted`, and returns the first one.
    ///
    /// `what` tells in the error what was missing.
    pub async fn wait_for_event(
        &self,
        what: &str,
        wanted: impl Fn(&Value) -> bool,
        timeout: Duration,
        room: &str,
    ) -> Result<Value> {
        let deadline = Instant::now() + timeout;
        loop {
            let events = self.timeline(100, room).await?;
            if let Some(event) = events.into_iter().find(&wanted) {
                return Ok(event);
            }
            if Instant::now() > deadline {
                bail!("{what} did not appear in the room within {timeout:?}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Everybody who is or was in the room, by user id.
    pub async fn members(&self, room: &str) -> Result<BTreeMap<String, Member>> {
        let answer = self
            .request(Method::GET, &["rooms", room, "members"], None)
            .await?;
        let events = answer["chunk"]
            .as_array()
            .context("/members answered without a chunk")?;
        let member = |event: &Value| {
            let user_id = event["state_key"].as_str()?.to_owned();
            let membership = event["content"]["membership"].as_str()?.to_owned();
            let name = event["content"]["displayname"].as_str().map(str::to_owned);
            Some((user_id, Member { membership, name }))
        };
        Ok(events.iter().filter_map(member).collect())
    }

    /// Waits until somebody whose id starts with `user_id` has joined, and returns the whole id.
    pub async fn wait_for_join(
        &self,
        user_id: &str,
        timeout: Duration,
        room: &str,
    ) -> Result<String> {
        let deadline = Instant::now() + timeout;
        loop {
            let members = self.members(room).await?;
            let joined = members
                .into_iter()
                .find(|(id, member)| id.starts_with(user_id) && member.membership == "join");
            if let Some((id, _)) = joined {
                return Ok(id);
            }
            if Instant::now() > deadline {
                bail!("{user_id} did not join within {timeout:?}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A call below `/_matrix/client/v3` whose answer says nothing.
    async fn act(&self, method: Method, path: &[&str], body: Value) -> Result<()> {
        self.request(method, path, Some(&body)).await.map(drop)
    }

    /// Any call below `/_matrix/client/v3`; every element of `path` is encoded.
    pub async fn request(
        &self,
        method: Method,
        path: &[&str],
        body: Option<&Value>,
    ) -> Result<Value> {
        let request = self
            .http
            .request(method, self.client_url(path)?)
            .bearer_auth(&self.token);
        let request = if let Some(body) = body {
            request.json(body)
        } else {
            request
        };
        call(request)
            .await
            .with_context(|| format!("calling /{}", path.join("/")))
    }

    fn client_url(&self, path: &[&str]) -> Result<Url> {
        self.url(&[&["_matrix", "client", "v3"], path].concat())
    }

    fn url(&self, path: &[&str]) -> Result<Url> {
        let mut url = self.homeserver.clone();
        url.path_segments_mut()
            .map_err(|()| anyhow::anyhow!("the homeserver's URL has no path"))?
            .pop_if_empty()
            .extend(path);
        Ok(url)
    }

    fn transaction(&self) -> String {
        format!("t{}", self.next_transaction.fetch_add(1, Ordering::Relaxed))
    }
}

/// The answer's JSON; anything but success is an error with the homeserver's words.
async fn call(request: RequestBuilder) -> Result<Value> {
    let answer = request.send().await?;
    let status = answer.status();
    let body = answer.text().await?;
    if !status.is_success() {
        bail!("the homeserver answered {status}: {body}");
    }
    Ok(serde_json::from_str(&body)?)
}

fn text(answer: &Value, field: &str) -> Result<String> {
    let value = answer[field]
        .as_str()
        .with_context(|| format!("no {field} in {answer}"))?;
    Ok(value.to_owned())
}

//! Asks a homeserver single questions and tells the whole answer: for who looks for a fault, where
//! [`super::client`] only says whether to try again.

use std::{error::Error, time::Duration};

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

/// How long an answer may take: less than [`super::client`] has, as somebody is waiting.
const PATIENCE: Duration = Duration::from_secs(10);
/// A ping comes back only after the homeserver has called us in its turn.
const PING_PATIENCE: Duration = Duration::from_secs(30);
/// Largest answer that is read, in octets.
const LARGEST_ANSWER: usize = 1024 * 1024;

#[derive(Debug, Clone)]
pub struct Probe {
    http: reqwest::Client,
    base_url: Url,
    token: SecretString,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    /// `null` if it was no JSON.
    pub body: Value,
    /// The homeserver's clock.
    pub date: Option<Timestamp>,
}

impl Answer {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The code of a Matrix error; empty if it is none.
    pub fn errcode(&self) -> &str {
        self.body["errcode"].as_str().unwrap_or_default()
    }

    /// The sentence of a Matrix error; empty if it has none.
    pub fn error(&self) -> &str {
        self.body["error"].as_str().unwrap_or_default()
    }

    /// An answer that is no success, in the homeserver's own words.
    pub fn words(&self) -> String {
        match (self.errcode(), self.error()) {
            ("", "") => format!("the homeserver answers {}", self.status),
            (code, error) => format!("{} {code}: {error}", self.status),
        }
    }
}

/// No answer came; the sentence says why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Silence(String);

impl Probe {
    /// `base_url` is the homeserver's client API; `token` the appservice's.
    pub fn new(base_url: &Url, token: SecretString) -> Result<Self, Silence> {
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| silence(&error))?;
        Ok(Self {
            http,
            base_url: base_url.clone(),
            token,
        })
    }

    /// `GET /_matrix/client/…`, as `user` or as the bot.
    pub async fn get(&self, path: &[&str], user: Option<&str>) -> Result<Answer, Silence> {
        let request = self.http.get(self.url(path, user));
        self.ask(request.bearer_auth(self.token.expose_secret()))
            .await
    }

    /// `GET /_matrix/client/versions`, for which no token is needed.
    pub async fn versions(&self) -> Result<Answer, Silence> {
        self.ask(self.http.get(self.url(&["versions"], None))).await
    }

    /// Asks the homeserver to call us (spec: Application Service API, pinging). Returns once it has.
    pub async fn ping(&self, appservice: &str) -> Result<Answer, Silence> {
        let url = self.url(&["v1", "appservice", appservice, "ping"], None);
        let request = self.http.post(url).timeout(PING_PATIENCE);
        let request = request.bearer_auth(self.token.expose_secret());
        self.ask(request.json(&serde_json::json!({}))).await
    }

    fn url(&self, path: &[&str], user: Option<&str>) -> Url {
        let mut url = self.base_url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["_matrix", "client"]);
            segments.extend(path);
        }
        if let Some(user) = user {
            url.query_pairs_mut().append_pair("user_id", user);
        }
        url
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> Result<Answer, Silence> {
        let mut response = request.send().await.map_err(|error| silence(&error))?;
        let date = response.headers().get(http::header::DATE);
        let date = date
            .and_then(|date| date.to_str().ok())
            .and_then(|date| jiff::fmt::rfc2822::parse(date).ok())
            .map(|date| date.timestamp());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| silence(&error))? {
            body.extend_from_slice(&chunk);
            if body.len() > LARGEST_ANSWER {
                break;
            }
        }
        Ok(Answer {
            status: response.status().as_u16(),
            body: serde_json::from_slice(&body).unwrap_or_default(),
            date,
        })
    }
}

/// The innermost cause is the one that helps: “Connection refused”, “invalid peer certificate”.
fn silence(error: &reqwest::Error) -> Silence {
    if error.is_timeout() {
        return Silence("no answer in time".to_owned());
    }
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    Silence(cause.to_string())
}

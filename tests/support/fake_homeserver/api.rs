//! The door for the appservice's requests: faults, tokens, masquerading, then the endpoint.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use http::request::Parts;
use http::{StatusCode, header};
use serde_json::{Value, json};

use super::Shared;
use super::door::Cut;
use super::endpoints::{self, Requester};
use super::faults::Deed;
use super::push;
use super::refusal::Refusal;
use super::route::Route;

/// A request's path and query, decoded, and its body.
pub struct Call {
    /// As it came, still encoded and without the query: the key of the transaction cache.
    pub raw_path: String,
    pub query: Vec<(String, String)>,
    pub content_type: String,
    pub body: Bytes,
}

impl Call {
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as a JSON object.
    pub fn object(&self, empty_is_fine: bool) -> Result<Value, Refusal> {
        if self.body.is_empty() && empty_is_fine {
            return Ok(json!({}));
        }
        let not_json = |_| Refusal::new(400, "M_NOT_JSON", "Content not JSON.");
        let value: Value = serde_json::from_slice(&self.body).map_err(not_json)?;
        if value.is_object() {
            Ok(value)
        } else {
            Err(Refusal::bad_json("Content must be a JSON object."))
        }
    }
}

/// What an endpoint answers.
pub enum Answer {
    Json(Value),
    File {
        content_type: String,
        filename: Option<String>,
        bytes: Bytes,
    },
}

pub async fn serve(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        cut.cut();
        return Response::default();
    };
    let segments: Vec<String> = parts
        .uri
        .path()
        .split('/')
        .skip(2)
        .map(percent_decoded)
        .collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let route = Route::parse(parts.method.as_str(), &segments);
    let name = route.map_or("unrecognized", |route| route.name());

    let query = parts.uri.query().unwrap_or_default();
    let call = Call {
        raw_path: parts.uri.path().to_owned(),
        query: url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
        content_type: header_text(&parts, &header::CONTENT_TYPE),
        body,
    };
    let contains = |text: &str| {
        segments.join("/").contains(text)
            || call.query.iter().any(|(_, value)| value.contains(text))
            || String::from_utf8_lossy(&call.body).contains(text)
    };
    let (wait, deed) = shared.faults().meet(name, contains);
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    let act = async || match route {
        Some(route) => act(&shared, &parts, &call, route).await,
        None => Err(Refusal::new(404, "M_UNRECOGNIZED", "Unrecognized request")),
    };
    let result = match deed {
        Deed::AnswerSlowly(pieces, pause) => {
            return in_pieces(respond(act().await), pieces, pause, pieces).await;
        }
        Deed::AnswerHalf => return in_pieces(respond(act().await), 2, Duration::ZERO, 1).await,
        Deed::Answer => act().await,
        Deed::AnswerLate(wait) => {
            let result = act().await;
            tokio::time::sleep(wait).await;
            result
        }
        Deed::Refuse(refusal) => Err(refusal),
        Deed::ActThenRefuse(refusal) => {
            let _ = act().await;
            Err(refusal)
        }
        Deed::ActThenCut => {
            let result = act().await;
            cut.cut();
            result
        }
        Deed::Cut => {
            cut.cut();
            Ok(Answer::Json(Value::Null))
        }
    };
    respond(result)
}

async fn act(
    shared: &Arc<Shared>,
    parts: &Parts,
    call: &Call,
    route: Route<'_>,
) -> Result<Answer, Refusal> {
    if route == Route::Versions {
        return Ok(Answer::Json(endpoints::versions()));
    }
    let requester = authenticate(shared, parts, call)?;
    if route == Route::Ping {
        return ping(shared, call).await.map(Answer::Json);
    }
    endpoints::act(&mut shared.world(), &requester, call, route)
}

/// Who asks: the bot, or with `user_id` a user of the namespace that is registered.
fn authenticate(shared: &Shared, parts: &Parts, call: &Call) -> Result<Requester, Refusal> {
    let world = shared.world();
    let header = header_text(parts, &header::AUTHORIZATION);
    let token = header
        .strip_prefix("Bearer ")
        .or_else(|| call.parameter("access_token"));
    match token {
        None => return Err(Refusal::new(401, "M_MISSING_TOKEN", "Missing access token")),
        Some(token) if token != world.config.as_token => {
            return Err(Refusal::new(
                401,
                "M_UNKNOWN_TOKEN",
                "Invalid access token passed.",
            ));
        }
        Some(_) => {}
    }
    let bot = world.bot();
    let user = call.parameter("user_id").unwrap_or(&bot).to_owned();
    if !world.is_served(&user) {
        return Err(Refusal::forbidden(
            "Application service cannot masquerade as this user.",
        ));
    }
    if user != bot && !world.users.contains_key(&user) {
        let error = "Application service has not registered this user";
        return Err(Refusal::forbidden(error));
    }
    let device = call.parameter("device_id").map(str::to_owned);
    if let Some(device) = &device
        && !world.devices.contains(&(user.clone(), device.clone()))
    {
        let error = "Application service trying to use a device that doesn't exist";
        return Err(Refusal::new(400, "M_UNKNOWN_DEVICE", error));
    }
    Ok(Requester { user, device })
}

/// Calls the appservice's own ping, and on success ends the backoff of its transactions.
async fn ping(shared: &Arc<Shared>, call: &Call) -> Result<Value, Refusal> {
    let body = call.object(true)?;
    let begun = std::time::Instant::now();
    let request = push::request(
        &shared.world(),
        &shared.client,
        reqwest::Method::POST,
        "ping",
    )
    .json(&json!({"transaction_id": body["transaction_id"]}));
    let response = request.send().await.map_err(|error| {
        if error.is_timeout() {
            Refusal::new(504, "M_CONNECTION_TIMEOUT", "Timed out")
        } else {
            Refusal::new(502, "M_CONNECTION_FAILED", "Could not connect")
        }
    })?;
    if !response.status().is_success() {
        let error = format!("HTTP {}", response.status().as_u16());
        return Err(Refusal::new(502, "M_BAD_STATUS", error));
    }
    shared.world().queue.retry_now();
    let duration = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(json!({"duration_ms": duration}))
}

fn respond(result: Result<Answer, Refusal>) -> Response {
    let (status, retry_after, body) = match result {
        Ok(Answer::Json(body)) => (200, None, body),
        Ok(Answer::File {
            content_type,
            filename,
            bytes,
        }) => {
            let disposition = match filename {
                Some(name) => format!("inline; filename=\"{}\"", name.replace(['"', '\\'], "_")),
                None => "inline".to_owned(),
            };
            let response = Response::builder()
                .header(header::CONTENT_TYPE, content_type)
                .header(header::CONTENT_DISPOSITION, disposition)
                .body(Body::from(bytes));
            return response.unwrap_or_default();
        }
        Err(refusal) => (refusal.status, refusal.retry_after, refusal.body()),
    };
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status that a test set");
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/json"),
    );
    if let Some(wait) = retry_after {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// The same answer in `pieces`, with a pause after each; after `kept` of them it breaks off.
async fn in_pieces(response: Response, pieces: u32, pause: Duration, kept: u32) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return Response::default();
    };
    parts
        .headers
        .insert(header::CONTENT_LENGTH, body.len().into());
    let size = body.len().div_ceil(pieces as usize).max(1);
    let starts: Vec<usize> = (0..body.len()).step_by(size).collect();
    let pieces = futures_util::stream::unfold(0, move |number| {
        let start = starts.get(number).copied();
        let piece = start.map(|start| body.slice(start..body.len().min(start + size)));
        async move {
            let piece = piece?;
            if number >= kept as usize {
                return Some((Err(std::io::Error::other("cut")), usize::MAX));
            }
            if number > 0 {
                tokio::time::sleep(pause).await;
            }
            Some((Ok(piece), number + 1))
        }
    });
    Response::from_parts(parts, Body::from_stream(pieces))
}

fn header_text(parts: &Parts, name: &header::HeaderName) -> String {
    let value = parts
        .headers
        .get(name)
        .and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

fn percent_decoded(segment: &str) -> String {
    if !segment.contains('%') {
        return segment.to_owned();
    }
    let mut decoded = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let code = hex
            .filter(|_| byte == b'%')
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        decoded.push(code.unwrap_or(byte));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

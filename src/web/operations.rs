//! Health and metrics, on a listener of its own: for whoever watches over Postroom, not for the
//! world.

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    middleware,
    response::IntoResponse,
    routing::get,
};
use serde_json::json;

use crate::{
    lifecycle::{Clock, Health},
    matrix::client::Client,
    store::{Store, inbox, letters, mails, outbox},
    telemetry::metrics::Exposition,
};

use super::metrics;

/// What is asked about.
#[derive(Debug, Clone)]
pub struct Operations {
    pub store: Store,
    pub homeserver: Client,
    pub health: Health,
    pub clock: Clock,
    pub metrics: Exposition,
}

pub fn router(operations: Operations) -> Router {
    Router::new()
        .route(
            "/health/live",
            get(async || Json(json!({"status": "live"}))),
        )
        .route("/health/ready", get(ready))
        .route("/metrics", get(scrape))
        .layer(middleware::from_fn(|request, next| {
            metrics::tally("operations", request, next)
        }))
        .with_state(operations)
}

/// While another Postroom works on the database: alive, and not ready.
pub fn standing_by() -> Router {
    let ready = async || {
        let why = json!({
            "status": "standing by",
            "missing": ["database: another Postroom works on it; this one stands by"],
            "waiting": {},
        });
        (StatusCode::SERVICE_UNAVAILABLE, Json(why))
    };
    Router::new()
        .route(
            "/health/live",
            get(async || Json(json!({"status": "live"}))),
        )
        .route("/health/ready", get(ready))
}

/// `GET /health/ready`: 200 when work can be done, 503 with what is missing otherwise; and in either
/// case how much waits.
async fn ready(State(operations): State<Operations>) -> impl IntoResponse {
    let mut missing: Vec<String> = operations
        .health
        .missing()
        .into_iter()
        .map(|(part, why)| format!("{part}: {why}"))
        .collect();
    let waiting = waiting(&operations.store).await;
    if let Err(fault) = &waiting {
        missing.push(format!("database: {fault}"));
    }
    if let Err(fault) = operations.homeserver.who_am_i().await {
        missing.push(format!("homeserver: {fault}"));
    }
    let (status, word) = if missing.is_empty() {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready")
    };
    (
        status,
        Json(json!({"status": word, "missing": missing, "waiting": waiting.unwrap_or_default()})),
    )
}

/// `GET /metrics`: everything that is counted, and what waits right now.
///
/// <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>
async fn scrape(State(operations): State<Operations>) -> impl IntoResponse {
    let now = operations.clock.now();
    metrics::look(&operations.store, &operations.health, now).await;
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        operations.metrics.render(),
    )
}

async fn waiting(store: &Store) -> Result<serde_json::Value, crate::store::StoreError> {
    let mut reading = store.read().await?;
    Ok(json!({
        "events": inbox::count_waiting(&mut reading).await?,
        "mails": mails::count_waiting(&mut reading).await?,
        "letters_open": letters::count_open(&mut reading).await?,
        "to_matrix": outbox::count_unsettled(&mut reading, outbox::Way::Matrix).await?,
        "to_mail": outbox::count_unsettled(&mut reading, outbox::Way::Mail).await?,
    }))
}

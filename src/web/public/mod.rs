//! The pages for customers, on a listener of their own: for the world.
//!
//! A web server stands in front and does TLS and limits each client. Everything here can be asked for
//! by anybody, and looked at by machines that scan mails: only POST does something. A new page is a file
//! here with a `router`, merged below.

mod download;
mod files;
mod page;
mod state;
mod unsubscribe;

use axum::{
    Json, Router, middleware,
    routing::{any, get},
};
use serde_json::json;

pub use self::{files::Files, state::Public};
use super::metrics;

/// Everything below the public address, whose path is `prefix`: the web server in front may take it
/// off, or leave it.
pub fn router(prefix: &str, files: Files, public: Public) -> Router {
    let pages = Router::new()
        .route("/health", get(health))
        .merge(files::router(files))
        .merge(unsubscribe::router(public.clone()))
        .fallback_service(any(state::nothing_here).with_state(public));
    let prefix = prefix.trim_end_matches('/');
    let pages = if prefix.is_empty() {
        pages
    } else {
        Router::new().nest(prefix, pages.clone()).merge(pages)
    };
    pages
        .layer(middleware::map_response(page::guarded))
        .layer(middleware::from_fn(|request, next| {
            metrics::tally("public", request, next)
        }))
}

/// `GET /health`: by which `postroom doctor` sees that the public address leads here.
async fn health() -> Json<serde_json::Value> {
    Json(json!({"postroom": "public"}))
}

//! Pages for customers, on a listener of their own behind a web server with TLS.
//!
//! May be imported by `cli`; imports `store` and the floors below. A page is a file here with its
//! `routes`, and a line in [`router`]; what it shows is a sentence in `domain::wording`. Mail scanners
//! follow every link: a GET changes nothing.

mod state;
mod unsubscribe;

use axum::{
    Router,
    http::{HeaderValue, header},
    middleware,
    response::Response,
};

pub use self::state::Public;
use super::metrics;

pub fn router(public: Public) -> Router {
    Router::new()
        .merge(unsubscribe::routes())
        .layer(middleware::map_response(careful))
        .layer(middleware::from_fn(|request, next| {
            metrics::tally("public", request, next)
        }))
        .with_state(public)
}

/// The addresses of these pages are secrets, and what they show is nobody else's business.
async fn careful(mut response: Response) -> Response {
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'",
        ),
        (header::HeaderName::from_static("x-robots-tag"), "noindex"),
    ] {
        let headers = response.headers_mut();
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

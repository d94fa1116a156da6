//! How somebody leaves a broadcast: by the button of their mail program (RFC 8058), or on a page.

use std::time::Duration;

use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    middleware,
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};

use super::state::Public;
use crate::{
    domain::{
        delivery::millis,
        ids::SubscriptionId,
        wording::leave::{self as wording, Page},
    },
    store::{
        StoreError,
        subscriptions::{self, Subscription},
    },
};

/// How long somebody who has left can take it back by themselves.
const SECOND_THOUGHTS: Duration = Duration::from_hours(7 * 24);

pub(super) fn router(public: Public) -> Router {
    Router::new()
        .route("/leave/{token}", get(ask).post(leave))
        .route("/stay/{token}", post(stay))
        .layer(middleware::map_response(careful))
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

/// `GET /leave/{token}`: asks. Changes nothing, as mail scanners follow links.
async fn ask(Path(token): Path<String>, State(public): State<Public>) -> Response {
    match find(&token, &public).await {
        Ok(Some((_, found))) => shown(&found, &token, &public),
        Ok(None) => unknown(),
        Err(error) => failed(&error),
    }
}

/// `POST /leave/{token}`: leaves, at once and whatever the body says: mail programs send
/// `List-Unsubscribe=One-Click`, without cookies, and follow no redirection.
///
/// <https://www.rfc-editor.org/rfc/rfc8058#section-3.2>
async fn leave(Path(token): Path<String>, State(public): State<Public>) -> Response {
    let change = async |id| {
        let now = public.clock.now().as_millisecond();
        let end = public
            .store
            .write(move |tx| Box::pin(async move { subscriptions::end(tx, id, now).await }));
        end.await
    };
    changed(&token, &public, change).await
}

/// `POST /stay/{token}`: takes it back.
async fn stay(Path(token): Path<String>, State(public): State<Public>) -> Response {
    let change = async |id| {
        let since = since(&public);
        let resume = public
            .store
            .write(move |tx| Box::pin(async move { subscriptions::resume(tx, id, since).await }));
        resume.await
    };
    changed(&token, &public, change).await
}

/// Makes the change, and shows what is so then.
async fn changed(
    token: &str,
    public: &Public,
    change: impl AsyncFnOnce(SubscriptionId) -> Result<(), StoreError>,
) -> Response {
    let outcome = async {
        let Some((id, _)) = find(token, public).await? else {
            return Ok(None);
        };
        change(id).await?;
        find(token, public).await
    };
    match outcome.await {
        Ok(Some((_, found))) => shown(&found, token, public),
        Ok(None) => unknown(),
        Err(error) => failed(&error),
    }
}

async fn find(
    token: &str,
    public: &Public,
) -> Result<Option<(SubscriptionId, Subscription)>, StoreError> {
    let Some(id) = public.keys.subscription_of(token).map(SubscriptionId) else {
        return Ok(None);
    };
    let mut reading = public.store.read().await?;
    let found = subscriptions::find(&mut reading, id).await?;
    Ok(found.map(|found| (id, found)))
}

/// The last moment that is too long ago to be taken back.
fn since(public: &Public) -> i64 {
    let now = public.clock.now().as_millisecond();
    now.saturating_sub(millis(SECOND_THOUGHTS))
}

fn shown(found: &Subscription, token: &str, public: &Public) -> Response {
    // Not the whole address: links are forwarded.
    let (broadcast, address) = (&found.subject, found.address.masked());
    match found.ended_at {
        None => page(
            StatusCode::OK,
            &wording::ask(broadcast, &address),
            Some(format!("../leave/{token}")),
        ),
        Some(ended_at) => {
            let may_stay = ended_at > since(public);
            let action = may_stay.then(|| format!("../stay/{token}"));
            page(
                StatusCode::OK,
                &wording::left(broadcast, &address, may_stay),
                action,
            )
        }
    }
}

fn unknown() -> Response {
    page(StatusCode::NOT_FOUND, &wording::unknown_link(), None)
}

fn failed(error: &StoreError) -> Response {
    tracing::error!(%error, "A page for leaving a broadcast failed");
    page(
        StatusCode::SERVICE_UNAVAILABLE,
        &wording::out_of_order(),
        None,
    )
}

#[derive(Template)]
#[template(path = "leave.html")]
struct Drawn<'a> {
    page: &'a Page,
    /// Where the button leads; relative, as the pages may stand below a path of their web server.
    action: Option<String>,
}

fn page(status: StatusCode, page: &Page, action: Option<String>) -> Response {
    match (Drawn { page, action }).render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => (status, page.title.clone()).into_response(),
    }
}

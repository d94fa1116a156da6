//! How somebody leaves a broadcast: by the button of their mail program (RFC 8058), or on a page.

use std::time::Duration;

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::get,
};

use super::{page::Page, state::Public};
use crate::{
    domain::{
        delivery::millis, ids::SubscriptionId, letter::Language, token::Keys,
        wording::page as wording,
    },
    store::{
        StoreError, locales,
        subscriptions::{self, Subscription},
    },
};

/// How long somebody who has left can take it back by themselves.
const SECOND_THOUGHTS: Duration = Duration::from_hours(7 * 24);

pub(super) fn router(public: Public) -> Router {
    Router::new()
        .route("/leave/{token}", get(ask).post(leave))
        .route("/stay/{token}", get(ask).post(stay))
        .with_state(public)
}

/// `GET /leave/{token}`, and `GET /stay/{token}`, which a mail has: asks. Changes nothing, as mail scanners follow links.
async fn ask(Path(token): Path<String>, State(public): State<Public>) -> Response {
    match find(&token, &public).await {
        Ok(Some(found)) => public.asked(&found, &token),
        Ok(None) => public.unknown(),
        Err(error) => public.failed(&error),
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
    match changed(&token, &public, change).await {
        Ok(Some(found)) => public.asked(&found, &token),
        Ok(None) => public.unknown(),
        Err(error) => public.failed(&error),
    }
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
    match changed(&token, &public, change).await {
        Ok(Some(found)) if found.of.ended_at.is_none() => public.came_back(&found, &token),
        Ok(Some(found)) => public.asked(&found, &token),
        Ok(None) => public.unknown(),
        Err(error) => public.failed(&error),
    }
}

/// Somebody's part in a broadcast.
struct Found {
    id: SubscriptionId,
    of: Subscription,
    language: Language,
}

/// Makes the change, and finds what is so then.
async fn changed(
    token: &str,
    public: &Public,
    change: impl AsyncFnOnce(SubscriptionId) -> Result<(), StoreError>,
) -> Result<Option<Found>, StoreError> {
    let Some(found) = find(token, public).await? else {
        return Ok(None);
    };
    change(found.id).await?;
    find(token, public).await
}

async fn find(token: &str, public: &Public) -> Result<Option<Found>, StoreError> {
    let Some(id) = Keys::number_in(token).map(SubscriptionId) else {
        return Ok(None);
    };
    let mut reading = public.store.read().await?;
    let found = subscriptions::find(&mut reading, id).await?;
    let Some(of) = found.filter(|of| public.keys.is_subscription(token, &of.salt())) else {
        return Ok(None);
    };
    let language = locales::of_subscriber(&mut reading, id).await?;
    let language = language.unwrap_or(public.language);
    Ok(Some(Found { id, of, language }))
}

/// The last moment that is too long ago to be taken back.
fn since(public: &Public) -> i64 {
    let now = public.clock.now().as_millisecond();
    now.saturating_sub(millis(SECOND_THOUGHTS))
}

impl Public {
    /// Whether to leave; for who has left, whether to come back while they can.
    fn asked(&self, Found { of, language, .. }: &Found, token: &str) -> Response {
        // Not the whole address: links are forwarded.
        let (list, address, language) = (&of.subject, of.address.masked(), *language);
        let (leave, stay) = (format!("../leave/{token}"), format!("../stay/{token}"));
        let page = self.page(language);
        let Some(ended_at) = of.ended_at else {
            return Page {
                title: &wording::leave_title(list, language),
                text: &wording::leave_question(&address, list, language),
                button: Some((wording::leave(language), &leave)),
                ..page
            }
            .answer(StatusCode::OK);
        };
        let may_come_back = ended_at > since(self);
        Page {
            title: wording::left_title(language),
            text: &wording::left(&address, list, may_come_back, language),
            button: may_come_back.then_some((wording::come_back(language), &stay)),
            ..page
        }
        .answer(StatusCode::OK)
    }

    fn came_back(&self, Found { of, language, .. }: &Found, token: &str) -> Response {
        let address = of.address.masked();
        Page {
            title: wording::back_title(*language),
            text: &wording::back(&address, &of.subject, *language),
            link: Some((wording::leave(*language), &format!("../leave/{token}"))),
            ..self.page(*language)
        }
        .answer(StatusCode::OK)
    }
}

//! The application service API (spec: Application Service API, version 1).
//!
//! Events are stored and committed before the homeserver gets its 200; everything else follows from
//! the store.

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Query, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use ruma::{OwnedServerName, OwnedUserId};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    domain::ghost,
    lifecycle::{Chance, Clock},
    matrix::client::Client,
    store::{Store, inbox, people},
    telemetry::metrics::catalogue::EVENTS,
};

use super::{
    metrics,
    strangers::Strangers,
    thirdparty,
    transaction::{self, Transaction, Typing},
};

/// Largest transaction: 100 events of 65,536 octets, and as much again for what hangs on them.
const LARGEST_TRANSACTION: usize = 16 * 1024 * 1024;

/// What the endpoints need.
#[derive(Debug, Clone)]
pub struct Appservice {
    pub store: Store,
    pub homeserver: Client,
    pub clock: Clock,
    pub chance: Chance,
    pub hs_token: SecretString,
    pub server_name: OwnedServerName,
    pub bot: OwnedUserId,
}

/// The routes, under their present prefix and under the one that older homeservers use.
pub fn router(appservice: Appservice) -> Router {
    let endpoints = || {
        Router::new()
            .route("/transactions/{txn_id}", put(transaction))
            .route("/users/{user_id}", get(user))
            .route("/rooms/{alias}", get(nothing_there))
            .merge(thirdparty::router(appservice.server_name.clone()))
    };
    Router::new()
        .merge(endpoints())
        .nest("/_matrix/app/v1", endpoints().route("/ping", post(ping)))
        .nest("/_matrix/app/unstable", endpoints())
        .method_not_allowed_fallback(async || {
            error(StatusCode::METHOD_NOT_ALLOWED, "M_UNRECOGNIZED", "This method is not for this path.")
        })
        .layer(middleware::from_fn_with_state(
            (appservice.clone(), Strangers::default()),
            authenticate,
        ))
        // Outside of the check: what doesn't exist needs no token to be missing.
        .fallback(async || error(StatusCode::NOT_FOUND, "M_UNRECOGNIZED", "There is nothing at this path."))
        .layer(DefaultBodyLimit::max(LARGEST_TRANSACTION))
        .layer(middleware::from_fn(|request, next| metrics::tally("appservice", request, next)))
        .with_state(appservice)
}

#[derive(Deserialize)]
struct TokenQuery {
    access_token: Option<String>,
}

/// Lets only our homeserver in. The query parameter is how it was done before Matrix 1.4.
async fn authenticate(
    State((appservice, strangers)): State<(Appservice, Strangers)>,
    Query(query): Query<TokenQuery>,
    headers: HeaderMap,
    request: Request,
    next: Next,
) -> Response {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| {
        value
            .to_str()
            .ok()?
            .strip_prefix("Bearer ")
            .map(str::to_owned)
    });
    let Some(given) = bearer.or(query.access_token) else {
        return error(
            StatusCode::UNAUTHORIZED,
            "M_UNAUTHORIZED",
            "The homeserver's token is missing.",
        );
    };
    let wanted = appservice.hs_token.expose_secret().as_bytes();
    if !bool::from(given.as_bytes().ct_eq(wanted)) {
        strangers.hold_up().await;
        return error(
            StatusCode::FORBIDDEN,
            "M_FORBIDDEN",
            "This is not the homeserver's token.",
        );
    }
    next.run(request).await
}

/// `PUT /_matrix/app/v1/transactions/{txnId}`
///
/// <https://spec.matrix.org/v1.19/application-service-api/#put_matrixappv1transactionstxnid>
async fn transaction(
    State(appservice): State<Appservice>,
    Path(txn_id): Path<String>,
    body: Bytes,
) -> Response {
    let Some(Transaction {
        events,
        broken,
        typing,
        ephemeral,
    }) = transaction::read(&body)
    else {
        return error(
            StatusCode::BAD_REQUEST,
            "M_NOT_JSON",
            "The body is not a transaction.",
        );
    };
    let now = appservice.clock.now();
    for Typing { room, users } in typing {
        appservice.store.typing().set(&room, users, now);
    }
    EVENTS.add(ephemeral as u64, ["ephemeral", "new"]);
    // Typing and receipts come by the dozen, and there is nothing to be stored about them.
    if events.is_empty() && broken.is_empty() {
        return axum::Json(json!({})).into_response();
    }
    let trace = appservice.chance.base32(12);
    let (all, set_aside) = (events.len(), broken.len());
    let digest = Sha256::digest(&body);
    let stored = appservice
        .store
        .write({
            let trace = trace.clone();
            move |tx| {
                Box::pin(async move {
                    inbox::accept(
                        tx,
                        &txn_id,
                        &digest,
                        &events,
                        &broken,
                        &trace,
                        now.as_millisecond(),
                    )
                    .await
                })
            }
        })
        .await;
    match stored {
        Ok(new) => {
            tracing::debug!(trace, events = all, new = new.events, "Took events over");
            count("event", all as u64, new.events);
            count("broken", set_aside as u64, new.broken);
            if set_aside > 0 {
                tracing::error!(
                    trace,
                    set_aside,
                    "Events without id, room or sender came and will be set aside"
                );
            }
            axum::Json(json!({})).into_response()
        }
        Err(fault) => {
            tracing::error!(trace, %fault, "Could not store events; the homeserver will send them again");
            error(
                StatusCode::INTERNAL_SERVER_ERROR,
                "M_UNKNOWN",
                "The events could not be stored.",
            )
        }
    }
}

fn count(kind: &'static str, all: u64, new: u64) {
    EVENTS.add(new, [kind, "new"]);
    EVENTS.add(all.saturating_sub(new), [kind, "known"]);
}

/// `GET /_matrix/app/v1/users/{userId}`: whether we have, or will make, this user.
///
/// <https://spec.matrix.org/v1.19/application-service-api/#get_matrixappv1usersuserid>
async fn user(State(appservice): State<Appservice>, Path(user_id): Path<String>) -> Response {
    let Ok(user) = OwnedUserId::try_from(user_id) else {
        return error(
            StatusCode::BAD_REQUEST,
            "M_INVALID_PARAM",
            "This is not a user id.",
        );
    };
    if user.server_name() != appservice.server_name {
        return nothing_there().await;
    }
    if user == appservice.bot {
        return axum::Json(json!({})).into_response();
    }
    let known = async {
        let mut reading = appservice.store.read().await?;
        people::by_ghost(&mut reading, user.localpart()).await
    };
    match known.await {
        Ok(Some(_)) => {}
        // An address written as an id: the user exists so that they can be invited, and then makes
        // way for the contact's own ghost.
        Ok(None) if ghost::address_in(user.localpart()).is_some() => {}
        Ok(None) => return nothing_there().await,
        Err(fault) => {
            tracing::error!(%fault, "Could not look a ghost up");
            return error(
                StatusCode::INTERNAL_SERVER_ERROR,
                "M_UNKNOWN",
                "The user could not be looked up.",
            );
        }
    }
    match appservice.homeserver.register(user.localpart()).await {
        Ok(()) => axum::Json(json!({})).into_response(),
        Err(fault) => {
            tracing::warn!(%fault, "Could not register a user that the homeserver asked for");
            error(
                StatusCode::INTERNAL_SERVER_ERROR,
                "M_UNKNOWN",
                "The user could not be registered.",
            )
        }
    }
}

/// `POST /_matrix/app/v1/ping`
///
/// <https://spec.matrix.org/v1.19/application-service-api/#post_matrixappv1ping>
async fn ping() -> Response {
    axum::Json(json!({})).into_response()
}

/// Room aliases: we have none.
async fn nothing_there() -> Response {
    error(
        StatusCode::NOT_FOUND,
        "M_NOT_FOUND",
        "There is no such thing here.",
    )
}

fn error(status: StatusCode, code: &str, text: &str) -> Response {
    (status, axum::Json(json!({"errcode": code, "error": text}))).into_response()
}

//! The third-party look-ups (Application Service API, Third-party networks): an email address leads to
//! the id by which it can be invited.
//!
//! Everybody on the homeserver may ask. So the answer follows from what was asked alone: it is the
//! address itself, written as an id, whether anybody has ever written to it or not; and a ghost's id
//! leads to an address only where it is one.

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use ruma::{OwnedServerName, ServerName, UserId};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::{address::EmailAddress, ghost, wording};

/// What the registration calls our network.
const PROTOCOL: &str = "email";

/// The look-ups, below whatever the API's prefix is. `server` is that of the ghosts.
pub fn router<S>(server: OwnedServerName) -> Router<S> {
    Router::new()
        .route("/thirdparty/protocol/{protocol}", get(protocol))
        .route("/thirdparty/user/{protocol}", get(user))
        .route("/thirdparty/user", get(reverse))
        .route("/thirdparty/location/{protocol}", get(location))
        .route("/thirdparty/location", get(nowhere))
        .with_state(server)
}

#[derive(Deserialize)]
struct ByField {
    email: Option<String>,
    /// As some clients name it.
    address: Option<String>,
}

#[derive(Deserialize)]
struct ByUser {
    userid: Option<String>,
}

/// `GET /_matrix/app/v1/thirdparty/protocol/{protocol}`
///
/// <https://spec.matrix.org/v1.19/application-service-api/#get_matrixappv1thirdpartyprotocolprotocol>
async fn protocol(Path(protocol): Path<String>) -> Response {
    if protocol != PROTOCOL {
        return unknown_protocol();
    }
    let field = json!({"regexp": "[^@\\s]+@[^@\\s]+", "placeholder": "jane@example.com"});
    let instance = json!({
        "network_id": PROTOCOL, "desc": wording::living::NETWORK, "fields": {},
    });
    Json(json!({
        "user_fields": ["email"],
        "location_fields": [],
        "icon": "",
        "field_types": {"email": field},
        "instances": [instance],
    }))
    .into_response()
}

/// `GET /_matrix/app/v1/thirdparty/user/{protocol}`
///
/// <https://spec.matrix.org/v1.19/application-service-api/#get_matrixappv1thirdpartyuserprotocol>
async fn user(
    State(server): State<OwnedServerName>,
    Path(protocol): Path<String>,
    Query(asked): Query<ByField>,
) -> Response {
    if protocol != PROTOCOL {
        return unknown_protocol();
    }
    let asked = asked.email.or(asked.address).unwrap_or_default();
    Json(by_address(&asked, &server)).into_response()
}

/// `GET /_matrix/app/v1/thirdparty/user`
///
/// <https://spec.matrix.org/v1.19/application-service-api/#get_matrixappv1thirdpartyuser>
async fn reverse(State(server): State<OwnedServerName>, Query(asked): Query<ByUser>) -> Response {
    let asked = asked.userid.unwrap_or_default();
    Json(by_user(&asked, &server)).into_response()
}

/// `GET /_matrix/app/v1/thirdparty/location/{protocol}`: people on email have no rooms of their own.
///
/// <https://spec.matrix.org/v1.19/application-service-api/#get_matrixappv1thirdpartylocationprotocol>
async fn location(Path(protocol): Path<String>) -> Response {
    if protocol != PROTOCOL {
        return unknown_protocol();
    }
    nowhere().await
}

/// The same of an alias.
async fn nowhere() -> Response {
    Json(json!([])).into_response()
}

fn unknown_protocol() -> Response {
    let body = json!({"errcode": "M_NOT_FOUND", "error": "There is no such protocol here."});
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}

fn by_address(asked: &str, server: &ServerName) -> Value {
    let address = EmailAddress::parse(asked.trim()).ok();
    let found = address.and_then(|address| {
        let localpart = ghost::placeholder(&address);
        let user = UserId::parse_with_server_name(localpart, server).ok()?;
        // Longer ones nobody can invite.
        (user.as_str().len() <= 255).then(|| entry(user.as_str(), &address))
    });
    found.into_iter().collect()
}

fn by_user(asked: &str, server: &ServerName) -> Value {
    let user = UserId::parse(asked).ok();
    let address = user
        .as_ref()
        .filter(|user| user.server_name() == server)
        .and_then(|user| ghost::address_in(user.localpart()));
    address
        .into_iter()
        .map(|address| entry(asked, &address))
        .collect()
}

fn entry(user: &str, address: &EmailAddress) -> Value {
    json!({"userid": user, "protocol": PROTOCOL, "fields": {"email": address.key()}})
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use ruma::server_name;

    use super::*;

    #[rstest]
    #[case("jane@acme.com", Some("@_email_jane=40acme.com:example.org"))]
    #[case(" Jane@ACME.com ", Some("@_email_jane=40acme.com:example.org"))]
    #[case("j=o'e@acme.com", Some("@_email_j=3do=27e=40acme.com:example.org"))]
    #[case("jürgen@acme.com", Some("@_email_j=c3=bcrgen=40acme.com:example.org"))]
    #[case("jane", None)]
    #[case("", None)]
    fn an_address_is_an_id_and_an_id_the_address(
        #[case] asked: &str,
        #[case] expected: Option<&str>,
    ) {
        let server = server_name!("example.org");
        let found = by_address(asked, server);
        assert_eq!(found[0]["userid"].as_str(), expected);
        assert_eq!(
            found.as_array().unwrap().len(),
            usize::from(expected.is_some())
        );
        if let Some(user) = expected {
            let back = by_user(user, server);
            assert_eq!(back[0]["fields"], found[0]["fields"]);
        }
    }

    #[rstest]
    #[case::a_contacts_own("@_email_jane.doe.k7f3:example.org")]
    #[case::of_another_server("@_email_jane=40acme.com:other.org")]
    #[case::of_nobody("@ann:example.org")]
    #[case::nonsense("jane")]
    fn other_ids_lead_nowhere(#[case] asked: &str) {
        assert_eq!(by_user(asked, server_name!("example.org")), json!([]));
    }
}

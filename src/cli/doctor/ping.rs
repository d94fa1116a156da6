//! Area `homeserver`, the way back: does the homeserver reach Postroom, and with the right token.
//! Where no Postroom runs, doctor stands in for it while the homeserver calls.

use std::net::SocketAddr;

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    routing::post,
};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tokio::{net::TcpListener, task::JoinHandle};

use super::{
    report::{Advice, Area, Check},
    running::Door,
    scene::Scene,
};
use crate::matrix::{
    probe::{Answer, Probe},
    registration::Registration,
};

pub async fn examine(name: &str, own: &Registration, probe: &Probe, scene: &Scene) -> Check {
    let listen = scene.config.appservice.listen;
    let stand_in = match &scene.running.door {
        Door::Postroom => None,
        Door::Nobody => match StandIn::open(listen, own.hs_token.clone()).await {
            Ok(stand_in) => Some(stand_in),
            Err(error) => return Area::Homeserver.fault(name, cannot_listen(listen, &error)),
        },
        Door::SomethingElse(what) => {
            return Area::Homeserver.fault(name, taken(listen, what));
        }
    };
    let answer = match probe.ping(&own.id).await {
        Ok(answer) => answer,
        Err(silence) => {
            let why = format!("the homeserver gives no answer: {silence}");
            return Area::Homeserver.skipped(name, why);
        }
    };
    if !answer.is_success() {
        return refused(name, &answer, own, scene);
    }
    let took = answer.body["duration_ms"].as_i64();
    let took = took.map_or_else(String::new, |took| format!(" in {took} ms"));
    let whom = match stand_in {
        Some(_) => "doctor, in Postroom's place,",
        None => "Postroom",
    };
    Area::Homeserver.ok(name, format!("the homeserver reaches {whom}{took}"))
}

/// The errors of the specification's table (Application Service API, pinging).
fn refused(name: &str, answer: &Answer, own: &Registration, scene: &Scene) -> Check {
    let config = &scene.config.appservice;
    let way = format!(
        "The homeserver must reach appservice.url ({}), which leads to appservice.listen ({}): \
         look at firewall, containers, proxy.\n\
         The homeserver goes by the url in its own copy of the registration:\n{}",
        config.url,
        config.listen,
        scene.load_registration()
    );
    let status = answer.body["status"].as_i64();
    let advice = match (answer.errcode(), status) {
        ("M_BAD_STATUS", Some(401 | 403)) => Advice::new(
            answer.words(),
            "The homeserver reaches Postroom with another hs_token than our registration has: \
             Postroom turns it away, and no message comes in.",
            scene.load_registration(),
        ),
        ("M_BAD_STATUS", _) => Advice::new(
            answer.words(),
            "Something answers at the url in the homeserver's registration, but not Postroom: a \
             proxy, or another program.",
            way,
        ),
        ("M_CONNECTION_FAILED", _) => Advice::new(
            answer.words(),
            "The homeserver can't reach Postroom: no message comes in.",
            way,
        ),
        ("M_CONNECTION_TIMEOUT", _) => Advice::new(
            answer.words(),
            "The homeserver called Postroom and got no answer in time: no message comes in. \
             Mostly a firewall that swallows.",
            way,
        ),
        ("M_URL_NOT_SET", _) => Advice::new(
            answer.words(),
            "The homeserver's registration has no url: it never calls Postroom.",
            scene.load_registration(),
        ),
        ("M_FORBIDDEN", _) => Advice::new(
            answer.words(),
            format!(
                "The homeserver doesn't know us as “{}”, the id in our registration.",
                own.id
            ),
            scene.load_registration(),
        ),
        _ => Advice::new(
            answer.words(),
            "The homeserver can't be asked to call Postroom, so nobody knows whether it could.",
            "Upgrade the homeserver, or let a proxy before it pass /_matrix/client/v1 on.",
        ),
    };
    Area::Homeserver.fault(name, advice)
}

fn taken(listen: SocketAddr, what: &str) -> Advice {
    Advice::new(
        format!("on {listen} is {what}"),
        "Either Postroom was started before its registration was changed, or another program has \
         its port: no message comes in.",
        "systemctl restart postroom\n\
         If it doesn't start: another port in appservice.listen and appservice.url.",
    )
}

fn cannot_listen(listen: SocketAddr, error: &std::io::Error) -> Advice {
    Advice::new(
        format!("{listen}: {error}"),
        "Postroom can't listen there either, and so can't start.",
        "Put an address of this machine and a free port into appservice.listen.",
    )
}

/// Answers pings as Postroom does; everything else is put off, so that it comes again.
struct StandIn(JoinHandle<()>);

impl StandIn {
    async fn open(listen: SocketAddr, hs_token: SecretString) -> std::io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let router = Router::new()
            .route("/_matrix/app/v1/ping", post(pong))
            .fallback(async || StatusCode::SERVICE_UNAVAILABLE)
            .with_state(hs_token);
        Ok(Self(tokio::spawn(async move {
            // It ends with the stand-in.
            let _ = axum::serve(listener, router).await;
        })))
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn pong(
    State(hs_token): State<SecretString>,
    headers: HeaderMap,
) -> (StatusCode, Json<serde_json::Value>) {
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let wanted = hs_token.expose_secret().as_bytes();
    let is_right = given.is_some_and(|given| bool::from(given.as_bytes().ct_eq(wanted)));
    if is_right {
        (StatusCode::OK, Json(serde_json::json!({})))
    } else {
        let error = serde_json::json!({"errcode": "M_FORBIDDEN", "error": "Wrong token."});
        (StatusCode::FORBIDDEN, Json(error))
    }
}

//! What the appservice's HTTP door takes, and what it doesn't.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::{
    support::{
        servers::http,
        world::{Options, World, letter_text},
    },
    training::JANE,
};

const TOKEN: &str = "hs-token-of-the-story";

/// A request with the homeserver's token.
fn request(world: &World, method: Method, path: &str) -> RequestBuilder {
    bare(world, method, path).bearer_auth(TOKEN)
}

/// A request without a token.
fn bare(world: &World, method: Method, path: &str) -> RequestBuilder {
    let url = format!("{}{path}", world.appservice_url());
    http::client().unwrap().request(method, url)
}

/// Status, and the `errcode` if there is one.
async fn answer(request: RequestBuilder) -> (u16, String) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap_or_default();
    let errcode = body["errcode"].as_str().unwrap_or_default().to_owned();
    (status, errcode)
}

fn ok() -> (u16, String) {
    (200, String::new())
}

fn error(status: u16, errcode: &str) -> (u16, String) {
    (status, errcode.to_owned())
}

/// A message of Ann's, as the homeserver would push it.
fn message(world: &World, room: &str, id: &str, text: &str) -> Value {
    json!({
        "type": "m.room.message", "event_id": id, "room_id": room, "sender": world.ann.id(),
        "origin_server_ts": 1_790_000_000_000_u64,
        "content": {"msgtype": "m.text", "body": text},
    })
}

/// Pushes events under a transaction id of the story's own.
async fn push(world: &World, transaction: &str, events: &[Value]) -> (u16, String) {
    let path = format!("/_matrix/app/v1/transactions/{transaction}");
    answer(request(world, Method::PUT, &path).json(&json!({"events": events}))).await
}

/// What Jane has been sent so far, once everything is settled.
async fn told_jane(world: &World) -> Vec<String> {
    world.settled().await;
    let letters = world.sink.mails_to("jane@acme.com");
    letters.iter().map(letter_text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_homeserver_may_push() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let path = "/_matrix/app/v1/transactions/t1";
    let body = json!({"events": [message(&world, &room, "$forged", "Forged")]});
    let put = |path: &str| bare(&world, Method::PUT, path).json(&body);

    let wrong = answer(put(path).bearer_auth("hs-token-of-the-storz")).await;
    assert_eq!(wrong, error(403, "M_FORBIDDEN"));
    let wrong = answer(put(&format!("{path}?access_token=nonsense"))).await;
    assert_eq!(wrong, error(403, "M_FORBIDDEN"));
    let as_token = answer(put(path).bearer_auth("as-token-of-the-story")).await;
    assert_eq!(as_token, error(403, "M_FORBIDDEN"));
    assert_eq!(answer(put(path)).await, error(401, "M_UNAUTHORIZED"));
    let wrong = answer(put("/transactions/t1").bearer_auth("nonsense")).await;
    assert_eq!(wrong, error(403, "M_FORBIDDEN"));
    assert_eq!(told_jane(&world).await, Vec::<String>::new());

    let right = answer(put(&format!("{path}?access_token={TOKEN}"))).await;
    assert_eq!(right, ok());
    assert_eq!(told_jane(&world).await.len(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_other_door_asks_for_the_token_too() {
    let world = World::start(Options::default()).await;
    for (method, path) in [
        (Method::GET, "/_matrix/app/v1/users/@postroom:example.org"),
        (Method::GET, "/_matrix/app/v1/rooms/%23room:example.org"),
        (Method::POST, "/_matrix/app/v1/ping"),
        (Method::GET, "/_matrix/app/v1/thirdparty/user/email"),
    ] {
        let missing = answer(bare(&world, method.clone(), path)).await;
        assert_eq!(missing, error(401, "M_UNAUTHORIZED"), "{path}");
        let wrong = answer(bare(&world, method, path).bearer_auth("nonsense")).await;
        assert_eq!(wrong, error(403, "M_FORBIDDEN"), "{path}");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_says_so_as_matrix_does() {
    let world = World::start(Options::default()).await;
    for path in ["/", "/_matrix/app/v1/nonsense", "/_matrix/client/v3/sync"] {
        let answer = answer(request(&world, Method::GET, path)).await;
        assert_eq!(answer, error(404, "M_UNRECOGNIZED"), "{path}");
    }
    for (method, path) in [
        (Method::GET, "/_matrix/app/v1/transactions/t1"),
        (Method::POST, "/_matrix/app/v1/transactions/t1"),
        (Method::PUT, "/_matrix/app/v1/users/@jane:example.org"),
        (Method::GET, "/_matrix/app/v1/ping"),
    ] {
        let answer = answer(request(&world, method, path)).await;
        assert_eq!(answer, error(405, "M_UNRECOGNIZED"), "{path}");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn older_homeservers_use_the_older_path() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let body = json!({"events": [message(&world, &room, "$old", "From an old server")]});
    let path = format!("/transactions/t1?access_token={TOKEN}");
    assert_eq!(
        answer(bare(&world, Method::PUT, &path).json(&body)).await,
        ok()
    );
    assert_eq!(told_jane(&world).await.len(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_counts_once_whatever_transaction_brings_it() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let one = message(&world, &room, "$one", "Message one");
    let two = message(&world, &room, "$two", "Message two");
    let first = std::slice::from_ref(&one);

    assert_eq!(push(&world, "t1", first).await, ok());
    assert_eq!(push(&world, "t1", first).await, ok(), "the same again");
    assert_eq!(told_jane(&world).await.len(), 1);
    assert_eq!(
        push(&world, "t2", first).await,
        ok(),
        "the same event elsewhere"
    );
    assert_eq!(told_jane(&world).await.len(), 1);

    let changed = [one.clone(), two];
    assert_eq!(
        push(&world, "t1", &changed).await,
        ok(),
        "the homeserver began anew"
    );
    let told = told_jane(&world).await;
    assert_eq!(told.len(), 2);
    assert!(told[1].contains("Message two"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_event_is_reported_and_its_neighbours_go_on() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let mut without_id = message(&world, &room, "", "Without an id");
    without_id.as_object_mut().unwrap().remove("event_id");
    let mut timeless = message(&world, &room, "$timeless", "Without a time");
    timeless["origin_server_ts"] = json!("yesterday");
    let senseless = json!({
        "type": "m.room.member", "event_id": "$senseless", "room_id": room,
        "sender": "nobody in particular", "origin_server_ts": 1, "state_key": 7,
        "content": {"membership": ["join"]},
    });
    let endless = message(
        &world,
        &room,
        &format!("${}", "0123456789abcdef".repeat(500)),
        "Endless",
    );
    let mut events = vec![message(&world, &room, "$first", "The first")];
    events.extend([
        without_id,
        json!(null),
        json!("text"),
        timeless,
        senseless,
        endless,
    ]);
    events.push(message(&world, &room, "$last", "The last"));

    assert_eq!(push(&world, "t1", &events).await, ok());
    let told = told_jane(&world).await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].contains("The first") && told[1].contains("The last"),
        "{told:?}"
    );
    let control_room = world.control_room.clone();
    let reports = world.said_by(&control_room, "@postroom:example.org");
    let reports: Vec<_> = reports
        .iter()
        .filter(|report| report.contains("was set aside"))
        .collect();
    assert_eq!(reports.len(), 6, "each of the broken ones: {reports:?}");
    assert!(
        reports.iter().any(|report| report.contains("$timeless")),
        "{reports:?}"
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn content_that_makes_no_sense_harms_nobody() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let senseless = [
        json!({}),
        json!({"msgtype": 5, "body": {}}),
        json!({"msgtype": "m.text"}),
        json!({"msgtype": "m.file", "body": "x", "url": 7}),
        json!({"msgtype": "org.example.new", "body": "something new"}),
        json!({"msgtype": "m.text", "body": "edit", "m.relates_to": {"rel_type": "m.replace"}}),
        json!({"msgtype": "m.text", "body": "", "format": 1}),
        json!(null),
        json!("text"),
        json!([1, 2]),
    ];
    for (n, content) in senseless.into_iter().enumerate() {
        let mut event = message(&world, &room, &format!("$senseless{n}"), "");
        event["content"] = content;
        assert_eq!(push(&world, &format!("t{n}"), &[event]).await, ok());
    }
    let sound = message(&world, &room, "$sound", "Still alive");
    assert_eq!(push(&world, "sound", &[sound]).await, ok());
    let told = told_jane(&world).await;
    assert!(told.last().unwrap().contains("Still alive"), "{told:?}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_transaction_is_refused() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let put =
        |body: Vec<u8>| request(&world, Method::PUT, "/_matrix/app/v1/transactions/t1").body(body);
    for body in [
        "",
        "{",
        "[]",
        "null",
        "{}",
        "{\"events\": 1}",
        "\u{0}",
        "not JSON",
    ] {
        let answer = answer(put(body.into())).await;
        assert_eq!(answer, error(400, "M_NOT_JSON"), "{body}");
    }
    let deep = "[".repeat(100_000);
    assert_eq!(answer(put(deep.into())).await, error(400, "M_NOT_JSON"));
    assert_eq!(answer(put(vec![0xff; 1000])).await.0, 400);
    // The door may close before all of it is written.
    if let Ok(response) = put(vec![b' '; 32 * 1024 * 1024]).send().await {
        assert_eq!(response.status().as_u16(), 413);
    }
    let sound = message(&world, &room, "$sound", "Still alive");
    assert_eq!(
        push(&world, "t1", &[sound]).await,
        ok(),
        "the id is not used up"
    );
    assert_eq!(told_jane(&world).await.len(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_transaction_of_full_events_is_taken() {
    let world = World::start(Options::default()).await;
    let room = world.ann.create_room("Not ours");
    let text = "x".repeat(60_000);
    let events: Vec<Value> = (0..100)
        .map(|n| message(&world, &room, &format!("$large{n}"), &text))
        .collect();
    assert_eq!(push(&world, "t1", &events).await, ok());
    world.settled().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_homeserver_learns_who_exists() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let ghost = world.ghost(&room, "Jane Doe").unwrap();
    let ask = |user: &str| {
        let user = user.replace('@', "%40").replace('=', "%3D");
        request(
            &world,
            Method::GET,
            &format!("/_matrix/app/v1/users/{user}"),
        )
    };
    for user in [
        &ghost,
        "@postroom:example.org",
        "@_email_bob=40acme.com:example.org",
    ] {
        assert_eq!(answer(ask(user)).await, ok(), "{user}");
    }
    assert!(
        world
            .homeserver
            .profile("@_email_bob=40acme.com:example.org")
            .is_some(),
        "who is said to exist does"
    );
    for user in [
        "@_email_stranger.abcd:example.org",
        "@_email_bob=40acme.com:other.org",
        "@ann:example.org",
    ] {
        assert_eq!(answer(ask(user)).await, error(404, "M_NOT_FOUND"), "{user}");
    }
    assert_eq!(answer(ask("nonsense")).await, error(400, "M_INVALID_PARAM"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn aliases_are_not_ours_and_addresses_lead_to_ids() {
    let world = World::start(Options::default()).await;
    let get = |path: &str| request(&world, Method::GET, &format!("/_matrix/app/v1/{path}"));
    let alias = answer(get("rooms/%23_email_room:example.org")).await;
    assert_eq!(alias, error(404, "M_NOT_FOUND"));
    assert_eq!(answer(get("thirdparty/protocol/irc")).await.0, 404);
    let found = async |path: &str| -> Value {
        let answer = get(path).send().await.unwrap();
        answer.json().await.unwrap()
    };
    let protocol = found("thirdparty/protocol/email").await;
    assert_eq!(protocol["user_fields"], json!(["email"]));
    let jane = json!([{"userid": "@_email_jane=40acme.com:example.org", "protocol": "email",
        "fields": {"email": "jane@acme.com"}}]);
    for path in [
        "thirdparty/user/email?email=jane@acme.com",
        "thirdparty/user?userid=@_email_jane=40acme.com:example.org",
    ] {
        assert_eq!(found(path).await, jane, "{path}");
    }
    // Who has been written to looks no different, and their ghost leads to nobody.
    let room = world.room("Training", &[("jane@acme.com", "Jane")]).await;
    assert_eq!(
        found("thirdparty/user/email?email=JANE@acme.com").await,
        jane
    );
    let ghost = world.ghost(&room, "Jane").unwrap();
    for path in [
        format!("thirdparty/user?userid={ghost}"),
        "thirdparty/location/email?room=x".to_owned(),
        "thirdparty/location?alias=%23x:example.org".to_owned(),
        "thirdparty/user/email".to_owned(),
        "thirdparty/user".to_owned(),
    ] {
        assert_eq!(found(&path).await, json!([]), "{path}");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_is_answered() {
    let world = World::start(Options::default()).await;
    let ping = request(&world, Method::POST, "/_matrix/app/v1/ping");
    assert_eq!(
        answer(ping.json(&json!({"transaction_id": "p1"}))).await,
        ok()
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_comes_before_its_message_counts() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let edit = |id: &str, of: &str, text: &str| {
        let mut edit = message(&world, &room, id, &format!("* {text}"));
        edit["content"]["m.new_content"] = json!({"msgtype": "m.text", "body": text});
        edit["content"]["m.relates_to"] = json!({"rel_type": "m.replace", "event_id": of});
        edit
    };
    let mut forged = edit("$e3", "$m1", "The price is 9");
    forged["sender"] = json!("@zoe:other.org");
    let early = [
        edit("$e1", "$m1", "The price is 900"),
        edit("$e2", "$m2", "!!she pays late"),
        forged,
    ];
    assert_eq!(push(&world, "t1", &early).await, ok());
    assert_eq!(told_jane(&world).await, Vec::<String>::new());
    let late = [
        message(&world, &room, "$m1", "The price is 90"),
        message(&world, &room, "$m2", "she pays late"),
        // In one go, and the wrong way round.
        edit("$e4", "$m3", "See you on Wednesday"),
        message(&world, &room, "$m3", "See you on Tuesday"),
    ];
    assert_eq!(push(&world, "t2", &late).await, ok());
    let told = told_jane(&world).await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("The price is 900"), "{told:?}");
    assert!(told[1].contains("on Wednesday") && !told[1].contains("Tuesday"));
    world.finish().await;
}

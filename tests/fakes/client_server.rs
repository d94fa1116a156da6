//! The homeserver's client-server API.

use serde_json::{Value, json};

use crate::scene::{Api, GHOST, bodies, errcode, quick, world};
use crate::support::fake_homeserver::Membership;

#[tokio::test]
async fn a_path_is_sent_once_whoever_asks_until_a_restart() {
    let (hs, _, api, ann, room) = world(quick()).await;
    let first = api.say(&room, GHOST, "t1", "one").await;
    assert_eq!(first.0, 200);
    assert_eq!(api.say(&room, GHOST, "t1", "one").await, first);
    api.register("_email_max").await;
    ann.invite(&room, "@_email_max:example.org");
    api.call(
        "POST",
        &format!("join/{room}"),
        "@_email_max:example.org",
        json!({}),
    )
    .await;
    assert_eq!(
        api.say(&room, "@_email_max:example.org", "t1", "other")
            .await,
        first
    );
    assert_eq!(bodies(&hs, &room), ["one"]);

    hs.restart();
    let api = Api::of(&hs);
    let again = api.say(&room, GHOST, "t1", "one").await;
    assert_eq!(again.0, 200);
    assert_ne!(again, first);
    assert_eq!(bodies(&hs, &room), ["one", "one"]);
}

#[tokio::test]
async fn a_send_with_a_device_is_remembered_through_a_restart() {
    let (hs, _, api, _, room) = world(quick()).await;
    let path = format!("rooms/{room}/send/m.room.message/t1?device_id=POST");
    let body = json!({"msgtype": "m.text", "body": "one"});
    let unknown = api.call("PUT", &path, GHOST, body.clone()).await;
    assert_eq!(errcode(&unknown), (400, "M_UNKNOWN_DEVICE"));
    assert_eq!(
        api.call("PUT", "devices/POST", GHOST, json!({})).await.0,
        200
    );
    let first = api.call("PUT", &path, GHOST, body.clone()).await;
    hs.restart();
    let api = Api::of(&hs);
    assert_eq!(api.call("PUT", &path, GHOST, body).await, first);
    assert_eq!(bodies(&hs, &room), ["one"]);
}

#[tokio::test]
async fn a_failed_send_is_not_remembered() {
    let (hs, _, api, ann, room) = world(quick()).await;
    ann.kick(&room, GHOST);
    assert_eq!(
        errcode(&api.say(&room, GHOST, "t1", "one").await),
        (403, "M_FORBIDDEN")
    );
    ann.invite(&room, GHOST);
    api.call("POST", &format!("rooms/{room}/join"), GHOST, json!({}))
        .await;
    assert_eq!(api.say(&room, GHOST, "t1", "one").await.0, 200);
    assert_eq!(bodies(&hs, &room), ["one"]);
}

#[tokio::test]
async fn only_registered_users_of_the_namespace_may_be_used() {
    let (_hs, _, api, _, _) = world(quick()).await;
    assert_eq!(
        errcode(&api.register("_email_jane").await),
        (400, "M_USER_IN_USE")
    );
    assert_eq!(errcode(&api.register("jane").await), (400, "M_EXCLUSIVE"));
    assert_eq!(
        errcode(&api.register("_email_JANE").await),
        (400, "M_INVALID_USERNAME")
    );
    let whoami = async |user| api.call("GET", "account/whoami", user, json!({})).await;
    assert_eq!(whoami(GHOST).await.1["user_id"], GHOST);
    assert_eq!(whoami("").await.1["user_id"], "@postroom:example.org");
    assert_eq!(
        errcode(&whoami("@ann:example.org").await),
        (403, "M_FORBIDDEN")
    );
    assert_eq!(
        errcode(&whoami("@_email_new:example.org").await),
        (403, "M_FORBIDDEN")
    );
    assert_eq!(
        errcode(&whoami("@_email_jane:other.example").await),
        (403, "M_FORBIDDEN")
    );
    let url = format!("{}/_matrix/client/v3/account/whoami", api.base);
    let request = api.client.get(url).bearer_auth("wrong");
    assert_eq!(request.send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn joining_needs_an_invite_and_writing_a_join() {
    let (hs, _, api, ann, _) = world(quick()).await;
    let room = ann.create_room("Another");
    assert!(
        room.starts_with('!') && room.len() == 44 && !room.contains(':'),
        "{room}"
    );
    let join = async || {
        api.call("POST", &format!("rooms/{room}/join"), GHOST, json!({}))
            .await
    };
    assert_eq!(errcode(&join().await), (403, "M_FORBIDDEN"));
    assert_eq!(
        errcode(&api.say(&room, GHOST, "t1", "one").await),
        (403, "M_FORBIDDEN")
    );
    ann.invite(&room, GHOST);
    assert_eq!(
        errcode(&api.say(&room, GHOST, "t1", "one").await),
        (403, "M_FORBIDDEN")
    );
    assert_eq!(join().await, (200, json!({"room_id": room})));
    let events = hs.timeline(&room).len();
    assert_eq!(join().await.0, 200);
    assert_eq!(hs.timeline(&room).len(), events);

    let (status, sent) = api.say(&room, GHOST, "t1", "one").await;
    assert_eq!(status, 200);
    let id = sent["event_id"].as_str().unwrap();
    assert!(id.starts_with('$') && id.len() == 44, "{id}");
    let topic = format!("rooms/{room}/state/m.room.topic");
    let topic = api.call("PUT", &topic, GHOST, json!({"topic": "x"})).await;
    assert_eq!(errcode(&topic), (403, "M_FORBIDDEN"));
    assert_eq!(hs.members(&room)[GHOST], Membership::Join);
    let leave = async || {
        api.call("POST", &format!("rooms/{room}/leave"), GHOST, json!({}))
            .await
    };
    assert_eq!(leave().await.0, 200);
    assert_eq!(errcode(&leave().await), (403, "M_FORBIDDEN"));
    assert_eq!(hs.members(&room)[GHOST], Membership::Leave);
}

#[tokio::test]
async fn content_that_synapse_refuses_is_refused() {
    let (_hs, _, api, _, room) = world(quick()).await;
    let path = format!("rooms/{room}/send/m.room.message/t1");
    let send = async |body| api.call("PUT", &path, GHOST, body).await;
    assert_eq!(
        errcode(&send(json!({"size": 1.5})).await),
        (400, "M_BAD_JSON")
    );
    assert_eq!(errcode(&send(json!(["body"])).await), (400, "M_BAD_JSON"));
    let large = json!({"body": "x".repeat(65_536)});
    assert_eq!(errcode(&send(large).await), (413, "M_TOO_LARGE"));
}

#[tokio::test]
async fn rooms_can_be_read() {
    let (hs, _, api, ann, room) = world(quick()).await;
    for number in 0..5 {
        ann.say(&room, &format!("m{number}"));
    }
    let page = async |query: &str| {
        let path = format!("rooms/{room}/messages?{query}");
        let (_, page) = api.call("GET", &path, GHOST, json!({})).await;
        let bodies: Vec<String> = page["chunk"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["content"]["body"].as_str().unwrap_or("-").to_owned())
            .collect();
        (bodies, page["end"].as_str().map(str::to_owned))
    };
    let (newest, end) = page("dir=b&limit=2").await;
    assert_eq!(newest, ["m4", "m3"]);
    let (older, _) = page(&format!("dir=b&limit=2&from={}", end.unwrap())).await;
    assert_eq!(older, ["m2", "m1"]);
    let (all, end) = page("dir=f&limit=1000").await;
    assert_eq!(all.last().unwrap(), "m4");
    assert_eq!(
        page(&format!("dir=f&from={}", end.unwrap())).await,
        (vec![], None)
    );
    let (filtered, _) =
        page("dir=f&limit=100&filter=%7B%22types%22%3A%5B%22m.room.message%22%5D%7D").await;
    assert_eq!(filtered.len(), 5);

    let get = async |path: &str| {
        api.call("GET", &format!("rooms/{room}/{path}"), GHOST, json!({}))
            .await
    };
    assert_eq!(
        get("state/m.room.name/").await,
        (200, json!({"name": "Project"}))
    );
    assert_eq!(
        errcode(&get("state/m.room.topic").await),
        (404, "M_NOT_FOUND")
    );
    assert!(get("state").await.1.as_array().unwrap().len() > 5);
    assert_eq!(
        get("members?membership=join").await.1["chunk"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        get("joined_members").await.1["joined"]["@ann:example.org"]["display_name"],
        "ann"
    );
    let message = ann.say(&room, "secret");
    assert_eq!(
        get(&format!("event/{message}")).await.1["content"]["body"],
        "secret"
    );
    ann.redact(&room, &message);
    assert_eq!(
        get(&format!("event/{message}")).await.1["content"],
        json!({})
    );
    let rooms = api.call("GET", "joined_rooms", GHOST, json!({})).await;
    assert_eq!(rooms.1, json!({"joined_rooms": [room]}));

    let receipt = format!("rooms/{room}/receipt/m.read/{message}");
    assert_eq!(api.call("POST", &receipt, GHOST, json!({})).await.0, 200);
    assert_eq!(hs.receipts(&room)[0].event_id, message);
    let typing = format!("rooms/{room}/typing/{GHOST}");
    api.call(
        "PUT",
        &typing,
        GHOST,
        json!({"typing": true, "timeout": 1000}),
    )
    .await;
    assert_eq!(hs.typing_in(&room), [GHOST]);
}

#[tokio::test]
async fn a_new_name_is_shown_in_every_room() {
    let (hs, _, api, _, room) = world(quick()).await;
    let path = format!("profile/{GHOST}/displayname");
    let name = json!({"displayname": "Jane Doe"});
    assert_eq!(api.call("PUT", &path, GHOST, name.clone()).await.0, 200);
    assert_eq!(
        api.call("GET", &format!("profile/{GHOST}"), "", json!({}))
            .await
            .1,
        name
    );
    let last = hs.timeline(&room).pop().unwrap();
    assert_eq!(
        (last.kind.as_str(), &last.content["displayname"]),
        ("m.room.member", &json!("Jane Doe"))
    );
    let other = api.call("PUT", &path, "", name).await;
    assert_eq!(errcode(&other), (400, "M_FORBIDDEN"));
}

#[tokio::test]
async fn the_bot_makes_rooms_and_rules_them() {
    let (hs, _, api, _, _) = world(quick()).await;
    let wish = json!({
        "name": "Case 1", "topic": "Help", "invite": ["@ann:example.org"],
        "initial_state": [{"type": "m.room.history_visibility", "state_key": "",
            "content": {"history_visibility": "invited"}}],
    });
    let (status, made) = api.call("POST", "createRoom", "", wish).await;
    assert_eq!(status, 200);
    let room = made["room_id"].as_str().unwrap();
    assert_eq!(hs.members(room)["@ann:example.org"], Membership::Invite);
    assert_eq!(hs.state(room, "m.room.topic", "").unwrap()["topic"], "Help");
    let visibility = hs.state(room, "m.room.history_visibility", "").unwrap();
    assert_eq!(visibility["history_visibility"], "invited");
    assert_eq!(hs.timeline(room)[0].event_id[1..], room[1..]);
    let ann = hs.user("ann");
    ann.join(room);
    assert_eq!(
        ann.try_send(room, "m.room.message", json!({"body": "hi"}))
            .map(|_| ()),
        Ok(())
    );
    let kick = json!({"user_id": "@ann:example.org"});
    assert_eq!(
        api.call("POST", &format!("rooms/{room}/kick"), "", kick)
            .await
            .0,
        200
    );
    assert_eq!(
        ann.try_send(room, "m.room.message", json!({"body": "hi"}))
            .unwrap_err()
            .status,
        403
    );
}

#[tokio::test]
async fn media_go_in_and_come_out() {
    let (hs, _, api, _, _) = world(quick()).await;
    let upload = format!("{}/_matrix/media/v3/upload?filename=a.pdf", hs.url());
    let request = api.client.post(upload).bearer_auth("as-token");
    let request = request
        .header("content-type", "application/pdf")
        .body(&b"%PDF"[..]);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    let uri = answer["content_uri"].as_str().unwrap();
    assert_eq!(hs.media(uri).unwrap().filename.as_deref(), Some("a.pdf"));

    let path = uri.strip_prefix("mxc://").unwrap();
    let download = format!("{}/_matrix/client/v1/media/download/{path}", hs.url());
    assert_eq!(
        api.client.get(&download).send().await.unwrap().status(),
        401
    );
    let file = api
        .client
        .get(&download)
        .bearer_auth("as-token")
        .send()
        .await
        .unwrap();
    assert_eq!(file.headers()["content-type"], "application/pdf");
    assert_eq!(file.bytes().await.unwrap(), &b"%PDF"[..]);
}

#[tokio::test]
async fn the_media_repository_has_a_limit_and_says_it() {
    let (hs, _, api, _, _) = world(quick()).await;
    hs.set_max_upload(4);
    for path in ["client/v1/media/config", "media/v3/config"] {
        let request = api.client.get(format!("{}/_matrix/{path}", hs.url()));
        let answer = request.bearer_auth("as-token").send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer, json!({"m.upload.size": 4}));
    }
    let upload = async |body: &'static str| {
        let url = format!("{}/_matrix/media/v3/upload?user_id={GHOST}", hs.url());
        let request = api.client.post(url).bearer_auth("as-token").body(body);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(upload("12345").await, 413);
    assert!(hs.uploads().is_empty());
    assert_eq!(upload("1234").await, 200);
    let [file] = &hs.uploads()[..] else {
        panic!("one file")
    };
    assert_eq!(file.uploader, GHOST);
    assert_eq!(file.content_type, "application/octet-stream");
}

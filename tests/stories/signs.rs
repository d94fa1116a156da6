//! What a room tells other clients: that a bridge serves it, and who in it is no person.

use serde_json::{Value, json};

use crate::{
    desk::BOT,
    support::{
        fake_homeserver::Fault,
        world::{Options, World},
    },
};

const KEY: &str = "postroom/email/support";
const FUNCTIONAL: &str = "io.element.functional_members";

fn bridge(world: &World, room: &str) -> [Option<Value>; 2] {
    ["m.bridge", "uk.half-shot.bridge"].map(|kind| world.homeserver.state(room, kind, KEY))
}

fn functional(world: &World, room: &str) -> Option<Value> {
    world.homeserver.state(room, FUNCTIONAL, "")
}

/// A room in which the bot may change the state.
async fn room(world: &World, name: &str) -> String {
    let wish = json!({"name": name, "power_level_content_override": {"users": {BOT: 50}}});
    let room = world.ann.create_room_with(&wish);
    world.invite_bot(&room).await;
    room
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_with_somebody_by_email_says_so_and_names_no_customer() {
    let world = World::start(Options::default()).await;
    let room = room(&world, "Training").await;
    world.quiet().await;
    assert_eq!(bridge(&world, &room), [None, None], "nobody is here yet");
    assert_eq!(functional(&world, &room), None);

    world.add(&room, "jane@acme.com", "Jane Doe").await;
    world.quiet().await;
    let [proposed, used] = bridge(&world, &room);
    let said = proposed.unwrap();
    assert_eq!(used.as_ref(), Some(&said));
    assert_eq!(said["bridgebot"], BOT);
    assert_eq!(said["protocol"]["id"], "email");
    assert_eq!(said["channel"]["id"], "support");
    assert_eq!(
        said["channel"]["external_url"],
        "mailto:support@example.org"
    );
    assert!(!said.to_string().to_lowercase().contains("jane"), "{said}");
    let members = functional(&world, &room).unwrap();
    assert_eq!(members["service_members"], json!([BOT]));

    world.homeserver.reset_counts();
    world.add(&room, "bob@beta.example", "Bob").await;
    world.ask(&room, "!email remove bob@beta.example").await;
    world.quiet().await;
    assert_eq!(world.homeserver.count("state"), 0, "nothing is different");
    assert_eq!(world.homeserver.count("get_state"), 0, "nobody has to look");

    world.ask(&room, "!email remove jane@acme.com").await;
    world.quiet().await;
    assert_eq!(bridge(&world, &room), [Some(json!({})), Some(json!({}))]);
    let members = functional(&world, &room).unwrap();
    assert_eq!(members["service_members"], json!([]));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_have_put_there_stays() {
    let world = World::start(Options::default()).await;
    let room = room(&world, "Training").await;
    let others = json!({"service_members": ["@irc:example.org"], "org.example.more": true});
    world.ann.set_state(&room, FUNCTIONAL, "", others);
    let other_bridge = json!({"bridgebot": "@irc:example.org"});
    world
        .ann
        .set_state(&room, "m.bridge", "irc", other_bridge.clone());
    world.add(&room, "jane@acme.com", "Jane Doe").await;
    world.quiet().await;
    let members = functional(&world, &room).unwrap();
    assert_eq!(members["service_members"], json!(["@irc:example.org", BOT]));
    assert_eq!(members["org.example.more"], true);
    world.ask(&room, "!email remove jane@acme.com").await;
    world.quiet().await;
    let members = functional(&world, &room).unwrap();
    assert_eq!(members["service_members"], json!(["@irc:example.org"]));
    let there = world.homeserver.state(&room, "m.bridge", "irc");
    assert_eq!(there, Some(other_bridge));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_bot_may_not_nothing_is_said_and_nobody_is_bothered() {
    let world = World::start(Options::default()).await;
    let room = world
        .room("Training", &[("jane@acme.com", "Jane Doe")])
        .await;
    world.tell(&room, "Hello Jane").await;
    world.mails_to("jane@acme.com", 1).await;
    world.quiet().await;
    assert_eq!(bridge(&world, &room), [None, None]);
    assert!(!world.bot_says(&world.control_room, "refused"));

    // Once it may, the next change says it.
    let levels = world.homeserver.state(&room, "m.room.power_levels", "");
    let mut levels = levels.unwrap();
    levels["users"][BOT] = json!(50);
    world
        .ann
        .set_state(&room, "m.room.power_levels", "", levels);
    world.add(&room, "bob@beta.example", "Bob").await;
    world.quiet().await;
    assert!(bridge(&world, &room).iter().all(Option::is_some));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_lost_on_the_way_is_said_after_all() {
    let mut world = World::start(Options::default()).await;
    let room = room(&world, "Training").await;
    let fault = world
        .homeserver
        .fault(Fault::status(502).at("state").containing("bridge"));
    world.add(&room, "jane@acme.com", "Jane Doe").await;
    world
        .until("it was tried", || world.homeserver.hits(fault) > 0)
        .await;
    world.kill_postroom();
    world.homeserver.clear_faults();
    world.start_postroom().await;
    world
        .until("it is said", || {
            bridge(&world, &room).iter().all(Option::is_some)
        })
        .await;
    world.quiet().await;
    let members = functional(&world, &room).unwrap();
    assert_eq!(members["service_members"], json!([BOT]), "once");
    world.finish().await;
}

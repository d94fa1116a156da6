//! Rooms for strangers' mail and the Space, and rooms that somebody wants there who asks by mail.

use serde_json::{Value, json};

use crate::{
    desk::{BOT, JANE, mail},
    intake::{SUPPORT, made, new_room, request, said, told, triage, write},
    policy::{Scene, is_report},
    support::{
        fake_homeserver::Fault,
        world::{header, letter_text},
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_room_is_listed_in_the_space() {
    let scene = Scene::open_as(triage(), "").await;
    let world = &scene.world;
    write(world, JANE, "", "My printer is broken").await;
    let asked = request(world, 1).await;
    // The homeserver is away for a while after it has made the room.
    world.homeserver.fault(
        Fault::status(503)
            .at("state")
            .containing("m.space.child")
            .times(2),
    );
    world.ann.react(&world.control_room, &asked, "✅");
    let room = new_room(world, &world.ann).await;
    assert_eq!(said(world, &room, "Jane Doe"), ["My printer is broken"]);
    let child = scene.state(&scene.space, "m.space.child", &room);
    assert_eq!(child, json!({"via": ["example.org"]}));
    let parent = scene.state(&room, "m.space.parent", &scene.space);
    assert_eq!(parent, json!({"via": ["example.org"], "canonical": true}));
    assert!(told(world, &world.control_room, "isn't in the Space").is_empty());
    scene.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_room_that_the_bot_may_not_list_is_told_of() {
    let scene = Scene::open_as(triage(), "").await;
    let world = &scene.world;
    scene.give_bot_in_space(0);
    write(world, JANE, "", "My printer is broken").await;
    let asked = request(world, 1).await;
    world.ann.react(&world.control_room, &asked, "✅");
    let room = new_room(world, &world.ann).await;
    assert_eq!(
        said(world, &room, "Jane Doe"),
        ["My printer is broken"],
        "the mail doesn't wait for the Space"
    );
    let notices = told(world, &world.control_room, "isn't in the Space");
    assert_eq!(notices.len(), 1);
    let remedy = format!("!email space add {room}");
    assert!(notices[0].body().contains(&remedy), "{}", notices[0].body());
    scene.give_bot_in_space(50);
    scene.admin.join(&room);
    let is_end = |text: &str| !text.contains('…');
    let done = scene.ask(&world.control_room, &remedy, is_end).await;
    assert!(done.contains("is in the Space now"), "{done}");
    scene.world.finish().await;
}

/// A room of the bot and Ann, with an address.
async fn lyon(scene: &Scene) -> String {
    let wish = json!({
        "name": "Lyon", "room_alias_name": "lyon",
        "creation_content": {"additional_creators": [BOT]},
    });
    let room = scene.world.ann.create_room_with(&wish);
    scene.world.invite_bot(&room).await;
    room
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_comes_into_the_space_as_somebody_asks_by_mail() {
    let scene = Scene::open_as(triage(), "").await;
    let world = &scene.world;
    let room = lyon(&scene).await;
    write(world, JANE, "", "Hello,\n\nspace add #lyon:example.org").await;
    let asked = request(world, 1).await;
    let notice = &told(world, &world.control_room, "Request #1:")[0];
    for part in ["asks to take #lyon:example.org into the Space", "> Hello"] {
        assert!(notice.body().contains(part), "{part}: {}", notice.body());
    }
    let list = world.ask(&world.control_room, "!email requests").await;
    assert!(
        list.contains("for #lyon:example.org in the Space"),
        "{list}"
    );
    world.quiet().await;
    assert_eq!(
        world.sink.count(),
        0,
        "nothing is done before staff want it"
    );

    world.ann.react(&world.control_room, &asked, "✅");
    let is_told = |text: &str| text.contains("gets an answer by mail");
    let answer = scene
        .end_of_answer(&world.control_room, &asked, is_told)
        .await;
    assert!(
        answer.contains("“Lyon” can't be taken into the Space yet"),
        "{answer}"
    );
    let refusal = world.mails_to("jane@acme.com", 1).await.remove(0);
    let field = |name| header(&refusal.raw, name).unwrap_or_default();
    assert_eq!(field("Auto-Submitted"), "auto-replied");
    assert_eq!(field("Subject"), "Re: Kernel training");
    assert_eq!(
        field("In-Reply-To"),
        "<Hellospaceaddlyonexampleorg@acme.com>"
    );
    let text = letter_text(&refusal);
    for part in [
        "#lyon:example.org can’t be in our Space yet. It needs:",
        "a name that begins with “RSE:”",
        "@admin:example.org in the room, with level 100",
        "send us the same mail again",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let child = || scene.state(&scene.space, "m.space.child", &room);
    assert_eq!(child(), Value::Null);
    let list = world.ask(&world.control_room, "!email requests").await;
    assert_eq!(list, "No request waits.");

    scene.ask(&room, "!email policy apply", is_report).await;
    scene.admin.join(&room);
    write(world, JANE, "", "Done,\n\nspace add #lyon:example.org").await;
    request(world, 2).await;
    let taken = world.ann.say(&world.control_room, "!email take 2");
    let answer = scene
        .end_of_answer(&world.control_room, &taken, is_told)
        .await;
    assert!(
        answer.contains("✅ “RSE: Lyon” is in the Space now."),
        "{answer}"
    );
    let done = world.mails_to("jane@acme.com", 2).await.remove(1);
    assert!(letter_text(&done).contains("#lyon:example.org is in our Space now."));
    assert_eq!(child(), json!({"via": ["example.org"]}));
    let again = world.ask(&world.control_room, "!email take 2").await;
    assert!(again.contains("has been told by mail"), "{again}");
    assert_eq!(made(world), [""; 0]);
    scene.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_staff_have_to_mend_first_is_not_answered_by_mail() {
    let scene = Scene::open_as(triage(), "").await;
    let world = &scene.world;
    let room = lyon(&scene).await;
    scene.ask(&room, "!email policy apply", is_report).await;
    scene.admin.join(&room);
    scene.give_bot_in_space(0);
    write(world, JANE, "", "space add #lyon:example.org").await;
    let asked = request(world, 1).await;
    world.ann.react(&world.control_room, &asked, "✅");
    let waits = |text: &str| text.contains("waits again");
    let answer = scene
        .end_of_answer(&world.control_room, &asked, waits)
        .await;
    assert!(answer.contains("I need level 50 in the Space"), "{answer}");
    assert_eq!(world.sink.count(), 0);
    scene.give_bot_in_space(50);
    world.ann.say(&world.control_room, "!email take 1");
    let done = world.mails_to("jane@acme.com", 1).await.remove(0);
    assert!(letter_text(&done).contains("is in our Space now"));
    scene.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_proven_asks_for_nothing_of_the_space() {
    let scene = Scene::open_as(triage(), "").await;
    let world = &scene.world;
    lyon(&scene).await;
    let raw = mail(JANE, SUPPORT, "", "space add #lyon:example.org");
    world.unproven_mail("jane@acme.com", &[SUPPORT], &raw).await;
    request(world, 1).await;
    let notice = &told(world, &world.control_room, "Request #1:")[0];
    assert!(
        notice.body().contains("writes to support@example.org"),
        "{}",
        notice.body()
    );
    scene.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_room_that_was_asked_for_by_mail_is_looked_at() {
    let mut scene = Scene::open_as(triage(), "").await;
    let homeserver = scene.world.homeserver.clone();
    lyon(&scene).await;
    write(&scene.world, JANE, "", "space add #lyon:example.org").await;
    let asked = request(&scene.world, 1).await;
    let control_room = scene.world.control_room.clone();
    let away = homeserver.fault(Fault::status(503).at("all_state"));
    scene.world.ann.react(&control_room, &asked, "✅");
    scene
        .world
        .until("it looks at the room", || homeserver.hits(away) > 0)
        .await;
    scene.world.kill_postroom();
    homeserver.clear_fault(away);
    scene.world.start_postroom().await;
    let is_told = |text: &str| text.contains("gets an answer by mail");
    scene.end_of_answer(&control_room, &asked, is_told).await;
    let letters = scene.world.mails_to("jane@acme.com", 1).await;
    assert!(letter_text(&letters[0]).contains("can’t be in our Space yet"));
    scene.world.settled().await;
    assert_eq!(scene.world.sink.count(), 1);
    scene.world.finish().await;
}

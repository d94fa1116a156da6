//! The pictures of ghosts and of the bot.

use crate::{
    desk::{BOT, Desk, JANE, mail},
    support::{
        fake_homeserver::Fault,
        samples::png,
        world::{Options, World},
    },
};

/// The picture of a user, as the homeserver has it.
fn picture(world: &World, user: &str) -> Option<Vec<u8>> {
    let url = world.homeserver.profile(user)?.avatar_url?;
    let media = world.homeserver.media(&url).expect("it was uploaded");
    assert_eq!(media.content_type, "image/png");
    media.bytes.map(|bytes| bytes.to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ghost_wears_its_initials_and_gets_them_once() {
    let desk = Desk::open(Options::default()).await;
    let shown = picture(&desk.world, &desk.jane).unwrap();
    assert!(shown.starts_with(b"\x89PNG"));
    assert!(shown.len() < 5_000, "{}", shown.len());

    // Another room, a mail of hers, and a new start: nothing more is uploaded or set.
    desk.world.homeserver.reset_counts();
    let raw = mail("Jane Doe <jane@acme.com>", &desk.token, "", "Thank you");
    desk.take(&desk.token, &raw).await;
    let mut desk = desk;
    desk.world.kill_postroom();
    desk.world.start_postroom().await;
    let room = desk
        .world
        .room("Second", &[("jane@acme.com", "Jane Doe")])
        .await;
    assert!(desk.world.ghost(&room, "Jane Doe").is_some());
    assert_eq!(desk.world.homeserver.count("upload"), 0);
    assert_eq!(desk.world.homeserver.count("profile"), 0);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_name_is_another_picture() {
    let world = World::start(Options::default()).await;
    let room = world
        .room("Training", &[("jane@acme.com", "Jane Doe")])
        .await;
    let jane = world.ghost(&room, "Jane Doe").unwrap();
    let before = picture(&world, &jane).unwrap();
    let second = world.room("Second", &[("jane@acme.com", "Jane Roe")]).await;
    world.quiet().await;
    assert!(world.ghost(&second, "Jane Roe").is_some());
    assert_ne!(picture(&world, &jane).unwrap(), before);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_mails_bear_a_picture_wears_that() {
    let desk = Desk::open(Options::default()).await;
    let initials = picture(&desk.world, &desk.jane).unwrap();
    let face = |side| {
        let text = data_encoding::BASE64.encode(&png(side, side));
        format!("Face: {text}\n")
    };
    // Anybody can write such a header.
    let raw = mail(JANE, &desk.token, &face(20), "Not proven");
    let world = &desk.world;
    world
        .unproven_mail("jane@acme.com", &[&desk.token], &raw)
        .await;
    world.settled().await;
    assert_eq!(picture(world, &desk.jane).unwrap(), initials);

    let raw = mail(JANE, &desk.token, &face(24), "Proven");
    desk.take(&desk.token, &raw).await;
    world.settled().await;
    let shown = picture(world, &desk.jane).unwrap();
    let shown = image::load_from_memory(&shown).unwrap();
    assert_eq!(shown.width(), 24);

    // It stays, and is given once.
    world.homeserver.reset_counts();
    for (text, headers) in [("Again", face(24)), ("Without", String::new())] {
        let raw = mail(JANE, &desk.token, &headers, text);
        desk.take(&desk.token, &raw).await;
    }
    world.settled().await;
    assert_eq!(world.homeserver.count("upload"), 0);
    assert_eq!(world.homeserver.count("profile"), 0);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_a_picture() {
    let world = World::start(Options::default()).await;
    let failing = world.homeserver.fault(Fault::status(500).at("upload"));
    let room = world
        .room("Training", &[("jane@acme.com", "Jane Doe")])
        .await;
    let jane = world.ghost(&room, "Jane Doe").unwrap();
    world.quiet().await;
    assert!(world.homeserver.hits(failing) > 0);
    assert_eq!(picture(&world, &jane), None);

    // It comes with what she does next.
    world.homeserver.clear_faults();
    world.tell(&room, "Hello").await;
    let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
    world
        .answer(&letter, "jane@acme.com", "Thank you", "one@acme.com")
        .await;
    world.settled().await;
    let said = world.said_by(&room, &jane);
    assert!(
        said.len() == 1 && said[0].starts_with("Thank you"),
        "{said:?}"
    );
    assert!(picture(&world, &jane).is_some());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_homeserver_that_allows_no_pictures_is_asked_once() {
    let world = World::start(Options::default()).await;
    let refused = world
        .homeserver
        .fault(Fault::status(403).at("profile").containing("avatar_url"));
    let room = world
        .room("Training", &[("jane@acme.com", "Jane Doe")])
        .await;
    world.room("Second", &[("jane@acme.com", "Jane Doe")]).await;
    world.quiet().await;
    assert_eq!(world.homeserver.hits(refused), 1);
    assert!(world.ghost(&room, "Jane Doe").is_some());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_wears_the_logo_unless_it_was_given_another_picture() {
    let logo = png(120, 40);
    let mut world = World::start(Options::default()).await;
    assert_eq!(world.homeserver.profile(BOT).unwrap().avatar_url, None);
    world.kill_postroom();
    world.folder.write("logo.png", &logo).unwrap();
    let options = Options {
        mailbox: "logo: logo.png",
        ..Options::default()
    };
    world.write_configuration(&options);
    world.start_postroom().await;
    assert_eq!(picture(&world, BOT), Some(logo));

    world.kill_postroom();
    world.homeserver.reset_counts();
    world.start_postroom().await;
    assert_eq!(world.homeserver.count("upload"), 0);
    assert_eq!(world.homeserver.count("profile"), 0);
    world.finish().await;
}

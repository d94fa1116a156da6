//! How large a mail may be: words always go, files as far as there is place.

use rstest::rstest;

use super::{JANE, count, fates, firmware, jane_waits, patient, put_off, share, take_it};
use crate::support::{
    smtp_sink::{Stage, Trouble},
    world::{Options, World, letter_text},
};

const KIND: &str = "application/octet-stream";

/// The server that takes less than before says so, or it doesn't.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_less_than_before_gets_fewer_files(
    #[values(true, false)] is_announced: bool,
) {
    let (world, room) = jane_waits().await;
    let large = share(&world, &room, "large.bin", KIND, &firmware(300_000)).await;
    let small = share(&world, &room, "small.bin", KIND, &firmware(20_000)).await;
    world.ann.say(&room, "There you are");
    let busy = put_off(&world, &room).await;
    assert_eq!(fates(&world, &large).await[0]["fate"], "attached");
    world.sink.limit_size(150_000, is_announced);
    world.sink.cut_connections();
    take_it(&world, busy).await;
    let letter = letter_text(&world.mails_to("jane@acme.com", 1).await[0]);
    assert!(
        letter.contains("There you are") && letter.contains("large.bin"),
        "{letter}"
    );
    assert_eq!(fates(&world, &large).await[0]["missing"], "too_large");
    assert_eq!(fates(&world, &small).await[0]["fate"], "attached");
    world.settled().await;
    let told = world.answers_to(&room, &large).join("\n");
    assert!(told.contains("was not sent by email"), "{told}");
    assert_eq!(
        count(&world, "SELECT count(*) FROM outbox WHERE uncertain = 1").await,
        0
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_are_too_large_are_told_and_hold_nothing_up() {
    let (world, room) = jane_waits().await;
    world.sink.limit_size(30_000, true);
    world.ann.say(&room, &"Nobody reads this. ".repeat(1_200));
    world.ask(&room, "!email now").await;
    world
        .until("the room is told", || {
            world.bot_says(&room, "our mail server takes at most 30000")
        })
        .await;
    world.ann.say(&room, "In short: yes");
    world.ask(&room, "!email now").await;
    let letter = letter_text(&world.mails_to("jane@acme.com", 1).await[0]);
    assert!(letter.contains("In short: yes"), "{letter}");
    world.settled().await;
    world.finish().await;
}

/// A file that fits what we allow, while the server can't be asked what it takes.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_decided_before_the_server_was_asked() {
    let world = World::start(Options {
        public: true,
        ..patient()
    })
    .await;
    let room = world.room("Training", &[JANE]).await;
    world.sink.limit_size(150_000, true);
    let down = world.sink.trouble(Trouble::close(Stage::Connect));
    let event = share(&world, &room, "plan.bin", KIND, &firmware(300_000)).await;
    world.ask(&room, "!email now").await;
    world
        .until("it was asked", || world.sink.hits(down) > 1)
        .await;
    assert!(fates(&world, &event).await[0].is_null());
    take_it(&world, down).await;
    world.mails_to("jane@acme.com", 1).await;
    assert_eq!(fates(&world, &event).await[0]["fate"], "linked");
    world.settled().await;
    world.finish().await;
}

/// An ampersand takes one octet as text, and five as HTML.
#[tokio::test(flavor = "multi_thread")]
async fn words_are_counted_as_they_are_written() {
    let (world, room) = jane_waits().await;
    world.sink.limit_size(500_000, true);
    let event = share(&world, &room, "plan.bin", KIND, &firmware(200_000)).await;
    world.ann.say(&room, &"&".repeat(45_000));
    world.ask(&room, "!email now").await;
    world.mails_to("jane@acme.com", 1).await;
    assert_eq!(fates(&world, &event).await[0]["missing"], "too_large");
    let refused = "SELECT count(*) FROM letters WHERE most > 0";
    assert_eq!(
        count(&world, refused).await,
        0,
        "known before it was offered"
    );
    world.settled().await;
    world.finish().await;
}

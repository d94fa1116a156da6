//! Files in edits: nobody gets one that was replaced in time, and what was taken back is gone with all
//! that came in its place.

use reqwest::StatusCode;
use serde_json::json;

use super::{
    assert_nothing_is_kept, count, fates, firmware, jane_waits, page_of_link, put_off, share,
    small_mails, take_it, training,
};
use crate::support::{
    fake_homeserver::Fault,
    servers::http,
    world::{World, letter_text},
};

/// Ann puts another file in place of the one in `event`.
fn replace(world: &World, room: &str, event: &str, name: &str, file: &[u8]) -> String {
    let url = world
        .homeserver
        .add_media(name, "application/octet-stream", file);
    let new = json!({
        "msgtype": "m.file", "body": name, "filename": name, "url": url,
        "info": {"mimetype": "application/octet-stream", "size": file.len()},
    });
    let mut content = new.clone();
    content["m.new_content"] = new;
    content["m.relates_to"] = json!({"rel_type": "m.replace", "event_id": event});
    world.ann.send(room, "m.room.message", content)
}

/// What stands in a letter in base64.
fn encoded(content: &str) -> String {
    data_encoding::BASE64.encode(content.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_replaced_in_time_does_not_go() {
    let (world, room) = jane_waits().await;
    let event = share(
        &world,
        &room,
        "draft.txt",
        "application/octet-stream",
        b"with prices",
    )
    .await;
    replace(&world, &room, &event, "offer.txt", b"for customers");
    world.ann.say(&room, "See the offer");
    world.ask(&room, "!email now").await;
    let letter = world.mails_to("jane@acme.com", 1).await[0].text();
    assert!(letter.contains(&encoded("for customers")), "{letter}");
    assert!(
        !letter.contains("draft.txt") && !letter.contains(&encoded("with prices")),
        "{letter}"
    );
    world.settled().await;
    assert_eq!(world.sink.count(), 1, "no correction");
    assert_nothing_is_kept(&world).await;

    // It is known as what was sent.
    world.ann.edit(&room, &event, "Only words now");
    world.quiet().await;
    world.ask(&room, "!email now").await;
    let letter = letter_text(&world.mails_to("jane@acme.com", 2).await[1]);
    assert!(letter.contains("Only words now"), "{letter}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_between_two_files_mix_nothing_up() {
    let (world, room) = jane_waits().await;
    let event = share(
        &world,
        &room,
        "first.txt",
        "application/octet-stream",
        b"the first one",
    )
    .await;
    let busy = put_off(&world, &room).await;
    assert_eq!(fates(&world, &event).await[0]["fate"], "attached");
    world.ann.edit(&room, &event, "I was too quick");
    world.quiet_events().await;
    replace(&world, &room, &event, "second.txt", b"the second one");
    world.quiet_events().await;
    take_it(&world, busy).await;
    let letter = world.mails_to("jane@acme.com", 1).await[0].text();
    assert!(letter.contains("second.txt"), "{letter}");
    assert!(letter.contains(&encoded("the second one")), "{letter}");
    assert!(!letter.contains(&encoded("the first one")), "{letter}");
    world.settled().await;
    assert_nothing_is_kept(&world).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_replaced_while_it_is_fetched_does_not_go() {
    let (world, room) = jane_waits().await;
    let secret = firmware(300_000);
    let event = share(&world, &room, "draft.bin", "", &secret).await;
    let slowly = Fault::slowly(6, std::time::Duration::from_millis(400));
    let slowly = world.homeserver.fault(slowly.at("download").times(1));
    world.ask(&room, "!email now").await;
    world
        .until("the download is under way", || {
            world.homeserver.hits(slowly) > 0
        })
        .await;
    replace(&world, &room, &event, "offer.txt", b"for customers");
    let letter = world.mails_to("jane@acme.com", 1).await[0].text();
    assert!(letter.contains(&encoded("for customers")), "{letter}");
    assert!(!letter.contains("draft.bin"), "{letter}");
    world.settled().await;
    assert_eq!(world.sink.count(), 1);
    assert_nothing_is_kept(&world).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_in_place_of_a_file_dies_with_its_message() {
    let (world, room) = training(small_mails()).await;
    let event = share(
        &world,
        &room,
        "small.txt",
        "application/octet-stream",
        b"a small one",
    )
    .await;
    world.ask(&room, "!email now").await;
    world.mails_to("jane@acme.com", 1).await;
    world.settled().await;
    replace(&world, &room, &event, "large.bin", &firmware(1_500_000));
    world.quiet().await;
    world.ask(&room, "!email now").await;
    world.mails_to("jane@acme.com", 2).await;
    world.settled().await;
    let page = page_of_link(&world).await;
    let client = http::client().unwrap();
    let status = async || client.get(&page).send().await.unwrap().status();
    assert_eq!(status().await, StatusCode::OK);
    world.ann.redact(&room, &event);
    world.settled().await;
    assert_eq!(status().await, StatusCode::GONE);
    assert!(world.bot_says(&room, "Jane Doe"), "she has both");
    let named = "SELECT count(*) FROM links WHERE filename <> ''";
    assert_eq!(count(&world, named).await, 0);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_an_edit_back_ends_its_file_alone() {
    let (world, room) = training(small_mails()).await;
    let event = share(
        &world,
        &room,
        "small.txt",
        "application/octet-stream",
        b"a small one",
    )
    .await;
    let edit = replace(&world, &room, &event, "large.bin", &firmware(1_500_000));
    world.quiet().await;
    world.ask(&room, "!email now").await;
    world.mails_to("jane@acme.com", 1).await;
    world.settled().await;
    let page = page_of_link(&world).await;
    world.ann.redact(&room, &edit);
    world.quiet().await;
    let answer = http::client().unwrap().get(&page).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::GONE);
    assert!(world.bot_says(&room, "Jane Doe"));
    world.ask(&room, "!email now").await;
    let letter = world.mails_to("jane@acme.com", 2).await[1].text();
    assert!(letter.contains(&encoded("a small one")), "{letter}");
    world.finish().await;
}

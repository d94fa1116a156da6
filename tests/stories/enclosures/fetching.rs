//! Files are fetched once, kept while a letter needs them, and never lost without a word.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    A_MOMENT, JANE, assert_nothing_is_kept, change, count, fates, firmware, jane_waits, patient,
    png, put_off, share, small_mails, take_it, training,
};
use crate::support::{
    fake_homeserver::Fault,
    world::{Options, World, letter_text},
};

fn attached() -> Value {
    json!({"fate": "attached"})
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_customers_get_a_picture_that_was_fetched_once() {
    let world = World::start(patient()).await;
    let people: Vec<(String, String)> = (0..10)
        .map(|n| (format!("jane{n}@acme{n}.com"), format!("Jane {n}")))
        .collect();
    let people: Vec<(&str, &str)> = people
        .iter()
        .map(|(a, n)| (a.as_str(), n.as_str()))
        .collect();
    let room = world.room("Training", &people).await;
    let event = share(&world, &room, "board.png", "image/png", &png(1600, 400)).await;
    world.ask(&room, "!email now").await;
    for (address, _) in &people {
        world.mails_to(address, 1).await;
    }
    assert_eq!(world.homeserver.count("download"), 1);
    assert_eq!(fates(&world, &event).await, vec![attached(); 10]);
    world.settled().await;
    assert_nothing_is_kept(&world).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_measured_and_shown_by_a_lighter_one() {
    let (world, room) = jane_waits().await;
    share(&world, &room, "board.png", "image/png", &png(1600, 400)).await;
    share(&world, &room, "icon.png", "image/jpeg", &png(40, 30)).await;
    share(&world, &room, "plan.pdf", "image/png", b"%PDF-1.7 and more").await;
    let busy = put_off(&world, &room).await;
    let mut database = world.database().await;
    let rows: Vec<(String, i64, i64, i64, i64, String)> = database
        .rows(
            "SELECT content_type, width, height, preview_width, CAST(coalesce(length(preview), 0) AS BIGINT), preview_type
             FROM files ORDER BY size DESC",
        )
        .await;
    database.close().await;
    let (name, width, height, shown, light, preview) = &rows[0];
    assert_eq!(
        (name.as_str(), *width, *height, *shown),
        // Noise grows light only by growing small.
        ("image/png", 1600, 400, 800)
    );
    assert!(
        preview == "image/jpeg" && (1_000..=200_000).contains(light),
        "{light}"
    );
    let icon = ("image/png".to_owned(), 40, 30, 40, 0, String::new());
    assert_eq!(rows[1], icon, "by its bytes, and shown as it is");
    assert_eq!(
        rows[2],
        ("application/pdf".to_owned(), 0, 0, 0, 0, String::new())
    );
    take_it(&world, busy).await;
    world.mails_to("jane@acme.com", 1).await;
    world.settled().await;
    assert_nothing_is_kept(&world).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_attached_in_their_order_while_there_is_place() {
    let (world, room) = training(small_mails()).await;
    let mut events = Vec::new();
    for (name, size) in [
        ("a.bin", 300_000),
        ("b.bin", 500_000),
        ("c.bin", 200_000),
        ("d.bin", 4),
    ] {
        let kind = "application/octet-stream";
        events.push(share(&world, &room, name, kind, &firmware(size)).await);
    }
    world.ann.say(&room, "There you are");
    world.ask(&room, "!email now").await;
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    assert!(letter_text(letter).contains("There you are"));
    let mut found = Vec::new();
    for event in &events {
        found.push(fates(&world, event).await[0]["fate"].clone());
    }
    assert_eq!(found, ["attached", "linked", "attached", "attached"]);
    world.settled().await;
    assert_nothing_is_kept(&world).await;
    assert_eq!(
        count(&world, "SELECT count(*) FROM files").await,
        1,
        "the linked one"
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_public_address_the_author_is_told_of_what_is_too_large() {
    let world = World::start(Options {
        max_size: "1MB",
        ..patient()
    })
    .await;
    let room = world
        .room("Training", &[JANE, ("bob@beta.com", "Bob")])
        .await;
    let kind = "application/octet-stream";
    let event = share(&world, &room, "image.bin", kind, &firmware(1_200_000)).await;
    // Its sender's client says nothing of its size.
    let silent = world
        .homeserver
        .add_media("other.bin", kind, &firmware(1_300_000));
    let content =
        json!({"msgtype": "m.file", "body": "other.bin", "filename": "other.bin", "url": silent});
    let other = world.ann.send(&room, "m.room.message", content);
    world.quiet().await;
    world.ask(&room, "!email now").await;
    for address in ["jane@acme.com", "bob@beta.com"] {
        let letter = &world.mails_to(address, 1).await[0];
        assert!(letter_text(letter).contains("image.bin"));
    }
    let missing = json!({"fate": "missing", "missing": "too_large", "size": 1_200_000});
    assert_eq!(fates(&world, &event).await, [missing.clone(), missing]);
    world.settled().await;
    for (event, size) in [(event, "1.2 MB"), (other, "1.3 MB")] {
        let told = world.answers_to(&room, &event);
        let told: Vec<_> = told
            .iter()
            .filter(|it| it.contains("was not sent by email"))
            .collect();
        assert_eq!(told.len(), 1, "once, not for each letter: {told:?}");
        assert!(
            told[0].contains(size) && told[0].contains("1.0 MB"),
            "{told:?}"
        );
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_homeserver_that_fails_for_a_while_delays_the_letter() {
    let (world, room) = jane_waits().await;
    let event = share(&world, &room, "plan.bin", "", &firmware(100_000)).await;
    let faults = [
        Fault::status(500),
        Fault::error(504, "M_NOT_YET_UPLOADED"),
        Fault::limited(Duration::from_secs(1)),
        Fault::half(),
    ];
    for fault in faults {
        world.homeserver.fault(fault.at("download").times(1));
    }
    world.ask(&room, "!email now").await;
    world.mails_to("jane@acme.com", 1).await;
    assert_eq!(world.homeserver.count("download"), 5);
    assert_eq!(fates(&world, &event).await, [attached()]);
    world.settled().await;
    assert!(!world.bot_says(&room, "mail server"), "nobody blames it");
    assert_nothing_is_kept(&world).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_homeserver_gives_files_to_everybody() {
    let (world, room) = jane_waits().await;
    let event = share(&world, &room, "plan.bin", "", &firmware(1_000)).await;
    let unknown = Fault::error(404, "M_UNRECOGNIZED");
    world
        .homeserver
        .fault(unknown.at("download").containing("client/v1/media"));
    world.ask(&room, "!email now").await;
    world.mails_to("jane@acme.com", 1).await;
    assert_eq!(fates(&world, &event).await, [attached()]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_gone_is_named_and_the_room_is_told() {
    let (world, room) = jane_waits().await;
    let event = share(&world, &room, "plan.pdf", "application/pdf", b"%PDF-1.7").await;
    world
        .homeserver
        .fault(Fault::error(404, "M_NOT_FOUND").at("download"));
    world.ann.say(&room, "See the plan");
    world.ask(&room, "!email now").await;
    let letter = letter_text(&world.mails_to("jane@acme.com", 1).await[0]);
    assert!(
        letter.contains("plan.pdf") && letter.contains("See the plan"),
        "{letter}"
    );
    assert_eq!(fates(&world, &event).await[0]["missing"], "gone");
    world.settled().await;
    let told = world.answers_to(&room, &event).join("\n");
    assert!(
        told.contains("“plan.pdf” was not sent by email, as I can't get it"),
        "{told}"
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_half_an_hour_a_letter_goes_without_its_file() {
    let (world, room) = jane_waits().await;
    let event = share(&world, &room, "plan.pdf", "application/pdf", b"%PDF-1.7").await;
    let fault = world.homeserver.fault(Fault::status(502).at("download"));
    world.ask(&room, "!email now").await;
    world
        .until("it was tried", || world.homeserver.hits(fault) > 1)
        .await;
    assert_eq!(world.sink.count(), 0);
    change(
        &world,
        "UPDATE files SET first_tried_at = first_tried_at - 1800000",
    )
    .await;
    world.mails_to("jane@acme.com", 1).await;
    assert_eq!(fates(&world, &event).await[0]["missing"], "gone");
    world.settled().await;
    assert!(world.bot_says(&room, "as I can't get it: the homeserver"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_a_download_loses_and_doubles_nothing() {
    let (mut world, room) = jane_waits().await;
    let event = share(&world, &room, "image.bin", "", &firmware(2_000_000)).await;
    let slowly = Fault::slowly(40, Duration::from_millis(250));
    world.homeserver.fault(slowly.at("download").times(1));
    world.ask(&room, "!email now").await;
    let folder = world.folder.join("blobs/files");
    let begun = || std::fs::read_dir(&folder).is_ok_and(|mut it| it.next().is_some());
    world.until("the download is under way", begun).await;
    world.kill_postroom();
    assert!(begun(), "something is left");
    world.start_postroom().await;
    world.mails_to("jane@acme.com", 1).await;
    let uncertain = "SELECT count(*) FROM outbox WHERE uncertain = 1";
    assert_eq!(count(&world, uncertain).await, 0, "nothing was handed over");
    assert_eq!(fates(&world, &event).await, [attached()]);
    world.settled().await;
    assert_nothing_is_kept(&world).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_between_fetching_and_sending_fetches_nothing_twice() {
    let (mut world, room) = jane_waits().await;
    let event = share(&world, &room, "image.bin", "", &firmware(200_000)).await;
    let busy = put_off(&world, &room).await;
    world.kill_postroom();
    world.sink.clear_trouble(busy);
    world.start_postroom().await;
    world.mails_to("jane@acme.com", 1).await;
    assert_eq!(fates(&world, &event).await, [attached()]);
    assert_eq!(world.homeserver.count("download"), 1);
    world.settled().await;
    assert_nothing_is_kept(&world).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_taken_back_while_it_is_fetched_does_not_go() {
    let (world, room) = jane_waits().await;
    let event = share(&world, &room, "secret.bin", "", &firmware(300_000)).await;
    world.ann.say(&room, "What remains");
    let slowly = world
        .homeserver
        .fault(Fault::slowly(4, Duration::from_millis(400)).at("download"));
    world.ask(&room, "!email now").await;
    world
        .until("the download is under way", || {
            world.homeserver.hits(slowly) > 0
        })
        .await;
    world.ann.redact(&room, &event);
    let letter = letter_text(&world.mails_to("jane@acme.com", 1).await[0]);
    assert!(
        letter.contains("What remains") && !letter.contains("secret"),
        "{letter}"
    );
    world.settled().await;
    assert_nothing_is_kept(&world).await;
    assert!(!world.bot_says(&room, "had gone"), "nobody got it");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_taken_back_between_seal_and_data_does_not_go() {
    let (world, room) = jane_waits().await;
    let event = share(&world, &room, "secret.bin", "", &firmware(300_000)).await;
    let busy = put_off(&world, &room).await;
    assert_eq!(fates(&world, &event).await, [attached()]);
    world.ann.redact(&room, &event);
    let taken_back = "SELECT count(*) FROM files WHERE state = 'taken_back'";
    while count(&world, taken_back).await < 1 {
        tokio::time::sleep(A_MOMENT).await;
    }
    assert_nothing_is_kept(&world).await;
    take_it(&world, busy).await;
    world.settled().await;
    assert_eq!(world.sink.count(), 0, "nothing was left to say");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_that_a_backup_lacks_is_fetched_again() {
    let (mut world, room) = jane_waits().await;
    let event = share(&world, &room, "image.bin", "", &firmware(200_000)).await;
    let busy = put_off(&world, &room).await;
    world.kill_postroom();
    std::fs::remove_dir_all(world.folder.join("blobs/files")).unwrap();
    world.sink.clear_trouble(busy);
    world.start_postroom().await;
    world.mails_to("jane@acme.com", 1).await;
    assert_eq!(world.homeserver.count("download"), 2);
    assert_eq!(fates(&world, &event).await, [attached()]);
    world.settled().await;
    assert_nothing_is_kept(&world).await;
    world.finish().await;
}

/// The file is in a blob, the letter waits, and the blob is gone.
fn lose_the_blob(world: &World) {
    let folder = world.folder.join("blobs/files");
    for entry in std::fs::read_dir(&folder).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_that_is_lost_while_postroom_runs_is_fetched_again() {
    let (world, room) = jane_waits().await;
    let event = share(&world, &room, "image.bin", "", &firmware(200_000)).await;
    let busy = put_off(&world, &room).await;
    lose_the_blob(&world);
    take_it(&world, busy).await;
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    assert!(letter.raw.len() > 200_000, "with the file");
    assert_eq!(world.homeserver.count("download"), 2);
    assert_eq!(fates(&world, &event).await, [attached()]);
    world.settled().await;
    assert_nothing_is_kept(&world).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_blob_that_cannot_be_had_again_is_told_of() {
    let (world, room) = jane_waits().await;
    let event = share(&world, &room, "image.bin", "", &firmware(200_000)).await;
    world.ann.say(&room, "What remains");
    let busy = put_off(&world, &room).await;
    lose_the_blob(&world);
    let gone = Fault::error(404, "M_NOT_FOUND").at("download");
    world.homeserver.fault(gone);
    take_it(&world, busy).await;
    let letter = letter_text(&world.mails_to("jane@acme.com", 1).await[0]);
    assert!(
        letter.contains("What remains") && letter.contains("image.bin"),
        "{letter}"
    );
    world.settled().await;
    let told = world.answers_to(&room, &event).join("\n");
    assert!(told.contains("as I can't get it"), "{told}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn time_in_which_postroom_did_not_run_does_not_count() {
    let (mut world, room) = jane_waits().await;
    let event = share(&world, &room, "plan.pdf", "application/pdf", b"%PDF-1.7").await;
    let fault = world.homeserver.fault(Fault::status(502).at("download"));
    world.ask(&room, "!email now").await;
    world
        .until("it was tried", || world.homeserver.hits(fault) > 0)
        .await;
    world.kill_postroom();
    change(
        &world,
        "UPDATE files SET first_tried_at = first_tried_at - 7200000",
    )
    .await;
    let before = world.homeserver.hits(fault);
    world.start_postroom().await;
    world
        .until("it is tried again", || {
            world.homeserver.hits(fault) > before + 1
        })
        .await;
    assert_eq!(world.sink.count(), 0);
    world.homeserver.clear_fault(fault);
    world.mails_to("jane@acme.com", 1).await;
    assert_eq!(fates(&world, &event).await, [attached()]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_that_cannot_be_deleted_keeps_no_other() {
    let (world, room) = jane_waits().await;
    // Nothing can delete a folder in place of a file, not even root.
    std::fs::create_dir_all(world.folder.join("blobs/files/0/in-the-way")).unwrap();
    let mut database = world.database().await;
    let spend = "INSERT INTO spent_blobs (name) VALUES ('files/0')";
    database.execute(spend).await;
    database.close().await;
    share(&world, &room, "image.bin", "", &firmware(200_000)).await;
    world.ask(&room, "!email now").await;
    world.mails_to("jane@acme.com", 1).await;
    world.settled().await;
    let names = || {
        let entries = std::fs::read_dir(world.folder.join("blobs/files")).unwrap();
        entries.count()
    };
    world
        .until("the other one is deleted", || names() == 1)
        .await;
    let others = "SELECT count(*) FROM spent_blobs WHERE name <> 'files/0'";
    while count(&world, others).await > 0 {
        tokio::time::sleep(A_MOMENT).await;
    }
    world.finish().await;
}

//! Files that are too large for a mail: the pages from which customers fetch them.

use std::time::Duration;

use postroom::domain::token::Keys;
use reqwest::{Client, Response, StatusCode};

use super::{
    JANE, change, count, fates, firmware, page_of_link, patient, share, small_mails, training,
};
use crate::support::{
    database::Choice,
    fake_homeserver::Fault,
    servers::http,
    world::{Options, World, letter_text},
};

const SIZE: usize = 1_500_000;

/// Jane has a letter with a link to a film of Ann's.
struct Linked {
    world: World,
    room: String,
    event: String,
    page: String,
    client: Client,
}

impl Linked {
    async fn open() -> Self {
        let world = World::start(Options {
            max_size: "1MB",
            public: true,
            ..patient()
        })
        .await;
        let room = world.room("Training", &[JANE]).await;
        let event = share(&world, &room, "Our film.mp4", "video/mp4", &firmware(SIZE)).await;
        world.ask(&room, "!email now").await;
        world.mails_to("jane@acme.com", 1).await;
        assert_eq!(fates(&world, &event).await[0]["fate"], "linked");
        world.settled().await;
        let page = page_of_link(&world).await;
        Self {
            world,
            room,
            event,
            page,
            client: http::client().unwrap(),
        }
    }

    async fn get(&self, url: &str) -> Response {
        self.client.get(url).send().await.unwrap()
    }

    async fn post(&self) -> (StatusCode, String) {
        let answer = self.client.post(&self.page).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    /// What the bot has said in answer to the film.
    fn told(&self) -> Vec<String> {
        let told = self.world.answers_to(&self.room, &self.event).into_iter();
        told.filter(|text| text.contains("asks for")).collect()
    }

    async fn expire(&self) {
        change(&self.world, "UPDATE links SET ends_at = made_at").await;
    }
}

fn header<'r>(answer: &'r Response, name: &str) -> &'r str {
    answer.headers()[name].to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_is_fetched_by_its_link() {
    let linked = Linked::open().await;
    let before = linked.world.homeserver.count("download");
    let looked = linked.client.head(&linked.page).send().await.unwrap();
    assert_eq!(looked.status(), StatusCode::OK);
    let told = looked.headers().get("content-length");
    assert_eq!(told, None, "that is only what its client says");
    assert_eq!(
        linked.world.homeserver.count("download"),
        before,
        "a look fetches nothing"
    );

    for page in [linked.page.clone(), format!("{}/Our-film.mp4", linked.page)] {
        let answer = linked.get(&page).await;
        assert_eq!(answer.status(), StatusCode::OK);
        for (name, value) in [
            // Its bytes are none of a film.
            ("content-type", "application/octet-stream"),
            (
                "content-disposition",
                "attachment; filename=\"Our film.mp4\"; filename*=UTF-8''Our%20film.mp4",
            ),
            ("content-length", "1500000"),
            ("x-content-type-options", "nosniff"),
            (
                "content-security-policy",
                "default-src 'none'; frame-ancestors 'none'; sandbox",
            ),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "private, no-store"),
            ("x-robots-tag", "noindex"),
        ] {
            assert_eq!(header(&answer, name), value, "{name}");
        }
        assert_eq!(answer.bytes().await.unwrap(), firmware(SIZE));
    }
    linked.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_an_address_the_answer_is_the_same() {
    let linked = Linked::open().await;
    let base = linked.world.public_url();
    let mut forged = linked.page.clone();
    let last = if forged.pop() == Some('a') { 'b' } else { 'a' };
    forged.push(last);
    let mut answers = Vec::new();
    for url in [
        forged,
        format!("{base}/files/nothing"),
        format!("{base}/files/%00%ff"),
        format!("{base}/files"),
        format!("{base}/other"),
    ] {
        let answer = linked.get(&url).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{url}");
        assert!(header(&answer, "content-security-policy").starts_with("default-src 'none'"));
        answers.push(answer.text().await.unwrap());
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
    assert!(
        answers[4].contains("There is nothing here"),
        "{}",
        answers[4]
    );
    linked.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_link_is_asked_for_and_renewed() {
    let linked = Linked::open().await;
    linked.expire().await;
    for _ in 0..3 {
        let answer = linked.get(&linked.page).await;
        assert_eq!(answer.status(), StatusCode::GONE);
        let page = answer.text().await.unwrap();
        assert!(
            page.contains("Our film.mp4") && page.contains("<form method=\"post\""),
            "{page}"
        );
    }
    linked.world.settled().await;
    assert!(linked.told().is_empty(), "machines look at links, too");

    for _ in 0..3 {
        let (status, page) = linked.post().await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("The team knows"), "{page}");
    }
    linked
        .world
        .until("the room is told", || !linked.told().is_empty())
        .await;
    linked.world.settled().await;
    assert_eq!(linked.told().len(), 1, "{:?}", linked.told());

    let timeline = linked.world.homeserver.timeline(&linked.room);
    let offer = timeline
        .iter()
        .find(|it| it.body().contains("asks for"))
        .unwrap();
    linked.world.ann.react(&linked.room, &offer.event_id, "✅");
    linked
        .world
        .until("it works", || {
            linked
                .world
                .bot_says(&linked.room, "works again for 30 days")
        })
        .await;
    assert_eq!(linked.get(&linked.page).await.status(), StatusCode::OK);
    let (status, page) = linked.post().await;
    assert!(
        status == StatusCode::OK && page.contains("available until"),
        "{page}"
    );
    linked.world.ask(&linked.room, "!email now").await;
    let letters = linked.world.mails_to("jane@acme.com", 2).await;
    let text = letter_text(&letters[1]).replace("=\n", "");
    assert!(
        text.contains("“Our film.mp4” can be downloaded again until"),
        "{text}"
    );
    assert!(text.contains(&linked.page), "{text}");
    linked.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_later_asking_again_tells_the_room_again() {
    let linked = Linked::open().await;
    linked.expire().await;
    linked.post().await;
    linked
        .world
        .until("the room is told", || linked.told().len() == 1)
        .await;
    change(
        &linked.world,
        "UPDATE links SET asked_at = asked_at - 86400000",
    )
    .await;
    linked.post().await;
    linked
        .world
        .until("the room is told again", || linked.told().len() == 2)
        .await;
    linked.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_dies_with_its_message() {
    let linked = Linked::open().await;
    linked.world.ann.redact(&linked.room, &linked.event);
    linked.world.settled().await;
    for page in [linked.page.clone(), format!("{}/Our-film.mp4", linked.page)] {
        let answer = linked.get(&page).await;
        assert_eq!(answer.status(), StatusCode::GONE);
        let text = answer.text().await.unwrap();
        assert!(
            text.contains("taken back") && !text.contains("film"),
            "{text}"
        );
    }
    let (status, _) = linked.post().await;
    assert_eq!(status, StatusCode::GONE);
    linked.world.settled().await;
    assert!(linked.told().is_empty());
    assert_eq!(
        count(
            &linked.world,
            "SELECT count(*) FROM links WHERE filename <> ''"
        )
        .await,
        0
    );
    linked.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_homeserver_that_fails_or_has_lost_the_file_is_told_of() {
    let linked = Linked::open().await;
    let hs = &linked.world.homeserver;
    let down = hs.fault(Fault::status(502).at("download"));
    let answer = linked.get(&linked.page).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(header(&answer, "retry-after"), "120");
    hs.clear_fault(down);

    let lost = hs.fault(Fault::error(404, "M_NOT_FOUND").at("download"));
    assert_eq!(linked.get(&linked.page).await.status(), StatusCode::GONE);
    hs.clear_fault(lost);

    hs.fault(Fault::half().at("download").times(1));
    let broken = linked.get(&linked.page).await;
    assert_eq!(broken.status(), StatusCode::OK);
    assert!(
        broken.bytes().await.is_err(),
        "nobody takes a part for the whole"
    );
    let whole = linked.get(&linked.page).await.bytes().await.unwrap();
    assert_eq!(whole.len(), SIZE);
    linked.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_client_says_is_far_too_large_is_not_even_fetched() {
    let (world, room) = training(small_mails()).await;
    let event = share(
        &world,
        &room,
        "image.zip",
        "application/zip",
        &firmware(3_000_000),
    )
    .await;
    world.ask(&room, "!email now").await;
    world.mails_to("jane@acme.com", 1).await;
    let fate = &fates(&world, &event).await[0];
    assert_eq!(
        (fate["fate"].as_str(), fate["size"].as_i64()),
        (Some("linked"), Some(3_000_000))
    );
    assert_eq!(world.homeserver.count("download"), 0);
    let page = page_of_link(&world).await;
    let answer = http::client().unwrap().get(&page).send().await.unwrap();
    assert_eq!(header(&answer, "content-type"), "application/zip");
    assert_eq!(answer.bytes().await.unwrap().len(), 3_000_000);
    world.finish().await;
}

/// From now on a download takes ten seconds.
fn slow_down(world: &World) {
    let slowly = Fault::slowly(40, Duration::from_millis(250));
    world.homeserver.fault(slowly.at("download"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_link_takes_not_all_places() {
    let linked = Linked::open().await;
    slow_down(&linked.world);
    let mut under_way = Vec::new();
    for _ in 0..4 {
        let answer = linked.get(&linked.page).await;
        assert_eq!(answer.status(), StatusCode::OK);
        under_way.push(answer);
    }
    let one_more = linked.get(&linked.page).await;
    assert_eq!(one_more.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(header(&one_more, "retry-after"), "120");
    drop(under_way);
    let mut status = StatusCode::SERVICE_UNAVAILABLE;
    for _ in 0..40 {
        status = linked.get(&linked.page).await.status();
        if status == StatusCode::OK {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    assert_eq!(status, StatusCode::OK, "who has gone holds no place");
    linked.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_a_file_back_cuts_downloads_that_are_under_way() {
    let linked = Linked::open().await;
    slow_down(&linked.world);
    let answer = linked.get(&linked.page).await;
    assert_eq!(answer.status(), StatusCode::OK);
    linked.world.ann.redact(&linked.room, &linked.event);
    assert!(answer.bytes().await.is_err(), "it broke off");
    linked.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_does_not_keep_postroom_from_stopping() {
    let mut linked = Linked::open().await;
    let slowly = Fault::slowly(100, Duration::from_millis(250));
    linked.world.homeserver.fault(slowly.at("download"));
    let answer = linked.get(&linked.page).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let took = linked.world.stop_postroom().await;
    assert!(took < Duration::from_secs(15), "{took:?}");
    assert!(answer.bytes().await.is_err(), "it broke off");
    linked.world.start_postroom().await;
    linked.world.finish().await;
}

/// A backup of before the film is put in place, and another film gets its number.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_restored_backup_old_links_stay_dead() {
    let mut world = World::start(Options {
        max_size: "1MB",
        public: true,
        database: Choice::Sqlite,
        ..patient()
    })
    .await;
    let room = world.room("Training", &[JANE]).await;
    world.settled().await;
    world.kill_postroom();
    let files = ["postroom.db", "postroom.db-wal"];
    for file in files {
        let _ = std::fs::copy(
            world.folder.join(file),
            world.folder.join(format!("{file}.backup")),
        );
    }
    world.start_postroom().await;
    share(&world, &room, "Old.mp4", "video/mp4", &firmware(SIZE)).await;
    world.ask(&room, "!email now").await;
    world.mails_to("jane@acme.com", 1).await;
    world.settled().await;
    let old = page_of_link(&world).await;
    let client = http::client().unwrap();
    let status = async |page: &str| client.get(page).send().await.unwrap().status();
    assert_eq!(status(&old).await, StatusCode::OK);

    world.kill_postroom();
    for file in files {
        let _ = std::fs::remove_file(world.folder.join(file));
        let _ = std::fs::copy(
            world.folder.join(format!("{file}.backup")),
            world.folder.join(file),
        );
    }
    let _ = std::fs::remove_file(world.folder.join("postroom.db-shm"));
    world.start_postroom().await;
    share(&world, &room, "New.mp4", "video/mp4", &firmware(SIZE + 1)).await;
    world.ask(&room, "!email now").await;
    world.mails_to("jane@acme.com", 2).await;
    let new = page_of_link(&world).await;
    assert_eq!(status(&new).await, StatusCode::OK);
    assert_eq!(
        Keys::number_in(old.rsplit('/').next().unwrap()),
        Keys::number_in(new.rsplit('/').next().unwrap()),
        "the number is used again"
    );
    assert_eq!(status(&old).await, StatusCode::NOT_FOUND);
    world.finish().await;
}

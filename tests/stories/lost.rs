//! Mail that staff have released, and whose file is gone.

use crate::{
    desk::{BOT, Desk, codes, typed},
    support::{fake_homeserver::TimelineEvent, world::Options},
};

/// What the bot says of mail that it can't show, the oldest first.
fn told(desk: &Desk) -> Vec<TimelineEvent> {
    let timeline = desk.world.homeserver.timeline(&desk.room).into_iter();
    timeline
        .filter(|event| event.sender == BOT && event.body().contains("can't be shown: its file"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn released_mail_whose_file_is_gone_is_told_of_and_can_be_tried_again() {
    let mut desk = Desk::open(Options::default()).await;
    let large = typed(
        &desk.token,
        "text/plain",
        &format!("{}\n", "large ".repeat(12)).repeat(2_000),
    );
    let to = [desk.token.as_str()];
    let replies = desk.world.forged_mail("jane@acme.com", &to, &large).await;
    assert_eq!(codes(&replies), [250]);
    desk.world.quiet().await;
    let (here, away) = (
        desk.world.folder.join("blobs/mails"),
        desk.world.folder.join("elsewhere"),
    );
    std::fs::rename(&here, &away).unwrap();
    desk.world.ask(&desk.room, "!email release 1").await;
    desk.world
        .until("staff are told, in both rooms", || {
            !told(&desk).is_empty() && !desk.reports().is_empty()
        })
        .await;
    let body = told(&desk)[0].body().to_owned();
    assert!(
        body.starts_with("Mail #1 from Jane Doe") && body.contains("send it again"),
        "{body}"
    );
    assert!(
        desk.reports()[0].contains("is missing"),
        "{:?}",
        desk.reports()
    );
    assert_eq!(desk.said(), Vec::<String>::new());
    // It waits no more, and is no more about to be shown, after a restart neither.
    desk.world.kill_postroom();
    desk.world.start_postroom().await;
    let waits = desk.world.ask(&desk.room, "!email held").await;
    assert_eq!(waits, "No mail waits for you.");

    // Trying again says so again, as long as the file is gone.
    let notice = told(&desk)[0].event_id.clone();
    desk.world.ann.react(&desk.room, &notice, "✅");
    desk.world
        .until("staff are told again", || told(&desk).len() == 2)
        .await;
    // Dropped and brought back.
    desk.world.ask(&desk.room, "!email drop 1").await;
    desk.world.quiet().await;
    assert!(desk.world.bot_says(&desk.room, "Mail #1 is dropped"));
    std::fs::rename(&away, &here).unwrap();
    desk.world.ask(&desk.room, "!email release 1").await;
    desk.world.quiet().await;
    let said = desk.said();
    assert!(
        said[0].contains("✅ held, then released by Ann"),
        "{}",
        said[0].len()
    );
    assert_eq!(told(&desk).len(), 2);
    let again = desk.world.ask(&desk.room, "!email drop 1").await;
    assert!(again.contains("was released"), "{again}");
    desk.close().await;
}

//! Mail that our own mail server calls spam: it waits where it would have been shown, and a wave of it
//! floods no room.

use crate::{
    desk::{BOT, Desk, JANE, mail},
    support::{fake_homeserver::TimelineEvent, world::Options},
};

const US: &str = "support@example.org";
const OUR_SERVER: &str =
    "X-Spam-Flag: YES\nReceived: from mail.acme.com (out.acme.com [192.0.2.1]) by mx.example.org\n";

fn spam(from: &str, to: &str, text: &str) -> String {
    format!("{OUR_SERVER}{}", mail(from, to, "", text))
}

/// The bot's notices about mail that waits.
fn notices(desk: &Desk, room: &str) -> Vec<TimelineEvent> {
    let timeline = desk.world.homeserver.timeline(room).into_iter();
    timeline
        .filter(|event| event.sender == BOT && event.body().starts_with("✋ Mail from"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn spam_waits_in_its_room_until_staff_release_or_drop_it() {
    let desk = Desk::open(Options::default()).await;
    let (world, token) = (&desk.world, desk.token.as_str());
    for text in ["Win a board", "Win a course", "Win nothing"] {
        desk.take(token, &spam(JANE, token, text)).await;
    }
    assert_eq!(desk.said(), Vec::<String>::new());
    assert_eq!(desk.reports(), Vec::<String>::new());
    let told = notices(&desk, &desk.room);
    assert_eq!(told.len(), 3);
    let body = told[0].body();
    assert!(body.contains("our mail server calls it spam"), "{body}");
    assert!(
        body.contains("Win a board") && body.contains("Jane Doe"),
        "{body}"
    );
    assert!(!body.contains('➕'), "she is one of the people: {body}");

    world.ann.react(&desk.room, &told[0].event_id, "✅");
    world.ann.react(&desk.room, &told[1].event_id, "❌");
    world.quiet().await;
    assert_eq!(
        desk.said(),
        ["Win a board\n\n✅ held, then released by Ann"]
    );
    let waits = world.ask(&desk.room, "!email held").await;
    assert!(
        waits.contains("#3 from") && !waits.contains("#2 from"),
        "{waits}"
    );
    // A second copy of each is the same mail.
    for text in ["Win a board", "Win a course", "Win nothing"] {
        desk.take(token, &spam(JANE, token, text)).await;
    }
    assert_eq!(notices(&desk, &desk.room).len(), 3);
    assert_eq!(desk.said().len(), 1);

    // A stranger's says both; what leads nowhere is kept as ever.
    let mallory = "Mallory <mallory@evil.example>";
    let from = "mallory@evil.example";
    desk.take_from(from, token, &spam(mallory, token, "With a token"))
        .await;
    let body = notices(&desk, &desk.room)[3].body().to_owned();
    assert!(
        body.contains("isn't one of the people")
            && body.contains("and our mail server calls it spam"),
        "{body}"
    );
    desk.take_from(from, US, &spam(mallory, US, "Without one"))
        .await;
    let [report] = desk.reports().try_into().unwrap();
    assert!(report.contains("our mail server calls it spam"), "{report}");
    assert_eq!(notices(&desk, &desk.room).len(), 4);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wave_of_spam_floods_no_room() {
    let mut desk = Desk::open(Options::default()).await;
    let token = desk.token.clone();
    for number in 1..=12 {
        let text = format!("Offer {number}");
        desk.take(&token, &spam(JANE, &token, &text)).await;
        if number == 7 {
            // What was told is known after a crash.
            desk.world.kill_postroom();
            desk.world.start_postroom().await;
        }
    }
    assert_eq!(notices(&desk, &desk.room).len(), 5);
    let more = |desk: &Desk| {
        let said = desk.world.said_by(&desk.room, BOT).into_iter();
        said.filter(|text| text.starts_with("More than 5 mails that our mail server calls spam"))
            .count()
    };
    assert_eq!(more(&desk), 1);
    let waits = desk.world.ask(&desk.room, "!email held").await;
    assert!(
        waits.contains("12 mails wait") && waits.contains("#12 from"),
        "{waits}"
    );
    desk.world.ask(&desk.room, "!email release 11").await;
    desk.world.quiet().await;
    assert!(desk.said()[0].starts_with("Offer 11"), "{:?}", desk.said());
    // What isn't spam is told as ever.
    let raw = mail(JANE, &token, "", "Forged");
    desk.world
        .forged_mail("jane@acme.com", &[&token], &raw)
        .await;
    desk.world.quiet().await;
    assert_eq!(notices(&desk, &desk.room).len(), 6);

    // Neither does one that leads nowhere: the rest is told of once a day, as junk is.
    for number in 1..=8 {
        let from = format!("x{number}@spam.example");
        let raw = spam(&from, US, &format!("Nowhere {number}"));
        desk.take_from(&from, US, &raw).await;
    }
    assert_eq!(desk.reports().len(), 5);
    let junk = "SELECT count(*) FROM junk";
    assert_eq!(desk.world.database().await.row::<(i64,)>(junk).await, (3,));

    // The next day begins anew.
    let yesterday = "UPDATE tallies SET began_at = began_at - 86400000, told_at = told_at - 86400001 \
                     WHERE key LIKE 'spam:%'";
    assert_eq!(desk.world.database().await.execute(yesterday).await, 2);
    for number in 13..=19 {
        desk.take(&token, &spam(JANE, &token, &format!("Offer {number}")))
            .await;
    }
    // Of all that waits in a room ten have a notice.
    assert_eq!((notices(&desk, &desk.room).len(), more(&desk)), (10, 2));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn spam_to_two_rooms_waits_in_both_and_staff_alone_are_told() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let other = world.room("Audit", &[("jane@acme.com", "Jane Doe")]).await;
    world.tell(&other, "Hello again").await;
    let letter = world.mails_to("jane@acme.com", 2).await.remove(1);
    let second = crate::support::world::reply_address(&letter).unwrap();
    let zoe = world.homeserver.user("@zoe:other.org");
    world.ann.invite(&other, zoe.id());
    zoe.join(&other);
    world.quiet_events().await;

    let raw = spam(JANE, &format!("{}, {second}", desk.token), "Win a board");
    desk.take(&desk.token, &raw).await;
    assert_eq!(notices(&desk, &desk.room).len(), 1);
    assert_eq!(notices(&desk, &other).len(), 0, "others read along there");
    let told = notices(&desk, &world.control_room);
    assert_eq!(told.len(), 1);
    assert!(
        told[0].body().contains("in conversation #2"),
        "{}",
        told[0].body()
    );
    world
        .ann
        .react(&world.control_room, &told[0].event_id, "✅");
    world.quiet().await;
    let jane = world.ghost(&other, "Jane Doe").unwrap();
    assert_eq!(world.said_by(&other, &jane).len(), 1);
    assert_eq!(desk.said(), Vec::<String>::new(), "here it waits");
    desk.world.finish().await;
}

/// Releasing a mail releases no malware.
#[tokio::test(flavor = "multi_thread")]
async fn malware_in_spam_is_released_by_nothing() {
    let desk = Desk::open(Options::default()).await;
    let token = desk.token.as_str();
    let body = "--b\nContent-Type: text/plain\n\nOpen it\n--b\nContent-Type: application/pdf; \
                name=offer.pdf\nContent-Disposition: attachment; filename=offer.pdf\n\n%PDF-1.4\n--b--";
    let headers = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n";
    let raw = mail(JANE, token, headers, body);
    let raw = format!("X-Virus-Status: Infected (Worm.Test)\n{OUR_SERVER}{raw}");
    desk.take(token, &raw).await;
    let told = notices(&desk, &desk.room);
    desk.world.ann.react(&desk.room, &told[0].event_id, "✅");
    desk.world.quiet().await;
    assert_eq!(desk.said(), ["Open it\n\n✅ held, then released by Ann"]);
    let timeline = desk.world.homeserver.timeline(&desk.room);
    let warning = timeline
        .iter()
        .find(|event| event.sender == BOT && event.body().contains("malware"))
        .expect("staff are told");
    desk.world.ann.react(&desk.room, &warning.event_id, "✅");
    desk.world.quiet().await;
    assert_eq!(desk.said().len(), 1);
    desk.close().await;
}

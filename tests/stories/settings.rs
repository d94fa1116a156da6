//! What holds in a room, and when its letters go by it.

use std::time::{Duration, Instant};

use jiff::{Timestamp, tz::TimeZone};
use postroom::lifecycle::Clock;

use crate::{
    support::world::{Options, World, header, letter_text},
    training::{JANE, patient},
};

const BOB: (&str, &str) = ("bob@beta.com", "Bob");

fn now() -> Timestamp {
    Clock::System.now()
}

/// A time of the day that comes in about so many hours, as it is typed.
fn in_hours(hours: i64) -> String {
    let then = now() + jiff::SignedDuration::from_hours(hours);
    let then = then.to_zoned(TimeZone::system());
    then.strftime("%H:%M").to_string()
}

/// When the open letter is due, in seconds from now.
async fn due(world: &World) -> i64 {
    let sql = "SELECT due_at FROM letters WHERE state = 'open' AND due_at IS NOT NULL";
    let (due,) = world.database().await.row::<(i64,)>(sql).await;
    (due - now().as_millisecond()) / 1000
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_say_what_holds_and_where_it_comes_from() {
    let world = World::start(patient()).await;
    let room = world.room("Training", &[]).await;
    let shown = world.ask(&room, "!email settings").await;
    for line in [
        "- `quiet 10m` a letter goes when nobody has written for so long (from the configuration)",
        "- `at_most 10m` no message waits longer (from the configuration)",
        "- `digest off` no fixed times of the day (the default)",
        "- `notices off` what other bots say stays here (the default)",
        "- `changes off` letters don't tell who comes and goes (the default)",
        "- `broadcast off` letters are personal mails (the default)",
    ] {
        assert!(shown.lines().any(|it| it == line), "{line}\n{shown}");
    }

    let said = world
        .ask(&room, "!email settings quiet=1h notices on")
        .await;
    let set_quiet = "- `quiet 1h` a letter goes when nobody has written for so long \
                     (set here by @ann:example.org)";
    assert!(said.contains(set_quiet), "{said}");
    assert!(said.contains("- `notices on`"), "{said}");
    let shown = world.ask(&room, "!email settings").await;
    assert!(shown.contains(set_quiet), "{shown}");
    assert!(
        shown.contains("- `at_most 1h` no message waits longer (because of quiet)"),
        "{shown}"
    );

    let said = world.ask(&room, "!email settings quiet default").await;
    assert!(said.contains("`quiet 10m`"), "{said}");
    assert!(said.contains("(from the configuration)"), "{said}");
    let other = world.room("Other", &[]).await;
    let shown = world.ask(&other, "!email settings notices").await;
    assert!(
        shown.contains("`notices off`"),
        "of the other room: {shown}"
    );
    world.finish().await;
}

/// Mail programs press a button only where there is an https page behind it.
#[rstest::rstest]
#[case::nowhere("", "people can leave by a mail only")]
#[case::pages(
    "public: {url: \"https://post.example.org\", listen: \"127.0.0.1:0\"}",
    "people can leave by one click"
)]
#[case::unprotected_pages(
    "public: {url: \"http://post.example.org\", listen: \"127.0.0.1:0\"}",
    "people can leave by a mail only"
)]
#[tokio::test(flavor = "multi_thread")]
async fn staff_are_told_how_a_broadcast_can_be_left(#[case] more: &'static str, #[case] way: &str) {
    let world = World::start(Options { more, ..patient() }).await;
    let room = world.room("Training news", &[JANE]).await;
    let said = world.ask(&room, "!email settings broadcast on").await;
    assert!(said.contains(way), "{said}");
    world.ann.say(&room, "The hall is open.");
    world.quiet().await;
    world.ask(&room, "!email now").await;
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    let ways = header(&letter.raw, "List-Unsubscribe").unwrap();
    assert!(ways.contains("<mailto:"), "{ways}");
    let one_click = header(&letter.raw, "List-Unsubscribe-Post").is_some();
    assert_eq!(one_click, way.ends_with("one click"), "{ways}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_explained_and_changes_nothing() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[]).await;
    let before = world.ask(&room, "!email settings").await;
    for (typed, named) in [
        ("quite 10m", "Did you mean `quiet`?"),
        ("colour red", "There are `quiet`, `at_most`, `digest`"),
        ("quiet 10", "“10” has no unit"),
        (
            "quiet soon",
            "“soon” is not a time. For example: `!email settings quiet 10m`.",
        ),
        ("at_most 8d", "“8d” is longer than a week"),
        ("digest 25:00", "“25:00” is not one time of the day"),
        ("notices loud", "“loud” is neither `on` nor `off`"),
        (
            "quiet 1h at_most",
            "To what? For example: `!email settings at_most 1h`.",
        ),
        (
            "quiet 1h at_most 5m",
            "at_most would be 5m, which is shorter than quiet, 1h",
        ),
    ] {
        let said = world.ask(&room, &format!("!email settings {typed}")).await;
        assert!(said.contains(named), "{typed}: {said}");
        assert!(said.contains("Nothing was changed"), "{typed}: {said}");
    }
    assert_eq!(world.ask(&room, "!email settings").await, before);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_rooms_have_their_own_times() {
    let world = World::start(patient()).await;
    let quick = world.room("Quick", &[JANE]).await;
    let slow = world.room("Slow", &[BOB]).await;
    world
        .ask(&quick, "!email settings quiet 1s at_most 3s")
        .await;
    let begun = Instant::now();
    world.ann.say(&slow, "Nobody hurries");
    for n in 0.. {
        world.ann.say(&quick, &format!("Message {n}."));
        if world.sink.count() > 0 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(15), "no letter came");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert!(begun.elapsed() >= Duration::from_millis(2_900));
    assert_eq!(world.sink.mails_to("bob@beta.com").len(), 0);
    world.ask(&quick, "!email settings quiet 0").await;
    let so_far = world.sink.mails_to("jane@acme.com").len();
    world.ask(&quick, "!email now").await;
    world.ann.say(&quick, "At once");
    world
        .until("a letter of its own", || {
            let letters = world.sink.mails_to("jane@acme.com");
            letters.len() > so_far && letter_text(letters.last().unwrap()).contains("At once")
        })
        .await;
    assert_eq!(world.sink.mails_to("bob@beta.com").len(), 0);
    world.ask(&slow, "!email now").await;
    world.mails_to("bob@beta.com", 1).await;
    world.settled().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shorter_time_counts_for_what_waits_and_a_longer_one_does_not() {
    let world = World::start(patient()).await;
    let room = world.room("Training", &[JANE]).await;
    world.ann.say(&room, "Hello");
    world.quiet().await;
    assert!((590..=600).contains(&due(&world).await));
    world.ask(&room, "!email settings quiet 2h").await;
    assert!((580..=600).contains(&due(&world).await), "not later");
    world
        .ask(&room, "!email settings quiet 5m at_most 5m")
        .await;
    assert!((280..=300).contains(&due(&world).await));
    world
        .ask(&room, "!email settings quiet 1s at_most default")
        .await;
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    assert!(letter_text(letter).contains("Hello"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_waits_for_its_time() {
    let mut world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let (soon, late) = (in_hours(2), in_hours(4));
    let said = world
        .ask(&room, &format!("!email settings digest {late}, {soon}"))
        .await;
    assert!(said.contains("letters go at these times only"), "{said}");
    world.ann.say(&room, "One");
    world.ann.say(&room, "Two");
    let status = world.ask(&room, "!email status").await;
    assert!(
        status.contains("2 messages wait for their letter"),
        "{status}"
    );
    assert!(status.contains(&soon), "{status}");
    // Minutes are cut off.
    let planned = due(&world).await;
    assert!((7_080..=7_200).contains(&planned), "{planned}");

    // Two hours later, after a restart.
    world.kill_postroom();
    let pass = "UPDATE letters SET opened_at = opened_at - 7201000, due_at = due_at - 7201000, \
                latest_at = latest_at - 7201000";
    assert_eq!(world.database().await.execute(pass).await, 1);
    world.start_postroom().await;
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    let text = letter_text(letter);
    assert!(text.contains("One") && text.contains("Two"), "{text}");

    world.ann.say(&room, "Three, and it hurries");
    world.quiet().await;
    assert_eq!(world.sink.count(), 1);
    assert_eq!(
        world.ask(&room, "!email now").await,
        "On its way to Jane Doe."
    );
    world.mails_to("jane@acme.com", 2).await;
    let waiting = world.ann.say(&room, "Four, too");
    world.quiet().await;
    world.ann.react(&room, &waiting, "📨");
    world.mails_to("jane@acme.com", 3).await;
    world.settled().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_takes_over_what_waits_and_gives_it_back() {
    let world = World::start(patient()).await;
    let room = world.room("Training", &[JANE]).await;
    world.ann.say(&room, "Hello");
    let at = in_hours(3);
    world
        .ask(&room, &format!("!email settings digest {at}"))
        .await;
    let planned = due(&world).await;
    assert!((10_700..=10_800).contains(&planned), "{planned}");
    world.ask(&room, "!email settings digest off").await;
    let planned = due(&world).await;
    assert!((580..=600).contains(&planned), "{planned}");
    world.ask(&room, "!email now").await;
    world.mails_to("jane@acme.com", 1).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reactions_cause_no_letter_and_are_not_what_waits() {
    let world = World::start(patient()).await;
    let room = world.room("Training", &[JANE]).await;
    let said = world.ann.say(&room, "Hello");
    world.ask(&room, "!email now").await;
    world.mails_to("jane@acme.com", 1).await;
    world.quiet().await;
    world.ann.react(&room, &said, "👍");
    assert_eq!(
        world.ask(&room, "!email now").await,
        "Nothing waits to be sent."
    );
    let status = world.ask(&room, "!email status").await;
    assert!(status.contains("nothing waits"), "{status}");
    world.ann.say(&room, "And another thing");
    let status = world.ask(&room, "!email status").await;
    assert!(
        status.contains("one message waits for its letter, which goes in about 10 minutes"),
        "{status}"
    );
    world.ask(&room, "!email now").await;
    let letters = world.mails_to("jane@acme.com", 2).await;
    assert!(letter_text(&letters[1]).contains("👍"));
    world.settled().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sign_on_a_message_sends_only_where_it_waits() {
    let world = World::start(patient()).await;
    let room = world.room("Training", &[JANE]).await;
    world.ann.say(&room, "To Jane alone");
    world.quiet().await;
    world.add(&room, BOB.0, BOB.1).await;
    let jane = world.ghost(&room, JANE.1).unwrap();
    let to_both = world.ann.say(&room, "To both");
    world.quiet().await;
    world.ask(&room, "!email remove bob@beta.com").await;
    world.mails_to("bob@beta.com", 1).await;
    // It has gone to Bob and waits for Jane.
    world.ann.react(&room, &to_both, "📨");
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    assert!(letter_text(letter).contains("To both"));
    assert!(world.is_in(&room, &jane));
    world.settled().await;
    assert_eq!(world.sink.count(), 2);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn now_does_not_wait_for_who_is_typing() {
    let world = World::start(patient()).await;
    let room = world.room("Training", &[JANE]).await;
    world.homeserver.typing(&room, &[world.ann.id()]);
    world.homeserver.wait_pushed(Duration::from_secs(5)).await;
    world.ann.say(&room, "It hurries");
    world.ask(&room, "!email now").await;
    world.mails_to("jane@acme.com", 1).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_whose_time_came_while_postroom_was_away_goes_at_once() {
    let mut world = World::start(patient()).await;
    let room = world.room("Training", &[JANE]).await;
    world.ann.say(&room, "Before the night");
    world.quiet().await;
    world.kill_postroom();
    let pass = "UPDATE letters SET opened_at = opened_at - 86400000, \
                due_at = due_at - 86400000, latest_at = latest_at - 86400000";
    assert_eq!(world.database().await.execute(pass).await, 1);
    world.start_postroom().await;
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    assert!(letter_text(letter).contains("Before the night"));
    world.settled().await;
    assert_eq!(world.sink.count(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_wrong_by_years_holds_no_letter_back() {
    let mut world = World::start(patient()).await;
    let room = world.room("Training", &[JANE]).await;
    world.ann.say(&room, "Written in 2099");
    world.quiet().await;
    world.kill_postroom();
    let years = "UPDATE letters SET opened_at = opened_at + 2270000000000, \
                 due_at = due_at + 2270000000000, latest_at = latest_at + 2270000000000";
    assert_eq!(world.database().await.execute(years).await, 1);
    world.start_postroom().await;
    let open = "SELECT opened_at FROM letters WHERE state = 'open'";
    loop {
        let (opened,) = world.database().await.row::<(i64,)>(open).await;
        if opened <= now().as_millisecond() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let planned = due(&world).await;
    assert!((580..=600).contains(&planned), "{planned}");
    world.ask(&room, "!email now").await;
    world.mails_to("jane@acme.com", 1).await;
    world.finish().await;
}

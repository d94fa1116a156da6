//! Who may write into a room: what proves who sent a mail, and what staff do with the rest.

use crate::{
    desk::{BOT, Desk, JANE, codes, mail},
    support::{
        fake_homeserver::TimelineEvent,
        world::{Options, World, letter_text, reply_address},
    },
};

const MALLORY: &str = "Mallory <mallory@evil.example>";
const HELD: &str = "✋ Mail from";

/// The bot's notices about mail that waits for staff.
fn notices(world: &World, room: &str) -> Vec<TimelineEvent> {
    let timeline = world.homeserver.timeline(room).into_iter();
    timeline
        .filter(|event| event.sender == BOT && event.body().starts_with(HELD))
        .collect()
}

/// Everything that anybody has said in the room.
fn all_said(desk: &Desk) -> String {
    let said = desk.world.homeserver.messages(&desk.room).into_iter();
    let said: Vec<String> = said.map(|(_, body)| body).collect();
    said.join("\n")
}

/// A mail of Jane's that somebody else has sent.
async fn forge(desk: &Desk, text: &str) {
    let raw = mail(JANE, &desk.token, "", text);
    let to = [desk.token.as_str()];
    let replies = desk.world.forged_mail("jane@acme.com", &to, &raw).await;
    assert_eq!(codes(&replies), [250]);
    desk.world.quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_proves_nothing_bears_a_mark_that_stays_in_the_room() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    world
        .ask(&desk.room, "!email add --share bob@beta.example Bob")
        .await;
    desk.take(&desk.token, &mail(JANE, &desk.token, "", "Proven"))
        .await;
    let raw = mail(JANE, &desk.token, "", "Not proven");
    world
        .unproven_mail("jane@acme.com", &[&desk.token], &raw)
        .await;
    world.quiet().await;
    assert_eq!(
        desk.said(),
        ["Proven", "Not proven\n\n❔ sender not verified"]
    );
    let letters = world.mails_to("bob@beta.example", 2).await;
    assert!(letter_text(&letters[1]).contains("Not proven"));
    assert!(!letters[1].text().contains("verified"));
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_mail_waits_until_staff_release_it() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    forge(
        &desk,
        "Please pay to @ann:example.org at https://evil.example/pay",
    )
    .await;
    assert_eq!(desk.said(), Vec::<String>::new());
    let told = notices(world, &desk.room);
    assert_eq!(told.len(), 1, "{}", all_said(&desk));
    let body = told[0].body();
    for words in [
        "Jane Doe <jane@acme.com>",
        "may be forged",
        "Please pay",
        "(#1)",
    ] {
        assert!(body.contains(words), "{words} in {body}");
    }
    for link in ["@ann:example.org", "https://", "evil.example"] {
        assert!(!body.contains(link), "{body}");
    }
    assert_eq!(told[0].content["m.mentions"], serde_json::json!({}));
    // Nobody but staff, on nothing but the notice, and once.
    let zoe = world.homeserver.user("@zoe:other.org");
    world.ann.invite(&desk.room, zoe.id());
    zoe.join(&desk.room);
    zoe.react(&desk.room, &told[0].event_id, "✅");
    let said = world.ann.say(&desk.room, "What is that?");
    world.ann.react(&desk.room, &said, "✅");
    world.ann.react(&desk.room, &told[0].event_id, "👍");
    world.quiet().await;
    assert_eq!(desk.said(), Vec::<String>::new());
    for _ in 0..2 {
        world.ann.react(&desk.room, &told[0].event_id, "✅");
        world.quiet().await;
    }
    assert_eq!(
        desk.said(),
        [
            "Please pay to @ann:example.org at https://evil.example/pay\n\n\
          ✅ held, then released by Ann"
        ]
    );
    let answer = world.ask(&desk.room, "!email drop 1").await;
    assert!(answer.contains("was released"), "{answer}");
    // The same mail again is known.
    forge(
        &desk,
        "Please pay to @ann:example.org at https://evil.example/pay",
    )
    .await;
    assert_eq!(desk.said().len(), 1);
    assert_eq!(notices(world, &desk.room).len(), 1);
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_dropped_is_kept_and_can_be_brought_back() {
    let mut desk = Desk::open(Options::default()).await;
    forge(&desk, "First").await;
    forge(&desk, "Second").await;
    let world = &desk.world;
    let told = notices(world, &desk.room);
    world.ann.react(&desk.room, &told[0].event_id, "❌");
    world.quiet().await;
    assert!(world.bot_says(&desk.room, "Mail #1 is dropped"));
    let waits = world.ask(&desk.room, "!email held").await;
    assert!(
        waits.contains("#2") && !waits.contains("#1 from"),
        "{waits}"
    );
    // What was decided holds after a crash.
    desk.world.kill_postroom();
    desk.world.start_postroom().await;
    let world = &desk.world;
    world.ann.react(&desk.room, &told[0].event_id, "❌");
    world.ask(&desk.room, "!email release 2").await;
    world.ask(&desk.room, "!email release 1").await;
    world.quiet().await;
    let said = desk.said();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("Second") && said[1].starts_with("First"));
    let waits = world.ask(&desk.room, "!email held").await;
    assert_eq!(waits, "No mail waits for you.");
    let answer = world.ask(&desk.room, "!email release 7").await;
    assert!(answer.contains("no held mail #7"), "{answer}");
    let answer = world.ask(&desk.room, "!email release").await;
    assert!(answer.contains("Which mail?"), "{answer}");
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaked_token_alone_gets_nobody_in() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let (token, id) = (desk.token.as_str(), desk.letter_id.as_str());
    let us = "support@example.org";
    let by_id = format!("In-Reply-To: {id}\n");
    let from_mallory = [
        (token, mail(MALLORY, token, "", "With the token")),
        (us, mail(MALLORY, us, &by_id, "With an id")),
    ];
    for (to, raw) in &from_mallory {
        desk.take_from("mallory@evil.example", to, raw).await;
    }
    forge(&desk, "As Jane").await;
    // Her domain, but not her.
    let fake = mail("Jim <jim@acme.com>", token, "", "As a colleague");
    world.unproven_mail("jim@acme.com", &[token], &fake).await;
    world.quiet().await;
    assert_eq!(desk.said(), Vec::<String>::new());
    assert_eq!(notices(world, &desk.room).len(), 4, "{}", all_said(&desk));
    let members = world.homeserver.members(&desk.room);
    assert_eq!(members.len(), 3, "{members:?}");
    assert_eq!(world.sink.count(), 1, "nobody is answered");
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_let_in_with_their_mail() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let raw = mail(
        "Carl Cox <carl@partner.example>",
        &desk.token,
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n",
        "--b\nContent-Type: text/plain\n\nThe plan\n--b\nContent-Type: application/pdf; \
         name=plan.pdf\nContent-Disposition: attachment; filename=plan.pdf\n\n%PDF-1.4\n--b--",
    );
    desk.take_from("carl@partner.example", &desk.token, &raw)
        .await;
    let told = notices(world, &desk.room).remove(0);
    assert!(told.body().contains("With a file."), "{}", told.body());
    world.ann.react(&desk.room, &told.event_id, "➕");
    world.quiet().await;
    let ghost = world.ghost(&desk.room, "Carl Cox").expect("his ghost");
    let said = world.said_by(&desk.room, &ghost);
    assert_eq!(
        said,
        ["The plan\n\n✅ held, then released by Ann", "plan.pdf"]
    );
    assert!(world.bot_says(&desk.room, "is one of the people here now"));
    // Jane gets what he wrote; he gets what is said from now on.
    let letters = world.mails_to("jane@acme.com", 3).await;
    assert!(letters[1].text().contains("The plan"));
    world.tell(&desk.room, "Welcome, Carl.").await;
    let letter = &world.mails_to("carl@partner.example", 1).await[0];
    assert!(letter_text(letter).contains("Welcome, Carl."));
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_who_answers_is_shown_and_offered() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    for text in ["I can help", "Once more"] {
        let raw = mail("Jim Doe <jim@acme.com>", &desk.token, "", text);
        desk.take_from("jim@acme.com", &desk.token, &raw).await;
    }
    let ghost = world.ghost(&desk.room, "Jim Doe").expect("his ghost");
    let said = world.said_by(&desk.room, &ghost);
    assert_eq!(said.len(), 2);
    assert!(
        said[0].contains("➕ not one of the people here"),
        "{said:?}"
    );
    let offers: Vec<TimelineEvent> = world
        .homeserver
        .timeline(&desk.room)
        .into_iter()
        .filter(|event| event.sender == BOT && event.body().contains("of the same domain"))
        .collect();
    assert_eq!(offers.len(), 1, "told once");
    world.ann.react(&desk.room, &offers[0].event_id, "➕");
    world.quiet().await;
    world.tell(&desk.room, "Hello both").await;
    world.mails_to("jim@acme.com", 1).await;
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_visitors_read_along_held_mail_is_told_in_the_control_room() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let zoe = world.homeserver.user("@zoe:other.org");
    world.ann.invite(&desk.room, zoe.id());
    zoe.join(&desk.room);
    forge(&desk, "The secret price").await;
    assert!(!all_said(&desk).contains("secret"));
    let told = notices(world, &world.control_room);
    assert_eq!(told.len(), 1);
    assert!(told[0].body().contains("in conversation #1"));
    let here = world.ask(&desk.room, "!email held").await;
    assert!(
        here.contains("One mail waits") && !here.contains("Jane"),
        "{here}"
    );
    let there = world.ask(&world.control_room, "!email held").await;
    assert!(there.contains("#1 from Jane"), "{there}");
    world.ask(&world.control_room, "!email release 1").await;
    world.quiet().await;
    assert!(desk.said()[0].starts_with("The secret price"));
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_released_too_late_says_so_and_is_kept() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    world
        .ask(&desk.room, "!email add --share bob@beta.example Bob")
        .await;
    forge(&desk, "Too late").await;
    world.ask(&desk.room, "!email remove jane@acme.com").await;
    world.ask(&desk.room, "!email release 1").await;
    world
        .until("the bot says why not", || {
            world.bot_says(&desk.room, "the conversation was closed meanwhile")
        })
        .await;
    world.quiet().await;
    assert_eq!(desk.said(), Vec::<String>::new());
    let waits = world.ask(&desk.room, "!email held").await;
    assert!(waits.contains("#1 from"), "{waits}");
    // Once she is back it goes its way.
    world.add(&desk.room, "jane@acme.com", "Jane Doe").await;
    world.ask(&desk.room, "!email release 1").await;
    world.quiet().await;
    assert!(desk.said()[0].starts_with("Too late"), "{:?}", desk.said());
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_members_fresh_mail_comes_into_their_only_room() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let us = "support@example.org";
    desk.take(us, &mail(JANE, us, "", "Something new")).await;
    assert_eq!(desk.said(), ["Something new"]);
    // Without proof staff decide.
    let raw = mail(JANE, us, "", "Something doubtful");
    world.unproven_mail("jane@acme.com", &[us], &raw).await;
    world.quiet().await;
    assert_eq!(desk.said().len(), 1);
    let told = notices(world, &desk.room);
    assert!(told[0].body().contains("answers nothing that we have sent"));
    // With two rooms nobody guesses.
    world
        .room("Another", &[("jane@acme.com", "Jane Doe")])
        .await;
    desk.take(us, &mail(JANE, us, "", "To which room")).await;
    assert_eq!(desk.said().len(), 1);
    assert!(world.bot_says(&world.control_room, "They are in several rooms"));
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_dns_is_silent_mail_waits() {
    let mut desk = Desk::open(Options::default()).await;
    desk.world.dns.break_down(true);
    let replies = desk
        .world
        .mail(
            "jane@acme.com",
            &[&desk.token],
            &mail(JANE, &desk.token, "", "Patience"),
        )
        .await;
    assert_eq!(codes(&replies), [250]);
    let put_off = "SELECT checks FROM mails WHERE checks > 0";
    let mut database = desk.world.database().await;
    while database.rows::<(i64,)>(put_off).await.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(desk.said(), Vec::<String>::new());
    // It still waits after a crash, and is asked for again.
    desk.world.kill_postroom();
    desk.world.start_postroom().await;
    desk.world.dns.break_down(false);
    desk.world.quiet().await;
    assert_eq!(desk.said(), ["Patience"]);

    // One that never gets an answer counts as unverified in the end. What the DNS had told before is
    // forgotten with the process.
    desk.world.dns.break_down(true);
    desk.world.kill_postroom();
    desk.world.start_postroom().await;
    let raw = mail(JANE, &desk.token, "", "No answer");
    desk.world.mail("jane@acme.com", &[&desk.token], &raw).await;
    let long = "UPDATE mails SET checks = 10, not_before = 0 WHERE verdict = '' AND checks > 0";
    while database.execute(long).await == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    desk.world.kill_postroom();
    desk.world.start_postroom().await;
    desk.world.quiet().await;
    let said = desk.said();
    assert!(said[1].contains("❔ sender not verified"), "{said:?}");
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_are_reminded_once_a_day_of_what_waits() {
    let mut desk = Desk::open(Options::default()).await;
    forge(&desk, "First").await;
    forge(&desk, "Second").await;
    let yesterday = "UPDATE held SET held_at = held_at - 90000000";
    desk.world.database().await.execute(yesterday).await;
    for _ in 0..2 {
        desk.world.kill_postroom();
        desk.world.start_postroom().await;
        let world = &desk.world;
        world
            .until("the reminder", || world.bot_says(&desk.room, "⏰"))
            .await;
        world.quiet().await;
    }
    let said = desk.world.said_by(&desk.room, BOT);
    let reminders: Vec<&String> = said.iter().filter(|body| body.starts_with('⏰')).collect();
    assert_eq!(reminders.len(), 1, "{said:?}");
    assert!(reminders[0].contains("2 mails wait") && reminders[0].contains("#2 from Jane"));
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn revoked_addresses_fall_through_to_the_next_rule() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let before = desk.token.clone();
    let answer = world.ask(&desk.room, "!email revoke").await;
    assert!(answer.contains("of #1 lead nowhere"), "{answer}");
    world.tell(&desk.room, "From a new address").await;
    let letter = world.mails_to("jane@acme.com", 2).await.remove(1);
    let now = reply_address(&letter).unwrap();
    assert_ne!(now, before);
    // A stranger who has found the old one is nobody's.
    desk.take_from(
        "mallory@evil.example",
        &before,
        &mail(MALLORY, &before, "", "To the old address"),
    )
    .await;
    assert_eq!(notices(world, &desk.room).len(), 0);
    assert!(desk.reports()[0].contains("belongs to no conversation"));
    // Jane's program names the letter that she answers, and shouts the address.
    let by_id = format!("In-Reply-To: {}\n", desk.letter_id);
    desk.take(&before, &mail(JANE, &before, &by_id, "By the letter"))
        .await;
    desk.take(&now, &mail(JANE, &now.to_uppercase(), "", "By the address"))
        .await;
    assert_eq!(desk.said(), ["By the letter", "By the address"]);
    // A list server on the way has dropped the detail, and everything that the mail answers.
    let us = "support@example.org";
    let raw = mail(JANE, us, "List-Id: <team.acme.com>\n", "Without the detail");
    desk.take(us, &raw.replace("List-Id", &format!("{by_id}List-Id")))
        .await;
    assert_eq!(desk.said().len(), 3, "{:?}", desk.said());
    desk.world.finish().await;
}

fn postroom(desk: &Desk, arguments: &[&str]) -> (bool, String) {
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_postroom"))
        .args(arguments)
        .args(["--config", "config.yaml"])
        .current_dir(desk.world.folder.path())
        .output()
        .unwrap();
    let said = [run.stdout, run.stderr].concat();
    (
        run.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn old_keys_are_read_until_they_are_revoked() {
    let mut desk = Desk::open(Options::default()).await;
    let (old, us) = (desk.token.clone(), "support@example.org");
    let (is_done, said) = postroom(&desk, &["keys", "rotate"]);
    assert!(!is_done, "not while it runs: {said}");
    desk.world.stop_postroom().await;
    let (is_done, said) = postroom(&desk, &["keys", "rotate"]);
    assert!(is_done && said.lines().count() == 2, "{said}");
    let (is_done, said) = postroom(&desk, &["keys", "revoke", "2"]);
    assert!(!is_done, "it signs: {said}");
    desk.world.start_postroom().await;
    desk.take(&old, &mail(JANE, &old, "", "To the old address"))
        .await;
    desk.world.tell(&desk.room, "From the new one").await;
    let letter = desk.world.mails_to("jane@acme.com", 2).await.remove(1);
    let new = reply_address(&letter).unwrap();
    assert_ne!(new, old);

    desk.world.stop_postroom().await;
    let (is_done, said) = postroom(&desk, &["keys", "revoke", "1"]);
    assert!(is_done && said.lines().count() == 1, "{said}");
    desk.world.start_postroom().await;
    let raw = mail(MALLORY, us, "", "With the dead address");
    desk.take_from("mallory@evil.example", &old, &raw).await;
    assert_eq!(notices(&desk.world, &desk.room).len(), 0);
    desk.take(&new, &mail(JANE, &new, "", "To the new address"))
        .await;
    assert_eq!(desk.said(), ["To the old address", "To the new address"]);
    desk.world.finish().await;
}

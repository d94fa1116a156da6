//! Somebody's data are exported, and erased: afterwards they are found nowhere.

mod trouble;

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    command_line::{postroom, text},
    desk::{self, BOT, Desk, JANE},
    intake::{SUPPORT, new_room, request, triage},
    support::{
        fake_homeserver::Fault,
        smtp_sink::{Stage, Trouble},
        world::{Options, PATIENCE, World, reply_address},
    },
};

/// A mail with a Message-ID that says nothing: those stay.
fn mail(from: &str, to: &str, headers: &str, text: &str) -> String {
    let raw = desk::mail(from, to, headers, text);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let lines = raw.lines().map(|line| {
        if line.starts_with("Message-ID: ") {
            format!("Message-ID: <number-{number}@acme.com>\n")
        } else {
            format!("{line}\n")
        }
    });
    lines.collect()
}

static NUMBER: AtomicUsize = AtomicUsize::new(1);

/// Every text and every octet in every table, and every blob, as far as they hold one of `words`.
async fn found(world: &World, words: &[&str]) -> Vec<String> {
    let mut database = world.database().await;
    let columns = if database.is_postgres() {
        "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'"
    } else {
        "SELECT tables.name, columns.name, columns.type
        FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns
        WHERE tables.type = 'table' AND tables.name <> '_sqlx_migrations'"
    };
    let columns: Vec<(String, String, String)> = database.rows(columns).await;
    assert!(columns.len() > 100, "{}", columns.len());
    let mut found = Vec::new();
    for (table, column, kind) in columns {
        let all = format!("SELECT {column} FROM {table} WHERE {column} IS NOT NULL");
        let values: Vec<String> = match kind.to_lowercase().as_str() {
            "text" => {
                let rows: Vec<(String,)> = database.rows(&all).await;
                rows.into_iter().map(|(text,)| text).collect()
            }
            "blob" | "bytea" => {
                let rows: Vec<(Vec<u8>,)> = database.rows(&all).await;
                let text = |(octets,): (Vec<u8>,)| String::from_utf8_lossy(&octets).into_owned();
                rows.into_iter().map(text).collect()
            }
            _ => continue,
        };
        for value in values {
            // She has an address that ends like Jane's.
            let value = value.to_lowercase().replace("mary-jane@acme.com", "mary");
            if let Some(word) = words.iter().find(|word| value.contains(**word)) {
                let beginning: String = value.chars().take(300).collect();
                found.push(format!("{table}.{column}: {word}: {beginning}"));
            }
        }
    }
    database.close().await;
    for file in files(&world.folder.join("blobs")) {
        let content = fs::read(&file).unwrap();
        let content = String::from_utf8_lossy(&content).to_lowercase();
        let content = content.replace("mary-jane@acme.com", "mary");
        for word in words {
            if content.contains(word) {
                found.push(format!("{}: {word}", file.display()));
            }
        }
    }
    found
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

const WORDS: [&str; 4] = ["jane@acme.com", "jane%40acme.com", "jane doe", "xylophone"];

/// Jane and Bob have written, small and large mails, to each other and to us; one of hers is held, one
/// letter to her is open.
async fn lively(desk: &Desk) {
    let world = &desk.world;
    world.add(&desk.room, "bob@beta.example", "Bob Roe").await;
    let raw = mail(JANE, &desk.token, "", "My xylophone is here");
    desk.take(&desk.token, &raw).await;
    let large = format!("xylophone\n{}", "All work and no play\n".repeat(5_000));
    let raw = mail(JANE, &desk.token, "Cc: bob@beta.example\n", &large);
    desk.take(&desk.token, &raw).await;
    world.settled().await;
    let of_bob = world.sink.mails_to("bob@beta.example").remove(0);
    let token = reply_address(&of_bob).unwrap();
    let large = format!("Thank you\n{}", "Jack is a dull boy\n".repeat(5_000));
    let headers = "Cc: Jane Doe <Jane@acme.com>, mary-jane@acme.com\n";
    let raw = mail("Bob Roe <bob@beta.example>", &token, headers, &large);
    desk.take_from("bob@beta.example", &token, &raw).await;
    // She is nobody in this room.
    let second = world.room("Second", &[]).await;
    world
        .ask(&second, "!email add bob@beta.example Bob Roe")
        .await;
    world.tell(&second, "Only Bob").await;
    world.settled().await;
    let to_bob = world.sink.mails_to("bob@beta.example");
    let token = reply_address(to_bob.last().unwrap()).unwrap();
    let raw = mail(JANE, &token, "", "Held xylophone");
    desk.take(&token, &raw).await;
    world.ann.reply(
        &desk.room,
        &desk.events()[0].event_id,
        "Dear Jane Doe, jane@acme.com is what I have",
    );
    world.settled().await;
}

async fn erase(world: &World, command: &str) {
    let room = world.control_room.clone();
    let asked = || {
        let timeline = world.homeserver.timeline(&room).into_iter();
        timeline
            .filter(|event| event.sender == BOT && event.body().contains("Erase everything about"))
            .map(|event| event.event_id)
            .collect::<Vec<_>>()
    };
    let before = asked().len();
    world.ann.say(&room, command);
    world.until("it asks", || asked().len() == before + 1).await;
    world.ann.react(&room, &asked()[before], "✅");
}

async fn done(world: &World, number: i64) {
    let done = format!("Erasure {number} is done");
    let room = world.control_room.clone();
    world
        .until("she is erased", || world.bot_says(&room, &done))
        .await;
    world.settled().await;
    let deadline = Instant::now() + PATIENCE;
    let mut database = world.database().await;
    loop {
        let spent: (i64,) = database.row("SELECT count(*) FROM spent_blobs").await;
        if spent.0 == 0 {
            break;
        }
        assert!(Instant::now() < deadline, "blobs are left");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_erased_is_found_nowhere_and_nobody_else_loses_anything() {
    let desk = Desk::open(Options::default()).await;
    lively(&desk).await;
    let world = &desk.world;
    assert!(
        found(world, &WORDS).await.len() > 30,
        "there is much to erase"
    );
    let words_of_bob = world.said_by(&desk.room, &world.ghost(&desk.room, "Bob Roe").unwrap());

    erase(world, "!email erase Jane@acme.com").await;
    done(world, 1).await;
    assert_eq!(found(world, &WORDS).await, Vec::<String>::new());
    let others = found(world, &["mary", "bob@beta.example", "dull boy"]).await;
    assert!(
        others.len() > 10,
        "Bob and Mary Jane are still there: {others:?}"
    );
    assert!(!world.is_in(&desk.room, &desk.jane));
    assert!(world.homeserver.is_deactivated(&desk.jane));
    let profile = world.homeserver.profile(&desk.jane).unwrap();
    assert_eq!((profile.displayname, profile.avatar_url), (None, None));
    let bob = world.ghost(&desk.room, "Bob Roe").unwrap();
    assert_eq!(world.said_by(&desk.room, &bob), words_of_bob);
    assert!(
        !desk.said().is_empty(),
        "what she said in the room stays there"
    );

    // Everything goes on without her.
    let before = world.sink.mails_to("jane@acme.com").len();
    world.tell(&desk.room, "Hello Bob").await;
    world.settled().await;
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), before);
    let to_bob = world.sink.mails_to("bob@beta.example");
    assert!(
        to_bob
            .iter()
            .any(|mail| String::from_utf8_lossy(&mail.raw).contains("Hello Bob"))
    );

    // She writes again: a stranger, and a new ghost if staff want her back.
    let raw = mail(JANE, &desk.token, "", "I am back");
    desk.take(&desk.token, &raw).await;
    assert!(
        !world
            .said_by(&desk.room, &desk.jane)
            .contains(&"I am back".to_owned())
    );
    world.add(&desk.room, "jane@acme.com", "Jane Doe").await;
    assert_ne!(world.ghost(&desk.room, "Jane Doe").unwrap(), desk.jane);
    desk.world.finish().await;
}

/// A mail to the mailbox itself, of another subject than others'.
async fn asks(world: &World, subject: &str, text: &str) {
    let raw = mail(JANE, SUPPORT, "", text).replace("Kernel training", subject);
    world.mail("jane@acme.com", &[SUPPORT], &raw).await;
    world.settled().await;
}

/// She has asked for things before she was anybody's customer, staff have noted and said this and that of
/// her, and she was to come to Matrix.
async fn known_at_the_desk(world: &World) -> String {
    let control_room = world.control_room.clone();
    asks(world, "Xylophone one", "My first xylophone").await;
    request(world, 1).await;
    world.ask(&control_room, "!email dismiss 1").await;
    asks(world, "Xylophone two", "My second xylophone").await;
    let asked = request(world, 2).await;
    world.ann.react(&control_room, &asked, "✅");
    let room = new_room(world, &world.ann).await;
    for said in [
        "!email subject Harp at Acme",
        "!email note She has broken a harp",
        "!email assign me",
        "Which model is it?",
    ] {
        world.tell(&room, said).await;
    }
    let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
    let elsewhere = "@jane.d:far.example";
    world
        .answer(&letter, "jane@acme.com", elsewhere, "id@acme.com")
        .await;
    world.settled().await;
    for command in ["!email list all", "!email find jane", "!email allowed"] {
        world.ask(&control_room, command).await;
    }
    // Somewhere the bot isn't yet: she asks it in.
    let other = world.ann.create_room("Other");
    world
        .ann
        .invite(&other, "@_email_jane=40acme.com:example.org");
    world.quiet().await;
    world.ask(&control_room, "!email block jane@acme.com").await;
    // By a service that sends in her name.
    let raw = mail(JANE, SUPPORT, "", "Blocked xylophone");
    world
        .mail("bounces@service.example", &[SUPPORT], &raw)
        .await;
    world.settled().await;
    asks(world, "Xylophone three", "Blocked xylophone").await;
    room
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_desk_knows_of_somebody_is_exported_and_erased_too() {
    let world = World::start(Options {
        more: "onboarding: {allowed_servers: [example.org]}",
        ..triage()
    })
    .await;
    let room = known_at_the_desk(&world).await;
    let words = [&WORDS[..], &["jane.d:far.example", "jane=40acme"]].concat();

    let export = ["person", "export", "jane@acme.com", "--to", "jane"];
    let output = postroom(&world.folder, &export);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let rows = fs::read_to_string(world.folder.join("jane/person.json")).unwrap();
    let rows: Value = serde_json::from_str(&rows).unwrap();
    for (table, count) in [
        ("requests", 2),
        ("request_mails", 2),
        ("conversations", 2),
        ("conversation_notes", 1),
        ("moves", 1),
        ("senders", 1),
    ] {
        let rows = rows[table].as_array().map_or(0, Vec::len);
        assert_eq!(rows, count, "{table}");
    }
    assert_eq!(
        rows["conversation_notes"][0]["text"],
        "She has broken a harp"
    );
    assert_eq!(files(&world.folder.join("jane/mails")).len(), 5);
    fs::remove_dir_all(world.folder.join("jane")).unwrap();

    erase(&world, "!email erase jane@acme.com").await;
    done(&world, 1).await;
    // What the room is called is the room's, and staff's to change.
    let left = found(&world, &words).await.into_iter();
    let left: Vec<String> = left
        .filter(|it| !it.starts_with("rooms.name") && !it.contains("m.room.name"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
    let mut database = world.database().await;
    let notes: (i64,) = database
        .row("SELECT count(*) FROM conversation_notes")
        .await;
    let waiting: (i64,) = database
        .row(
            "SELECT count(*) FROM conversations
            WHERE waits_since IS NOT NULL OR title <> '' OR subject LIKE '%ylophone%'",
        )
        .await;
    let requests: (i64,) = database.row("SELECT count(*) FROM requests").await;
    assert_eq!((notes.0, waiting.0, requests.0), (0, 0, 0));
    database.close().await;

    // The desk goes on without her.
    let list = world.ask(&world.control_room, "!email list all").await;
    assert!(!list.contains("Jane"), "{list}");
    let status = world.ask(&room, "!email status").await;
    assert!(status.contains("Nobody takes part"), "{status}");
    asks(&world, "Again", "It is me").await;
    request(&world, 3).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_she_said_is_redacted_where_that_is_asked_for() {
    let desk = Desk::open(Options::default()).await;
    lively(&desk).await;
    let notices = desk.world.said_by(&desk.room, BOT).len();
    erase(&desk.world, "!email erase jane@acme.com redact").await;
    done(&desk.world, 1).await;
    let control_room = &desk.world.control_room;
    assert!(!desk.world.bot_says(control_room, "could not be taken back"));
    assert!(
        desk.said().iter().all(String::is_empty),
        "{:?}",
        desk.said()
    );
    assert_eq!(
        desk.world.said_by(&desk.room, BOT).len(),
        notices,
        "nobody is bothered"
    );
    assert_eq!(found(&desk.world, &WORDS).await, Vec::<String>::new());
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_on_its_way_to_her_is_withdrawn() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let greylisted = Trouble::answer(Stage::Rcpt, 451, "4.7.1 Later").for_address("jane@acme.com");
    let greylisted = world.sink.trouble(greylisted);
    world.tell(&desk.room, "One more thing").await;
    world
        .until("it was tried", || world.sink.hits(greylisted) > 0)
        .await;
    // More than one behind it.
    world.tell(&desk.room, "And another").await;
    world.tell(&desk.room, "The last one").await;
    erase(world, "!email erase jane@acme.com").await;
    done(world, 1).await;
    world.sink.clear_trouble(greylisted);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_goes_on_where_it_was_and_says_what_the_homeserver_refuses() {
    let mut desk = Desk::open(Options::default()).await;
    let fault = desk.world.homeserver.fault(Fault::status(503).at("leave"));
    erase(&desk.world, "!email erase jane@acme.com").await;
    let world = &desk.world;
    world
        .until("she is to leave", || world.homeserver.hits(fault) > 0)
        .await;
    desk.world.kill_postroom();
    desk.world.homeserver.clear_faults();
    desk.world
        .homeserver
        .fault(Fault::status(403).at("deactivate"));
    desk.world.start_postroom().await;
    done(&desk.world, 1).await;
    let room = desk.world.control_room.clone();
    assert!(
        desk.world
            .bot_says(&room, "did not give up their Matrix user")
    );
    assert!(!desk.world.is_in(&desk.room, &desk.jane));
    assert_eq!(found(&desk.world, &WORDS).await, Vec::<String>::new());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_control_room_erases_and_only_people() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let answer = world.ask(&desk.room, "!email erase jane@acme.com").await;
    assert!(answer.contains("control room"), "{answer}");
    let control_room = world.control_room.clone();
    let answer = world
        .ask(&control_room, "!email erase support@example.org")
        .await;
    assert!(answer.contains("ours"), "{answer}");
    let answer = world.ask(&control_room, "!email erase").await;
    assert!(answer.contains("Whom?"), "{answer}");
    assert!(world.is_in(&desk.room, &desk.jane));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_exports_and_erases_beside_a_running_postroom() {
    let mut desk = Desk::open(Options::default()).await;
    lively(&desk).await;
    let folder = desk.world.folder.path().to_owned();
    let export = ["person", "export", "jane@acme.com", "--to", "jane"];
    let output = postroom(&desk.world.folder, &export);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let rows = fs::read_to_string(folder.join("jane/person.json")).unwrap();
    let rows: Value = serde_json::from_str(&rows).unwrap();
    assert_eq!(rows["contacts"][0]["address"], "jane@acme.com");
    for table in [
        "letter_items",
        "mails",
        "inbox",
        "held",
        "participants",
        "outbox",
    ] {
        assert!(rows[table].is_array(), "{table}");
    }
    let mails = files(&folder.join("jane/mails"));
    assert_eq!(mails.len(), 3, "{mails:?}");
    assert!(
        mails
            .iter()
            .all(|mail| fs::read_to_string(mail).unwrap().contains("xylophone"))
    );
    let again = postroom(&desk.world.folder, &export);
    assert!(!again.status.success(), "the folder is there already");
    fs::remove_dir_all(folder.join("jane")).unwrap();
    let nobody = ["person", "export", "nobody@acme.com", "--to", "nobody"];
    let output = postroom(&desk.world.folder, &nobody);
    assert!(text(&output.stderr).contains("nothing is stored"));

    let erase = ["person", "erase", "jane@acme.com", "--yes"];
    let output = postroom(&desk.world.folder, &erase);
    assert!(output.status.success(), "{}", text(&output.stderr));
    done(&desk.world, 1).await;
    assert_eq!(found(&desk.world, &WORDS).await, Vec::<String>::new());

    // Asked while nobody runs, it is done at the next start.
    desk.world.kill_postroom();
    let erase = ["person", "erase", "bob@beta.example", "--yes", "--redact"];
    let output = postroom(&desk.world.folder, &erase);
    assert!(output.status.success(), "{}", text(&output.stderr));
    desk.world.start_postroom().await;
    done(&desk.world, 2).await;
    assert_eq!(
        found(&desk.world, &["bob@beta.example", "bob roe"]).await,
        Vec::<String>::new()
    );
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounce_that_comes_afterwards_does_no_harm() {
    let desk = Desk::open(Options::default()).await;
    erase(&desk.world, "!email erase jane@acme.com").await;
    done(&desk.world, 1).await;
    let said = desk.world.said_by(&desk.room, BOT).len();
    let id = desk.letter_id.clone();
    let report = format!(
        "From: MAILER-DAEMON@acme.com\nTo: support@example.org\nSubject: Undelivered\n\
         Message-ID: <bounce@acme.com>\nMIME-Version: 1.0\nContent-Type: multipart/report; \
         report-type=delivery-status; boundary=b\n\n--b\n\nIt failed.\n--b\nContent-Type: \
         message/delivery-status\n\nReporting-MTA: dns; mx.acme.com\n\nFinal-Recipient: rfc822; \
         jane@acme.com\nAction: failed\nStatus: 5.1.1\n\n--b\nContent-Type: text/rfc822-headers\n\n\
         Message-ID: {id}\n--b--\n"
    );
    desk.take_from("", "support@example.org", &report).await;
    assert_eq!(desk.world.said_by(&desk.room, BOT).len(), said);
    desk.close().await;
}

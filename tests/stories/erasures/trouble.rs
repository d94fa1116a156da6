//! Erasures that have to wait, that something refuses, and that are to touch nobody else.

use std::{fs, time::Duration};

use serde_json::json;

use super::{WORDS, done, erase, files, found, lively, mail};
use crate::{
    command_line::{postroom, text},
    desk::{BOT, Desk, JANE},
    intake::{SUPPORT, triage},
    support::{
        fake_homeserver::Fault,
        smtp_sink::{Stage, Trouble, TroubleId},
        world::{Options, PATIENCE, World, reply_address},
    },
};

async fn count(world: &World, from: &str) -> i64 {
    let mut database = world.database().await;
    let sql = format!("SELECT count(*) FROM {from}");
    let (count,) = database.row::<(i64,)>(&sql).await;
    database.close().await;
    count
}

async fn change(world: &World, sql: &str) -> u64 {
    let mut database = world.database().await;
    let changed = database.execute(sql).await;
    database.close().await;
    changed
}

/// Waits until there are so many of these rows.
async fn until_there_are(world: &World, number: i64, from: &str) {
    let waiting = async {
        while count(world, from).await != number {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(waited.is_ok(), "waited in vain for {number}: {from}");
}

fn last_notice(world: &World) -> String {
    let said = world.said_by(&world.control_room, BOT).into_iter();
    let mut done = said.filter(|text| text.starts_with("Erasure "));
    done.next_back().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_one_word_takes_nothing_from_others() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[("jane@other.com", "Smith")]).await;
    let people = ["Jane", "support", "Guest", "Event", "Contact"];
    for name in people {
        let address = format!("{}.one@acme.com", name.to_lowercase());
        world.add(&room, &address, name).await;
    }
    let guest = "INSERT INTO participants (conversation_id, contact_id, position, role)
        SELECT 1, id, 9, 'guest' FROM contacts WHERE address = 'contact.one@acme.com'";
    assert_eq!(change(&world, guest).await, 1);
    world.tell(&room, "Hello Jane, our support is here").await;
    world.settled().await;
    for (number, name) in (1..).zip(&people[..4]) {
        let address = format!("{}.one@acme.com", name.to_lowercase());
        erase(&world, &format!("!email erase {address}")).await;
        done(&world, number).await;
        assert_eq!(found(&world, &[&address]).await, Vec::<String>::new());
    }
    assert_eq!(
        count(&world, "contacts WHERE address = 'jane@other.com'").await,
        1
    );
    assert_eq!(
        count(&world, "conversations WHERE mailbox <> 'support'").await,
        0
    );
    let words = found(&world, &["hello jane, our support"]).await;
    assert!(!words.is_empty(), "what was said stays");
    let letters = world.sink.mails_to("jane@other.com").len();
    world.tell(&room, "Goodbye").await;
    world.settled().await;
    assert_eq!(world.sink.mails_to("jane@other.com").len(), letters + 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_fails_holds_up_no_other() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let nonsense = "INSERT INTO erasures (address, redacts, asked_by, room_id, asked_at, state)
        VALUES ('nonsense', 0, '', '', 0, 'retiring')";
    change(world, nonsense).await;
    erase(world, "!email erase jane@acme.com").await;
    done(world, 2).await;
    assert!(world.whole_log().contains("A step of an erasure failed"));
    change(world, "DELETE FROM erasures WHERE address = 'nonsense'").await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_homeserver_that_is_away_is_waited_for_however_long() {
    let mut desk = Desk::open(Options::default()).await;
    let raw = mail(JANE, &desk.token, "", "My xylophone is here");
    desk.take(&desk.token, &raw).await;
    let away = desk
        .world
        .homeserver
        .fault(Fault::status(503).at("deactivate"));
    erase(&desk.world, "!email erase jane@acme.com").await;
    until_there_are(&desk.world, 1, "erasures WHERE state = 'retiring'").await;
    change(&desk.world, "UPDATE erasures SET since = 0").await;
    let before = desk.world.homeserver.hits(away);
    let world = &desk.world;
    world
        .until("it is tried on", || {
            world.homeserver.hits(away) >= before + 2
        })
        .await;
    assert_eq!(count(world, "erasures WHERE state = 'retiring'").await, 1);
    assert!(!world.bot_says(&world.control_room, "Erasure 1 is done"));

    // The time for which nobody was there doesn't count.
    desk.world.kill_postroom();
    change(&desk.world, "UPDATE erasures SET since = 0").await;
    desk.world.start_postroom().await;
    assert_eq!(count(&desk.world, "erasures WHERE since = 0").await, 0);
    desk.world.homeserver.clear_faults();
    done(&desk.world, 1).await;
    assert!(desk.world.homeserver.is_deactivated(&desk.jane));
    assert!(last_notice(&desk.world).ends_with("names the person any more."));
    assert_eq!(found(&desk.world, &WORDS).await, Vec::<String>::new());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_the_bot_is_given_up_and_said_by_nobody() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let raw = mail(JANE, &desk.token, "", "My first xylophone");
    desk.take(&desk.token, &raw).await;
    // The ghost has to be asked in again, which only the bot can.
    world.homeserver.user(&desk.jane).leave(&desk.room);
    world.quiet().await;
    world.homeserver.hold_pushes(true);
    world.ann.kick(&desk.room, BOT);
    let raw = mail(JANE, &desk.token, "", "My second xylophone");
    let replies = world.mail("jane@acme.com", &[&desk.token], &raw).await;
    assert_eq!(replies[0].code, 250);
    world
        .until("it was tried", || {
            world.log().contains("The bot is out of a room")
        })
        .await;
    world.homeserver.hold_pushes(false);
    until_there_are(world, 1, "outbox WHERE next_at > 200000000000000").await;

    erase(world, "!email erase jane@acme.com redact").await;
    until_there_are(world, 1, "erasures WHERE state = 'leaving'").await;
    assert!(!world.homeserver.is_deactivated(&desk.jane));
    change(world, "UPDATE erasures SET since = 0").await;
    done(world, 1).await;
    assert!(world.homeserver.is_deactivated(&desk.jane));
    let notice = last_notice(world);
    assert!(notice.contains("could not be taken back"), "{notice}");
    assert_eq!(found(world, &WORDS).await, Vec::<String>::new());

    world.ann.invite(&desk.room, BOT);
    world
        .until("the bot is back", || world.is_in(&desk.room, BOT))
        .await;
    world.settled().await;
    let said = world.homeserver.messages(&desk.room);
    assert!(
        !said.iter().any(|(_, text)| text.contains("second")),
        "{said:?}"
    );
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_leaves_no_copies_of_mails_behind() {
    let desk = Desk::open(Options::default()).await;
    lively(&desk).await;
    let world = &desk.world;
    let folder = world.folder.join("blobs/mails");
    let before = files(&folder).len();
    // What an erasure that was broken off has written.
    fs::write(folder.join("leftover"), "jack and jane").unwrap();
    change(
        world,
        "INSERT INTO crossed_out (name) VALUES ('mails/leftover')",
    )
    .await;
    let fault = world.homeserver.fault(Fault::status(503).at("deactivate"));
    erase(world, "!email erase jane@acme.com").await;
    world
        .until("it waits for a while", || world.homeserver.hits(fault) >= 3)
        .await;
    until_there_are(world, 0, "crossed_out").await;
    until_there_are(world, 0, "spent_blobs").await;
    assert_eq!(files(&folder).len(), before);
    world.homeserver.clear_faults();
    done(world, 1).await;
    assert_eq!(found(world, &WORDS).await, Vec::<String>::new());
    let blobs = count(world, "mails WHERE blob <> ''").await;
    assert!(blobs > 0, "Bob's large mail is still there");
    assert_eq!(files(&folder).len(), usize::try_from(blobs).unwrap());
    assert_eq!(count(world, "crossed_out").await, 0);
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_ghost_may_not_take_back_the_bot_does_or_it_is_told() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    let mut levels = world
        .homeserver
        .state(&desk.room, "m.room.power_levels", "")
        .unwrap();
    levels["users"][BOT] = json!(50);
    world
        .ann
        .set_state(&desk.room, "m.room.power_levels", "", levels);
    let second = world.room("Second", &[("jane@acme.com", "Jane Doe")]).await;
    world.tell(&second, "Hello again").await;
    let letter = world.mails_to("jane@acme.com", 2).await.remove(1);
    for (room, token) in [
        (&desk.room, desk.token.clone()),
        (&second, reply_address(&letter).unwrap()),
    ] {
        let raw = mail(JANE, &token, "", "My xylophone");
        desk.take(&token, &raw).await;
        world.ask(room, "!email remove jane@acme.com").await;
    }
    world.settled().await;
    assert!(!world.is_in(&desk.room, &desk.jane) && !world.is_in(&second, &desk.jane));

    erase(world, "!email erase jane@acme.com redact").await;
    done(world, 1).await;
    assert_eq!(desk.said(), [""], "the bot has redacted it");
    assert_eq!(world.said_by(&second, &desk.jane), ["My xylophone"]);
    let notice = last_notice(world);
    assert!(
        notice.contains("that they have said or done in rooms could not be taken back"),
        "{notice}"
    );
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn small_mails_that_write_her_address_in_another_case_are_found() {
    let desk = Desk::open(Options::default()).await;
    let world = &desk.world;
    world.add(&desk.room, "bob@beta.example", "Bob Roe").await;
    world.tell(&desk.room, "Hello both").await;
    let of_bob = world.mails_to("bob@beta.example", 1).await.remove(0);
    let token = reply_address(&of_bob).unwrap();
    let headers = "Cc: JANE@Acme.com\nMIME-Version: 1.0\nContent-Type: text/plain; charset=latin1\n\
                   Content-Transfer-Encoding: 8bit\n";
    let raw = mail("Bob Roe <bob@beta.example>", &token, headers, "Fünf Würfel");
    desk.take_from("bob@beta.example", &token, &raw).await;
    // Kept without a word, by a service that sends in her name.
    world
        .ask(&world.control_room, "!email block jane@acme.com")
        .await;
    let raw = mail(
        "Jane <Jane@ACME.com>",
        SUPPORT,
        "",
        "Blocked xylophone \u{e9}",
    );
    desk.take_from("bounces@service.example", SUPPORT, &raw)
        .await;
    let mails = count(world, "mails").await;
    // No text at all.
    let mut database = world.database().await;
    let broken = if database.is_postgres() {
        "UPDATE mails SET raw = '\\xff00c3'::bytea || raw WHERE sender = 'bob@beta.example'"
    } else {
        "UPDATE mails SET raw = CAST(x'ff00c3' || raw AS BLOB) WHERE sender = 'bob@beta.example'"
    };
    assert_eq!(database.execute(broken).await, 1);
    database.close().await;

    erase(world, "!email erase jane@acme.com").await;
    done(world, 1).await;
    assert_eq!(found(world, &WORDS).await, Vec::<String>::new());
    assert_eq!(count(world, "mails").await, mails - 1);
    desk.world.finish().await;
}

/// She asks for something, and the answer is on its way to her.
async fn asks_in_vain(world: &World, greylisted: TroubleId) {
    let before = world.sink.hits(greylisted);
    let raw = mail(JANE, SUPPORT, "", "My xylophone is broken");
    world.mail("jane@acme.com", &[SUPPORT], &raw).await;
    world
        .until("it was tried", || world.sink.hits(greylisted) > before)
        .await;
}

/// But for the bot, which tells by the example of a Jane Doe how people are added.
async fn nothing_names_her(world: &World) {
    let left = found(world, &WORDS).await.into_iter();
    let left: Vec<String> = left
        .filter(|it| !it.contains("i let people take part here by email"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_on_its_way_to_who_is_nobodys_customer_is_withdrawn() {
    let mut world = World::start(Options {
        mailbox: "acknowledge: always",
        ..triage()
    })
    .await;
    let greylisted = Trouble::answer(Stage::Rcpt, 451, "4.7.1 Later").for_address("jane@acme.com");
    let greylisted = world.sink.trouble(greylisted);
    asks_in_vain(&world, greylisted).await;
    erase(&world, "!email erase jane@acme.com").await;
    done(&world, 1).await;
    nothing_names_her(&world).await;
    assert_eq!(world.sink.count(), 0);

    // One that came on its way before the last step, too.
    asks_in_vain(&world, greylisted).await;
    world.kill_postroom();
    let command = ["person", "erase", "jane@acme.com", "--yes"];
    let output = postroom(&world.folder, &command);
    assert!(output.status.success(), "{}", text(&output.stderr));
    change(
        &world,
        "UPDATE erasures SET state = 'retiring' WHERE state = 'asked'",
    )
    .await;
    world.start_postroom().await;
    done(&world, 2).await;
    nothing_names_her(&world).await;
    assert_eq!(world.sink.count(), 0);
    world.finish().await;
}

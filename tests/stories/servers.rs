//! PostgreSQL: it goes away and comes back, and several Postrooms want one database.

use std::{path::Path, time::Duration};

use crate::{
    support::{
        database::{Choice, Database, OwnServer, shared_server},
        proxy::{Proxy, Silence},
        servers::{certificates, folder::Folder},
        smtp_sink::{Stage, Trouble},
        world::{Options, World, letter_text},
    },
    training::JANE,
};

fn on_postgres() -> Options {
    Options {
        database: Choice::Postgres,
        ..Options::default()
    }
}

/// A room in which Jane and Ann have written to each other.
async fn talk(world: &World) -> String {
    let room = world.room("Training", &[JANE]).await;
    world.ann.say(&room, "Hello");
    let letters = world.mails_to("jane@acme.com", 1).await;
    world
        .answer(&letters[0], "jane@acme.com", "Hi Ann", "1@acme.com")
        .await;
    world
        .until("Jane answers", || answers(world, &room).len() == 1)
        .await;
    world.settled().await;
    room
}

fn answers(world: &World, room: &str) -> Vec<String> {
    let jane = world.ghost(room, "Jane Doe").unwrap();
    let said = world.said_by(room, &jane).into_iter();
    said.map(|body| body.lines().next().unwrap_or_default().to_owned())
        .collect()
}

/// What Jane has got, without what stands around it.
fn letters(world: &World, words: &[&str]) -> Vec<usize> {
    let mails = world.sink.mails_to("jane@acme.com");
    let texts: Vec<String> = mails.iter().map(letter_text).collect();
    let first_line = |text: &String, word: &str| {
        let quoted = |line: &&str| !line.starts_with('>');
        text.lines().filter(quoted).any(|line| line.contains(word))
    };
    let count = |word: &&str| texts.iter().filter(|text| first_line(text, word)).count();
    words.iter().map(count).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_server_that_restarts_loses_and_doubles_nothing() {
    let server = OwnServer::start();
    let world = World::start(Options {
        database: Choice::At(server.url.clone()),
        ..Options::default()
    })
    .await;
    let room = talk(&world).await;
    let first = world.sink.mails_to("jane@acme.com").remove(0);

    // All sessions end in the midst of work.
    for number in 0..20 {
        world.ann.say(&room, &format!("Cut{number:02}"));
        if number % 5 == 0 {
            let mut beside = world.database().await;
            let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()";
            while beside.row::<(i64,)>(cut).await == (0,) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            beside.close().await;
        }
    }
    // And the whole server.
    world.ann.say(&room, "Restarted");
    server.control("restart");
    world.ann.say(&room, "After that");

    // While it is away nothing is acknowledged.
    world.settled().await;
    server.control("stop");
    let (to, raw) =
        crate::support::world::answer(&first, "jane@acme.com", "Still here", "2@acme.com");
    let replies = world.mail("jane@acme.com", &[&to], &raw).await;
    assert_eq!(replies[0].code, 451, "{replies:?}");
    world.ann.say(&room, "While away");
    let health = world.health().await.unwrap();
    assert_eq!(health["status"], "not ready");
    assert!(health["missing"].to_string().contains("database: "));
    server.control("start");
    // As a mail server does, as often as it takes.
    while world.mail("jane@acme.com", &[&to], &raw).await[0].code != 250 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    world.settled().await;

    let mut words: Vec<String> = (0..20).map(|number| format!("Cut{number:02}")).collect();
    words.extend(["Restarted", "After that", "While away"].map(str::to_owned));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert_eq!(letters(&world, &words), vec![1; words.len()]);
    assert_eq!(answers(&world, &room), ["Hi Ann", "Still here"]);
    assert!(!world.log().contains("can't be taken up again"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_postroom_stands_by_and_takes_over() {
    let mut world = World::start(on_postgres()).await;
    let room = talk(&world).await;
    let first = world.sink.mails_to("jane@acme.com").remove(0);
    world.start_stand_by().await;
    world.tell(&room, "With one behind").await;
    for number in 0..5 {
        world.ann.say(&room, &format!("Before{number}"));
    }
    world.kill_postroom();
    world.ann.say(&room, "Between");
    world.follow_stand_by().await;
    world
        .answer(&first, "jane@acme.com", "And you?", "2@acme.com")
        .await;
    world.ann.say(&room, "After");
    world.settled().await;
    let words = [
        "With one behind",
        "Before0",
        "Before1",
        "Before2",
        "Before3",
        "Before4",
        "Between",
        "After",
    ];
    // The kill may have come between the mail server's answer and its being written down.
    let mut ids: Vec<String> = world
        .sink
        .mails_to("jane@acme.com")
        .iter()
        .map(|mail| crate::support::world::header(&mail.raw, "Message-ID").unwrap())
        .collect();
    let sent = ids.len();
    ids.sort();
    ids.dedup();
    assert!(
        sent - ids.len() <= 1,
        "{sent} mails of {} letters",
        ids.len()
    );
    assert_eq!(ids.len(), 1 + words.len());
    assert!(letters(&world, &words).iter().all(|count| *count >= 1));
    assert_eq!(answers(&world, &room), ["Hi Ann", "And you?"]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_lost_the_database_to_another_ends() {
    let mut world = World::start(on_postgres()).await;
    let room = talk(&world).await;
    let mut next = world.database().await;
    let lock = i64::from_be_bytes(*b"Postroom");
    // Stands for another one that is quicker.
    let taking = tokio::spawn(async move {
        next.execute(&format!("SELECT pg_advisory_lock({lock})"))
            .await;
        next
    });
    let mut beside = world.database().await;
    let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    while beside.row::<(i64,)>(waiting).await == (0,) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_locks
        WHERE locktype = 'advisory' AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    assert_eq!(beside.row::<(i64,)>(cut).await, (1,));
    // Before it has noticed, too, it can't write.
    world.ann.say(&room, "Who is there?");
    let next = taking.await.unwrap();
    world.until_ended().await;
    assert!(
        world
            .log()
            .contains("another Postroom is using this database"),
        "{}",
        world.log()
    );
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 1);
    next.close().await;
    beside.close().await;
    world.start_postroom().await;
    world.mails_to("jane@acme.com", 2).await;
    world.finish().await;
}

/// A proxy before the tests' server, and the server's URL by way of it.
async fn by_way_of_a_proxy() -> (Proxy, String) {
    let direct = shared_server();
    let address = direct.split('@').nth(1).unwrap().split('/').next().unwrap();
    let port = address.rsplit(':').next().unwrap();
    let proxy = Proxy::start(port.parse().unwrap()).await;
    let url = direct.replace(&format!(":{port}/"), &format!(":{}/", proxy.port()));
    (proxy, url)
}

/// As behind a firewall that has forgotten the connections: nobody is told anything.
#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_falls_silent_is_noticed_and_work_goes_on_without_a_restart() {
    let (proxy, url) = by_way_of_a_proxy().await;
    let world = World::start(Options {
        database: Choice::At(url),
        ..Options::default()
    })
    .await;
    let room = talk(&world).await;
    let first = world.sink.mails_to("jane@acme.com").remove(0);
    proxy.fall_silent(Silence::OnBothSides);
    world.ann.say(&room, "In silence");
    // Nothing is acknowledged.
    let (to, raw) =
        crate::support::world::answer(&first, "jane@acme.com", "Anybody there?", "2@acme.com");
    let recipients = [to.as_str()];
    let (replies, health) = tokio::join!(
        world.mail("jane@acme.com", &recipients, &raw),
        world.health()
    );
    assert_eq!(replies[0].code, 451, "{replies:?}");
    let health = health.unwrap();
    assert!(
        health["missing"].to_string().contains("database: "),
        "{health}"
    );
    assert_eq!(world.sink.mails_to("jane@acme.com").len(), 1);

    proxy.speak();
    while world.mail("jane@acme.com", &[&to], &raw).await[0].code != 250 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    world.mails_to("jane@acme.com", 2).await;
    world.settled().await;
    assert_eq!(answers(&world, &room), ["Hi Ann", "Anybody there?"]);
    assert_eq!(letters(&world, &["In silence"]), [1]);
    world.finish().await;
}

/// The one that is cut off doesn't know yet that the other one is at work.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_cut_off_in_silence_sends_nothing_beside_the_one_that_took_over() {
    let (proxy, url) = by_way_of_a_proxy().await;
    let mut world = World::start(Options {
        database: Choice::At(url),
        ..Options::default()
    })
    .await;
    let room = talk(&world).await;
    let name = world.database_url().rsplit_once('/').unwrap().1.to_owned();
    let server = shared_server().rsplit_once('/').unwrap().0.to_owned();
    let direct = format!("{server}/{name}");
    world.start_stand_by_elsewhere(&direct).await;
    // Letters that wait for their next attempt, which comes due while both run.
    world
        .sink
        .trouble(Trouble::answer(Stage::Rcpt, 451, "4.7.1 Greylisted").times(1));
    let words = ["Waits0", "Waits1", "Waits2"];
    for word in words {
        world.ann.say(&room, word);
    }
    let mut beside = world.database().await;
    let waits =
        "SELECT count(*) FROM outbox WHERE way = 'mail' AND state = 'ready' AND attempts > 0";
    while beside.row::<(i64,)>(waits).await == (0,) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    beside.close().await;
    proxy.fall_silent(Silence::TowardsTheClient);
    world
        .until("the other one sends", || letters(&world, &words) == [1; 3])
        .await;
    // When it reaches the server again it sees who has the lock, and ends.
    proxy.speak();
    world.until_ended().await;
    assert!(
        world.whole_log().contains("can't be taken up again"),
        "{}",
        world.log()
    );
    world.kill_stand_by();
    world.start_postroom().await;
    world.settled().await;
    assert_eq!(letters(&world, &words), [1; 3]);
    world.finish().await;
}

/// As after a commit whose answer was lost with the connection, or after another Postroom that was
/// at work for a while and was killed: an attempt is begun, and nobody makes it.
#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_nobody_makes_is_begun_again_when_the_connection_is() {
    let world = World::start(on_postgres()).await;
    let room = talk(&world).await;
    world
        .sink
        .trouble(Trouble::answer(Stage::Rcpt, 451, "4.7.1 Greylisted").times(1));
    world.ann.say(&room, "Begun");
    let mut beside = world.database().await;
    let begin = "UPDATE outbox SET state = 'attempting', attempts = attempts + 1,
        lease_until = next_at + 900000 WHERE way = 'mail' AND state = 'ready' AND attempts > 0";
    while beside.execute(begin).await == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_locks
        WHERE locktype = 'advisory' AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    assert_eq!(beside.row::<(i64,)>(cut).await, (1,));
    beside.close().await;
    world.mails_to("jane@acme.com", 2).await;
    world.settled().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_a_certificate_is_known_by_it() {
    let server = OwnServer::start();
    let folder = Folder::create().unwrap();
    let theirs = certificates::create("db.example.org", &folder).unwrap();
    let elsewhere = Folder::create().unwrap();
    let others = certificates::create("db.example.org", &elsewhere).unwrap();
    server.encrypt(&theirs).await;
    let by = |authority: &Path| {
        let authority = authority.display();
        format!("{}?sslmode=verify-full&sslrootcert={authority}", server.url)
    };
    let mut world = World::start(Options {
        database: Choice::At(by(&theirs.authority)),
        ..Options::default()
    })
    .await;
    talk(&world).await;
    let mut beside = world.database().await;
    let open = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
        WHERE datname = current_database() AND NOT ssl";
    assert_eq!(beside.row::<(i64,)>(open).await, (0,));
    beside.close().await;

    world.stop_postroom().await;
    let config = std::fs::read_to_string(world.folder.join("config.yaml")).unwrap();
    let [right, wrong] = [&theirs, &others].map(|it| it.authority.display().to_string());
    for authority in [wrong.as_str(), "/nowhere/ca.pem"] {
        let config = config.replace(&right, authority);
        world.folder.write("config.yaml", config).unwrap();
        world.spawn_postroom();
        world.until_ended().await;
        let log = world.log();
        let last = log.lines().last().unwrap_or_default();
        assert!(
            last.contains("no encrypted connection that can be trusted"),
            "{log}"
        );
        assert!(last.contains("sslrootcert"), "{log}");
    }
    world.folder.write("config.yaml", config).unwrap();
    world.start_postroom().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_copied_to_postgresql_goes_on_there() {
    let mut world = World::start(Options {
        database: Choice::Sqlite,
        quiet: "2s",
        ..Options::default()
    })
    .await;
    let room = talk(&world).await;
    let first = world.sink.mails_to("jane@acme.com").remove(0);
    let target = Database::create(&Choice::Postgres, &world.folder).await;
    let copy = |world: &World| {
        std::process::Command::new(env!("CARGO_BIN_EXE_postroom"))
            .args(["database", "copy", "--to", &target.url()])
            .current_dir(world.folder.path())
            .output()
            .unwrap()
    };
    let told = |output: std::process::Output| String::from_utf8(output.stderr).unwrap();

    let running = copy(&world);
    assert!(!running.status.success());
    let running = told(running);
    assert!(running.contains("another Postroom is using"), "{running}");

    // One letter is open, with a tab, a line and a backslash in it.
    world.ann.say(&room, "Path:\tC:\\new\nand $1 and \\N");
    world.stop_postroom().await;
    let copied = copy(&world);
    let table = String::from_utf8(copied.stdout.clone()).unwrap();
    assert!(copied.status.success(), "{table}{}", told(copied));
    assert!(
        table.contains(" same") && !table.contains("DIFFERENT"),
        "{table}"
    );
    let again = copy(&world);
    assert!(!again.status.success());
    let again = told(again);
    assert!(again.contains("is not empty"), "{again}");

    world.move_to(target);
    world.start_postroom().await;
    let letters = world.mails_to("jane@acme.com", 2).await;
    let text = letter_text(&letters[1]);
    assert!(
        text.contains("C:\\new") && text.contains("and $1 and \\N"),
        "{text}"
    );
    world
        .answer(&first, "jane@acme.com", "Late answer", "2@acme.com")
        .await;
    world
        .until("Jane answers", || answers(&world, &room).len() == 2)
        .await;
    assert_eq!(answers(&world, &room), ["Hi Ann", "Late answer"]);
    world.ann.say(&room, "And on");
    world.mails_to("jane@acme.com", 3).await;
    world.settled().await;
    world.finish().await;
}

/// On the database that the stories are told to use, and on the other: both take it alike.
#[rstest::rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_nul_in_a_message_or_a_mail_harms_nobody(
    #[values(Choice::Sqlite, Choice::Postgres)] database: Choice,
) {
    let world = World::start(Options {
        database,
        ..Options::default()
    })
    .await;
    let room = talk(&world).await;
    let first = world.sink.mails_to("jane@acme.com").remove(0);
    world.ann.say(&room, "Zero\0Event");
    let letters = world.mails_to("jane@acme.com", 2).await;
    let text = letter_text(&letters[1]);
    assert!(text.contains("Zero\u{fffd}Event"), "{text}");
    let (to, raw) =
        crate::support::world::answer(&first, "jane@acme.com", "Zero\0Mail", "nul\0@acme.com");
    let raw = raw.replace("Subject: ", "Subject: a\0b ");
    let replies = world.mail("jane@acme.com", &[&to], &raw).await;
    assert_eq!(replies[0].code, 250, "{replies:?}");
    world
        .until("the mail is posted", || answers(&world, &room).len() == 2)
        .await;
    let said = answers(&world, &room);
    assert!(
        said[1].starts_with("Zero") && said[1].ends_with("Mail"),
        "{said:?}"
    );
    world.settled().await;
    world.finish().await;
}

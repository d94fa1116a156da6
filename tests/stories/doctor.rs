//! `postroom doctor`: everything is broken once, and doctor says what it is and what to do. Here:
//! how doctor is asked, files, database, machine, the listener for monitoring.

use std::{fs::Permissions, os::unix::fs::PermissionsExt as _, process::Output, time::Duration};

use serde_json::Value;

use crate::support::{
    database::Choice,
    dns_server::{DnsServer, Record},
    doctor::{self, Diagnosis, ask, text},
    world::{Options, World},
};

/// Nothing of these may ever be seen.
const SECRETS: [&str; 4] = [
    "as-token-of-the-story",
    "hs-token-of-the-story",
    "hunter2-of-the-story",
    "other-token-of-the-story",
];

/// Runs doctor on the world's configuration.
pub async fn doctor(world: &World, arguments: &[&str]) -> Diagnosis {
    ask(&world.folder.join("config.yaml"), arguments, &SECRETS).await
}

/// The same as people see it.
pub async fn run(world: &World, arguments: &[&str]) -> Output {
    doctor::run(&world.folder.join("config.yaml"), arguments, &SECRETS).await
}

/// A Postroom of which nothing can be said against.
pub async fn healthy() -> (World, DnsServer) {
    healthy_with(Options {
        database: Choice::Sqlite,
        ..Options::default()
    })
    .await
}

pub async fn healthy_with(options: Options) -> (World, DnsServer) {
    let world = World::start(options).await;
    let dns = DnsServer::start().await;
    dns.add("example.org", Record::Mx(10, "mail.example.org".to_owned()));
    dns.add_text("example.org", "v=spf1 mx include:_spf.example.org -all");
    dns.add_text("_spf.example.org", "v=spf1 ip4:192.0.2.0/24 ?all");
    dns.add_text("_dmarc.example.org", "v=DMARC1; p=quarantine");
    change(
        &world,
        "registration.yaml",
        "http://127.0.0.1:1",
        &world.appservice_url(),
    );
    std::fs::set_permissions(
        world.folder.join("registration.yaml"),
        Permissions::from_mode(0o600),
    )
    .unwrap();
    let [its, ours] = [&world.dns, &dns].map(|dns| dns.address().to_string());
    change(&world, "config.yaml", &its, &ours);
    (world, dns)
}

pub fn change(world: &World, file: &str, from: &str, to: &str) {
    let text = std::fs::read_to_string(world.folder.join(file)).unwrap();
    assert!(text.contains(from), "“{from}” is not in {file}");
    // Written over, so that the mode stays.
    std::fs::write(world.folder.join(file), text.replace(from, to)).unwrap();
}

pub fn append(world: &World, line: &str) {
    let text = std::fs::read_to_string(world.folder.join("config.yaml")).unwrap();
    std::fs::write(world.folder.join("config.yaml"), format!("{text}{line}\n")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn finds_nothing_where_nothing_is_wrong() {
    let (mut world, _dns) = healthy().await;
    let found = doctor(&world, &[]).await;
    assert_eq!(found.ill(), [""; 0], "{:#?}", found.checks);
    assert_eq!((found.code, found.worst.as_str()), (0, "ok"));
    found.says("machine/Postroom", "ok", &["runs, process "]);
    found.says("homeserver/ping", "ok", &["reaches Postroom"]);
    found.says("lmtp/our addresses", "ok", &["reply addresses, too"]);
    found.says("operations/ready", "ok", &["nothing waits"]);
    found.says(
        "reply_address/support: there and back",
        "skipped",
        &["--send"],
    );
    world.quiet().await;
    assert_eq!(world.sink.count(), 0, "a mail was sent");

    // The same while it is stopped, but for that.
    world.stop_postroom().await;
    let files = || {
        let mut names: Vec<_> = std::fs::read_dir(world.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        (
            names,
            std::fs::read(world.folder.join("postroom.db")).unwrap(),
        )
    };
    let before = files();
    let found = doctor(&world, &[]).await;
    assert_eq!(found.ill(), ["machine/Postroom"], "{:#?}", found.checks);
    assert_eq!(found.code, 1);
    found.says(
        "machine/Postroom",
        "warning",
        &["does not run", "systemctl start postroom"],
    );
    found.says("homeserver/ping", "ok", &["in Postroom's place"]);
    found.says("lmtp/door", "ok", &["is free"]);
    assert_eq!(files(), before, "doctor left something behind");
    world.start_postroom().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn speaks_to_people_without_colours_where_nobody_sees_them() {
    let (world, _dns) = healthy().await;
    change(
        &world,
        "registration.yaml",
        "as-token-of-the-story",
        "other-token-of-the-story",
    );
    let output = run(&world, &["--only", "homeserver", "smtp"]).await;
    assert_eq!(output.status.code(), Some(2));
    let shown = text(&output);
    assert!(!shown.contains('\u{1b}'), "{shown}");
    for part in [
        "✗ token",
        "→ In Synapse's homeserver.yaml",
        "✓ support: server",
        "1 fault, ",
    ] {
        assert!(shown.contains(part), "{part} is missing in {shown}");
    }
    assert!(!shown.contains("database"), "{shown}");
    // Whatever names a path may be as long as the path.
    let is_long = |line: &&str| line.chars().count() > 80 && !line.contains('/');
    assert_eq!(shown.lines().filter(is_long).collect::<Vec<_>>(), [""; 0]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tells_faults_of_the_configuration_first_and_goes_on() {
    let (world, _dns) = healthy().await;
    append(&world, "leters: {quiet: 1m}");
    let found = doctor(&world, &["--only", "smtp"]).await;
    let first = &found.checks[0];
    assert_eq!(first["area"], "config");
    assert!(
        first["check"].as_str().unwrap().starts_with("line "),
        "{first}"
    );
    assert!(
        first["remedy"].as_str().unwrap().contains("letters"),
        "{first}"
    );
    found.says("smtp/support: server", "ok", &[]);

    change(
        &world,
        "config.yaml",
        "smtp: {url:",
        "smtp: {username: anna, url:",
    );
    let found = doctor(&world, &["--only", "smtp"]).await;
    found.says(
        "smtp/support: server",
        "skipped",
        &["configuration has a fault"],
    );

    change(&world, "config.yaml", "staff:", "stuff:");
    let found = doctor(&world, &[]).await;
    assert!(found.find("homeserver/everything")["status"] == "skipped");
    assert_eq!(found.code, 2);

    std::fs::remove_file(world.folder.join("config.yaml")).unwrap();
    let found = doctor(&world, &["--only", "config"]).await;
    found.says(
        "config/configuration",
        "fault",
        &["cannot be read", "postroom init"],
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tells_who_may_read_what_is_secret() {
    let (world, _dns) = healthy().await;
    let mode = |file: &str, mode: u32| {
        let path = world.folder.join(file);
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    };
    world
        .folder
        .write("smtp-password", "hunter2-of-the-story\n")
        .unwrap();
    let login = "smtp: {username: anna, password_file: smtp-password, url:";
    change(&world, "config.yaml", "smtp: {url:", login);
    for file in ["smtp-password", "registration.yaml", "postroom.db"] {
        mode(file, 0o644);
    }
    mode("config.yaml", 0o644);
    let found = doctor(&world, &["--only", "config"]).await;
    found.says(
        "config/smtp-password",
        "fault",
        &["mode 0644", "chmod 6", "smtp-password"],
    );
    found.says(
        "config/registration file",
        "fault",
        &["chmod 640", "registration.yaml"],
    );
    found.says(
        "config/database files",
        "fault",
        &["chmod 600", "postroom.db"],
    );
    let is_shown = |it: &&Value| it["check"] == "configuration file";
    assert_eq!(
        found.checks.iter().filter(is_shown).count(),
        0,
        "nothing secret is in it"
    );

    let inline = "password: hunter2-of-the-story";
    change(
        &world,
        "config.yaml",
        "password_file: smtp-password",
        inline,
    );
    mode("postroom.db", 0o600);
    mode("registration.yaml", 0o640);
    let found = doctor(&world, &["--only", "config"]).await;
    found.says(
        "config/configuration file",
        "fault",
        &["chmod 640", "config.yaml"],
    );
    found.says("config/registration file", "ok", &["0640"]);
    found.says("config/database files", "ok", &["0600"]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tells_what_is_wrong_with_the_database() {
    let (mut world, _dns) = healthy().await;
    let only = ["--only", "database"];
    let mut database = world.database().await;
    let newer = "INSERT INTO _sqlx_migrations VALUES (9999, 'later', '', 1, x'00', 0)";
    database.execute(newer).await;
    let found = doctor(&world, &only).await;
    found.says(
        "database/version",
        "fault",
        &["9999", "newer Postroom", "backup"],
    );
    let gone = "DELETE FROM _sqlx_migrations WHERE version = 9999";
    database.execute(gone).await;

    // Who writes for long holds up doctor, and nobody is to blame as long as that is Postroom.
    database.execute("BEGIN IMMEDIATE").await;
    let found = doctor(&world, &only).await;
    found.says("database/writing", "ok", &["Postroom is writing"]);
    world.stop_postroom().await;
    let found = doctor(&world, &only).await;
    found.says("database/writing", "ok", &["allowed; not tried"]);
    database.execute("ROLLBACK").await;
    database.close().await;

    let path = world.folder.join("postroom.db");
    let sound = std::fs::read(&path).unwrap();
    let mut damaged = sound.clone();
    let middle = damaged.len() / 2;
    damaged[8192..middle].fill(0x5a);
    std::fs::write(&path, &damaged).unwrap();
    let found = doctor(&world, &only).await;
    found.says("database/soundness", "fault", &["backup", ".recover"]);
    std::fs::write(&path, "not a database at all").unwrap();
    let found = doctor(&world, &only).await;
    found.says(
        "database/file",
        "fault",
        &["not a SQLite database", "database.url"],
    );
    found.says("database/writing", "skipped", &["can't be read"]);
    std::fs::remove_file(&path).unwrap();
    let found = doctor(&world, &only).await;
    found.says("database/file", "ok", &["not there yet"]);
    assert!(!path.exists(), "doctor has made a database");

    std::fs::write(&path, sound).unwrap();
    world.start_postroom().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shows_what_postroom_says_is_missing() {
    let (world, _dns) = healthy().await;
    world.homeserver.down().await;
    let found = doctor(&world, &["--only", "operations", "homeserver"]).await;
    found.says(
        "operations/ready",
        "fault",
        &["homeserver: ", "can't be reached"],
    );
    found.says(
        "homeserver/reachable",
        "fault",
        &["homeserver.url", "matrix-synapse"],
    );
    world.homeserver.up().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_look_while_the_first_still_looks_is_no_problem() {
    let (world, _dns) = healthy().await;
    let one = doctor(&world, &["--only", "database", "lmtp", "smtp"]);
    let other = doctor(&world, &["--only", "database", "lmtp", "smtp"]);
    let both = tokio::time::timeout(Duration::from_mins(1), async { tokio::join!(one, other) });
    let (one, other) = both.await.unwrap();
    assert_eq!((one.ill(), other.ill()), (vec![], vec![]));
    world.finish().await;
}

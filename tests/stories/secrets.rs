//! What is secret shows nowhere: in no log of any level, no number, no fault of a configuration.

use std::fmt::Write as _;

use postroom::{config::Config, matrix::registration::Registration};
use serde_json::json;

use crate::support::{
    fake_homeserver::Fault,
    samples::firmware,
    servers::{folder::Folder, http},
    smtp_sink::{Stage, Trouble},
    world::{Options, World, reply_address},
};

const ED25519: &str = include_str!("../fixtures/dkim/ed25519.pem");
const PASSWORD: &str = "hunter2-of-the-story";
/// Words that stand in names, messages, mails and files.
const WORDS: &str = "xylophone";

fn options() -> Options {
    Options {
        max_size: "1MB",
        public: true,
        mailbox: "dkim: {selector: e1, key_file: ed25519.pem}",
        ..Options::default()
    }
}

/// A world whose Postroom has a password and a key, and logs everything that it can.
async fn world() -> World {
    let mut world = World::start(Options {
        mailbox: "",
        ..options()
    })
    .await;
    world.stop_postroom().await;
    world.folder.write("ed25519.pem", ED25519).unwrap();
    world.write_configuration(&options());
    let path = world.folder.join("config.yaml");
    let config = std::fs::read_to_string(&path).unwrap();
    let server = format!("smtp+insecure://{}\"", world.sink.address());
    let login = format!("{server}, username: anna, password: {PASSWORD}");
    let config = config
        .replace(&server, &login)
        .replace("info,postroom=debug", "trace");
    assert!(config.contains(PASSWORD) && config.contains("trace"));
    std::fs::write(&path, config).unwrap();
    world.start_postroom().await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn no_log_and_no_number_tells_a_secret() {
    let world = world().await;
    let people = [("jane@acme.com", "Jane Xylophone"), ("bob@beta.com", "Bob")];
    let room = world.room("The xylophone project", &people).await;
    let busy = Trouble::answer(Stage::Rcpt, 450, "xylophone: jane@acme.com is busy").times(1);
    world.sink.trouble(busy);
    let refused = Fault::error(403, "M_FORBIDDEN").at("send");
    world.homeserver.fault(refused.containing("xylophone two"));
    world.ann.say(&room, "xylophone one");
    let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
    for (from, text) in [
        ("jane@acme.com", "xylophone one"),
        ("jane@acme.com", "xylophone two"),
        ("eve@evil.com", "xylophone three"),
    ] {
        let id = format!("{}@acme.com", text.replace(' ', "."));
        world.answer(&letter, from, text, &id).await;
    }
    let film = firmware(1_500_000);
    world
        .ann
        .send_file(&room, "xylophone.mp4", "video/mp4", &film);
    world.mails_to("bob@beta.com", 2).await;
    world.settled().await;

    let mut database = world.database().await;
    let keys: Vec<(i64, Vec<u8>)> = database
        .rows("SELECT id, secret FROM keys ORDER BY id")
        .await;
    let (link, salt): (i64, String) = database
        .row("SELECT id, salt FROM links ORDER BY id LIMIT 1")
        .await;
    database.close().await;
    let secrets = keys
        .iter()
        .map(|(id, key)| (id.to_le_bytes()[0], key.clone()));
    let signing = postroom::domain::token::Keys::new(secrets.collect());
    let link = signing.link_token(link, &salt);
    let page = format!("{}/files/{link}/xylophone.mp4", world.public_url());
    let client = http::client().unwrap();
    assert_eq!(client.get(&page).send().await.unwrap().status(), 200);
    let wrong = client.get(format!("{page}?token=xylophone")).send().await;
    assert_eq!(wrong.unwrap().status(), 200);
    let pushed = client
        .put(format!(
            "{}/transactions/x?access_token=xylophone",
            world.appservice_url()
        ))
        .json(&json!({"events": [{"content": {"body": "xylophone"}}]}));
    assert_eq!(pushed.send().await.unwrap().status(), 403);
    let metrics = client
        .get(format!("{}/metrics", world.operations_url()))
        .send();
    let metrics = metrics.await.unwrap().text().await.unwrap();

    let log = world.whole_log();
    assert!(log.contains("TRACE"), "the log tells everything");
    let reply = reply_address(&letter).unwrap();
    let token = reply.split(['+', '@']).nth(1).unwrap();
    let mut hidden = vec![
        WORDS.to_owned(),
        "Xylophone".to_owned(),
        token.to_owned(),
        link,
        PASSWORD.to_owned(),
        data_encoding::BASE64.encode(format!("\0anna\0{PASSWORD}").as_bytes()),
        data_encoding::BASE64.encode(PASSWORD.as_bytes()),
        ED25519.lines().nth(1).unwrap().to_owned(),
    ];
    for secret in [
        "as-token-of-the-story",
        "hs-token-of-the-story",
        "jane@",
        "bob@",
        "eve@",
    ] {
        hidden.push(secret.to_owned());
    }
    for (_, key) in &keys {
        hidden.push(data_encoding::HEXLOWER.encode(key));
        hidden.push(data_encoding::BASE64.encode(key));
        // As a list of numbers.
        let mut numbers = String::new();
        key.iter()
            .take(4)
            .for_each(|byte| write!(numbers, "{byte}, ").unwrap());
        hidden.push(numbers);
    }
    for secret in &hidden {
        for (place, text) in [("log", &log), ("metrics", &metrics)] {
            let line = text.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{secret} in the {place}");
        }
    }
    world.finish().await;
}

/// Every secret of a configuration, each with a beginning by which it is known even in part.
const CONFIG: &str = r#"homeserver: {url: "http://127.0.0.1:8008", server_name: example.org}
appservice:
  listen: "127.0.0.1:29381"
  url: "http://127.0.0.1:29381"
  registration: registration.yaml
database:
  url: "postgres://postroom:zqdatabase-0001@db.example.org/postroom"
blobs:
  url: "file:blobs"
mailboxes:
  support:
    name: Bootlin
    address: support@example.org
    reply_address: "support+{token}@example.org"
    smtp:
      url: "smtp://mail.example.org:587"
      username: support@example.org
      password: "zqsmtp-0001"
    imap:
      url: "imaps://mail.example.org"
      username: support@example.org
      password: zqimap-0001
    dkim:
      selector: post
      key: |
        -----BEGIN PRIVATE KEY-----
        zqdkim0001zqdkim0001zqdkim0001
        -----END PRIVATE KEY-----
staff: ["@*:example.org"]
"#;

const REGISTRATION: &str = r#"id: postroom
url: "http://127.0.0.1:29381"
as_token: zqas-0001
hs_token: "zqhs-0001"
sender_localpart: postroom
rate_limited: false
namespaces:
  users: [{exclusive: true, regex: '@_email_.*:example\.org'}]
"#;

/// Each line in each of the ways in which people get it wrong.
fn mistakes(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut mistakes = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let half = &line[..line.len() / 2];
        let (key, value) = line.split_once(": ").unwrap_or((line, ""));
        for wrong in [
            String::new(),
            half.to_owned(),
            format!("{line}\""),
            format!("{line}: x"),
            format!("{line} # x\n{line}"),
            format!(" {line}"),
            format!("{line}\n\t{line}"),
            format!("{key}: [{value}]"),
            format!("{key}: {{{value}}}"),
            format!("{key}: {value}, {value}: x"),
            format!("{key} {value}"),
            format!("{key}:{value}"),
            format!("{key}: *{value}"),
            format!("{key}: &{value}"),
            format!("{key}: !{value} x"),
            format!("{key}: |\n{value}"),
            format!("{key}x: {value}"),
            line.replace('"', ""),
            line.replace('"', "'"),
            line.replace("zq", "\\xzq"),
            line.replace("zq", "%zq"),
            line.replace("zq", "@/zq"),
        ] {
            let mut all: Vec<&str> = lines.clone();
            all[at] = &wrong;
            mistakes.push(all.join("\n"));
        }
    }
    mistakes
}

#[test]
fn no_fault_of_a_configuration_tells_a_secret() {
    let folder = Folder::create().unwrap();
    folder.write("registration.yaml", REGISTRATION).unwrap();
    let path = folder.write("config.yaml", CONFIG).unwrap();
    let read = |environment: &[(&str, &str)]| {
        let environment = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::load(&path, environment.collect::<Vec<_>>())
    };
    let config = read(&[]).unwrap_or_else(|faults| panic!("{faults}"));
    let shown = format!("{config:?} {config:#?}");
    assert!(!shown.contains("zq"), "{shown}");

    let mut faulty = 0;
    let mut leaks = Vec::new();
    for mistake in mistakes(CONFIG) {
        folder.write("config.yaml", &mistake).unwrap();
        let Err(faults) = read(&[]) else {
            continue;
        };
        faulty += 1;
        let told = faults.to_string();
        leaks.extend(
            told.lines()
                .filter(|line| line.contains("zq"))
                .map(str::to_owned),
        );
    }
    assert_eq!(leaks, [""; 0]);
    assert!(faulty > 200, "{faulty}");
    folder.write("config.yaml", CONFIG).unwrap();
    for (name, value) in [
        (
            "POSTROOM__MAILBOXES__SUPPORT__SMTP__PASSWORD_FILE",
            "/nowhere",
        ),
        (
            "POSTROOM__MAILBOXES__SUPPORT__SMTP__PASSWORD__X",
            "zqvariable",
        ),
        ("POSTROOM__MAILBOXES__SUPPORT__SMTP__PASWORD", "zqvariable"),
        ("POSTROOM__MAILBOXES__SUPPORT__DKIM", "zqvariable"),
        ("POSTROOM__DATABASE__URL", "zqvariable"),
        ("POSTROOM__DATABASE__URL", "postgres://a:zqvariable@:x/"),
        ("POSTROOM__DATABASE", "postgres://a:zqvariable@db/x"),
    ] {
        let Err(faults) = read(&[(name, value)]) else {
            panic!("{name}");
        };
        let told = faults.to_string();
        assert!(!told.contains("zq"), "{told}");
    }
}

#[test]
fn no_fault_of_a_registration_tells_a_token() {
    let folder = Folder::create().unwrap();
    let path = folder.write("registration.yaml", REGISTRATION).unwrap();
    let shown = format!("{:?}", Registration::read(&path).unwrap());
    assert!(!shown.contains("zq"), "{shown}");
    for mistake in mistakes(REGISTRATION) {
        folder.write("registration.yaml", &mistake).unwrap();
        if let Err(fault) = Registration::read(&path) {
            let told = format!("{fault} {fault:?}");
            let told = format!("{told} {:#}", anyhow::Error::from(fault));
            assert!(!told.contains("zq"), "{told}\n{mistake}");
        }
    }
}

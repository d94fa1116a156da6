//! Whole configurations, good and faulty, as an administrator would meet them.

mod desk;
mod imap;
mod intake;
mod keys;
mod mailbox;
mod rooms;

use std::{fs, time::Duration};

use rstest::{Context, rstest};
use secrecy::ExposeSecret;
use tempfile::TempDir;

use super::*;
use crate::domain::{
    letter::Language,
    settings::{Key, Value},
};

const GOOD: &str = r#"# Postroom
homeserver:
  url: http://127.0.0.1:8008
  server_name: example.org
appservice:
  listen: 127.0.0.1:29381
  url: http://127.0.0.1:29381
  registration: registration.yaml
database: {url: "sqlite:postroom.db"}
blobs: {url: "file:blobs"}
mailboxes:
  support:
    name: Bootlin
    address: support@example.org
    reply_address: support+{token}@example.org
    footer: Bootlin SAS, Orange, France
    language: en
    smtp:
      url: smtp://mail.example.org:587
      username: support@example.org
      password_file: smtp-password
  training:
    name: Bootlin Training
    address: training@example.org
    reply_address: "{token}@rooms.example.org"
    smtp: {url: "smtp+insecure://localhost:2500"}
lmtp: {listen: "127.0.0.1:2424", max_size: 50MB}
staff: ["@*:example.org", "@ann:example.com"]
control_room: "!abc:example.org"
letters: {quiet: 2m, at_most: 10m}
operations: {listen: "127.0.0.1:9381"}
log: {format: json, level: "info,postroom=debug"}
"#;

/// A folder with the files that [`GOOD`] names.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "registration.yaml",
        "id: postroom\nas_token: a\nhs_token: b\nsender_localpart: postroom\n",
    );
    write(
        "half.yaml",
        "id: postroom\nas_token: a\nsender_localpart: postroom\n",
    );
    write("smtp-password", "hush hush\n");
    write("empty", "\n");
    write("logo.webp", "RIFF\x1a\0\0\0WEBPVP8L\r\0\0\0/\0\0\0\x10\x07");
    write("huge.png", &"x".repeat(100_001));
    write("database-url", "sqlite:elsewhere.db\r\n");
    folder
}

fn read(
    folder: &TempDir,
    source: &str,
    environment: &[(&str, &str)],
) -> Result<Config, ConfigFaults> {
    let path = folder.path().join("config.yaml");
    fs::write(&path, source).unwrap();
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::load(&path, environment)
}

/// What is said about a configuration, without the folder's name.
fn complaints(source: &str, environment: &[(&str, &str)]) -> String {
    let folder = folder();
    let faults = read(&folder, source, environment).expect_err("it is faulty");
    let text = faults.to_string();
    text.replace(&format!("{}/", folder.path().display()), "")
}

/// [`GOOD`] with one text put for another, which occurs in it.
fn but(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from:?} is in the good configuration");
    GOOD.replacen(from, to, 1)
}

#[test]
fn reads_every_key() {
    let folder = folder();
    let config = read(&folder, GOOD, &[]).unwrap();
    assert_eq!(config.homeserver.server_name, "example.org");
    let Database::Sqlite(path) = config.database else {
        panic!("{:?}", config.database);
    };
    assert_eq!(path, folder.path().join("postroom.db"));
    assert_eq!(config.blobs, Blobs::Folder(folder.path().join("blobs")));
    assert_eq!(
        config.appservice.registration,
        folder.path().join("registration.yaml")
    );
    let names: Vec<_> = config.mailboxes.keys().map(MailboxName::as_str).collect();
    assert_eq!(names, ["support", "training"]);
    let support = &config.mailboxes[0];
    assert_eq!(support.name, "Bootlin");
    assert_eq!(support.language, Language::English);
    assert_eq!(support.smtp.encryption, Encryption::StartTls);
    let credentials = support.smtp.credentials.as_ref().unwrap();
    assert_eq!(credentials.password.expose_secret(), "hush hush");
    assert_eq!(config.lmtp.unwrap().max_size, 50_000_000);
    assert_eq!(config.letters.at_most, Duration::from_mins(10));
    assert_eq!(config.staff.patterns().count(), 2);
    assert_eq!(config.control_room.unwrap(), "!abc:example.org");
    assert_eq!(config.log.level.to_string(), "info,postroom=debug");
}

#[rstest]
#[case::by_name("postgres://postroom:hush@db.example.org:5433/postroom?sslmode=verify-full")]
#[case::long("postgresql://postroom@localhost/postroom")]
#[case::socket("postgres:///postroom?host=/run/postgresql")]
fn reads_the_url_of_a_server_and_keeps_its_password_to_itself(#[case] url: &str) {
    let config = read(&folder(), &but("sqlite:postroom.db", url), &[]).unwrap();
    let Database::Postgres(read) = &config.database else {
        panic!("{:?}", config.database);
    };
    assert_eq!(read.expose_secret(), url);
    assert!(!format!("{config:?}").contains("hush@"));
}

#[test]
fn customers_see_staff_by_other_names() {
    let source =
        format!("{GOOD}names: {{'@ann:example.org': ' Anna Léger ', '@bob:example.org': ~}}\n");
    let names = read(&folder(), &source, &[]).unwrap().names;
    let ann = ruma::owned_user_id!("@ann:example.org");
    assert_eq!(names, [(ann, "Anna Léger".to_owned())].into());
}

#[rstest]
#[case::no_id("ann: Anna", "is not a Matrix id")]
#[case::two_lines("'@ann:example.org': \"Anna\\nBcc: x@y.z\"", "control character")]
#[case::too_long(&format!("'@ann:example.org': {}", "n".repeat(101)), "longer than 100")]
#[case::none("'@ann:example.org': ''", "is empty")]
#[case::several("'@ann:example.org': [Anna, Ann]", "single value")]
fn names_that_no_letter_can_bear(#[case] name: &str, #[case] expected: &str) {
    let said = complaints(&format!("{GOOD}names: {{{name}}}\n"), &[]);
    assert!(said.contains(expected) && said.contains("names."), "{said}");
}

#[test]
fn does_without_what_is_optional() {
    let folder = folder();
    let start = GOOD.find("lmtp:").unwrap();
    let source = format!(
        "{}staff: ['@ann:example.org']\nlmtp:\nlog: ~\n",
        &GOOD[..start]
    );
    let config = read(&folder, &source, &[]).unwrap();
    assert!(config.lmtp.is_none() && config.operations.is_none());
    assert_eq!(config.letters, Letters::default());
    assert_eq!(config.log, Log::default());
}

#[test]
fn reads_the_database_url_from_a_file() {
    let folder = folder();
    let source = but(r#"url: "sqlite:postroom.db""#, "url_file: database-url");
    let config = read(&folder, &source, &[]).unwrap();
    let Database::Sqlite(path) = config.database else {
        panic!("{:?}", config.database);
    };
    assert_eq!(path, folder.path().join("elsewhere.db"));
}

#[test]
fn keeps_a_password_of_digits_as_it_is_written() {
    let folder = folder();
    let source = but("password_file: smtp-password", "password: 0012.50");
    let config = read(&folder, &source, &[]).unwrap();
    let credentials = config.mailboxes[0].smtp.credentials.as_ref().unwrap();
    assert_eq!(credentials.password.expose_secret(), "0012.50");
    assert!(!format!("{config:?}").contains("0012"));
}

#[test]
fn the_environment_stands_over_the_file() {
    let folder = folder();
    let environment = [
        (
            "POSTROOM__MAILBOXES__SUPPORT__SMTP__URL",
            "smtps://smtp.example.com",
        ),
        ("POSTROOM__MAILBOXES__SUPPORT__SMTP__PASSWORD_FILE", ""),
        (
            "POSTROOM__MAILBOXES__SUPPORT__SMTP__PASSWORD",
            "[not: a list",
        ),
        ("POSTROOM__mailboxes__Sales__NAME", "Bootlin Sales"),
        ("POSTROOM__MAILBOXES__SALES__ADDRESS", "sales@example.org"),
        (
            "POSTROOM__MAILBOXES__SALES__REPLY_ADDRESS",
            "sales+{token}@example.org",
        ),
        (
            "POSTROOM__MAILBOXES__SALES__SMTP__URL",
            "smtp://mail.example.org",
        ),
        ("POSTROOM__STAFF", "['@bo:example.org']"),
        ("POSTROOM__LETTERS__QUIET", "0"),
        ("POSTROOM__LETTERS__DIGEST", "['16:30', '8:00']"),
        ("POSTROOM__LETTERS__CHANGES", "true"),
        ("POSTROOM__LMTP__MAX_SIZE", "1MiB"),
        ("POSTROOM_OTHER", "not ours"),
    ];
    let config = read(&folder, GOOD, &environment).unwrap();
    let support = &config.mailboxes[0].smtp;
    assert_eq!(
        (support.host.as_str(), support.port),
        ("smtp.example.com", 465)
    );
    let credentials = support.credentials.as_ref().unwrap();
    assert_eq!(credentials.password.expose_secret(), "[not: a list");
    assert_eq!(config.mailboxes[2].name, "Bootlin Sales");
    let staff: Vec<_> = config.staff.patterns().map(ToString::to_string).collect();
    assert_eq!(staff, ["@bo:example.org"]);
    assert_eq!(config.letters.quiet, Duration::ZERO);
    let digest = Value::parse(Key::Digest, "08:00 16:30").unwrap();
    let settings = config.letters.settings();
    assert_eq!(settings.value(Key::Digest), digest, "in order");
    assert!(settings.changes && !settings.notices);
    let given = [Key::Quiet, Key::AtMost, Key::Digest, Key::Changes];
    assert_eq!(config.letters.given, given);
    assert_eq!(config.lmtp.unwrap().max_size, 1 << 20);
}

#[rstest]
#[case::misspelt_key("reply_address: support+", "reply_adress: support+")]
#[case::unknown_key("    language: en", "    sound: loud")]
#[case::unknown_section("control_room:", "imap:")]
#[case::misspelt_section("mailboxes:", "mailbox:")]
#[case::missing_key("    address: training@example.org\n", "")]
#[case::missing_section("blobs: {url: \"file:blobs\"}\n", "")]
#[case::section_of_the_wrong_type("{quiet: 2m, at_most: 10m}", "5m")]
#[case::value_of_the_wrong_type("    name: Bootlin\n", "    name: [Bootlin]\n")]
#[case::list_of_the_wrong_type(r#"["@*:example.org", "@ann:example.com"]"#, r#""@*:example.org""#)]
#[case::nobody_is_staff(r#"["@*:example.org", "@ann:example.com"]"#, "[]")]
#[case::repeated_key("    name: Bootlin\n", "    name: Bootlin\n    name: Bottling\n")]
#[case::not_yaml("server_name: example.org", "server_name: [example.org")]
#[case::homeserver_url("url: http://127.0.0.1:8008", "url: matrix.example.org")]
#[case::credentials_in_a_url("http://127.0.0.1:8008", "http://ann:hush@127.0.0.1:8008")]
#[case::server_name("server_name: example.org", "server_name: https://example.org")]
#[case::not_an_address_to_listen_on("listen: 127.0.0.1:29381", "listen: 29381")]
#[case::two_listeners_on_one_port("127.0.0.1:9381", "127.0.0.1:29381")]
#[case::registration_is_missing("registration: registration.yaml", "registration: other.yaml")]
#[case::registration_is_something_else("registration: registration.yaml", "registration: empty")]
#[case::registration_lacks_a_token("registration: registration.yaml", "registration: half.yaml")]
#[case::postgresql_unreadable("sqlite:postroom.db", "postgres://postroom:hu#sh@db/postroom")]
#[case::postgresql_without_name("sqlite:postroom.db", "postgres://postroom:hush@db/")]
#[case::postgresql_sslmode("sqlite:postroom.db", "postgres://:hush@db/p?sslmode=on")]
#[case::database_is_none("sqlite:postroom.db", "mysql://postroom:hush@db/postroom")]
#[case::database_without_folder("sqlite:postroom.db", "sqlite:nowhere/postroom.db")]
#[case::database_twice(
    "{url: \"sqlite:postroom.db\"}",
    "{url: \"sqlite:a\", url_file: database-url}"
)]
#[case::database_without_url("{url: \"sqlite:postroom.db\"}", "{}")]
#[case::object_store("file:blobs", "s3://bucket/blobs")]
#[case::mailbox_name("  training:\n", "  Training Courses:\n")]
#[case::no_mailbox("mailboxes:\n", "mailboxes: {}\nunused:\n")]
#[case::address("address: support@", "address: support at ")]
#[case::address_of_two("address: training@", "address: Support@")]
#[case::reply_address_of_two("\"{token}@rooms.example.org\"", "Support+{token}@EXAMPLE.org")]
#[case::reply_address_without_token("support+{token}@", "support@")]
#[case::reply_address_too_long(
    "support+{token}@",
    "support-for-embedded-linux-customers-eu+{token}@"
)]
#[case::language("language: en", "language: English, please")]
#[case::colour("    language: en", "    colour: green")]
#[case::logo_missing("    language: en", "    logo: logo.png")]
#[case::logo_is_no_picture("    language: en", "    logo: registration.yaml")]
#[case::logo_of_another_kind("    language: en", "    logo: logo.webp")]
#[case::logo_too_large("    language: en", "    logo: huge.png")]
#[case::name_on_two_lines("name: Bootlin\n", "name: \"Bootlin\\nBcc: x\"\n")]
#[case::insecure_to_another_host("smtp+insecure://localhost:2500", "smtp+insecure://10.0.0.1:25")]
#[case::smtp_url("smtp://mail.example.org:587", "mail.example.org:587")]
#[case::smtp_url_with_password("smtp://mail.example.org:587", "smtp://ann:hush@mail.example.org")]
#[case::password_twice(
    "password_file: smtp-password",
    "password_file: smtp-password\n      password: x"
)]
#[case::password_file_missing("password_file: smtp-password", "password_file: smtp-pasword")]
#[case::password_file_empty("password_file: smtp-password", "password_file: empty")]
#[case::user_without_password("      password_file: smtp-password\n", "")]
#[case::password_without_user("      username: support@example.org\n", "")]
#[case::certificates_missing(
    "password_file: smtp-password",
    "password_file: smtp-password\n      ca_file: ca.pem"
)]
#[case::size("max_size: 50MB", "max_size: big")]
#[case::staff("\"@ann:example.com\"", "\"@*:*\"")]
#[case::room_id_cut_off("!abc:example.org", "!room-id")]
#[case::room_id_without_quotes("\"!abc:example.org\"", "!abc:example.org")]
#[case::room_alias("!abc:example.org", "#control:example.org")]
#[case::time_without_unit("quiet: 2m", "quiet: 2")]
#[case::at_most_is_shorter("at_most: 10m", "at_most: 90s")]
#[case::digest("at_most: 10m", "digest: [\"08:00\", \"8 o'clock\"]")]
#[case::digest_is_no_list("at_most: 10m", "digest: off")]
#[case::notices("at_most: 10m", "notices: loud")]
#[case::log_format("format: json", "format: xml")]
#[case::log_level("info,postroom=debug", "chatty")]
fn says_what_is_wrong(#[context] context: Context, #[case] from: &str, #[case] to: &str) {
    let case = context.description.unwrap();
    insta::assert_snapshot!(format!("wrong_{case}"), complaints(&but(from, to), &[]));
}

#[test]
fn tells_every_mistake_at_once() {
    let source = but("quiet: 2m", "quiet: soon")
        .replace("server_name: example.org", "server_nane: example.org")
        .replace("address: support@example.org", "address: support")
        .replace("    name: Bootlin Training\n", "");
    insta::assert_snapshot!(complaints(&source, &[("POSTROOM__LOG__LEVEL", "loud")]));
}

#[test]
fn an_empty_file_lacks_everything() {
    insta::assert_snapshot!(complaints("# nothing yet\n", &[]));
}

#[rstest]
#[case::unknown_key("POSTROOM__MAILBOXES__SUPPORT__REPLY_ADRESS", "x")]
#[case::unknown_section("POSTROOM__LOGS", "x")]
#[case::value("POSTROOM__LOG__LEVEL", "loud")]
#[case::section_as_a_whole("POSTROOM__LOG", "info")]
#[case::key_of_a_value("POSTROOM__LOG__LEVEL__ROOT", "info")]
#[case::not_a_list("POSTROOM__STAFF", "@ann:example.org")]
#[case::item_of_a_list("POSTROOM__STAFF", "['@ann:example.org', 'bo']")]
#[case::half_a_mailbox("POSTROOM__MAILBOXES__SALES__NAME", "Sales")]
#[case::required_key_emptied("POSTROOM__HOMESERVER__URL", "")]
fn names_the_faulty_variable(#[context] context: Context, #[case] name: &str, #[case] value: &str) {
    let case = context.description.unwrap();
    insta::assert_snapshot!(
        format!("variable_{case}"),
        complaints(GOOD, &[(name, value)])
    );
}

#[test]
fn says_how_to_get_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let faults = Config::load(&folder.path().join("config.yaml"), []).unwrap_err();
    let text = faults.to_string();
    assert!(
        text.contains("cannot be read") && text.contains("postroom init"),
        "{text}"
    );
}

#[test]
fn letters_may_have_a_language_a_colour_and_a_logo() {
    let folder = folder();
    let file = folder.path().join("logo.gif");
    image::RgbImage::new(400, 100).save(&file).unwrap();
    let look = "language: fr-CH\n    colour: \"#1D5FA8\"\n    logo: logo.gif";
    let config = read(&folder, &but("language: en", look), &[]).unwrap();
    let support = &config.mailboxes[0];
    assert_eq!(support.language, Language::French);
    assert_eq!(support.look.colour.as_deref(), Some("#1d5fa8"));
    let logo = support.look.logo.as_ref().unwrap();
    assert_eq!(
        (logo.width, logo.height, logo.content_type),
        (200, 50, "image/gif")
    );
    assert_eq!(logo.content, fs::read(&file).unwrap());
}

#[test]
fn the_dns_server_may_be_named() {
    let folder = folder();
    let with = |dns: &str| read(&folder, &format!("{GOOD}{dns}"), &[]);
    assert_eq!(with("").unwrap().dns, Dns::default());
    let named = with("dns: {server: \"[::1]:5353\"}").unwrap();
    assert_eq!(named.dns.server, Some("[::1]:5353".parse().unwrap()));
    let fault = with("dns: {server: localhost}").unwrap_err().to_string();
    assert!(fault.contains("127.0.0.1:53"), "{fault}");
}

#[test]
fn what_is_wrong_does_not_hide_the_rest() {
    let folder = folder();
    let path = folder.path().join("config.yaml");
    let inspect = |source: &str| {
        fs::write(&path, source).unwrap();
        Config::inspect(&path, [])
    };
    let good = inspect(GOOD);
    assert_eq!(good.faults.iter().count(), 0);
    assert_eq!(
        good.secrets,
        [
            SecretPlace::Inline("database.url".to_owned()),
            SecretPlace::File(folder.path().join("smtp-password"))
        ]
    );
    let faulty = inspect(&GOOD.replace("letters:", "leters:"));
    assert_eq!(faulty.faults.iter().count(), 1);
    assert_eq!(faulty.config.unwrap().mailboxes.len(), 2);
    assert!(inspect(&GOOD.replace("staff:", "stuff:")).config.is_none());
}

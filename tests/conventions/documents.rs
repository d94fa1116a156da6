//! README.md and `docs/` are true as far as a program can tell.

use std::{fs, path::Path};

use postroom::{
    config::Config,
    domain::{
        command::Command,
        effect::Effect,
        event::{Content, EventKind, Relation, RoomEvent, Words},
        facts::{EventFacts, LifeFacts, OwnAddresses, Past, Role, RoomFacts},
    },
};

use crate::{files, repository, shown};

#[test]
fn every_link_leads_somewhere() {
    let mut faults = Vec::new();
    for document in documents() {
        for (line, link) in links(&document.text) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (path, heading) = link.split_once('#').unwrap_or((&link, ""));
            let target = if path.is_empty() {
                document.path.clone()
            } else {
                document.path.parent().unwrap().join(path)
            };
            let leads = target.exists()
                && (heading.is_empty() || headings(&target).iter().any(|own| own == heading));
            if !leads {
                faults.push(format!("{}:{line}: {link}", shown(&document.path)));
            }
        }
    }
    assert_eq!(faults, [""; 0]);
}

/// Files of the repository are named as `src/…` or `tests/…` and the like, in code quotes.
#[test]
fn every_file_that_is_named_is_there() {
    let folders = [
        "src/",
        "tests/",
        "docs/",
        "migrations/",
        "scripts/",
        "deploy/",
        "examples/",
        "templates/",
    ];
    let mut faults = Vec::new();
    for document in documents() {
        for (line, code) in code_quotes(&document.text) {
            let path = code.split("::").next().unwrap_or_default();
            let is_one = folders.iter().any(|folder| path.starts_with(folder));
            let is_pattern = path.contains(['*', '…', ' ', '{', '<']);
            if is_one && !is_pattern && !repository().join(path).exists() {
                faults.push(format!("{}:{line}: {path}", shown(&document.path)));
            }
        }
    }
    assert_eq!(faults, [""; 0]);
}

/// Some documents name tests as `src/mail/compose/tests.rs::the_header`.
#[test]
fn every_test_that_is_named_is_there() {
    let mut faults = Vec::new();
    for name in ["promises", "peers", "threat-model"] {
        let path = format!("docs/{name}.md");
        let text = fs::read_to_string(repository().join(&path)).unwrap();
        let mut named = 0;
        for (line, code) in code_quotes(&text) {
            let Some((file, test)) = code.split_once(".rs::") else {
                continue;
            };
            named += 1;
            let source = fs::read_to_string(repository().join(format!("{file}.rs")));
            let name = test.rsplit("::").next().unwrap_or_default();
            let head = format!("fn {name}(");
            if !source.is_ok_and(|source| source.contains(&head)) {
                faults.push(format!("{path}:{line}: {code}"));
            }
        }
        assert!(named > 0, "{path}");
    }
    assert_eq!(faults, [""; 0]);
}

#[test]
fn every_configuration_that_is_shown_loads() {
    let mut shown_ones = 0;
    for document in documents() {
        for (line, text) in blocks(&document.text, "yaml") {
            if !text.contains("mailboxes:") {
                continue;
            }
            shown_ones += 1;
            let folder = tempfile::tempdir().unwrap();
            let config = folder.path().join("config.yaml");
            fs::write(&config, &text).unwrap();
            for secret in text
                .lines()
                .filter_map(|line| line.split_once("password_file: "))
            {
                let name = secret.1.split([',', '}']).next().unwrap().trim();
                fs::write(folder.path().join(name), "secret").unwrap();
            }
            let loaded = Config::load_unregistered(&config, []);
            let place = format!("{}:{line}", shown(&document.path));
            assert!(loaded.is_ok(), "{place}: {}", loaded.unwrap_err());
        }
    }
    assert!(shown_ones > 0);
}

#[test]
fn every_command_of_the_help_is_explained() {
    let guide = fs::read_to_string(repository().join("docs/commands.md")).unwrap();
    let missing: Vec<String> = in_the_help()
        .into_iter()
        .map(|(usage, _)| usage)
        .filter(|usage| !guide.lines().any(|line| line == format!("### `{usage}`")))
        .collect();
    assert_eq!(missing, [""; 0]);
}

/// The list in the guide is that of the help.
#[test]
fn the_guide_lists_the_commands_as_the_help_does() {
    let guide = fs::read_to_string(repository().join("docs/commands.md")).unwrap();
    let listed: Vec<&str> = guide
        .lines()
        .filter(|line| line.starts_with("- [`!email "))
        .collect();
    let expected: Vec<String> = in_the_help()
        .into_iter()
        .map(|(usage, purpose)| {
            let link = heading_link(&format!("`{usage}`"));
            format!("- [`{usage}`](#{link}) {purpose}")
        })
        .collect();
    assert_eq!(listed, expected);
}

/// Each section of the guide shows the examples that `!email help COMMAND` gives, and is found there by the
/// usage above it. Examples without arguments are the headings themselves.
#[test]
fn the_guide_shows_the_examples_of_the_help() {
    let guide = fs::read_to_string(repository().join("docs/commands.md")).unwrap();
    let mut faults = Vec::new();
    for (usage, _) in in_the_help() {
        let name = usage.split_whitespace().nth(1).unwrap();
        let about = answer(&format!("!email help {name}"));
        let heading = format!("### `{usage}`\n");
        let section = guide.split_once(&heading).map_or("", |(_, rest)| rest);
        let section = section.split("\n## ").next().unwrap_or_default();
        let section = section.split("\n### ").next().unwrap_or_default();
        let (_, examples) = about.split_once("For example: ").expect(&about);
        let examples = examples.lines().next().unwrap_or_default();
        for example in examples.split('`').skip(1).step_by(2) {
            let has_arguments = example.split_whitespace().count() > 2;
            if has_arguments && !section.contains(&format!("`{example}`")) {
                faults.push(example.to_owned());
            }
        }
    }
    assert_eq!(faults, [""; 0]);
}

#[test]
fn every_command_that_is_shown_is_known() {
    let mut faults = Vec::new();
    for document in documents() {
        for (line, code) in code_quotes(&document.text) {
            let parsed = Command::parse(&code);
            if code.starts_with("!email") && matches!(parsed, None | Some(Command::Unknown { .. }))
            {
                faults.push(format!("{}:{line}: {code}", shown(&document.path)));
            }
        }
    }
    assert_eq!(faults, [""; 0]);
}

/// Usage and purpose of each command.
fn in_the_help() -> Vec<(String, String)> {
    let text = answer("!email help");
    let commands: Vec<(String, String)> = text
        .lines()
        .filter_map(|line| line.strip_prefix("- `")?.split_once("` "))
        .map(|(usage, purpose)| (usage.to_owned(), purpose.to_owned()))
        .collect();
    assert!(!commands.is_empty(), "{text}");
    commands
}

/// What the bot says to a command of Ann's.
fn answer(typed: &str) -> String {
    let words = Words {
        body: typed.to_owned(),
        html: None,
    };
    let room = ruma::owned_room_id!("!room:example.org");
    let event = RoomEvent {
        reason: None,
        is_direct: false,
        id: ruma::owned_event_id!("$event"),
        room: room.clone(),
        sender: ruma::owned_user_id!("@ann:example.org"),
        sent_at: jiff::Timestamp::UNIX_EPOCH,
        effect: None,
        kind: EventKind::Message {
            content: Content::Text(words),
            relation: Relation::default(),
        },
    };
    let facts = EventFacts {
        life: LifeFacts::default(),
        bot: ruma::owned_user_id!("@postroom:example.org"),
        sender_role: Role::Staff,
        sender_name: "Ann".to_owned(),
        room: RoomFacts {
            id: room,
            encrypted: false,
            bot_joined: true,
            is_direct: false,
            conversations: Vec::new(),
            settings: postroom::domain::settings::Settings::default(),
        },
        target: None,
        had: Vec::new(),
        subject: None,
        own_addresses: OwnAddresses::default(),
        control_room: None,
        past: Past::default(),
        details: postroom::domain::facts::Details::default(),
    };
    let effects = Command::parse(typed)
        .expect("it is one")
        .apply(&event, &facts);
    let [Effect::Say { text, .. }] = effects.as_slice() else {
        panic!("{typed} is answered by one message: {effects:?}");
    };
    text.clone()
}

struct Document {
    path: std::path::PathBuf,
    text: String,
}

fn documents() -> Vec<Document> {
    let mut paths = files(&repository().join("docs"));
    paths.extend(["README.md", "CHANGELOG.md"].map(|name| repository().join(name)));
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    paths
        .into_iter()
        .map(|path| Document {
            text: fs::read_to_string(&path).unwrap(),
            path,
        })
        .collect()
}

/// Lines outside of code blocks, with their numbers.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_block = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        in_block ^= fence;
        !in_block && !fence
    })
}

fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        // What stands in code quotes links to nothing.
        let plain: String = line.split('`').step_by(2).collect();
        for part in plain.split("](").skip(1) {
            let link = part.split([')', ' ']).next().unwrap_or_default();
            found.push((number, link.to_owned()));
        }
    }
    found
}

fn code_quotes(text: &str) -> Vec<(usize, String)> {
    prose(text)
        .flat_map(|(number, line)| {
            let quotes = line.split('`').skip(1).step_by(2);
            quotes.map(move |code| (number, code.to_owned()))
        })
        .collect()
}

/// Code blocks of a language, with the number of their first line.
fn blocks(text: &str, language: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in (1..).zip(text.lines()) {
        match &mut open {
            None if line.trim() == format!("```{language}") => {
                open = Some((number + 1, String::new()));
            }
            None => {}
            Some(_) if line.trim() == "```" => found.extend(open.take()),
            Some((_, block)) => {
                block.push_str(line);
                block.push('\n');
            }
        }
    }
    found
}

/// The names under which a document's headings can be linked to.
fn headings(document: &Path) -> Vec<String> {
    let text = fs::read_to_string(document).unwrap_or_default();
    prose(&text)
        .filter_map(|(_, line)| {
            line.trim_start_matches('#')
                .strip_prefix(' ')
                .filter(|_| line.starts_with('#'))
        })
        .map(heading_link)
        .collect()
}

fn heading_link(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

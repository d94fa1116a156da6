//! A configuration by a tired administrator, with an environment below a line of dashes.

use std::{cell::RefCell, fs};

use postroom::config::{Config, ConfigFaults, Place};
use tempfile::TempDir;

pub const WORDS: &[&str] = &[
    "homeserver: {url: \"http://127.0.0.1:8008\", server_name: example.org}\n",
    "appservice: {listen: \"127.0.0.1:1\", url: \"http://127.0.0.1:1\", registration: r.yaml}\n",
    "database: {url: \"sqlite:p.db\"}\n",
    "blobs: {url: \"file:blobs\"}\n",
    "mailboxes:\n  support:\n    name: Acme\n    address: support@example.org\n",
    "    reply_address: \"support+{token}@example.org\"\n",
    "    smtp: {url: \"smtp://mail.example.org\", user: x, password: y}\n",
    "staff: [\"@*:example.org\"]\n",
    "letters: {quiet: 1m, at_most: 5m}\n",
    "lmtp: {listen: \"127.0.0.1:2\", max_size: 50MiB}\n",
    "log: {level: info, format: json}\n",
    "control_room: \"!a:example.org\"\n",
    "\n-----\n",
    "POSTROOM__LETTERS__QUIET=1m\n",
    "POSTROOM__MAILBOXES__SUPPORT__SMTP__PASSWORD=x\n",
    "&a ",
    "*a",
    "<<: ",
    "!!binary ",
    "? ",
    "- ",
    ": ",
    "~",
    "|\n ",
    "\t",
    "\u{feff}",
    "\u{85}",
];

pub fn run(data: &[u8]) {
    thread_local! {
        static FOLDER: RefCell<TempDir> = RefCell::new(tempfile::tempdir().expect("a folder"));
    }
    let text = String::from_utf8_lossy(data);
    let (file, environment) = text.split_once("\n-----\n").unwrap_or((&text, ""));
    // Secrets are read from files: those of this machine are nobody's business.
    if file.contains("_file") || environment.to_lowercase().contains("_file") {
        return;
    }
    let variables = environment
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    FOLDER.with_borrow(|folder| {
        let path = folder.path().join("config.yaml");
        fs::write(&path, file).expect("a file");
        if let Err(faults) = Config::load_unregistered(&path, variables) {
            check(&faults, file);
        }
    });
}

/// Every fault says where it is, what it is and what to do.
fn check(faults: &ConfigFaults, file: &str) {
    assert!(faults.iter().count() > 0);
    assert!(faults.to_string().lines().count() >= faults.iter().count());
    // YAML ends lines with a lone carriage return, too.
    let ends = |c: &char| ['\r', '\n'].contains(c);
    let lines = file.chars().filter(ends).count() as u64 + 1;
    for fault in faults.iter() {
        assert!(
            !fault.what.trim().is_empty() && !fault.remedy.trim().is_empty(),
            "{fault:?}"
        );
        match &fault.place {
            // One past the end, where something is missing.
            Place::Line { line, column } => {
                assert!((1..=lines + 1).contains(line) && *column >= 1, "{fault:?}");
            }
            Place::Variable(name) => assert!(name.starts_with("POSTROOM__"), "{fault:?}"),
            Place::File => {}
        }
    }
}

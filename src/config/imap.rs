//! `mailboxes.NAME.imap`: the mailbox on a server from which mail is fetched (RFC 3501).

use std::time::Duration;

use super::{
    section::Section,
    server::{MailServer, Schemes},
    values::{duration, size, yes_or_no},
    wrong::Wrong,
};

#[derive(Debug, Clone)]
pub struct Imap {
    /// Always with credentials.
    pub server: MailServer,
    /// The folders that are read, as people write them: with `/` between the levels. At least one.
    pub folders: Vec<String>,
    pub processed: Processed,
    /// Whether mail that was there before the first connection is taken, too.
    pub older: bool,
    /// How often to look where the server doesn't tell by itself (IDLE), and for a folder that is
    /// missing.
    pub poll: Duration,
    /// The longest silence on a connection that waits for mail, before it is tried.
    pub idle: Duration,
    /// How long the server may take for an answer.
    pub timeout: Duration,
    /// The largest mail that is fetched, in octets.
    pub max_size: u64,
}

/// How a mail that was taken over is marked on the server, once it is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Processed {
    /// With the keyword [`KEYWORD`].
    Keyword,
    /// By moving it into this folder.
    Move(String),
    /// As read.
    Seen,
}

/// What mail programs may show as a label.
pub const KEYWORD: &str = "$Postroom";

const SCHEMES: Schemes = Schemes {
    starttls: ("imap", 143),
    tls: ("imaps", 993),
    insecure: ("imap+insecure", 143),
};
const EXAMPLE: &str = "imaps://mail.example.org";

impl Imap {
    pub(super) fn read(section: &mut Section) -> Option<Self> {
        let server = MailServer::read(section, &SCHEMES, EXAMPLE);
        let folders = section.optional_list("folders", "[INBOX, Junk]", folder);
        let processed = section.optional("processed", "keyword", processed);
        let processed_folder = section.optional("processed_folder", "Postroom", folder);
        let older = section.optional("older", "false", yes_or_no);
        let poll = section.optional("poll", "1m", |text| at_least(SHORTEST, text));
        let idle = section.optional("idle", "9m", |text| {
            at_least(SHORTEST, text).and_then(|idle| {
                if idle > LONGEST_IDLE {
                    return Err(Wrong::new("is longer than 9m", "write at most \"9m\""));
                }
                Ok(idle)
            })
        });
        let timeout = section.optional("timeout", "1m", |text| at_least(SHORTEST, text));
        let max_size = section.optional("max_size", "50MB", size);

        let server = server?;
        if server.credentials.is_none() && !section.has("username") {
            section.note_missing("username", "support@example.org");
        }
        let folders = folders.unwrap_or_else(|| vec!["INBOX".to_owned()]);
        let processed = match processed.unwrap_or(Way::Keyword) {
            Way::Keyword => Processed::Keyword,
            Way::Seen => Processed::Seen,
            Way::Move => {
                let target = processed_folder.clone();
                Processed::Move(target.unwrap_or_else(|| "Postroom".to_owned()))
            }
        };
        if let Processed::Move(target) = &processed {
            if folders.iter().any(|folder| is_same(folder, target)) {
                section.wrong(
                    "folders",
                    format!("holds \"{target}\", where mail is moved to"),
                    "take it out, or name another \"processed_folder\"",
                );
            }
        } else if processed_folder.is_some() {
            section.wrong(
                "processed_folder",
                "has no meaning without \"processed: move\"",
                "add that, or take this out",
            );
        }
        let twice = |(at, folder): (usize, &String)| {
            let before = folders[..at].iter();
            before.clone().any(|other| is_same(other, folder))
        };
        if folders.iter().enumerate().any(twice) {
            section.wrong("folders", "names a folder twice", "keep one of the two");
        }
        Some(Self {
            server,
            folders,
            processed,
            older: older.unwrap_or_default(),
            poll: poll.unwrap_or(Duration::from_mins(1)),
            idle: idle.unwrap_or(LONGEST_IDLE),
            timeout: timeout.unwrap_or(Duration::from_mins(1)),
            max_size: max_size.unwrap_or(DEFAULT_MAX_SIZE),
        })
    }

    /// What is read, so that no other mailbox reads it, too: each mail would come twice.
    pub(super) fn folders_on_server(&self) -> impl Iterator<Item = FolderOnServer> {
        self.folders.iter().map(|folder| FolderOnServer {
            host: self.server.host.to_ascii_lowercase(),
            port: self.server.port,
            username: self.username().to_owned(),
            folder: if folder.eq_ignore_ascii_case("inbox") {
                "INBOX".to_owned()
            } else {
                folder.clone()
            },
        })
    }

    /// Who we are on the server.
    #[must_use]
    pub fn username(&self) -> &str {
        let credentials = self.server.credentials.as_ref();
        credentials.map_or("", |own| own.username.as_str())
    }
}

/// One folder of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FolderOnServer {
    host: String,
    port: u16,
    username: String,
    folder: String,
}

enum Way {
    Keyword,
    Move,
    Seen,
}

fn processed(text: &str) -> Result<Way, Wrong> {
    match text {
        "keyword" => Ok(Way::Keyword),
        "move" => Ok(Way::Move),
        "seen" => Ok(Way::Seen),
        _ => Err(Wrong::new(
            format!("\"{text}\" is no way to mark a mail"),
            "write \"keyword\", \"move\" or \"seen\"",
        )),
    }
}

/// A folder's name, 1 to 200 characters.
fn folder(text: &str) -> Result<String, Wrong> {
    let sound = !text.is_empty() && !text.contains(char::is_control);
    if !sound || text.chars().count() > 200 {
        return Err(Wrong::new(
            "is not the name of a folder",
            "write it as your mail program shows it, with \"/\" between the levels",
        ));
    }
    Ok(text.to_owned())
}

/// Only the inbox's name has no case (RFC 3501 section 5.1).
fn is_same(one: &str, other: &str) -> bool {
    one == other || one.eq_ignore_ascii_case("inbox") && other.eq_ignore_ascii_case("inbox")
}

fn at_least(shortest: Duration, text: &str) -> Result<Duration, Wrong> {
    let time = duration(text)?;
    if time < shortest {
        return Err(Wrong::new(
            "is shorter than a second",
            "write a longer time, such as \"1m\"",
        ));
    }
    Ok(time)
}

const SHORTEST: Duration = Duration::from_secs(1);
/// Well below the 29 minutes of RFC 2177, and below the 10 after which many routers forget a
/// connection.
const LONGEST_IDLE: Duration = Duration::from_mins(9);
/// As for LMTP.
const DEFAULT_MAX_SIZE: u64 = 50_000_000;

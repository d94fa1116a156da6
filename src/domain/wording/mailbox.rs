//! What staff are told about mailboxes from which mail is fetched.

use super::room::{bytes, excerpt};

/// Why no mail comes out of a mailbox or one of its folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// With the server's words.
    Login(String),
    UnknownHost(String),
    Certificate(String),
    NoStartTls(String),
    /// For some time now.
    Unreachable(String),
    /// A fault in Postroom, for some time now.
    OwnFault,
    /// The folder isn't there, but these are.
    NoFolder(Vec<String>),
}

/// One short sentence without addresses, for whoever watches.
pub fn unreadable_in_short(why: &Unreadable) -> &'static str {
    match why {
        Unreadable::Login(_) => "the server doesn't accept user name and password",
        Unreadable::UnknownHost(_) => "the server's name can't be found",
        Unreadable::Certificate(_) => "TLS fails",
        Unreadable::NoStartTls(_) => "the server doesn't offer STARTTLS",
        Unreadable::Unreachable(_) => "the server can't be reached",
        Unreadable::OwnFault => "reading it fails by a fault in Postroom",
        Unreadable::NoFolder(_) => "there is no such folder",
    }
}

/// `folder` is named where only that one can't be read.
pub fn mailbox_unreadable(mailbox: &str, folder: &str, why: &Unreadable) -> String {
    let what = match why {
        Unreadable::Login(answer) => format!(
            "the IMAP server doesn't accept user name and password: {answer}. Please mend \
             `mailboxes.{mailbox}.imap`; a new password in `password_file` is tried at once, \
             anything else after a restart"
        ),
        Unreadable::UnknownHost(host) => format!(
            "nobody knows the IMAP server {host}. Please look at `mailboxes.{mailbox}.imap.url`, or \
             at this machine's DNS; I keep trying"
        ),
        Unreadable::Certificate(reason) => format!(
            "TLS with the IMAP server fails: {reason}. If the certificate is the server's own, name \
             it in `mailboxes.{mailbox}.imap.ca_file`; the name in `url` must be one that it is \
             for. I keep trying"
        ),
        Unreadable::NoStartTls(host) => format!(
            "the IMAP server {host} doesn't offer STARTTLS, and nothing is told in the clear. Please \
             write `imaps://{host}` in `mailboxes.{mailbox}.imap.url`"
        ),
        Unreadable::Unreachable(reason) => format!(
            "the IMAP server gives no access: {reason}. I keep trying; the mail waits there"
        ),
        Unreadable::OwnFault => {
            "reading it fails by a fault in Postroom; the log says more. I keep trying; the mail \
             waits there"
                .to_owned()
        }
        Unreadable::NoFolder(_) => format!(
            "there is no folder “{folder}”. Please look at `mailboxes.{mailbox}.imap.folders`, or \
             make the folder; I look again from time to time"
        ),
    };
    let existing = match why {
        Unreadable::NoFolder(folders) => existing(folders),
        _ => String::new(),
    };
    format!("No mail comes out of the mailbox {mailbox}: {what}.{existing}")
}

fn existing(folders: &[String]) -> String {
    if folders.is_empty() {
        return String::new();
    }
    let named: Vec<String> = folders
        .iter()
        .take(MOST_FOLDERS)
        .map(|folder| format!("“{}”", excerpt(folder)))
        .collect();
    let more = match folders.len().saturating_sub(MOST_FOLDERS) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(" There are: {}{more}.", named.join(", "))
}

const MOST_FOLDERS: usize = 40;

pub fn mailbox_readable_again(mailbox: &str) -> String {
    format!("Mail comes out of the mailbox {mailbox} again.")
}

pub fn folder_readable_again(mailbox: &str, folder: &str) -> String {
    format!("Mail comes out of the folder “{folder}” of the mailbox {mailbox} again.")
}

/// A mail that stays on the server, as staff find it again.
#[derive(Debug, Clone, Copy)]
pub struct Left<'a> {
    pub mailbox: &'a str,
    pub folder: &'a str,
    pub from: &'a str,
    pub subject: &'a str,
    /// 0 if nobody knows.
    pub size: u64,
}

impl Left<'_> {
    fn named(&self) -> String {
        let from = match self.from {
            "" => String::new(),
            from => format!(" from {}", excerpt(from)),
        };
        let subject = match self.subject {
            "" => String::new(),
            subject => format!(", “{}”", excerpt(subject)),
        };
        let size = match self.size {
            0 => String::new(),
            size => format!(" ({})", bytes(size)),
        };
        format!("A mail{from}{subject}{size}")
    }

    fn stays(&self) -> String {
        let (folder, mailbox) = (self.folder, self.mailbox);
        format!("It stays in the folder “{folder}” of the mailbox {mailbox}; please look there.")
    }
}

pub fn mail_too_large(mail: Left, limit: u64) -> String {
    format!(
        "{} is larger than the {} that I fetch (`mailboxes.{}.imap.max_size`). {}",
        mail.named(),
        bytes(limit),
        mail.mailbox,
        mail.stays()
    )
}

pub fn mail_passed_over(mail: Left, reason: &str) -> String {
    format!(
        "{} can't be fetched, though I tried several times: {reason}. {}",
        mail.named(),
        mail.stays()
    )
}

/// Why mails that were taken over can't be marked on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotMarked {
    /// The folder takes no keywords.
    NoKeywords,
    /// Mails can only be copied and deleted there.
    NoMove,
    /// They can't be moved, and take no keywords.
    NoMoveAndNoKeywords,
    /// The folder to which they should be moved, and the server's words.
    NoFolder(String, String),
    /// The server's words.
    Refused(String),
}

pub fn not_marked(mailbox: &str, folder: &str, why: &NotMarked) -> String {
    let why = match why {
        NotMarked::NoKeywords => {
            "the server takes no keywords there; `processed: seen` or `move` may work".to_owned()
        }
        NotMarked::NoMove => {
            "the server can't move mail in one step, and I delete nothing; they stay there and get \
             the keyword instead"
                .to_owned()
        }
        NotMarked::NoMoveAndNoKeywords => {
            "the server can't move them there, and takes no keywords, either; they stay there as \
             they are. `processed: seen` may work"
                .to_owned()
        }
        NotMarked::NoFolder(target, answer) => format!(
            "there is no folder “{target}”, and the server makes none: {answer}. They stay there and \
             get the keyword instead"
        ),
        NotMarked::Refused(answer) => format!("the server refuses it: {answer}. I try again"),
    };
    format!(
        "The mails that I took out of the folder “{folder}” of the mailbox {mailbox} can't be marked \
         as `processed` says: {why}. They are taken over all the same, each once."
    )
}

//! `guard`: how much mail is taken in, and what is done with spam and malware. Optional. `senders`:
//! whose mail is blocked or let through, of a mailbox or of all.

use std::{net::SocketAddr, path::PathBuf};

use super::{
    section::Section,
    values::{duration, yes_or_no},
    wrong::Wrong,
};
use crate::domain::{
    flood::Limits,
    guard::SpamRule,
    senders::{SenderLists, SenderPattern},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    pub limits: Limits,
    /// Whether answers that look like a machine's are kept.
    pub loops: bool,
    pub spam: SpamRule,
    /// How many stars in X-Spam-Level are spam.
    pub spam_level: Option<u32>,
    /// The mail servers take the fields of filters out of what comes in, so that they count wherever
    /// they stand.
    pub strips_forged: bool,
    /// What looks for malware in mail.
    pub clamd: Option<Clamd>,
}

/// Where clamd listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clamd {
    Unix(PathBuf),
    Tcp(SocketAddr),
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            loops: true,
            spam: SpamRule::default(),
            spam_level: None,
            strips_forged: false,
            clamd: None,
        }
    }
}

impl Guard {
    pub(super) fn read(section: &mut Section) -> Self {
        let default = Limits::default();
        let window = section.optional("window", "1h", window);
        let mut limit = |key, of: u32| {
            let example = of.to_string();
            section.optional(key, &example, number).unwrap_or(of)
        };
        let limits = Limits {
            window: window.unwrap_or(default.window),
            conversation: limit("conversation", default.conversation),
            contact: limit("contact", default.contact),
            domain: limit("domain", default.domain),
            everything: limit("everything", default.everything),
            unknown: limit("unknown", default.unknown),
            unknowns: limit("unknowns", default.unknowns),
            letters: limit("letters", default.letters),
        };
        let loops = section.optional("loops", "false", yes_or_no);
        let spam = section.optional("spam", "hold", spam);
        let spam_level = section.optional("spam_level", "6", number);
        let strips_forged = section.optional("strips_forged", "true", yes_or_no);
        let clamd = section.optional("clamd", "/run/clamav/clamd.ctl", clamd);
        Self {
            limits,
            loops: loops.unwrap_or(true),
            spam: spam.unwrap_or_default(),
            spam_level: spam_level.filter(|level| *level > 0),
            strips_forged: strips_forged.unwrap_or_default(),
            clamd,
        }
    }
}

/// Reads `senders`.
pub(super) fn senders(section: &mut Section) -> SenderLists {
    let allow = section.optional_list("allow", "[\"jane@acme.com\"]", pattern);
    let block = section.optional_list("block", "[\"*@spam.example\"]", pattern);
    SenderLists::new(allow.unwrap_or_default(), block.unwrap_or_default())
}

fn pattern(text: &str) -> Result<SenderPattern, Wrong> {
    SenderPattern::parse(text).map_err(|fault| {
        Wrong::new(
            format!("\"{text}\" is not a pattern of addresses: {fault}"),
            "write \"jane@acme.com\", \"*@acme.com\" or \"*.example\"",
        )
    })
}

fn window(text: &str) -> Result<i64, Wrong> {
    let length = duration(text)?;
    i64::try_from(length.as_millis())
        .ok()
        .filter(|millis| (1..=LONGEST_WINDOW).contains(millis))
        .ok_or_else(|| {
            Wrong::new(
                format!("\"{text}\" is not between 1s and a day"),
                "write \"1h\"",
            )
        })
}

fn number(text: &str) -> Result<u32, Wrong> {
    text.parse().map_err(|_| {
        Wrong::new(
            format!("\"{text}\" is not a number"),
            "write a number; 0 is no limit",
        )
    })
}

fn spam(text: &str) -> Result<SpamRule, Wrong> {
    match text {
        "hold" => Ok(SpamRule::Hold),
        "junk" => Ok(SpamRule::Junk),
        "ignore" => Ok(SpamRule::Ignore),
        _ => Err(Wrong::new(
            format!("\"{text}\" is nothing that can be done with spam"),
            "write \"hold\", \"junk\" or \"ignore\"",
        )),
    }
}

fn clamd(text: &str) -> Result<Clamd, Wrong> {
    let path = text.strip_prefix("unix:").unwrap_or(text);
    if path.starts_with('/') {
        return Ok(Clamd::Unix(PathBuf::from(path)));
    }
    text.parse().map(Clamd::Tcp).map_err(|_| {
        Wrong::new(
            format!("\"{text}\" is neither the path of a socket nor an IP address with a port"),
            "write \"/run/clamav/clamd.ctl\" or \"127.0.0.1:3310\"",
        )
    })
}

/// A day, in milliseconds.
const LONGEST_WINDOW: i64 = 24 * 60 * 60 * 1000;

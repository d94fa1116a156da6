//! What was found: checks by area, the worst of them, and the JSON form.

use std::fmt;

use clap::ValueEnum;
use serde::Serialize;

/// A part of an installation, in the order in which it is looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum, Serialize)]
#[value(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// The configuration and the files it names
    Config,
    /// Whether Postroom runs; clock and limits
    Machine,
    /// The database and the space it has
    Database,
    /// The homeserver, the registration, and the way back
    Homeserver,
    /// The staff room for what concerns no conversation
    ControlRoom,
    /// Each mailbox's way out
    Smtp,
    /// The door for incoming mail
    Lmtp,
    /// The mailboxes from which mail is fetched
    Imap,
    /// The addresses to which customers answer; with --send a mail there and back
    ReplyAddress,
    /// What the public DNS says of each mailbox's domain
    Dns,
    /// The pages for customers
    Public,
    /// The listener for monitoring
    Operations,
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Config => "config",
            Self::Database => "database",
            Self::Homeserver => "homeserver",
            Self::ControlRoom => "control_room",
            Self::Smtp => "smtp",
            Self::Lmtp => "lmtp",
            Self::Imap => "imap",
            Self::ReplyAddress => "reply_address",
            Self::Dns => "dns",
            Self::Machine => "machine",
            Self::Public => "public",
            Self::Operations => "operations",
        })
    }
}

/// The worst is the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It could not be looked into; the meaning says why.
    Skipped,
    Ok,
    Warning,
    Fault,
}

/// One thing that was looked into. Made by the functions of [`Area`]: what isn't well has a meaning
/// and a remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    area: Area,
    #[serde(rename = "check")]
    name: String,
    status: Status,
    found: Option<String>,
    meaning: Option<String>,
    remedy: Option<String>,
}

/// What to say of something that isn't well.
#[derive(Debug, Clone)]
pub struct Advice {
    /// What it is, in a few words.
    pub found: String,
    /// What follows from it.
    pub meaning: String,
    /// What to do: the command, or the key of the configuration.
    pub remedy: String,
}

impl Advice {
    pub fn new(
        found: impl Into<String>,
        meaning: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            found: found.into(),
            meaning: meaning.into(),
            remedy: remedy.into(),
        }
    }
}

impl Area {
    pub fn ok(self, check: impl Into<String>, found: impl Into<String>) -> Check {
        self.check(check, Status::Ok, Some(found.into()), None, None)
    }

    pub fn warning(self, check: impl Into<String>, advice: Advice) -> Check {
        self.advise(check, Status::Warning, advice)
    }

    pub fn fault(self, check: impl Into<String>, advice: Advice) -> Check {
        self.advise(check, Status::Fault, advice)
    }

    /// `why` completes “not checked: ”.
    pub fn skipped(self, check: impl Into<String>, why: impl Into<String>) -> Check {
        self.check(check, Status::Skipped, None, Some(why.into()), None)
    }

    fn advise(self, check: impl Into<String>, status: Status, advice: Advice) -> Check {
        let Advice {
            found,
            meaning,
            remedy,
        } = advice;
        self.check(check, status, Some(found), Some(meaning), Some(remedy))
    }

    fn check(
        self,
        name: impl Into<String>,
        status: Status,
        found: Option<String>,
        meaning: Option<String>,
        remedy: Option<String>,
    ) -> Check {
        Check {
            area: self,
            name: name.into(),
            status,
            found,
            meaning,
            remedy,
        }
    }
}

impl Check {
    pub fn area(&self) -> Area {
        self.area
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn status(&self) -> Status {
        self.status
    }

    pub fn found(&self) -> Option<&str> {
        self.found.as_deref()
    }

    pub fn meaning(&self) -> Option<&str> {
        self.meaning.as_deref()
    }

    pub fn remedy(&self) -> Option<&str> {
        self.remedy.as_deref()
    }

    /// What was found, and why something was skipped, may be somebody else's words: takes control
    /// characters and secrets out of them, and what nobody would read.
    pub fn cleanse(&mut self, secrets: &[String]) {
        if let Some(remedy) = &mut self.remedy {
            remedy.retain(|c| c == '\n' || !c.is_control());
        }
        let reason = self.meaning.as_mut();
        let reason = reason.filter(|_| self.status == Status::Skipped);
        for text in self.found.as_mut().into_iter().chain(reason) {
            *text = text
                .split(|c: char| c.is_whitespace() || c.is_control())
                .filter(|word| !word.is_empty())
                .collect::<Vec<_>>()
                .join(" ");
            for secret in secrets {
                *text = text.replace(secret, "…");
            }
            if text.chars().count() > LONGEST {
                *text = text.chars().take(LONGEST).chain(['…']).collect();
            }
        }
    }
}

/// Characters of one text.
const LONGEST: usize = 400;

/// The JSON form. Absent texts are null.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    schema: u32,
    worst: Status,
    checks: &'a [Check],
}

impl<'a> Report<'a> {
    pub fn of(checks: &'a [Check]) -> Self {
        Self {
            schema: 1,
            worst: worst(checks),
            checks,
        }
    }
}

/// The worst of them; what was skipped counts as well.
pub fn worst(checks: &[Check]) -> Status {
    let statuses = checks.iter().map(Check::status);
    statuses.max().unwrap_or(Status::Ok).max(Status::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_counts() {
        let advice = || Advice::new("a", "b", "c");
        let ok = Area::Config.ok("one", "fine");
        let skipped = Area::Dns.skipped("two", "no network");
        let warning = Area::Smtp.warning("three", advice());
        let fault = Area::Smtp.fault("four", advice());
        assert_eq!(worst(&[]), Status::Ok);
        assert_eq!(worst(std::slice::from_ref(&skipped)), Status::Ok);
        assert_eq!(worst(&[ok.clone(), skipped.clone()]), Status::Ok);
        assert_eq!(worst(&[ok.clone(), warning.clone()]), Status::Warning);
        assert_eq!(worst(&[fault, warning, ok, skipped]), Status::Fault);
    }

    #[test]
    fn somebody_elses_words_are_harmless() {
        let found = "535 no,\r\n\u{1b}[31m “hunter2” is wrong";
        let mut check = Area::Smtp.fault("login", Advice::new(found, "b", "c"));
        check.cleanse(&["hunter2".to_owned()]);
        assert_eq!(check.found(), Some("535 no, [31m “…” is wrong"));
        let mut long = Area::Smtp.ok("login", "é".repeat(1000));
        long.cleanse(&[]);
        assert_eq!(long.found().map(|it| it.chars().count()), Some(LONGEST + 1));
    }
}

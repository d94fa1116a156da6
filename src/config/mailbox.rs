//! `mailboxes`: the addresses under which customers know us.

use std::fmt;

use super::smtp::Smtp;
use crate::domain::{address::EmailAddress, reply_address::ReplyPattern};

/// The key of a mailbox in the configuration: 1 to 64 of `a`–`z`, `0`–`9`, `-` and single `_`.
/// It is stored with conversations, so it must not change once mail has come.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailboxName(String);

impl MailboxName {
    /// Reads a name; `None` if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let allowed =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        // Two underscores separate the parts of an environment variable's name.
        let sound = (1..=64).contains(&text.len())
            && text.bytes().all(allowed)
            && !text.contains("__")
            && !text.starts_with('_')
            && !text.ends_with('_');
        sound.then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MailboxName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Debug, Clone)]
pub struct Mailbox {
    /// How customers see us, on one line.
    pub name: String,
    pub address: EmailAddress,
    /// The addresses to which answers go.
    pub reply_address: ReplyPattern,
    /// What the law wants below every letter.
    pub footer: Option<String>,
    pub language: Option<Language>,
    pub smtp: Smtp,
}

/// A language tag such as `en` or `pt-BR` (BCP 47: a language and perhaps subtags).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language(String);

impl Language {
    /// Reads a tag; `None` if it doesn't have the shape of one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut subtags = text.split('-');
        let language = subtags.next()?;
        let sound = (2..=3).contains(&language.len())
            && language.bytes().all(|b| b.is_ascii_alphabetic())
            && subtags.all(|subtag| {
                (1..=8).contains(&subtag.len()) && subtag.bytes().all(|b| b.is_ascii_alphanumeric())
            });
        sound.then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

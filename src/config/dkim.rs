//! `mailboxes.NAME.dkim`: the keys that sign a mailbox's letters (RFC 6376).

use std::path::PathBuf;

use secrecy::SecretString;

use super::{section::Section, wrong::Wrong};
use crate::domain::address::EmailAddress;

/// One key, and where the world finds its public half.
#[derive(Debug, Clone)]
pub struct Dkim {
    /// The record stands at `selector._domainkey.domain`.
    pub selector: String,
    /// Who signs. `None`: the domain of the mailbox's address.
    pub domain: Option<String>,
    /// PEM; what kind of key it is shows when it is read.
    pub key: SecretString,
    /// Where the key was read from, if it stands in a file.
    pub key_file: Option<PathBuf>,
}

impl Dkim {
    pub(super) fn read(section: &mut Section) -> Option<Self> {
        let selector = section.required("selector", "post", |text| {
            label(text, "write a word of letters and digits, such as \"post\"")
        });
        let domain = section.optional("domain", "example.org", domain);
        let key = section.secret_and_file("key", "key_file");
        if key.is_none() && !section.has("key") && !section.has("key_file") {
            section.note_missing("key_file", "dkim.pem");
        }
        let (key, key_file) = key?;
        Some(Self {
            selector: selector?,
            domain,
            key,
            key_file,
        })
    }
}

/// One label of a name in the DNS, or several with dots between them.
fn label(text: &str, remedy: &str) -> Result<String, Wrong> {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    if text.len() <= 200 && text.split('.').all(is_label) {
        Ok(text.to_ascii_lowercase())
    } else {
        let what = format!("\"{}\" can't stand in the DNS", first_word(text));
        Err(Wrong::new(what, remedy))
    }
}

fn domain(text: &str) -> Result<String, Wrong> {
    // Whatever can stand behind an @.
    EmailAddress::parse(&format!("postmaster@{text}"))
        .map(|address| address.domain().to_owned())
        .map_err(|_| {
            Wrong::new(
                format!("\"{}\" is not a domain", first_word(text)),
                "write the domain that signs, such as \"example.org\"",
            )
        })
}

/// What of a wrong value may be told: if a quote is missing, the key beside it is in it, too.
fn first_word(text: &str) -> String {
    match text.split_once(char::is_whitespace) {
        Some((first, _)) => format!("{first} …"),
        None => text.to_owned(),
    }
}

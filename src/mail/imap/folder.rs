//! Finds folders and selects one.

use imap_proto::{MailboxDatum, NameAttribute, Response, ResponseCode};

use super::{
    fault::Fault,
    name::{decode, encode, quoted, unescaped},
    session::{Ended, Session, Unreadable},
};
use crate::config::KEYWORD;

/// A folder that is selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folder {
    /// UIDs mean something only together with this (RFC 3501 section 2.3.1.1).
    pub uid_validity: u32,
    /// The next mail gets this UID, or a higher one.
    pub uid_next: u32,
    /// Whether mails may get our keyword.
    pub takes_keyword: bool,
}

/// Why a folder isn't selected.
#[derive(Debug)]
pub enum NotSelected {
    /// There is no such folder, but these, as people write them; of very many only some.
    Missing(Vec<String>),
    Fault(Fault),
}

impl<F: Into<Fault>> From<F> for NotSelected {
    fn from(fault: F) -> Self {
        Self::Fault(fault.into())
    }
}

/// A folder that the server has.
struct Known {
    /// As people write it, with `/` between the levels.
    name: String,
    /// As the server writes it.
    wire_name: String,
    /// Between its levels on the wire.
    separator: String,
    can_be_selected: bool,
}

/// Folders that are looked at and named at most.
const MOST_FOLDERS: usize = 2000;

impl Session {
    /// Selects a folder, to read and to mark. `name` is what people write, with `/` between the
    /// levels and without the prefix that some servers put before everything.
    pub async fn select(&mut self, name: &str) -> Result<Folder, NotSelected> {
        if name.eq_ignore_ascii_case("inbox") {
            return match self.select_exactly("INBOX").await? {
                Ok(folder) => Ok(folder),
                Err(answer) => Err(refused("SELECT", answer).into()),
            };
        }
        let known = self.folders().await?;
        let Some(found) = find(&known, name) else {
            let names = known.into_iter().filter(|folder| folder.can_be_selected);
            return Err(NotSelected::Missing(
                names.map(|folder| folder.name).collect(),
            ));
        };
        let wire_name = found.wire_name.clone();
        match self.select_exactly(&wire_name).await? {
            Ok(folder) => Ok(folder),
            Err(answer) => Err(refused("SELECT", answer).into()),
        }
    }

    /// Makes sure that there is a folder of that name, and returns what the server calls it; or the
    /// server's words if it makes none.
    pub async fn provide(&mut self, name: &str) -> Result<Result<String, String>, Fault> {
        let known = self.folders().await?;
        if let Some(found) = find(&known, name) {
            return Ok(Ok(found.wire_name.clone()));
        }
        let separator = known
            .first()
            .map_or("/", |folder| folder.separator.as_str());
        let wire_name = encode(&name.replace('/', separator));
        let mut refusal = String::new();
        for wire_name in [wire_name.clone(), format!("INBOX{separator}{wire_name}")] {
            let command = format!("CREATE {}", quoted(&wire_name));
            match self.command(&command, Unreadable::Skip, |_| {}).await? {
                Ended::Ok => return Ok(Ok(wire_name)),
                Ended::No(answer) => refusal = answer,
            }
            // Another connection may have been quicker.
            if let Some(found) = find(&self.folders().await?, name) {
                return Ok(Ok(found.wire_name.clone()));
            }
        }
        Ok(Err(refusal))
    }

    async fn select_exactly(&mut self, wire_name: &str) -> Result<Result<Folder, String>, Fault> {
        // A server that doesn't tell takes every flag (RFC 3501 section 7.1).
        let (mut validity, mut next, mut takes_keyword) = (None, None, true);
        let mut is_empty = false;
        let command = format!("SELECT {}", quoted(wire_name));
        let hear = |answer: &Response| {
            if let Response::MailboxData(MailboxDatum::Exists(mails)) = answer {
                is_empty = *mails == 0;
            }
            let (Response::Data { outcome, .. } | Response::Done { outcome, .. }) = answer else {
                return;
            };
            match &outcome.code {
                Some(ResponseCode::UidValidity(number)) => validity = Some(*number),
                Some(ResponseCode::UidNext(number)) => next = Some(*number),
                Some(ResponseCode::PermanentFlags(flags)) => {
                    takes_keyword = flags
                        .iter()
                        .any(|flag| flag == "\\*" || flag.eq_ignore_ascii_case(KEYWORD));
                }
                _ => {}
            }
        };
        if let Ended::No(answer) = self.command(&command, Unreadable::Skip, hear).await? {
            return Ok(Err(answer));
        }
        let uid_validity = validity.ok_or(Fault::Nonsense("a folder has no UIDVALIDITY"))?;
        let uid_next = match next {
            Some(next) => next,
            // Old servers don't tell; the last mail does. In an empty folder they refuse to look.
            None if is_empty => 1,
            None => self.last_uid().await?.saturating_add(1),
        };
        Ok(Ok(Folder {
            uid_validity,
            uid_next,
            takes_keyword,
        }))
    }

    async fn folders(&mut self) -> Result<Vec<Known>, Fault> {
        let mut known = Vec::new();
        let hear = |answer: &Response| {
            let Response::MailboxData(MailboxDatum::List(listed)) = answer else {
                return;
            };
            if known.len() >= MOST_FOLDERS {
                return;
            }
            let separator = listed.delimiter.as_deref().unwrap_or("/").to_owned();
            let wire_name = unescaped(&listed.name).unwrap_or_else(|| listed.name.to_string());
            let levels = wire_name.split(separator.as_str());
            let levels: Vec<String> = levels.map(decode).collect();
            let hidden = |attribute: &NameAttribute| match attribute {
                NameAttribute::NoSelect => true,
                NameAttribute::Extension(word) => word.eq_ignore_ascii_case("\\NonExistent"),
                _ => false,
            };
            known.push(Known {
                name: levels.join("/"),
                wire_name,
                separator,
                can_be_selected: !listed.name_attributes.iter().any(hidden),
            });
        };
        self.demand("LIST", "LIST \"\" \"*\"", Unreadable::Skip, hear)
            .await?;
        Ok(known)
    }
}

/// The folder that people mean: by its name, or by its name below the inbox, where some servers
/// keep everything.
fn find<'a>(known: &'a [Known], name: &str) -> Option<&'a Known> {
    let selectable = || known.iter().filter(|folder| folder.can_be_selected);
    let below = |folder: &&Known| {
        let (top, rest) = folder.name.split_once('/').unwrap_or_default();
        top.eq_ignore_ascii_case("inbox") && rest == name
    };
    selectable()
        .find(|folder| folder.name == name)
        .or_else(|| selectable().find(below))
}

fn refused(command: &'static str, answer: String) -> Fault {
    Fault::Refused { command, answer }
}

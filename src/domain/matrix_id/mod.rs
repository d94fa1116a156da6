//! Matrix ids as people write them: with and without `@`, as a link, in the wrong case, with spaces in
//! them, in a sentence, or not at all what they mean.
//!
//! What stands alone in a mail is an answer to "what is your Matrix ID?"; what stands among other words
//! may be anybody's. Reads text in linear time.

mod candidate;
mod fillers;
mod links;
mod server;
#[cfg(test)]
mod tests;

use ruma::OwnedUserId;

pub use self::{
    candidate::Unusable,
    server::{ServerPattern, ServerPatternFault, is_server_name},
};
use self::{
    candidate::{Candidate, of_token},
    fillers::Fillers,
};

/// What a mail says of Matrix ids.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Said {
    #[default]
    Nothing,
    /// This one, and nothing else.
    Only(OwnedUserId),
    /// These, among other words; each once, the first few.
    Among(Vec<OwnedUserId>),
    /// It is meant to be one, and nobody can be reached by it.
    Unusable(Unusable),
}

impl Said {
    /// Those that could be invited.
    #[must_use]
    pub fn users(&self) -> &[OwnedUserId] {
        match self {
            Self::Only(user) => std::slice::from_ref(user),
            Self::Among(users) => users,
            Self::Nothing | Self::Unusable(_) => &[],
        }
    }
}

/// Reads what somebody wrote, without what they quote; `name` is what they call themselves, and may stand
/// below their words.
#[must_use]
pub fn read(text: &str, name: &str) -> Said {
    if text.len() > LONGEST_TEXT {
        return Said::Nothing;
    }
    let text = without_quotes(&plain(text));
    let (rest, linked) = links::take_out(&text);
    let mentions = mentions_matrix(&text);
    let asks = rest.contains('?');
    let fillers = Fillers::of(&rest, name);

    let apart = gather(&rest, &fillers, mentions);
    let found = if apart.candidates.is_empty() && linked.is_empty() {
        // Spaces where none belong make sense only where nothing else is said.
        let close = gather(&closed_up(&rest), &fillers, mentions);
        if close.is_all && close.is_one_user() {
            close
        } else {
            apart
        }
    } else {
        apart
    };
    found.said(linked, asks)
}

/// Reads what staff typed as somebody's id: one, in any form.
///
/// # Errors
///
/// Says why it can't be used.
pub fn read_one(text: &str) -> Result<OwnedUserId, Unusable> {
    match read(text, "") {
        Said::Only(user) => Ok(user),
        Said::Unusable(why) => Err(why),
        Said::Among(_) | Said::Nothing => match of_token(text.trim()) {
            Some(Candidate::Unusable(why)) => Err(why),
            _ => Err(Unusable::NoServer),
        },
    }
}

/// What was found in a text, and whether it says more.
struct Found {
    candidates: Vec<Candidate>,
    /// Nothing but fillers stands around what was found.
    is_all: bool,
}

impl Found {
    fn is_one_user(&self) -> bool {
        matches!(self.candidates[..], [Candidate::User(_)])
    }

    fn said(self, linked: Vec<Candidate>, asks: bool) -> Said {
        let mut users: Vec<OwnedUserId> = Vec::new();
        let mut unusable = None;
        for candidate in linked.into_iter().chain(self.candidates) {
            match candidate {
                Candidate::User(user) => {
                    // A link and its words, in two cases.
                    let same =
                        |known: &OwnedUserId| known.as_str().eq_ignore_ascii_case(user.as_str());
                    if !users.iter().any(same) {
                        users.push(user);
                    }
                }
                Candidate::Unusable(why) => {
                    unusable.get_or_insert(why);
                }
            }
        }
        let is_all = self.is_all && !asks;
        match (users.len(), unusable) {
            (0, Some(why)) if is_all => Said::Unusable(why),
            (0, _) => Said::Nothing,
            (1, None) if is_all => Said::Only(users.remove(0)),
            _ => {
                users.truncate(MOST_USERS);
                Said::Among(users)
            }
        }
    }
}

/// What the words of a text may be. Ids without `@` and addresses count where nothing else is said, or
/// where it is about Matrix.
fn gather(text: &str, fillers: &Fillers, mentions: bool) -> Found {
    let mut candidates = Vec::new();
    let mut loose = Vec::new();
    let mut others: Vec<&str> = Vec::new();
    for token in text.split_whitespace() {
        match of_token(token) {
            Some(Candidate::User(user)) if token.contains('@') => {
                candidates.push(Candidate::User(user));
            }
            Some(other) => loose.push(other),
            None if fillers.has(token) => {}
            None => others.push(token),
        }
    }
    let is_all = others.is_empty();
    for candidate in loose {
        let counts = match &candidate {
            Candidate::User(_) => is_all || mentions,
            Candidate::Unusable(why) => is_all && (mentions || why.is_plain()),
        };
        if counts {
            candidates.push(candidate);
        }
    }
    // "My Matrix ID is jane."
    if candidates.is_empty() && mentions && fillers.speak_of_an_id && others.len() == 1 {
        let one = others[0].trim_matches(|c: char| !c.is_alphanumeric());
        if !one.is_empty() && one.len() <= LONGEST_NAME {
            return Found {
                candidates: vec![Candidate::Unusable(Unusable::NoServer)],
                is_all: true,
            };
        }
    }
    Found { candidates, is_all }
}

/// Without what nobody sees, and with plain signs in place of their doubles.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}' => {}
            '\u{ff20}' => out.push('@'),
            '\u{ff1a}' | '\u{2236}' | '\u{a789}' => out.push(':'),
            '\u{ff0e}' => out.push('.'),
            '\u{2018}'..='\u{201f}' | '\u{ab}' | '\u{bb}' => out.push('"'),
            c if c.is_whitespace() && c != '\n' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

fn without_quotes(text: &str) -> String {
    let own = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('>'));
    own.collect::<Vec<_>>().join("\n")
}

/// Without the spaces behind `@` and on both sides of `:`.
fn closed_up(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        out.push_str(word);
        let Some(next) = words.peek() else { break };
        let joins = word.ends_with(['@', ':']) && !next.starts_with('@') || next.starts_with(':');
        if !joins {
            out.push(' ');
        }
    }
    out
}

fn mentions_matrix(text: &str) -> bool {
    let text = text.to_lowercase();
    ["matrix", "element", "mxid"]
        .iter()
        .any(|word| text.contains(word))
}

/// Octets of a text in which ids are looked for.
const LONGEST_TEXT: usize = 100_000;
/// Of one text.
const MOST_USERS: usize = 3;
/// Octets of what somebody may think is their id.
const LONGEST_NAME: usize = 60;

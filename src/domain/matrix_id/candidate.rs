//! One word that may be a Matrix id.

use ruma::{OwnedUserId, UserId};

use super::server::is_server_name;

/// What a word is, as far as it has to do with ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Candidate {
    User(OwnedUserId),
    Unusable(Unusable),
}

/// Why nobody can be reached by what somebody calls their id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unusable {
    /// A name without a server.
    NoServer,
    /// What stands behind the colon is no server.
    NotAServer(String),
    /// An email address.
    Address(String),
    /// The name has signs that no id has.
    Characters,
    /// A link to a room, or its address.
    Room,
    /// The example in our own mail.
    Example,
}

impl Unusable {
    /// Whether it is meant to be an id also where nobody says so.
    pub(super) fn is_plain(&self) -> bool {
        match self {
            Self::NoServer | Self::NotAServer(_) | Self::Characters | Self::Example => true,
            // An address or a room may be an answer to something else.
            Self::Address(address) => {
                let domain = address.rsplit('@').next().unwrap_or_default();
                address.starts_with('@') || domain == "matrix.org" || domain.starts_with("matrix.")
            }
            Self::Room => false,
        }
    }
}

/// What a word of a text is; `None` if it has nothing to do with ids.
pub(super) fn of_token(token: &str) -> Option<Candidate> {
    let word = bare(token);
    if word.len() > LONGEST {
        return None;
    }
    if let Some(id) = word.strip_prefix('@') {
        return (!id.is_empty()).then(|| of_id(id));
    }
    if word.starts_with(['#', '!']) {
        let (_, server) = word.split_once(':')?;
        return is_server_name(server).then_some(Candidate::Unusable(Unusable::Room));
    }
    if let Some((local, domain)) = word.rsplit_once('@') {
        let is_address = !local.is_empty() && !local.contains([':', '/']) && is_server_name(domain);
        return is_address.then(|| Candidate::Unusable(Unusable::Address(word.to_lowercase())));
    }
    let (local, server) = word.split_once(':')?;
    let server = server.to_lowercase();
    let is_id = is_localpart(&local.to_lowercase())
        && !SCHEMES.contains(&local.to_lowercase().as_str())
        && is_server_name(&server);
    is_id.then(|| user(&local.to_lowercase(), &server))
}

/// What follows an `@`.
fn of_id(id: &str) -> Candidate {
    if let Some((local, server)) = id.split_once(':') {
        let (local, server) = (local.to_lowercase(), server.to_lowercase());
        if local.is_empty() {
            return Candidate::Unusable(Unusable::NoServer);
        }
        if !is_server_name(&server) {
            return Candidate::Unusable(Unusable::NotAServer(server));
        }
        if !is_localpart(&local) {
            return Candidate::Unusable(Unusable::Characters);
        }
        return user(&local, &server);
    }
    if id.contains('@') {
        return Candidate::Unusable(Unusable::Address(format!("@{}", id.to_lowercase())));
    }
    Candidate::Unusable(Unusable::NoServer)
}

/// An id from a link, which nobody has typed: its case stays.
pub(super) fn exact(id: &str) -> Candidate {
    let id = bare(id);
    let id = id.strip_prefix('@').unwrap_or(id);
    match id.split_once(':') {
        Some((local, server)) if !is_server_name(&server.to_lowercase()) || local.is_empty() => {
            Candidate::Unusable(Unusable::NotAServer(server.to_lowercase()))
        }
        Some((local, server)) => {
            if is_localpart(&local.to_lowercase()) {
                user(local, &server.to_lowercase())
            } else {
                Candidate::Unusable(Unusable::Characters)
            }
        }
        None => Candidate::Unusable(Unusable::NoServer),
    }
}

fn user(local: &str, server: &str) -> Candidate {
    if EXAMPLES.contains(&local) {
        return Candidate::Unusable(Unusable::Example);
    }
    UserId::parse(format!("@{local}:{server}"))
        .map_or(Candidate::Unusable(Unusable::Characters), Candidate::User)
}

/// Of new ids (spec appendix "User Identifiers").
fn is_localpart(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._=-/+".contains(&b);
    !text.is_empty() && text.bytes().all(allowed)
}

/// Without what stands around a word in a sentence.
fn bare(token: &str) -> &str {
    let around = |c: char| "\"'`´()[]{}<>*,;.!?…|".contains(c);
    token
        .trim_end_matches(|c: char| around(c) || c == ':' || c == '/')
        // A room's address may begin with `!`, an id with nothing but `@`.
        .trim_start_matches(|c: char| around(c) && c != '!')
        .trim_end_matches('/')
}

/// The localparts of the examples in our own mails: `wording::onboarding`.
const EXAMPLES: [&str; 3] = ["your.name", "votre.nom", "ihr.name"];
/// What stands before a colon and is no name.
const SCHEMES: [&str; 14] = [
    "http", "https", "mailto", "ftp", "ftps", "sftp", "ssh", "git", "tel", "sip", "xmpp", "matrix",
    "file", "re",
];
/// Octets; longer words are no ids.
const LONGEST: usize = 400;

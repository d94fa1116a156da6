//! The sentences of a notice: whom a server could not reach, and why.
//!
//! Every program has its own, but an address stands in few places in them: at the start of a line
//! (qmail, Exim, Postfix, Exchange, Notes, Gmail, Yahoo), after the code of a reply (sendmail), or
//! after words such as “delivered to” or `RCPT TO`. What is said about it follows up to the next
//! address; what is said before the first one is said of all.

use super::recipient::recipient;
use crate::domain::{
    address::EmailAddress,
    bounce::{Action, FailedRecipient, StatusCode, reply_code},
};

/// A notice, read.
#[derive(Debug, Default)]
pub(super) struct Notice {
    /// What is said before the first address.
    opening: String,
    whole: String,
    /// Addresses in the places where recipients stand.
    sure: Vec<Said>,
    /// Others.
    mentioned: Vec<EmailAddress>,
    /// The line before told where to write to.
    asks: bool,
    is_delayed: bool,
    tells_failure: bool,
}

#[derive(Debug)]
struct Said {
    address: EmailAddress,
    text: String,
}

/// `own` are the addresses to which the notice came: seldom those of which it tells.
pub(super) fn read(text: &str, subject: &str, own: &[EmailAddress]) -> Notice {
    let mut notice = Notice::default();
    for line in text.lines().take(MOST_LINES) {
        // People quote notices, too, and servers their transcripts.
        let is_quoted = line.starts_with('>') && !line.starts_with(">>>");
        if !is_quoted {
            notice.line(line, own);
        }
    }
    if notice.sure.iter().any(|said| !own.contains(&said.address)) {
        notice.sure.retain(|said| !own.contains(&said.address));
    }
    let lower = notice.whole.to_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
    let warns = subject.to_lowercase().starts_with("warning");
    notice.is_delayed = (says(DELAYED) || warns) && !says(FINAL);
    notice.tells_failure = says(FAILED);
    notice
}

impl Notice {
    fn line(&mut self, line: &str, own: &[EmailAddress]) {
        let mut current = None;
        for found in addresses(line) {
            let place = place(&line[..found.start], own.contains(&found.address));
            match place {
                Place::Sure if self.asks => {}
                Place::Sure => current = current.or(Some(found)),
                Place::Mentioned if self.mentioned.len() < MOST_ADDRESSES => {
                    let is_office = OFFICES.contains(&found.address.local_part());
                    if !is_office && !self.mentioned.contains(&found.address) {
                        self.mentioned.push(found.address);
                    }
                }
                Place::Mentioned | Place::Other => {}
            }
        }
        append(&mut self.whole, line);
        if !line.trim().is_empty() {
            self.asks = line.trim_end().ends_with("to the address");
        }
        let Some(found) = current else {
            match self.sure.last_mut() {
                Some(said) => append(&mut said.text, line),
                None => append(&mut self.opening, line),
            }
            return;
        };
        let at = self
            .sure
            .iter()
            .position(|said| said.address == found.address);
        let mut said = match at {
            Some(at) => self.sure.remove(at),
            None if self.sure.len() == MOST_ADDRESSES => return,
            None => Said {
                address: found.address,
                text: String::new(),
            },
        };
        let is_bare = |text: &str| !text.contains(|c: char| c.is_alphanumeric());
        if !(is_bare(&line[..found.start]) && is_bare(&line[found.end..])) {
            append(&mut said.text, line);
        }
        // The last one is the one of which the next lines tell.
        self.sure.push(said);
    }

    /// Whether it tells of a mail to somebody that failed: no vacation note does.
    pub(super) fn is_plain(&self) -> bool {
        !self.sure.is_empty() && (self.tells_failure || self.has_code())
    }

    /// Whether a server's reply is quoted.
    pub(super) fn has_code(&self) -> bool {
        reply_code(&self.whole).is_some() && (self.tells_failure || self.has_status())
    }

    fn has_status(&self) -> bool {
        StatusCode::find(&self.whole).is_some()
    }

    /// Whom it tells of, in its order.
    pub(super) fn recipients(&self) -> Vec<FailedRecipient> {
        let sure = self.sure.iter().map(|said| &said.address);
        match self.mentioned.as_slice() {
            [only] if self.sure.is_empty() => vec![self.about(only)],
            _ => sure.map(|address| self.about(address)).collect(),
        }
    }

    /// What it tells of an address, even where that stands nowhere in it.
    pub(super) fn about(&self, address: &EmailAddress) -> FailedRecipient {
        let said = self.about_text(address);
        let action = self.is_delayed.then_some(Action::Delayed);
        let mta = said.iter().find_map(|text| host(text));
        recipient(address.clone(), action, None, &said, mta)
    }

    /// The same in its own words, from the best to the worst.
    pub(super) fn about_text(&self, address: &EmailAddress) -> Vec<&str> {
        let own = self.sure.iter().find(|said| said.address == *address);
        let is_only = match self.sure.as_slice() {
            [] => true,
            [_] => own.is_some() || self.mentioned.is_empty(),
            _ => false,
        };
        let rest = if is_only { &self.whole } else { &self.opening };
        let own = own.map(|said| said.text.as_str());
        own.into_iter()
            .chain([rest.as_str()])
            .filter(|text| !text.trim().is_empty())
            .collect()
    }
}

enum Place {
    Sure,
    Mentioned,
    /// Of a sender, or of somebody to ask.
    Other,
}

/// What an address is, by what stands before it on its line.
fn place(before: &str, is_own: bool) -> Place {
    if before.chars().all(|c| " \t<>*-•\"'([=:|".contains(c)) {
        return Place::Sure;
    }
    let is_code = |c: char| c.is_ascii_digit() || ".- #<:(\"'".contains(c);
    if before.trim_start().starts_with(['4', '5']) && before.chars().all(is_code) {
        return Place::Sure;
    }
    let near = before.len() - before.len().min(MOST_BEFORE);
    let before = before[before.ceil_char_boundary(near)..].to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| before.contains(word));
    if is_own || has(OTHERS) {
        Place::Other
    } else if has(LABELS) || before.trim_start().starts_with("to:") {
        Place::Sure
    } else {
        Place::Mentioned
    }
}

/// An address within a line.
struct Found {
    address: EmailAddress,
    start: usize,
    end: usize,
}

fn addresses(line: &str) -> impl Iterator<Item = Found> {
    let ends = |c: char| c.is_whitespace() || c.is_control() || "@<>()[]{},;:\"'|\\".contains(c);
    line.match_indices('@')
        .take(MOST_IN_LINE)
        .filter_map(move |(at, _)| {
            let local = &line[..at];
            let local = &local[local.ceil_char_boundary(at.saturating_sub(LONGEST_LOCAL))..];
            let start = local.rfind(ends).map_or(at - local.len(), |end| {
                at - local.len() + end + local[end..].chars().next().map_or(0, char::len_utf8)
            });
            let domain = &line[at + 1..];
            let domain = &domain[..domain.floor_char_boundary(LONGEST_DOMAIN)];
            let length = domain.find(ends).unwrap_or(domain.len());
            let domain = domain[..length].trim_end_matches(['.', '!', '?', '-', '*', '=']);
            let end = at + 1 + domain.len();
            let address = EmailAddress::parse(&line[start..end]).ok()?;
            Some(Found {
                address,
                start,
                end,
            })
        })
}

/// The server that said it: `host mx.acme.com [192.0.2.1]: 550 …`.
fn host(text: &str) -> Option<String> {
    let after = text.split_once("host ").map(|(_, after)| after)?;
    let name = after.split([' ', '[', ':', '\n', ',']).next()?;
    let is_host = name.contains('.')
        && name.len() <= LONGEST_DOMAIN
        && name
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || b".-".contains(&octet));
    is_host.then(|| name.to_owned())
}

/// Adds a line up to a bound.
fn append(text: &mut String, line: &str) {
    let line = line.trim();
    if !line.is_empty() && text.len() < LONGEST_TEXT {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&line[..line.floor_char_boundary(LONGEST_TEXT)]);
    }
}

/// Words before a recipient's address.
const LABELS: &[&str] = &[
    "rcpt to",
    "rcpt_to",
    "recipient",
    "deliver",
    "address:",
    "unknown user",
    "no such user",
    "did not reach",
    "message to",
    "mail to",
    "sent to",
    "addressed to",
    "reach",
    "rejected",
    "user ",
    "mailing list",
];

/// Words before another address.
const OTHERS: &[&str] = &[
    "from:",
    "from ",
    "sender",
    "mail from",
    "contact",
    "assistance",
    "postmaster",
    "reply-to",
    "please send",
    "send mail to",
    "please mail",
    "write to",
    "questions",
    "mailto:",
    "on behalf",
    "for help",
    "hello",
];

/// Whom servers say to ask.
const OFFICES: &[&str] = &["postmaster", "mailer-daemon", "MAILER-DAEMON", "abuse"];

/// Sentences of notices that a mail failed.
const FAILED: &[&str] = &[
    "not be delivered",
    "not delivered",
    "couldn't be delivered",
    "undeliver",
    "unable to deliver",
    "trouble delivering",
    "error delivering",
    "couldn't deliver",
    "could not deliver",
    "able to deliver",
    "delivery failed",
    "delivery has failed",
    "delivery failure",
    "delivery error",
    "delivery to the following",
    "did not reach",
    "failed permanently",
    "permanent error",
    "permanent fatal errors",
    "delivery problems",
    "action not taken",
    "rejected by",
    "not a member of this mailing list",
    "nicht zugestellt",
    "unzustellbar",
    "konnte nicht",
    "n'a pas pu être",
    "non remis",
    "no se pudo entregar",
    "no se ha podido entregar",
    "non è stato possibile",
    "kon niet worden",
    "não pôde ser entregue",
    "nie można dostarczyć",
    "не может быть доставлено",
    "送信できません",
    "配信できません",
    "无法投递",
];

const DELAYED: &[&str] = &[
    "not yet been delivered",
    "delivery attempts will continue",
    "has been delayed",
    "is delayed",
    "still being retried",
    "will be retried",
    "temporary failure report",
    "warning message only",
    "warning only",
    "not need to re-send",
    "not need to resend",
];

const FINAL: &[&str] = &[
    "permanent",
    "given up",
    "giving up",
    "not going to try again",
];

const MOST_LINES: usize = 2000;
const MOST_ADDRESSES: usize = 100;
const MOST_IN_LINE: usize = 20;
/// Of what stands before an address on its line, in octets.
const MOST_BEFORE: usize = 100;
const LONGEST_LOCAL: usize = 70;
const LONGEST_DOMAIN: usize = 255;
const LONGEST_TEXT: usize = 4000;

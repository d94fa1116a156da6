//! A sealed letter becomes a mail: text, HTML and files, seven bits, and the same bytes whenever it is
//! composed again.
//!
//! `view` says what the letter shows, `plain` and `html` draw it, and `header` writes the words in its
//! header. `body` is the tree of parts: `part_header` and `part_names` say what a file is called, and
//! `cid` how the HTML refers to it. `composed` is the mail in pieces; what is large is fetched and
//! encoded (`base64_lines`) only while the mail is sent.
//!
//! A letter is a person's mail (no `Precedence` or `X-Auto-Response-Suppress`, `List-*` only in a
//! broadcast, and `Auto-Submitted` only where we answer by ourselves): an absence note in answer to it
//! is welcome.

mod base64_lines;
mod body;
mod cid;
mod composed;
mod header;
mod html;
mod list;
mod part_header;
mod part_names;
mod plain;
mod said;
mod view;

use lettre::message::header::{
    HeaderName, HeaderValue, Headers, InReplyTo, MIME_VERSION_1_0, MessageId as MessageIdField,
    References,
};

pub use self::composed::{Chunks, Composed};
use self::view::View;
use crate::{
    domain::{
        address::{EmailAddress, NamedAddress},
        ids::MessageId,
        letter::{Automatically, SealedLetter},
    },
    mail::punycode::ascii_address,
};

/// Names the letter in a header of its own: marks our own mail when it comes back, and answers
/// whose sender had the Message-ID rewritten on the way (Amazon SES and Exchange do).
pub const POSTROOM_ID: &str = "X-Postroom-Id";

/// Why a letter can't become a mail; no later attempt will change it.
#[derive(Debug, thiserror::Error)]
pub enum ComposeFault {
    #[error("the letter has no recipient")]
    NoRecipient,
    #[error("our own address {0} has no form in ASCII")]
    OwnAddress(EmailAddress),
    #[error("our own Message-ID {0} is not ASCII or too long")]
    OwnMessageId(MessageId),
    #[error("the date can't be written: {0}")]
    Date(jiff::Error),
    #[error("the template can't be drawn: {0}")]
    Template(#[from] askama::Error),
}

/// Composes the mail, header and body, with CRLF at the end of every line of at most 76 octets
/// (998 where an address, an id or the type of a file is longer). Files are not read.
///
/// Taming the authors' HTML may take some hundred milliseconds: run it on a blocking thread.
pub fn compose(letter: &SealedLetter) -> Result<Composed, ComposeFault> {
    let mut view = View::of(letter);
    let text = plain::draw(&view);
    let html = html::draw(&mut view)?;
    let body = body::of(letter, &text, &html);
    // Not a `lettre::Message`: that would read `From` and `Date` back from what is given, and put
    // the current time in place of a date that is not in UTC.
    let mut headers = Headers::new();
    write_header(letter, &mut headers)?;
    let header = format!("{}{headers}\r\n", body.header);
    Ok(Composed::new(header, body.into_pieces()))
}

fn write_header(letter: &SealedLetter, headers: &mut Headers) -> Result<(), ComposeFault> {
    if letter.to.is_empty() && letter.cc.is_empty() {
        return Err(ComposeFault::NoRecipient);
    }
    for own in [&letter.from.address, &letter.reply_to] {
        ascii_address(own).ok_or_else(|| ComposeFault::OwnAddress(own.clone()))?;
    }
    let id = &letter.message_id;
    if !id.as_str().is_ascii() || id.as_str().len() > LONGEST_OWN_ID {
        return Err(ComposeFault::OwnMessageId(id.clone()));
    }
    let date = jiff::fmt::rfc2822::to_string(&letter.date).map_err(ComposeFault::Date)?;
    // With a name: mail programs show that in place of the token.
    let reply_to = NamedAddress {
        name: (!letter.organisation.is_empty()).then(|| letter.organisation.clone()),
        address: letter.reply_to.clone(),
    };

    headers.set(MIME_VERSION_1_0);
    headers.set(MessageIdField::from(id.bracketed()));
    headers.insert_raw(plain("Date", date));
    headers.insert_raw(header::addresses(
        "From",
        std::slice::from_ref(&letter.from),
        false,
    ));
    headers.insert_raw(header::addresses("Reply-To", &[reply_to], false));
    if !letter.to.is_empty() {
        headers.insert_raw(header::addresses("To", &letter.to, letter.utf8));
    }
    if !letter.cc.is_empty() {
        headers.insert_raw(header::addresses("Cc", &letter.cc, letter.utf8));
    }
    headers.insert_raw(header::text("Subject", &letter.subject));
    if let Some(earlier) = ids(&letter.in_reply_to) {
        headers.set(InReplyTo::from(earlier));
    }
    if let Some(earlier) = ids(&letter.references) {
        headers.set(References::from(earlier));
    }
    headers.insert_raw(plain(POSTROOM_ID, id.bracketed()));
    if let Some(automatically) = letter.automatic {
        // RFC 3834 section 5.
        let why = match automatically {
            Automatically::Replied => "auto-replied",
            Automatically::Generated => "auto-generated",
        };
        headers.insert_raw(plain("Auto-Submitted", why.to_owned()));
        // What Exchange heeds ([MS-OXCMAIL]).
        headers.insert_raw(plain(
            "X-Auto-Response-Suppress",
            "OOF, AutoReply".to_owned(),
        ));
    }
    for field in letter.list.iter().flat_map(list::fields) {
        headers.insert_raw(field);
    }
    Ok(())
}

/// A field whose value is known to be ASCII and printable.
fn plain(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

/// Message-IDs; those that can't be written are left out. `None` where none is left.
fn ids<'a>(ids: impl IntoIterator<Item = &'a MessageId>) -> Option<String> {
    let usable: Vec<_> = ids
        .into_iter()
        .filter(|id| id.as_str().is_ascii() && id.as_str().len() <= LONGEST_ID)
        .map(MessageId::bracketed)
        .collect();
    (!usable.is_empty()).then(|| usable.join(" "))
}

/// Octets; ours are far shorter.
const LONGEST_OWN_ID: usize = 250;
/// Octets of a Message-ID that fits on a line of its own (998 octets) with room to spare.
const LONGEST_ID: usize = 900;

#[cfg(test)]
mod tests;

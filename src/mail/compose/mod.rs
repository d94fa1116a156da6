//! A sealed letter becomes the bytes of a mail: `multipart/alternative`, seven bits, and the same
//! bytes whenever it is composed again.
//!
//! A letter is a person's mail (no `List-*`, `Precedence`, `Auto-Submitted` or
//! `X-Auto-Response-Suppress`): an absence note in answer to it is welcome.

mod body;
mod header;
mod html;
mod plain;
mod view;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use self::{header::Header, view::View};
use crate::{
    domain::{
        address::{EmailAddress, NamedAddress},
        ids::MessageId,
        letter::SealedLetter,
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
/// (998 where an address or id is longer).
///
/// Taming the authors' HTML may take some hundred milliseconds: run it on a blocking thread.
pub fn compose(letter: &SealedLetter) -> Result<Vec<u8>, ComposeFault> {
    let header = header(letter)?;
    let view = View::of(letter);
    let text = without_controls(&plain::draw(&view));
    let html = without_controls(&html::draw(&view, letter.language)?);
    let boundary = boundary(&letter.message_id);
    let (text, html) = (
        body::text_part("plain", &text),
        body::text_part("html", &html),
    );
    Ok(format!(
        "{header}MIME-Version: 1.0\r\n\
         Content-Type: multipart/alternative;\r\n boundary=\"{boundary}\"\r\n\r\n\
         --{boundary}\r\n{text}\r\n--{boundary}\r\n{html}\r\n--{boundary}--\r\n"
    )
    .into_bytes())
}

fn header(letter: &SealedLetter) -> Result<String, ComposeFault> {
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
    let reply_to = NamedAddress {
        name: None,
        address: letter.reply_to.clone(),
    };

    let mut header = Header::default();
    header.ids("Message-ID", [id]);
    header.plain("Date", &date);
    header.addresses("From", [&letter.from]);
    header.addresses("Reply-To", [&reply_to]);
    header.addresses("To", &letter.to);
    header.addresses("Cc", &letter.cc);
    header.text("Subject", &letter.subject);
    header.ids("In-Reply-To", &letter.in_reply_to);
    header.ids("References", &letter.references);
    header.ids(POSTROOM_ID, [id]);
    Ok(header.finish())
}

/// Octets; ours are far shorter.
const LONGEST_OWN_ID: usize = 250;

/// Bound to the message, so that composing anew gives the same bytes; `=_` occurs in neither
/// transfer encoding, so no content can contain it (RFC 2045 section 6.7).
fn boundary(id: &MessageId) -> String {
    let digest = Sha256::digest(id.as_str().as_bytes());
    format!("=_{}", &HEXLOWER.encode(&digest)[..32])
}

/// Mail programs show control characters as boxes or stop at them.
fn without_controls(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

#[cfg(test)]
mod tests;

//! Raw bytes to an [`IncomingMail`]: any bytes give one, and what had to be mended is told.
//!
//! `structure` reads the tree of parts, `body` chooses what is shown, the others read headers. To
//! read one more header, add it in [`parse`] (for the mail) or in `facts` (for its kind).

mod body;
mod envelope;
mod facts;
mod file_name;
mod headers;
mod parameters;
mod people;
mod problems;
mod structure;
#[cfg(test)]
mod tests;
mod transfer;
mod words;

use std::{borrow::Cow, ops::Range};

pub use self::envelope::{Envelope, envelope};
use self::{
    body::Body,
    headers::{field_name, line_end},
    problems::Problems,
    structure::{Part, Structure},
    transfer::Encoding,
};
use crate::{
    content::{
        charset,
        html::{self, BoundedHtml},
        reply::{self, Known, Reason},
    },
    domain::{
        classify::classify,
        event::Words,
        ids::MessageId,
        incoming::{AttachmentInfo, Fate, IncomingMail, MailKind, Shown},
    },
};

/// A mail and its files.
#[derive(Debug, Clone)]
pub struct ParsedMail {
    pub mail: IncomingMail,
    /// In the order of `mail.attachments`.
    pub attachments: Vec<Attachment>,
    /// Why each part of the text is shown or folded.
    pub reasons: Vec<Reason>,
}

/// A file in a mail. Its content stays in the raw mail until it is asked for, so that no more than
/// one file at a time is in memory.
#[derive(Debug, Clone)]
pub struct Attachment {
    pub info: AttachmentInfo,
    /// Content-ID without brackets, to which `cid:` links in the HTML refer.
    pub content_id: Option<String>,
    range: Range<usize>,
    encoding: Encoding,
}

impl Attachment {
    /// The decoded content. `raw` must be what was given to [`parse`]; of other bytes something
    /// else or nothing comes out.
    #[must_use]
    pub fn bytes<'a>(&self, raw: &'a [u8]) -> Cow<'a, [u8]> {
        self.encoding
            .decode(raw.get(self.range.clone()).unwrap_or_default())
    }
}

/// Reads a mail; never fails. Linear in the size of `raw`, but may take some hundred milliseconds
/// for a large one: run it on a blocking thread.
///
/// Problem codes: `not_a_mail`, `truncated_structure`, `charset_guessed`, `unreadable_html`,
/// `text_too_long`, `no_from`, `several_from`, `no_message_id`, `no_date`.
#[must_use]
pub fn parse(raw: &[u8]) -> ParsedMail {
    open(raw).read(&Known::default())
}

/// A mail whose headers and parts are read, but not yet what its sender wrote: that is easier once
/// it is known who that is and what was said to them.
#[derive(Debug)]
pub struct OpenedMail {
    /// Everything but `text`, `html`, `signature`, `folded` and `shown`.
    pub mail: IncomingMail,
    attachments: Vec<Attachment>,
    body: Body,
}

/// As [`parse`], up to where the text is read.
#[must_use]
pub fn open(raw: &[u8]) -> OpenedMail {
    let mail = with_line_feeds(raw);
    let structure = structure::read(&mail, start_of(&mail));
    let headers = &structure.parts[0].headers;
    let mut problems = Problems::default();
    if !headers.names().any(is_mail_header) {
        return not_a_mail(raw);
    }
    if structure.is_truncated {
        problems.add(
            "truncated_structure",
            "A part has no end, or the parts are nested too deeply.",
        );
    }
    if ["Subject", "From"]
        .iter()
        .any(|name| headers.first(name).is_some_and(headers::Value::is_guess))
    {
        problems.add(
            "charset_guessed",
            "The character set is missing or wrong and was guessed.",
        );
    }

    let subject = headers.text("Subject");
    let message_id = message_id(headers);
    if message_id.is_none() {
        problems.add("no_message_id", "The mail has no readable Message-ID.");
    }
    let in_reply_to = people::message_ids(headers, "In-Reply-To");
    let references = people::message_ids(headers, "References");
    let mut from = people::addresses(headers, "From").into_iter();
    let first_from = from.next();
    if first_from.is_none() {
        problems.add("no_from", "From holds no readable address.");
    }
    if from.next().is_some() {
        problems.add(
            "several_from",
            "From names several senders; the first one counts.",
        );
    }
    let date = people::date(headers);
    if date.is_none() {
        problems.add("no_date", "The mail has no readable Date.");
    }
    let answers = !(in_reply_to.is_empty() && references.is_empty());
    let facts = facts::read(&structure, subject.as_deref(), answers);
    let kind = classify(&facts);

    let body = body::sort(&mail, &structure, &mut problems);
    let whole_html = body.html();
    let attachments: Vec<Attachment> = body
        .attachments
        .iter()
        .map(|index| attachment(&mail, &structure, *index, whole_html.as_ref()))
        .collect();

    let mail = IncomingMail {
        kind,
        message_id,
        in_reply_to,
        references,
        from: first_from,
        to: people::addresses(headers, "To"),
        cc: people::addresses(headers, "Cc"),
        recipients: people::recipients(headers),
        subject,
        date,
        text: String::new(),
        html: None,
        signature: None,
        folded: None,
        shown: Vec::new(),
        attachments: attachments.iter().map(|one| one.info.clone()).collect(),
        notes: Vec::new(),
        problems: problems.into_inner(),
        auto_submitted: facts.is_auto_submitted(),
    };
    OpenedMail {
        mail,
        attachments,
        body,
    }
}

impl OpenedMail {
    /// Reads what the sender wrote.
    #[must_use]
    pub fn read(self, known: &Known) -> ParsedMail {
        let is_forward = self.mail.kind == MailKind::Forward;
        let written = Written::read(&self.body, is_forward, known);
        let mut mail = self.mail;
        mail.shown = vec![Shown::Words(Words {
            body: written.body,
            html: written.html.clone(),
        })];
        mail.text = written.text;
        mail.html = written.html;
        mail.signature = written.signature;
        mail.folded = written.folded;
        ParsedMail {
            mail,
            attachments: self.attachments,
            reasons: written.reasons,
        }
    }
}

/// The text of a mail, apart from its history.
struct Written {
    text: String,
    /// For clients that show no HTML: with the targets of links.
    body: String,
    html: Option<String>,
    signature: Option<String>,
    folded: Option<String>,
    reasons: Vec<Reason>,
}

impl Written {
    /// By the structure of the HTML if there is any, because it tells quotes apart for sure.
    fn read(body: &Body, is_forward: bool, known: &Known) -> Self {
        if let Some(html) = body.html() {
            let reply = reply::from_html(&html, is_forward, known);
            return Self {
                text: reply.text,
                body: html::to_text(&reply.html),
                html: Some(html::to_matrix(&reply.html)),
                signature: reply.signature,
                folded: reply.folded,
                reasons: reply.reasons,
            };
        }
        let reply = reply::from_text(&body.text(), is_forward, known);
        Self {
            body: reply.text.clone(),
            text: reply.text,
            html: None,
            signature: reply.signature,
            folded: reply.folded,
            reasons: reply.reasons,
        }
    }
}

fn attachment(
    mail: &[u8],
    structure: &Structure,
    index: usize,
    html: Option<&BoundedHtml>,
) -> Attachment {
    let part: &Part = &structure.parts[index];
    let content_id = part.content_id();
    let is_shown_in_html = || {
        let id = content_id.as_deref()?;
        Some(html?.as_str().contains(&format!("cid:{id}")))
    };
    Attachment {
        info: AttachmentInfo {
            filename: Some(file_name::shown(part)),
            content_type: part.content_type.value.clone(),
            size: part.encoding.decoded_size(&mail[part.body.clone()]),
            inline: part.disposition.value == "inline" || is_shown_in_html().unwrap_or(false),
            fate: Fate::Shown,
        },
        content_id,
        range: part.body.clone(),
        encoding: part.encoding,
    }
}

/// An id without brackets or domain is one, too, as long as it is a single word.
fn message_id(headers: &headers::Headers) -> Option<MessageId> {
    let ids = people::message_ids(headers, "Message-ID");
    let whole = || MessageId::parse(&headers.text("Message-ID")?);
    ids.into_iter().next().or_else(whole)
}

/// The same mail, octet by octet, but with LF as line ends where its program wrote a lone CR:
/// programs that know no other line end than the old Macintosh's still exist. Their mails have line
/// feeds, too, by the servers that passed them on, but few.
fn with_line_feeds(raw: &[u8]) -> Cow<'_, [u8]> {
    let is_lone = |at: usize| raw[at] == b'\r' && raw.get(at + 1) != Some(&b'\n');
    let (mut lone, mut line_feeds) = (0_usize, 0_usize);
    for (at, octet) in raw.iter().enumerate() {
        line_feeds += usize::from(*octet == b'\n');
        lone += usize::from(is_lone(at));
    }
    if lone <= line_feeds {
        return Cow::Borrowed(raw);
    }
    let mut mail = raw.to_vec();
    for (at, octet) in mail.iter_mut().enumerate() {
        if is_lone(at) {
            *octet = b'\n';
        }
    }
    Cow::Owned(mail)
}

/// Where the headers begin: after a byte order mark and blank lines.
fn start_of(mail: &[u8]) -> usize {
    let mut at = if mail.starts_with(b"\xef\xbb\xbf") {
        3
    } else {
        0
    };
    while at < mail.len() {
        let end = line_end(mail, at);
        if !mail[at..end].trim_ascii().is_empty() {
            break;
        }
        at = end;
    }
    // A folded first line continues nothing, but may be a field that somebody indented.
    let indented = mail[at..]
        .iter()
        .take_while(|b| b.is_ascii_whitespace())
        .count();
    if field_name(&mail[at + indented..line_end(mail, at)]).is_some() {
        at += indented;
    }
    at
}

/// Without one of these headers a text with colons is a text with colons.
fn is_mail_header(name: &str) -> bool {
    const KNOWN: &[&str] = &[
        "From",
        "To",
        "Cc",
        "Bcc",
        "Subject",
        "Date",
        "Message-ID",
        "In-Reply-To",
        "References",
        "Reply-To",
        "Sender",
        "Received",
        "Return-Path",
        "Delivered-To",
        "MIME-Version",
        "Content-Type",
    ];
    KNOWN.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn not_a_mail(raw: &[u8]) -> OpenedMail {
    let mut problems = Problems::default();
    problems.add(
        "not_a_mail",
        "There are no headers; all of it is shown as text.",
    );
    let mut attachments = Vec::new();
    let shown = if raw.len() > LONGEST_NO_MAIL {
        problems.add(
            "text_too_long",
            "The text is too long to be shown; it is attached.",
        );
        attachments.push(Attachment {
            info: AttachmentInfo {
                filename: Some("message.txt".to_owned()),
                content_type: "application/octet-stream".to_owned(),
                size: raw.len() as u64,
                inline: false,
                fate: Fate::Shown,
            },
            content_id: None,
            range: 0..raw.len(),
            encoding: Encoding::Identity,
        });
        &raw[..LONGEST_NO_MAIL]
    } else {
        raw
    };
    let (text, _) = charset::decode(shown, None);
    let text = text
        .replace("\r\n", "\n")
        .replace('\r', "\n")
        .replace('\0', "\u{fffd}");
    let mail = IncomingMail {
        kind: MailKind::New,
        message_id: None,
        in_reply_to: Vec::new(),
        references: Vec::new(),
        from: None,
        to: Vec::new(),
        cc: Vec::new(),
        recipients: Vec::new(),
        subject: None,
        date: None,
        text: String::new(),
        html: None,
        signature: None,
        folded: None,
        shown: Vec::new(),
        attachments: attachments
            .iter()
            .map(|one: &Attachment| one.info.clone())
            .collect(),
        notes: Vec::new(),
        problems: problems.into_inner(),
        auto_submitted: false,
    };
    OpenedMail {
        mail,
        attachments,
        body: Body::plain(text),
    }
}

/// In octets.
const LONGEST_NO_MAIL: usize = 1024 * 1024;

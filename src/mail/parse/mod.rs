//! Raw bytes to an [`IncomingMail`]: any bytes give one, and what had to be mended is told.
//!
//! `structure` reads the tree of parts, and `sort` tells texts from files: `words_of`, `enriched`,
//! `pgp` and `uuencode` read the texts, `file` makes the files (`file_name`, `file_type`, `fate`),
//! `cms`, `calendar` and `contact` read what has a language of its own. `images` links the HTML to
//! its images, and `report` reads what machines report. The others read headers: to read one more, add it in [`open`] (for the mail) or in
//! `facts` (for its kind).

mod attachment;
mod body;
mod calendar;
mod cms;
mod contact;
mod enriched;
mod envelope;
mod facts;
mod fate;
mod file;
pub(super) mod file_name;
mod file_type;
mod filters;
mod headers;
mod images;
mod line_ends;
mod parameters;
mod people;
mod pgp;
mod place;
mod problems;
mod readable;
mod report;
mod sort;
mod structure;
#[cfg(test)]
mod tests;
mod trace;
mod transfer;
mod uuencode;
mod words;
mod words_of;

use std::borrow::Cow;

pub use self::{
    attachment::Attachment,
    envelope::{Envelope, envelope},
    filters::{FilterField, Filters, filters},
    trace::{Trace, TraceField, trace},
};
use self::{
    attachment::{Content, Step},
    body::{Block, Body},
    file::Draft,
    line_ends::{start_of, with_line_feeds},
    problems::Problems,
    sort::Found,
};
use crate::{
    content::{
        charset,
        html::{self, BoundedHtml, Segment},
        reply::{self, Known, Reason},
    },
    domain::{
        bounce::Report,
        event::Words,
        ids::MessageId,
        incoming::{Fate, IncomingMail, MailKind, Shown},
        note::Note,
        wording,
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
    /// What a bounce or a complaint says.
    pub report: Option<Report>,
}

impl ParsedMail {
    /// The attachment to which a link such as `cid:logo@1` in the HTML refers, by its place.
    #[must_use]
    pub fn image(&self, cid: &str) -> Option<usize> {
        images::find(&self.attachments, cid)
    }
}

/// Reads a mail; never fails. Linear in the size of `raw`, but may take some hundred milliseconds
/// for a large one: run it on a blocking thread.
///
/// Problem codes: `not_a_mail`, `truncated_structure`, `charset_guessed`, `unreadable_html`,
/// `text_too_long`, `no_from`, `several_from`, `no_message_id`, `no_date`, `date_in_future`,
/// `encrypted`, `partial`, `unreadable_tnef`, `damaged_tnef`.
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
    /// What a bounce or a complaint says.
    pub report: Option<Report>,
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
    let is_guess = |name| headers.first(name).is_some_and(headers::Value::is_guess);
    if ["Subject", "From"].into_iter().any(is_guess) {
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
    // Better than nobody for who wants to answer.
    let others = ["Sender", "Reply-To"].iter();
    let mut others = others.filter_map(|name| people::addresses(headers, name).into_iter().next());
    let substitute = others.next().filter(|_| first_from.is_none());
    let from_is_substitute = substitute.is_some();
    if from_is_substitute {
        problems.add(
            "no_from",
            "From holds no readable address; another header's is shown instead.",
        );
    } else if first_from.is_none() {
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
    if people::is_in_future(headers) {
        problems.add(
            "date_in_future",
            "Date is later than the time at which the mail came.",
        );
    }
    let answers = !(in_reply_to.is_empty() && references.is_empty());
    let facts = facts::read(&structure, subject.as_deref(), answers);
    let (kind, report) = report::read(&mail, &structure, &facts);

    let steps = match &mail {
        Cow::Borrowed(_) => Vec::new(),
        Cow::Owned(_) => vec![Step::LineFeeds],
    };
    let mut found = Found::after(problems);
    let body = sort::sort(&mail, &structure.parts, &steps, &mut found);
    let (body, attachments) = images::link(speak(body.without_last_images(), &mut found));

    let mail = IncomingMail {
        kind,
        message_id,
        in_reply_to,
        references,
        from: first_from.or(substitute),
        from_is_substitute,
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
        notes: found.notes,
        is_told: found.is_told,
        problems: found.problems.into_inner(),
        auto_submitted: facts.is_auto_submitted(),
        read_receipt: facts.is_read_receipt(),
        face: headers.text("Face"),
    };
    OpenedMail {
        mail,
        report,
        attachments,
        body,
    }
}

impl OpenedMail {
    /// The files, in the order of `mail.attachments`.
    #[must_use]
    pub fn attachments(&self) -> &[Attachment] {
        &self.attachments
    }

    /// The attachment to which a link such as `cid:logo@1` in the HTML refers, by its place.
    #[must_use]
    pub fn image(&self, cid: &str) -> Option<usize> {
        images::find(&self.attachments, cid)
    }

    /// Reads what the sender wrote. Images that only the folded parts refer to are folded with them.
    #[must_use]
    pub fn read(self, known: &Known) -> ParsedMail {
        // Of what machines report the cause may stand anywhere.
        let is_whole = matches!(
            self.mail.kind,
            MailKind::Forward | MailKind::Bounce | MailKind::FeedbackReport
        );
        let mut attachments = self.attachments;
        let written = Written::read(&self.body, is_whole, known, &mut attachments);
        let mut mail = self.mail;
        if !mail.is_told {
            mail.shown = written.shown;
        }
        mail.text = written.text;
        mail.html = written.html;
        mail.signature = written.signature;
        mail.folded = written.folded;
        mail.attachments = attachments.iter().map(|one| one.info.clone()).collect();
        ParsedMail {
            mail,
            attachments,
            reasons: written.reasons,
            report: self.report,
        }
    }
}

/// The text of a mail, apart from its history.
struct Written {
    text: String,
    shown: Vec<Shown>,
    html: Option<String>,
    signature: Option<String>,
    folded: Option<String>,
    reasons: Vec<Reason>,
}

impl Written {
    /// By the structure of the HTML if there is any, because it tells quotes apart for sure.
    fn read(body: &Body, is_whole: bool, known: &Known, attachments: &mut [Attachment]) -> Self {
        if let Some(html) = body.html() {
            let reply = reply::from_html(&html, is_whole, known);
            images::fold(attachments, html.as_str(), reply.html.as_str());
            return Self {
                shown: shown(&reply.html, &reply.text, attachments),
                text: reply.text,
                html: Some(html::to_matrix(&reply.html)),
                signature: reply.signature,
                folded: reply.folded,
                reasons: reply.reasons,
            };
        }
        let reply = reply::from_text(&body.text(), is_whole, known);
        Self {
            shown: words(&reply.text),
            text: reply.text,
            html: None,
            signature: reply.signature,
            folded: reply.folded,
            reasons: reply.reasons,
        }
    }
}

fn words(text: &str) -> Vec<Shown> {
    match text {
        "" => Vec::new(),
        text => vec![Shown::Words(Words {
            body: text.to_owned(),
            html: None,
        })],
    }
}

/// Words, and the images among them that are shown. `text` are the words where the HTML shows none:
/// its sender hid them all.
fn shown(html: &BoundedHtml, text: &str, attachments: &[Attachment]) -> Vec<Shown> {
    let image = |cid: &str| {
        let index = images::find(attachments, cid)?;
        let info = &attachments[index].info;
        (info.fate == Fate::Shown && info.content_type.starts_with("image/")).then_some(index)
    };
    let segments = html::segments(html, &image);
    if segments.is_empty() {
        return words(text);
    }
    segments
        .into_iter()
        .map(|segment| match segment {
            Segment::Words { body, html } => Shown::Words(Words {
                body,
                html: Some(html),
            }),
            Segment::Image(index) => Shown::Image(index),
        })
        .collect()
}

/// Where no part of the mail says anything: the text in Outlook's envelope, or else what the
/// invitations and visiting cards say.
fn speak(mut body: Body, found: &mut Found) -> Body {
    if found
        .notes
        .iter()
        .any(|note| matches!(note, Note::Encrypted(_)))
    {
        found
            .problems
            .add("encrypted", "The mail, or a part of it, is encrypted.");
    }
    if !body.blocks.is_empty() {
        return body;
    }
    body.blocks = std::mem::take(&mut found.spare);
    if body.blocks.is_empty() {
        let says = |note: &Note| matches!(note, Note::Invitation(_) | Note::Contact(_));
        let sentences = found
            .notes
            .iter()
            .filter(|note| says(note))
            .map(wording::mail::in_room);
        body.blocks = sentences.map(Block::Plain).collect();
        found.is_told = !body.blocks.is_empty();
    }
    body
}

/// An id without brackets or domain is one, too, as long as it is a single word.
fn message_id(headers: &headers::Headers) -> Option<MessageId> {
    let ids = people::message_ids(headers, "Message-ID");
    let whole = || MessageId::parse(&headers.text("Message-ID")?);
    ids.into_iter().next().or_else(whole)
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
        attachments.push(file::from_draft(Draft {
            name: Some("message.txt".to_owned()),
            claimed: "application/octet-stream",
            start: raw[..file::LOOKED_AT].to_vec(),
            size: raw.len() as u64,
            is_inline: false,
            content_id: None,
            location: None,
            content: Content::Within(Vec::new()),
        }));
        &raw[..LONGEST_NO_MAIL]
    } else {
        raw
    };
    let (text, _) = charset::decode(shown, None);
    let text = line_ends::clean(&text);
    let mail = IncomingMail {
        kind: MailKind::New,
        message_id: None,
        in_reply_to: Vec::new(),
        references: Vec::new(),
        from: None,
        from_is_substitute: false,
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
        attachments: attachments.iter().map(|one| one.info.clone()).collect(),
        notes: Vec::new(),
        is_told: false,
        problems: problems.into_inner(),
        auto_submitted: false,
        read_receipt: false,
        face: None,
    };
    OpenedMail {
        mail,
        report: None,
        attachments,
        body: Body::plain(text),
    }
}

/// In octets.
const LONGEST_NO_MAIL: usize = 1024 * 1024;

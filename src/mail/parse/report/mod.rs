//! Reports by machines about a mail of ours: what became of it, and who complained.
//!
//! `status` reads RFC 3464, `notice` the sentences of servers that know no such format or say more in
//! them, `feedback` complaints, `notification` Amazon's, and `original` the mail that is enclosed or
//! pasted below. A format that none of them understands is one more file here, and a line in
//! [`read`]. The text decides, never who sent it: a vacation note that comes to a return path is no
//! report.

mod feedback;
mod fields;
mod notice;
mod notification;
mod original;
mod recipient;
mod status;
mod text;

use self::{notice::Notice, recipient::MOST_RECIPIENTS, text::Texts};
use super::{headers::Headers, people, structure::Structure};
use crate::domain::{
    address::EmailAddress,
    bounce::{Bounce, Original, Report},
    classify::{self, HeaderFacts},
    incoming::MailKind,
};

/// What a mail reports, and what kind of mail it is then. `None` for what is no report. Linear in
/// the size of the mail; reads no more than 256 KiB of each part and names no more than 100 addresses.
pub(super) fn read(
    mail: &[u8],
    structure: &Structure,
    facts: &HeaderFacts,
) -> (MailKind, Option<Report>) {
    let kind = classify::classify(facts);
    if !classify::may_report(facts) {
        return (kind, None);
    }
    let headers = &structure.parts[0].headers;
    let texts = Texts::read(mail, structure);
    if let Some(report) = notification::read(&texts.notice) {
        let kind = match report {
            Report::Bounce(_) => MailKind::Bounce,
            Report::Complaint(_) => MailKind::FeedbackReport,
        };
        return (kind, Some(report));
    }
    if kind == MailKind::FeedbackReport {
        return (kind, feedback::read(headers, &texts).map(Report::Complaint));
    }
    let (bounce, said) = bounce(headers, &facts.subject, &texts);
    let tells = !texts.status.is_empty() && !bounce.recipients.is_empty() || said.is_plain();
    let kind = classify::with_text(kind, facts, tells, said.has_code());
    let report = (kind == MailKind::Bounce).then_some(Report::Bounce(bounce));
    (kind, report)
}

/// What the mail says as a bounce, and its notice.
fn bounce(headers: &Headers, subject: &str, texts: &Texts) -> (Bounce, Notice) {
    let own = addresses(headers, "To");
    let mut original = original::of(texts);
    if original.message_id.is_none() {
        // Exchange and others answer the mail that they report on.
        let answered = people::message_ids(headers, "In-Reply-To");
        original.message_id = answered.into_iter().next();
    }
    let said = notice::read(&texts.notice, subject, &own);
    let mut recipients = Vec::new();
    for part in &texts.status {
        status::read(part, &said, &mut recipients);
    }
    let failed = addresses(headers, "X-Failed-Recipients");
    if recipients.is_empty() {
        recipients = if failed.is_empty() {
            said.recipients()
        } else {
            failed.iter().map(|address| said.about(address)).collect()
        };
    }
    if recipients.is_empty()
        && let Some(address) = only(&original, &own)
    {
        recipients.push(said.about(address));
    }
    recipients.truncate(MOST_RECIPIENTS);
    (
        Bounce {
            recipients,
            original,
        },
        said,
    )
}

/// Whom a mail was for of which nothing else is known.
fn only<'a>(original: &'a Original, own: &[EmailAddress]) -> Option<&'a EmailAddress> {
    let address = original.recipient.as_ref()?;
    (!own.contains(address)).then_some(address)
}

fn addresses(headers: &Headers, name: &str) -> Vec<EmailAddress> {
    let mut addresses: Vec<EmailAddress> = Vec::new();
    for one in people::addresses(headers, name) {
        if addresses.len() < MOST_RECIPIENTS && !addresses.contains(&one.address) {
            addresses.push(one.address);
        }
    }
    addresses
}

#[cfg(test)]
mod tests;

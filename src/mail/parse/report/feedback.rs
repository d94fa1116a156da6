//! Complaints: RFC 5965, and Microsoft's reports, which follow no RFC.

use super::{
    super::{headers::Headers, people},
    fields, original,
    recipient::MOST_RECIPIENTS,
    text::Texts,
};
use crate::domain::{
    address::EmailAddress,
    bounce::{Complaint, FeedbackType},
};

/// `None` for reports that are about no mail: those on DMARC and TLS.
pub(super) fn read(headers: &Headers, texts: &Texts) -> Option<Complaint> {
    let mut recipients = Recipients::default();
    let mut about = None;
    let mut sender = None;
    for block in texts.feedback.iter().flat_map(|text| fields::blocks(text)) {
        let says = block.get("feedback-type").map(FeedbackType::parse);
        about = about.or(says);
        sender = sender.or(block.get("original-mail-from").and_then(address));
        for name in ["original-rcpt-to", "removal-recipient"] {
            block.all(name).for_each(|value| recipients.add(value));
        }
    }
    let is_report = !texts.feedback.is_empty();
    let is_by_microsoft = !texts.originals.is_empty() && is_by_microsoft(headers);
    if !is_report && !is_by_microsoft {
        return None;
    }
    for text in &texts.originals {
        let (enclosed, _) = Headers::read(text.trim_start().as_bytes());
        for value in enclosed.all("X-HmXmrOriginalRecipient") {
            recipients.add(&value.text());
        }
    }
    let mut original = original::of(texts);
    original.return_path = sender.or(original.return_path);
    if recipients.found.is_empty() {
        recipients.found.extend(original.recipient.clone());
    }
    Some(Complaint {
        about: about.unwrap_or(if is_by_microsoft {
            FeedbackType::Abuse
        } else {
            FeedbackType::Other
        }),
        recipients: recipients.found,
        original,
    })
}

/// A sentence as the subject, and the mail that somebody called junk.
fn is_by_microsoft(headers: &Headers) -> bool {
    people::addresses(headers, "From")
        .iter()
        .any(|from| from.address.key() == "staff@hotmail.com")
}

fn address(value: &str) -> Option<EmailAddress> {
    let bare = value.trim().trim_start_matches("rfc822;").trim();
    EmailAddress::parse(bare).ok()
}

#[derive(Default)]
struct Recipients {
    found: Vec<EmailAddress>,
}

impl Recipients {
    fn add(&mut self, value: &str) {
        if let Some(address) = address(value)
            && self.found.len() < MOST_RECIPIENTS
            && !self.found.contains(&address)
        {
            self.found.push(address);
        }
    }
}

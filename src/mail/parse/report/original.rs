//! The mail that a report is about.

use super::{
    super::{filters::POSTROOM_ID, headers::Headers, people},
    text::Texts,
};
use crate::domain::{bounce::Original, ids::MessageId};

/// What the headers say that are enclosed or pasted below; the first that name it.
pub(super) fn of(texts: &Texts) -> Original {
    let mut found = Original::default();
    for text in &texts.originals {
        let original = read(text);
        if original.message_id.is_some() || original.postroom_id.is_some() {
            return original;
        }
        if found == Original::default() {
            found = original;
        }
    }
    found
}

fn read(text: &str) -> Original {
    let (headers, _) = Headers::read(text.trim_start().as_bytes());
    let ids = people::message_ids(&headers, "Message-ID");
    let whole = || MessageId::parse(&headers.text("Message-ID")?);
    let mut to = people::addresses(&headers, "To").into_iter();
    let (first, second) = (to.next(), to.next());
    Original {
        message_id: ids.into_iter().next().or_else(whole),
        postroom_id: headers
            .text(POSTROOM_ID)
            .and_then(|text| MessageId::parse(&text)),
        recipient: first.filter(|_| second.is_none()).map(|one| one.address),
        subject: headers.text("Subject"),
        return_path: people::addresses(&headers, "Return-Path")
            .into_iter()
            .next()
            .map(|one| one.address),
    }
}

//! What is looked for in the header of a mail before anything else: the fields of spam and virus
//! filters, with how many servers had written theirs above them, and the name of a letter of ours.

use super::{
    headers::Headers,
    line_ends::{start_of, with_line_feeds},
};
use crate::domain::{ids::MessageId, marks::Marks};

/// What filters have written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    /// How many servers the mail has passed: its Received fields.
    pub hops: usize,
    /// From the top.
    pub fields: Vec<FilterField>,
    /// X-Postroom-Id, which stays as it is where the Message-ID is rewritten on the way. Anybody can
    /// write one.
    pub postroom_id: Option<MessageId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterField {
    pub name: String,
    /// Unfolded.
    pub value: String,
    /// Received fields above it.
    pub received_above: usize,
}

/// Reads the header of a mail. Linear in the size of `raw`; of too many fields the first count.
#[must_use]
pub fn filters(raw: &[u8]) -> Filters {
    let text = with_line_feeds(raw);
    let (headers, _) = Headers::read(&text[start_of(&text)..]);
    let mut found = Filters::default();
    for (name, value) in headers.each() {
        if name.eq_ignore_ascii_case("Received") {
            found.hops += 1;
        } else if found.postroom_id.is_none() && name.eq_ignore_ascii_case(POSTROOM_ID) {
            found.postroom_id = MessageId::parse(&value.unfolded());
        } else if Marks::knows(name) && found.fields.len() < MOST_FIELDS {
            found.fields.push(FilterField {
                name: name.to_owned(),
                value: value.unfolded(),
                received_above: found.hops,
            });
        }
    }
    found
}

const MOST_FIELDS: usize = 50;
/// The name of a letter of ours in a header of its own.
pub(super) const POSTROOM_ID: &str = "X-Postroom-Id";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_how_far_the_mail_had_come() {
        let raw = "X-Spam-Flag: NO\r\nReceived: from a\r\n\tby b\r\nX-Spam-Status: Yes,\r\n score=9\r\n\
                   Subject: x\r\nreceived: from c by a\r\nx-virus-status: Clean\r\n\
                   X-Postroom-Id: <a.b@example.org>\r\n\r\n\
                   X-Spam-Flag: YES\r\nReceived: body\r\n";
        let found = filters(raw.as_bytes());
        assert_eq!(found.hops, 2);
        let fields = found.fields.iter();
        let fields: Vec<_> = fields
            .map(|one| (&*one.name, &*one.value, one.received_above))
            .collect();
        let expected = [
            ("X-Spam-Flag", " NO", 0),
            ("X-Spam-Status", " Yes, score=9", 1),
            ("x-virus-status", " Clean", 2),
        ];
        assert_eq!(fields, expected);
        assert_eq!(found.postroom_id, MessageId::parse("a.b@example.org"));
        assert_eq!(filters(b""), Filters::default());
    }
}

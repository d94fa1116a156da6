//! What servers wrote into the header of a mail on its way, in the order in which it stands there.

use super::{
    headers::Headers,
    line_ends::{start_of, with_line_feeds},
    people,
};
use crate::domain::address::EmailAddress;

/// The way of a mail, and who is said to have written it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// From the top, where the last server wrote.
    pub fields: Vec<TraceField>,
    /// The first address in From, as people see it.
    pub author: Option<EmailAddress>,
    /// How many fields are called From; there should be one (RFC 5322 section 3.6).
    pub from_fields: usize,
}

/// A field, unfolded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TraceField {
    Received(String),
    AuthenticationResults(String),
    /// Without brackets; empty for `<>`.
    ReturnPath(String),
}

/// Reads the header of a mail. Linear in the size of `raw`; of too many fields the first count.
#[must_use]
pub fn trace(raw: &[u8]) -> Trace {
    let text = with_line_feeds(raw);
    let (headers, _) = Headers::read(&text[start_of(&text)..]);
    let field = |(name, value): (&str, super::headers::Value<'_>)| {
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
        if is("Received") {
            Some(TraceField::Received(value.unfolded()))
        } else if is("Authentication-Results") {
            Some(TraceField::AuthenticationResults(value.unfolded()))
        } else if is("Return-Path") {
            let path = value.text();
            let path = path.trim_matches(['<', '>', ' ']).to_owned();
            Some(TraceField::ReturnPath(path))
        } else {
            None
        }
    };
    let author = people::addresses(&headers, "From").into_iter().next();
    Trace {
        fields: headers.each().filter_map(field).take(MOST_FIELDS).collect(),
        author: author.map(|one| one.address),
        from_fields: headers.all("From").count(),
    }
}

/// More than any way has stations.
const MOST_FIELDS: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_order() {
        let raw = "Return-Path: <jane@acme.com>\r\nReceived: from a\r\n\tby b\r\nTo: x\r\n\
                   authentication-results: b; none\r\nReceived: from c by a\r\n\
                   From: Jane <Jane@ACME.com>\r\nFrom : Bob <bob@acme.com>\r\n\r\n\
                   Received: body\r\n";
        let found = trace(raw.as_bytes());
        assert_eq!(
            found.fields,
            [
                TraceField::ReturnPath("jane@acme.com".to_owned()),
                TraceField::Received(" from a\tby b".to_owned()),
                TraceField::AuthenticationResults(" b; none".to_owned()),
                TraceField::Received(" from c by a".to_owned()),
            ]
        );
        assert_eq!(found.author.unwrap().as_str(), "Jane@acme.com");
        assert_eq!(found.from_fields, 2);
        assert_eq!(trace(b""), Trace::default());
    }
}

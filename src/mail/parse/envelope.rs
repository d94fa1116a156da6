//! What the server that put a mail into a mailbox wrote down of its envelope.

use super::{
    headers::Headers,
    line_ends::{start_of, with_line_feeds},
    people,
};

/// What a mail's header tells about its way, for mail that doesn't come with an envelope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// Return-Path, without brackets and empty for `<>`; without one the first address in From.
    pub sender: Option<String>,
    /// Delivered-To, X-Original-To, Envelope-To and the like, each address once.
    pub recipients: Vec<String>,
    /// Name and address in From, as people read them; empty if there is none.
    pub from: String,
    pub subject: String,
}

/// Reads the header of a mail, of which `beginning` is the beginning.
#[must_use]
pub fn envelope(beginning: &[u8]) -> Envelope {
    let text = with_line_feeds(beginning);
    let (headers, _) = Headers::read(&text[start_of(&text)..]);
    let from = people::addresses(&headers, "From").into_iter().next();
    let return_path = headers.text("Return-Path");
    let sender = match return_path.as_deref().map(str::trim) {
        Some("<>") => Some(String::new()),
        Some(path) => Some(path.trim_matches(['<', '>', ' ']).to_owned()),
        None => from.as_ref().map(|from| from.address.to_string()),
    };
    Envelope {
        sender,
        recipients: people::delivered_to(&headers),
        from: from.map_or_else(String::new, |from| match from.name {
            Some(name) => format!("{name} <{}>", from.address),
            None => from.address.to_string(),
        }),
        subject: headers.text("Subject").unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::envelope;

    #[rstest]
    #[case::usual(
        "Return-Path: <jane@acme.com>\r\nDelivered-To: support+x@example.org\r\nTo: a@b.example\r\n",
        Some("jane@acme.com"),
        &["support+x@example.org"]
    )]
    #[case::null("Return-Path: <>\nX-Original-To: support@example.org\n", Some(""), &["support@example.org"])]
    #[case::without("From: Jane <jane@acme.com>\n", Some("jane@acme.com"), &[])]
    #[case::topmost("Return-Path: <a@acme.com>\nReturn-Path: <b@acme.com>\n", Some("a@acme.com"), &[])]
    #[case::several(
        "Delivered-To: a@example.org\nEnvelope-To: A@example.org, b@example.org\n",
        None,
        &["a@example.org", "b@example.org"]
    )]
    #[case::nothing("X: y\n", None, &[])]
    fn reads(#[case] header: &str, #[case] sender: Option<&str>, #[case] recipients: &[&str]) {
        let read = envelope(format!("{header}\nDelivered-To: body@example.org\n").as_bytes());
        assert_eq!(read.sender.as_deref(), sender);
        assert_eq!(read.recipients, recipients);
    }

    #[test]
    fn says_who_writes_about_what() {
        let header =
            "From: =?utf-8?q?J=C3=BCrgen?= <j@acme.com>\nSubject: =?utf-8?q?B=C3=B6rd?=\n\n";
        let read = envelope(header.as_bytes());
        assert_eq!(read.from, "Jürgen <j@acme.com>");
        assert_eq!(read.subject, "Börd");
    }
}

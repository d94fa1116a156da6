//! A mail that is sent only to come back, and what was added to it on its way.

use jiff::Timestamp;

use super::punycode::ascii_address;
use crate::domain::{address::EmailAddress, ids::MessageId};

/// The mail, in seven bits and with CRLF. `None` if an address has no form in ASCII.
///
/// It is by a machine and says so (RFC 3834), so that nobody answers it wherever it may end.
#[must_use]
pub fn compose(
    from: &EmailAddress,
    to: &EmailAddress,
    id: &MessageId,
    now: Timestamp,
) -> Option<Vec<u8>> {
    let (from, to) = (ascii_address(from)?, ascii_address(to)?);
    let date = jiff::fmt::rfc2822::to_string(&now.to_zoned(jiff::tz::TimeZone::UTC)).ok()?;
    let id = id.as_str();
    let mail = format!(
        "From: Postroom <{from}>\r\nTo: <{to}>\r\nSubject: Postroom looks whether mail comes back\r\n\
         Date: {date}\r\nMessage-ID: <{id}>\r\nAuto-Submitted: auto-generated\r\n\
         X-Auto-Response-Suppress: OOF, AutoReply\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=us-ascii\r\n\r\n\
         “postroom doctor --send” has sent this mail to see whether it comes back.\r\n\
         Nobody has to do anything about it.\r\n"
    );
    Some(mail.replace(['“', '”'], "\"").into_bytes())
}

/// Who has signed a mail (RFC 6376 section 3.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    pub domain: String,
    /// Where below the domain the key is.
    pub selector: String,
}

/// Every DKIM signature in the head of a mail, verified or not.
#[must_use]
pub fn signatures(raw: &[u8]) -> Vec<Signature> {
    let text = String::from_utf8_lossy(raw);
    let head = text.lines().take_while(|line| !line.is_empty());
    let mut headers: Vec<String> = Vec::new();
    for line in head {
        match headers.last_mut() {
            Some(header) if line.starts_with([' ', '\t']) => header.push_str(line),
            _ => headers.push(line.to_owned()),
        }
    }
    headers
        .iter()
        .filter_map(|header| signature(header))
        .collect()
}

fn signature(header: &str) -> Option<Signature> {
    let (name, value) = header.split_once(':')?;
    if !name.trim().eq_ignore_ascii_case("DKIM-Signature") {
        return None;
    }
    let tag = |wanted: &str| {
        let mut tags = value.split(';').filter_map(|tag| tag.split_once('='));
        let (_, value) = tags.find(|(name, _)| name.trim() == wanted)?;
        let value: String = value.split_ascii_whitespace().collect();
        let is_name = |c: char| c.is_alphanumeric() || ".-_".contains(c);
        (!value.is_empty() && value.chars().all(is_name)).then_some(value)
    };
    Some(Signature {
        domain: tag("d")?,
        selector: tag("s")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_mail_of_a_machine() {
        let address = |text| EmailAddress::parse(text).unwrap();
        let id = MessageId::parse("probe.abc@example.org").unwrap();
        let now = "2026-11-22T10:00:00Z".parse().unwrap();
        let from = address("support@müller.example");
        let mail = compose(&from, &address("support+t@müller.example"), &id, now).unwrap();
        assert!(mail.is_ascii());
        let parsed = crate::mail::parse::parse(&mail).mail;
        assert!(parsed.auto_submitted);
        assert_eq!(parsed.message_id, Some(id));
        assert_eq!(parsed.date.as_deref(), Some("2026-11-22T10:00:00Z"));
        assert_eq!(parsed.problems, []);
    }

    #[test]
    fn reads_signatures() {
        let mail =
            b"Received: x\r\nDKIM-Signature: v=1; a=rsa-sha256; d=example.org;\r\n\ts=mail\r\n \
            2026; h=from:to; bh=x==; b=s=no\r\ndkim-signature: d=b.example; s=two\r\n\r\n\
            DKIM-Signature: d=body.example; s=three\r\n";
        let signature = |domain: &str, selector: &str| Signature {
            domain: domain.to_owned(),
            selector: selector.to_owned(),
        };
        let expected = [
            signature("example.org", "mail2026"),
            signature("b.example", "two"),
        ];
        assert_eq!(signatures(mail), expected);
    }
}

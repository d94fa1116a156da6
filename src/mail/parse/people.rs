//! Addresses, ids and dates in headers.

use std::collections::HashSet;

use mail_parser::{DateTime, HeaderValue, parsers::MessageStream};

use super::{
    headers::{Headers, Value, one_line},
    words,
};
use crate::domain::{
    address::{EmailAddress, NamedAddress},
    ids::MessageId,
};

/// The addresses of every field called `name`, members of groups included; what is no address is
/// left out.
pub(super) fn addresses(headers: &Headers, name: &str) -> Vec<NamedAddress> {
    headers
        .all(name)
        .flat_map(read_addresses)
        .filter_map(|(name, address)| {
            let address = EmailAddress::parse(&address).ok()?;
            let name = name.filter(|name| *name != address.as_str());
            Some(NamedAddress { name, address })
        })
        .take(MOST_ADDRESSES)
        .collect()
}

/// Every address to which the mail may have been delivered, as written, each once. The headers
/// that mail servers write come first.
pub(super) fn recipients(headers: &Headers) -> Vec<String> {
    every_address(headers, &[DELIVERY_HEADERS, RECIPIENT_HEADERS].concat())
}

/// The addresses to which mail servers say to have delivered the mail, as written, each once.
pub(super) fn delivered_to(headers: &Headers) -> Vec<String> {
    every_address(headers, DELIVERY_HEADERS)
}

fn every_address(headers: &Headers, names: &[&str]) -> Vec<String> {
    let mut seen = HashSet::new();
    names
        .iter()
        .flat_map(|name| headers.all(name))
        .flat_map(read_addresses)
        .map(|(_, address)| address)
        .filter(|address| address.contains('@') && seen.insert(address.to_lowercase()))
        .take(MOST_ADDRESSES)
        .collect()
}

/// The ids in the first field called `name`: what stands in angle brackets, or else every word
/// with an `@`. Of too many the last ones are kept, which are the newest in References.
pub(super) fn message_ids(headers: &Headers, name: &str) -> Vec<MessageId> {
    let Some(value) = headers.first(name) else {
        return Vec::new();
    };
    let text = value.unfolded();
    let mut ids: Vec<MessageId> = text
        .split('<')
        .skip(1)
        .filter_map(|piece| piece.split_once('>'))
        // Some programs fold within an id.
        .filter_map(|(id, _)| MessageId::parse(&id.replace([' ', '\t'], "")))
        .collect();
    if ids.is_empty() {
        let words = text
            .split([' ', '\t', ','])
            .filter(|word| word.contains('@'));
        ids = words.filter_map(MessageId::parse).collect();
    }
    ids.drain(..ids.len().saturating_sub(MOST_IDS));
    ids
}

/// The Date header as RFC 3339, in the sender's offset.
pub(super) fn date(headers: &Headers) -> Option<String> {
    read_date(&headers.text("Date")?)
}

/// Whether Date is more than a day later than the time that the last server wrote: that is the one
/// which the sender could not choose. No clock is asked, so that a mail is always read the same.
pub(super) fn is_in_future(headers: &Headers) -> bool {
    let read = || {
        let received = headers.text("Received")?;
        let received = read_date(received.rsplit(';').next()?)?;
        let day = jiff::SignedDuration::from_hours(24);
        let latest = received.parse::<jiff::Timestamp>().ok()?.checked_add(day);
        Some(date(headers)?.parse::<jiff::Timestamp>().ok()? > latest.ok()?)
    };
    read().unwrap_or(false)
}

fn read_date(text: &str) -> Option<String> {
    let text = text.trim();
    // The second time in case the zone is missing.
    let mut attempts = [format!("{text}\n"), format!("{text} +0000\n")].into_iter();
    let date =
        attempts.find_map(|text| DateTime::parse_rfc822(&text).filter(DateTime::is_valid))?;
    let date = date.to_rfc3339();
    // The reader before knows calendars less well.
    date.parse::<jiff::Timestamp>().is_ok().then_some(date)
}

/// Names and addresses in one field.
fn read_addresses(value: Value) -> Vec<(Option<String>, String)> {
    let text = format!("{}\n", words::join(&value.unfolded()));
    let HeaderValue::Address(list) = MessageStream::new(text.as_bytes()).parse_address() else {
        return Vec::new();
    };
    let mut read: Vec<(Option<String>, String)> = Vec::new();
    // Names with a comma that nobody quoted: `Doe, Jane <jane@acme.com>`.
    let mut torn: Vec<String> = Vec::new();
    for one in list.iter() {
        let name = one.name().and_then(clean_name);
        let address = one.address().map(bare_address).unwrap_or_default();
        match name {
            name if !address.contains('@') => {
                torn.extend(name.or_else(|| clean_name(&address)));
                if !address.is_empty() {
                    read.push((None, address));
                }
            }
            Some(name) => {
                torn.push(name);
                let name = std::mem::take(&mut torn).join(", ");
                read.push((Some(name), address));
            }
            None => {
                torn.clear();
                read.push((None, address));
            }
        }
    }
    if read
        .iter()
        .all(|(_, address)| EmailAddress::parse(address).is_err())
        && let Some(bare) = only_address(&value.text())
    {
        return vec![bare];
    }
    read
}

/// Without what some programs put before it.
fn bare_address(address: &str) -> String {
    let address = address.trim();
    let address = address.strip_prefix("mailto:").unwrap_or(address);
    // RFC 5322 section 4.4: the way that a mail should take.
    let address = match address.rsplit_once(':') {
        Some((route, address)) if route.starts_with('@') => address,
        _ => address,
    };
    address.trim_end_matches('.').to_owned()
}

/// The one address in `text`, whose brackets were forgotten: `Jane jane@acme.com`, or which stands
/// in quotes. Of two nobody knows which is meant.
fn only_address(text: &str) -> Option<(Option<String>, String)> {
    let mut found = None;
    let mut name = Vec::new();
    for word in text.split_whitespace() {
        let bare = word.trim_matches(['"', '\'', '<', '>', '(', ')', ',', ';']);
        if !word.contains('@') {
            name.push(word);
        } else if found.is_some() || EmailAddress::parse(bare).is_err() {
            return None;
        } else {
            found = Some(bare.to_owned());
        }
    }
    Some((clean_name(&name.join(" ")), found?))
}

/// Without the quotes that some programs put around names.
fn clean_name(name: &str) -> Option<String> {
    let name = one_line(name);
    let inner = name.trim_matches(['"', ' ']);
    let inner = inner
        .strip_prefix('\'')
        .and_then(|inner| inner.strip_suffix('\''))
        .unwrap_or(inner)
        .trim();
    (!inner.is_empty()).then(|| inner.to_owned())
}

/// Written by mail servers.
const DELIVERY_HEADERS: &[&str] = &[
    "X-Gm-Original-To",
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "X-Envelope-To",
];
/// Written by senders.
const RECIPIENT_HEADERS: &[&str] = &["Resent-To", "Resent-Cc", "To", "Cc"];

const MOST_ADDRESSES: usize = 1000;
const MOST_IDS: usize = 200;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn shown(header: &str) -> String {
        let mail = format!("From: {header}\n\n");
        let (headers, _) = Headers::read(mail.as_bytes());
        let shown: Vec<String> = addresses(&headers, "From")
            .into_iter()
            .map(|one| format!("{}|{}", one.name.unwrap_or_default(), one.address))
            .collect();
        shown.join(" ")
    }

    #[rstest]
    #[case("jane@acme.com", "|jane@acme.com")]
    #[case("Jane Doe <jane@acme.com>", "Jane Doe|jane@acme.com")]
    #[case("\"Doe, Jane\" <jane@acme.com>", "Doe, Jane|jane@acme.com")]
    #[case("'Jane Doe' <jane@acme.com>", "Jane Doe|jane@acme.com")]
    #[case("jane@acme.com <jane@acme.com>", "|jane@acme.com")]
    #[case("jane@acme.com (Jane Doe)", "Jane Doe|jane@acme.com")]
    #[case("=?utf-8?Q?J=C3=BCrgen?= <j@acme.com>", "Jürgen|j@acme.com")]
    #[case(
        "=?utf-8?Q?J=C3?= =?utf-8?Q?=BCrgen?= <j@acme.com>",
        "Jürgen|j@acme.com"
    )]
    #[case(
        "\"=?utf-8?Q?Doe,_J=C3=BCrgen?=\" <j@acme.com>",
        "Doe, Jürgen|j@acme.com"
    )]
    #[case("Jürgen <j@acme.com>, b@acme.com", "Jürgen|j@acme.com |b@acme.com")]
    #[case(
        "Team: Jane <jane@acme.com>, bob@acme.com;",
        "Jane|jane@acme.com |bob@acme.com"
    )]
    #[case("undisclosed-recipients:;", "")]
    #[case("Jane Doe jane@acme.com", "Jane Doe|jane@acme.com")]
    #[case("\"jane@acme.com\"", "|jane@acme.com")]
    #[case("jane@acme.com bob@acme.com", "")]
    #[case("<jane@acme.com.>", "|jane@acme.com")]
    #[case("<<jane@acme.com>>", "|jane@acme.com")]
    #[case("Jane <jane@acme.com", "Jane|jane@acme.com")]
    #[case("Jane jane@acme.com>", "Jane|jane@acme.com")]
    #[case("\"jane@acme.com\" <jane@acme.com>", "|jane@acme.com")]
    #[case(
        "\"Jane (jane@acme.com)\" <noreply@acme.com>",
        "Jane (jane@acme.com)|noreply@acme.com"
    )]
    #[case("jane@bücher.example", "|jane@bücher.example")]
    #[case("jürgen@acme.com", "|jürgen@acme.com")]
    #[case("Jane <mailto:jane@acme.com>", "Jane|jane@acme.com")]
    #[case("Jane <jane@acme.com>;", "Jane|jane@acme.com")]
    #[case("Doe, Jane <jane@acme.com>", "Doe, Jane|jane@acme.com")]
    #[case("=?utf-8?Q?Doe,_Jane_<jane=40acme.com>?=", "Doe, Jane|jane@acme.com")]
    #[case("Jane [Acme] <jane@acme.com>", "Jane [Acme]|jane@acme.com")]
    #[case("Jane @ Acme <jane@acme.com>", "Jane @ Acme|jane@acme.com")]
    #[case("Jane | Acme, Ltd. <jane@acme.com>", "Jane | Acme, Ltd.|jane@acme.com")]
    #[case("Jane\u{1} <jane@acme.com>", "Jane|jane@acme.com")]
    #[case("< jane@acme.com >", "|jane@acme.com")]
    #[case("@relay.example:jane@acme.com", "|jane@acme.com")]
    #[case("Jane <@relay.example:jane@acme.com>", "Jane|jane@acme.com")]
    #[case("Jane Doe", "")]
    #[case("", "")]
    fn reads_addresses(#[case] header: &str, #[case] expected: &str) {
        assert_eq!(shown(header), expected);
    }

    #[rstest]
    #[case("<a@b> <c@d>", "a@b c@d")]
    #[case("<a@b>\n\t(see) <c@d", "a@b")]
    #[case("Your mail of Monday <a@b>", "a@b")]
    #[case("a@b, c@d", "a@b c@d")]
    #[case("<long\n id@b>", "longid@b")]
    #[case("none", "")]
    fn reads_ids(#[case] value: &str, #[case] expected: &str) {
        let mail = format!("References: {value}\n\n");
        let (headers, _) = Headers::read(mail.as_bytes());
        let ids: Vec<String> = message_ids(&headers, "References")
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(ids.join(" "), expected);
    }

    #[rstest]
    #[case("Tue, 3 Mar 2026 10:11:12 +0100", Some("2026-03-03T10:11:12+01:00"))]
    #[case("3 Mar 26 10:11:12 -0330 (NST)", Some("2026-03-03T10:11:12-03:30"))]
    #[case("Tue, 3 Mar 2026 10:11:12 GMT", Some("2026-03-03T10:11:12Z"))]
    #[case("Tue, 31 Feb 2026 10:11:12 +0100", None)]
    #[case("Tue, 3 Mar 2026 10:11:12", Some("2026-03-03T10:11:12Z"))]
    #[case("yesterday", None)]
    fn reads_dates(#[case] value: &str, #[case] expected: Option<&str>) {
        let mail = format!("Date: {value}\n\n");
        let (headers, _) = Headers::read(mail.as_bytes());
        assert_eq!(date(&headers).as_deref(), expected);
    }

    #[test]
    fn collects_recipients_once() {
        let mail = "To: Us <us@here>, x@y\nCc: US@here\nDelivered-To: us+token@here\n\n";
        let (headers, _) = Headers::read(mail.as_bytes());
        assert_eq!(recipients(&headers), ["us+token@here", "us@here", "x@y"]);
    }
}

//! The texts of a report, by what they are for.

use super::super::{
    structure::{Part, Structure},
    words_of,
};
use super::fields;
use crate::content::{
    charset,
    html::{self, BoundedHtml},
};

/// What a report consists of, as text with LF as its line ends.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// What people shall read, less a mail that is pasted below.
    pub notice: String,
    /// Parts for programs (RFC 3464), and where the notice says the same, the notice.
    pub status: Vec<String>,
    /// Parts for programs (RFC 5965).
    pub feedback: Vec<String>,
    /// Headers of the mail that is reported on.
    pub originals: Vec<String>,
}

impl Texts {
    pub(super) fn read(mail: &[u8], structure: &Structure) -> Self {
        let mut texts = Self::default();
        let mut plain = String::new();
        let mut from_html = String::new();
        for part in &structure.parts {
            if !part.children.is_empty() {
                continue;
            }
            let octets = || {
                part.encoding
                    .decode_start(&mail[part.body.clone()], LARGEST)
            };
            let text = || words_of::decode(part, &octets()).0;
            match part.content_type.value.as_str() {
                "message/delivery-status" | "message/global-delivery-status" => {
                    texts.status.push(text());
                }
                "message/feedback-report" => texts.feedback.push(text()),
                "message/rfc822"
                | "message/global"
                | "text/rfc822-headers"
                | "message/rfc822-headers"
                | "message/global-headers" => texts.originals.push(headers_of(&octets())),
                "text/html" => add(&mut from_html, &text_of_html(part, &octets())),
                value if value.starts_with("text/") => add(&mut plain, &text()),
                _ => {}
            }
            if texts.status.len() + texts.originals.len() + texts.feedback.len() >= MOST_PARTS
                || plain.len() + from_html.len() >= 4 * LARGEST
            {
                break;
            }
        }
        let whole = if plain.trim().is_empty() {
            from_html
        } else {
            plain
        };
        let (notice, pasted) = divide(&whole);
        if STATUS.iter().any(|name| has_field(notice, name)) {
            texts.status.push(notice.to_owned());
        }
        notice.clone_into(&mut texts.notice);
        texts.originals.extend(pasted.map(str::to_owned));
        texts
    }
}

/// A text up to where a mail is pasted below: a block of lines that are headers, with those that all
/// mails have.
fn divide(text: &str) -> (&str, Option<&str>) {
    let mut at = 0;
    // Where the block began, and which headers it has.
    let mut begin = None;
    let mut seen = [false; MAIL_HEADERS.len()];
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end();
        let is_folded = line.starts_with([' ', '\t']) && !bare.is_empty();
        if let Some((name, _)) = fields::field(bare) {
            let known = MAIL_HEADERS
                .iter()
                .position(|own| own.eq_ignore_ascii_case(name));
            begin = begin.or(Some(at));
            if let Some(known) = known {
                seen[known] = true;
                let count = seen.iter().filter(|seen| **seen).count();
                let is_marked = seen[..TELLING].contains(&true);
                if let Some(begin) = begin
                    && count >= LEAST_HEADERS
                    && is_marked
                {
                    return (&text[..begin], Some(&text[begin..]));
                }
            } else if STATUS.iter().any(|own| own.eq_ignore_ascii_case(name)) {
                begin = None;
                seen = Default::default();
            }
        } else if !(is_folded && begin.is_some()) {
            begin = None;
            seen = Default::default();
        }
        at += line.len();
    }
    (text, None)
}

fn has_field(text: &str, name: &str) -> bool {
    text.lines()
        .filter_map(fields::field)
        .any(|(own, _)| own.eq_ignore_ascii_case(name))
}

fn add(text: &mut String, more: &str) {
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(more);
}

fn headers_of(octets: &[u8]) -> String {
    let octets = &octets[..octets.len().min(LARGEST_HEADERS)];
    charset::decode(octets, None).0.clone()
}

fn text_of_html(part: &Part, octets: &[u8]) -> String {
    let (text, _) = words_of::decode(part, octets);
    BoundedHtml::new(&text).map_or_else(|_| String::new(), |html| html::to_text(&html))
}

/// Of a mail's headers the first ones are those that nobody writes who only tells of a mail.
const MAIL_HEADERS: [&str; 7] = [
    "Received",
    "Message-ID",
    "Return-Path",
    "From",
    "To",
    "Subject",
    "Date",
];
const TELLING: usize = 4;
const LEAST_HEADERS: usize = 3;

/// Fields that only a report has (RFC 3464).
const STATUS: &[&str] = &[
    "Final-Recipient",
    "Original-Recipient",
    "Reporting-MTA",
    "Diagnostic-Code",
];

/// Of one part, in octets.
const LARGEST: usize = 256 * 1024;
const LARGEST_HEADERS: usize = 64 * 1024;
const MOST_PARTS: usize = 50;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::pasted("No.\n\nX-A: b\nFrom: a\nTo: b\nDate: c\n\nx", "No.\n\n")]
    #[case::told_of(
        "It was\nTo: a\nSubject: b\nDate: c\nNo.",
        "It was\nTo: a\nSubject: b\nDate: c\nNo."
    )]
    #[case::folded("No.\nReceived: a\n\tb\nTo: c\n d\nDate: e\n", "No.\n")]
    #[case::parted("From: a\n\nTo: b\n\nDate: c\n", "From: a\n\nTo: b\n\nDate: c\n")]
    #[case::fields_of_the_report(
        "Final-Recipient: a\nFrom: a\nTo: b\n",
        "Final-Recipient: a\nFrom: a\nTo: b\n"
    )]
    #[case::nothing("", "")]
    fn divides(#[case] text: &str, #[case] notice: &str) {
        assert_eq!(divide(text).0, notice);
    }
}

//! The text in a text part.

use super::{line_ends, structure::Part};
use crate::content::{charset, flowed};

/// A text part decoded, with LF as its line ends and without NUL; whether its character set was
/// guessed. `doubles_lines` is what [`is_by_outlook`] says of the mail.
pub(super) fn read(part: &Part, octets: &[u8], doubles_lines: bool) -> (String, bool) {
    let (text, is_guess) = decode(part, octets);
    let parameter = |name, value: &str| {
        let own = part.content_type.get(name);
        own.is_some_and(|own| own.eq_ignore_ascii_case(value))
    };
    let is_plain = part.is("text/plain");
    let text = if is_plain && parameter("format", "flowed") {
        flowed::unwrap(&text, parameter("delsp", "yes"))
    } else {
        text
    };
    let halved = (is_plain && doubles_lines).then(|| line_ends::halved(&text));
    (halved.flatten().unwrap_or(text), is_guess)
}

pub(super) fn decode(part: &Part, octets: &[u8]) -> (String, bool) {
    let declared = part.content_type.get("charset");
    let in_html = || part.is("text/html").then(|| charset_in_html(octets))?;
    // Some programs say `us-ascii` of whatever they send.
    let (text, is_guess) = charset::decode(octets, declared.or_else(in_html));
    (line_ends::clean(&text), is_guess)
}

/// Whether Outlook wrote the mail, or Exchange passed it on.
pub(super) fn is_by_outlook(mail: &Part) -> bool {
    let says = |name: &str, words: &[&str]| {
        let text = mail.headers.text(name).unwrap_or_default();
        words.iter().any(|word| text.contains(word))
    };
    mail.headers.has("Thread-Index")
        || mail.headers.has("X-MS-Has-Attach")
        || says("X-Mailer", &["Outlook", "Exchange", "MimeOLE"])
        || says("X-MimeOLE", &["Exchange", "MimeOLE"])
}

/// The character set that HTML names in its first lines, as browsers look for it.
fn charset_in_html(octets: &[u8]) -> Option<&str> {
    const MARK: &[u8] = b"charset=";
    let head = &octets[..octets.len().min(1024)];
    let at = head
        .windows(MARK.len())
        .position(|window| window.eq_ignore_ascii_case(MARK))?;
    let rest = head[at + MARK.len()..].trim_ascii_start();
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
    let end = rest
        .iter()
        .position(|b| !(b.is_ascii_alphanumeric() || b"-_:.".contains(b)))?;
    std::str::from_utf8(&rest[..end]).ok()
}

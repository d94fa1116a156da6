//! Where lines end and mails begin in the mails of programs that have their own idea of it.

use std::borrow::Cow;

use super::headers::{field_name, line_end};

/// The same mail, octet by octet, but with LF as line ends where its program wrote a lone CR:
/// programs that know no other line end than the old Macintosh's still exist. Their mails have line
/// feeds, too, by the servers that passed them on, but few.
pub(super) fn with_line_feeds(raw: &[u8]) -> Cow<'_, [u8]> {
    let is_lone = |at: usize| raw[at] == b'\r' && raw.get(at + 1) != Some(&b'\n');
    let (mut lone, mut line_feeds) = (0_usize, 0_usize);
    for (at, octet) in raw.iter().enumerate() {
        line_feeds += usize::from(*octet == b'\n');
        lone += usize::from(is_lone(at));
    }
    if lone <= line_feeds {
        return Cow::Borrowed(raw);
    }
    let mut mail = raw.to_vec();
    for (at, octet) in mail.iter_mut().enumerate() {
        if is_lone(at) {
            *octet = b'\n';
        }
    }
    Cow::Owned(mail)
}

/// Where the headers begin: after a byte order mark and blank lines.
pub(super) fn start_of(mail: &[u8]) -> usize {
    let mut at = if mail.starts_with(b"\xef\xbb\xbf") {
        3
    } else {
        0
    };
    while at < mail.len() {
        let end = line_end(mail, at);
        if !mail[at..end].trim_ascii().is_empty() {
            break;
        }
        at = end;
    }
    // A folded first line continues nothing, but may be a field that somebody indented.
    let indented = mail[at..]
        .iter()
        .take_while(|b| b.is_ascii_whitespace())
        .count();
    if field_name(&mail[at + indented..line_end(mail, at)]).is_some() {
        at += indented;
    }
    at
}

/// A text with LF as its line ends, and without characters that command a terminal or a printer.
pub(super) fn clean(text: &str) -> String {
    // Some servers double the carriage return.
    let text = text.replace("\r\r\n", "\n").replace("\r\n", "\n");
    let is_kept = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    text.chars()
        .map(|c| match c {
            '\r' | '\u{b}' | '\u{c}' | '\u{85}' => '\n',
            '\0' => '\u{fffd}',
            c => c,
        })
        .filter(is_kept)
        .collect()
}

/// Undoes doubled line breaks, as Outlook and Exchange write them into the text of some mails: every
/// other line is blank, and where a blank line was meant there are three. `None` if it isn't so.
pub(super) fn halved(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let (mut blank, mut filled, mut has_wide_gap) = (0_usize, 0_usize, false);
    for line in text.trim_end().lines() {
        if line.trim().is_empty() {
            blank += 1;
            continue;
        }
        if filled > 0 {
            if blank % 2 == 0 {
                return None;
            }
            has_wide_gap |= blank > 1;
            out.push_str(&"\n".repeat(blank / 2 + 1));
        }
        out.push_str(line);
        filled += 1;
        blank = 0;
    }
    out.push('\n');
    // Paragraphs of one line each look like it, too, but for the wide gaps.
    (filled >= LEAST_LINES && has_wide_gap).then_some(out)
}

/// Fewer lines prove nothing.
const LEAST_LINES: usize = 4;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a\r\nb\rc\r\r\nd", "a\nb\nc\nd")]
    #[case("a\tb\u{c}c", "a\tb\nc")]
    #[case("a\u{7}b\u{1b}[31mc\u{9d}d\0", "ab[31mcd\u{fffd}")]
    fn cleans(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(clean(text), expected);
    }

    #[rstest]
    #[case::doubled("a\n\nb\n\n\n\nc\n\nd\n", Some("a\nb\n\nc\nd\n"))]
    #[case::paragraphs("a\n\nb\n\nc\n\nd\n", None)]
    #[case::lines("a\nb\n\n\n\nc\n\nd\n", None)]
    #[case::short("a\n\n\n\nb\n", None)]
    #[case::nothing("", None)]
    fn halves_line_breaks(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(halved(text).as_deref(), expected);
    }
}

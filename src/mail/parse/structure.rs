//! The tree of parts (RFC 2046 section 5), read in time linear in the mail's size.
//!
//! mail-parser is not used for it: it nests enclosed mails without a limit, reads to the end of
//! the mail again for every boundary that never comes, and copies the whole mail once for each
//! mail that is enclosed in an encoded one.

use std::ops::Range;

use super::{
    headers::{Headers, Value, line_end},
    parameters::Parameterised,
    transfer::Encoding,
};
use crate::content::charset;

/// One part; the mail itself is the first.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub headers: Headers<'a>,
    /// Its value is always `type/subtype`.
    pub content_type: Parameterised,
    pub disposition: Parameterised,
    pub encoding: Encoding,
    /// Where its content stands in the mail, still encoded.
    pub body: Range<usize>,
    /// Indexes of the parts of a multipart, in order.
    pub children: Vec<usize>,
}

impl Part<'_> {
    pub(super) fn is(&self, content_type: &str) -> bool {
        self.content_type.value == content_type
    }

    /// Without angle brackets.
    pub(super) fn content_id(&self) -> Option<String> {
        let id = self.headers.text("Content-ID")?;
        let id = id.trim_start_matches('<').trim_end_matches('>').trim();
        (!id.is_empty()).then(|| id.to_owned())
    }
}

#[derive(Debug)]
pub(super) struct Structure<'a> {
    /// Never empty.
    pub parts: Vec<Part<'a>>,
    /// A multipart has no boundary or no end, or there are too many parts or levels: some parts
    /// are not what their sender meant.
    pub is_truncated: bool,
}

/// Reads `mail` from `start` on. Enclosed mails are parts like any other and not looked into.
pub(super) fn read(mail: &[u8], start: usize) -> Structure<'_> {
    let mut structure = Structure {
        parts: Vec::new(),
        is_truncated: false,
    };
    let mut waiting = vec![Waiting {
        range: start..mail.len(),
        parent: None,
        depth: 0,
        default_type: "text/plain",
    }];
    while let Some(next) = waiting.pop() {
        let index = structure.parts.len();
        let mut part = read_part(mail, &next);
        if let Some(parent) = next.parent {
            let siblings: &mut Vec<usize> = &mut structure.parts[parent].children;
            siblings.push(index);
        }
        if part.content_type.value.starts_with("multipart/") {
            let room = MOST_PARTS.saturating_sub(index + 1 + waiting.len());
            let boundary = part.content_type.get("boundary").unwrap_or_default();
            let mut cut = cut(
                mail,
                part.body.clone(),
                boundary.trim_end().as_bytes(),
                room,
            );
            if cut.ranges.is_empty()
                && let Some(boundary) = likely_boundary(mail, part.body.clone())
            {
                cut = self::cut(mail, part.body.clone(), boundary, room);
                cut.is_truncated = true;
            }
            structure.is_truncated |= cut.is_truncated;
            if next.depth == DEEPEST || cut.ranges.is_empty() {
                structure.is_truncated = true;
                "text/plain".clone_into(&mut part.content_type.value);
            } else {
                let default_type = match part.content_type.value.as_str() {
                    "multipart/digest" => "message/rfc822",
                    _ => "text/plain",
                };
                waiting.extend(cut.ranges.into_iter().rev().map(|range| Waiting {
                    range,
                    parent: Some(index),
                    depth: next.depth + 1,
                    default_type,
                }));
            }
        }
        structure.parts.push(part);
    }
    let mut charsets = structure
        .parts
        .iter()
        .filter_map(|part| part.content_type.get("charset"));
    // Latin-1 fits whatever comes, and is said of whatever comes.
    let charset = charsets.find(|charset| charset::is_telling(charset));
    if let Some(charset) = charset.map(str::to_owned) {
        for part in &mut structure.parts {
            part.headers.charset = Some(charset.clone());
        }
    }
    structure
}

struct Waiting {
    range: Range<usize>,
    parent: Option<usize>,
    depth: usize,
    default_type: &'static str,
}

fn read_part<'a>(mail: &'a [u8], waiting: &Waiting) -> Part<'a> {
    let Range { start, end } = waiting.range;
    let (headers, body) = Headers::read(&mail[start..end]);
    let parameterised = |name| {
        let value = headers.first(name).map(Value::unfolded);
        value.map(|value| Parameterised::read(&value))
    };
    let mut content_type = parameterised("Content-Type").unwrap_or_default();
    if content_type
        .value
        .split('/')
        .filter(|half| !half.is_empty())
        .count()
        != 2
    {
        waiting.default_type.clone_into(&mut content_type.value);
    }
    let disposition = parameterised("Content-Disposition").unwrap_or_default();
    let encoding = headers.text("Content-Transfer-Encoding");
    let encoding = encoding.map_or(Encoding::Identity, |name| Encoding::named(&name));
    let body = start + body..end;
    Part {
        content_type,
        disposition,
        encoding: encoding.or_none(&mail[body.clone()]),
        body,
        children: Vec::new(),
        headers,
    }
}

#[derive(Default)]
struct Cut {
    ranges: Vec<Range<usize>>,
    is_truncated: bool,
}

/// Cuts `body` at its boundary lines into at most `room` parts; the last one keeps the rest.
fn cut(mail: &[u8], body: Range<usize>, boundary: &[u8], room: usize) -> Cut {
    let mut cut = Cut::default();
    if boundary.is_empty() || room == 0 {
        return cut;
    }
    let mut open = None;
    let mut at = body.start;
    while at < body.end {
        let end = line_end(&mail[..body.end], at);
        if let Some(is_last) = boundary_line(&mail[at..end], boundary) {
            if let Some(start) = open {
                cut.ranges.push(start..without_line_break(mail, start, at));
            }
            open = (!is_last).then_some(end);
            if is_last {
                break;
            }
            if cut.ranges.len() + 1 == room {
                break;
            }
        }
        at = end;
    }
    if let Some(start) = open {
        cut.is_truncated = true;
        cut.ranges.push(start..body.end);
    }
    cut
}

/// What looks like the boundary where the header names none that is there: the first line that
/// begins with dashes and stands before headers of a part.
fn likely_boundary(mail: &[u8], body: Range<usize>) -> Option<&[u8]> {
    let mut at = body.start;
    while at < body.end {
        let end = line_end(&mail[..body.end], at);
        let boundary = mail[at..end].trim_ascii_end().strip_prefix(b"--");
        if let Some(boundary @ [_, ..]) = boundary
            && boundary.len() <= LONGEST_BOUNDARY
            && mail[end..body.end]
                .get(..8)
                .is_some_and(|start| start.eq_ignore_ascii_case(b"content-"))
        {
            return Some(boundary);
        }
        at = end;
    }
    None
}

/// Whether `line` is a boundary, and then whether it is the last one.
fn boundary_line(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?;
    match rest.trim_ascii_end() {
        b"" => Some(false),
        b"--" => Some(true),
        _ => None,
    }
}

/// The line break before a boundary belongs to the boundary.
fn without_line_break(mail: &[u8], start: usize, end: usize) -> usize {
    let content = &mail[start..end];
    let content = content.strip_suffix(b"\n").unwrap_or(content);
    let content = content.strip_suffix(b"\r").unwrap_or(content);
    start + content.len()
}

/// Real mail has less than ten levels.
const DEEPEST: usize = 20;
const MOST_PARTS: usize = 1000;
/// RFC 2046 allows 70 octets.
const LONGEST_BOUNDARY: usize = 200;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// Types and contents, with the parts of a multipart in brackets.
    fn show(structure: &Structure, mail: &str, index: usize) -> String {
        let part = &structure.parts[index];
        if part.children.is_empty() {
            let subtype = part.content_type.value.split('/').nth(1).unwrap();
            return format!("{subtype}:{}", &mail[part.body.clone()]);
        }
        let children: Vec<String> = part
            .children
            .iter()
            .map(|child| show(structure, mail, *child))
            .collect();
        format!("[{}]", children.join(" "))
    }

    #[rstest]
    #[case::single("\nhello", "plain:hello", false)]
    #[case::bad_type("Content-Type: text\n\nhello", "plain:hello", false)]
    #[case::two(
        "Content-Type: multipart/mixed; boundary=b\n\nskip\n--b\n\none\n--b  \nContent-Type: text/html\n\ntwo\r\n--b--\nskip",
        "[plain:one html:two]",
        false
    )]
    #[case::prefix(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n--bb\n--b x\n--b--\n",
        "[plain:--bb\n--b x]",
        false
    )]
    #[case::nested(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/digest; boundary=\"b 2\"\n\n--b 2\n\nA: b\n\n--b\n\nx\n--b--\n",
        "[[rfc822:A: b\n] plain:x]",
        true
    )]
    #[case::no_end(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none",
        "[plain:one]",
        true
    )]
    #[case::other_boundary(
        "Content-Type: multipart/mixed; boundary=c\n\n--b\nContent-Type: text/html\n\none\n--b--\n",
        "[html:one]",
        true
    )]
    #[case::no_parts("Content-Type: multipart/mixed; boundary=b\n\none", "plain:one", true)]
    #[case::no_boundary("Content-Type: multipart/mixed\n\none", "plain:one", true)]
    fn reads(#[case] mail: &str, #[case] expected: &str, #[case] is_truncated: bool) {
        let structure = read(mail.as_bytes(), 0);
        assert_eq!(show(&structure, mail, 0), expected);
        assert_eq!(structure.is_truncated, is_truncated);
    }

    #[test]
    fn stops_at_some_depth() {
        let level =
            |level| format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n");
        let mail: String = (0..1000).map(level).collect();
        let structure = read(mail.as_bytes(), 0);
        assert!(structure.is_truncated);
        assert_eq!(structure.parts.len(), DEEPEST + 1);
    }

    #[test]
    fn stops_at_some_number() {
        let mail = format!(
            "Content-Type: multipart/mixed; boundary=b\n\n{}",
            "--b\n\nx\n".repeat(5000)
        );
        let structure = read(mail.as_bytes(), 0);
        assert!(structure.is_truncated);
        assert_eq!(structure.parts.len(), MOST_PARTS);
    }
}

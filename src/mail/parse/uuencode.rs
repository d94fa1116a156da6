//! Files that stand in a text as `uuencode` writes them: from `begin 644 name` to `end`.

use std::{borrow::Cow, ops::Range};

use super::{file_type::LOOKED_AT, transfer::Encoding};
use crate::content::charset;

/// A file in a text.
#[derive(Debug)]
pub(super) struct Inline {
    pub name: String,
    /// Its lines in the octets that were given.
    pub range: Range<usize>,
    /// The first octets, decoded.
    pub start: Vec<u8>,
    /// Decoded, in octets.
    pub size: u64,
}

/// The text without such files, and the files. What has no end, or lines of another kind within,
/// is left where it is.
pub(super) fn take_out(octets: Cow<'_, [u8]>) -> (Cow<'_, [u8]>, Vec<Inline>) {
    let mut files = Vec::new();
    let mut kept = Vec::new();
    let mut copied = 0;
    let mut at = 0;
    while at < octets.len() && files.len() < MOST {
        let end = line_end(&octets, at);
        let Some(name) = name_in(&octets[at..end]) else {
            at = end;
            continue;
        };
        match last_line(&octets, end) {
            Ok(last) => {
                let encoded = &octets[end..last];
                files.push(Inline {
                    name,
                    range: end..last,
                    start: Encoding::Uuencode.decode_start(encoded, LOOKED_AT),
                    size: Encoding::Uuencode.decoded_size(encoded),
                });
                kept.extend_from_slice(&octets[copied..at]);
                at = line_end(&octets, last);
                copied = at;
            }
            Err(stopped) => at = stopped.max(end),
        }
    }
    if files.is_empty() {
        return (octets, files);
    }
    kept.extend_from_slice(&octets[copied..]);
    (Cow::Owned(kept), files)
}

fn name_in(line: &[u8]) -> Option<String> {
    let rest = line.strip_prefix(b"begin ")?;
    let digits = rest
        .iter()
        .take_while(|octet| matches!(octet, b'0'..=b'7'))
        .count();
    let name = rest[digits..].strip_prefix(b" ")?.trim_ascii();
    (matches!(digits, 3 | 4) && !name.is_empty()).then(|| charset::decode(name, None).0)
}

/// Where the line `end` begins, if there are only encoded lines before it; else where they stop.
fn last_line(octets: &[u8], start: usize) -> Result<usize, usize> {
    let mut at = start;
    while at < octets.len() {
        let next = line_end(octets, at);
        let line = octets[at..next].trim_ascii_end();
        if line == b"end" {
            return Ok(at);
        }
        let is_encoded = match line.split_first() {
            None => true,
            Some((length, characters)) => {
                let groups = usize::from(length.wrapping_sub(b' ') & 0x3f).div_ceil(3);
                line.iter().all(|octet| (b' '..=b'`').contains(octet))
                    && characters.len() <= groups * 4 + 2
            }
        };
        if !is_encoded {
            return Err(at);
        }
        at = next;
    }
    Err(at)
}

fn line_end(octets: &[u8], at: usize) -> usize {
    let line = octets[at..].iter().position(|octet| *octet == b'\n');
    line.map_or(octets.len(), |length| at + length + 1)
}

const MOST: usize = 100;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::one("a\nbegin 644 b.txt\n%:&5L;&\\\n`\nend\nc\n", "a\nc\n", "b.txt 5")]
    #[case::two(
        "begin 644 a\n%:&5L;&\\\n`\nend\nbegin 0755 b c.sh\r\n%:&5L;&\\\r\n`\r\nend\r\n",
        "",
        "a 5|b c.sh 5"
    )]
    #[case::no_end("begin 644 a\n%:&5L;&\\\n", "begin 644 a\n%:&5L;&\\\n", "")]
    #[case::words(
        "begin 644 lines of it\nand then\nend\n",
        "begin 644 lines of it\nand then\nend\n",
        ""
    )]
    #[case::no_mode("begin with this\nend\n", "begin with this\nend\n", "")]
    fn takes_out_files(#[case] text: &str, #[case] kept: &str, #[case] files: &str) {
        let (left, found) = take_out(Cow::Borrowed(text.as_bytes()));
        assert_eq!(std::str::from_utf8(&left).unwrap(), kept);
        let found: Vec<String> = found
            .iter()
            .map(|one| format!("{} {}", one.name, one.size))
            .collect();
        assert_eq!(found.join("|"), files);
    }
}

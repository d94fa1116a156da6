//! Replies of a mail server (RFC 5321 section 4.2).

use std::{fmt, io};

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

/// A reply, whole: its code and the text of every line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    /// 200 to 599.
    pub(super) code: u16,
    pub(super) lines: Vec<String>,
}

impl Reply {
    /// Whether the server did what it was asked.
    pub(super) fn is_done(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// Whether the server waits for more.
    pub(super) fn wants_more(&self) -> bool {
        (300..400).contains(&self.code)
    }

    /// Whether the same may succeed later.
    pub(super) fn is_passing(&self) -> bool {
        (400..500).contains(&self.code)
    }

    /// Whether the server is about to hang up, whatever it was asked.
    pub(super) fn closes(&self) -> bool {
        self.code == 421
    }
}

/// `550 5.1.1 No such user`, on one line without control characters, at most [`LONGEST_TEXT`]
/// characters: fit to be shown to people.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = format!("{} {}", self.code, self.lines.join(" "));
        let is_gap = |c: char| c.is_whitespace() || c.is_control();
        let words: Vec<&str> = whole
            .split(is_gap)
            .filter(|word| !word.is_empty())
            .collect();
        f.write_str(
            &words
                .join(" ")
                .chars()
                .take(LONGEST_TEXT)
                .collect::<String>(),
        )
    }
}

/// Characters of a reply that anybody would read.
const LONGEST_TEXT: usize = 300;
/// RFC 5321 section 4.5.3.1.5 allows 512 octets; real servers exceed it.
const LONGEST_LINE: u64 = 4096;
const MOST_LINES: usize = 128;

/// Reads one reply.
///
/// # Errors
///
/// `UnexpectedEof` if the connection ended before or within it, `InvalidData` if it is none.
pub(super) async fn read(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Reply> {
    let mut lines = Vec::new();
    while lines.len() < MOST_LINES {
        let mut line = Vec::new();
        (&mut *stream)
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line)
            .await?;
        if line.last() != Some(&b'\n') {
            return Err(if line.len() as u64 == LONGEST_LINE {
                not_a_reply("a line without end")
            } else {
                io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the server closed the connection",
                )
            });
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        let (code, rest) = line.split_at_checked(3).unwrap_or(("", ""));
        let code = code
            .parse()
            .ok()
            .filter(|code| (200..600).contains(code))
            .ok_or_else(|| not_a_reply("a line without a code"))?;
        let text = rest.get(1..).unwrap_or_default();
        lines.push(text.to_owned());
        match rest.as_bytes().first() {
            Some(b'-') => {}
            None | Some(b' ') => return Ok(Reply { code, lines }),
            Some(_) => return Err(not_a_reply("a line without a code")),
        }
    }
    Err(not_a_reply("a reply without end"))
}

fn not_a_reply(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the server doesn't speak SMTP: it sent {what}"),
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("250 ok\r\n", "250 ok")]
    #[case("250\r\n", "250")]
    #[case(
        "550-5.1.1 No such\r\n550 5.1.1 user\x1b[0m\n",
        "550 5.1.1 No such 5.1.1 user [0m"
    )]
    #[tokio::test]
    async fn reads_replies(#[case] wire: &str, #[case] expected: &str) {
        assert_eq!(
            read(&mut wire.as_bytes()).await.unwrap().to_string(),
            expected
        );
    }

    #[rstest]
    #[case("", io::ErrorKind::UnexpectedEof)]
    #[case("250-first\r\n", io::ErrorKind::UnexpectedEof)]
    #[case("250 half", io::ErrorKind::UnexpectedEof)]
    #[case("HTTP/1.1 400 Bad Request\r\n", io::ErrorKind::InvalidData)]
    #[case("999 what\r\n", io::ErrorKind::InvalidData)]
    #[case("250+ok\r\n", io::ErrorKind::InvalidData)]
    #[case(&"2".repeat(10_000), io::ErrorKind::InvalidData)]
    #[case(&"250-x\r\n".repeat(1000), io::ErrorKind::InvalidData)]
    #[tokio::test]
    async fn knows_what_is_none(#[case] wire: &str, #[case] expected: io::ErrorKind) {
        assert_eq!(
            read(&mut wire.as_bytes()).await.unwrap_err().kind(),
            expected
        );
    }

    #[tokio::test]
    async fn reads_what_is_not_utf8() {
        let reply = read(&mut &b"250 angenommen f\xfcr Zustellung\r\n"[..]).await;
        assert_eq!(reply.unwrap().code, 250);
    }

    #[test]
    fn shows_no_more_than_anybody_reads() {
        let reply = Reply {
            code: 550,
            lines: vec!["é".repeat(1000)],
        };
        assert_eq!(reply.to_string().chars().count(), LONGEST_TEXT);
    }
}

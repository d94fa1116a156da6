//! Whole answers over a stream: lines and the literals in them, with a limit on size, depth and
//! time, so that no server can fill the memory or keep us waiting.

use std::{io, time::Duration};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use super::fault::Fault;
use crate::mail::dial::{Stream, Tls, within};

pub(super) struct Wire {
    stream: BufReader<Box<dyn Stream>>,
    /// The longest wait for an answer, and the longest that one may take.
    timeout: Duration,
    answer: Vec<u8>,
}

/// The largest answer, in octets: a piece of a mail ([`super::fetch::PIECE`]) and the words around
/// it.
const LARGEST: usize = 512 * 1024;
/// How deeply an answer may be nested; the parser recurses. What we ask for has three levels.
const DEEPEST: u32 = 50;

impl Wire {
    pub(super) fn new(stream: Box<dyn Stream>, timeout: Duration) -> Self {
        Self {
            stream: BufReader::new(stream),
            timeout,
            answer: Vec::new(),
        }
    }

    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Continues in TLS.
    pub(super) async fn encrypt(self, tls: &Tls) -> Result<Self, Fault> {
        if !self.stream.buffer().is_empty() {
            let early = "it sent something before TLS had begun; somebody may be in between";
            return Err(Fault::Tls(io::Error::other(early)));
        }
        let stream = within(self.timeout, tls.begin(self.stream.into_inner())).await;
        Ok(Self::new(stream.map_err(Fault::Tls)?, self.timeout))
    }

    /// Sends a line.
    pub(super) async fn say(&mut self, line: &str) -> Result<(), Fault> {
        let stream = self.stream.get_mut();
        let sent = within(self.timeout, async {
            stream.write_all(line.as_bytes()).await?;
            stream.write_all(b"\r\n").await?;
            stream.flush().await
        });
        Ok(sent.await?)
    }

    /// The next answer, with its line end and literals, that begins within `patience`. To be asked
    /// again after a wait was cut off: nothing is lost.
    pub(super) async fn answer(&mut self, patience: Duration) -> Result<&[u8], Fault> {
        let begun = within(patience, self.stream.fill_buf()).await?;
        if begun.is_empty() {
            return Err(ended());
        }
        self.answer.clear();
        let timeout = self.timeout;
        tokio::time::timeout(timeout, self.read())
            .await
            .unwrap_or_else(|_| {
                let slow = io::Error::new(io::ErrorKind::TimedOut, "an answer took too long");
                Err(Fault::Lost(slow))
            })?;
        Ok(&self.answer)
    }

    async fn read(&mut self) -> Result<(), Fault> {
        let mut depth = 0;
        loop {
            let begin = self.answer.len();
            self.line().await?;
            if is_text(&self.answer) {
                // The parser cuts texts in the middle of such letters.
                self.answer.iter_mut().for_each(|byte| {
                    if !byte.is_ascii() {
                        *byte = b'?';
                    }
                });
                return Ok(());
            }
            depth = depth_after(&self.answer[begin..], depth)
                .ok_or(Fault::Nonsense("an answer is nested too deeply"))?;
            date_the_undated(&mut self.answer[begin..]);
            match literal(&self.answer[begin..]) {
                None => return Ok(()),
                Some(size) if size > LARGEST - self.answer.len() => return Err(TOO_LARGE),
                Some(size) => self.literal(size).await?,
            }
        }
    }

    async fn line(&mut self) -> Result<(), Fault> {
        loop {
            let read = self.stream.fill_buf().await?;
            if read.is_empty() {
                return Err(ended());
            }
            let end = read.iter().position(|byte| *byte == b'\n');
            let length = end.map_or(read.len(), |end| end + 1);
            if self.answer.len() + length > LARGEST {
                return Err(TOO_LARGE);
            }
            self.answer.extend_from_slice(&read[..length]);
            self.stream.consume(length);
            if end.is_some() {
                return Ok(());
            }
        }
    }

    async fn literal(&mut self, size: usize) -> Result<(), Fault> {
        let begin = self.answer.len();
        self.answer.resize(begin + size, 0);
        let read = self.stream.read_exact(&mut self.answer[begin..]).await;
        match read {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(ended()),
            Err(error) => Err(error.into()),
        }
    }
}

const TOO_LARGE: Fault = Fault::Nonsense("an answer is too large");

fn ended() -> Fault {
    Fault::Lost(io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "the server has hung up",
    ))
}

/// Whether an answer ends with words for people, in which nothing has a meaning: those with a tag,
/// those that begin with `+`, and the untagged ones about a state (RFC 3501 section 7.1).
fn is_text(answer: &[u8]) -> bool {
    let Some(rest) = answer.strip_prefix(b"* ") else {
        return true;
    };
    let states: [&[u8]; 5] = [b"OK", b"NO", b"BAD", b"BYE", b"PREAUTH"];
    let end = rest.iter().position(|byte| !byte.is_ascii_alphabetic());
    let word = &rest[..end.unwrap_or(rest.len())];
    states.iter().any(|state| word.eq_ignore_ascii_case(state))
}

/// How deep it is behind a line that begins at `depth`; `None` if that is too deep somewhere. What
/// stands between quotes doesn't count: there a server could hide how deep it goes.
fn depth_after(line: &[u8], mut depth: u32) -> Option<u32> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for byte in line {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b'(' if !is_quoted => depth += 1,
            b')' if !is_quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return None;
        }
    }
    Some(depth)
}

/// Writes a date that is none in place of NIL, which no server may say there, and over which the
/// parser panics.
fn date_the_undated(line: &mut [u8]) {
    const UNDATED: &[u8] = b"INTERNALDATE NIL";
    // Behind a quote there may be a part of a mail.
    let end = line.iter().position(|byte| *byte == b'"');
    let end = end.unwrap_or(line.len());
    let found = line[..end]
        .windows(UNDATED.len())
        .position(|words| words.eq_ignore_ascii_case(UNDATED));
    if let Some(begin) = found {
        line[begin + UNDATED.len() - 3..][..3].copy_from_slice(b"\"?\"");
    }
}

/// The size of the literal that a line announces at its end (RFC 3501 section 4.3).
fn literal(line: &[u8]) -> Option<usize> {
    let line = line.strip_suffix(b"}\r\n")?;
    let begin = line.iter().rposition(|byte| *byte == b'{')?;
    std::str::from_utf8(&line[begin + 1..]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("* 1 FETCH (BODY[] {12}\r\n", Some(12))]
    #[case("* 1 FETCH (BODY[] {0}\r\n", Some(0))]
    #[case("* 1 FETCH (UID 3)\r\n", None)]
    #[case("* LIST () \"/\" \"{3}\"\r\n", None)]
    #[case("* LIST () \"/\" {-3}\r\n", None)]
    #[case("* LIST () \"/\" {3}\n", None)]
    #[case("{99999999999999999999999}\r\n", None)]
    fn finds_literals(#[case] line: &str, #[case] size: Option<usize>) {
        assert_eq!(literal(line.as_bytes()), size);
    }

    #[rstest]
    #[case("* OK hello {3}\r\n", true)]
    #[case("* bye\r\n", true)]
    #[case("a1 NO (((\r\n", true)]
    #[case("+ go on {3}\r\n", true)]
    #[case("* OKAY 1\r\n", false)]
    #[case("* 1 FETCH (BODY[] {3}\r\n", false)]
    fn tells_text_from_data(#[case] line: &str, #[case] expected: bool) {
        assert_eq!(is_text(line.as_bytes()), expected);
    }

    #[rstest]
    #[case::flat("* 1 FETCH (UID 3)", Some(0))]
    #[case::open("* 1 FETCH (BODY[] {3}", Some(1))]
    #[case::quoted(r#"* LIST () "/" "(((" (("#, Some(2))]
    #[case::escaped(r#"* LIST () "/" "\"(((" (("#, Some(2))]
    #[case::closed_too_often(")))))) ((", Some(2))]
    fn tells_how_deep_it_is(#[case] line: &str, #[case] expected: Option<u32>) {
        assert_eq!(depth_after(line.as_bytes(), 0), expected);
    }

    #[rstest]
    #[case(r#"(" ) ) ) )""#)]
    #[case(r#"("MESSAGE" "RFC822" NIL "))" "#)]
    fn nothing_hides_how_deep_it_goes(#[case] level: &str) {
        let line = level.repeat(DEEPEST as usize + 1);
        assert_eq!(depth_after(line.as_bytes(), 0), None);
    }

    #[rstest]
    #[case(
        "(UID 7 INTERNALDATE NIL RFC822.SIZE 5)",
        "(UID 7 INTERNALDATE \"?\" RFC822.SIZE 5)"
    )]
    #[case("(internaldate nil)", "(internaldate \"?\")")]
    #[case("(BODY[] \"INTERNALDATE NIL\")", "(BODY[] \"INTERNALDATE NIL\")")]
    #[case("(UID 7)", "(UID 7)")]
    fn gives_a_date_to_what_has_none(#[case] line: &str, #[case] expected: &str) {
        let mut line = line.as_bytes().to_vec();
        date_the_undated(&mut line);
        assert_eq!(String::from_utf8(line).unwrap(), expected);
    }

    async fn read(said: &[u8]) -> Result<Vec<u8>, Fault> {
        let (mut server, client) = tokio::io::duplex(4 * LARGEST);
        server.write_all(said).await.unwrap();
        drop(server);
        let mut wire = Wire::new(Box::new(client), Duration::from_secs(1));
        wire.answer(Duration::from_secs(1))
            .await
            .map(<[u8]>::to_vec)
    }

    #[tokio::test]
    async fn reads_whole_answers() {
        let said = b"* 1 FETCH (BODY[] {6}\r\na\r\nb\r\n X {1}\r\n()\r\n* 2 EXISTS\r\n";
        let end = said.len() - b"* 2 EXISTS\r\n".len();
        assert_eq!(read(said).await.unwrap(), &said[..end]);
        assert_eq!(
            read(b"* OK \xc3\xa9 {9}\r\n").await.unwrap(),
            b"* OK ?? {9}\r\n"
        );
    }

    #[tokio::test]
    async fn refuses_what_has_no_bounds() {
        let endless_line = vec![b'x'; 2 * LARGEST];
        let deep = [b"* 1 FETCH ".as_slice(), &[b'('; 60], b"\r\n"].concat();
        let large = b"* 1 FETCH (BODY[] {4000000000}\r\n".to_vec();
        for said in [endless_line, deep, large] {
            assert!(matches!(read(&said).await, Err(Fault::Nonsense(_))));
        }
        for cut in ["", "* 1 FE", "* 1 FETCH (BODY[] {6}\r\nab"] {
            assert!(matches!(read(cut.as_bytes()).await, Err(Fault::Lost(_))));
        }
    }
}

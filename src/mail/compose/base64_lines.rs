//! Base64 as mails carry it (RFC 2045 section 6.8), encoded while it streams: lines of 76 characters,
//! each ended by CRLF.

use std::{io, pin::Pin};

use bytes::{Buf as _, Bytes};
use data_encoding::BASE64_MIME;
use futures_util::{
    TryStreamExt as _,
    stream::{self, BoxStream, StreamExt as _},
};

/// How many octets come out of so many. Of none there is an empty line, so that what follows stands at
/// the beginning of one.
pub(super) fn encoded_size(octets: u64) -> u64 {
    let (lines, rest) = (octets / LINE, octets % LINE);
    let last = match rest {
        0 if lines == 0 => EMPTY.len() as u64,
        0 => 0,
        rest => rest.div_ceil(3) * 4 + EMPTY.len() as u64,
    };
    lines * ENCODED_LINE + last
}

/// Encodes `content`, which is to hold `size` octets. Never keeps more of it than one chunk and one
/// segment.
///
/// # Errors
///
/// Those of `content`, and `InvalidData` as soon as it is known to be longer or shorter.
pub(super) fn encoded(
    content: BoxStream<'static, io::Result<Bytes>>,
    size: u64,
) -> BoxStream<'static, io::Result<Bytes>> {
    let encoder = Encoder {
        content,
        left: size,
        chunk: Bytes::new(),
        segment: Vec::new(),
        is_at_end: false,
    };
    let lines = stream::try_unfold(encoder, |mut encoder| async {
        let lines = Pin::new(&mut encoder).next().await?;
        Ok(lines.map(|lines| (lines, encoder)))
    });
    if size == 0 {
        let empty = stream::once(std::future::ready(Ok(Bytes::from_static(EMPTY))));
        return lines.chain(empty).boxed();
    }
    lines.into_stream().boxed()
}

struct Encoder {
    content: BoxStream<'static, io::Result<Bytes>>,
    /// Octets that `content` still has to bring.
    left: u64,
    /// What was brought and isn't in the segment yet.
    chunk: Bytes,
    /// What is encoded next: whole lines, but for the last one.
    segment: Vec<u8>,
    is_at_end: bool,
}

impl Encoder {
    async fn next(mut self: Pin<&mut Self>) -> io::Result<Option<Bytes>> {
        while self.segment.len() < SEGMENT && !self.is_at_end {
            if self.chunk.is_empty() {
                match self.content.next().await.transpose()? {
                    Some(chunk) => self.take(chunk)?,
                    None if self.left > 0 => return Err(another_size("shorter")),
                    None => self.is_at_end = true,
                }
                continue;
            }
            let length = self.chunk.len().min(SEGMENT - self.segment.len());
            let this = &mut *self;
            this.segment.extend_from_slice(&this.chunk[..length]);
            this.chunk.advance(length);
        }
        let lines = BASE64_MIME.encode(&self.segment);
        self.segment.clear();
        Ok((!lines.is_empty()).then(|| lines.into()))
    }

    fn take(&mut self, chunk: Bytes) -> io::Result<()> {
        self.left = self
            .left
            .checked_sub(chunk.len() as u64)
            .ok_or_else(|| another_size("longer"))?;
        self.chunk = chunk;
        Ok(())
    }
}

fn another_size(how: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("a file is {how} than it was"),
    )
}

/// Octets in a line.
const LINE: u64 = 57;
/// And what it is encoded, with its end.
const ENCODED_LINE: u64 = 78;
const EMPTY: &[u8] = b"\r\n";
/// Octets that are encoded in one go: 512 lines.
const SEGMENT: usize = 512 * 57;

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn encode(chunks: Vec<Vec<u8>>, size: usize) -> io::Result<Vec<u8>> {
        let chunks = chunks.into_iter().map(|chunk| Ok(Bytes::from(chunk)));
        let lines = encoded(stream::iter(chunks).boxed(), size as u64);
        let all = lines.try_fold(Vec::new(), |mut all, lines| async move {
            all.extend_from_slice(&lines);
            Ok(all)
        });
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(all)
    }

    #[rstest]
    #[case("", "\r\n")]
    #[case("a", "YQ==\r\n")]
    #[case("ab", "YWI=\r\n")]
    #[case("abc", "YWJj\r\n")]
    #[case(&"a".repeat(57), &format!("{}\r\n", "YWFh".repeat(19)))]
    #[case(&"a".repeat(58), &format!("{}\r\nYQ==\r\n", "YWFh".repeat(19)))]
    fn encodes(#[case] content: &str, #[case] expected: &str) {
        let lines = encode(vec![content.into()], content.len()).unwrap();
        assert_eq!(String::from_utf8(lines).unwrap(), expected);
    }

    #[rstest]
    #[case(vec!["abc"], 2, "longer")]
    #[case(vec!["a", "b"], 1, "longer")]
    #[case(vec!["a", "b"], 3, "shorter")]
    #[case(vec![], 1, "shorter")]
    #[case(vec!["a"], 0, "longer")]
    fn a_file_of_another_size_is_none(
        #[case] chunks: Vec<&str>,
        #[case] size: usize,
        #[case] how: &str,
    ) {
        let chunks = chunks.into_iter().map(Into::into).collect();
        let fault = encode(chunks, size).unwrap_err();
        assert!(fault.to_string().contains(how), "{fault}");
    }

    /// Of 64 MB that come in chunks of 64 KiB, one chunk and one segment at most are here.
    #[tokio::test]
    async fn little_is_held() {
        const CHUNK: usize = 64 * 1024;
        let given = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&given);
        let chunks = stream::repeat(Bytes::from(vec![7; CHUNK]))
            .take(1024)
            .map(move |chunk| {
                counted.fetch_add(chunk.len(), Ordering::Relaxed);
                Ok(chunk)
            });
        let size = 1024 * CHUNK as u64;
        let mut lines = encoded(chunks.boxed(), size);
        let (mut taken, mut most) = (0, 0);
        while let Some(next) = lines.next().await {
            let next = next.unwrap();
            assert!(next.len() <= BASE64_MIME.encode_len(SEGMENT));
            taken += next.len();
            most = most.max(given.load(Ordering::Relaxed) - taken / 78 * 57);
        }
        assert_eq!(taken as u64, encoded_size(size));
        assert!(most <= CHUNK + SEGMENT, "{most}");
    }

    proptest! {
        #[test]
        fn however_it_is_cut(
            content in proptest::collection::vec(any::<u8>(), 0..100_000),
            cuts in proptest::collection::vec(1_usize..40_000, 0..20),
        ) {
            let mut rest = content.as_slice();
            let mut chunks = Vec::new();
            for cut in cuts {
                let (chunk, after) = rest.split_at(cut.min(rest.len()));
                chunks.push(chunk.to_vec());
                rest = after;
            }
            chunks.push(rest.to_vec());
            let lines = encode(chunks, content.len()).unwrap();
            prop_assert_eq!(lines.len() as u64, encoded_size(content.len() as u64));
            prop_assert!(lines.ends_with(b"\r\n"));
            let text = String::from_utf8(lines).unwrap();
            prop_assert!(text.split("\r\n").all(|line| line.len() <= 76 && !line.contains(['\r', '\n'])));
            if content.is_empty() {
                prop_assert_eq!(text, "\r\n");
            } else {
                prop_assert_eq!(BASE64_MIME.decode(text.as_bytes()).unwrap(), content);
            }
        }
    }
}

//! A mail in pieces: what is small is there, what is large is fetched while the mail is sent.

use std::{future, io};

use bytes::Bytes;
use futures_util::{
    TryStreamExt as _,
    future::BoxFuture,
    stream::{self, BoxStream, StreamExt as _},
};

use super::base64_lines::{encoded, encoded_size};

/// A composed mail, seven bits, with CRLF at the end of every line. Its files are not in it but are
/// asked for by their keys whenever it is read, so that no part of the way holds a whole one.
#[derive(Debug, Clone)]
pub struct Composed {
    /// With the empty line that ends it.
    header: String,
    body: Vec<Piece>,
}

/// What follows the header, in order.
#[derive(Debug, Clone)]
pub(super) enum Piece {
    /// As it stands in the mail.
    Ready(Bytes),
    /// In base64, encoded on the way.
    Known(Bytes),
    /// The same, of a file that stands elsewhere; in octets, as it is.
    Stored { key: String, size: u64 },
}

/// The octets of a mail or file, bit by bit.
pub type Chunks = BoxStream<'static, io::Result<Bytes>>;

impl Composed {
    pub(super) fn new(header: String, body: Vec<Piece>) -> Self {
        Self { header, body }
    }

    /// Octets of the whole mail, before dots are doubled: what it is announced with (RFC 1870).
    #[must_use]
    pub fn size(&self) -> u64 {
        let body: u64 = self.body.iter().map(Piece::size).sum();
        self.header.len() as u64 + body
    }

    /// Puts whole header lines, each with its CRLF, before the others.
    pub fn prepend(&mut self, lines: &str) {
        self.header.insert_str(0, lines);
    }

    /// The header with the empty line that ends it.
    #[must_use]
    pub fn header(&self) -> &str {
        &self.header
    }

    /// The whole mail. Can be read as often as the files can.
    ///
    /// `open` finds the content of a file by its key. The stream ends with an error where that fails, or
    /// where a file is not as long as the letter says.
    pub fn stream<O>(&self, open: O) -> Chunks
    where
        O: Fn(String) -> BoxFuture<'static, io::Result<Chunks>> + Send + 'static,
    {
        let header = Bytes::from(self.header.clone());
        stream::once(future::ready(Ok(header)))
            .chain(self.body(open))
            .boxed()
    }

    /// What follows the header; the rest is as with [`Composed::stream`].
    pub fn body<O>(&self, open: O) -> Chunks
    where
        O: Fn(String) -> BoxFuture<'static, io::Result<Chunks>> + Send + 'static,
    {
        stream::iter(self.body.clone())
            .then(move |piece| opened(piece, &open))
            .try_flatten()
            .boxed()
    }
}

impl Piece {
    fn size(&self) -> u64 {
        match self {
            Self::Ready(bytes) => bytes.len() as u64,
            Self::Known(bytes) => encoded_size(bytes.len() as u64),
            Self::Stored { size, .. } => encoded_size(*size),
        }
    }
}

fn opened<O>(piece: Piece, open: &O) -> BoxFuture<'static, io::Result<Chunks>>
where
    O: Fn(String) -> BoxFuture<'static, io::Result<Chunks>>,
{
    let size = match &piece {
        Piece::Ready(bytes) | Piece::Known(bytes) => bytes.len() as u64,
        Piece::Stored { size, .. } => *size,
    };
    let at_once = |chunks| Box::pin(future::ready(Ok(chunks)));
    match piece {
        Piece::Ready(bytes) => at_once(only(bytes)),
        Piece::Known(bytes) => at_once(encoded(only(bytes), size)),
        Piece::Stored { key, .. } => {
            let opening = open(key);
            Box::pin(async move { Ok(encoded(opening.await?, size)) })
        }
    }
}

fn only(bytes: Bytes) -> Chunks {
    stream::once(future::ready(Ok(bytes))).boxed()
}

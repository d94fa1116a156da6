//! The body: text and HTML as alternatives, in seven bits and short lines (RFC 2045, RFC 2046), with the
//! pictures that the HTML shows (RFC 2387) and the files beside it.
//!
//! ```text
//! multipart/mixed            only where something is attached
//! ├ multipart/alternative
//! │ ├ text/plain
//! │ └ multipart/related      only where the HTML shows pictures
//! │   ├ text/html
//! │   └ image/…
//! └ application/…
//! ```

use bytes::Bytes;
use data_encoding::HEXLOWER;
use lettre::message::{
    SinglePart,
    header::{ContentTransferEncoding, ContentType},
};
use sha2::{Digest, Sha256};

use super::{
    cid::{CidOf, content_id},
    composed::Piece,
    part_header::{self, Place},
    part_names::Names,
};
use crate::domain::{
    ids::MessageId,
    letter::{Attached, Enclosed, EntryBody, SealedLetter},
};

/// A part of the mail.
#[derive(Debug)]
pub(super) struct Part {
    /// Its `Content-` lines, each with its CRLF.
    pub(super) header: String,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Whole(Piece),
    Parts { boundary: String, parts: Vec<Part> },
}

/// The whole body. The later of two alternatives is what most readers see.
pub(super) fn of(letter: &SealedLetter, text: &str, html: &str) -> Part {
    let Files {
        mut pictures,
        mut attached,
    } = Files::of(letter);
    let id = &letter.message_id;
    let html = words(ContentType::TEXT_HTML, html);
    let html = if pictures.is_empty() {
        html
    } else {
        pictures.insert(0, html);
        multipart(Kind::Related, pictures, id)
    };
    let text = words(ContentType::TEXT_PLAIN, text);
    let alternative = multipart(Kind::Alternative, vec![text, html], id);
    if attached.is_empty() {
        return alternative;
    }
    attached.insert(0, alternative);
    multipart(Kind::Mixed, attached, id)
}

impl Part {
    /// What follows the header and the empty line that ends it.
    pub(super) fn into_pieces(self) -> Vec<Piece> {
        let mut pieces = Pieces::default();
        pieces.write(self.content);
        pieces.finish()
    }
}

/// Every file of the letter, each where it belongs.
#[derive(Default)]
struct Files {
    pictures: Vec<Part>,
    attached: Vec<Part>,
}

impl Files {
    fn of(letter: &SealedLetter) -> Self {
        let mut files = Self::default();
        let mut names = Names::default();
        if let Some(logo) = &letter.look.logo {
            let content = Piece::Known(Bytes::copy_from_slice(&logo.content));
            let name = format!("logo{}", ending(logo.content_type));
            let place = inline(letter, CidOf::Logo);
            files
                .pictures
                .push(file(logo.content_type, &name, &place, content));
        }
        for (at, entry) in letter.entries.iter().enumerate() {
            let EntryBody::File {
                file: shared,
                enclosed: Enclosed::Attached(enclosed),
                ..
            } = &entry.body
            else {
                continue;
            };
            let name = names.choose(&shared.filename, &enclosed.content_type);
            files.take(at, enclosed, &name, letter);
        }
        files
    }

    fn take(&mut self, at: usize, enclosed: &Attached, name: &str, letter: &SealedLetter) {
        let content = Piece::Stored {
            key: enclosed.key.clone(),
            size: enclosed.size,
        };
        let shown = enclosed.picture.as_ref().map(|picture| &picture.preview);
        match shown {
            // Shown, and not attached besides.
            Some(None) => {
                let place = inline(letter, CidOf::Entry(at));
                self.pictures
                    .push(file(&enclosed.content_type, name, &place, content));
                return;
            }
            Some(Some(preview)) => {
                let content = Piece::Known(preview.content.clone());
                let name = format!("preview-{}{}", at + 1, ending(&preview.content_type));
                let place = inline(letter, CidOf::Entry(at));
                self.pictures
                    .push(file(&preview.content_type, &name, &place, content));
            }
            None => {}
        }
        self.attached.push(file(
            &enclosed.content_type,
            name,
            &Place::Attached,
            content,
        ));
    }
}

fn inline(letter: &SealedLetter, what: CidOf) -> Place {
    Place::Inline {
        content_id: content_id(letter, what),
    }
}

fn file(content_type: &str, name: &str, place: &Place, content: Piece) -> Part {
    Part {
        header: part_header::file(content_type, name, place),
        content: Content::Whole(content),
    }
}

/// Of the name of a picture that is ours.
fn ending(content_type: &str) -> &'static str {
    match content_type {
        "image/jpeg" => ".jpg",
        "image/gif" => ".gif",
        _ => ".png",
    }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Mixed,
    Alternative,
    Related,
}

fn multipart(kind: Kind, parts: Vec<Part>, id: &MessageId) -> Part {
    // None of them begins like another one.
    let (name, mark) = match kind {
        Kind::Mixed => ("mixed", "m"),
        Kind::Alternative => ("alternative", ""),
        Kind::Related => ("related; type=\"text/html\"", "r"),
    };
    let boundary = boundary(mark, id);
    Part {
        header: format!("Content-Type: multipart/{name};\r\n boundary=\"{boundary}\"\r\n"),
        content: Content::Parts { boundary, parts },
    }
}

/// Never unencoded, as lettre would do it where it can: servers on the way may cut the space off a
/// line's end (the mark above a signature has one), and only an encoding keeps the boundary out of
/// the text.
fn words(content_type: ContentType, text: &str) -> Part {
    let part = encoded(content_type, text);
    let mut body = part.raw_body().to_vec();
    body.extend_from_slice(b"\r\n");
    Part {
        header: part.headers().to_string(),
        content: Content::Whole(Piece::Ready(body.into())),
    }
}

fn encoded(content_type: ContentType, text: &str) -> SinglePart {
    let text = lines(text);
    // Spam filters count base64 against a text that could be read without it.
    let beyond_ascii = text.bytes().filter(|byte| !byte.is_ascii()).count();
    let encoding = if beyond_ascii * 2 > text.len() {
        ContentTransferEncoding::Base64
    } else {
        ContentTransferEncoding::QuotedPrintable
    };
    SinglePart::builder()
        .header(content_type)
        .header(encoding)
        .body(text)
}

/// Bound to the message, so that composing anew gives the same bytes; `=_` occurs in neither
/// transfer encoding, so no content can contain it (RFC 2045 section 6.7).
fn boundary(mark: &str, id: &MessageId) -> String {
    let digest = Sha256::digest(id.as_str().as_bytes());
    format!("=_{mark}{}", &HEXLOWER.encode(&digest)[..32])
}

/// Gathers what is ready between two files.
#[derive(Default)]
struct Pieces {
    done: Vec<Piece>,
    ready: Vec<u8>,
}

impl Pieces {
    fn write(&mut self, content: Content) {
        match content {
            Content::Whole(Piece::Ready(bytes)) => self.ready.extend_from_slice(&bytes),
            Content::Whole(file) => {
                self.flush();
                self.done.push(file);
            }
            Content::Parts { boundary, parts } => {
                for part in parts {
                    let begin = format!("--{boundary}\r\n{}\r\n", part.header);
                    self.ready.extend_from_slice(begin.as_bytes());
                    self.write(part.content);
                }
                let end = format!("--{boundary}--\r\n");
                self.ready.extend_from_slice(end.as_bytes());
            }
        }
    }

    fn flush(&mut self) {
        if !self.ready.is_empty() {
            let ready = std::mem::take(&mut self.ready);
            self.done.push(Piece::Ready(ready.into()));
        }
    }

    fn finish(mut self) -> Vec<Piece> {
        self.flush();
        self.done
    }
}

/// The text with CRLF at the end of its lines, and without control characters: mail programs show
/// them as boxes or stop at them. lettre would see to the line ends, but by moving the whole rest
/// of the text for each: a mail of blank lines would keep it busy for minutes.
fn lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 32);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\r\n"),
            '\t' => out.push(c),
            _ if c.is_control() => {}
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn encoded(text: &str) -> String {
        let part = super::encoded(ContentType::TEXT_PLAIN, text);
        String::from_utf8(part.raw_body().to_vec()).unwrap()
    }

    #[rstest]
    #[case("Hello = world", "Hello =3D world")]
    #[case("a \n\tb\t\n", "a=20\r\n\tb=09\r\n")]
    #[case("The size, Größe", "The size, Gr=C3=B6=C3=9Fe")]
    #[case("a\r\n\r\nb\0", "a\r\n\r\nb")]
    #[case("OK\n\nAnn · Bootlin", "OK\r\n\r\nAnn =C2=B7 Bootlin")]
    #[case("日本", "5pel5pys")]
    #[case("", "")]
    fn encodes_what_could_be_harmed(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(encoded(text), expected);
    }

    #[test]
    fn breaks_long_lines() {
        let mixed = "é".repeat(500) + &"x ".repeat(2000);
        for text in [
            "x".repeat(1000),
            "é".repeat(1000),
            "日本".repeat(500),
            mixed,
        ] {
            let body = encoded(&text);
            assert!(body.lines().all(|line| line.len() <= 76), "{body}");
            assert!(body.is_ascii());
        }
    }

    #[test]
    fn a_million_lines_take_no_time() {
        assert_eq!(encoded(&"\n".repeat(1_000_000)).len(), 2_000_000);
    }
}

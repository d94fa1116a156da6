//! Links that name a user: matrix.to, Element's and other clients' own, and `matrix:`.

use super::candidate::{Candidate, Unusable, exact};

/// The text without the links in it, and what they name.
pub(super) fn take_out(text: &str) -> (String, Vec<Candidate>) {
    let mut rest = String::with_capacity(text.len());
    let mut found = Vec::new();
    for (line, of_text) in text.lines().enumerate() {
        if line > 0 {
            rest.push('\n');
        }
        for word in of_text.split(' ') {
            // Markdown and mail programs write `[words](link)` and `words<link>`.
            for piece in word.split_inclusive(['<', '>', '(', ')', '[', ']', '"']) {
                match named(piece) {
                    Some(candidate) => {
                        found.push(candidate);
                        rest.push(' ');
                    }
                    None => rest.push_str(piece),
                }
            }
            rest.push(' ');
        }
    }
    (rest, found)
}

fn named(piece: &str) -> Option<Candidate> {
    // Of the same length, so that places are the same.
    let lower = piece.to_ascii_lowercase();
    if let Some(at) = lower
        .find("matrix:u/")
        .map(|at| at + 9)
        .or_else(|| lower.find("matrix:user/").map(|at| at + 12))
    {
        return Some(exact(&cut(&piece[at..])));
    }
    for (mark, must_be_user) in [
        ("matrix.to/#/", false),
        ("/#/user/", true),
        ("/#/room/", false),
    ] {
        let Some(at) = lower.find(mark) else { continue };
        let id = cut(&piece[at + mark.len()..]);
        return Some(if id.starts_with('@') || must_be_user {
            exact(&id)
        } else {
            Candidate::Unusable(Unusable::Room)
        });
    }
    None
}

/// What a link names, without its query, decoded.
fn cut(rest: &str) -> String {
    let end = rest.find(['?', '&', '<', '>', '"', ')', ']', '(', '[']);
    decoded(&rest[..end.unwrap_or(rest.len())])
}

/// Without percent-encoding (RFC 3986 section 2.1); what isn't text stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let pair = tail
            .get(..2)
            .and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

//! Finds the end of a mail after DATA and takes the stuffed dots out (RFC 5321 section 4.5.2).

use bytes::{Buf, BytesMut};

/// Reads a mail in chunks of any size. Only CRLF `.` CRLF ends it: servers that also see an end
/// in `LF.LF` or the like let a stranger smuggle a second mail past the one before them. Bare CR
/// and LF stay in the mail as they are.
#[derive(Debug, Default)]
pub(super) struct Unstuffer {
    state: State,
}

#[derive(Debug, Default, Clone, Copy)]
enum State {
    /// At the start of the mail, or after CRLF.
    #[default]
    LineStart,
    Text,
    /// After a CR that has been passed on.
    Cr,
    /// After a dot at the start of a line, which has not been passed on.
    Dot,
    /// After such a dot and a CR, neither of which has been passed on.
    DotCr,
}

impl Unstuffer {
    /// Moves what belongs to the mail from `input` to `mail`; `true` at its end, when the rest of
    /// `input` are commands again.
    pub(super) fn push(&mut self, input: &mut BytesMut, mail: &mut BytesMut) -> bool {
        while !input.is_empty() {
            if matches!(self.state, State::Text) {
                let text = input
                    .iter()
                    .position(|b| *b == b'\r')
                    .unwrap_or(input.len());
                mail.extend_from_slice(&input[..text]);
                input.advance(text);
                if input.is_empty() {
                    break;
                }
            }
            let octet = input.get_u8();
            self.state = match (self.state, octet) {
                (State::LineStart, b'.') => State::Dot,
                (State::Dot, b'\r') => State::DotCr,
                (State::DotCr, b'\n') => {
                    self.state = State::LineStart;
                    return true;
                }
                (state, octet) => {
                    let mut before = state;
                    if matches!(state, State::DotCr) {
                        mail.extend_from_slice(b"\r");
                        before = State::Cr;
                    }
                    mail.extend_from_slice(&[octet]);
                    match (before, octet) {
                        (_, b'\r') => State::Cr,
                        (State::Cr, b'\n') => State::LineStart,
                        _ => State::Text,
                    }
                }
            };
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    /// The mail read from `wire` in chunks of `size`, and what is left; `None` without an end.
    fn read(wire: &[u8], size: usize) -> Option<(Vec<u8>, Vec<u8>)> {
        let mut unstuffer = Unstuffer::default();
        let mut mail = BytesMut::new();
        let mut chunks = wire.chunks(size);
        while let Some(chunk) = chunks.next() {
            let mut input = BytesMut::from(chunk);
            if unstuffer.push(&mut input, &mut mail) {
                let mut rest = input.to_vec();
                rest.extend(chunks.flatten());
                return Some((mail.to_vec(), rest));
            }
        }
        None
    }

    #[rstest]
    #[case(b".\r\n", b"", b"")]
    #[case(b"a\r\n.\r\nQUIT\r\n", b"a\r\n", b"QUIT\r\n")]
    #[case(b"..\r\n.\r\n", b".\r\n", b"")]
    #[case(b"...x\r\n.y\r\n.\r\n", b"..x\r\ny\r\n", b"")]
    #[case(b"a\r\n.\r.\r\n.\r\n", b"a\r\n\r.\r\n", b"")]
    #[case(b"a\r\n.\r\r\n.\r\n", b"a\r\n\r\r\n", b"")]
    #[case(b"a\r\r\n.\r\n", b"a\r\r\n", b"")]
    fn ends_and_unstuffs(
        #[case] wire: &[u8],
        #[case] mail: &[u8],
        #[case] rest: &[u8],
        #[values(1, 2, 3, 100)] size: usize,
    ) {
        assert_eq!(read(wire, size), Some((mail.to_vec(), rest.to_vec())));
    }

    #[rstest]
    #[case(b"a\n.\nMAIL FROM:<x@y>\r\n")]
    #[case(b"a\r\n.\nMAIL FROM:<x@y>\r\n")]
    #[case(b"a\n.\r\nMAIL FROM:<x@y>\r\n")]
    #[case(b"a\r.\r\nMAIL FROM:<x@y>\r\n")]
    #[case(b"a\r\n.\rMAIL FROM:<x@y>\r\n")]
    #[case(b"a\n\r.\r\nMAIL FROM:<x@y>\r\n")]
    fn nothing_else_ends_a_mail(#[case] wire: &[u8], #[values(1, 2, 100)] size: usize) {
        assert_eq!(read(wire, size), None);
    }

    proptest! {
        #[test]
        fn any_mail_arrives_as_it_was(
            body in proptest::collection::vec(
                prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), any::<u8>()], 0..200),
            size in 1usize..40,
        ) {
            let mut mail = body;
            mail.extend_from_slice(b"\r\n");
            let mut wire = super::super::tests::stuffed(&mail);
            wire.extend_from_slice(b".\r\nQUIT\r\n");
            prop_assert_eq!(read(&wire, size), Some((mail, b"QUIT\r\n".to_vec())));
        }
    }
}

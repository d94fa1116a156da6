//! The octets of a mail as they follow DATA (RFC 5321 section 4.5.2).

/// Writes a mail that comes in pieces with a second dot before each that begins a line, every line ended
/// by CRLF: a bare CR or LF would let a mail smuggle in another one.
#[derive(Debug)]
pub(super) struct Stuffing {
    is_at_start: bool,
    /// The last octet was a CR, whose line end is written.
    after_cr: bool,
}

impl Stuffing {
    pub(super) fn new() -> Self {
        Self {
            is_at_start: true,
            after_cr: false,
        }
    }

    /// Appends at most twice as much to `out`, and a line end.
    pub(super) fn write(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let mut rest = piece;
        if self.after_cr {
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
            self.after_cr = piece.is_empty();
        }
        while let Some(&first) = rest.first() {
            if self.is_at_start && first == b'.' {
                out.push(b'.');
            }
            let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let (line, after) = rest.split_at(end.unwrap_or(rest.len()));
            out.extend_from_slice(line);
            self.is_at_start = end.is_some();
            rest = match after {
                [b'\r', b'\n', rest @ ..] | [b'\r' | b'\n', rest @ ..] => {
                    out.extend_from_slice(b"\r\n");
                    rest
                }
                _ => after,
            };
            self.after_cr = after == b"\r";
        }
    }

    /// Ends the last line.
    pub(super) fn finish(self, out: &mut Vec<u8>) {
        if !self.is_at_start {
            out.extend_from_slice(b"\r\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn stuffed<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> String {
        let mut out = Vec::new();
        let mut stuffing = Stuffing::new();
        for piece in pieces {
            stuffing.write(piece, &mut out);
        }
        stuffing.finish(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[rstest]
    #[case("a\r\n.\r\n..b\r\n", "a\r\n..\r\n...b\r\n")]
    #[case(".a", "..a\r\n")]
    #[case("a\n.\nb\r.\rc", "a\r\n..\r\nb\r\n..\r\nc\r\n")]
    #[case("a\r\r\n\n\r", "a\r\n\r\n\r\n\r\n")]
    #[case("", "")]
    fn stuffs_dots(#[case] mail: &str, #[case] expected: &str) {
        assert_eq!(stuffed([mail.as_bytes()]), expected);
    }

    proptest! {
        #[test]
        fn however_it_is_cut(mail in "[.\r\na]{0,30}", cuts in proptest::collection::vec(0_usize..5, 0..20)) {
            let mut rest = mail.as_bytes();
            let mut pieces = Vec::new();
            for cut in cuts {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                pieces.push(piece);
                rest = after;
            }
            pieces.push(rest);
            let whole = stuffed([mail.as_bytes()]);
            prop_assert_eq!(stuffed(pieces), whole.clone());
            prop_assert!(!whole.replace("\r\n", "").contains(['\r', '\n']));
            let with_what_goes_before = format!("\r\n{whole}");
            prop_assert!(!with_what_goes_before.contains("\r\n.\r\n"));
        }
    }
}

//! What S/MIME wraps (RFC 5652, RFC 8551), as far as it can be read without a key.
//!
//! Programs write it in DER, but also in BER, with lengths that are not said before the end and
//! with strings cut to pieces; so both are read, without recursion.

/// What a `application/pkcs7-mime` part holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Signed,
    Enveloped,
    /// Something else, or damaged.
    Other,
}

pub(super) fn kind(octets: &[u8]) -> Kind {
    let read = || {
        let (content_info, _) = Reader(octets).enter(SEQUENCE)?;
        let (identifier, _) = content_info.take()?;
        (identifier.tag == OBJECT_IDENTIFIER).then_some(identifier.content)
    };
    match read() {
        Some(SIGNED_DATA) => Kind::Signed,
        Some(ENVELOPED_DATA | AUTH_ENVELOPED_DATA) => Kind::Enveloped,
        _ => Kind::Other,
    }
}

/// The content of a `SignedData` (RFC 5652 section 5.1): the mail that is signed. `None` if there is
/// none, or if it can't be read.
pub(super) fn signed_content(octets: &[u8]) -> Option<Vec<u8>> {
    let (content_info, _) = Reader(octets).enter(SEQUENCE)?;
    let (identifier, rest) = content_info.take()?;
    if identifier.content != SIGNED_DATA {
        return None;
    }
    let (signed_data, _) = rest.enter(EXPLICIT_0)?.0.enter(SEQUENCE)?;
    let (_version, rest) = signed_data.take()?;
    let (_digests, rest) = rest.skip()?;
    let (encapsulated, _) = rest.enter(SEQUENCE)?;
    let (_identifier, rest) = encapsulated.take()?;
    let (explicit, _) = rest.enter(EXPLICIT_0)?;
    explicit.string()
}

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;
const OCTET_STRING: u8 = 0x04;
const CONSTRUCTED: u8 = 0x20;
const EXPLICIT_0: u8 = 0xa0;
/// 1.2.840.113549.1.7.2
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// 1.2.840.113549.1.7.3
const ENVELOPED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03];
/// 1.2.840.113549.1.9.16.1.23 (RFC 5083)
const AUTH_ENVELOPED_DATA: &[u8] = &[
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x17,
];
/// Of constructed values within each other, while one is skipped or joined.
const DEEPEST: usize = 16;

/// What is left to read.
#[derive(Debug, Clone, Copy)]
struct Reader<'a>(&'a [u8]);

/// A value whose length is known.
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Tag, length (`None` if it is indefinite) and what follows them.
    fn header(self) -> Option<(u8, Option<usize>, &'a [u8])> {
        let (&[tag, first], rest) = self.0.split_first_chunk()?;
        match first {
            0..0x80 => Some((tag, Some(usize::from(first)), rest)),
            0x80 => Some((tag, None, rest)),
            _ => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                let digits = match digits.iter().position(|digit| *digit != 0) {
                    Some(start) => &digits[start..],
                    None => &[],
                };
                if digits.len() > 4 {
                    return None;
                }
                let length = digits
                    .iter()
                    .fold(0, |length, digit| length << 8 | usize::from(*digit));
                Some((tag, Some(length), rest))
            }
        }
    }

    /// The next value, which must have a definite length, and the reader after it.
    fn take(self) -> Option<(Element<'a>, Self)> {
        let (tag, length, rest) = self.header()?;
        let (content, rest) = rest.split_at_checked(length?)?;
        Some((Element { tag, content }, Self(rest)))
    }

    /// Into the next value, which must have this tag: a reader of its content. The second reader
    /// stands after it, where the length is known. A content that ends too early is read as far as
    /// it goes.
    fn enter(self, wanted: u8) -> Option<(Self, Option<Self>)> {
        let (tag, length, rest) = self.header()?;
        if tag != wanted {
            return None;
        }
        Some(match length {
            Some(length) if length <= rest.len() => {
                (Self(&rest[..length]), Some(Self(&rest[length..])))
            }
            _ => (Self(rest), None),
        })
    }

    /// Past the next value, whatever its form.
    fn skip(self) -> Option<((), Self)> {
        let mut reader = self;
        let mut open = 0_usize;
        loop {
            let (tag, length, rest) = reader.header()?;
            match length {
                // The end of an indefinite one.
                Some(0) if tag == 0 && open > 0 => {
                    open -= 1;
                    reader = Self(rest);
                }
                Some(length) => reader = Self(rest.get(length..)?),
                None if open == DEEPEST => return None,
                None => {
                    open += 1;
                    reader = Self(rest);
                }
            }
            if open == 0 {
                return Some(((), reader));
            }
        }
    }

    /// A string of octets, whole or in pieces.
    fn string(self) -> Option<Vec<u8>> {
        let (tag, length, rest) = self.header()?;
        if tag == OCTET_STRING {
            // Cut off on the way: what is there is better than nothing.
            return Some(rest[..length?.min(rest.len())].to_vec());
        }
        if tag != OCTET_STRING | CONSTRUCTED {
            return None;
        }
        let mut reader = Self(match length {
            Some(length) => &rest[..length.min(rest.len())],
            None => rest,
        });
        let mut joined = Vec::new();
        let mut open = 1_usize;
        while let Some((tag, length, rest)) = reader.header() {
            match (tag, length) {
                (OCTET_STRING, Some(length)) => {
                    let length = length.min(rest.len());
                    joined.extend_from_slice(&rest[..length]);
                    reader = Self(&rest[length..]);
                }
                // Pieces within pieces: their heads are all there is to pass by.
                (_, None) if tag == OCTET_STRING | CONSTRUCTED && open < DEEPEST => {
                    open += 1;
                    reader = Self(rest);
                }
                (_, Some(_)) if tag == OCTET_STRING | CONSTRUCTED => reader = Self(rest),
                (0, Some(0)) => {
                    open -= 1;
                    reader = Self(rest);
                    if open == 0 {
                        break;
                    }
                }
                _ => break,
            }
        }
        Some(joined)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    /// A value in DER.
    pub fn value(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x84], &length[..], content].concat()
    }

    /// A value in BER, without a length.
    fn endless(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, 0x80], content, &[0, 0]].concat()
    }

    /// What a signing program makes of `mail`, less certificates and signatures.
    pub fn signed(mail: &[u8]) -> Vec<u8> {
        wrap(&value(OCTET_STRING, mail), value)
    }

    fn wrap(string: &[u8], write: impl Fn(u8, &[u8]) -> Vec<u8>) -> Vec<u8> {
        let data = value(OBJECT_IDENTIFIER, &SIGNED_DATA[..8]);
        let encapsulated = write(SEQUENCE, &[data, write(EXPLICIT_0, string)].concat());
        let digests = write(0x31, &value(SEQUENCE, &[]));
        let signed_data = write(
            SEQUENCE,
            &[value(0x02, &[1]), digests, encapsulated].concat(),
        );
        write(
            SEQUENCE,
            &[
                value(OBJECT_IDENTIFIER, SIGNED_DATA),
                write(EXPLICIT_0, &signed_data),
            ]
            .concat(),
        )
    }

    #[rstest]
    #[case::der(signed(b"one two"))]
    #[case::ber(wrap(&endless(0x24, &[value(4, b"one "), value(4, b"two")].concat()), endless))]
    #[case::pieces(wrap(&value(0x24, &[value(4, b"one "), value(4, b"two")].concat()), value))]
    #[case::nested(wrap(
        &endless(0x24, &[endless(0x24, &value(4, b"one ")), value(0x24, &value(4, b"two"))].concat()),
        endless
    ))]
    fn finds_what_is_signed(#[case] octets: Vec<u8>) {
        assert_eq!(kind(&octets), Kind::Signed);
        assert_eq!(signed_content(&octets).as_deref(), Some(&b"one two"[..]));
    }

    #[test]
    fn knows_what_is_encrypted() {
        let octets = value(SEQUENCE, &value(OBJECT_IDENTIFIER, ENVELOPED_DATA));
        assert_eq!(kind(&octets), Kind::Enveloped);
        assert_eq!(signed_content(&octets), None);
        assert_eq!(kind(b"no such thing"), Kind::Other);
    }

    proptest! {
        #[test]
        fn survives_anything(at in 0_usize..90, octets in proptest::collection::vec(any::<u8>(), 0..20)) {
            let mut message = signed(b"one two");
            let at = at.min(message.len());
            let end = (at + octets.len()).min(message.len());
            message.splice(at..end, octets);
            kind(&message);
            let content = signed_content(&message).unwrap_or_default();
            prop_assert!(content.len() <= message.len());
        }
    }
}

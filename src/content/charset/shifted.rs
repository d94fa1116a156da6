//! Seven-bit character sets of East Asia that switch between ASCII and others: ISO-2022-KR (RFC
//! 1557), ISO-2022-CN (RFC 1922) and HZ (RFC 1843). Browsers refuse them, mails still come in them.

use encoding_rs::{EUC_KR, Encoding, GBK};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Korean,
    Chinese,
    Hz,
}

/// Decodes; `None` if octets with the high bit say that it is something else.
pub(super) fn decode(bytes: &[u8], kind: Kind) -> Option<String> {
    if !bytes.is_ascii() {
        return None;
    }
    let mut octets = Vec::with_capacity(bytes.len());
    let mut shifted = false;
    let mut rest = bytes;
    while let Some((&octet, after)) = rest.split_first() {
        rest = after;
        match (kind, octet, after.first()) {
            (Kind::Hz, b'~', Some(second @ (b'{' | b'}' | b'~' | b'\n'))) => {
                rest = &after[1..];
                match second {
                    b'{' => shifted = true,
                    b'}' => shifted = false,
                    b'~' => octets.push(b'~'),
                    _ => {}
                }
            }
            (Kind::Korean | Kind::Chinese, 0x0e, _) => shifted = true,
            (Kind::Korean | Kind::Chinese, 0x0f, _) => shifted = false,
            // What the other set is: there is only one in use.
            (Kind::Korean | Kind::Chinese, 0x1b, Some(b'$')) => {
                rest = after.get(3..).unwrap_or_default();
            }
            // A line begins in ASCII.
            (_, b'\n', _) => {
                shifted = false;
                octets.push(octet);
            }
            (_, 0x21..=0x7e, _) if shifted => octets.push(octet | 0x80),
            _ => octets.push(octet),
        }
    }
    let encoding: &Encoding = match kind {
        Kind::Korean => EUC_KR,
        Kind::Chinese | Kind::Hz => GBK,
    };
    Some(encoding.decode_without_bom_handling(&octets).0.into_owned())
}

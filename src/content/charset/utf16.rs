//! UTF-16 (RFC 2781), which mails must not use and sometimes do.

use encoding_rs::{UTF_16BE, UTF_16LE};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
    /// The mark at the beginning says it, or else where the zeros are.
    Any,
}

/// Decodes; a mark at the beginning is believed before `order`.
pub(super) fn decode(bytes: &[u8], order: Order) -> String {
    let encoding = match order {
        Order::Little => UTF_16LE,
        Order::Big => UTF_16BE,
        // Without a mark big-endian is the rule, and little-endian the habit.
        Order::Any => match zeros(bytes) {
            (even, odd) if even > odd => UTF_16BE,
            _ => UTF_16LE,
        },
    };
    // Not encoded at all, whatever the label says.
    if !bytes.contains(&0)
        && let Ok(text) = std::str::from_utf8(bytes)
        && text.is_ascii()
    {
        return text.to_owned();
    }
    encoding.decode(bytes).0.into_owned()
}

/// Decodes what nobody declared, if it can be nothing else: every other octet is zero nearly always,
/// and the others never.
pub(super) fn detect(bytes: &[u8]) -> Option<String> {
    if bytes.len() < SHORTEST {
        return None;
    }
    let (even, odd) = zeros(bytes);
    let half = bytes.len().min(LOOKED_AT) / 2;
    let most = half - half / 5;
    match (even, odd) {
        (0, odd) if odd >= most => Some(decode(bytes, Order::Little)),
        (even, 0) if even >= most => Some(decode(bytes, Order::Big)),
        _ => None,
    }
}

/// How many zeros stand at even and at odd places.
fn zeros(bytes: &[u8]) -> (usize, usize) {
    let start = &bytes[..bytes.len().min(LOOKED_AT)];
    let at = |parity: usize| {
        let places = start.iter().skip(parity).step_by(2);
        places.filter(|octet| **octet == 0).count()
    };
    (at(0), at(1))
}

const SHORTEST: usize = 16;
const LOOKED_AT: usize = 1024;

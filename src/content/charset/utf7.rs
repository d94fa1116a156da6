//! UTF-7 (RFC 2152).

/// Decodes; `None` if octets with the high bit say that it is something else.
pub(super) fn decode(bytes: &[u8]) -> Option<String> {
    if !bytes.is_ascii() {
        return None;
    }
    let mut out = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&octet, after)) = rest.split_first() {
        rest = after;
        if octet != b'+' {
            out.push(char::from(octet));
            continue;
        }
        let length = after
            .iter()
            .take_while(|octet| value(**octet).is_some())
            .count();
        let (encoded, after) = after.split_at(length);
        if encoded.is_empty() {
            out.push('+');
        } else {
            let units = units(encoded);
            out.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{fffd}')));
        }
        rest = after.strip_prefix(b"-").unwrap_or(after);
    }
    Some(out)
}

fn units(encoded: &[u8]) -> Vec<u16> {
    let mut units = Vec::with_capacity(encoded.len() * 6 / 16);
    let (mut bits, mut count) = (0_u32, 0);
    for octet in encoded {
        bits = bits << 6 | value(*octet).unwrap_or(0);
        count += 6;
        if count >= 16 {
            count -= 16;
            units.push((bits >> count & 0xffff) as u16);
        }
    }
    units
}

fn value(octet: u8) -> Option<u32> {
    Some(u32::from(match octet {
        b'A'..=b'Z' => octet - b'A',
        b'a'..=b'z' => octet - b'a' + 26,
        b'0'..=b'9' => octet - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

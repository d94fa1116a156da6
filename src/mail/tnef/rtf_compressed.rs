//! Compressed rich text (MS-OXRTFCP): a dictionary of 4 KiB that begins with usual words.

/// Undoes the compression; `None` if it is none. What is damaged ends early.
pub(super) fn decompress(octets: &[u8]) -> Option<Vec<u8>> {
    let number = |at: usize| {
        let four = octets.get(at..)?.first_chunk()?;
        Some(u32::from_le_bytes(*four))
    };
    let length = usize::try_from(number(4)?).ok()?.min(LONGEST);
    let content = octets.get(16..)?;
    match number(8)? {
        COMPRESSED => Some(expand(content, length)),
        UNCOMPRESSED => Some(content[..length.min(content.len())].to_vec()),
        _ => None,
    }
}

fn expand(content: &[u8], length: usize) -> Vec<u8> {
    let mut dictionary = [b' '; SIZE];
    dictionary[..WORDS.len()].copy_from_slice(WORDS);
    let mut write = WORDS.len();
    let mut out = Vec::with_capacity(length.min(content.len() * 2));
    let mut rest = content.iter().copied();
    let mut emit = |octet: u8, dictionary: &mut [u8; SIZE], out: &mut Vec<u8>| {
        out.push(octet);
        dictionary[write] = octet;
        write = (write + 1) % SIZE;
        write
    };
    let mut end = WORDS.len();
    while let Some(control) = rest.next() {
        for bit in 0..8 {
            if out.len() >= length {
                return out;
            }
            let Some(first) = rest.next() else {
                return out;
            };
            if control >> bit & 1 == 0 {
                end = emit(first, &mut dictionary, &mut out);
                continue;
            }
            let Some(second) = rest.next() else {
                return out;
            };
            let reference = usize::from(first) << 8 | usize::from(second);
            let offset = reference >> 4;
            if offset == end {
                return out;
            }
            for step in 0..(reference & 0xf) + 2 {
                let octet = dictionary[(offset + step) % SIZE];
                end = emit(octet, &mut dictionary, &mut out);
            }
        }
    }
    out
}

/// `LZFu`
const COMPRESSED: u32 = 0x7546_5a4c;
/// `MELA`
const UNCOMPRESSED: u32 = 0x414c_454d;
const SIZE: usize = 4096;
/// In octets; HTML is not shown beyond that, either.
const LONGEST: usize = 4 * 1024 * 1024;
/// What the dictionary begins with (MS-OXRTFCP section 2.1.2.1).
const WORDS: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \
\\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\
\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of MS-OXRTFCP section 4.1.1, in its own words.
    #[test]
    fn expands() {
        assert_eq!(WORDS.len(), 207);
        let mut octets = Vec::new();
        let content = [
            0x03, 0x00, 0x0a, 0x00, b'r', b'c', b'p', b'g', b'1', b'2', b'5', 0x42, b'2', 0x0a,
            0xf3, b' ', b'h', b'e', b'l', 0x09, 0x00, b' ', b'b', b'w', 0x05, 0xb0, b'l', b'd',
            b'}', 0x0a, 0x80, 0x0f, 0xa0,
        ];
        octets.extend_from_slice(&(u32::try_from(content.len()).unwrap() + 12).to_le_bytes());
        octets.extend_from_slice(&43_u32.to_le_bytes());
        octets.extend_from_slice(b"LZFu\0\0\0\0");
        octets.extend_from_slice(&content);
        let text = decompress(&octets).unwrap();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
        );
    }

    #[test]
    fn ends_where_the_octets_do() {
        assert_eq!(
            decompress(b"\x10\0\0\0\xff\xff\xff\xffLZFu\0\0\0\0\0ab"),
            Some(b"ab".to_vec())
        );
        assert_eq!(
            decompress(b"\x10\0\0\0\x02\0\0\0MELA\0\0\0\0abc"),
            Some(b"ab".to_vec())
        );
        assert_eq!(decompress(b"nothing of the kind"), None);
    }
}

//! The stream cut into attributes (MS-OXTNEF section 2.1.3), and these into properties (2.1.3.4).

use std::ops::Range;

/// One attribute of the mail or of a file in it.
#[derive(Debug)]
pub(super) struct Attribute {
    pub id: u32,
    pub range: Range<usize>,
}

/// One property of MAPI.
#[derive(Debug)]
pub(super) struct Property {
    pub id: u16,
    pub value: Value,
}

/// Ranges are those of the whole stream.
#[derive(Debug)]
pub(super) enum Value {
    /// In the mail's codepage.
    Text(Range<usize>),
    /// UTF-16.
    Unicode(Range<usize>),
    Binary(Range<usize>),
    /// Begins with the id of its interface.
    Object(Range<usize>),
    Number(u32),
    Other,
}

/// The attributes in `range`, and whether all could be read; `None` if it is no such stream.
pub(super) fn attributes(octets: &[u8], range: Range<usize>) -> Option<(Vec<Attribute>, bool)> {
    let mut cursor = Cursor {
        octets: octets.get(..range.end)?,
        at: range.start,
    };
    if cursor.number()? != SIGNATURE {
        return None;
    }
    cursor.skip(2)?;
    let mut attributes = Vec::new();
    while cursor.left() > 0 && attributes.len() < MOST_ATTRIBUTES {
        let next = || {
            let mut cursor = cursor;
            cursor.skip(1)?;
            let id = cursor.number()?;
            let length = cursor.number()?;
            let range = cursor.range(length)?;
            // The checksum: some programs leave out the last one.
            cursor.skip(2.min(cursor.left()))?;
            Some((Attribute { id, range }, cursor))
        };
        let Some((attribute, after)) = next() else {
            return Some((attributes, false));
        };
        attributes.push(attribute);
        cursor = after;
    }
    let is_whole = cursor.left() == 0;
    Some((attributes, is_whole))
}

/// The properties in `range`, and whether all could be read.
pub(super) fn properties(octets: &[u8], range: Range<usize>) -> (Vec<Property>, bool) {
    let mut cursor = Cursor {
        octets: &octets[..range.end],
        at: range.start,
    };
    let mut properties = Vec::new();
    let Some(count) = cursor.number() else {
        return (properties, false);
    };
    for _ in 0..count {
        match property(&mut cursor) {
            Some(property) => properties.push(property),
            None => return (properties, false),
        }
    }
    (properties, true)
}

fn property(cursor: &mut Cursor) -> Option<Property> {
    let head = cursor.number()?;
    let [kind, id] = [head & 0xffff, head >> 16];
    let id = u16::try_from(id).ok()?;
    if id >= 0x8000 {
        // A property with a name of its own.
        cursor.skip(16)?;
        if cursor.number()? == 0 {
            cursor.skip(4)?;
        } else {
            let length = cursor.number()?;
            cursor.padded(length)?;
        }
    }
    let is_multiple = kind & 0x1000 != 0;
    let value = match kind & 0xfff {
        0x001e => cursor.variable(Value::Text)?,
        0x001f => cursor.variable(Value::Unicode)?,
        0x0102 => cursor.variable(Value::Binary)?,
        0x000d => cursor.variable(Value::Object)?,
        0x0003 if !is_multiple => Value::Number(cursor.number()?),
        kind => {
            let size = match kind {
                0x0002 if is_multiple => 2,
                0x0002 | 0x0003 | 0x0004 | 0x000a | 0x000b => 4,
                0x0005 | 0x0006 | 0x0007 | 0x0014 | 0x0040 => 8,
                0x0048 => 16,
                _ => return None,
            };
            let count = if is_multiple { cursor.number()? } else { 1 };
            cursor.padded(count.checked_mul(size)?)?;
            Value::Other
        }
    };
    Some(Property { id, value })
}

#[derive(Clone, Copy)]
struct Cursor<'a> {
    octets: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn left(&self) -> usize {
        self.octets.len().saturating_sub(self.at)
    }

    fn skip(&mut self, length: usize) -> Option<()> {
        (length <= self.left()).then(|| self.at += length)
    }

    fn number(&mut self) -> Option<u32> {
        let four = self.octets.get(self.at..)?.first_chunk()?;
        self.at += 4;
        Some(u32::from_le_bytes(*four))
    }

    fn range(&mut self, length: u32) -> Option<Range<usize>> {
        let start = self.at;
        self.skip(usize::try_from(length).ok()?)?;
        Some(start..self.at)
    }

    /// A range after which the next value begins at a multiple of four.
    fn padded(&mut self, length: u32) -> Option<Range<usize>> {
        let range = self.range(length)?;
        let padding = (4 - range.len() % 4) % 4;
        self.skip(padding.min(self.left()))?;
        Some(range)
    }

    /// The first of several values, each with its length before it.
    fn variable(&mut self, make: impl Fn(Range<usize>) -> Value) -> Option<Value> {
        let count = self.number()?;
        let mut first = None;
        for _ in 0..count {
            let length = self.number()?;
            let range = self.padded(length)?;
            first.get_or_insert(range);
        }
        Some(first.map_or(Value::Other, make))
    }
}

const SIGNATURE: u32 = 0x223e_9f78;
const MOST_ATTRIBUTES: usize = 20_000;

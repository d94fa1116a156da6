//! `winmail.dat`: Outlook's own envelope around a mail's files and text (MS-OXTNEF).
//!
//! `stream` cuts it into attributes and properties, `rtf_compressed` and `rtf` read the text where
//! it is only there as rich text. Everything is linear in the size, and what is damaged ends the
//! reading: what was found before counts.

mod rtf;
mod rtf_compressed;
mod stream;
#[cfg(test)]
pub(in crate::mail) mod tests;
mod text;

use std::ops::Range;

pub use self::text::Text;
use self::{
    stream::{Attribute, Property, Value, attributes, properties},
    text::{decode, filled},
};

/// What a `winmail.dat` holds.
#[derive(Debug, Default)]
pub struct Tnef {
    /// The text of the mail.
    pub text: Option<Text>,
    /// Its files, those of enclosed mails included, in order.
    pub files: Vec<File>,
    /// It ends too early, or encloses too much.
    pub is_damaged: bool,
}

/// A file in a `winmail.dat`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub name: Option<String>,
    pub content_type: Option<String>,
    /// Without angle brackets.
    pub content_id: Option<String>,
    pub location: Option<String>,
    pub content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Where it stands among the octets.
    Range(Range<usize>),
    /// The text of a mail that was enclosed.
    Text(String),
}

/// Reads a `winmail.dat`; `None` if it is none.
#[must_use]
pub fn read(octets: &[u8]) -> Option<Tnef> {
    let mut tnef = Tnef::default();
    let mut waiting = vec![Message {
        range: 0..octets.len(),
        name: None,
        depth: 0,
    }];
    let mut is_first = true;
    while let Some(message) = waiting.pop() {
        let Some((attributes, is_whole)) = attributes(octets, message.range.clone()) else {
            if is_first {
                return None;
            }
            tnef.is_damaged = true;
            continue;
        };
        tnef.is_damaged |= !is_whole;
        let read = Reading::of(octets, &attributes, &message);
        if is_first {
            tnef.text = read.text;
        } else if let Some(text) = read.text {
            tnef.files.push(enclosed(text, message.name, read.subject));
        }
        tnef.files.extend(read.files);
        tnef.is_damaged |= read.is_damaged;
        if tnef.files.len() > MOST_FILES {
            tnef.files.truncate(MOST_FILES);
            tnef.is_damaged = true;
            break;
        }
        waiting.extend(read.enclosed.into_iter().rev());
        is_first = false;
    }
    Some(tnef)
}

/// A mail within: its text as a file.
fn enclosed(text: Text, name: Option<String>, subject: Option<String>) -> File {
    let (text, extension, content_type) = match text {
        Text::Html(html) => (html, "html", "text/html; charset=utf-8"),
        Text::Plain(text) => (text, "txt", "text/plain; charset=utf-8"),
    };
    let name = name.or(subject).unwrap_or_else(|| "message".to_owned());
    File {
        name: Some(format!("{name}.{extension}")),
        content_type: Some(content_type.to_owned()),
        content_id: None,
        location: None,
        content: Content::Text(text),
    }
}

struct Message {
    range: Range<usize>,
    name: Option<String>,
    depth: usize,
}

/// What one mail in the stream says.
#[derive(Default)]
struct Reading {
    text: Option<Text>,
    subject: Option<String>,
    files: Vec<File>,
    enclosed: Vec<Message>,
    is_damaged: bool,
}

/// What was read of the attachment that is being read.
#[derive(Default)]
struct Pending {
    title: Option<String>,
    long_name: Option<String>,
    name: Option<String>,
    content_type: Option<String>,
    content_id: Option<String>,
    location: Option<String>,
    data: Option<Range<usize>>,
    message: Option<Range<usize>>,
}

impl Reading {
    fn of(octets: &[u8], attributes: &[Attribute], message: &Message) -> Self {
        let mut reading = Self::default();
        let mut pending: Option<Pending> = None;
        let mut codepage = None;
        let mut plain = None;
        let mut bodies = Bodies::default();
        for Attribute { id, range } in attributes {
            let data = &octets[range.clone()];
            match *id {
                OEM_CODEPAGE => codepage = data.first_chunk().map(|four| u32::from_le_bytes(*four)),
                SUBJECT => reading.subject = decode(data, codepage),
                BODY => plain = decode(data, codepage),
                MESSAGE_PROPERTIES => {
                    let (found, is_whole) = properties(octets, range.clone());
                    reading.is_damaged |= !is_whole;
                    bodies.take(octets, &found, codepage);
                }
                ATTACHMENT_BEGINS => {
                    reading.finish(pending.replace(Pending::default()), message.depth);
                }
                ATTACHMENT_TITLE => {
                    pending.get_or_insert_default().title = decode(data, codepage);
                }
                ATTACHMENT_DATA => {
                    pending.get_or_insert_default().data = Some(range.clone());
                }
                ATTACHMENT_PROPERTIES => {
                    let (found, is_whole) = properties(octets, range.clone());
                    reading.is_damaged |= !is_whole;
                    let pending = pending.get_or_insert_default();
                    pending.take(octets, &found, codepage);
                }
                _ => {}
            }
        }
        reading.finish(pending, message.depth);
        reading.text = bodies.best(plain);
        reading
    }

    fn finish(&mut self, pending: Option<Pending>, depth: usize) {
        let Some(pending) = pending else {
            return;
        };
        let name = pending.long_name.or(pending.title).or(pending.name);
        if let Some(range) = pending.message {
            if depth == DEEPEST {
                self.is_damaged = true;
            } else {
                self.enclosed.push(Message {
                    range,
                    name,
                    depth: depth + 1,
                });
            }
        } else if let Some(range) = pending.data {
            self.files.push(File {
                name,
                content_type: pending.content_type,
                content_id: pending.content_id,
                location: pending.location,
                content: Content::Range(range),
            });
        } else {
            self.is_damaged = true;
        }
    }
}

impl Pending {
    fn take(&mut self, octets: &[u8], found: &[Property], codepage: Option<u32>) {
        for property in found {
            let words = || property.text(octets, codepage);
            match property.id {
                LONG_FILE_NAME => self.long_name = words(),
                FILE_NAME | DISPLAY_NAME => self.name = self.name.take().or_else(words),
                MIME_TYPE => self.content_type = words(),
                CONTENT_ID => {
                    let bare = |id: String| id.trim_matches(['<', '>', ' ']).to_owned();
                    self.content_id = words().map(bare).filter(|id| !id.is_empty());
                }
                CONTENT_LOCATION => self.location = words(),
                ATTACHED => match &property.value {
                    Value::Binary(range) => {
                        self.data.get_or_insert(range.clone());
                    }
                    Value::Object(range) => {
                        let (kind, rest) = octets[range.clone()].split_at(16.min(range.len()));
                        let inner = range.end - rest.len()..range.end;
                        if kind == MESSAGE_INTERFACE {
                            self.message = Some(inner);
                        } else {
                            self.data.get_or_insert(inner);
                        }
                    }
                    _ => {}
                },
                _ => {}
            }
        }
    }
}

/// The forms in which a mail's text was found.
#[derive(Default)]
struct Bodies {
    html: Option<String>,
    rich: Option<Text>,
    plain: Option<String>,
}

impl Bodies {
    fn take(&mut self, octets: &[u8], found: &[Property], codepage: Option<u32>) {
        let internet = found.iter().find_map(|property| match property.value {
            Value::Number(number) if property.id == INTERNET_CODEPAGE => Some(number),
            _ => None,
        });
        for property in found {
            match (property.id, &property.value) {
                (BODY_HTML, Value::Binary(range)) => {
                    self.html = decode(&octets[range.clone()], internet.or(codepage));
                }
                (BODY_HTML, _) => self.html = property.text(octets, internet.or(codepage)),
                (BODY_PLAIN, _) => self.plain = property.text(octets, codepage),
                (RTF_COMPRESSED, Value::Binary(range)) => {
                    self.rich = rtf_compressed::decompress(&octets[range.clone()])
                        .and_then(|text| rtf::read(&text));
                }
                _ => {}
            }
        }
    }

    fn best(self, plain: Option<String>) -> Option<Text> {
        let plain = self.plain.or(plain);
        let from_html = |text: &Text| matches!(text, Text::Html(_));
        self.html
            .map(Text::Html)
            .or_else(|| self.rich.clone().filter(from_html))
            .or(plain.map(Text::Plain))
            .or(self.rich)
    }
}

impl Property {
    fn text(&self, octets: &[u8], codepage: Option<u32>) -> Option<String> {
        match &self.value {
            Value::Text(range) => decode(&octets[range.clone()], codepage),
            Value::Unicode(range) => {
                let units = octets[range.clone()].as_chunks::<2>().0.iter();
                let units: Vec<u16> = units.map(|pair| u16::from_le_bytes(*pair)).collect();
                filled(&String::from_utf16_lossy(&units))
            }
            _ => None,
        }
    }
}

const SUBJECT: u32 = 0x0001_8004;
const BODY: u32 = 0x0002_800c;
const ATTACHMENT_DATA: u32 = 0x0006_800f;
const ATTACHMENT_TITLE: u32 = 0x0001_8010;
const ATTACHMENT_BEGINS: u32 = 0x0006_9002;
const MESSAGE_PROPERTIES: u32 = 0x0006_9003;
const ATTACHMENT_PROPERTIES: u32 = 0x0006_9005;
const OEM_CODEPAGE: u32 = 0x0006_9007;

const BODY_PLAIN: u16 = 0x1000;
const RTF_COMPRESSED: u16 = 0x1009;
const BODY_HTML: u16 = 0x1013;
const DISPLAY_NAME: u16 = 0x3001;
const ATTACHED: u16 = 0x3701;
const FILE_NAME: u16 = 0x3704;
const LONG_FILE_NAME: u16 = 0x3707;
const MIME_TYPE: u16 = 0x370e;
const CONTENT_ID: u16 = 0x3712;
const CONTENT_LOCATION: u16 = 0x3713;
const INTERNET_CODEPAGE: u16 = 0x3fde;

/// {00020307-0000-0000-C000-000000000046}, before an enclosed mail.
const MESSAGE_INTERFACE: &[u8] = &[
    0x07, 0x03, 0x02, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46,
];

const DEEPEST: usize = 5;
const MOST_FILES: usize = 500;

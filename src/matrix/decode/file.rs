//! Files in events: images, videos, sounds, stickers (client-server API, m.image and the like).

use ruma::OwnedMxcUri;
use serde_json::Value;

use crate::domain::{
    sharing::{FileKind, SharedFile},
    wording::NAMELESS_FILE,
};

/// What kind of file a message of this type shares; `None` if it shares none.
pub(super) fn kind_of(msgtype: &str, content: &Value) -> Option<FileKind> {
    Some(match msgtype {
        "m.image" => FileKind::Image,
        "m.video" => FileKind::Video,
        "m.audio" if is_voice(content) => FileKind::Voice,
        "m.audio" => FileKind::Audio,
        "m.file" => FileKind::File,
        _ => return None,
    })
}

/// MSC3245 marks what was spoken into the microphone.
fn is_voice(content: &Value) -> bool {
    let keys = [
        "org.matrix.msc3245.voice",
        "org.matrix.msc3245.voice.v2",
        "m.voice",
    ];
    keys.iter().any(|key| content.get(key).is_some())
}

pub(super) fn read(kind: FileKind, content: &Value) -> SharedFile {
    let info = &content["info"];
    let duration = info["duration"]
        .as_u64()
        .or_else(|| content["org.matrix.msc1767.audio"]["duration"].as_u64());
    SharedFile {
        kind,
        source: source(content),
        // What we call it in the room is no name.
        filename: clean(
            Some(name(content))
                .filter(|it| *it != NAMELESS_FILE)
                .unwrap_or_default(),
        ),
        content_type: info["mimetype"]
            .as_str()
            .filter(|given| is_media_type(given))
            .map(str::to_ascii_lowercase),
        size: info["size"].as_u64(),
        duration,
    }
}

/// With a file name beside it, the body is a caption (MSC2530); without one it is the name.
pub(super) fn name(content: &Value) -> &str {
    let given = |key: &str| content[key].as_str().filter(|name| !name.trim().is_empty());
    given("filename")
        .or_else(|| given("body"))
        .unwrap_or_default()
}

/// Where the homeserver has it. What is encrypted has its address elsewhere (`file`).
fn source(content: &Value) -> Option<OwnedMxcUri> {
    if content["file"].is_object() {
        return None;
    }
    let source = OwnedMxcUri::from(content["url"].as_str()?);
    (source.as_str().len() <= LONGEST_ADDRESS && source.is_valid()).then_some(source)
}

/// `type/subtype`, without parameters and of a sane length.
fn is_media_type(text: &str) -> bool {
    let sound = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    text.len() <= LONGEST_TYPE
        && text
            .split_once('/')
            .is_some_and(|(main, sub)| sound(main) && sound(sub))
}

/// The name alone: on one line, without a path, without what turns writing around, and not longer
/// than file systems take; the end, which tells the kind, stays.
fn clean(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown: String = last
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control() && !turns(*c))
        .collect();
    let name = shown.trim().trim_start_matches('.');
    if name.chars().count() <= LONGEST_NAME {
        return name.to_owned();
    }
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if extension.chars().count() <= LONGEST_EXTENSION => {
            (stem, format!(".{extension}"))
        }
        _ => (name, String::new()),
    };
    let stem: String = stem
        .chars()
        .take(LONGEST_NAME - LONGEST_EXTENSION - 2)
        .collect();
    format!("{stem}…{extension}")
}

/// Marks of direction, with which a name can be made to read as another one.
fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// In characters.
const LONGEST_NAME: usize = 120;
const LONGEST_EXTENSION: usize = 16;
/// In octets.
const LONGEST_TYPE: usize = 100;
const LONGEST_ADDRESS: usize = 1_000;

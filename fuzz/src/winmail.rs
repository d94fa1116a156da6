//! Outlook's envelope around a mail's files.

use postroom::mail::tnef::{self, Content};

pub const WORDS: &[&str] = &[
    "\u{78}\u{9f}\u{3e}\u{22}",
    "\u{2}\u{2}\u{10}\u{2}\u{0}",
    "\u{1f}\u{0}\u{7}\u{37}",
    "\u{d}\u{0}\u{1}\u{37}",
    "LZFu\0\0\0\0",
    "MELA\0\0\0\0",
    "{\\rtf1\\ansi\\ansicpg1252\\fromhtml1 ",
    "{\\*\\htmltag64 <p>}",
    "\\htmlrtf \\b \\htmlrtf0 ",
    "\\u-10179?\\u-8704?",
    "\\'fc",
    "\\bin9",
    "{{{{",
    "}}}}",
    "\0\0\0\0",
    "\u{1}\0\0\0",
];

pub fn run(octets: &[u8]) {
    let Some(read) = tnef::read(octets) else {
        return;
    };
    let mut sum = 0;
    for file in &read.files {
        sum += match &file.content {
            Content::Range(range) => octets[range.clone()].len(),
            Content::Text(text) => text.len(),
        };
    }
    // Compressed text grows by at most seventeen for two, and UTF-8 by three for one.
    assert!(sum <= octets.len() * 64, "{sum} octets");
}

//! Rich text that carries HTML or plain text within (MS-OXRTFEX), or is read for its words alone.

use super::text::{Text, label};
use crate::content::charset;

/// What the rich text says: the HTML or the plain text that it was made from, or else its words.
/// `None` if it says nothing.
pub(super) fn read(octets: &[u8]) -> Option<Text> {
    let mut reader = Reader {
        rest: octets,
        states: vec![State::default()],
        lost: 0,
        out: String::new(),
        pending: Vec::new(),
        codepage: 1252,
        is_html: false,
        hidden: false,
    };
    while let Some((&octet, after)) = reader.rest.split_first() {
        reader.rest = after;
        match octet {
            b'{' => reader.open(),
            b'}' => reader.close(),
            b'\\' => reader.control(),
            b'\r' | b'\n' => {}
            _ => reader.octet(octet),
        }
    }
    reader.flush();
    let text = reader.out;
    if text.trim().is_empty() {
        None
    } else if reader.is_html {
        Some(Text::Html(text))
    } else {
        Some(Text::Plain(text))
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    /// The state of each open group; never empty.
    states: Vec<State>,
    /// Groups that are open, but too deep to be remembered.
    lost: usize,
    out: String,
    /// Octets in the codepage that are not decoded yet.
    pending: Vec<u8>,
    codepage: u32,
    is_html: bool,
    /// Between `\htmlrtf` and `\htmlrtf0`: what only the rich text needs.
    hidden: bool,
}

#[derive(Clone, Copy)]
struct State {
    /// A table, a picture or the like, not text.
    is_skipped: bool,
    /// Within `\*\htmltag`: HTML as it was.
    is_tag: bool,
    /// How many characters follow `\u` for readers without Unicode.
    fallback: usize,
    /// How many of them are still to be skipped.
    skip: usize,
    /// `\*` was just read.
    is_optional: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            is_skipped: false,
            is_tag: false,
            fallback: 1,
            skip: 0,
            is_optional: false,
        }
    }
}

impl Reader<'_> {
    fn state(&mut self) -> &mut State {
        if self.states.is_empty() {
            self.states.push(State::default());
        }
        let last = self.states.len() - 1;
        &mut self.states[last]
    }

    fn open(&mut self) {
        if self.states.len() == DEEPEST {
            self.lost += 1;
            return;
        }
        let state = *self.state();
        self.states.push(State { skip: 0, ..state });
    }

    fn close(&mut self) {
        if self.lost > 0 {
            self.lost -= 1;
        } else if self.states.len() > 1 {
            self.states.pop();
        }
    }

    fn octet(&mut self, octet: u8) {
        if self.takes() {
            self.pending.push(octet);
        }
    }

    fn text(&mut self, text: &str) {
        if self.takes() {
            self.flush();
            self.out.push_str(text);
        }
    }

    /// Whether the next character belongs to the text.
    fn takes(&mut self) -> bool {
        let hidden = self.hidden;
        let state = self.state();
        if state.skip > 0 {
            state.skip -= 1;
            return false;
        }
        !state.is_skipped && (state.is_tag || !hidden)
    }

    fn flush(&mut self) {
        if !self.pending.is_empty() {
            let label = label(self.codepage);
            self.out
                .push_str(&charset::decode(&self.pending, Some(&label)).0);
            self.pending.clear();
        }
    }

    fn control(&mut self) {
        let Some((&first, after)) = self.rest.split_first() else {
            return;
        };
        if first.is_ascii_alphabetic() {
            self.word();
            return;
        }
        self.rest = after;
        match first {
            b'\'' => {
                let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
                if let Some(octet) = digits.and_then(|two| u8::from_str_radix(two, 16).ok()) {
                    self.rest = &after[2..];
                    self.octet(octet);
                }
            }
            b'*' => self.state().is_optional = true,
            b'~' if self.is_html => self.text("&nbsp;"),
            b'~' => self.text("\u{a0}"),
            b'_' => self.text("\u{2011}"),
            b'-' => self.text("\u{ad}"),
            b'\r' | b'\n' => self.text("\n"),
            b'\\' | b'{' | b'}' => self.octet(first),
            _ => {}
        }
    }

    /// A control word, its number and the blank after it.
    fn word(&mut self) {
        let length = self
            .rest
            .iter()
            .take(LONGEST_WORD)
            .take_while(|octet| octet.is_ascii_alphabetic())
            .count();
        let (word, rest) = self.rest.split_at(length);
        let sign = usize::from(rest.first() == Some(&b'-'));
        let digits = rest[sign..]
            .iter()
            .take(LONGEST_NUMBER)
            .take_while(|octet| octet.is_ascii_digit())
            .count();
        let number = match digits {
            0 => None,
            _ => std::str::from_utf8(&rest[..sign + digits])
                .ok()
                .and_then(|number| number.parse::<i64>().ok()),
        };
        let rest = if digits == 0 {
            rest
        } else {
            &rest[sign + digits..]
        };
        self.rest = rest.strip_prefix(b" ").unwrap_or(rest);
        let is_optional = std::mem::take(&mut self.state().is_optional);
        self.obey(word, number, is_optional);
    }

    fn obey(&mut self, word: &[u8], number: Option<i64>, is_optional: bool) {
        match word {
            b"fromhtml" => self.is_html = number != Some(0),
            b"htmltag" | b"mhtmltag" => {
                let state = self.state();
                state.is_tag = word == b"htmltag";
                state.is_skipped |= !state.is_tag;
            }
            b"htmlrtf" => self.hidden = number != Some(0),
            b"ansicpg" => {
                self.flush();
                self.codepage = number
                    .and_then(|number| u32::try_from(number).ok())
                    .filter(|number| *number > 0)
                    .unwrap_or(1252);
            }
            b"uc" => {
                let count = number.and_then(|number| usize::try_from(number).ok());
                self.state().fallback = count.unwrap_or(1).min(8);
            }
            b"u" => self.unicode(number.unwrap_or_default()),
            b"par" | b"line" | b"row" => self.text("\n"),
            b"tab" | b"cell" => self.text("\t"),
            b"lquote" => self.text("‘"),
            b"rquote" => self.text("’"),
            b"ldblquote" => self.text("“"),
            b"rdblquote" => self.text("”"),
            b"bullet" => self.text("•"),
            b"endash" => self.text("–"),
            b"emdash" => self.text("—"),
            b"bin" => {
                let count = number.and_then(|number| usize::try_from(number).ok());
                let count = count.unwrap_or(0).min(self.rest.len());
                self.rest = &self.rest[count..];
            }
            b"fonttbl" | b"colortbl" | b"stylesheet" | b"info" | b"pict" | b"object"
            | b"header" | b"footer" | b"footnote" | b"fldinst" => self.state().is_skipped = true,
            _ if is_optional => self.state().is_skipped = true,
            _ => {}
        }
    }

    /// A unit of UTF-16; the halves of a pair come one after the other.
    fn unicode(&mut self, number: i64) {
        let unit = u16::try_from(number.rem_euclid(0x1_0000)).unwrap_or_default();
        let fallback = self.state().fallback;
        let character = match unit {
            0xd800..0xdc00 => {
                // The other half: `\u-9999?`, after the fallback of this one.
                let second = second_half(self.rest, fallback);
                second.and_then(|(second, rest)| {
                    self.rest = rest;
                    char::decode_utf16([unit, second]).next()?.ok()
                })
            }
            _ => char::from_u32(u32::from(unit)),
        };
        if let Some(character) = character.filter(|character| *character != '\0') {
            self.text(character.encode_utf8(&mut [0; 4]));
        }
        self.state().skip = fallback;
    }
}

fn second_half(rest: &[u8], fallback: usize) -> Option<(u16, &[u8])> {
    let plain = |rest: &[u8]| rest.iter().take(fallback).all(|octet| *octet != b'\\');
    let after = if plain(rest) {
        rest.get(fallback..)?
    } else {
        rest
    };
    let after = after.strip_prefix(b"\\u")?;
    let sign = usize::from(after.first() == Some(&b'-'));
    let digits = after[sign..]
        .iter()
        .take(LONGEST_NUMBER)
        .take_while(|octet| octet.is_ascii_digit())
        .count();
    let (number, rest) = after.split_at(sign + digits);
    let number: i64 = std::str::from_utf8(number).ok()?.parse().ok()?;
    let unit = u16::try_from(number.rem_euclid(0x1_0000)).ok()?;
    Some((unit, rest.strip_prefix(b" ").unwrap_or(rest)))
}

const DEEPEST: usize = 200;
/// Control words have at most 32 letters.
const LONGEST_WORD: usize = 64;
const LONGEST_NUMBER: usize = 10;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        r"{\rtf1\ansi{\fonttbl{\f0 Arial;}}\pard One\par two\'fc \u8364?{\*\x y}}",
        "One\ntwoü €"
    )]
    #[case(r"{\rtf1\ansicpg1251\fromtext \'cf\'ee\{\}}", "По{}")]
    #[case(r"{\rtf1 \uc1\u-10179?\u-8704? end}", "😀 end")]
    #[case(r"{\rtf1\bin3 }}} x}", " x")]
    fn reads_words(#[case] rich: &str, #[case] expected: &str) {
        assert_eq!(
            read(rich.as_bytes()),
            Some(Text::Plain(expected.to_owned()))
        );
    }

    #[rstest]
    #[case(r"{\rtf1}")]
    #[case(r"{\rtf1 {\pict 00ff} \u")]
    fn says_nothing_of_nothing(#[case] rich: &str) {
        assert_eq!(read(rich.as_bytes()), None);
    }

    #[test]
    fn finds_the_html_again() {
        let rich = r"{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl {\f0\fswiss Arial;}}
            {\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Gr\'fc\'dfe{\*\htmltag244 <b>}\htmlrtf {\b \htmlrtf0 an{\*\htmltag252 </b>}\htmlrtf }\htmlrtf0 \htmlrtf \par }\htmlrtf0 {\*\htmltag72 </p>}{\*\mhtmltag64 <x>}}";
        let Some(Text::Html(html)) = read(rich.as_bytes()) else {
            panic!("no HTML");
        };
        assert_eq!(html.trim(), "<p>Grüße<b>an</b></p>");
    }
}

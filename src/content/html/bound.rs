//! The proof that HTML is small and shallow enough for a parser.
//!
//! HTML parsers are quadratic in the nesting depth and in the number of attributes of a tag, and
//! some tree walks recurse until the stack ends. So tags are read here first, in one linear pass,
//! and written again: every tag closed in order, nested so that a parser sees at most 100 levels,
//! with a limited number of attributes, comments and scripts left out. Text is never dropped.

use std::collections::HashMap;

use super::tags::{Kind, kind, levels};

/// Largest HTML that is read, in bytes.
const MAX_BYTES: usize = 2 * 1024 * 1024;
/// Largest result; closing and opening tags again in order makes HTML longer.
const MAX_OUTPUT_BYTES: usize = 2 * MAX_BYTES;
/// Most tags in one document. A long newsletter has some thousand.
const MAX_TAGS: usize = 100_000;
/// As many levels as Matrix allows (client-server API, `m.room.message` msgtypes) are 100; the last one
/// is for line breaks and images, which clients would leave out below it.
const MAX_DEPTH: usize = 99;
const MAX_ATTRIBUTES: usize = 64;
/// With a space before its name, in bytes.
const LONGEST_END_TAG: usize = 32;

/// HTML of at most 4 MiB whose tags are balanced, and which a parser sees nested at most 100 deep.
/// Not safe to show: see [`to_matrix`](super::to_matrix) and [`for_mail`](super::for_mail).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundedHtml(String);

/// The HTML is larger than anything that people write; show the text part or the file instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooComplex {
    #[error("the HTML has more than 2 MiB")]
    Bytes,
    #[error("the HTML has more than 100,000 tags")]
    Tags,
    #[error("the HTML has tags so entangled that it would grow beyond 4 MiB")]
    Entangled,
}

impl BoundedHtml {
    /// Reads `raw` in linear time. What is nested deeper than 100 levels loses its tags and keeps
    /// its text.
    pub fn new(raw: &str) -> Result<Self, TooComplex> {
        if raw.len() > MAX_BYTES {
            return Err(TooComplex::Bytes);
        }
        let mut reader = Reader {
            raw,
            at: 0,
            out: Writer::default(),
            unclosed: Vec::new(),
        };
        reader.read()?;
        Ok(Self(reader.out.finish()?))
    }

    /// The balanced HTML; not sanitised.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A tree that was made from bounded HTML by taking nodes away is bounded too.
    pub(in crate::content) fn from_pruned_tree(html: String) -> Self {
        Self(html)
    }

    pub(in crate::content) fn parse(&self) -> dom_query::Document {
        dom_query::Document::fragment(self.0.as_str())
    }
}

/// Reads tags as browsers do, as far as mail needs it.
struct Reader<'a> {
    raw: &'a str,
    at: usize,
    out: Writer,
    /// Names of raw elements that are known to have no end tag any more.
    unclosed: Vec<String>,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<(), TooComplex> {
        let mut tags = 0;
        while let Some(offset) = self.raw[self.at..].find('<') {
            let start = self.at + offset;
            self.out.text(&self.raw[self.at..start])?;
            self.at = start;
            tags += 1;
            if tags > MAX_TAGS {
                return Err(TooComplex::Tags);
            }
            if !self.markup()? {
                break;
            }
        }
        let rest = self.raw[self.at..].replace('<', "&lt;");
        self.out.text(&rest)
    }

    /// Reads what begins with the `<` at the current place. `false`: nothing after it is a tag.
    fn markup(&mut self) -> Result<bool, TooComplex> {
        let rest = &self.raw[self.at..];
        let bytes = rest.as_bytes();
        match bytes.get(1) {
            Some(b'!') if rest.starts_with("<!--") => {
                // `<!-->` and `<!--->` are whole comments.
                let end = rest[2..].find("-->").map_or(rest.len(), |at| at + 5);
                self.at += end;
            }
            Some(b'!' | b'?') => {
                let Some(end) = rest.find('>') else {
                    return Ok(false);
                };
                self.at += end + 1;
            }
            Some(b'/') if bytes.get(2).is_some_and(u8::is_ascii_alphabetic) => {
                let Some(end) = rest.find('>') else {
                    return Ok(false);
                };
                self.out.close(&tag_name(&rest[2..end]))?;
                self.at += end + 1;
            }
            Some(byte) if byte.is_ascii_alphabetic() => {
                let Some(tag) = Tag::read(&rest[1..]) else {
                    return Ok(false);
                };
                self.at += 1 + tag.length;
                if kind(&tag.name) == Kind::Raw {
                    self.skip_raw(&tag.name);
                } else {
                    self.out.open(&tag)?;
                }
            }
            _ => {
                if let Some((name, length)) = spaced_end_tag(rest) {
                    self.out.close(&tag_name(name))?;
                    self.at += length;
                } else {
                    self.out.text("&lt;")?;
                    self.at += 1;
                }
            }
        }
        Ok(true)
    }

    /// Skips to behind the end tag of a style, script or the like. Without one the tag is ignored,
    /// so that a cut-off style sheet does not swallow the mail.
    fn skip_raw(&mut self, name: &str) {
        if self.unclosed.iter().any(|known| known == name) {
            return;
        }
        let rest = &self.raw.as_bytes()[self.at..];
        let end = (0..rest.len()).find(|&at| {
            rest[at] == b'<'
                && rest.get(at + 1) == Some(&b'/')
                && rest
                    .get(at + 2..at + 2 + name.len())
                    .is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
        });
        match end {
            // The end tag itself is read next, and closes nothing.
            Some(end) => self.at += end,
            None => self.unclosed.push(name.to_owned()),
        }
    }
}

/// The name in `</ div >`, as some programs write it and browsers show nothing of, and how long the
/// tag is.
fn spaced_end_tag(rest: &str) -> Option<(&str, usize)> {
    let tag = rest.strip_prefix("</ ")?;
    let length = tag.bytes().take(LONGEST_END_TAG).position(|b| b == b'>')?;
    let name = tag[..length].trim_matches(' ');
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric());
    is_name.then_some((name, "</ ".len() + length + 1))
}

/// A start tag.
struct Tag<'a> {
    name: String,
    attributes: Vec<(&'a str, &'a str)>,
    /// Bytes after the `<`, with the `>`.
    length: usize,
}

impl<'a> Tag<'a> {
    /// `rest` begins with the name. `None` if no `>` ends the tag.
    fn read(rest: &'a str) -> Option<Self> {
        let bytes = rest.as_bytes();
        let skip = |mut at: usize, stop: &dyn Fn(u8) -> bool| {
            while bytes.get(at).is_some_and(|&byte| !stop(byte)) {
                at += 1;
            }
            at
        };
        let mut at = skip(0, &|byte| {
            byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>')
        });
        let name = tag_name(&rest[..at]);
        let mut attributes = Vec::new();
        loop {
            at = skip(at, &|byte| !byte.is_ascii_whitespace() && byte != b'/');
            if *bytes.get(at)? == b'>' {
                return Some(Self {
                    name,
                    attributes,
                    length: at + 1,
                });
            }
            let from = at;
            at = skip(at + 1, &|byte| {
                byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>' | b'=')
            });
            let key = &rest[from..at];
            let equals = skip(at, &|byte| !byte.is_ascii_whitespace());
            let mut value = "";
            if bytes.get(equals) == Some(&b'=') {
                at = skip(equals + 1, &|byte| !byte.is_ascii_whitespace());
                let quote = *bytes.get(at)?;
                if matches!(quote, b'"' | b'\'') {
                    let end = skip(at + 1, &|byte| byte == quote);
                    value = rest.get(at + 1..end)?;
                    at = end + 1;
                } else {
                    let end = skip(at, &|byte| byte.is_ascii_whitespace() || byte == b'>');
                    value = &rest[at..end];
                    at = end;
                }
            }
            if attributes.len() < MAX_ATTRIBUTES && is_harmless_name(key) {
                attributes.push((key, value));
            }
        }
    }
}

fn tag_name(text: &str) -> String {
    let end = text
        .find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'))
        .unwrap_or(text.len());
    text[..end].to_ascii_lowercase()
}

fn is_harmless_name(key: &str) -> bool {
    key.len() <= 64
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        && !key
            .get(..2)
            .is_some_and(|start| start.eq_ignore_ascii_case("on"))
}

/// Writes tags so that each is closed, in order.
#[derive(Default)]
struct Writer {
    out: String,
    open: Vec<Open>,
    /// Start tags that were left out because they were too deep, by name.
    too_deep: HashMap<String, usize>,
    /// How many tags were open around the first of them.
    too_deep_within: usize,
}

#[derive(Clone)]
struct Open {
    name: String,
    /// Where its start tag stands in the output.
    tag: std::ops::Range<usize>,
    /// The level at which a parser has it; the outermost is the first.
    depth: usize,
}

impl Writer {
    fn text(&mut self, text: &str) -> Result<(), TooComplex> {
        if !text.chars().all(|c| c.is_ascii_whitespace()) {
            self.open_cell();
        }
        self.push(text)
    }

    /// A parser moves text that stands in a table, but in none of its cells, to before the table.
    /// Here it gets a cell of its own, and so stays where it was written.
    fn open_cell(&mut self) {
        let parts: &[&str] = match self.open.last().map(|open| open.name.as_str()) {
            Some("table" | "thead" | "tbody" | "tfoot") => &["tr", "td"],
            Some("tr") => &["td"],
            _ => return,
        };
        for name in parts {
            let start = self.out.len();
            let parent = self.open.last().map(|open| open.name.as_str());
            let depth = self.depth() + levels(name, parent);
            self.out.extend(["<", name, ">"]);
            self.open.push(Open {
                name: (*name).to_owned(),
                tag: start..self.out.len(),
                depth,
            });
        }
    }

    /// Whether a part of a table belongs to one that is open, and not to one that was left out.
    fn has_table(&self) -> bool {
        self.too_deep.get("table").is_none_or(|count| *count == 0)
            && self.open.iter().any(|open| open.name == "table")
    }

    fn push(&mut self, text: &str) -> Result<(), TooComplex> {
        self.out.push_str(text);
        if self.out.len() > MAX_OUTPUT_BYTES {
            Err(TooComplex::Entangled)
        } else {
            Ok(())
        }
    }

    fn open(&mut self, tag: &Tag<'_>) -> Result<(), TooComplex> {
        let kind = kind(&tag.name);
        match kind {
            Kind::Unknown | Kind::Raw => return Ok(()),
            Kind::Block | Kind::Table | Kind::Void | Kind::Phrasing => {}
        }
        if kind == Kind::Table && tag.name != "table" && !self.has_table() {
            // A parser ignores it; the words of two cells stay apart.
            return self.push(if tag.name == "td" { " " } else { "<br>" });
        }
        self.close_implied(&tag.name, kind);
        if kind != Kind::Table {
            self.open_cell();
        }
        let parent = self.open.last().map(|open| open.name.as_str());
        let depth = self.depth() + levels(&tag.name, parent);
        // A table is of use only if there are levels left for its cells.
        let needed = if tag.name == "table" { 3 } else { 0 };
        if kind != Kind::Void && depth + needed > MAX_DEPTH {
            if self.too_deep.is_empty() {
                self.too_deep_within = self.open.len();
            }
            *self.too_deep.entry(tag.name.clone()).or_default() += 1;
            return if kind == Kind::Phrasing {
                Ok(())
            } else {
                self.push("<br>")
            };
        }
        let start = self.out.len();
        self.out.push('<');
        self.out.push_str(&tag.name);
        for (key, value) in &tag.attributes {
            self.out.push(' ');
            self.out.push_str(key);
            self.out.push_str("=\"");
            self.out.push_str(&value.replace('"', "&quot;"));
            self.out.push('"');
        }
        self.push(">")?;
        if kind != Kind::Void {
            self.open.push(Open {
                name: tag.name.clone(),
                tag: start..self.out.len(),
                depth,
            });
        }
        Ok(())
    }

    /// How many levels a parser has open here.
    fn depth(&self) -> usize {
        self.open.last().map_or(0, |open| open.depth)
    }

    /// Ends what the start tag `name` ends without an end tag: `<li>` the last `<li>`, and so on.
    fn close_implied(&mut self, name: &str, kind: Kind) {
        let around: &[&str] = match name {
            "td" | "th" => &["tr", "thead", "tbody", "tfoot", "table"],
            "tr" => &["thead", "tbody", "tfoot", "table"],
            "thead" | "tbody" | "tfoot" | "caption" => &["table"],
            _ => &[],
        };
        let is_around = |open: &Open| around.contains(&open.name.as_str());
        if let Some(around) = self.open.iter().rposition(is_around) {
            return self.pop_to(around + 1);
        }
        let (ends, within): (&[&str], &[&str]) = match name {
            "li" => (&["li"], &["ul", "ol", "td", "th", "table"]),
            "dt" | "dd" => (&["dt", "dd"], &["dl", "td", "th", "table"]),
            "a" => (&["a"], &["td", "th", "table"]),
            _ => (&[], &[]),
        };
        let found = (0..self.open.len())
            .rev()
            .take_while(|&at| !within.contains(&self.open[at].name.as_str()))
            .find(|&at| ends.contains(&self.open[at].name.as_str()));
        if let Some(found) = found {
            self.pop_to(found);
        }
        if kind == Kind::Block || matches!(name, "table" | "hr") {
            let paragraph = (0..self.open.len())
                .rev()
                .take_while(|&at| {
                    let name = self.open[at].name.as_str();
                    name == "p" || super::tags::kind(name) == Kind::Phrasing
                })
                .find(|&at| self.open[at].name == "p");
            if let Some(paragraph) = paragraph {
                self.pop_to(paragraph);
            }
        }
    }

    fn close(&mut self, name: &str) -> Result<(), TooComplex> {
        if name == "br" {
            return self.text("<br>");
        }
        if let Some(count) = self.too_deep.get_mut(name).filter(|count| **count > 0) {
            *count -= 1;
            return Ok(());
        }
        let is_cell = |name: &str| matches!(name, "td" | "th" | "caption" | "table");
        let kind = kind(name);
        let found = (0..self.open.len())
            .rev()
            .take_while(|&at| {
                let open = self.open[at].name.as_str();
                open == name || kind == Kind::Table || !is_cell(open)
            })
            .find(|&at| self.open[at].name == name);
        let Some(found) = found else { return Ok(()) };
        if kind != Kind::Phrasing {
            self.pop_to(found);
            return Ok(());
        }
        let inside = &self.open[found + 1..];
        let only_phrasing = inside
            .iter()
            .all(|open| super::tags::kind(&open.name) == Kind::Phrasing);
        if only_phrasing {
            let again = inside.to_vec();
            self.pop_to(found);
            for Open { name, tag, .. } in again {
                let start = self.out.len();
                self.out.extend_from_within(tag);
                self.open.push(Open {
                    name,
                    tag: start..self.out.len(),
                    depth: self.depth() + 1,
                });
            }
            self.push("")
        } else if name == "a" {
            self.pop_to(found);
            Ok(())
        } else {
            // `<b><p>…</b>…</p>`: to end it here would tear the paragraph apart.
            Ok(())
        }
    }

    fn pop_to(&mut self, length: usize) {
        if length < self.too_deep_within {
            self.too_deep.clear();
        }
        for open in self.open.drain(length..).rev() {
            self.out.push_str("</");
            self.out.push_str(&open.name);
            self.out.push('>');
        }
    }

    fn finish(mut self) -> Result<String, TooComplex> {
        self.pop_to(0);
        self.push("")?;
        Ok(self.out)
    }
}

#[cfg(test)]
mod tests;

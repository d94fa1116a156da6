//! Which parts of a mail are what its sender wrote, and which are attachments.

use super::{
    file_name,
    problems::Problems,
    structure::{Part, Structure},
};
use crate::content::{
    charset, flowed,
    html::{self, BoundedHtml},
};

/// A mail's parts, sorted.
#[derive(Debug, Default)]
pub(super) struct Body {
    /// What is read one below the other.
    pub blocks: Vec<Block>,
    /// Indexes of the parts that aren't shown as text.
    pub attachments: Vec<usize>,
}

#[derive(Debug)]
pub(super) enum Block {
    Plain(String),
    Html {
        html: BoundedHtml,
        /// Whether it says anything to a reader who sees no images.
        has_text: bool,
    },
}

impl Body {
    pub(super) fn plain(text: String) -> Self {
        Self {
            blocks: vec![Block::Plain(text)],
            attachments: Vec::new(),
        }
    }

    /// The HTML of the whole mail, if any part of it is HTML.
    pub(super) fn html(&self) -> Option<BoundedHtml> {
        let mut joined = String::new();
        let mut has_html = false;
        for block in &self.blocks {
            match block {
                Block::Plain(text) => joined.push_str(&html::text_to_html(text)),
                Block::Html { html, .. } => {
                    has_html = true;
                    joined.push_str(html.as_str());
                }
            }
            joined.push('\n');
        }
        has_html.then(|| BoundedHtml::new(&joined).ok()).flatten()
    }

    /// The whole mail as text.
    pub(super) fn text(&self) -> String {
        let texts = self.blocks.iter().map(|block| match block {
            Block::Plain(text) => text.trim_end().to_owned(),
            Block::Html { html, .. } => html::to_text(html),
        });
        texts.collect::<Vec<_>>().join("\n\n")
    }

    fn rank(&self) -> u8 {
        let ranks = self.blocks.iter().map(|block| match block {
            Block::Html { has_text: true, .. } => 3,
            Block::Plain(_) => 2,
            Block::Html { .. } => 1,
        });
        ranks.max().unwrap_or(0)
    }

    fn append(&mut self, mut other: Self) {
        self.blocks.append(&mut other.blocks);
        self.attachments.append(&mut other.attachments);
    }
}

/// Sorts the parts of `mail`.
pub(super) fn sort(mail: &[u8], structure: &Structure, problems: &mut Problems) -> Body {
    Sorter {
        mail,
        parts: &structure.parts,
        problems,
    }
    .part(0, Place::Whole)
}

/// Where a part stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It is the mail.
    Whole,
    Among,
    /// It is one of several forms of the same.
    Alternative,
}

struct Sorter<'a> {
    mail: &'a [u8],
    parts: &'a [Part<'a>],
    problems: &'a mut Problems,
}

impl Sorter<'_> {
    /// Recursive: the structure has few levels.
    fn part(&mut self, index: usize, place: Place) -> Body {
        let part = &self.parts[index];
        if part.children.is_empty() {
            return self.leaf(index, place);
        }
        match part.content_type.value.as_str() {
            "multipart/alternative" => self.alternative(index),
            "multipart/related" => self.first_and_attachments(index, self.root_of(index)),
            // A report says in its first part what people shall read (RFC 6522); a signature
            // follows what it signs (RFC 1847).
            "multipart/report" | "multipart/signed" => self.first_and_attachments(index, 0),
            _ => {
                let mut body = Body::default();
                for child in &part.children {
                    body.append(self.part(*child, Place::Among));
                }
                body
            }
        }
    }

    /// The best form that says anything: HTML, then text; of two the later one.
    fn alternative(&mut self, index: usize) -> Body {
        let mut best = Body::default();
        let mut attachments = Vec::new();
        for child in &self.parts[index].children {
            let mut form = self.part(*child, Place::Alternative);
            attachments.append(&mut form.attachments);
            if form.rank() >= best.rank() {
                best = form;
            }
        }
        best.attachments = attachments;
        best
    }

    fn first_and_attachments(&mut self, index: usize, first: usize) -> Body {
        let children = &self.parts[index].children;
        let mut body = Body::default();
        for (at, child) in children.iter().enumerate() {
            if at == first {
                body.append(self.part(*child, Place::Among));
            } else {
                body.attachments.extend(self.leaves(*child));
            }
        }
        body
    }

    /// Which child of a multipart/related refers to the others (RFC 2387 section 3.2).
    fn root_of(&self, index: usize) -> usize {
        let part = &self.parts[index];
        let start = part.content_type.get("start");
        let Some(start) = start.map(|id| id.trim_start_matches('<').trim_end_matches('>')) else {
            return 0;
        };
        let is_root = |child: &usize| self.parts[*child].content_id().as_deref() == Some(start);
        part.children.iter().position(is_root).unwrap_or(0)
    }

    fn leaves(&self, index: usize) -> Vec<usize> {
        let part = &self.parts[index];
        if part.children.is_empty() {
            return vec![index];
        }
        let children = part.children.iter();
        children.flat_map(|child| self.leaves(*child)).collect()
    }

    fn leaf(&mut self, index: usize, place: Place) -> Body {
        let part = &self.parts[index];
        let mut body = Body::default();
        if is_left_out(part, place) {
            return body;
        }
        let text = is_text(part, place).then(|| self.text(part));
        match text {
            Some(text) if text.len() > LONGEST_TEXT => {
                self.problems.add(
                    "text_too_long",
                    "The text is too long to be shown; it is attached.",
                );
                let end = text.floor_char_boundary(SHOWN_OF_LONG_TEXT);
                if !part.is("text/html") {
                    body.blocks.push(Block::Plain(text[..end].to_owned()));
                }
                body.attachments.push(index);
            }
            Some(text) if text.trim().is_empty() => {}
            Some(text) if part.is("text/html") => match BoundedHtml::new(&text) {
                Ok(html) => {
                    let has_text = !html::to_text(&html).trim().is_empty();
                    body.blocks.push(Block::Html { html, has_text });
                }
                Err(fault) => {
                    let detail = format!("The HTML can't be shown; it is attached: {fault}.");
                    self.problems.add("unreadable_html", &detail);
                    body.attachments.push(index);
                }
            },
            Some(text) => body.blocks.push(Block::Plain(text)),
            None => body.attachments.push(index),
        }
        body
    }

    /// A text part decoded, with LF as its line ends and without NUL.
    fn text(&mut self, part: &Part) -> String {
        let octets = part.encoding.decode(&self.mail[part.body.clone()]);
        let declared = part.content_type.get("charset");
        let in_html = || part.is("text/html").then(|| charset_in_html(&octets))?;
        let (text, is_guess) = charset::decode(&octets, declared.or_else(in_html));
        if is_guess {
            self.problems.add(
                "charset_guessed",
                "The character set is missing or wrong and was guessed.",
            );
        }
        let text = text
            .replace("\r\n", "\n")
            .replace('\r', "\n")
            .replace('\0', "\u{fffd}");
        let parameter = |name, value: &str| {
            let own = part.content_type.get(name);
            own.is_some_and(|own| own.eq_ignore_ascii_case(value))
        };
        if part.is("text/plain") && parameter("format", "flowed") {
            return flowed::unwrap(&text, parameter("delsp", "yes"));
        }
        text
    }
}

/// Forms of a mail for particular programs, which say the same as the others.
fn is_left_out(part: &Part, place: Place) -> bool {
    place == Place::Alternative && (part.is("text/x-amp-html") || part.is("text/watch-html"))
}

/// Whether a part is to be read in its place, rather than attached.
fn is_text(part: &Part, place: Place) -> bool {
    if part.disposition.value == "attachment" {
        return false;
    }
    match part.content_type.value.as_str() {
        // Programs name their alternatives, too; elsewhere what bears a name is a file.
        "text/plain" | "text/html" => place != Place::Among || file_name::given(part).is_none(),
        "text/enriched" | "text/richtext" | "text/markdown" | "text/x-markdown" => {
            file_name::given(part).is_none()
        }
        // The fallback for a structure that can't be read.
        value => place == Place::Whole && value.starts_with("text/") && value != "text/calendar",
    }
}

/// The character set that HTML names in its first lines, as browsers look for it.
fn charset_in_html(octets: &[u8]) -> Option<&str> {
    const MARK: &[u8] = b"charset=";
    let head = &octets[..octets.len().min(1024)];
    let at = head
        .windows(MARK.len())
        .position(|window| window.eq_ignore_ascii_case(MARK))?;
    let rest = head[at + MARK.len()..].trim_ascii_start();
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
    let end = rest
        .iter()
        .position(|b| !(b.is_ascii_alphanumeric() || b"-_:.".contains(b)))?;
    std::str::from_utf8(&rest[..end]).ok()
}

/// In octets of UTF-8; `BoundedHtml` takes no more either.
const LONGEST_TEXT: usize = 4 * 1024 * 1024;
const SHOWN_OF_LONG_TEXT: usize = 64 * 1024;

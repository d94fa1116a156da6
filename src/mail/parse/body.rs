//! What a mail says, and its files, in order.

use super::attachment::Attachment;
use crate::content::html::{self, BoundedHtml};

/// A mail's parts, sorted.
#[derive(Debug, Default)]
pub(super) struct Body {
    /// What is read one below the other.
    pub blocks: Vec<Block>,
    pub files: Vec<Attachment>,
}

#[derive(Debug)]
pub(super) enum Block {
    Plain(String),
    Html {
        html: BoundedHtml,
        /// What it says to a reader who sees no images, in characters.
        length: usize,
    },
    /// A file that is an image and stands between texts, by its Content-ID.
    Image(String),
}

impl Body {
    pub(super) fn plain(text: String) -> Self {
        Self {
            blocks: vec![Block::Plain(text)],
            files: Vec::new(),
        }
    }

    /// Images at the end stand where the other files are shown, too: in no text.
    pub(super) fn without_last_images(mut self) -> Self {
        while let Some(Block::Image(_)) = self.blocks.last() {
            self.blocks.pop();
        }
        self
    }

    /// The HTML of the whole mail, if any part of it is HTML or an image stands in its text.
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
                Block::Image(id) => {
                    has_html = true;
                    for piece in ["<p><img src=\"cid:", &html::escape(id), "\"></p>"] {
                        joined.push_str(piece);
                    }
                }
            }
            joined.push('\n');
        }
        has_html.then(|| BoundedHtml::new(&joined).ok()).flatten()
    }

    /// The whole mail as text.
    pub(super) fn text(&self) -> String {
        let texts = self.blocks.iter().filter_map(|block| match block {
            Block::Plain(text) => Some(text.trim_end().to_owned()),
            Block::Html { html, .. } => Some(html::to_text(html)),
            Block::Image(_) => None,
        });
        texts.collect::<Vec<_>>().join("\n\n")
    }

    /// Whether it says more, or says it better, than another form of the same mail: HTML, then
    /// text, then images. HTML that says next to nothing beside a text is not what was meant.
    pub(super) fn is_better_than(&self, other: &Self) -> bool {
        let is_stub = |html: &Self, text: &Self| {
            html.rank() == 3
                && text.rank() == 2
                && html.length() * 5 < text.length()
                && text.length() >= LEAST_TEXT
        };
        if is_stub(self, other) || is_stub(other, self) {
            return self.rank() == 2;
        }
        self.rank() >= other.rank()
    }

    fn rank(&self) -> u8 {
        let ranks = self.blocks.iter().map(|block| match block {
            Block::Html { length: 1.., .. } => 3,
            Block::Plain(_) => 2,
            Block::Html { .. } | Block::Image(_) => 1,
        });
        ranks.max().unwrap_or(0)
    }

    fn length(&self) -> usize {
        let lengths = self.blocks.iter().map(|block| match block {
            Block::Html { length, .. } => *length,
            Block::Plain(text) => text
                .split_whitespace()
                .map(|word| word.chars().count())
                .sum(),
            Block::Image(_) => 0,
        });
        lengths.sum()
    }

    pub(super) fn append(&mut self, mut other: Self) {
        self.blocks.append(&mut other.blocks);
        self.files.append(&mut other.files);
    }
}

impl Block {
    pub(super) fn html(html: BoundedHtml) -> Self {
        let text = html::to_text(&html);
        let length = text
            .split_whitespace()
            .map(|word| word.chars().count())
            .sum();
        Self::Html { html, length }
    }
}

/// Of characters that are not blank; less may well be a stub itself.
const LEAST_TEXT: usize = 200;

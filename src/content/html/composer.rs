//! Puts words, line breaks and blocks together to a document.
//!
//! Space at both ends of a line goes, and so do line breaks at the end of a block; however many
//! blank lines, empty paragraphs and margins stand between two blocks, it is one gap.

use dom_query::NodeId;

use super::document::{Block, Kind, Mark, Marks, Run, is_blank, is_invisible};

#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is due by itself, in any combination"
)]
pub(super) struct Composer {
    blocks: Vec<Block>,
    /// The paragraph that is not finished.
    runs: Vec<Run>,
    /// How the words that come next look.
    pub marks: Marks,
    /// Line breaks since the last word.
    breaks: usize,
    /// A space is due before the next word.
    space: bool,
    /// A blank line is due before the next block.
    gap: bool,
    /// A blank line was due before the first block.
    gap_before: bool,
    /// The paragraph holds something, but nothing to be seen.
    is_blank_line: bool,
    /// Paragraphs are headings of this level.
    pub heading: Option<u8>,
    /// Inside `pre`, where blocks are lines.
    pub is_pre: bool,
}

impl Composer {
    /// What `compose` says, as blocks of its own.
    pub fn within<T: AsMut<Self>>(this: &mut T, compose: impl FnOnce(&mut T)) -> Vec<Block> {
        Self::part(this, compose).blocks
    }

    /// What `compose` says, with the gaps that it has at both ends.
    pub fn part<T: AsMut<Self>>(this: &mut T, compose: impl FnOnce(&mut T)) -> Part {
        let composer = this.as_mut();
        composer.end_words();
        let outer = std::mem::take(&mut composer.blocks);
        let gaps = (
            std::mem::take(&mut composer.gap),
            std::mem::take(&mut composer.gap_before),
        );
        let heading = composer.heading.take();
        compose(this);
        let composer = this.as_mut();
        composer.end_words();
        let part = Part {
            blocks: std::mem::replace(&mut composer.blocks, outer),
            gap_before: composer.gap_before,
            gap_after: composer.gap,
        };
        (composer.gap, composer.gap_before) = gaps;
        composer.heading = heading;
        part
    }

    /// What `compose` says, as preformatted text.
    pub fn preformatted<T: AsMut<Self>>(this: &mut T, compose: impl FnOnce(&mut T)) -> Vec<Run> {
        let composer = this.as_mut();
        composer.end_words();
        composer.is_pre = true;
        compose(this);
        let composer = this.as_mut();
        composer.is_pre = false;
        composer.breaks = 0;
        let mut runs = std::mem::take(&mut composer.runs);
        while runs.last().is_some_and(Run::is_blank) {
            runs.pop();
        }
        let lines_before = runs.iter().position(|run| !run.is_blank()).unwrap_or(0);
        // The indentation of the first line stays.
        let first = runs[..lines_before].iter().rposition(Run::is_break);
        runs.drain(..first.map_or(0, |at| at + 1));
        runs
    }

    pub fn finish(mut self) -> Vec<Block> {
        self.end_words();
        let mut blocks = self.blocks;
        super::code::settle(&mut blocks);
        blocks
    }

    /// Text whose white space does not count.
    pub fn text(&mut self, node: NodeId, text: &str) {
        let is_space = |c| matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}');
        let mut words = String::with_capacity(text.len());
        for word in text.split(is_space).filter(|word| !word.is_empty()) {
            if !words.is_empty() {
                words.push(' ');
            }
            words.extend(word.chars().filter(|c| is_readable(*c)));
        }
        self.space |= text.starts_with(is_space);
        if words.chars().all(is_invisible) {
            self.space |= !words.is_empty();
            self.is_blank_line |= words.contains('\u{a0}');
            return;
        }
        self.word(node, &words);
        self.space = text.ends_with(is_space);
    }

    /// Text whose lines count, and whose spaces count if `keeps_spaces`.
    pub fn lines(&mut self, node: NodeId, text: &str, keeps_spaces: bool) {
        for (at, line) in text.split('\n').enumerate() {
            if at > 0 {
                self.line_break();
            }
            let line = line.trim_end_matches('\r');
            if self.is_pre {
                self.push(node, line.chars().filter(|c| is_readable(*c)).collect());
            } else if keeps_spaces {
                let line = line.replace('\t', "    ");
                let content = line.trim_start_matches(' ');
                let mut kept = "\u{a0}".repeat(line.len() - content.len());
                // HTML shows the second of two spaces only if the first does not break.
                kept.push_str(&content.replace("  ", "\u{a0} "));
                if kept.chars().all(is_invisible) {
                    self.space |= !kept.is_empty();
                } else {
                    self.word(
                        node,
                        &kept.chars().filter(|c| is_readable(*c)).collect::<String>(),
                    );
                }
            } else {
                self.text(node, line);
            }
        }
    }

    /// Words that are written as they are.
    pub fn word(&mut self, node: impl Into<Option<NodeId>>, text: &str) {
        let node = node.into();
        if text.is_empty() {
            return;
        }
        if self.is_pre {
            return self.push(node, text.to_owned());
        }
        match (self.runs.is_empty(), self.breaks) {
            (_, 0) => {}
            (true, _) => self.gap = true,
            (false, 1) => {
                let marks = self.before_next();
                self.runs.push(Run::line_break(marks));
            }
            (false, _) => self.end_words(),
        }
        self.breaks = 0;
        let is_first = self.runs.last().is_none_or(Run::is_break);
        if self.space && !is_first {
            let marks = self.before_next();
            if marks == self.marks {
                self.push(node, format!(" {text}"));
            } else {
                self.runs.push(Run {
                    node,
                    text: " ".to_owned(),
                    marks,
                });
                self.push(node, text.to_owned());
            }
        } else {
            self.push(node, text.to_owned());
        }
        self.space = false;
    }

    pub fn line_break(&mut self) {
        if self.is_pre {
            self.runs.push(Run::line_break(self.marks.clone()));
        } else {
            self.space = false;
            self.breaks += 1;
        }
    }

    pub fn end_words(&mut self) {
        if self.is_pre {
            if self.runs.last().is_some_and(|run| !run.is_break()) {
                self.line_break();
            }
            return;
        }
        self.space = false;
        let breaks = std::mem::take(&mut self.breaks);
        let is_blank_line = std::mem::take(&mut self.is_blank_line);
        let mut runs = std::mem::take(&mut self.runs);
        while runs.last().is_some_and(Run::is_blank) {
            runs.pop();
        }
        if is_blank(&runs) {
            self.gap |= breaks > 0 || is_blank_line;
            return;
        }
        if let Some(last) = runs.last_mut() {
            last.text.truncate(last.text.trim_end().len());
        }
        let kind = match self.heading {
            Some(level) => Kind::Heading(level, runs),
            None => Kind::Words(runs),
        };
        self.block(kind);
        self.gap |= breaks > 1;
    }

    /// Begins or ends a block; `is_spaced`: with a blank line.
    pub fn end_block(&mut self, is_spaced: bool) {
        self.end_words();
        self.gap |= is_spaced && !self.is_pre;
    }

    pub fn block(&mut self, kind: Kind) {
        let mut gap = std::mem::take(&mut self.gap);
        if self.blocks.is_empty() {
            self.gap_before = std::mem::take(&mut gap);
        }
        self.blocks.push(Block { gap, kind });
    }

    /// Adds what was composed by itself.
    pub fn append(&mut self, part: Part) {
        self.end_block(part.gap_before);
        for block in part.blocks {
            self.gap |= block.gap;
            self.block(block.kind);
        }
        self.gap |= part.gap_after;
    }

    /// An item of a list that is made of paragraphs, `level` deep; `number` if it has one.
    pub fn item(&mut self, level: usize, number: Option<u32>, item: Vec<Block>) {
        self.end_words();
        let gap = std::mem::take(&mut self.gap);
        let mut blocks = &mut self.blocks;
        for _ in 1..level {
            let is_list = matches!(
                blocks.last().map(|block| &block.kind),
                Some(Kind::List { items, .. }) if !items.is_empty()
            );
            if !is_list {
                break;
            }
            let Some(Block {
                kind: Kind::List { items, .. },
                ..
            }) = blocks.last_mut()
            else {
                return;
            };
            let Some(last) = items.last_mut() else { return };
            blocks = last;
        }
        let count = |items: &Vec<_>| u32::try_from(items.len()).unwrap_or(u32::MAX);
        match blocks.last_mut().map(|block| &mut block.kind) {
            Some(Kind::List { first, items })
                if first.map(|first| first.saturating_add(count(items))) == number =>
            {
                items.push(item);
            }
            _ => blocks.push(Block {
                gap: gap && !blocks.is_empty(),
                kind: Kind::List {
                    first: number,
                    items: vec![item],
                },
            }),
        }
    }

    /// Nothing but text that says so is between the words so far and the next.
    fn before_next(&self) -> Marks {
        let last = self.runs.last().map(|run| &run.marks);
        last.map_or_else(Marks::default, |last| last.common(&self.marks))
    }

    fn push(&mut self, node: impl Into<Option<NodeId>>, text: String) {
        if text.is_empty() {
            return;
        }
        let marks = match self.heading {
            Some(_) => self.marks.without(Mark::is_bold),
            None => self.marks.clone(),
        };
        self.runs.push(Run {
            node: node.into(),
            text,
            marks,
        });
    }
}

/// Blocks that were composed by themselves.
pub(super) struct Part {
    pub blocks: Vec<Block>,
    pub gap_before: bool,
    pub gap_after: bool,
}

impl From<Vec<Block>> for Part {
    fn from(blocks: Vec<Block>) -> Self {
        Self {
            blocks,
            gap_before: false,
            gap_after: false,
        }
    }
}

/// Neither what has no width and only tells where a line may end, nor a control character.
fn is_readable(c: char) -> bool {
    !matches!(c, '\u{200b}' | '\u{feff}' | '\u{ad}' | '\u{34f}') && (!c.is_control() || c == '\t')
}

//! What HTML says, as blocks one below the other: the one form from which Matrix HTML, plain text,
//! and pieces of both are written, so that they never disagree.

use std::rc::Rc;

use dom_query::NodeId;

/// A stretch of a document that stands on lines of its own.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::content) struct Block {
    /// Whether a blank line is before it.
    pub gap: bool,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::content) enum Kind {
    Words(Vec<Run>),
    /// Level 1 to 6.
    Heading(u8, Vec<Run>),
    /// White space counts.
    Pre {
        language: Option<String>,
        runs: Vec<Run>,
    },
    Quote(Vec<Block>),
    List {
        /// The number of the first item; `None` for bullets.
        first: Option<u32>,
        items: Vec<Vec<Block>>,
    },
    Table(Table),
    Rule(Option<NodeId>),
    /// An image that is shown in its place: index among the attachments.
    Image(usize),
}

/// Rows and columns that mean something.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::content) struct Table {
    pub caption: Vec<Block>,
    pub rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::content) struct Row {
    /// Whether it names the columns.
    pub is_head: bool,
    pub cells: Vec<Cell>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::content) struct Cell {
    /// Whether it names its row or column.
    pub is_head: bool,
    pub blocks: Vec<Block>,
}

/// Text in one form. A line break is a run of its own, `"\n"`.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::content) struct Run {
    /// The text node or image it comes from; `None` for what the layout adds.
    pub node: Option<NodeId>,
    pub text: String,
    pub marks: Marks,
}

impl Run {
    pub fn line_break(marks: Marks) -> Self {
        Self {
            node: None,
            text: "\n".to_owned(),
            marks,
        }
    }

    pub fn is_break(&self) -> bool {
        self.text == "\n"
    }

    pub fn is_blank(&self) -> bool {
        self.text.chars().all(is_invisible)
    }
}

/// How a run looks: from the outermost mark to the innermost, none of them twice.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::content) struct Marks(Rc<[Mark]>);

#[derive(Debug, Clone, PartialEq)]
pub(in crate::content) enum Mark {
    Strong,
    Bold,
    Emphasis,
    Italic,
    Underline,
    Strike,
    Deleted,
    Sub,
    Sup,
    Code,
    /// A font with letters of one width, which may be code.
    Mono,
    /// The target. Every link has its own pointer.
    Link(Rc<str>),
}

impl Mark {
    pub fn is_bold(&self) -> bool {
        matches!(self, Self::Strong | Self::Bold)
    }

    pub fn is_italic(&self) -> bool {
        matches!(self, Self::Emphasis | Self::Italic)
    }

    fn is_struck(&self) -> bool {
        matches!(self, Self::Strike | Self::Deleted)
    }

    pub fn is_code(&self) -> bool {
        matches!(self, Self::Code | Self::Mono)
    }

    /// Whether text can't have both.
    fn is_like(&self, other: &Self) -> bool {
        let both = |is: fn(&Self) -> bool| is(self) && is(other);
        both(Self::is_bold)
            || both(Self::is_italic)
            || both(Self::is_struck)
            || both(Self::is_code)
            || std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl Marks {
    pub fn iter(&self) -> std::slice::Iter<'_, Mark> {
        self.0.iter()
    }

    pub fn any(&self, is: impl Fn(&Mark) -> bool) -> bool {
        self.iter().any(is)
    }

    /// With `mark`, unless something like it is there.
    pub fn with(&self, mark: Mark) -> Self {
        if self.any(|known| known.is_like(&mark)) {
            return self.clone();
        }
        Self(self.iter().cloned().chain([mark]).collect())
    }

    pub fn without(&self, goes: impl Fn(&Mark) -> bool) -> Self {
        if self.any(&goes) {
            Self(self.iter().filter(|mark| !goes(mark)).cloned().collect())
        } else {
            self.clone()
        }
    }

    /// What both begin with: the form of what stands between them.
    pub fn common(&self, other: &Self) -> Self {
        if self == other {
            return self.clone();
        }
        let pairs = self.iter().zip(other.iter());
        let both = pairs.take_while(|(one, two)| one == two);
        Self(both.map(|(one, _)| one.clone()).collect())
    }

    pub fn link(&self) -> Option<&Rc<str>> {
        self.iter().find_map(|mark| match mark {
            Mark::Link(target) => Some(target),
            _ => None,
        })
    }
}

/// White space, and what has no width and only guides layout.
pub(super) fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// Whether there is anything to read on `runs`.
pub(super) fn is_blank(runs: &[Run]) -> bool {
    runs.iter().all(Run::is_blank)
}

/// Shows every line of text to `see`, in order.
pub(super) fn each_runs(blocks: &mut [Block], see: &mut dyn FnMut(&mut Vec<Run>)) {
    for block in blocks {
        match &mut block.kind {
            Kind::Words(runs) | Kind::Heading(_, runs) | Kind::Pre { runs, .. } => see(runs),
            Kind::Quote(blocks) => each_runs(blocks, see),
            Kind::List { items, .. } => items.iter_mut().for_each(|item| each_runs(item, see)),
            Kind::Table(table) => {
                each_runs(&mut table.caption, see);
                let cells = table.rows.iter_mut().flat_map(|row| &mut row.cells);
                cells.for_each(|cell| each_runs(&mut cell.blocks, see));
            }
            Kind::Rule(_) | Kind::Image(_) => {}
        }
    }
}

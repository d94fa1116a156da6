//! From the tree of a stranger's HTML to a document.

use std::{collections::HashSet, rc::Rc};

use dom_query::{NodeId, NodeRef};

use super::{
    composer::{Composer, Part},
    document::{Block, Cell, Kind, Mark, Marks, Row, Run, Table, is_invisible},
    links::{self, Link},
    style::{Look, WhiteSpace},
    tables::is_data_table,
};

/// What everything below `root` says. `image` tells which images are shown in their place, by
/// what their `src` says.
pub(super) fn read(
    root: &NodeRef<'_>,
    origin: Origin,
    image: &dyn Fn(&str) -> Option<usize>,
) -> Vec<Block> {
    let mut reader = Reader {
        origin,
        image,
        composer: Composer::default(),
        white_space: WhiteSpace::Collapse,
        is_unseen: false,
        levels: 0,
        uncut: 0,
        is_in_table: false,
        held: Vec::new(),
        seen: HashSet::new(),
        marker: None,
        padding: MAX_PADDING,
    };
    reader.children(root);
    reader.composer.finish()
}

/// Whose HTML it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Mail,
    /// Our own for Matrix: its tables all mean something.
    Ours,
}

struct Reader<'a> {
    origin: Origin,
    image: &'a dyn Fn(&str) -> Option<usize>,
    composer: Composer,
    white_space: WhiteSpace,
    /// Text has no size here.
    is_unseen: bool,
    /// Lists and quotes around.
    levels: usize,
    /// Blocks around in which no image can be shown.
    uncut: usize,
    is_in_table: bool,
    /// Images that come after the outermost such block.
    held: Vec<usize>,
    /// Images that were shown.
    seen: HashSet<usize>,
    /// Word's bullet or number of a list item, which was read already.
    marker: Option<NodeId>,
    /// How many more empty cells may stand for cells that are as wide or high as several.
    padding: usize,
}

impl AsMut<Composer> for Reader<'_> {
    fn as_mut(&mut self) -> &mut Composer {
        &mut self.composer
    }
}

impl Reader<'_> {
    fn children(&mut self, node: &NodeRef<'_>) {
        for child in node.children_it(false) {
            self.node(&child);
        }
    }

    fn node(&mut self, node: &NodeRef<'_>) {
        if node.is_text() {
            return self.text(node);
        }
        let Some(name) = node.node_name() else {
            return self.children(node);
        };
        let look = Look::of(node);
        if look.is_hidden || self.marker == Some(node.id) {
            return;
        }
        let marks = self.composer.marks.clone();
        let (white_space, is_unseen) = (self.white_space, self.is_unseen);
        self.composer.marks = marked(&marks, &name, &look);
        self.white_space = look.white_space.unwrap_or(white_space);
        self.is_unseen = look.has_size.map_or(is_unseen, |has_size| !has_size);
        self.element(node, &name, &look);
        self.composer.marks = marks;
        self.white_space = white_space;
        self.is_unseen = is_unseen;
    }

    fn element(&mut self, node: &NodeRef<'_>, name: &str, look: &Look) {
        match name {
            "br" => self.composer.line_break(),
            "hr" => {
                self.composer.end_words();
                self.composer.block(Kind::Rule(Some(node.id)));
            }
            "img" => self.image(node, look),
            "a" => self.link(node),
            "q" => {
                self.composer.word(None, "“");
                self.children(node);
                self.composer.word(None, "”");
            }
            "p" if look.list_level.is_some() => self.word_item(node, look),
            "p" => {
                // Word gives its paragraphs no margin: blank lines are paragraphs of their own.
                let is_word = node.class().is_some_and(|class| class.starts_with("Mso"));
                self.block(node, look.has_margin.unwrap_or(!is_word));
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.composer.end_block(true);
                let level = name.as_bytes()[1] - b'0';
                let around = self.composer.heading.replace(level);
                self.children(node);
                self.composer.end_block(true);
                self.composer.heading = around;
            }
            "blockquote" if is_indentation(node, look) => self.block(node, true),
            "blockquote" => self.quote(node),
            "ul" | "ol" => self.list(node, name),
            "li" => self.list_of(node, None, |reader, items| {
                let item = Composer::within(reader, |reader| reader.children(node));
                items.push(item);
            }),
            "pre" if !self.composer.is_pre => self.preformatted(node),
            "table" if self.composer.is_pre => self.block(node, false),
            "table" if !self.is_in_table && self.is_data_table(node) => self.table(node),
            "table" => self.layout(node),
            "dt" => {
                let marks = self.composer.marks.with(Mark::Strong);
                self.composer.marks = marks;
                self.block(node, false);
            }
            "dl" | "figure" => self.block(node, true),
            "div" | "tr" | "td" | "th" | "caption" | "thead" | "tbody" | "tfoot" | "dd"
            | "center" | "section" | "article" | "header" | "footer" | "main" | "nav" | "aside"
            | "address" | "figcaption" | "fieldset" | "details" | "summary" | "mx-reply" => {
                self.block(node, look.has_margin == Some(true) && !look.is_indented);
            }
            _ => self.children(node),
        }
    }

    fn block(&mut self, node: &NodeRef<'_>, is_spaced: bool) {
        self.composer.end_block(is_spaced);
        self.children(node);
        self.composer.end_block(is_spaced);
    }

    /// A block in which no image can be shown: those of it come after it.
    fn uncut(&mut self, compose: impl FnOnce(&mut Self)) {
        self.uncut += 1;
        compose(self);
        self.uncut -= 1;
        if self.uncut == 0 {
            for image in std::mem::take(&mut self.held) {
                self.composer.block(Kind::Image(image));
            }
        }
    }

    fn quote(&mut self, node: &NodeRef<'_>) {
        self.composer.end_block(true);
        if self.levels >= MAX_LEVELS || self.composer.is_pre {
            self.children(node);
        } else {
            self.uncut(|reader| {
                reader.levels += 1;
                let quoted = Composer::within(reader, |reader| reader.children(node));
                reader.levels -= 1;
                if !quoted.is_empty() {
                    reader.composer.block(Kind::Quote(quoted));
                }
            });
        }
        self.composer.end_block(true);
    }

    fn list(&mut self, node: &NodeRef<'_>, name: &str) {
        let start = || {
            let start = node.attr("start").or_else(|| {
                let first = node.children_it(false).find(|child| child.has_name("li"))?;
                first.attr("value")
            });
            start
                .and_then(|start| start.trim().parse().ok())
                .unwrap_or(1)
        };
        let first = (name == "ol").then(start);
        self.list_of(node, first, |reader, items| {
            for child in node.children_it(false) {
                let is_item = child.has_name("li");
                let blocks = Composer::within(reader, |reader| {
                    if is_item {
                        reader.item(&child);
                    } else {
                        reader.node(&child);
                    }
                });
                match items.last_mut() {
                    _ if blocks.is_empty() => {}
                    // Some programs put a list within a list beside the item to which it belongs.
                    Some(last) if !is_item => last.extend(blocks),
                    _ => items.push(blocks),
                }
            }
        });
    }

    /// The content of an item, with the look of its tag.
    fn item(&mut self, node: &NodeRef<'_>) {
        let look = Look::of(node);
        if !look.is_hidden {
            let marks = self.composer.marks.clone();
            self.composer.marks = marked(&marks, "li", &look);
            self.children(node);
            self.composer.marks = marks;
        }
    }

    fn list_of(
        &mut self,
        node: &NodeRef<'_>,
        first: Option<u32>,
        read_items: impl FnOnce(&mut Self, &mut Vec<Vec<Block>>),
    ) {
        let is_outermost = self.levels == 0;
        self.composer.end_block(is_outermost);
        if self.levels >= MAX_LEVELS || self.composer.is_pre {
            return self.block(node, false);
        }
        self.uncut(|reader| {
            reader.levels += 1;
            let mut items = Vec::new();
            read_items(reader, &mut items);
            reader.levels -= 1;
            items.retain(|item| !item.is_empty());
            if !items.is_empty() {
                reader.composer.block(Kind::List { first, items });
            }
        });
        self.composer.end_block(is_outermost);
    }

    /// Word writes lists as paragraphs that begin with a bullet or number.
    fn word_item(&mut self, node: &NodeRef<'_>, look: &Look) {
        let marker = node
            .descendants_it()
            .find(|node| node.is_element() && Look::of(node).is_list_marker);
        let label = marker.as_ref().map(|marker| marker.text().to_string());
        let label = label.unwrap_or_default();
        let label = label.trim_matches(is_invisible);
        let number = label.trim_end_matches(['.', ')']).parse::<u32>().ok();
        let is_bullet = label.chars().count() <= 1 && !label.chars().all(char::is_alphanumeric);
        if self.levels >= MAX_LEVELS
            || self.composer.is_pre
            || !(is_bullet || number.is_some() || label.is_empty())
        {
            return self.block(node, false);
        }
        let level = look.list_level.unwrap_or(1).min(MAX_LEVELS - self.levels);
        self.uncut(|reader| {
            reader.marker = marker.map(|marker| marker.id);
            reader.levels += level;
            let item = Composer::within(reader, |reader| reader.children(node));
            reader.levels -= level;
            reader.marker = None;
            if !item.is_empty() {
                reader.composer.item(level, number, item);
            }
        });
    }

    fn preformatted(&mut self, node: &NodeRef<'_>) {
        self.composer.end_block(true);
        // Thunderbird's form of a plain text mail.
        if node.class().is_some_and(|c| c.starts_with("moz-quote-pre")) {
            self.white_space = WhiteSpace::Keep;
            return self.block(node, true);
        }
        let language = node.descendants_it().find_map(|node| {
            let class = node.has_name("code").then(|| node.class())??;
            let mut classes = class.split_ascii_whitespace();
            let language = classes.find_map(|class| class.strip_prefix("language-"))?;
            (language.len() <= 32).then(|| language.to_owned())
        });
        self.uncut(|reader| {
            let runs = Composer::preformatted(reader, |reader| reader.children(node));
            if !runs.is_empty() {
                reader.composer.block(Kind::Pre { language, runs });
            }
        });
        self.composer.end_block(true);
    }

    fn table(&mut self, node: &NodeRef<'_>) {
        self.composer.end_block(true);
        self.uncut(|reader| {
            // Tables need levels of their own, and so leave few for lists in their cells.
            let levels = std::mem::replace(&mut reader.levels, MAX_LEVELS - 4);
            reader.is_in_table = true;
            let mut table = Table::default();
            let mut columns = Columns::default();
            reader.rows(node, false, &mut columns, &mut table);
            reader.levels = levels;
            reader.is_in_table = false;
            if table.rows.iter().any(|row| !row.is_empty()) {
                table.rows.retain(|row| !row.is_empty());
                reader.composer.block(Kind::Table(table));
            } else {
                reader.composer.append(table.caption.into());
            }
        });
        self.composer.end_block(true);
    }

    fn is_data_table(&self, node: &NodeRef<'_>) -> bool {
        self.origin == Origin::Ours || is_data_table(node)
    }

    fn rows(
        &mut self,
        node: &NodeRef<'_>,
        is_head: bool,
        columns: &mut Columns,
        table: &mut Table,
    ) {
        for child in node.children_it(false) {
            match child.node_name().as_deref() {
                Some(_) if Look::of(&child).is_hidden => {}
                Some("thead") => self.rows(&child, true, columns, table),
                Some("tbody" | "tfoot") => self.rows(&child, false, columns, table),
                Some("tr") => {
                    let cells = self.cells(&child, columns);
                    let is_head = table.rows.iter().all(|row| row.is_head)
                        && (is_head || cells.iter().all(|cell| cell.is_head));
                    table.rows.push(Row { is_head, cells });
                }
                _ => {
                    let blocks = Composer::within(self, |reader| reader.node(&child));
                    table.caption.extend(blocks);
                }
            }
        }
    }

    fn cells(&mut self, row: &NodeRef<'_>, columns: &mut Columns) -> Vec<Cell> {
        let mut cells = Vec::new();
        columns.begin_row();
        for child in row.children_it(false) {
            if child.is_element() && Look::of(&child).is_hidden {
                continue;
            }
            let blocks = Composer::within(self, |reader| reader.node(&child));
            let is_head = child.has_name("th");
            if !is_head && !child.has_name("td") {
                // Only text that stands outside of all cells.
                if !blocks.is_empty() {
                    cells.push(Cell { is_head, blocks });
                }
                continue;
            }
            let span = |name: &str| {
                let span = child.attr(name).and_then(|span| span.trim().parse().ok());
                span.unwrap_or(1).clamp(1, MAX_SPAN)
            };
            let (before, after) = columns.place(span("colspan"), span("rowspan"));
            self.pad(&mut cells, before);
            cells.push(Cell { is_head, blocks });
            self.pad(&mut cells, after);
        }
        cells
    }

    /// Matrix has no cells that are as wide or high as several.
    fn pad(&mut self, cells: &mut Vec<Cell>, count: usize) {
        let count = count.min(self.padding);
        self.padding -= count;
        cells.extend((0..count).map(|_| Cell::default()));
    }

    /// A table that only lays out: each cell as a block of its own, short ones on one line.
    fn layout(&mut self, node: &NodeRef<'_>) {
        self.composer.end_words();
        for child in node.children_it(false) {
            match child.node_name().as_deref() {
                Some("thead" | "tbody" | "tfoot") if !Look::of(&child).is_hidden => {
                    self.layout(&child);
                }
                Some("tr") if !Look::of(&child).is_hidden => {
                    let cells: Vec<Part> = child
                        .children_it(false)
                        .map(|cell| Composer::part(self, |reader| reader.node(&cell)))
                        .filter(|cell| !cell.blocks.is_empty())
                        .collect();
                    if cells.len() > 1 && cells.iter().all(|cell| is_short(&cell.blocks)) {
                        self.composer.append(beside(cells).into());
                    } else {
                        for cell in cells {
                            self.composer.append(cell);
                        }
                    }
                }
                _ => self.node(&child),
            }
        }
        self.composer.end_words();
    }

    fn link(&mut self, node: &NodeRef<'_>) {
        let href = node.attr("href").unwrap_or_default();
        let marks = self.composer.marks.clone();
        let link = if href.is_empty() {
            Link::Words(None)
        } else {
            links::read(&href)
        };
        if let Link::To(target) = &link {
            self.composer.marks = marks
                .without(|mark| matches!(mark, Mark::Link(_)))
                .with(Mark::Link(Rc::from(target.as_str())));
        }
        self.children(node);
        // A picture that is a link leaves its words, so that the link can be followed.
        let shown = node.text();
        if shown.chars().all(is_invisible) && matches!(link, Link::To(_)) {
            let image = node.descendants_it().find(|node| node.has_name("img"));
            if let Some(image) = image {
                let alt = image.attr("alt").unwrap_or_default();
                let is_shown = is_symbol(&alt) || self.index(&image).is_some();
                if !is_shown && !Look::of(&image).is_speck() {
                    self.say(&image, alt.trim());
                }
            }
        }
        self.composer.marks = marks;
        if let Link::Words(Some(told)) = link {
            let bare =
                |text: &str| -> String { text.chars().filter(|c| !is_separator(*c)).collect() };
            if !bare(&shown).contains(&bare(&told)) {
                self.composer.word(None, &format!(" ({told})"));
            }
        }
    }

    fn image(&mut self, node: &NodeRef<'_>, look: &Look) {
        if look.is_speck() {
            return;
        }
        let alt = node.attr("alt").unwrap_or_default();
        let alt = alt.trim();
        match self.index(node) {
            None if is_symbol(alt) => self.say(node, alt),
            None => {}
            Some(index) => {
                let is_new = self.seen.insert(index);
                if self.uncut == 0 && is_new {
                    self.composer.end_words();
                    self.composer.block(Kind::Image(index));
                    return;
                }
                if is_new {
                    self.held.push(index);
                }
                let label = if alt.is_empty() || !is_new {
                    "[image]".to_owned()
                } else {
                    format!("[image: {alt}]")
                };
                self.say(node, &label);
            }
        }
    }

    /// Which of the attachments an image is.
    fn index(&self, image: &NodeRef<'_>) -> Option<usize> {
        let source = image.attr("src")?;
        let source = source.trim();
        let id = links::strip_scheme(source, "cid:").unwrap_or(source);
        if id.is_empty() || links::strip_scheme(source, "data:").is_some() {
            return None;
        }
        (self.image)(id).or_else(|| (self.image)(&links::percent_decoded(id)))
    }

    /// Words that stand for an image.
    fn say(&mut self, image: &NodeRef<'_>, words: &str) {
        let words: Vec<&str> = words.split_whitespace().collect();
        self.composer.word(image.id, &words.join(" "));
    }

    fn text(&mut self, node: &NodeRef<'_>) {
        if self.is_unseen {
            return;
        }
        let text = node.text();
        match self.white_space {
            _ if self.composer.is_pre => self.composer.lines(node.id, &text, true),
            WhiteSpace::Keep => self.composer.lines(node.id, &text, true),
            WhiteSpace::Lines => self.composer.lines(node.id, &text, false),
            WhiteSpace::Collapse => self.composer.text(node.id, &text),
        }
    }
}

/// The marks of what is within an element.
fn marked(around: &Marks, name: &str, look: &Look) -> Marks {
    let mut marks = around.clone();
    let own = match name {
        "strong" => Some(Mark::Strong),
        "b" => Some(Mark::Bold),
        "em" => Some(Mark::Emphasis),
        "i" | "cite" | "var" | "dfn" => Some(Mark::Italic),
        "u" | "ins" => Some(Mark::Underline),
        "s" | "strike" => Some(Mark::Strike),
        "del" => Some(Mark::Deleted),
        "sub" => Some(Mark::Sub),
        "sup" => Some(Mark::Sup),
        "code" | "tt" | "kbd" | "samp" => Some(Mark::Code),
        _ => None,
    };
    let is_underline = own == Some(Mark::Underline);
    if let Some(own) = own {
        marks = marks.with(own);
    }
    let mut set = |says: Option<bool>, mark: Mark, is_like: fn(&Mark) -> bool| match says {
        Some(true) => marks = marks.with(mark),
        Some(false) => marks = marks.without(is_like),
        None => {}
    };
    set(look.bold, Mark::Bold, Mark::is_bold);
    set(look.italic, Mark::Italic, Mark::is_italic);
    set(look.mono, Mark::Mono, |mark| *mark == Mark::Mono);
    set(look.strike.then_some(true), Mark::Strike, |_| false);
    set(look.sub.then_some(true), Mark::Sub, |_| false);
    set(look.sup.then_some(true), Mark::Sup, |_| false);
    // Links are underlined anyway; and a line that goes through what is around stays.
    let is_link = name == "a" || marks.link().is_some();
    match look.underline {
        Some(true) if !is_link => marks.with(Mark::Underline),
        Some(false) if is_underline => marks.without(|mark| *mark == Mark::Underline),
        _ => marks,
    }
}

/// Gmail and Outlook write indented paragraphs as quotes without a line beside them.
fn is_indentation(node: &NodeRef<'_>, look: &Look) -> bool {
    look.is_indented
        && look.has_border == Some(false)
        && !node.has_attr("type")
        && !node.has_attr("cite")
        && !node.has_attr("class")
}

/// Whether the text that stands for an image is an emoji or the like, and so part of the sentence.
pub(super) fn is_symbol(alt: &str) -> bool {
    let alt = alt.trim();
    !alt.is_empty()
        && alt.chars().count() <= 8
        && !alt.chars().any(|c| c.is_ascii() || c.is_alphanumeric())
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '/' | '(' | ')' | '.' | '\u{a0}')
}

/// A few words on one line.
fn is_short(cell: &[Block]) -> bool {
    match cell {
        [
            Block {
                kind: Kind::Words(runs),
                ..
            },
        ] => {
            let length: usize = runs.iter().map(|run| run.text.len()).sum();
            length <= 60 && !runs.iter().any(Run::is_break)
        }
        _ => false,
    }
}

/// Cells of a few words on one line.
fn beside(cells: Vec<Part>) -> Vec<Block> {
    let mut line: Vec<Run> = Vec::new();
    for block in cells.into_iter().flat_map(|cell| cell.blocks) {
        let Kind::Words(runs) = block.kind else {
            continue;
        };
        if let Some(last) = line.last() {
            let is_label = last.text.ends_with(':');
            line.push(Run {
                node: None,
                text: if is_label { " " } else { " | " }.to_owned(),
                marks: Marks::default(),
            });
        }
        line.extend(runs);
    }
    vec![Block {
        gap: false,
        kind: Kind::Words(line),
    }]
}

/// Which columns are taken by cells of the rows above.
#[derive(Default)]
struct Columns {
    /// For each of the first columns: for how many rows more.
    taken: Vec<usize>,
    at: usize,
}

impl Columns {
    fn begin_row(&mut self) {
        self.at = 0;
    }

    /// Puts a cell into the next free column; how many empty ones stand for others before it, and
    /// for itself after it.
    fn place(&mut self, columns: usize, rows: usize) -> (usize, usize) {
        let start = self.at;
        while let Some(left) = self.taken.get_mut(self.at).filter(|left| **left > 0) {
            *left -= 1;
            self.at += 1;
        }
        let before = self.at - start;
        for column in self.at..(self.at + columns).min(MAX_SPAN) {
            if self.taken.len() <= column {
                self.taken.resize(column + 1, 0);
            }
            self.taken[column] = rows - 1;
        }
        self.at += columns;
        (before, columns - 1)
    }
}

impl Row {
    fn is_empty(&self) -> bool {
        self.cells.iter().all(|cell| cell.blocks.is_empty())
    }
}

/// Most lists and quotes within each other. Matrix allows 100 levels of tags; a list takes two of
/// them, and tables, paragraphs and marks need some.
const MAX_LEVELS: usize = 38;
/// Most columns or rows that a cell may take.
const MAX_SPAN: usize = 32;
/// Most empty cells that are added in one mail.
const MAX_PADDING: usize = 10_000;

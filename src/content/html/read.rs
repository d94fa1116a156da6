//! From the tree of a stranger's HTML to a document.

mod cells;
mod links;
mod marks;

use std::collections::HashSet;

use dom_query::{NodeId, NodeRef};

use super::{
    composer::Composer,
    document::{Block, Kind, Mark, is_invisible},
    style::{Look, WhiteSpace},
};
use marks::marked;

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

/// Gmail and Outlook write indented paragraphs as quotes without a line beside them.
fn is_indentation(node: &NodeRef<'_>, look: &Look) -> bool {
    look.is_indented
        && look.has_border == Some(false)
        && !node.has_attr("type")
        && !node.has_attr("cite")
        && !node.has_attr("class")
}

/// Most lists and quotes within each other. Matrix allows 100 levels of tags; a list takes two of
/// them, and tables, paragraphs and marks need some.
const MAX_LEVELS: usize = 38;
/// Most empty cells that are added in one mail.
const MAX_PADDING: usize = 10_000;

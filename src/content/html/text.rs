//! HTML as plain text: for clients that show no HTML, and for finding quotes by their lines.

use dom_query::{NodeId, NodeRef};

use super::{
    bound::BoundedHtml,
    sanitise::{has_safe_scheme, is_data_table, is_mention, is_symbol},
};

/// Readable plain text. Quotes begin with `> `, list items with `- ` or their number, the columns
/// of tables are aligned, a link shows its target where its text does not. Lines are as long as
/// the paragraphs are.
pub fn to_text(html: &BoundedHtml) -> String {
    render(&lines_of(&html.parse().root()))
}

/// One line, and which text nodes it comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::content) struct Line {
    pub quote_depth: usize,
    indent: usize,
    pub pieces: Vec<Piece>,
    /// Left empty by a margin, not by a line break of the author.
    is_margin: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::content) struct Piece {
    /// The text node or image; `None` for what the layout adds, such as a list marker.
    pub node: Option<NodeId>,
    pub text: String,
}

impl Line {
    /// Without quote marks and indentation.
    pub fn content(&self) -> String {
        self.pieces
            .iter()
            .map(|piece| piece.text.as_str())
            .collect()
    }

    fn is_blank(&self) -> bool {
        self.pieces.iter().all(|piece| piece.text.trim().is_empty())
    }

    fn to_text(&self) -> String {
        let mut out = "> ".repeat(self.quote_depth);
        out.push_str(&" ".repeat(self.indent));
        out.push_str(&self.content());
        out.truncate(out.trim_end().len());
        out
    }
}

/// Joins lines; blank ones at both ends are left out.
pub(in crate::content) fn render(lines: &[Line]) -> String {
    let text: Vec<String> = lines.iter().map(Line::to_text).collect();
    let filled = |line: &String| !line.is_empty();
    let Some(first) = text.iter().position(filled) else {
        return String::new();
    };
    let last = text.iter().rposition(filled).unwrap_or(first);
    text[first..=last].join("\n")
}

/// The lines of everything below `root`.
pub(in crate::content) fn lines_of(root: &NodeRef<'_>) -> Vec<Line> {
    let mut walk = Walk::default();
    walk.children(root);
    walk.end_line();
    walk.lines
}

#[derive(Default)]
struct Walk {
    lines: Vec<Line>,
    line: Line,
    quote_depth: usize,
    indent: usize,
    /// Inside `pre`: white space counts.
    preformatted: usize,
    /// One entry per open list: the next number, or `None` for bullets.
    lists: Vec<Option<u32>>,
    /// A blank line is due before the next content.
    margin: bool,
    /// A space is due before the next word.
    space: bool,
}

impl Walk {
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
        let keeps_lines = &*name == "pre" || keeps_lines(node);
        self.preformatted += usize::from(keeps_lines);
        self.element(node, &name);
        self.preformatted -= usize::from(keeps_lines);
    }

    fn element(&mut self, node: &NodeRef<'_>, name: &str) {
        match name {
            "br" => self.line_break(),
            "hr" => {
                self.end_line();
                self.push(Some(node.id), "---");
                self.end_line();
            }
            "img" => {
                let alt = node.attr("alt").unwrap_or_default();
                let source = node.attr("src").unwrap_or_default();
                if is_symbol(&alt) || source.starts_with("mxc:") {
                    self.word(node.id, alt.trim());
                }
            }
            "a" => self.link(node),
            "blockquote" => {
                self.end_block(true);
                self.quote_depth += 1;
                self.children(node);
                self.end_line();
                self.quote_depth -= 1;
                self.margin = true;
            }
            "ul" | "ol" => self.list(node, name),
            "li" => self.item(node),
            "dd" => self.indented(node, 4),
            "table" if is_data_table(node) => self.table(node),
            "p" => {
                // Word gives its paragraphs no margin: blank lines are paragraphs of their own.
                let spaced = !node.class().is_some_and(|class| class.starts_with("Mso"));
                self.block(node, spaced);
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "dl" | "figure" | "pre" => {
                self.block(node, true);
            }
            "div" | "tr" | "td" | "th" | "caption" | "table" | "thead" | "tbody" | "tfoot"
            | "dt" | "center" | "section" | "article" | "header" | "footer" | "main" | "nav"
            | "aside" | "address" | "figcaption" | "fieldset" | "details" | "summary"
            | "mx-reply" => self.block(node, false),
            _ => self.children(node),
        }
    }

    fn block(&mut self, node: &NodeRef<'_>, spaced: bool) {
        self.end_block(spaced);
        self.children(node);
        self.end_block(spaced);
    }

    fn indented(&mut self, node: &NodeRef<'_>, by: usize) {
        self.end_line();
        self.indent += by;
        self.children(node);
        self.end_line();
        self.indent -= by;
    }

    fn list(&mut self, node: &NodeRef<'_>, name: &str) {
        let outermost = self.lists.is_empty();
        self.end_block(outermost);
        let start = node
            .attr("start")
            .and_then(|start| start.trim().parse().ok())
            .unwrap_or(1);
        self.lists.push((name == "ol").then_some(start));
        self.children(node);
        self.lists.pop();
        self.end_block(outermost);
    }

    fn item(&mut self, node: &NodeRef<'_>) {
        self.end_line();
        let marker = match self.lists.last_mut() {
            Some(Some(number)) => {
                let marker = format!("{number}. ");
                *number = number.saturating_add(1);
                marker
            }
            Some(None) | None => "- ".to_owned(),
        };
        let width = marker.len();
        let lines_before = self.lines.len();
        self.indent += width;
        self.children(node);
        self.end_line();
        self.indent -= width;
        let first = self.lines[lines_before..]
            .iter_mut()
            .find(|line| !line.is_blank());
        if let Some(first) = first {
            first.indent = first.indent.saturating_sub(width);
            first.pieces.insert(
                0,
                Piece {
                    node: None,
                    text: marker,
                },
            );
        }
    }

    fn link(&mut self, node: &NodeRef<'_>) {
        let lines_before = self.lines.len();
        let pieces_before = self.line.pieces.len();
        self.children(node);
        let href = node.attr("href").unwrap_or_default();
        let href = href.trim();
        let mut shown: String = self.lines[lines_before.min(self.lines.len())..]
            .iter()
            .map(Line::content)
            .collect();
        let from = if self.lines.len() == lines_before {
            pieces_before
        } else {
            0
        };
        shown.extend(
            self.line
                .pieces
                .iter()
                .skip(from)
                .map(|piece| piece.text.as_str()),
        );
        if has_safe_scheme(href)
            && !is_mention(href)
            && !shown.trim().is_empty()
            && bare_target(&shown) != bare_target(href)
        {
            self.push(None, &format!(" <{href}>"));
        }
    }

    /// A table whose rows and columns mean something: one line per row.
    fn table(&mut self, table: &NodeRef<'_>) {
        self.end_block(true);
        let mut rows: Vec<Vec<Vec<Piece>>> = Vec::new();
        for node in table.descendants_it() {
            match node.node_name().as_deref() {
                Some("tr") => rows.push(node.element_children().iter().map(cell_pieces).collect()),
                Some("caption") => rows.push(vec![cell_pieces(&node)]),
                _ => {}
            }
        }
        let width =
            |cell: &[Piece]| -> usize { cell.iter().map(|piece| piece.text.chars().count()).sum() };
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| {
                let cells = rows.iter().filter(|row| row.len() > 1);
                // A cell that is as long as a paragraph does not push the others out of sight.
                cells
                    .filter_map(|row| row.get(column))
                    .map(|cell| width(cell))
                    .max()
                    .unwrap_or(0)
            })
            .map(|width| width.min(40))
            .collect();
        for row in rows {
            let last = row.len().saturating_sub(1);
            for (column, cell) in row.into_iter().enumerate() {
                let missing = widths[column].saturating_sub(width(&cell));
                self.due_margin();
                self.line.pieces.extend(cell);
                if column < last {
                    let padding = " ".repeat(missing) + " | ";
                    self.line.pieces.push(Piece {
                        node: None,
                        text: padding,
                    });
                }
            }
            self.end_line();
        }
        self.end_block(true);
    }

    fn text(&mut self, node: &NodeRef<'_>) {
        let text = node.text();
        if self.preformatted > 0 {
            let mut lines = text.split('\n');
            if let Some(first) = lines.next() {
                self.push(Some(node.id), first.trim_end_matches('\r'));
            }
            for line in lines {
                self.line_break();
                self.push(Some(node.id), line.trim_end_matches('\r'));
            }
            return;
        }
        let starts_with_space = text.starts_with(is_html_space);
        let ends_with_space = text.ends_with(is_html_space);
        let mut words = String::with_capacity(text.len());
        for word in text.split(is_html_space).filter(|word| !word.is_empty()) {
            if !words.is_empty() {
                words.push(' ');
            }
            words.extend(word.chars().filter_map(readable));
        }
        if words.is_empty() {
            self.space |= starts_with_space;
            return;
        }
        self.space |= starts_with_space;
        self.word(node.id, &words);
        self.space = ends_with_space;
    }

    fn word(&mut self, node: NodeId, text: &str) {
        if self.space && !self.line.pieces.is_empty() {
            self.push(Some(node), &format!(" {text}"));
        } else {
            self.push(Some(node), text);
        }
        self.space = false;
    }

    fn push(&mut self, node: Option<NodeId>, text: &str) {
        if !text.is_empty() {
            self.due_margin();
            self.line.pieces.push(Piece {
                node,
                text: text.to_owned(),
            });
        }
    }

    fn due_margin(&mut self) {
        if !self.line.pieces.is_empty() {
            return;
        }
        if self.margin && self.lines.last().is_some_and(|last| !last.is_blank()) {
            // Between two quotes the blank line belongs to neither.
            let last_depth = self.lines.last().map_or(0, |last| last.quote_depth);
            self.lines.push(Line {
                quote_depth: self.quote_depth.min(last_depth),
                is_margin: true,
                ..Line::default()
            });
        }
        self.margin = false;
    }

    fn line_break(&mut self) {
        self.space = false;
        let mut line = std::mem::take(&mut self.line);
        line.quote_depth = self.quote_depth;
        line.indent = self.indent;
        self.lines.push(line);
    }

    /// Ends the line if there is anything on it.
    fn end_line(&mut self) {
        self.space = false;
        if !self.line.pieces.is_empty() {
            self.line_break();
        }
    }

    fn end_block(&mut self, spaced: bool) {
        self.end_line();
        self.margin |= spaced;
    }
}

/// `white-space: pre`, `pre-wrap` or `pre-line`, as for plain text that was made HTML.
fn keeps_lines(node: &NodeRef<'_>) -> bool {
    node.attr("style").is_some_and(|style| {
        style
            .split(';')
            .filter_map(|rule| rule.split_once(':'))
            .any(|(key, value)| {
                key.trim().eq_ignore_ascii_case("white-space")
                    && value
                        .trim()
                        .get(..3)
                        .is_some_and(|v| v.eq_ignore_ascii_case("pre"))
            })
    })
}

/// A cell on one line.
fn cell_pieces(cell: &NodeRef<'_>) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for line in lines_of(cell).into_iter().filter(|line| !line.is_blank()) {
        if !pieces.is_empty() {
            pieces.push(Piece {
                node: None,
                text: " ".to_owned(),
            });
        }
        pieces.extend(line.pieces);
    }
    pieces
}

/// The white space that HTML collapses; a no-break space is none.
fn is_html_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}')
}

/// No-break spaces become spaces; what has no width and only guides layout goes.
fn readable(c: char) -> Option<char> {
    match c {
        '\u{a0}' => Some(' '),
        '\u{200b}' | '\u{feff}' | '\u{ad}' => None,
        c => Some(c),
    }
}

/// What two forms of the same address have in common.
fn bare_target(text: &str) -> String {
    let text = text.trim().to_lowercase();
    let text = ["https://", "http://", "mailto:", "ftp://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme))
        .unwrap_or(&text);
    let text = text.strip_prefix("www.").unwrap_or(text);
    text.split('?')
        .next()
        .filter(|_| text.contains('@'))
        .unwrap_or(text)
        .trim_end_matches('/')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::paragraphs("<p>one\n two</p><p>three<br>four</p>", "one two\n\nthree\nfour")]
    #[case::divs("<div>a</div><div><br></div><div>b<br></div><div>c</div>", "a\n\nb\nc")]
    #[case::word(
        "<p class=MsoNormal>a</p><p class=MsoNormal>&nbsp;</p><p class=MsoNormal>b</p>",
        "a\n\nb"
    )]
    #[case::inline("<b>a</b> <i>b</i>c", "a bc")]
    #[case::quote(
        "<p>a</p><blockquote>b<blockquote>c</blockquote></blockquote>d",
        "a\n\n> b\n>\n> > c\n\nd"
    )]
    #[case::lists(
        "<ul><li>a<ol start=3><li>b<li>c</ol><li><p>d</p></ul>",
        "- a\n  3. b\n  4. c\n\n- d"
    )]
    #[case::link(
        "<a href='https://example.org/x'>here</a>!",
        "here <https://example.org/x>!"
    )]
    #[case::plain_link("<a href='https://example.org/'>example.org</a>", "example.org")]
    #[case::mail_link("<a href='mailto:a@b.example'>a@b.example</a>", "a@b.example")]
    #[case::mention("<a href='https://matrix.to/#/@a:b.example'>Ann</a>", "Ann")]
    #[case::table(
        "<table><tr><th>Part<th>Count<tr><td>x<td>10</table>",
        "Part | Count\nx    | 10"
    )]
    #[case::pre("<pre>a\n  b</pre>c", "a\n  b\n\nc")]
    fn reads_well(#[case] raw: &str, #[case] expected: &str) {
        assert_eq!(to_text(&BoundedHtml::new(raw).unwrap()), expected);
    }

    proptest! {
        #[test]
        fn loses_no_character(
            raw in r"(<(/?)(p|div|b|blockquote|ul|ol|li|table|tr|td|th|pre|br|hr|a href=http://x)>|word| |-|&lt;|é|\n){0,40}"
        ) {
            let html = BoundedHtml::new(&raw).unwrap();
            let mut text: Vec<char> = to_text(&html).chars().collect();
            for c in html.parse().text().chars().filter(|c| !c.is_whitespace()) {
                let at = text.iter().position(|found| *found == c);
                prop_assert!(at.is_some(), "{c} is lost");
                text.remove(at.unwrap());
            }
        }
    }
}

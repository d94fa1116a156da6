//! Documents as plain text: for clients that show no HTML, and for finding quotes by their lines.

use std::{collections::HashSet, rc::Rc};

use dom_query::NodeRef;

use super::{
    bound::BoundedHtml,
    columns,
    document::{Block, Kind, Run},
    line::{Line, Piece},
    links,
    read::{Origin, read},
};

/// Readable plain text. Quotes begin with `> `, list items with `- ` or their number, the columns
/// of tables are aligned, a link shows its target where its words do not. Lines are as long as
/// the paragraphs are.
pub fn to_text(html: &BoundedHtml) -> String {
    render(&lines_of(&html.parse().root()))
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
    lines(&read(root, Origin::Mail, &|_| None))
}

pub(in crate::content) fn lines(blocks: &[Block]) -> Vec<Line> {
    let mut layout = Layout::default();
    layout.blocks(blocks);
    layout.lines
}

#[derive(Default)]
struct Layout {
    lines: Vec<Line>,
    quote_depth: usize,
    indent: usize,
    /// Links whose target was shown already: one that goes over several blocks shows it once.
    told: HashSet<*const u8>,
}

impl Layout {
    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            if block.gap {
                self.gap();
            }
            match &block.kind {
                Kind::Words(runs) | Kind::Heading(_, runs) | Kind::Pre { runs, .. } => {
                    self.runs(runs);
                }
                Kind::Quote(quoted) => {
                    self.quote_depth += 1;
                    self.blocks(quoted);
                    self.quote_depth -= 1;
                }
                Kind::List { first, items } => self.list(*first, items),
                Kind::Table(table) => {
                    self.blocks(&table.caption);
                    for pieces in columns::align(table, &lines) {
                        self.line(pieces);
                    }
                }
                Kind::Rule(node) => self.line(vec![Piece {
                    node: *node,
                    text: "---".to_owned(),
                }]),
                Kind::Image(_) => {}
            }
        }
    }

    fn line(&mut self, pieces: Vec<Piece>) {
        self.lines.push(Line {
            quote_depth: self.quote_depth,
            indent: self.indent,
            pieces,
        });
    }

    /// A blank line. Between two quotes it belongs to neither.
    fn gap(&mut self) {
        let last_depth = self.lines.last().map_or(0, |last| last.quote_depth);
        self.lines.push(Line {
            quote_depth: self.quote_depth.min(last_depth),
            ..Line::default()
        });
    }

    fn list(&mut self, first: Option<u32>, items: &[Vec<Block>]) {
        let mut number = first;
        for item in items {
            let marker = match &mut number {
                Some(number) => {
                    let marker = format!("{number}. ");
                    *number = number.saturating_add(1);
                    marker
                }
                None => "- ".to_owned(),
            };
            let width = marker.len();
            let lines_before = self.lines.len();
            self.indent += width;
            self.blocks(item);
            self.indent -= width;
            let mut lines = self.lines[lines_before..].iter_mut();
            if let Some(first) = lines.find(|line| !line.is_blank()) {
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
    }

    fn runs(&mut self, runs: &[Run]) {
        let mut pieces = Vec::new();
        let mut shown = String::new();
        let mut runs = runs.iter().peekable();
        while let Some(run) = runs.next() {
            if run.is_break() {
                self.line(std::mem::take(&mut pieces));
            } else {
                let text: String = run.text.chars().map(readable).collect();
                pieces.push(Piece {
                    node: run.node,
                    text,
                });
            }
            let Some(link) = run.marks.link() else {
                continue;
            };
            shown.push_str(&run.text);
            let goes_on = runs.peek().and_then(|next| next.marks.link());
            if goes_on.is_some_and(|next| next == link) {
                continue;
            }
            if !links::tells(&std::mem::take(&mut shown), link) && self.is_new(link) {
                pieces.push(Piece {
                    node: None,
                    text: format!(" <{link}>"),
                });
            }
        }
        self.line(pieces);
    }

    fn is_new(&mut self, link: &Rc<str>) -> bool {
        self.told.insert(link.as_ptr())
    }
}

/// No-break spaces only guide layout.
fn readable(c: char) -> char {
    if c == '\u{a0}' { ' ' } else { c }
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
        "- a\n  3. b\n  4. c\n- d"
    )]
    #[case::link(
        "<a href='https://example.org/x'>here</a>!",
        "here <https://example.org/x>!"
    )]
    #[case::plain_link("<a href='https://example.org/'>example.org</a>", "example.org")]
    #[case::mail_link("<a href='mailto:a@b.example'>a@b.example</a>", "a@b.example")]
    #[case::mention(
        "<a href='https://matrix.to/#/@a:b.example'>Ann</a>",
        "Ann (@a:b.example)"
    )]
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

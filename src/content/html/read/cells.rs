//! Tables: those that mean something by their rows and columns, and those that lay out a letter.

use dom_query::NodeRef;

use super::{MAX_LEVELS, Origin, Reader};
use crate::content::html::{
    composer::{Composer, Part},
    document::{Block, Cell, Kind, Marks, Row, Run, Table},
    style::Look,
    tables::is_data_table,
};

impl Reader<'_> {
    pub(super) fn table(&mut self, node: &NodeRef<'_>) {
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

    pub(super) fn is_data_table(&self, node: &NodeRef<'_>) -> bool {
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
    pub(super) fn layout(&mut self, node: &NodeRef<'_>) {
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

/// Most columns or rows that a cell may take.
const MAX_SPAN: usize = 32;

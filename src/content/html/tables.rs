//! Which tables mean something by their rows and columns, and which only lay out a letter.

use dom_query::NodeRef;

/// Whether rows and columns mean something: at least two rows of at least two filled cells, or one
/// such row in a table that has a head or lines. Mailers lay out whole letters in tables; those hold
/// other tables, quotes, rules, headings, or a paragraph in every cell.
pub(super) fn is_data_table(table: &NodeRef<'_>) -> bool {
    let role = table.attr("role").unwrap_or_default();
    if matches!(&*role, "presentation" | "none") {
        return false;
    }
    let has_lines = table
        .attr("border")
        .is_some_and(|border| border.trim().parse::<u32>().is_ok_and(|border| border > 0));
    let mut is_marked = has_lines || table.class().is_some_and(|c| c.contains("MsoTableGrid"));
    let mut rows = 0;
    let mut wide_rows = 0;
    let mut long_cells = 0;
    let mut filled_cells = 0;
    let mut has_heading = false;
    for node in table.descendants_it() {
        match node.node_name().as_deref() {
            Some("table" | "blockquote" | "hr") => return false,
            Some("h1" | "h2" | "h3") => has_heading = true,
            Some("th" | "thead" | "caption") => is_marked = true,
            Some("tr") => {
                let cells = node.element_children();
                let lengths: Vec<usize> = cells.iter().map(length).filter(|l| *l > 0).collect();
                rows += usize::from(!lengths.is_empty());
                wide_rows += usize::from(lengths.len() >= 2);
                filled_cells += lengths.len();
                long_cells += lengths.iter().filter(|length| **length > LONG).count();
            }
            _ => {}
        }
    }
    if is_marked {
        return wide_rows >= 1 && rows >= 2;
    }
    wide_rows >= 2 && !has_heading && long_cells * 2 < filled_cells
}

/// How many characters a cell holds besides white space.
fn length(cell: &NodeRef<'_>) -> usize {
    let texts = cell.descendants_it().filter(NodeRef::is_text);
    texts
        .map(|text| text.text().chars().filter(|c| !c.is_whitespace()).count())
        .sum()
}

/// A cell of more characters holds a paragraph.
const LONG: usize = 200;

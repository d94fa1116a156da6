//! Tables as plain text.

use super::{
    document::{Block, Table},
    line::{Line, Piece},
};

/// The lines of a table: its columns aligned, or where it is too wide for that a list of
/// `Head: value` for each row. `lines` lays out what is in a cell.
pub(super) fn align(table: &Table, lines: &dyn Fn(&[Block]) -> Vec<Line>) -> Vec<Vec<Piece>> {
    let rows: Vec<Vec<Cell>> = table
        .rows
        .iter()
        .map(|row| {
            let cells = row.cells.iter();
            cells.map(|cell| Cell::of(lines(&cell.blocks))).collect()
        })
        .collect();
    let mut widths: Vec<usize> = Vec::new();
    for row in &rows {
        for (column, cell) in row.iter().enumerate() {
            if widths.len() <= column {
                widths.push(0);
            }
            widths[column] = widths[column].max(cell.width);
        }
    }
    // The last column may be as long as it likes, since nothing has to stand behind it.
    let before_last: usize = widths
        .iter()
        .rev()
        .skip(1)
        .map(|width| width + BETWEEN.len())
        .sum();
    let last = widths.last().copied().unwrap_or(0);
    if before_last + last <= MAX_WIDTH || (before_last <= MAX_WIDTH / 2 && widths.len() <= 2) {
        return rows
            .into_iter()
            .flat_map(|row| in_columns(row, &widths))
            .collect();
    }
    let heads = table.rows.iter().take_while(|row| row.is_head).count();
    let head: usize = rows
        .first()
        .map_or(0, |row| row.iter().map(|cell| cell.width).sum());
    // What stands before every row must be short, or the text would grow with the square.
    if heads == 1 && rows.len() > 1 && head <= 2 * MAX_WIDTH && is_on_few_lines(&rows[0]) {
        return as_lists(rows);
    }
    rows.into_iter().map(on_one_line).collect()
}

/// What is in a cell.
struct Cell {
    lines: Vec<Vec<Piece>>,
    /// Of its longest line.
    width: usize,
}

impl Cell {
    fn of(lines: Vec<Line>) -> Self {
        let lines: Vec<Vec<Piece>> = lines
            .into_iter()
            .filter(|line| !line.is_blank())
            .map(Line::into_pieces)
            .collect();
        Self {
            width: lines.iter().map(|line| width(line)).max().unwrap_or(0),
            lines,
        }
    }

    /// All on one line.
    fn joined(self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for line in self.lines {
            if !pieces.is_empty() {
                pieces.push(Piece::added(" "));
            }
            pieces.extend(line);
        }
        pieces
    }
}

fn is_on_few_lines(row: &[Cell]) -> bool {
    row.iter().all(|cell| cell.lines.len() <= 3)
}

fn in_columns(row: Vec<Cell>, widths: &[usize]) -> Vec<Vec<Piece>> {
    let height = row.iter().map(|cell| cell.lines.len()).max().unwrap_or(0);
    // What is empty to the end of the row needs no columns.
    let filled = row.iter().rposition(|cell| !cell.lines.is_empty());
    let last = filled.unwrap_or(0);
    let mut lines: Vec<Vec<Piece>> = (0..height.max(1)).map(|_| Vec::new()).collect();
    for (column, cell) in row.into_iter().take(last + 1).enumerate() {
        let mut texts = cell.lines.into_iter();
        for line in &mut lines {
            let text = texts.next().unwrap_or_default();
            let missing = widths[column].saturating_sub(width(&text));
            line.extend(text);
            if column < last {
                line.push(Piece::added(" ".repeat(missing) + BETWEEN));
            }
        }
    }
    lines
}

/// One line for each cell, behind the head of its column; a blank line between rows.
fn as_lists(rows: Vec<Vec<Cell>>) -> Vec<Vec<Piece>> {
    let mut rows = rows.into_iter();
    let mut heads: Vec<Vec<Piece>> = rows
        .next()
        .map(|row| row.into_iter().map(Cell::joined).collect())
        .unwrap_or_default();
    let mut lines = Vec::new();
    // Heads of columns in which nothing stands would not be told otherwise.
    let mut untold: Vec<bool> = heads.iter().map(|head| !head.is_empty()).collect();
    for (at, row) in rows.enumerate() {
        if at > 0 {
            lines.push(Vec::new());
        }
        for (column, cell) in row.into_iter().enumerate() {
            if cell.lines.is_empty() {
                continue;
            }
            let mut line = Vec::new();
            if let Some(head) = heads.get_mut(column).filter(|head| !head.is_empty()) {
                let is_label = head.last().is_some_and(|last| last.text.ends_with(':'));
                line.extend(head.iter().cloned());
                line.push(Piece::added(if is_label { " " } else { ": " }));
                untold[column] = false;
                // From the second time on it is a repetition, no part of the mail.
                for piece in head {
                    piece.node = None;
                }
            }
            line.extend(cell.joined());
            lines.push(line);
        }
    }
    let untold: Vec<Cell> = heads
        .into_iter()
        .zip(untold)
        .filter(|(_, untold)| *untold)
        .map(|(head, _)| Cell {
            lines: vec![head],
            width: 0,
        })
        .collect();
    if !untold.is_empty() {
        lines.insert(0, on_one_line(untold));
    }
    lines
}

fn on_one_line(row: Vec<Cell>) -> Vec<Piece> {
    let mut line: Vec<Piece> = Vec::new();
    for cell in row.into_iter().filter(|cell| !cell.lines.is_empty()) {
        if !line.is_empty() {
            line.push(Piece::added(BETWEEN));
        }
        line.extend(cell.joined());
    }
    line
}

fn width(pieces: &[Piece]) -> usize {
    let characters = pieces.iter().flat_map(|piece| piece.text.chars());
    characters.map(columns_of).sum()
}

/// How many columns a character takes in letters of one width: two for those of East Asia
/// (Unicode Standard Annex 11, Wide and Fullwidth) and for emoji, none for what joins others.
fn columns_of(c: char) -> usize {
    match c {
        '\u{300}'..='\u{36f}'
        | '\u{483}'..='\u{489}'
        | '\u{591}'..='\u{5bd}'
        | '\u{610}'..='\u{61a}'
        | '\u{64b}'..='\u{65f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{20d0}'..='\u{20ff}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{1f3fb}'..='\u{1f3ff}'
        | '\u{e0100}'..='\u{e01ef}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{231a}'..='\u{231b}'
        | '\u{23e9}'..='\u{23ec}'
        | '\u{2705}'
        | '\u{274c}'
        | '\u{2753}'..='\u{2757}'
        | '\u{2b50}'
        | '\u{2e80}'..='\u{303e}'
        | '\u{3041}'..='\u{a4cf}'
        | '\u{a960}'..='\u{a97c}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f1e6}'..='\u{1f64f}'
        | '\u{1f680}'..='\u{1f6ff}'
        | '\u{1f900}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// What parts the cells of a row.
const BETWEEN: &str = " | ";
/// A wider table would be broken by most windows.
const MAX_WIDTH: usize = 100;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::content::html::{BoundedHtml, to_text};

    #[rstest]
    #[case::wide_characters(
        "<table><tr><td>漢字<td>1<tr><td>ab<td>2<tr><td>👍<td>3</table>",
        "漢字 | 1\nab   | 2\n👍   | 3"
    )]
    #[case::several_lines(
        "<table><tr><td>a<br>bcd<td>1<tr><td>e<td><ul><li>2<li>3</ul></table>",
        "a   | 1\nbcd |\ne   | - 2\n    | - 3"
    )]
    #[case::spans(
        "<table border=1><caption>Parts</caption><tr><td rowspan=2>a<td>b<tr><td>c</table>",
        "Parts\na | b\n  | c"
    )]
    #[case::long_last_column(
        &format!("<table><tr><th>No<th>Text<tr><td>1<td>{}</table>", "long ".repeat(30)),
        &format!("No | Text\n1  | {}", "long ".repeat(30).trim())
    )]
    #[case::too_wide(
        &format!("<table><tr><th>No<th>Text<th>Sum:<tr><td>1<td>{0}<td>5<tr><td>2<td>{0}<td>6</table>", "x".repeat(120)),
        &format!("No: 1\nText: {0}\nSum: 5\n\nNo: 2\nText: {0}\nSum: 6", "x".repeat(120))
    )]
    #[case::too_wide_without_head(
        &format!("<table><tr><td>1<td>{0}<td>5<tr><td>2<td>b<td>6</table>", "x".repeat(120)),
        &format!("1 | {0} | 5\n2 | b | 6", "x".repeat(120))
    )]
    #[case::empty_column(
        &format!("<table><tr><th>No<th>Gone<th>T<th>S<tr><td>1<td><td>{0}<td>5</table>", "x".repeat(120)),
        &format!("Gone\nNo: 1\nT: {0}\nS: 5", "x".repeat(120))
    )]
    fn lays_tables_out(#[case] raw: &str, #[case] expected: &str) {
        assert_eq!(to_text(&BoundedHtml::new(raw).unwrap()), expected);
    }
}

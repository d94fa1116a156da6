//! The lines of HTML in the author's words alone.

use super::super::line::{Hint, SourceLine};
use crate::content::html::{Line, Piece};

/// Takes away what the rendering adds for those who see nothing but plain text: the targets of
/// links, the bars between the columns of tables. A block quote that no mail program made looks as
/// its author saw it: indented.
pub(super) fn plain(lines: Vec<Line>, source: &[SourceLine<'_>]) -> Vec<Line> {
    let mut plain = lines;
    for (line, source) in plain.iter_mut().zip(source) {
        line.pieces.retain(|piece| !is_target(piece));
        for piece in &mut line.pieces {
            if piece.node.is_none()
                && let Some(padding) = piece.text.strip_suffix("| ")
            {
                piece.text = format!("{padding} ");
            }
        }
        if source.hint == Hint::OwnQuote && line.quote_depth > 0 {
            let indentation = Piece {
                node: None,
                text: "    ".repeat(line.quote_depth),
            };
            line.quote_depth = 0;
            line.pieces.insert(0, indentation);
        }
    }
    plain
}

fn is_target(piece: &Piece) -> bool {
    piece.node.is_none() && piece.text.starts_with(" <") && piece.text.ends_with('>')
}

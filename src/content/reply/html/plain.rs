//! The lines of HTML in the author's words alone.

use super::super::{
    line::{Hint, SourceLine},
    part::Part,
    rule::{self, Verdict},
};
use crate::content::html::{Line, Piece};

/// Takes away what the rendering adds for those who see nothing but plain text: the targets of
/// links, the bars between the columns of tables. A block quote that no mail program made looks as
/// its author saw it, indented, and a forwarded mail is no quote.
pub(super) fn plain(
    lines: Vec<Line>,
    source: &[SourceLine<'_>],
    verdicts: &[Verdict],
) -> Vec<Line> {
    let mut plain = lines;
    let mut is_indented = false;
    let mut forwarded_depth = None;
    for ((line, source), verdict) in plain.iter_mut().zip(source).zip(verdicts) {
        line.pieces.retain(|piece| !is_target(piece));
        for piece in &mut line.pieces {
            if piece.node.is_none()
                && let Some(padding) = piece.text.strip_suffix("| ")
            {
                piece.text = format!("{padding} ");
            }
        }
        if *verdict == rule::FORWARDED {
            let depth = *forwarded_depth.get_or_insert(line.quote_depth);
            line.quote_depth = line.quote_depth.saturating_sub(depth);
            continue;
        }
        // Blank lines go with what is above them.
        if !source.is_blank() {
            is_indented = source.hint == Hint::OwnQuote
                && verdict.part == Part::Shown
                && *verdict != rule::ANSWERED;
        }
        if is_indented && line.quote_depth > 0 {
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

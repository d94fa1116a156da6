//! Lines of plain text that know which parts of the HTML they come from.

use dom_query::NodeId;

/// One line, and which text nodes it comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::content) struct Line {
    pub quote_depth: usize,
    pub(super) indent: usize,
    pub pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::content) struct Piece {
    /// The text node or image; `None` for what the layout adds, such as a list marker.
    pub node: Option<NodeId>,
    pub text: String,
}

impl Piece {
    pub(super) fn added(text: impl Into<String>) -> Self {
        Self {
            node: None,
            text: text.into(),
        }
    }
}

impl Line {
    /// Without quote marks and indentation.
    pub fn content(&self) -> String {
        self.pieces
            .iter()
            .map(|piece| piece.text.as_str())
            .collect()
    }

    pub(super) fn is_blank(&self) -> bool {
        self.pieces.iter().all(|piece| piece.text.trim().is_empty())
    }

    pub(super) fn to_text(&self) -> String {
        let mut out = "> ".repeat(self.quote_depth);
        out.push_str(&" ".repeat(self.indent));
        out.push_str(&self.content());
        out.truncate(out.trim_end().len());
        out
    }

    /// The pieces with quote marks and indentation before them.
    pub(super) fn into_pieces(self) -> Vec<Piece> {
        let before = "> ".repeat(self.quote_depth) + &" ".repeat(self.indent);
        let before = (!before.is_empty()).then(|| Piece::added(before));
        before.into_iter().chain(self.pieces).collect()
    }
}

//! HTML without what is not shown.

use std::collections::HashMap;

use dom_query::{NodeId, NodeRef};

use super::super::{part::Part, rule::Verdict};
use crate::content::html::Line;

/// Which text nodes go, and what remains of those that go in part.
pub(super) struct Cut {
    /// For each node in the lines: its text on shown lines, and whether it is on others too.
    nodes: HashMap<NodeId, Kept>,
}

#[derive(Default)]
struct Kept {
    shown: Vec<String>,
    is_cut: bool,
}

impl Cut {
    pub fn of(lines: &[Line], verdicts: &[Verdict]) -> Self {
        let mut nodes: HashMap<NodeId, Kept> = HashMap::new();
        for (line, verdict) in lines.iter().zip(verdicts) {
            for piece in &line.pieces {
                let Some(node) = piece.node else { continue };
                let kept = nodes.entry(node).or_default();
                if verdict.part == Part::Shown {
                    kept.shown.push(piece.text.clone());
                } else {
                    kept.is_cut = true;
                }
            }
        }
        Self { nodes }
    }

    pub fn apply(&self, root: &NodeRef<'_>) {
        let mut is_shown = true;
        self.cut(root, &mut is_shown);
        trim_end(root);
    }

    /// Returns whether anything below `node` is left. `is_shown`: whether the text before was.
    fn cut(&self, node: &NodeRef<'_>, is_shown: &mut bool) -> bool {
        let mut is_left = false;
        let mut is_cut = false;
        for child in node.children() {
            let stays = match self.nodes.get(&child.id) {
                Some(kept) => {
                    *is_shown = !kept.shown.is_empty();
                    if kept.is_cut && *is_shown {
                        child.set_text(kept.shown.join("\n").as_str());
                    }
                    *is_shown
                }
                None if child.first_child().is_some() => self.cut(&child, is_shown),
                // White space, line breaks and images go with the text before them.
                None => *is_shown,
            };
            if stays {
                is_left = true;
            } else {
                is_cut = true;
                child.remove_from_parent();
            }
        }
        is_left || !is_cut
    }
}

/// Removes line breaks, white space and empty elements from the end.
fn trim_end(root: &NodeRef<'_>) {
    while let Some(mut last) = root.last_child() {
        while let Some(child) = last.last_child() {
            last = child;
        }
        let is_content = if last.is_text() {
            !last.text().trim().is_empty()
        } else {
            last.has_name("img")
                || last.has_name("td")
                || last.has_name("th")
                || last.has_name("hr")
        };
        if is_content {
            return;
        }
        last.remove_from_parent();
    }
}

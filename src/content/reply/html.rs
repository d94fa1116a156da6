//! Replies in HTML: what the elements of mail programs say, then the lines as in plain text.

use std::collections::HashMap;

use dom_query::{NodeId, NodeRef};

use super::{
    Known, Part, Reason, blocks,
    line::{Hint, SourceLine},
    rule::{self, Verdict},
    runs, verdicts,
};
use crate::content::html::{BoundedHtml, Line, lines_of, render};

/// An answer in HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HtmlReply {
    /// Only what is shown. Not sanitised.
    pub html: BoundedHtml,
    /// The same as plain text.
    pub text: String,
    pub signature: Option<String>,
    /// The history as plain text, its blocks in order with a blank line between them.
    pub folded: Option<String>,
    /// Why each run of lines went where it is, in order.
    pub reasons: Vec<Reason>,
}

/// Classes of elements around the mail that is answered: Gmail, Yahoo, Proton, Tuta, Zoho,
/// Thunderbird's line above the quote, Apple on iOS, Spark.
const QUOTE_CLASSES: &[&str] = &[
    "gmail_quote",
    "gmail_quote_container",
    "yahoo_quoted",
    "protonmail_quote",
    "tutanota_quote",
    "zmail_extra",
    "moz-cite-prefix",
    "gmail_attr",
];

/// Ids and names of elements below which only history stands: Outlook in its many forms.
const HISTORY_IDS: &[&str] = &[
    "divrplyfwdmsg",
    "appendonsend",
    "mail-editor-reference-message-container",
    "olk_src_body_section",
];

const SIGNATURE_CLASSES: &[&str] = &[
    "gmail_signature",
    "moz-signature",
    "protonmail_signature_block",
    "tutanota_signature",
];

const SIGNATURE_IDS: &[&str] = &["signature", "ms-outlook-mobile-signature"];

/// Colours of the line that Outlook draws above the header block of the mail that is answered.
const OUTLOOK_COLORS: &[&str] = &[
    "#b5c4df",
    "#e1e1e1",
    "rgb(181, 196, 223)",
    "rgb(225, 225, 225)",
];

/// Reads an HTML body. Of a forwarded mail (`is_forward`) everything is shown; text below a line
/// such as "Forwarded message" always is.
pub fn from_html(html: &BoundedHtml, is_forward: bool, known: &Known) -> HtmlReply {
    let document = html.parse();
    let root = document.root();
    let lines = lines_of(&root);
    let hints = Hints::of(&root);
    let contents: Vec<String> = lines.iter().map(Line::content).collect();
    let source: Vec<SourceLine<'_>> = lines
        .iter()
        .zip(&contents)
        .map(|(line, text)| hints.source_line(line, text))
        .collect();
    let parts = verdicts(&source, is_forward, known);
    let reasons = rule::reasons(contents.iter().map(String::as_str), &parts);
    if parts.iter().all(|verdict| verdict.part == Part::Shown) {
        return HtmlReply {
            html: html.clone(),
            text: render(&lines),
            signature: None,
            folded: None,
            reasons,
        };
    }
    let take = |wanted: Part| -> Vec<Line> {
        let kept = lines
            .iter()
            .zip(&parts)
            .filter(|(_, verdict)| verdict.part == wanted);
        kept.map(|(line, _)| line.clone()).collect()
    };
    let signature = render(&take(Part::Signature));
    let reply = HtmlReply {
        text: render(&take(Part::Shown)),
        signature: (!signature.is_empty()).then_some(signature),
        folded: blocks(runs(&parts).map(|run| render(&lines[run]))),
        reasons,
        html: html.clone(),
    };
    Cut::of(&lines, &parts).apply(&root);
    HtmlReply {
        html: BoundedHtml::from_pruned_tree(document.html_root().inner_html().to_string()),
        ..reply
    }
}

/// What the structure says about each text node.
struct Hints(HashMap<NodeId, Hint>);

impl Hints {
    fn of(root: &NodeRef<'_>) -> Self {
        let mut hints = HashMap::new();
        let mut is_history = false;
        collect(root, Hint::None, &mut is_history, &mut hints);
        Self(hints)
    }

    fn source_line<'a>(&self, line: &Line, text: &'a str) -> SourceLine<'a> {
        let hint = line
            .pieces
            .iter()
            .filter(|piece| !piece.text.trim().is_empty())
            .find_map(|piece| self.0.get(&piece.node?))
            .copied()
            .unwrap_or_default();
        // A text/plain body may have been wrapped into HTML as it was, with its marks.
        let inner = SourceLine::of_text(text);
        SourceLine {
            hint,
            depth: line.quote_depth + inner.depth,
            ..inner
        }
    }
}

fn collect(
    node: &NodeRef<'_>,
    around: Hint,
    is_history: &mut bool,
    hints: &mut HashMap<NodeId, Hint>,
) {
    let hint = match own_hint(node) {
        Hint::History => {
            *is_history = true;
            Hint::History
        }
        // What surrounds says more than what is within.
        own if around == Hint::None || (around == Hint::OwnQuote && own != Hint::None) => own,
        _ => around,
    };
    if node.is_text() || node.has_name("hr") || node.has_name("img") {
        let hint = if *is_history { Hint::History } else { hint };
        if hint != Hint::None {
            hints.insert(node.id, hint);
        }
    }
    // Answers between the quotes stand inside Gmail's element, beside the pieces of the quote.
    let is_wrapper = hint == Hint::Quote && around != Hint::Quote && !node.has_name("blockquote");
    let mut is_below_quote = false;
    for child in node.children_it(false) {
        let is_quote = child.has_name("blockquote");
        let is_answer = is_wrapper && is_below_quote && !is_quote;
        collect(
            &child,
            if is_answer { around } else { hint },
            is_history,
            hints,
        );
        is_below_quote |= is_quote;
    }
}

fn own_hint(node: &NodeRef<'_>) -> Hint {
    let Some(name) = node.node_name() else {
        return Hint::None;
    };
    let class = node.class().unwrap_or_default();
    // Outlook puts `x_` before the names of what it quotes.
    let has_class = |wanted: &[&str]| {
        class
            .split_ascii_whitespace()
            .any(|class| wanted.contains(&class.strip_prefix("x_").unwrap_or(class)))
    };
    let has_id = |wanted: &[&str]| {
        ["id", "name"]
            .iter()
            .filter_map(|key| node.attr(key))
            .any(|id| {
                let id = id.to_ascii_lowercase();
                wanted.contains(&id.strip_prefix("x_").unwrap_or(&id))
            })
    };
    let is = |key: &str, value: &str| {
        node.attr(key)
            .is_some_and(|found| found.eq_ignore_ascii_case(value))
    };
    if has_id(HISTORY_IDS)
        || has_class(&["mail-editor-reference-message-container"])
        || (&*name == "hr" && is("data-marker", "__DIVIDER__"))
        || (&*name == "div" && has_outlook_line(node))
    {
        Hint::History
    } else if has_class(QUOTE_CLASSES)
        || is("name", "quote")
        || (&*name == "blockquote" && (is("type", "cite") || node.has_attr("cite")))
    {
        Hint::Quote
    } else if has_class(SIGNATURE_CLASSES) || has_id(SIGNATURE_IDS) {
        Hint::Signature
    } else if &*name == "blockquote" {
        Hint::OwnQuote
    } else {
        Hint::None
    }
}

/// `border:none;border-top:solid #E1E1E1 1.0pt`
fn has_outlook_line(node: &NodeRef<'_>) -> bool {
    let Some(style) = node.attr("style") else {
        return false;
    };
    let style = style.to_ascii_lowercase();
    style.split(';').any(|rule| {
        rule.trim().starts_with("border-top")
            && rule.contains("solid")
            && OUTLOOK_COLORS.iter().any(|color| rule.contains(color))
    })
}

/// Which text nodes go, and what remains of those that go in part.
struct Cut {
    /// For each node in the lines: its text on shown lines, and whether it is on others too.
    nodes: HashMap<NodeId, Kept>,
}

#[derive(Default)]
struct Kept {
    shown: Vec<String>,
    is_cut: bool,
}

impl Cut {
    fn of(lines: &[Line], verdicts: &[Verdict]) -> Self {
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

    fn apply(&self, root: &NodeRef<'_>) {
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

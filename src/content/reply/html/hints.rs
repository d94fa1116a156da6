//! What the elements of HTML say about the lines in them: the traces of mail programs.

use std::collections::HashMap;

use dom_query::{NodeId, NodeRef};

use super::super::line::{Hint, SourceLine};
use crate::content::html::Line;

/// Classes of elements around the mail that is answered: Gmail, Yahoo, Proton, Tuta, Zoho,
/// Thunderbird's line above the quote, Front, Superhuman, Missive, Mailspring, `FairEmail`.
const QUOTE_CLASSES: &[&str] = &[
    "gmail_quote",
    "gmail_quote_container",
    "gmail_attr",
    "yahoo_quoted",
    "protonmail_quote",
    "tutanota_quote",
    "zmail_extra",
    "moz-cite-prefix",
    "front-blockquote",
    "sh-quoted-content",
    "missive_quote",
    "nylas-quote",
    "fairemail_quote",
    "freshdesk_quote",
    "hs_reply",
];

/// Names and ids of the same: GMX and web.de, Spark, Netease, Roundcube's line above the quote.
const QUOTE_NAMES: &[&str] = &[
    "quote",
    "messagereplysection",
    "isreplycontent",
    "reply-intro",
];

/// Ids and names of elements below which only history stands: Outlook in its many forms.
const HISTORY_IDS: &[&str] = &[
    "divrplyfwdmsg",
    "appendonsend",
    "mail-editor-reference-message-container",
    "olk_src_body_section",
    "zwchr",
];

const SIGNATURE_CLASSES: &[&str] = &[
    "gmail_signature",
    "gmail_signature_prefix",
    "moz-signature",
    "protonmail_signature_block",
    "tutanota_signature",
    "sh-signature",
    "front-signature",
    "nylas-signature",
    "fairemail_signature",
];

const SIGNATURE_IDS: &[&str] = &[
    "signature",
    "ms-outlook-mobile-signature",
    "applemailsignature",
    "messagesignaturesection",
    "composer_signature",
];

/// Colours of the line that Outlook draws above the header block of the mail that is answered.
const OUTLOOK_COLORS: &[&str] = &[
    "#b5c4df",
    "#e1e1e1",
    "rgb(181, 196, 223)",
    "rgb(181,196,223)",
    "rgb(225, 225, 225)",
    "rgb(225,225,225)",
];

/// What the structure says about each text node.
pub(super) struct Hints(HashMap<NodeId, Hint>);

impl Hints {
    pub fn of(root: &NodeRef<'_>) -> Self {
        let mut walk = Walk::default();
        walk.node(root, Hint::None, Sight::Visible);
        Self(walk.hints)
    }

    /// The line with the hint of its first words. Hidden is only what has nothing else on its line.
    pub fn source_line<'a>(&self, line: &Line, text: &'a str) -> SourceLine<'a> {
        let mut hints = line
            .pieces
            .iter()
            .filter(|piece| !piece.text.trim().is_empty())
            .filter_map(|piece| Some(self.0.get(&piece.node?).copied().unwrap_or_default()));
        let first = hints.next().unwrap_or_default();
        let seen = hints.find(|hint| *hint != Hint::Hidden);
        let has_sender = first == Hint::Forward || seen == Some(Hint::Forward);
        let hint = match (first, seen) {
            _ if has_sender => Hint::Forward,
            (Hint::Hidden, Some(seen)) => seen,
            _ => first,
        };
        // A text/plain body may have been wrapped into HTML as it was, with its marks.
        let inner = SourceLine::of_text(text);
        SourceLine {
            hint,
            depth: line.quote_depth + inner.depth,
            ..inner
        }
    }
}

/// Whether a reader sees what stands in an element.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sight {
    Visible,
    /// In letters without size, until an element within gives them one.
    Tiny,
    Hidden,
}

#[derive(Default)]
struct Walk {
    hints: HashMap<NodeId, Hint>,
    /// Everything from here on is history.
    is_history: bool,
}

impl Walk {
    /// No deeper than bounded HTML goes.
    fn node(&mut self, node: &NodeRef<'_>, around: Hint, sight: Sight) {
        let sight = sight_of(node, sight);
        let hint = match own_hint(node) {
            Hint::History => {
                self.is_history = true;
                Hint::History
            }
            // The name of a sender who is forwarded tells more than the quote around it.
            Hint::Forward => Hint::Forward,
            // What surrounds says more than what is within.
            own if matches!(around, Hint::None | Hint::AboveQuote)
                || (around == Hint::OwnQuote && own != Hint::None) =>
            {
                if own == Hint::None {
                    around
                } else {
                    own
                }
            }
            _ => around,
        };
        if node.is_text() || node.has_name("hr") || node.has_name("img") {
            let hint = if self.is_history {
                Hint::History
            } else if sight == Sight::Visible || hint == Hint::History {
                hint
            } else {
                Hint::Hidden
            };
            if hint != Hint::None {
                self.hints.insert(node.id, hint);
            }
            return;
        }
        self.children(node, around, hint, sight);
    }

    fn children(&mut self, node: &NodeRef<'_>, around: Hint, hint: Hint, sight: Sight) {
        // Answers between the quotes stand inside Gmail's element, beside the pieces of the quote,
        // and so does what the author typed above the quote.
        let is_wrapper = hint == Hint::Quote
            && around != Hint::Quote
            && !node.has_name("blockquote")
            && node
                .children_it(false)
                .any(|child| child.has_name("blockquote"));
        let mut is_below_quote = false;
        for child in node.children_it(false) {
            let is_quote = child.has_name("blockquote");
            let inner = match is_wrapper {
                true if !is_quote && is_below_quote => around,
                true if !is_quote => Hint::AboveQuote,
                _ => hint,
            };
            self.node(&child, inner, sight);
            is_below_quote |= is_quote;
        }
    }
}

fn own_hint(node: &NodeRef<'_>) -> Hint {
    let Some(name) = node.node_name() else {
        return Hint::None;
    };
    let class = node.class().unwrap_or_default();
    // Outlook puts `x_` before the names of what it quotes, Yahoo puts letters and figures.
    let has_class = |wanted: &[&str]| {
        class.split_ascii_whitespace().any(|class| {
            wanted.contains(&class.strip_prefix("x_").unwrap_or(class))
                || (class.starts_with("ydp") && class.ends_with("yahoo_quoted"))
                    && wanted.contains(&"yahoo_quoted")
        })
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
    let is_blockquote = &*name == "blockquote";
    if has_id(HISTORY_IDS)
        || has_class(&["mail-editor-reference-message-container"])
        || (&*name == "hr" && is("data-marker", "__DIVIDER__"))
        || (&*name == "div" && has_outlook_line(node))
    {
        Hint::History
    } else if has_class(QUOTE_CLASSES)
        || has_id(QUOTE_NAMES)
        || (is_blockquote
            && (is("type", "cite") || node.has_attr("cite") || has_gmail_margin(node)))
    {
        Hint::Quote
    } else if has_class(SIGNATURE_CLASSES)
        || has_id(SIGNATURE_IDS)
        || node
            .attr("data-marker")
            .is_some_and(|marker| marker.starts_with("__SIG"))
    {
        Hint::Signature
    } else if has_class(&["gmail_sendername"]) {
        Hint::Forward
    } else if is_blockquote {
        Hint::OwnQuote
    } else {
        Hint::None
    }
}

/// The rules of an element's style: names and values, in lower case.
fn style_of(node: &NodeRef<'_>) -> Vec<(String, String)> {
    let Some(style) = node.attr("style") else {
        return Vec::new();
    };
    style
        .to_ascii_lowercase()
        .split(';')
        .filter_map(|rule| rule.split_once(':'))
        .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

/// `border:none;border-top:solid #E1E1E1 1.0pt`
fn has_outlook_line(node: &NodeRef<'_>) -> bool {
    style_of(node).iter().any(|(key, value)| {
        key.starts_with("border-top")
            && value.contains("solid")
            && OUTLOOK_COLORS.iter().any(|color| value.contains(color))
    })
}

/// `margin:0 0 0 .8ex;border-left:1px #ccc solid`: Gmail's quote, where a server took its class.
fn has_gmail_margin(node: &NodeRef<'_>) -> bool {
    let style = style_of(node);
    let has = |wanted: &str, part: &str| {
        style
            .iter()
            .any(|(key, value)| key.starts_with(wanted) && value.contains(part))
    };
    has("border-left", "solid") && has("margin", ".8ex")
}

fn sight_of(node: &NodeRef<'_>, around: Sight) -> Sight {
    if around == Sight::Hidden || !node.is_element() {
        return around;
    }
    if node.has_attr("hidden") {
        return Sight::Hidden;
    }
    let style = style_of(node);
    let is = |wanted: &str, test: &dyn Fn(&str) -> bool| {
        style
            .iter()
            .any(|(key, value)| key == wanted && test(value.trim_end_matches("!important").trim()))
    };
    let is_cut = is("overflow", &|value| value == "hidden");
    if is("display", &|value| value == "none")
        || is("visibility", &|value| value == "hidden")
        || is("mso-hide", &|value| value == "all")
        || (is_cut && (is("max-height", &is_zero) || is("height", &is_zero)))
        || is("opacity", &is_zero)
    {
        return Sight::Hidden;
    }
    if is("font-size", &is_zero) {
        return Sight::Tiny;
    }
    if is("font-size", &|_| true) || node.has_attr("size") {
        return Sight::Visible;
    }
    around
}

/// `0`, `0px`, `0.0pt`
fn is_zero(value: &str) -> bool {
    let figures = value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%');
    !figures.is_empty() && figures.chars().all(|c| matches!(c, '0' | '.'))
}

//! What each HTML tag is to us. Tags that are not named here are dropped and their content kept.

/// How a tag behaves when tag soup is put in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Begins a line of its own, and ends an open paragraph.
    Block,
    /// Part of a line.
    Phrasing,
    /// Has no content and no end tag.
    Void,
    /// `table` and its parts.
    Table,
    /// Its content is no text of the mail: dropped together with the tag.
    Raw,
    Unknown,
}

/// `name` in lower case.
pub(super) fn kind(name: &str) -> Kind {
    match name {
        "p" | "div" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "blockquote" | "ul" | "ol"
        | "li" | "dl" | "dt" | "dd" | "pre" | "center" | "section" | "article" | "header"
        | "footer" | "main" | "nav" | "aside" | "address" | "figure" | "figcaption"
        | "fieldset" | "details" | "summary" | "mx-reply" => Kind::Block,
        "a" | "b" | "strong" | "i" | "em" | "u" | "ins" | "s" | "strike" | "del" | "sub"
        | "sup" | "small" | "big" | "tt" | "code" | "kbd" | "samp" | "var" | "font" | "span"
        | "cite" | "q" | "abbr" | "mark" | "dfn" => Kind::Phrasing,
        "br" | "hr" | "img" => Kind::Void,
        "table" | "thead" | "tbody" | "tfoot" | "tr" | "td" | "th" | "caption" => Kind::Table,
        "script" | "style" | "title" | "iframe" | "noembed" | "noframes" | "xml" | "template"
        | "svg" => Kind::Raw,
        _ => Kind::Unknown,
    }
}

/// How many levels deeper a parser is after the start tag `name` within `parent`: it puts in the
/// `tbody` and `tr` that a table lacks (HTML, 13.2.6.4.9 "in table" and after). Never too few.
pub(super) fn levels(name: &str, parent: Option<&str>) -> usize {
    match (name, parent) {
        ("td" | "th", Some("tr")) | ("tr", Some("thead" | "tbody" | "tfoot")) => 1,
        ("td" | "th", Some("thead" | "tbody" | "tfoot")) | ("tr", _) => 2,
        ("td" | "th", _) => 3,
        _ => 1,
    }
}

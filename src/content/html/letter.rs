//! A Matrix message as HTML for email.
//!
//! The output is written from the tree by an allow-list, in one pass.

use dom_query::NodeRef;

use super::{
    bound::BoundedHtml,
    escape::escape,
    links::{is_mention, safe_link},
    tables::is_data_table,
};

/// A Matrix `formatted_body` for an email: without the quoted fallback of a reply, without remote
/// content; images, pills, formulas and spoilers readable as text.
pub fn for_mail(formatted_body: &BoundedHtml) -> String {
    let mut out = String::new();
    write_children(&formatted_body.parse().root(), &mut out);
    out
}

fn write_node(node: &NodeRef<'_>, out: &mut String) {
    if node.is_text() {
        // Only what HTML needs in text, so that quotes and apostrophes stay as they are.
        for c in node.text().chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                _ => out.push(c),
            }
        }
        return;
    }
    let Some(name) = node.node_name() else {
        return write_children(node, out);
    };
    match &*name {
        "mx-reply" => {}
        "br" | "hr" => {
            out.push('<');
            out.push_str(&name);
            out.push('>');
        }
        "img" => {
            let alt = node.attr("alt").unwrap_or_default();
            out.push_str(&escape(alt.trim()));
        }
        "a" => write_link(node, out),
        "table" if !is_data_table(node) => write_layout(node, out),
        "ol" => {
            let start = node
                .attr("start")
                .and_then(|start| start.trim().parse::<u32>().ok());
            match start {
                Some(start) => wrap(node, "ol", &format!(" start=\"{start}\""), out),
                None => wrap(node, "ol", "", out),
            }
        }
        "code" => {
            let class = node.class().unwrap_or_default();
            let language = class
                .split_ascii_whitespace()
                .find(|c| c.starts_with("language-"));
            let attribute = language
                .map(|c| format!(" class=\"{}\"", escape(c)))
                .unwrap_or_default();
            wrap(node, "code", &attribute, out);
        }
        "span" | "font" | "div" => write_neutral(node, &name, out),
        "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "blockquote" | "ul" | "li" | "sup"
        | "sub" | "b" | "i" | "u" | "strong" | "em" | "s" | "del" | "pre" | "table" | "thead"
        | "tbody" | "tr" | "th" | "td" | "caption" | "details" | "summary" => {
            wrap(node, &name, "", out);
        }
        "strike" => wrap(node, "s", "", out),
        "ins" => wrap(node, "u", "", out),
        "tt" | "kbd" | "samp" => wrap(node, "code", "", out),
        "cite" | "var" | "dfn" => wrap(node, "i", "", out),
        "tfoot" => wrap(node, "tbody", "", out),
        "dt" => wrap(node, "strong", "", out),
        "dl" | "dd" | "center" | "section" | "article" | "header" | "footer" | "main" | "nav"
        | "aside" | "address" | "figure" | "figcaption" | "fieldset" => {
            wrap(node, "div", "", out);
        }
        _ => write_children(node, out),
    }
}

fn write_children(node: &NodeRef<'_>, out: &mut String) {
    for child in node.children_it(false) {
        write_node(&child, out);
    }
}

fn wrap(node: &NodeRef<'_>, name: &str, attributes: &str, out: &mut String) {
    out.extend(["<", name, attributes, ">"]);
    write_children(node, out);
    out.extend(["</", name, ">"]);
}

fn write_link(node: &NodeRef<'_>, out: &mut String) {
    let href = node.attr("href").unwrap_or_default();
    // The reader of a mail has no Matrix client: a mention is only a name to them.
    match safe_link(href.trim()).filter(|href| !is_mention(href)) {
        Some(href) => wrap(node, "a", &format!(" href=\"{}\"", escape(&href)), out),
        None => write_children(node, out),
    }
}

/// Spans, fonts and divs, which mean something only by their attributes.
fn write_neutral(node: &NodeRef<'_>, name: &str, out: &mut String) {
    let element = if name == "div" { "div" } else { "span" };
    let color = |attribute| node.attr(attribute).filter(|color| is_color(color));
    if let Some(maths) = node.attr("data-mx-maths") {
        out.extend(["<code>", &escape(&maths), "</code>"]);
    } else if let Some(reason) = node.attr("data-mx-spoiler") {
        let reason = reason.trim();
        out.push_str("<em>[spoiler");
        if !reason.is_empty() {
            out.extend([": ", &escape(reason)]);
        }
        out.push_str("]</em> ");
        write_children(node, out);
    } else if let Some(color) = color("data-mx-color").or_else(|| color("color")) {
        wrap(node, "span", &format!(" style=\"color:{color}\""), out);
    } else {
        wrap(node, element, "", out);
    }
}

/// `#rrggbb`, the one form that Matrix has.
fn is_color(value: &str) -> bool {
    value.len() == 7
        && value.starts_with('#')
        && value[1..].bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Each cell of a table that only lays out as a block of its own; empty ones are left out.
fn write_layout(node: &NodeRef<'_>, out: &mut String) {
    for child in node.children_it(false) {
        match child.node_name().as_deref() {
            Some("thead" | "tbody" | "tfoot" | "tr") => write_layout(&child, out),
            Some("td" | "th" | "caption") => {
                let mut cell = String::new();
                write_children(&child, &mut cell);
                if !cell.trim().is_empty() {
                    out.extend(["<div>", &cell, "</div>"]);
                }
            }
            _ => write_node(&child, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn bounded(raw: &str) -> BoundedHtml {
        BoundedHtml::new(raw).unwrap()
    }

    #[rstest]
    #[case::reply("<mx-reply><blockquote>old</blockquote></mx-reply>new", "new")]
    #[case::pill("<a href='https://matrix.to/#/@a:b.example'>Ann</a>: hi", "Ann: hi")]
    #[case::room(
        "<a href='https://matrix.to/#/#a:b.example'>#a</a>",
        "<a href=\"https://matrix.to/#/#a:b.example\">#a</a>"
    )]
    #[case::image("<img src='mxc://a/b' alt=':wave:'>", ":wave:")]
    #[case::spoiler("<span data-mx-spoiler='end'>x</span>", "<em>[spoiler: end]</em> x")]
    #[case::maths("<span data-mx-maths='a^2'><code>?</code></span>", "<code>a^2</code>")]
    #[case::color(
        "<font data-mx-color='#ff0000'>x</font>",
        "<span style=\"color:#ff0000\">x</span>"
    )]
    fn mail(#[case] raw: &str, #[case] expected: &str) {
        assert_eq!(for_mail(&bounded(raw)), expected);
    }
}

//! A Matrix message as HTML for email.
//!
//! The output is written from the tree by an allow-list, in one pass. What it should look like stands
//! with each element: several mail programs drop style sheets.

use dom_query::NodeRef;

use super::{
    bound::BoundedHtml,
    escape::{escape, text_to_html},
    links::{is_mention, safe_link},
    tables::is_data_table,
};
use crate::content::colour::Colour;

/// A Matrix `formatted_body` for an email: without the quoted fallback of a reply, without remote
/// content; images, pills, formulas and spoilers readable as text.
pub fn for_mail(formatted_body: &BoundedHtml) -> String {
    let mut out = String::new();
    write_children(&formatted_body.parse().root(), &mut out);
    out
}

/// Plain text as paragraphs that look as those of [`for_mail`].
pub fn text_for_mail(text: &str) -> String {
    // No tag in it is anybody else's: the text is escaped.
    text_to_html(text).replace("<p>", PARAGRAPH)
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
            let start = start.map_or_else(String::new, |start| format!(" start=\"{start}\""));
            wrap(node, "ol", &format!("{start}{LIST}"), out);
        }
        "ul" => wrap(node, "ul", LIST, out),
        "code" | "tt" | "kbd" | "samp" => wrap(node, "code", CODE, out),
        "pre" => wrap(node, "pre", BLOCK_OF_CODE, out),
        "span" | "font" | "div" => write_neutral(node, &name, out),
        "p" => {
            out.push_str(PARAGRAPH);
            write_children(node, out);
            out.push_str("</p>");
        }
        "h1" => wrap(node, "h1", &heading(20), out),
        "h2" => wrap(node, "h2", &heading(18), out),
        "h3" => wrap(node, "h3", &heading(16), out),
        "h4" | "h5" | "h6" => wrap(node, &name, &heading(15), out),
        "blockquote" => wrap(node, "blockquote", QUOTE, out),
        "table" => {
            // Where a table is too wide for the screen, it alone is moved.
            out.push_str(AROUND_TABLE);
            wrap(node, "table", TABLE, out);
            out.push_str("</div>");
        }
        "td" | "th" => wrap(node, &name, CELL, out),
        "li" | "sup" | "sub" | "b" | "i" | "u" | "strong" | "em" | "s" | "thead" | "tbody"
        | "tr" | "caption" => wrap(node, &name, "", out),
        "del" | "strike" => wrap(node, "s", "", out),
        "ins" => wrap(node, "u", "", out),
        "cite" | "var" | "dfn" => wrap(node, "i", "", out),
        "tfoot" => wrap(node, "tbody", "", out),
        "dt" => wrap(node, "strong", "", out),
        // Some programs can't open them, so everything stands in the open.
        "summary" => {
            out.push_str("<div>");
            wrap(node, "strong", "", out);
            out.push_str("</div>");
        }
        "details" | "dl" | "dd" | "center" | "section" | "article" | "header" | "footer"
        | "main" | "nav" | "aside" | "address" | "figure" | "figcaption" | "fieldset" => {
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
    let colour = |attribute| Colour::parse(node.attr(attribute)?.trim());
    if let Some(maths) = node.attr("data-mx-maths") {
        out.extend(["<code", CODE, ">", &escape(&maths), "</code>"]);
    } else if let Some(reason) = node.attr("data-mx-spoiler") {
        let reason = reason.trim();
        out.push_str("<em>[spoiler");
        if !reason.is_empty() {
            out.extend([": ", &escape(reason)]);
        }
        out.push_str("]</em> ");
        write_children(node, out);
    } else if let Some(colour) = colour("data-mx-color").or_else(|| colour("color")) {
        let colour = colour.readable();
        wrap(node, "span", &format!(" style=\"color:{colour}\""), out);
    } else {
        wrap(node, element, "", out);
    }
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

fn heading(pixels: u32) -> String {
    format!(" style=\"font-size:{pixels}px;line-height:1.3;margin:14px 0 6px\"")
}

const PARAGRAPH: &str = "<p style=\"margin:0 0 10px\">";
/// Outlook moves a list by its margin, not by its padding.
const LIST: &str = " style=\"margin:0 0 10px 24px;padding:0\"";
const CODE: &str = " style=\"font-family:Consolas,Menlo,monospace;font-size:13px\"";
/// Its ground is never without its ink: in a dark program either alone would be unreadable.
const BLOCK_OF_CODE: &str = " style=\"margin:0 0 10px;padding:8px 10px;background-color:#f2f3f5;\
                             color:#1f2328;font-family:Consolas,Menlo,monospace;font-size:13px;\
                             line-height:1.4;white-space:pre-wrap;border-radius:4px\"";
const QUOTE: &str = " class=\"cite\" style=\"margin:0 0 10px;padding:0 0 0 10px;\
                     border-left:2px solid #c3c8cf;color:#666c75\"";
const AROUND_TABLE: &str = "<div style=\"margin:0 0 10px;overflow-x:auto;overflow-wrap:normal\">";
const TABLE: &str = " cellpadding=\"0\" cellspacing=\"0\" style=\"border-collapse:collapse\"";
const CELL: &str = " class=\"line\" style=\"border:1px solid #c3c8cf;padding:4px 8px;\
                    text-align:left;vertical-align:top\"";

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
    #[case::maths("<span data-mx-maths='a^2'><code>?</code></span>", &format!("<code{CODE}>a^2</code>"))]
    #[case::color(
        "<font data-mx-color='#ff0000'>x</font>",
        "<span style=\"color:#ec0000\">x</span>"
    )]
    #[case::details(
        "<details><summary>more</summary>x</details>",
        "<div><div><strong>more</strong></div>x</div>"
    )]
    fn mail(#[case] raw: &str, #[case] expected: &str) {
        assert_eq!(for_mail(&bounded(raw)), expected);
    }
}

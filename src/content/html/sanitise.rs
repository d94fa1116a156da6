//! HTML with nothing in it but what the reader's side allows.
//!
//! The output is written from the tree by an allow-list, in one pass: ruma's sanitiser, which the
//! tests hold it against, needs quadratic time where one element has very many children.

use dom_query::NodeRef;

use super::{bound::BoundedHtml, escape::escape};

/// What Matrix allows (client-server API, `m.room.message` msgtypes), without any image.
pub fn to_matrix(html: &BoundedHtml) -> String {
    to_matrix_with_images(html, &|_| None)
}

/// As [`to_matrix`]; `upload` names the `mxc:` URI of an inline image, given its Content-ID without
/// `cid:`. Images from the web are left out: to load them would tell the sender who reads.
pub fn to_matrix_with_images(
    html: &BoundedHtml,
    upload: &dyn Fn(&str) -> Option<String>,
) -> String {
    write(html, &Target::Matrix(upload))
}

/// A Matrix `formatted_body` for an email: without the quoted fallback of a reply, without remote
/// content; images, pills, formulas and spoilers readable as text.
pub fn for_mail(formatted_body: &BoundedHtml) -> String {
    write(formatted_body, &Target::Mail)
}

enum Target<'a> {
    Matrix(&'a dyn Fn(&str) -> Option<String>),
    Mail,
}

fn write(html: &BoundedHtml, target: &Target<'_>) -> String {
    let document = html.parse();
    let mut out = String::new();
    for child in document.root().children_it(false) {
        write_node(&child, target, &mut out);
    }
    out
}

fn write_node(node: &NodeRef<'_>, target: &Target<'_>, out: &mut String) {
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
        return write_children(node, target, out);
    };
    match &*name {
        "mx-reply" => {}
        "br" | "hr" => {
            out.push('<');
            out.push_str(&name);
            out.push('>');
        }
        "img" => write_image(node, target, out),
        "a" => write_link(node, target, out),
        "table" if !is_data_table(node) => write_layout(node, target, out),
        "ol" => match number(node, "start") {
            Some(start) => wrap(node, "ol", &format!(" start=\"{start}\""), target, out),
            None => wrap(node, "ol", "", target, out),
        },
        "code" => {
            let class = node.class().unwrap_or_default();
            let language = class
                .split_ascii_whitespace()
                .find(|c| c.starts_with("language-"));
            let attribute = language
                .map(|c| format!(" class=\"{}\"", escape(c)))
                .unwrap_or_default();
            wrap(node, "code", &attribute, target, out);
        }
        "span" | "font" | "div" => write_neutral(node, &name, target, out),
        "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "blockquote" | "ul" | "li" | "sup"
        | "sub" | "b" | "i" | "u" | "strong" | "em" | "s" | "del" | "pre" | "table" | "thead"
        | "tbody" | "tr" | "th" | "td" | "caption" | "details" | "summary" => {
            wrap(node, &name, "", target, out);
        }
        "strike" => wrap(node, "s", "", target, out),
        "ins" => wrap(node, "u", "", target, out),
        "tt" | "kbd" | "samp" => wrap(node, "code", "", target, out),
        "cite" | "var" | "dfn" => wrap(node, "i", "", target, out),
        "tfoot" => wrap(node, "tbody", "", target, out),
        "dt" => wrap(node, "strong", "", target, out),
        "dl" | "dd" | "center" | "section" | "article" | "header" | "footer" | "main" | "nav"
        | "aside" | "address" | "figure" | "figcaption" | "fieldset" => {
            wrap(node, "div", "", target, out);
        }
        _ => write_children(node, target, out),
    }
}

fn write_children(node: &NodeRef<'_>, target: &Target<'_>, out: &mut String) {
    for child in node.children_it(false) {
        write_node(&child, target, out);
    }
}

fn wrap(node: &NodeRef<'_>, name: &str, attributes: &str, target: &Target<'_>, out: &mut String) {
    out.push('<');
    out.push_str(name);
    out.push_str(attributes);
    out.push('>');
    write_children(node, target, out);
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

fn push_attribute(name: &str, value: &str, out: &mut String) {
    for part in [" ", name, "=\"", &escape(value), "\""] {
        out.push_str(part);
    }
}

fn write_link(node: &NodeRef<'_>, target: &Target<'_>, out: &mut String) {
    let href = node.attr("href").unwrap_or_default();
    let Some(href) = safe_link(href.trim()) else {
        return write_children(node, target, out);
    };
    let href = href.as_str();
    // The reader of a mail has no Matrix client: a mention is only a name to them.
    if matches!(target, Target::Mail) && is_mention(href) {
        return write_children(node, target, out);
    }
    wrap(
        node,
        "a",
        &format!(" href=\"{}\"", escape(href)),
        target,
        out,
    );
}

/// The link, if its scheme is one that Matrix allows. In lower case: clients know no other.
fn safe_link(href: &str) -> Option<String> {
    let (scheme, rest) = href.split_once(':').filter(|(_, rest)| !rest.is_empty())?;
    let safe = ["http", "https", "ftp", "mailto", "magnet"];
    let scheme = safe.iter().find(|safe| scheme.eq_ignore_ascii_case(safe))?;
    Some(format!("{scheme}:{rest}"))
}

pub(super) fn has_safe_scheme(href: &str) -> bool {
    safe_link(href).is_some()
}

/// Whether the link names a user: `https://matrix.to/#/@user:server`.
pub(super) fn is_mention(href: &str) -> bool {
    ["https://matrix.to/#/", "http://matrix.to/#/"]
        .iter()
        .filter_map(|start| href.strip_prefix(start))
        .any(|id| id.starts_with('@') || id.get(..3).is_some_and(|c| c.eq_ignore_ascii_case("%40")))
}

fn write_image(node: &NodeRef<'_>, target: &Target<'_>, out: &mut String) {
    let alt = node.attr("alt").unwrap_or_default();
    let source = node.attr("src").unwrap_or_default();
    let source = source.trim();
    let mxc = match target {
        Target::Mail => {
            out.push_str(&escape(alt.trim()));
            return;
        }
        Target::Matrix(upload) => strip_scheme(source, "cid:")
            .and_then(upload)
            .or_else(|| strip_scheme(source, "mxc:").map(|file| format!("mxc:{file}"))),
    };
    match mxc {
        Some(mxc) if strip_scheme(&mxc, "mxc:").is_some() => {
            out.push_str("<img");
            push_attribute("src", &mxc, out);
            if !alt.is_empty() {
                push_attribute("alt", &alt, out);
            }
            for side in ["width", "height"] {
                if let Some(pixels) = number(node, side) {
                    push_attribute(side, &pixels.to_string(), out);
                }
            }
            out.push('>');
        }
        _ if is_symbol(&alt) => out.push_str(&escape(&alt)),
        _ => {}
    }
}

/// Whether the text that stands for an image is an emoji or the like, and so part of the sentence.
pub(super) fn is_symbol(alt: &str) -> bool {
    let alt = alt.trim();
    !alt.is_empty()
        && alt.chars().count() <= 8
        && !alt.chars().any(|c| c.is_ascii() || c.is_alphanumeric())
}

fn strip_scheme<'a>(uri: &'a str, scheme: &str) -> Option<&'a str> {
    uri.get(..scheme.len())
        .filter(|start| start.eq_ignore_ascii_case(scheme))
        .map(|_| &uri[scheme.len()..])
}

fn number(node: &NodeRef<'_>, attribute: &str) -> Option<u32> {
    node.attr(attribute)?
        .trim()
        .trim_end_matches("px")
        .parse()
        .ok()
}

/// Spans, fonts and divs, which mean something only by their attributes.
fn write_neutral(node: &NodeRef<'_>, name: &str, target: &Target<'_>, out: &mut String) {
    let element = if name == "div" { "div" } else { "span" };
    let color = |attribute| node.attr(attribute).filter(|color| is_color(color));
    let maths = node.attr("data-mx-maths");
    let spoiler = node.attr("data-mx-spoiler");
    match target {
        Target::Matrix(_) => {
            let mut attributes = String::new();
            if let Some(maths) = maths {
                push_attribute("data-mx-maths", &maths, &mut attributes);
            }
            if let Some(reason) = spoiler.filter(|_| element == "span") {
                push_attribute("data-mx-spoiler", &reason, &mut attributes);
            }
            for key in ["data-mx-color", "data-mx-bg-color"] {
                if let Some(color) = color(key).filter(|_| element == "span") {
                    push_attribute(key, &color, &mut attributes);
                }
            }
            if element == "span" && attributes.is_empty() {
                write_children(node, target, out);
            } else {
                wrap(node, element, &attributes, target, out);
            }
        }
        Target::Mail => {
            if let Some(maths) = maths {
                out.push_str("<code>");
                out.push_str(&escape(&maths));
                out.push_str("</code>");
            } else if let Some(reason) = spoiler {
                let reason = reason.trim();
                out.push_str("<em>[spoiler");
                if !reason.is_empty() {
                    out.push_str(": ");
                    out.push_str(&escape(reason));
                }
                out.push_str("]</em> ");
                write_children(node, target, out);
            } else if let Some(color) = color("data-mx-color").or_else(|| color("color")) {
                wrap(
                    node,
                    "span",
                    &format!(" style=\"color:{color}\""),
                    target,
                    out,
                );
            } else {
                wrap(node, element, "", target, out);
            }
        }
    }
}

/// `#rrggbb`, the one form that Matrix has.
fn is_color(value: &str) -> bool {
    value.len() == 7
        && value.starts_with('#')
        && value[1..].bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether rows and columns mean something: at least two rows of at least two cells, none of which
/// holds another table. Mailers lay out whole letters in tables; those become blocks.
pub(super) fn is_data_table(table: &NodeRef<'_>) -> bool {
    if table
        .attr("role")
        .is_some_and(|role| &*role == "presentation")
    {
        return false;
    }
    let mut wide_rows = 0;
    for node in table.descendants_it() {
        match node.node_name().as_deref() {
            Some("table" | "blockquote" | "hr") => return false,
            Some("tr") => {
                let filled = node
                    .element_children()
                    .iter()
                    .filter(|cell| has_text(cell))
                    .count();
                wide_rows += usize::from(filled >= 2);
            }
            _ => {}
        }
    }
    wide_rows >= 2
}

fn has_text(node: &NodeRef<'_>) -> bool {
    node.descendants_it()
        .any(|node| node.is_text() && !node.text().trim().is_empty())
}

/// Each cell of a table that only lays out as a block of its own; empty ones are left out.
fn write_layout(node: &NodeRef<'_>, target: &Target<'_>, out: &mut String) {
    for child in node.children_it(false) {
        match child.node_name().as_deref() {
            Some("thead" | "tbody" | "tfoot" | "tr") => write_layout(&child, target, out),
            Some("td" | "th" | "caption") => {
                let mut cell = String::new();
                write_children(&child, target, &mut cell);
                if !cell.trim().is_empty() {
                    out.push_str("<div>");
                    out.push_str(&cell);
                    out.push_str("</div>");
                }
            }
            _ => write_node(&child, target, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use ruma::html::{HtmlSanitizerMode, RemoveReplyFallback, sanitize_html};

    use super::*;

    fn bounded(raw: &str) -> BoundedHtml {
        BoundedHtml::new(raw).unwrap()
    }

    #[rstest]
    #[case::script("<p>a<script>alert(1)</script></p>", "<p>a</p>")]
    #[case::style("<p style='x' class=y>a</p>", "<p>a</p>")]
    #[case::web_image("<img src='https://example.org/pixel.gif' width=1 alt='x'>", "")]
    #[case::emoji("a <img src='https://example.org/e' alt='🙂'>", "a 🙂")]
    #[case::image(
        "<img src='mxc://a/b' alt='Plan' width='20px'>",
        "<img src=\"mxc://a/b\" alt=\"Plan\" width=\"20\">"
    )]
    #[case::inline_image("<img src='CID:plan@1'>", "<img src=\"mxc://a/plan@1\">")]
    #[case::script_link("<a href='javascript:x'>a</a>", "a")]
    #[case::link(
        "<a href=' https://example.org/?a=1&amp;b=2 '>a</a>",
        "<a href=\"https://example.org/?a=1&amp;b=2\">a</a>"
    )]
    #[case::shouted_link(
        "<a href='HtTPS://example.org/A'>a</a>",
        "<a href=\"https://example.org/A\">a</a>"
    )]
    #[case::font(
        "<font color='red'>a</font><strike>b</strike><o:p>c</o:p>",
        "a<s>b</s>c"
    )]
    #[case::data_table(
        "<table><tr><th>a<th>b<tr><td>1<td>2</table>",
        "<table><tbody><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></tbody></table>"
    )]
    #[case::layout_table(
        "<table><tr><td><td><p>a</p><tr><td>b</table>",
        "<div><p>a</p></div><div>b</div>"
    )]
    #[case::entities("a &amp;&lt;b&gt; &nbsp;\"'", "a &amp;&lt;b&gt; \u{a0}\"'")]
    fn matrix(#[case] raw: &str, #[case] expected: &str) {
        let upload = |id: &str| Some(format!("mxc://a/{id}"));
        assert_eq!(to_matrix_with_images(&bounded(raw), &upload), expected);
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

    proptest! {
        #[test]
        fn ruma_finds_nothing_to_remove(
            raw in r#"(<(/?)(p|div|b|a href="(javascript:x|https://e.example)"|span data-mx-spoiler|img src="(mxc://a/b|http://x)"|table|tr|td|script|svg|math|select|template|form)>|text|&lt;){0,30}"#
        ) {
            let html = to_matrix(&bounded(&raw));
            let again =
                sanitize_html(&html, HtmlSanitizerMode::Strict, RemoveReplyFallback::Yes);
            // Parsing alone may move things; so compare with what parsing alone makes of it.
            let parsed = ruma::html::Html::parse(&html).to_string();
            prop_assert_eq!(again, parsed);
        }
    }
}

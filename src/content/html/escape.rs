//! Plain text as HTML.

/// Makes `text` safe inside HTML text and double-quoted attributes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// Paragraphs where blank lines are, `<br>` where lines end, links for web addresses.
pub fn text_to_html(text: &str) -> String {
    let mut out = String::new();
    let mut in_paragraph = false;
    for line in text.lines() {
        if line.trim().is_empty() {
            if in_paragraph {
                out.push_str("</p>");
            }
            in_paragraph = false;
            continue;
        }
        out.push_str(if in_paragraph { "<br>" } else { "<p>" });
        in_paragraph = true;
        write_line(line, &mut out);
    }
    if in_paragraph {
        out.push_str("</p>");
    }
    out
}

fn write_line(line: &str, out: &mut String) {
    let content = line.trim_start_matches(' ');
    // Indented lines, such as code, keep their indentation.
    out.push_str(&"&nbsp;".repeat(line.len() - content.len()));
    let mut rest = content.trim_end();
    while let Some(start) = next_link(rest) {
        let end = start + link_length(&rest[start..]);
        let target = escape(&rest[start..end]);
        out.push_str(&escape(&rest[..start]));
        for part in ["<a href=\"", &target, "\">", &target, "</a>"] {
            out.push_str(part);
        }
        rest = &rest[end..];
    }
    out.push_str(&escape(rest));
}

/// Where the next `http://…` or `https://…` with something behind it begins.
fn next_link(text: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = text[from..].find("://") {
        let colon = from + at;
        let start = ["https", "http"]
            .iter()
            .find(|scheme| text[..colon].ends_with(*scheme))
            .map(|scheme| colon - scheme.len());
        if let Some(start) = start
            && text[colon + 3..].starts_with(char::is_alphanumeric)
            && !text[..start].ends_with(char::is_alphanumeric)
        {
            return Some(start);
        }
        from = colon + 3;
    }
    None
}

/// A link ends at white space, quotes or angle brackets; punctuation at its end belongs to the
/// sentence, and so does a bracket that was opened before it.
fn link_length(text: &str) -> usize {
    let end = text
        .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '`'))
        .unwrap_or(text.len());
    let mut link = &text[..end];
    let mut excess = link
        .matches(')')
        .count()
        .saturating_sub(link.matches('(').count());
    while let Some(last) = link.chars().last() {
        match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | ']' | '}' => {}
            ')' if excess > 0 => excess -= 1,
            _ => break,
        }
        link = &link[..link.len() - last.len_utf8()];
    }
    link.len()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a < b\nc\n\n\nd & e", "<p>a &lt; b<br>c</p><p>d &amp; e</p>")]
    #[case(
        "see https://example.org/a_(b).",
        "<p>see <a href=\"https://example.org/a_(b)\">https://example.org/a_(b)</a>.</p>"
    )]
    #[case(
        "(http://example.org/?a=1&b=2)",
        "<p>(<a href=\"http://example.org/?a=1&amp;b=2\">http://example.org/?a=1&amp;b=2</a>)</p>"
    )]
    #[case(
        "  indented ://x http:// end",
        "<p>&nbsp;&nbsp;indented ://x http:// end</p>"
    )]
    #[case("", "")]
    fn makes_paragraphs_and_links(#[case] text: &str, #[case] html: &str) {
        assert_eq!(text_to_html(text), html);
    }
}

//! `text/enriched` (RFC 1896) and the older `text/richtext` (RFC 1341), read for their words.

/// The text without its commands. In `enriched` text a line break is a blank, two are one, and so on.
pub(super) fn to_text(source: &str, enriched: bool) -> String {
    let mut out = String::with_capacity(source.len());
    // How deep in `<param>` or `<comment>`, whose content is none of the text; in `<nofill>`.
    let (mut silent, mut unfilled) = (0_usize, 0_usize);
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        if first == '<' {
            if enriched && rest.starts_with("<<") {
                if silent == 0 {
                    out.push('<');
                }
                rest = &rest[2..];
                continue;
            }
            if let Some((name, after)) = command(rest) {
                rest = after;
                match name.as_str() {
                    "param" | "comment" => silent += 1,
                    "/param" | "/comment" => silent = silent.saturating_sub(1),
                    "nofill" => unfilled += 1,
                    "/nofill" => unfilled = unfilled.saturating_sub(1),
                    "nl" | "np" | "/paragraph" if !enriched => out.push('\n'),
                    "lt" if !enriched => out.push('<'),
                    _ => {}
                }
                continue;
            }
        }
        if first == '\n' {
            let breaks = rest.len() - rest.trim_start_matches('\n').len();
            rest = &rest[breaks..];
            if silent > 0 {
            } else if enriched && unfilled == 0 {
                match breaks {
                    1 => out.push(' '),
                    _ => out.push_str(&"\n".repeat(breaks - 1)),
                }
            } else if enriched {
                out.push_str(&"\n".repeat(breaks));
            } else {
                out.push(' ');
            }
            continue;
        }
        if silent == 0 {
            out.push(first);
        }
        rest = &rest[first.len_utf8()..];
    }
    out
}

/// The name of the command at the start, in lower case, and what follows it.
fn command(text: &str) -> Option<(String, &str)> {
    let end = text
        .bytes()
        .take(LONGEST_COMMAND)
        .position(|octet| octet == b'>')?;
    let name = &text[1..end];
    let is_name = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'/');
    (!name.is_empty() && name.bytes().all(is_name))
        .then(|| (name.to_ascii_lowercase(), &text[end + 1..]))
}

/// With its brackets (RFC 1896 section 2 allows 60 characters).
const LONGEST_COMMAND: usize = 70;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::commands("<bold>One</bold> two", true, "One two")]
    #[case::lines("One\ntwo\n\nthree\n\n\nfour", true, "One two\nthree\n\nfour")]
    #[case::colour("<color><param>red</param>One</color>", true, "One")]
    #[case::escape("1 << 2 < 3", true, "1 < 2 < 3")]
    #[case::unfilled("<nofill>a\nb</nofill>", true, "a\nb")]
    #[case::richtext("One<nl>\ntwo <lt> three", false, "One\n two < three")]
    #[case::no_end("<param>x", true, "")]
    fn reads(#[case] source: &str, #[case] enriched: bool, #[case] expected: &str) {
        assert_eq!(to_text(source, enriched), expected);
    }
}

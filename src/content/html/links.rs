//! Where links lead, and what of that a reader is told.

/// What becomes of a link.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Link {
    To(String),
    /// Only the words remain, with this behind them if they don't say it.
    Words(Option<String>),
}

/// Reads the target of a link in a stranger's mail. Schemes that Matrix does not allow are no
/// links. Neither are those to Matrix users and rooms: clients draw them as a pill with the name and
/// picture of whom they lead to, as if that person had been mentioned by one of the team, and some
/// do so with the bare address too. The id is told instead.
pub(super) fn read(href: &str) -> Link {
    let href: String = href
        .trim()
        .chars()
        .filter(|c| !matches!(c, '\t' | '\n' | '\r'))
        .collect();
    if let Some(id) = matrix_id(&href) {
        return Link::Words(Some(id));
    }
    if let Some(number) = strip_scheme(&href, "tel:") {
        return Link::Words(Some(number.trim_start_matches("//").to_owned()));
    }
    if href.starts_with("//") && href.len() > 2 {
        return Link::To(format!("https:{href}"));
    }
    safe_link(&href).map_or(Link::Words(None), Link::To)
}

/// The link, if its scheme is one that Matrix allows. In lower case: clients know no other.
pub(super) fn safe_link(href: &str) -> Option<String> {
    let (scheme, rest) = href.split_once(':').filter(|(_, rest)| !rest.is_empty())?;
    let safe = ["http", "https", "ftp", "mailto", "magnet"];
    let scheme = safe.iter().find(|safe| scheme.eq_ignore_ascii_case(safe))?;
    Some(format!("{scheme}:{rest}"))
}

/// Whether the link names a user: `https://matrix.to/#/@user:server`.
pub(super) fn is_mention(href: &str) -> bool {
    matrix_id(href).is_some_and(|id| id.starts_with('@'))
}

/// The id that a link to `matrix.to`, or to a user or room within Element, names.
fn matrix_id(href: &str) -> Option<String> {
    let address = strip_scheme(href, "https://").or_else(|| strip_scheme(href, "http://"))?;
    let (host, path) = address.split_once(['/', '#', '?'])?;
    let host = host.to_ascii_lowercase();
    let host = host.rsplit('@').next().unwrap_or(&host);
    let host = host.split(':').next().unwrap_or(host);
    let is_known = |known: &str| {
        host.strip_suffix(known)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if !["matrix.to", "element.io", "riot.im", "vector.im"]
        .iter()
        .any(|known| is_known(known))
    {
        return None;
    }
    let path = &path[path.find('#').map_or(0, |at| at + 1)..];
    let path = path.trim_start_matches('/');
    let path = ["user/", "room/"]
        .iter()
        .find_map(|start| path.strip_prefix(start))
        .unwrap_or(path);
    let id = percent_decoded(path.split('?').next().unwrap_or(path));
    id.starts_with(['@', '#', '!', '+']).then_some(id)
}

pub(super) fn strip_scheme<'a>(uri: &'a str, scheme: &str) -> Option<&'a str> {
    uri.get(..scheme.len())
        .filter(|start| start.eq_ignore_ascii_case(scheme))
        .map(|_| &uri[scheme.len()..])
}

/// RFC 3986, section 2.1; what is no valid code stays.
pub(super) fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let digit = |at: usize| {
        let byte = bytes.get(at).copied()?;
        char::from(byte).to_digit(16)
    };
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%')
            .then(|| u8::try_from(digit(at + 1)? * 16 + digit(at + 2)?).ok())
            .flatten();
        out.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// Whether the words of a link tell where it leads.
pub(super) fn tells(shown: &str, target: &str) -> bool {
    let (shown, target) = (bare(shown), bare(target));
    shown == target || percent_decoded(&target) == shown
}

/// What two forms of the same address have in common.
fn bare(text: &str) -> String {
    let text: String = text.split_whitespace().collect();
    let text = text.to_lowercase();
    let text = ["https://", "http://", "mailto:", "ftp://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme))
        .unwrap_or(&text);
    let text = text.strip_prefix("www.").unwrap_or(text);
    text.split('?')
        .next()
        .filter(|_| text.contains('@') && !text.contains('/'))
        .unwrap_or(text)
        .trim_matches(['<', '>'])
        .trim_end_matches('/')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("https://example.org/a b", Link::To("https://example.org/a b".into()))]
    #[case::broken("https://exam\n ple.org", Link::To("https://exam ple.org".into()))]
    #[case::shouted("HTTPS://example.org/A", Link::To("https://example.org/A".into()))]
    #[case::without_scheme("//example.org", Link::To("https://example.org".into()))]
    #[case::script("javascript:alert(1)", Link::Words(None))]
    #[case::anchor("#top", Link::Words(None))]
    #[case::telephone("tel:+49123", Link::Words(Some("+49123".into())))]
    #[case::user("https://matrix.to/#/@a:b.example?via=x", Link::Words(Some("@a:b.example".into())))]
    #[case::hidden_user("http://www.Matrix.to:443/#/%40a:b.example", Link::Words(Some("@a:b.example".into())))]
    #[case::room("https://matrix.to/#/!r:b/$e", Link::Words(Some("!r:b/$e".into())))]
    #[case::element("https://app.element.io/#/user/@a:b", Link::Words(Some("@a:b".into())))]
    #[case::page_of_element("https://element.io/help", Link::To("https://element.io/help".into()))]
    #[case::other_host("https://notmatrix.to/#/@a:b", Link::To("https://notmatrix.to/#/@a:b".into()))]
    fn reads_links(#[case] href: &str, #[case] expected: Link) {
        assert_eq!(read(href), expected);
    }

    #[rstest]
    #[case("example.org", "https://www.example.org/", true)]
    #[case("a@b.example", "mailto:A@b.example?subject=x", true)]
    #[case("https://example.org/ü", "https://example.org/%C3%BC", true)]
    #[case("example.org", "https://example.org/x", false)]
    #[case(
        "https://example.org",
        "https://track.example/?u=https://example.org",
        false
    )]
    fn knows_what_tells_the_target(#[case] shown: &str, #[case] target: &str, #[case] told: bool) {
        assert_eq!(tells(shown, target), told);
    }
}

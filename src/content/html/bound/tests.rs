//! Tag soup, and what is far too much.

use proptest::prelude::*;
use rstest::rstest;

use super::*;

#[rstest]
#[case::paragraphs("<p>one<p>two", "<p>one</p><p>two</p>")]
#[case::list("<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>")]
#[case::crossed("<b>x<i>y</b>z</i>", "<b>x<i>y</i></b><i>z</i>")]
#[case::comment("a<!-- <div> -->b<!-->c", "abc")]
#[case::style("<STYLE>p{}</Style >a", "a")]
#[case::spaced_end("<div>a</ div >b", "<div>a</div>b")]
#[case::no_end_tag("a </ b c> </ d", "a &lt;/ b c> &lt;/ d")]
#[case::open_style("<style>kept", "kept")]
#[case::handler("<a href=x onclick='y'>z</a>", "<a href=\"x\">z</a>")]
#[case::quotes("<a title='say \"x\"'>z</a>", "<a title=\"say &quot;x&quot;\">z</a>")]
#[case::unknown("<o:p>a</o:p><html><body>b", "ab")]
#[case::less_than("1 < 2 and <3", "1 &lt; 2 and &lt;3")]
#[case::cut_off("a <b title=\"x", "a &lt;b title=\"x")]
#[case::between_cells(
    "<table>a<tr>b<br><td>c</td>d</table>",
    "<table><tr><td>a</td></tr><tr><td>b<br></td><td>c</td><td>d</td></tr></table>"
)]
#[case::cells_of_no_table("<td>a</td><td>b</td>", " a b")]
#[case::cell(
    "<table><td>a</div><td>b</table>",
    "<table><td>a</td><td>b</td></table>"
)]
fn puts_tags_in_order(#[case] raw: &str, #[case] expected: &str) {
    assert_eq!(BoundedHtml::new(raw).unwrap().as_str(), expected);
}

#[rstest]
#[case::divs("<div>", "</div>")]
#[case::quotes("<blockquote>", "")]
#[case::tables("<table><tr><td>", "")]
#[case::formatting("<b><i>", "</b>")]
fn deep_nesting_keeps_the_text(#[case] open: &str, #[case] close: &str) {
    let raw = format!("{}deep{}after", open.repeat(15_000), close.repeat(15_000));
    let html = BoundedHtml::new(&raw).unwrap();
    let text = html.parse().text().to_string();
    assert!(text.contains("deep") && text.contains("after"));
}

#[rstest]
#[case::divs("<div>one<br>")]
#[case::cells("<table><tr><th>a<th>b<tr><td>one<br><td>")]
#[case::cells_without_rows("<table><td>one<br>")]
#[case::formatting_in_a_cell("<b>one<br><div><table><td>")]
fn line_breaks_stay_in_the_deepest_level(#[case] level: &str) {
    use ruma::html::{HtmlSanitizerMode, RemoveReplyFallback, sanitize_html};
    let html = BoundedHtml::new(&level.repeat(150)).unwrap();
    let mode = HtmlSanitizerMode::Strict;
    let shown = sanitize_html(html.as_str(), mode, RemoveReplyFallback::Yes);
    let breaks = |text: &str| text.matches("<br>").count();
    assert_eq!(breaks(&shown), breaks(html.as_str()));
}

#[test]
fn refuses_what_nobody_writes() {
    assert_eq!(
        BoundedHtml::new(&"x".repeat(MAX_BYTES + 1)),
        Err(TooComplex::Bytes)
    );
    assert_eq!(
        BoundedHtml::new(&"<br>".repeat(MAX_TAGS + 1)),
        Err(TooComplex::Tags)
    );
}

proptest! {
    #[test]
    fn words_keep_their_order(
        deep in prop::sample::select(vec![0, 60, 90, 93, 94, 95, 96, 97, 98, 99, 120]),
        raw in r"(<(/?)(table|tr|td|caption|thead|p|b|div|ul|li|select|a href=x)>|[a-z] |<br>){0,40}",
    ) {
        let raw = "<div>".repeat(deep) + &raw;
        let html = BoundedHtml::new(&raw).unwrap();
        let letters = |text: &str| -> String {
            let tags = text.split('<').enumerate().map(|(at, part)| {
                if at == 0 { part } else { part.split_once('>').map_or("", |(_, text)| text) }
            });
            tags.flat_map(|part| part.chars().filter(char::is_ascii_lowercase)).collect()
        };
        prop_assert_eq!(letters(&html.parse().text()), letters(&raw));
    }

    #[test]
    fn never_panics(raw in r#"(<|>|/|!|-|"|'|=| |a|b|p|td|table|li|style|é|&lt;|\n){0,60}"#) {
        let html = BoundedHtml::new(&raw).unwrap();
        html.parse();
    }
}

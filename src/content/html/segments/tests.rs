//! What rooms show of HTML as mail programs write it.

use proptest::prelude::*;
use rstest::rstest;
use ruma::html::{HtmlSanitizerMode, RemoveReplyFallback, sanitize_html};

use super::*;
use crate::content::html::to_text;

fn matrix(raw: &str) -> String {
    to_matrix(&BoundedHtml::new(raw).unwrap())
}

#[rstest]
#[case::script("<p>a<script>alert(1)</script></p>", "<p>a</p>")]
#[case::style("<p style='x' class=y>a</p>", "<p>a</p>")]
#[case::lines("<div>a</div><div>b<br></div>c<br>d<br>", "<p>a<br>b<br>c<br>d</p>")]
#[case::blank_lines(
    "<div>a<br><br><br></div><div><br></div><p></p><div>&nbsp;</div>b",
    "<p>a</p><p>b</p>"
)]
#[case::word(
    "<p class=MsoNormal>a<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p>\
     <p class=MsoNormal>b</p><p class=MsoNormal>c</p>",
    "<p>a</p><p>b<br>c</p>"
)]
#[case::no_margins(
    "<p style='margin:0'>a</p><p style='margin:0 0 0 0'>b</p>",
    "<p>a<br>b</p>"
)]
#[case::marks(
    "<b>a</b> <i>b <strong>c</strong></i>",
    "<p><strong>a</strong> <em>b <strong>c</strong></em></p>"
)]
#[case::marks_by_style(
    "<span style='font-weight:bold'>a</span><span style='font-style:italic'>b</span>\
     <span style='text-decoration: underline line-through'>c</span>",
    "<p><strong>a</strong><em>b</em><s><u>c</u></s></p>"
)]
#[case::undone_by_style(
    "<b style='font-weight:normal'>a <b>b</b></b>",
    "<p>a <strong>b</strong></p>"
)]
#[case::same_marks_apart("<b>a</b><b> b</b><b>c</b>", "<p><strong>a bc</strong></p>")]
#[case::code_by_font(
    "<p>please set <span style='font-family:Consolas,monospace'>retry=3</span> in the file</p>",
    "<p>please set <code>retry=3</code> in the file</p>"
)]
#[case::typewriter_lover(
    "<div style='font-family:monospace'>all of the letter</div>",
    "<p>all of the letter</p>"
)]
#[case::heading("<h2><b>a</b></h2>b", "<h2>a</h2><p>b</p>")]
#[case::pre("<pre>a\n  b\n\n</pre>", "<pre><code>a\n  b</code></pre>")]
#[case::language(
    "<pre><code class='hl language-rust'>fn x() {\n}</code></pre>",
    "<pre><code class=\"language-rust\">fn x() {\n}</code></pre>"
)]
#[case::kept_space(
    "<div style='white-space: pre-wrap'>a\n  b  c</div>",
    "<p>a<br>\u{a0}\u{a0}b\u{a0} c</p>"
)]
#[case::quote(
    "a<blockquote>b<br>c</blockquote>",
    "<p>a</p><blockquote><p>b<br>c</p></blockquote>"
)]
#[case::indentation(
    "<blockquote style='margin:0 0 0 40px;border:none;padding:0'>a</blockquote>",
    "<p>a</p>"
)]
#[case::list(
    "<ul><li><p>a</p></li><li>b<ol start=3><li>c</ol></ul>",
    "<ul><li>a</li><li>b<ol start=\"3\"><li>c</li></ol></li></ul>"
)]
#[case::list_beside_its_item(
    "<ul><li>a</li><ul><li>b</li></ul></ul>",
    "<ul><li>a<ul><li>b</li></ul></li></ul>"
)]
#[case::paragraphs_in_item("<ul><li><p>a</p><p>b</p></ul>", "<ul><li><p>a</p><p>b</p></li></ul>")]
#[case::word_list(
    "<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><![if !supportLists]>\
     <span style='mso-list:Ignore'>·<span>&nbsp; </span></span><![endif]>a</p>\
     <p class=MsoListParagraph style='mso-list:l0 level2 lfo1'><span style='mso-list:Ignore'>1.</span>b</p>\
     <p class=MsoListParagraph style='mso-list:l0 level2 lfo1'><span style='mso-list:Ignore'>2.</span>c</p>\
     <p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>·</span>d</p>\
     <p class=MsoListParagraph style='mso-list:l1 level1 lfo2'><span style='mso-list:Ignore'>b)</span> e</p>",
    "<ul><li>a<ol><li>b</li><li>c</li></ol></li><li>d</li></ul><p>b) e</p>"
)]
#[case::link(
    "<a href=' https://example.org/?a=1&amp;b=2 '>a</a>",
    "<p><a href=\"https://example.org/?a=1&amp;b=2\">a</a></p>"
)]
#[case::underlined_link(
    "<a href='https://example.org'><u style='text-decoration:underline'>a</u></a>",
    "<p><a href=\"https://example.org\"><u>a</u></a></p>"
)]
#[case::script_link("<a href='javascript:x'>a</a>", "<p>a</p>")]
#[case::pill(
    "ask <a href='https://matrix.to/#/@boss:b.example'>me</a>!",
    "<p>ask me (@boss:b.example)!</p>"
)]
#[case::named_pill(
    "<a href='https://matrix.to/#/%40a:b.example'>@a:b.example</a>",
    "<p>@a:b.example</p>"
)]
#[case::telephone(
    "<a href='tel:+491234'>call</a>, <a href='tel:+491234'>+49 12-34</a>",
    "<p>call (+491234), +49 12-34</p>"
)]
#[case::web_image(
    "a<img src='https://example.org/pixel.gif' width=1 alt='x'><img src='https://x.example' alt='Logo'>",
    "<p>a</p>"
)]
#[case::linked_image(
    "<a href='https://example.org/s'><img src='https://example.org/b.png' alt='Track it'></a>",
    "<p><a href=\"https://example.org/s\">Track it</a></p>"
)]
#[case::media_of_others("<img src='mxc://a/b' alt='x'>a", "<p>a</p>")]
#[case::emoji("a <img src='https://example.org/e' alt='🙂'>", "<p>a 🙂</p>")]
#[case::hidden(
    "<div style='display:none;max-height:0'>preview</div><span style='font-size:0'>x<i style='font-size:9pt'>y</i></span>a",
    "<p><em>y</em>a</p>"
)]
#[case::filling("a<div>&zwnj;&nbsp;&zwnj;&#8199;&shy;</div>b", "<p>a</p><p>b</p>")]
#[case::color(
    "<font color='red'>a</font><strike>b</strike><o:p>c</o:p>",
    "<p>a<s>b</s>c</p>"
)]
#[case::spoiler(
    "<span data-mx-spoiler='end' data-mx-color='#ff0000'>x</span>",
    "<p>x</p>"
)]
#[case::islands(
    "<xml><w:View>Normal</w:View></xml><title>t</title><!--[if mso]><p>x</p><![endif]-->a",
    "<p>a</p>"
)]
#[case::data_table(
    "<table><tr><th>a<th>b<tr><td>1<td>2</table>",
    "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>"
)]
#[case::spans(
    "<table border=1><caption>c</caption><tr><td rowspan=2>a<td>b<tr><td>c<tr><td colspan=2>d</table>",
    "<table><caption>c</caption><tbody><tr><td>a</td><td>b</td></tr><tr><td></td><td>c</td></tr><tr><td>d</td><td></td></tr></tbody></table>"
)]
#[case::layout_table(
    "<table role=presentation><tr><td><p>a</p><tr><td><table><tr><td>b</table></table>",
    "<p>a</p><p>b</p>"
)]
#[case::cells_beside(
    "<table><tr><td>Total:<td>12 €</table><table><tr><td>Shop<td><td>Help</table>",
    "<p>Total: 12 €<br>Shop | Help</p>"
)]
#[case::columns_of_text("<table><tr><td>a<br>b<td>c</table>", "<p>a<br>b<br>c</p>")]
#[case::entities("a &amp;&lt;b&gt; &nbsp;\"'", "<p>a &amp;&lt;b&gt; \u{a0}\"'</p>")]
fn reads_what_mail_programs_write(#[case] raw: &str, #[case] expected: &str) {
    assert_eq!(matrix(raw), expected);
}

/// `one` and so on are attachments, in this order.
fn known(id: &str) -> Option<usize> {
    ["one", "two", "a b"].iter().position(|known| *known == id)
}

/// Segments as one string: images as their number, words as HTML.
fn shown(raw: &str) -> String {
    let segments = segments(&BoundedHtml::new(raw).unwrap(), &known);
    let shown = segments.iter().map(|segment| match segment {
        Segment::Words { html, .. } => html.clone(),
        Segment::Image(index) => format!("({index})"),
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[rstest]
#[case::alone("<img src='cid:one'>", "(0)")]
#[case::in_paragraph(
    "<p>a <b>b<img src='CID:one'>c</b></p>",
    "<p>a <strong>b</strong></p> (0) <p><strong>c</strong></p>"
)]
#[case::in_link(
    "<a href='https://e.example'>a<img src='cid:one'></a>",
    "<p><a href=\"https://e.example\">a</a></p> (0)"
)]
#[case::in_layout("<table><tr><td>a<td><img src='cid:one'></table>", "<p>a</p> (0)")]
#[case::one_after_the_other("<img src='cid:one'><br> <img src='cid:two'>", "(0) (1)")]
#[case::encoded("<img src='cid:a%20b'>", "(2)")]
#[case::location("<img src='one'>", "(0)")]
#[case::again("<img src='cid:one'>a<img src='cid:one'>", "(0) <p>a[image]</p>")]
#[case::unknown("a<img src='cid:x' alt=y>", "<p>a</p>")]
#[case::spacer("a<img src='cid:one' height=1>", "<p>a</p>")]
#[case::in_list(
    "<ul><li>a <img src='cid:one' alt='Plan.png'><li><img src='cid:two'></ul>b",
    "<ul><li>a [image: Plan.png]</li><li>[image]</li></ul> (0) (1) <p>b</p>"
)]
#[case::in_quote(
    "<blockquote>a<ul><li><img src='cid:one'></ul>b</blockquote>c",
    "<blockquote><p>a</p><ul><li>[image]</li></ul><p>b</p></blockquote> (0) <p>c</p>"
)]
#[case::in_pre(
    "<pre>a<img src='cid:one'></pre>",
    "<pre><code>a[image]</code></pre> (0)"
)]
#[case::in_table(
    "<table><tr><th>a<th>b<tr><td>c<td><img src='cid:one'>d</table>",
    "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>c</td><td>[image]d</td></tr></tbody></table> (0)"
)]
#[case::in_word_list(
    "<p style='mso-list:l0 level1 lfo1'>a<img src='cid:one'></p>",
    "<ul><li>a[image]</li></ul> (0)"
)]
#[case::figure(
    "<figure><img src='cid:one'><figcaption>a</figcaption></figure>",
    "(0) <p>a</p>"
)]
#[case::nothing("<p>&nbsp;</p>", "")]
fn cuts_at_images(#[case] raw: &str, #[case] expected: &str) {
    assert_eq!(shown(raw), expected);
}

/// Tags, words and images in any order.
const SOUP: &str = r#"(<(/?)(p|div|b|i style="font-weight:bold"|a href="(javascript:x|https://e\.example|//e\.example)"|span data-mx-spoiler|table|table border=1|tr|td|td colspan=3|th rowspan=2|caption|ul|ol|li|p style="mso-list:l0 level2"|blockquote|pre|code class=language-x|h1|dl|dd|q|script|svg|math|select|template|form|br|hr)>|<img src="(mxc://a/b|http://x|cid:one|cid:two|cid:a%20b)">|(alpha|beta|gamma|delta)[0-9] |&nbsp;|&lt;|\n){0,40}"#;

fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| {
            ["alpha", "beta", "gamma", "delta"]
                .iter()
                .any(|w| word.contains(w))
        })
        .map(str::to_owned)
        .collect();
    words.sort_unstable();
    words
}

fn sanitized(html: &str) -> String {
    sanitize_html(html, HtmlSanitizerMode::Strict, RemoveReplyFallback::Yes)
}

/// As ruma writes it; no tag is moved by that.
fn parsed(html: &str) -> String {
    let parsed = ruma::html::Html::parse(html).to_string();
    assert_eq!(parsed.replace("&nbsp;", "\u{a0}"), html);
    parsed
}

proptest! {
    #[test]
    fn ruma_finds_nothing_to_remove(raw in SOUP) {
        let html = matrix(&raw);
        prop_assert_eq!(sanitized(&html), parsed(&html));
    }

    #[test]
    fn segments_hold_every_word_and_image_once(raw in SOUP) {
        let html = BoundedHtml::new(&raw).unwrap();
        let mut images = Vec::new();
        let mut said = String::new();
        for segment in segments(&html, &known) {
            match segment {
                Segment::Image(index) => images.push(index),
                Segment::Words { body, html } => {
                    prop_assert!(!body.is_empty());
                    prop_assert_eq!(sanitized(&html), parsed(&html));
                    said.push_str(&body);
                    said.push('\n');
                }
            }
        }
        prop_assert_eq!(words(&said), words(&html.parse().text()));
        let mut sources: Vec<usize> = ["cid:one", "cid:two", "cid:a%20b"]
            .iter()
            .enumerate()
            .filter(|(_, source)| html.as_str().contains(*source))
            .map(|(index, _)| index)
            .collect();
        images.sort_unstable();
        sources.sort_unstable();
        prop_assert_eq!(images, sources);
    }

    #[test]
    fn text_and_html_say_the_same(raw in SOUP) {
        let html = BoundedHtml::new(&raw).unwrap();
        let again = BoundedHtml::new(&to_matrix(&html)).unwrap();
        prop_assert_eq!(words(&to_text(&html)), words(&to_text(&again)));
    }
}

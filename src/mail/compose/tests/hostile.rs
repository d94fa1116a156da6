//! What people write can't leave its place in the letter.

use dom_query::Document;
use rstest::rstest;

use super::{composed, entry, first_letter, html_of, samples, text_of, words};
use crate::domain::{
    event::Words,
    letter::{EntryBody, List, Quote, SealedLetter},
    note::Note,
    sharing::{Change, FileKind, Opaque, Place, Poll, PollResult},
};

fn letter_saying(html: &str) -> SealedLetter {
    SealedLetter {
        entries: vec![entry(
            "Anna Léger",
            "14:05",
            EntryBody::Text(Words {
                body: "the words".into(),
                html: Some(html.into()),
            }),
        )],
        ..first_letter()
    }
}

/// The elements of the letter itself, each with its style, below the outermost one.
fn frame(html: &str) -> Vec<String> {
    let document = Document::from(html);
    let body = document.select("body").nodes()[0];
    let outermost = body.element_children();
    assert_eq!(outermost.len(), 1, "more than the letter in {html}");
    outermost[0]
        .element_children()
        .iter()
        .map(|node| {
            let name = node.node_name().unwrap_or_default().to_string();
            format!("{name} {}", node.attr("style").unwrap_or_default())
        })
        .collect()
}

#[rstest]
#[case::unclosed("<b><i><div><table><tr><td><blockquote>x")]
#[case::closes_all("</div></div></p></blockquote></body></html>x<div>")]
#[case::closes_with_spaces("</ div ></div\n></DIV/>x")]
#[case::comment("<!-- x --><!--")]
#[case::comment_of_outlook(
    "<!--[if mso]></td></tr></table><table><tr><td><![endif]-->x<![endif]-->"
)]
#[case::open_conditional("<![if !mso]>x<![endif]>")]
#[case::cdata("<![CDATA[</div>x]]>")]
#[case::processing("<?xml version='1.0'?><?php x ?>")]
#[case::style("<style>body{display:none}</style>x<style>")]
#[case::style_attribute("<p style='position:fixed;top:0;background:url(https://x.example/)'>x</p>")]
#[case::script("<script>alert(1)</script><svg onload=alert(1)><math><style><img src onerror=x>")]
#[case::form("<form action='https://x.example'><input name=a><button>x</button><select><option>y")]
#[case::frame("<iframe src='https://x.example'></iframe><object data=x></object><embed src=x>")]
#[case::image("<img src='https://x.example/a.png' srcset='x 2x' alt='\"><script>'>")]
#[case::link(
    "<a href='javascript:alert(1)'>x</a><a href='https://x.example/\"><b>'>y</a><base href='x'>"
)]
#[case::raw_text("<textarea></div><title></div><xmp></div><plaintext></div>")]
#[case::template("<template></div></template><noscript></div></noscript>")]
#[case::entities("&lt;/div&gt;&#60;/div&#62;&LT;script&GT;")]
#[case::class(
    "<p class='small' id='x'>x</p><span class=\"language-x small\">y</span><code class='language-\"><b>'>z"
)]
#[case::colour("<font data-mx-color='#ff0000;background:url(x)'>x</font><font color='red\"'>y")]
#[case::head(
    "<head><meta http-equiv=refresh content=0><link rel=stylesheet href=x></head><body bgcolor=red>x"
)]
#[case::reply("<mx-reply></div></mx-reply></div>x")]
#[case::table("</td></tr></table><td>x</td><table></div>y")]
fn html_stays_in_its_place(#[case] html: &str) {
    let expected = frame(&html_of(&composed(&letter_saying("x"))));
    let drawn = html_of(&composed(&letter_saying(html)));
    assert_eq!(frame(&drawn), expected, "{drawn}");
    assert_harmless(&drawn);
}

#[test]
fn deep_and_long_html_stays_in_its_place() {
    let expected = frame(&html_of(&composed(&letter_saying("x"))));
    for html in [
        "<div>".repeat(20_000) + "x",
        "</div>".repeat(20_000) + "x",
        "<blockquote><p>".repeat(10_000) + "x",
        "<b><i>".repeat(400_000) + "x",
        "<table><tr><td>".repeat(5_000) + "x",
        "<".repeat(100_000),
    ] {
        let drawn = html_of(&composed(&letter_saying(&html)));
        assert_eq!(frame(&drawn), expected);
    }
}

fn assert_harmless(html: &str) {
    let document = Document::from(html);
    for node in document.select("*").nodes() {
        let name = node.node_name().unwrap_or_default().to_string();
        assert!(
            ![
                "script", "form", "input", "button", "iframe", "object", "embed", "base", "link",
                "svg", "math", "textarea", "img"
            ]
            .contains(&name.as_str()),
            "{name} in {html}"
        );
        for attribute in node.attrs() {
            let key = &*attribute.name.local;
            assert!(
                !key.starts_with("on")
                    && !["src", "srcset", "action", "background", "id"].contains(&key),
                "{key} in {html}"
            );
            let value = attribute.value.to_lowercase();
            assert!(
                !value.contains("url(") && !value.contains("position"),
                "{value} in {html}"
            );
            assert!(
                key != "href" || value.starts_with("https://"),
                "{value} in {html}"
            );
        }
    }
    assert_eq!(document.select("style").length(), 1, "{html}");
    assert_eq!(document.select("meta").length(), 4, "{html}");
}

const MARKUP: &str = "<script>alert(1)</script></div><!--\"><img src=x>&lt;b&gt;{{ x }}";

/// A letter whose every name is markup.
fn letter_of_markup() -> SealedLetter {
    let text = || words(MARKUP);
    let anna = |body| entry(MARKUP, "14:01", body);
    SealedLetter {
        entries: vec![
            anna(EntryBody::Text(text())),
            anna(EntryBody::Emote(text())),
            entry(
                "Béla",
                "14:01",
                EntryBody::Correct {
                    earlier: Some(MARKUP.into()),
                    words: text(),
                },
            ),
            anna(samples::attached(FileKind::Voice, MARKUP, 7, None)),
            anna(samples::linked(MARKUP, 7)),
            anna(EntryBody::Place(Place {
                description: MARKUP.into(),
                latitude: 1.0,
                longitude: 2.0,
            })),
            anna(EntryBody::Poll(Poll {
                question: MARKUP.into(),
                answers: vec![(MARKUP.into(), MARKUP.into())],
                most_choices: 1,
            })),
            anna(EntryBody::PollResult(PollResult {
                question: MARKUP.into(),
                votes: vec![(MARKUP.into(), 1)],
            })),
            anna(EntryBody::Remark(Change::NamedRoom(MARKUP.into()))),
            anna(EntryBody::NotCarried {
                what: Opaque::Unknown,
                name: MARKUP.into(),
            }),
            anna(EntryBody::React {
                sign: MARKUP.into(),
                to: Some(MARKUP.into()),
            }),
            anna(EntryBody::Mail {
                words: words(MARKUP),
                notes: vec![Note::RestInFile(MARKUP.into())],
            }),
        ],
        readers: vec![MARKUP.into()],
        quote: Some(Quote {
            author: MARKUP.into(),
            at: None,
            text: format!("{MARKUP}\n> {MARKUP}"),
        }),
        footer: Some(MARKUP.into()),
        organisation: MARKUP.into(),
        list: Some(List {
            id: "x".into(),
            name: MARKUP.into(),
            leave_url: Some(format!("https://x.example/{MARKUP}")),
            leave_address: first_letter().reply_to,
        }),
        ..first_letter()
    }
}

#[test]
fn names_are_no_markup() {
    let html = html_of(&composed(&letter_of_markup()));
    assert_harmless(&html);
    frame(&html);
}

#[rstest]
#[case("\u{202e}gnp.evil")]
#[case("a\u{2066}b\u{2067}c\u{200f}")]
#[case("two\r\nlines\u{2028}three")]
fn names_do_not_turn_the_line(#[case] name: &str) {
    let mut letter = first_letter();
    letter.entries = vec![
        entry(
            name,
            "14:01",
            samples::attached(FileKind::File, name, 7, None),
        ),
        entry(
            "Béla",
            "14:01",
            EntryBody::Remark(Change::ChangedTopic(name.into())),
        ),
        entry(
            "Béla",
            "14:01",
            EntryBody::Mail {
                words: words("See"),
                notes: vec![Note::RestInFile(name.into())],
            },
        ),
        entry("Béla", "14:01", samples::linked(name, 7)),
    ];
    letter.readers = vec![name.into()];
    letter.quote = Some(Quote {
        author: name.into(),
        at: None,
        text: "old".into(),
    });
    let mail = composed(&letter);
    for part in [text_of(&mail), html_of(&mail)] {
        let turning = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!part.contains(turning), "{part:?}");
        assert!(!part.contains("two\nlines"), "{part:?}");
    }
}

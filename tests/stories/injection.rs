//! Words stay words: nothing that somebody writes becomes markup, a header, a call, a command or a name
//! of a file on the other side.

use dom_query::Document;
use serde_json::{Value, json};

use crate::{
    desk::{BOT, Desk, JANE, codes, mail, typed},
    support::{
        fake_homeserver::TimelineEvent,
        world::{Options, World, letter_text},
    },
};

/// HTML that wants more than to be read. Each bears the word that is to be read all the same.
const HOSTILE: [&str; 33] = [
    "case00<script>alert(1)</script>",
    "case01<img src=x onerror=alert(1)>",
    "case02<svg onload=alert(1)><animate onbegin=alert(1) attributeName=x></svg>",
    "case03<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "case04<a href='javascript:alert(1)'>here</a>",
    "case05<a href='java&#10;script:alert(1)'>here</a>",
    "case06<a href=' &#1;JaVaScRiPt:alert(1)'>here</a>",
    "case07<a href='data:text/html,<script>alert(1)</script>'>here</a>",
    "case08<a href='vbscript:alert(1)'>here</a>",
    "case09<a href='https://acme.com/' onclick=alert(1) style='position:fixed' target=_top>here</a>",
    "case10<a href='https://matrix.to/#/@ann:example.org'>Ann</a>",
    "case11<a href='https://matrix.to/#/!room:example.org'>Room</a> <a href='matrix:u/ann:example.org'>u</a>",
    "case12<img src='mxc://example.org/secret' alt=x> <img src='cid:nothing@x'>",
    "case13<img src='https://evil.example/pixel.gif' width=600 height=300 alt=look>",
    "case14<span data-mx-spoiler='hidden' data-mx-color='#ff0000' data-mx-maths='x'>seen</span>",
    "case15<mx-reply><blockquote>nobody said it</blockquote></mx-reply>",
    "case16<iframe src='https://evil.example'></iframe><object data=x></object><embed src=x>",
    "case17<form action='https://evil.example'><input name=password><button>Log in</button></form>",
    "case18<base href='https://evil.example/'><link rel=stylesheet href=x><meta http-equiv=refresh content=0>",
    "case19<style>*{display:none}</style><p style='background:url(https://evil.example/)'>seen</p>",
    "case20<details open ontoggle=alert(1)><summary>sum</summary>more</details>",
    "case21<noscript><p title='</noscript><img src=x onerror=alert(1)>'>x</p></noscript>",
    "case22<template><script>alert(1)</script></template><textarea></div><script>alert(1)</script></textarea>",
    "case23<!--><script>alert(1)</script--><![CDATA[<script>alert(1)</script>]]><?php alert(1) ?>",
    "case24&lt;script&gt;alert(1)&lt;/script&gt; &#60;img src=x onerror=alert(1)&#62;",
    "case25<b <script>alert(1)</script>><i onmouseover=alert(1)//>",
    "case26<code class='language-x\" onload=\"alert(1)'>x</code><ol start='1\" onclick=\"x'><li>y</ol>",
    "case27</body></html></div></blockquote></p><h1>outside</h1>",
    "case28<div hidden>hidden</div><video src=https://evil.example autoplay></video><audio src=x></audio>",
    "case29<font color='red\" onclick=\"x' data-mx-bg-color='url(x)'>seen</font>",
    "case30@room <a href='https://matrix.to/#/@room'>@room</a> @ann:example.org",
    "case31<table background='https://evil.example'><tr><td onclick=x colspan='9\"'>cell</table>",
    "case32<a href='https://acme.com/?a=\"><script>alert(1)</script>'>here</a><plaintext><script>alert(1)",
];

/// What may stand in an event (client-server API, `m.room.message` msgtypes), and what we need of it.
const ELEMENTS: [&str; 33] = [
    "a",
    "b",
    "blockquote",
    "br",
    "caption",
    "code",
    "del",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "li",
    "ol",
    "p",
    "pre",
    "s",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
    "div",
];

/// Nothing but what is to be read is left, whoever parses it.
fn assert_harmless(html: &str, elements: &[&str]) {
    let document = Document::fragment(html);
    for node in document.select("*").nodes() {
        let name = node.node_name().unwrap_or_default().to_string();
        assert!(
            ["html", "head", "body"].contains(&&*name) || elements.contains(&&*name),
            "{name} in {html}"
        );
        for attribute in node.attrs() {
            let (key, value) = (&*attribute.name.local, attribute.value.to_lowercase());
            let is_fine = match (&*name, key) {
                ("a", "href") => {
                    ["https://", "http://", "mailto:"]
                        .iter()
                        .any(|scheme| value.starts_with(scheme))
                        && !value.contains("matrix.to")
                }
                ("code", "class") => {
                    let language = value.strip_prefix("language-").unwrap_or("\"");
                    language
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b"+-_#.".contains(&b))
                }
                ("ol", "start") => value.bytes().all(|b| b.is_ascii_digit()),
                _ => false,
            };
            assert!(is_fine, "{name} {key}={value:?} in {html}");
        }
    }
}

/// Everything that Postroom has said in a room.
fn ours(world: &World, room: &str) -> Vec<TimelineEvent> {
    let timeline = world.homeserver.timeline(room).into_iter();
    timeline
        .filter(|event| event.sender == BOT || event.sender.starts_with("@_email_"))
        .filter(|event| event.kind == "m.room.message")
        .collect()
}

fn assert_events_are_harmless(events: &[TimelineEvent]) {
    for event in events {
        let content = &event.content;
        if let Some(html) = content["formatted_body"].as_str() {
            assert_eq!(content["format"], "org.matrix.custom.html");
            assert_harmless(html, &ELEMENTS);
        }
        // Nobody is called: neither by name nor all of them.
        if event.sender != BOT {
            assert_eq!(content["m.mentions"], json!({}), "{content}");
        }
        // An image is one that was handed over for this mail.
        assert_eq!(content["url"], Value::Null, "{content}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn html_of_a_mail_is_only_read() {
    let desk = Desk::open(Options::default()).await;
    let mut lmtp = desk.world.lmtp().await;
    for (number, html) in HOSTILE.iter().enumerate() {
        let raw = typed(
            &desk.token,
            "text/html; charset=utf-8",
            &format!("<p>{html}</p>"),
        );
        let raw = raw.replace("Message-ID: <", &format!("Message-ID: <h{number}"));
        let replies = lmtp
            .deliver(
                "jane@acme.com",
                &[&desk.token],
                raw.replace('\n', "\r\n").as_bytes(),
            )
            .await
            .unwrap();
        assert_eq!(codes(&replies), [250]);
    }
    desk.world.quiet().await;
    let events = desk.events();
    assert_events_are_harmless(&events);
    let bodies: Vec<&str> = events.iter().map(TimelineEvent::body).collect();
    for number in 0..HOSTILE.len() {
        let case = format!("case{number:02}");
        assert!(
            bodies.iter().any(|body| body.contains(&case)),
            "{case} in {bodies:#?}"
        );
    }
    desk.close().await;
}

/// Names, subjects and file names, also where the bot repeats them to staff.
#[tokio::test(flavor = "multi_thread")]
async fn names_in_a_mail_are_only_read() {
    let desk = Desk::open(Options::default()).await;
    let name = "\"<img src=x onerror=alert(1)> @room `x` [y](https://evil.example)\"";
    let file = "..\\..\\/etc/<script>alert(1)</script>\u{202e}gnp.pdf";
    let body = format!(
        "--b\nContent-Type: text/plain\n\n[here](javascript:alert(1)) <b>no</b>\n--b\n\
         Content-Type: application/pdf; name=\"{file}\"\n\
         Content-Disposition: attachment; filename=\"{file}\"\n\n%PDF-1.4\n--b--\n"
    );
    let raw = typed(&desk.token, "multipart/mixed; boundary=b", &body);
    let raw = raw.replace(JANE, &format!("{name} <jane@acme.com>"));
    desk.take(&desk.token, &raw).await;
    let eve = mail(
        &format!("{name} <eve@evil.com>"),
        &desk.token,
        "X-Spam: <script>\n",
        "<script>alert(1)</script> `code` **bold** [here](javascript:alert(1)) @room",
    );
    let eve = eve.replace("Subject: ", "Subject: <script>alert(1)</script> ");
    desk.take_from("eve@evil.com", &desk.token, &eve).await;
    let mut events = ours(&desk.world, &desk.room);
    let file = events
        .iter()
        .position(|event| event.content["msgtype"] == "m.file")
        .map(|at| events.remove(at))
        .unwrap();
    let filename = file.content["filename"].as_str().unwrap();
    let extension = filename.rsplit_once('.').map(|(_, extension)| extension);
    assert_eq!(extension, Some("pdf"), "{filename}");
    assert!(
        !filename.contains(['/', '\\', '\u{202e}', '\n']) && !filename.starts_with('.'),
        "{filename}"
    );
    events.extend(ours(&desk.world, &desk.world.control_room));
    assert_events_are_harmless(&events);
    let words = events.iter().find(|event| event.body().contains("[here]"));
    assert!(
        words.unwrap().content["formatted_body"].is_null(),
        "plain text is no HTML"
    );
    desk.close().await;
}

/// What people write in Matrix is only read by customers: in either part of the letter, whatever their
/// clients send.
#[tokio::test(flavor = "multi_thread")]
async fn html_of_a_room_is_only_read() {
    let world = World::start(Options {
        quiet: "10m",
        at_most: "10m",
        ..Options::default()
    })
    .await;
    world
        .ann
        .set_displayname("<img src=x onerror=alert(1)>\r\nBcc: eve@evil.com");
    let people = [("jane@acme.com", "Jane Doe")];
    let room = world.room("<script>alert(1)</script>", &people).await;
    for html in HOSTILE {
        let content = json!({
            "msgtype": "m.text", "body": html,
            "format": "org.matrix.custom.html", "formatted_body": html,
        });
        world.ann.send(&room, "m.room.message", content);
    }
    world.quiet_events().await;
    world.ask(&room, "!email now").await;
    let letter = &world.mails_to("jane@acme.com", 1).await[0];
    let parsed = mail_parser::MessageParser::default();
    let parsed = parsed.parse(&letter.raw).unwrap();
    let html = parsed.body_html(0).unwrap().into_owned();
    assert_letter_is_harmless(&html);
    let text = letter_text(letter);
    for number in 0..HOSTILE.len() {
        let case = format!("case{number:02}");
        assert!(
            html.contains(&case) && text.contains(&case),
            "{case} in {text}"
        );
    }
    world.finish().await;
}

fn assert_letter_is_harmless(html: &str) {
    let document = Document::from(html);
    let never = [
        "script",
        "iframe",
        "object",
        "embed",
        "form",
        "input",
        "button",
        "textarea",
        "svg",
        "math",
        "base",
        "link",
        "video",
        "audio",
        "template",
        "noscript",
        "img",
        "details",
        "mx-reply",
        "plaintext",
    ];
    for node in document.select("*").nodes() {
        let name = node.node_name().unwrap_or_default().to_string();
        assert!(!never.contains(&&*name), "{name} in {html}");
        for attribute in node.attrs() {
            let (key, value) = (&*attribute.name.local, attribute.value.to_lowercase());
            let is_never = key.starts_with("on") || key.starts_with("data-") || key == "src";
            assert!(!is_never, "{name} {key} in {html}");
            let leads_out = value.contains("url(") || value.contains("position");
            assert!(!leads_out, "{name} {key}={value} in {html}");
            if key == "href" {
                let is_web = value.starts_with("https://") || value.starts_with("http://");
                assert!(is_web || value.starts_with("mailto:"), "{value} in {html}");
                assert!(!value.contains("matrix.to/#/@"), "{value} in {html}");
            }
        }
    }
    assert_eq!(document.select("style").length(), 1, "{html}");
}

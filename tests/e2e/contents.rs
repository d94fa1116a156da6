//! What is shared in a room besides words, as it lies in the customer's mailbox.

use anyhow::{Context, Result};
use mail_parser::{MessageParser, MimeHeaders};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::stage::{Scenery, Stage};
use crate::support::samples::{firmware, png};
use crate::support::servers::customer::body;
use crate::support::servers::http;
use crate::support::servers::postroom::PAGES;

const MESSAGE: &str = "m.room.message";

/// One file of a mail: name, type, octets, and whether it is an attachment.
type Part = (String, String, Vec<u8>, bool);

fn parts(raw: &[u8]) -> Result<Vec<Part>> {
    let mail = MessageParser::new().parse(raw).context("no mail")?;
    let part = |part: &mail_parser::MessagePart<'_>| {
        let kind = part.content_type()?;
        let kind = format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default());
        let is_attached = part.content_disposition()?.is_attachment();
        let name = part.attachment_name()?.to_owned();
        Some((name, kind, part.contents().to_vec(), is_attached))
    };
    Ok(mail.parts.iter().filter_map(part).collect())
}

/// Ann uploads a file and shares it as her client does.
async fn share(
    stage: &Stage,
    room: &str,
    file: (&str, &str, &[u8]),
    mut content: Value,
) -> Result<String> {
    let (name, kind, octets) = file;
    let url = stage.ann.upload(octets.to_vec(), kind, name).await?;
    content["url"] = url.into();
    content["info"]["mimetype"] = kind.into();
    content["info"]["size"] = octets.len().into();
    let event = if content["msgtype"].is_null() {
        "m.sticker"
    } else {
        MESSAGE
    };
    stage.ann.send_event(event, &content, room).await
}

fn poll() -> Value {
    let answer = |id: &str, text: &str| json!({"id": id, "org.matrix.msc1767.text": text});
    json!({
        "org.matrix.msc1767.text": "Which day?\n1. Monday\n2. Friday",
        "org.matrix.msc3381.poll.start": {
            "kind": "org.matrix.msc3381.poll.disclosed", "max_selections": 1,
            "question": {
                "org.matrix.msc1767.text": "Which day?", "body": "Which day?", "msgtype": "m.text",
            },
            "answers": [answer("a", "Monday"), answer("b", "Friday")],
        },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_shared_lies_in_the_mailbox() -> Result<()> {
    let stage = Stage::set("5m").await?;
    let room = stage.room("Board review").await?;
    stage
        .add("jane@acme.com Jane Doe", "@_email_jane", &room)
        .await?;
    // Whatever could be changed on its way: line ends of all kinds, dots, zeros, From at the start.
    let plan = [
        b"%PDF-1.7\r\n.\r\n.\n\rFrom me\n\0\xff".as_slice(),
        &firmware(50_000),
    ]
    .concat();
    let board = png(900, 300);
    let voice = [b"OggS".as_slice(), &firmware(9_000)].concat();
    let cat = png(64, 64);

    let name = "Pläne & Maße “neu”.pdf";
    let content = json!({"msgtype": "m.file", "body": name, "filename": name});
    share(&stage, &room, (name, "application/pdf", &plan), content).await?;
    let content = json!({
        "msgtype": "m.image", "body": "From above, TP4 at the left", "filename": "board.png",
        "info": {"w": 900, "h": 300},
    });
    share(&stage, &room, ("board.png", "image/png", &board), content).await?;
    let content = json!({
        "msgtype": "m.audio", "body": "Voice message.ogg", "info": {"duration": 42_000},
        "org.matrix.msc1767.text": "Voice message",
        "org.matrix.msc1767.audio": {"duration": 42_000, "waveform": [0, 100, 500]},
        "org.matrix.msc3245.voice": {},
    });
    let file = ("Voice message.ogg", "audio/ogg", voice.as_slice());
    share(&stage, &room, file, content).await?;
    let content = json!({"body": "A purring cat", "info": {"w": 64, "h": 64}});
    share(&stage, &room, ("cat.png", "image/png", &cat), content).await?;
    let place = json!({
        "msgtype": "m.location", "body": "Our lab", "geo_uri": "geo:45.76404,4.83566;u=20",
        "org.matrix.msc3488.location": {"uri": "geo:45.76404,4.83566;u=20", "description": "Our lab"},
    });
    stage.ann.send_event(MESSAGE, &place, &room).await?;
    let start = "org.matrix.msc3381.poll.start";
    let poll = stage.ann.send_event(start, &poll(), &room).await?;
    stage.ask("!email now", &room).await?;

    let letter = stage.letters("jane@acme.com", 1).await?.remove(0);
    let text = body(&letter);
    let mut rest = text.as_str();
    for words in [
        name,
        "board.png",
        "From above, TP4 at the left",
        "voice message, 0:42",
        "[A purring cat (sticker)]",
        "📍 Our lab (45.76404, 4.83566)\n\
         https://www.openstreetmap.org/?mlat=45.76404&mlon=4.83566#map=17/45.76404/4.83566",
        "📊 Which day?\nA) Monday\nB) Friday",
    ] {
        let (_, after) = rest
            .split_once(words)
            .with_context(|| format!("{words:?} is not in its place in\n{text}"))?;
        rest = after;
    }
    let parts = parts(&letter)?;
    for (name, kind, octets) in [
        (name, "application/pdf", &plan),
        ("board.png", "image/png", &board),
        ("Voice message.ogg", "audio/ogg", &voice),
    ] {
        let found: Vec<&Part> = parts
            .iter()
            .filter(|(it, .., is_attached)| it == name && *is_attached)
            .collect();
        let [(_, found_kind, found, _)] = found.as_slice() else {
            let names: Vec<&String> = parts.iter().map(|(name, ..)| name).collect();
            panic!("{name} is not once in {names:?}");
        };
        assert_eq!(found_kind, kind, "{name}");
        assert!(found == octets, "{name} has changed");
    }
    let shown: Vec<&Part> = parts.iter().filter(|(.., attached)| !attached).collect();
    let [(_, kind, preview, _), (_, _, sticker, _)] = shown.as_slice() else {
        panic!("{} pictures are shown", shown.len());
    };
    assert_eq!(kind, "image/jpeg", "the preview");
    assert!(preview.len() < 200_000, "{}", preview.len());
    let preview = image::load_from_memory(preview)?;
    let (width, height) = (preview.width(), preview.height());
    assert!(
        (290..=310).contains(&(100 * width / height)),
        "{width} by {height}"
    );
    assert!(sticker == &cat, "the sticker has changed");
    pictures_are_there(&letter)?;

    end_poll(&poll, &stage, &room).await
}

/// Ann votes, and ends the poll: a letter tells how it ended.
async fn end_poll(poll: &str, stage: &Stage, room: &str) -> Result<()> {
    let about = json!({"rel_type": "m.reference", "event_id": poll});
    let vote = json!({
        "m.relates_to": about, "org.matrix.msc3381.poll.response": {"answers": ["b"]},
    });
    let response = "org.matrix.msc3381.poll.response";
    stage.ann.send_event(response, &vote, room).await?;
    let end = json!({
        "m.relates_to": about, "org.matrix.msc3381.poll.end": {},
        "org.matrix.msc1767.text": "The poll has ended. Top answer: Friday",
    });
    let ending = "org.matrix.msc3381.poll.end";
    stage.ann.send_event(ending, &end, room).await?;
    stage.ask("!email now", room).await?;
    let letter = stage.letters("jane@acme.com", 2).await?.remove(1);
    let text = body(&letter);
    let result = "📊 Result: Which day?\nMonday – 0 votes\nFriday – 1 vote\n";
    assert!(text.contains(result), "{text}");
    Ok(())
}

/// Every picture that the HTML shows is in the mail, and each of those is shown; nothing comes from
/// elsewhere.
fn pictures_are_there(raw: &[u8]) -> Result<()> {
    let mail = MessageParser::new().parse(raw).context("no mail")?;
    let html = mail.body_html(0).context("no HTML")?.into_owned();
    let sources = html.split("<img src=\"").skip(1);
    let mut shown: Vec<&str> = sources.filter_map(|it| it.split('"').next()).collect();
    let ids = mail.parts.iter().filter_map(|part| part.content_id());
    let mut there: Vec<String> = ids.map(|id| format!("cid:{id}")).collect();
    shown.sort_unstable();
    there.sort_unstable();
    assert_eq!(shown, there);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_too_large_is_a_link_that_dies_with_its_message() -> Result<()> {
    let stage = Stage::set_with(Scenery {
        pages: Some("2MB"),
        ..Scenery::default()
    })
    .await?;
    let room = stage.room("Board review").await?;
    stage
        .add("jane@acme.com Jane Doe", "@_email_jane", &room)
        .await?;
    let image = firmware(3_000_000);
    let name = "Système 2.1.img";
    let content = json!({"msgtype": "m.file", "body": name, "filename": name});
    let file = (name, "application/octet-stream", image.as_slice());
    let shared = share(&stage, &room, file, content).await?;
    let letter = stage.letters("jane@acme.com", 1).await?.remove(0);
    assert!(letter.len() < 100_000, "{}", letter.len());
    let text = body(&letter);
    assert!(text.contains("too large for an email"), "{text}");
    let url = text
        .split_whitespace()
        .find(|word| word.starts_with(PAGES))
        .with_context(|| format!("no link in {text}"))?;
    let page = stage.postroom.page(url);

    let client = http::client()?;
    let answer = client.get(&page).send().await?;
    assert_eq!(answer.status(), StatusCode::OK);
    for (name, value) in [
        ("content-type", "application/octet-stream"),
        ("content-length", "3000000"),
        (
            "content-disposition",
            "attachment; filename=\"Syst_me 2.1.img\"; filename*=UTF-8''Syst%C3%A8me%202.1.img",
        ),
        ("x-content-type-options", "nosniff"),
        (
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'; sandbox",
        ),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "private, no-store"),
    ] {
        assert_eq!(answer.headers()[name].to_str()?, value, "{name}");
    }
    let octets = answer.bytes().await?;
    assert!(octets == image, "{} octets came", octets.len());

    stage.ann.redact(&shared, &room).await?;
    stage
        .bot_says("had already gone by email to Jane Doe", &room)
        .await?;
    let answer = client.get(&page).send().await?;
    assert_eq!(answer.status(), StatusCode::GONE);
    let page = answer.text().await?;
    assert!(!page.contains("2.1"), "{page}");
    stage.letters("jane@acme.com", 1).await?;
    Ok(())
}

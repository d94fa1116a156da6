//! Letters as the customer gets them, from the first line to the last of both parts.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    support::{
        servers::http,
        smtp_sink::SinkMail,
        world::{Options, World, header, letter_text, reply_address},
    },
    training::{JANE, patient},
};

const BOB: (&str, &str) = ("bob@beta.com", "Bob");

fn html_of(letter: &SinkMail) -> String {
    let mail = mail_parser::MessageParser::default()
        .parse(&letter.raw)
        .expect("a mail");
    mail.body_html(0).expect("an HTML part").into_owned()
}

/// A part without what is another one each time: times of the day, ids of pictures, ports and tokens.
fn steady(part: &str) -> String {
    let mut steady = String::new();
    let mut rest = part;
    while let Some(first) = rest.chars().next() {
        let is_time = rest.len() >= 5
            && rest.as_bytes()[..5].iter().enumerate().all(|(at, byte)| {
                if at == 2 {
                    *byte == b':'
                } else {
                    byte.is_ascii_digit()
                }
            });
        let skipped = if is_time {
            steady.push_str("00:00");
            5
        } else if rest.starts_with("cid:") {
            steady.push_str("cid:…");
            rest.find('"').unwrap_or(rest.len())
        } else {
            steady.push(first);
            first.len_utf8()
        };
        rest = &rest[skipped..];
    }
    steady
}

/// A picture of 40 to 30 pixels.
fn picture() -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let picture = image::DynamicImage::ImageRgb8(image::RgbImage::new(40, 30));
    picture
        .write_to(&mut file, image::ImageFormat::Png)
        .unwrap();
    file.into_inner()
}

fn message(kind: &str, body: &str, more: Value) -> Value {
    let mut content = more;
    content["msgtype"] = kind.into();
    content["body"] = body.into();
    content
}

#[tokio::test(flavor = "multi_thread")]
async fn a_french_letter_is_french_from_the_first_line_to_the_last() {
    let world = World::start(Options {
        mailbox: "footer: \"Exemple SARL · 69000 Lyon\"",
        ..patient()
    })
    .await;
    let room = world.room("Formation", &[JANE]).await;
    world.ask(&room, "!email language jane@acme.com fr").await;
    world
        .ask(&room, "!email settings notices on changes on")
        .await;
    let ann = &world.ann;
    let hello = ann.say(&room, "Bonjour Jane");
    ann.set_state(&room, "m.room.topic", "", json!({"topic": "Le noyau"}));
    let media = |name, kind, bytes: &[u8]| world.homeserver.add_media(name, kind, bytes);
    let voice = media("memo.ogg", "audio/ogg", b"OggS");
    let cat = media("chat.png", "image/png", &picture());
    let card = media(
        "zoe.vcf",
        "text/vcard",
        b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Zoe\r\nEND:VCARD\r\n",
    );
    let said = [
        message(
            "m.audio",
            "memo.ogg",
            json!({"url": voice, "org.matrix.msc3245.voice": {},
            "info": {"mimetype": "audio/ogg", "duration": 42_000}}),
        ),
        message(
            "m.location",
            "Nos bureaux",
            json!({"geo_uri": "geo:45.76,4.83"}),
        ),
        message("m.file", "zoe.vcf", json!({"url": card})),
        message("m.notice", "La construction a réussi", json!({})),
        message("org.example.dice", "a tiré un six", json!({})),
        message("m.emote", "croise les doigts", json!({})),
    ];
    for content in said {
        ann.send(&room, "m.room.message", content);
    }
    let sticker = json!({"body": "Un chat", "url": cat, "info": {"mimetype": "image/png"}});
    ann.send(&room, "m.sticker", sticker);
    let answer = |id: &str, text: &str| json!({"m.id": id, "m.text": [{"body": text}]});
    let poll = json!({"m.text": [{"body": "Quand\u{202f}?"}], "m.poll": {
        "question": {"m.text": [{"body": "Quand\u{202f}?"}]}, "kind": "m.disclosed",
        "answers": [answer("a", "lundi"), answer("b", "mardi")]}});
    ann.send(&room, "m.poll.start", poll);
    let secret = json!({"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgA",
        "sender_key": "k", "device_id": "D", "session_id": "s"});
    ann.send(&room, "m.room.encrypted", secret);
    ann.react(&room, &hello, "👍");
    world.quiet().await;
    world.ask(&room, "!email now").await;
    let letter = world.mails_to(JANE.0, 1).await.remove(0);
    insta::assert_snapshot!("french.txt", steady(&letter_text(&letter)));
    insta::assert_snapshot!("french.html", steady(&html_of(&letter)));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_of_a_mail_is_told_to_others_in_their_language() {
    let world = World::start(Options::default()).await;
    let room = world.room("Formation", &[JANE, BOB]).await;
    world.ask(&room, "!email language bob@beta.com de").await;
    world.tell(&room, "Hello").await;
    let letter = world.mails_to(JANE.0, 1).await.remove(0);
    world.mails_to(BOB.0, 1).await;
    let to = reply_address(&letter).unwrap();
    let invitation = format!(
        "From: Jane Doe <{}>\nTo: {to}\nSubject: Re: Formation\nMessage-ID: <i1@acme.com>\n\
         Date: Sun, 22 Nov 2026 11:00:00 +0000\nMIME-Version: 1.0\n\
         Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nMETHOD:REQUEST\n\
         BEGIN:VEVENT\nUID:1\nSUMMARY:Kick-off\nDTSTART:20260303T090000Z\n\
         ORGANIZER;CN=Jane Doe:mailto:jane@acme.com\nEND:VEVENT\nEND:VCALENDAR\n",
        JANE.0
    );
    assert_eq!(world.mail(JANE.0, &[&to], &invitation).await[0].code, 250);
    let jane = world.ghost(&room, JANE.1).unwrap();
    world
        .until("the room reads of it", || {
            let said = world.said_by(&room, &jane).concat();
            said.contains("Invitation from Jane Doe: “Kick-off”, Tuesday 3 March 2026")
        })
        .await;
    world.settled().await;
    let text: String = world.sink.mails_to(BOB.0)[1..]
        .iter()
        .map(letter_text)
        .collect();
    let told = "Einladung von Jane Doe: „Kick-off“, Dienstag, 3. März 2026, 09:00 (UTC).";
    assert!(text.contains(told), "{text}");
    assert!(!text.contains("Invitation from"), "{text}");
    // We aren't quoted as if Jane had written it.
    world.tell(&room, "See you").await;
    world.settled().await;
    for letter in world.sink.mails_to(JANE.0) {
        assert!(!letter_text(&letter).contains("> Invitation"));
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_in_a_letter_leads_to_the_file() {
    let world = World::start(Options {
        max_size: "1MB",
        public: true,
        ..patient()
    })
    .await;
    let room = world.room("Training", &[JANE]).await;
    let film: Vec<u8> = (0..1_500_000_u32).map(|at| at.to_be_bytes()[3]).collect();
    world
        .ann
        .send_file(&room, "Our film.mp4", "video/mp4", &film);
    world.quiet().await;
    world.ask(&room, "!email now").await;
    let letter = world.mails_to(JANE.0, 1).await.remove(0);
    let text = letter_text(&letter);
    let link = text
        .split_whitespace()
        .find(|word| word.contains("/files/"))
        .expect("a link");
    assert!(html_of(&letter).contains(&format!("href=\"{link}\"")));
    let path = link.split_once("/files/").unwrap().1;
    let page = format!("{}/files/{path}", world.public_url());
    let answer = http::client().unwrap().get(page).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.bytes().await.unwrap(), film);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_day_is_several_mails_that_no_program_cuts() {
    let world = World::start(patient()).await;
    let room = world.room("Project", &[JANE]).await;
    for number in 0..200 {
        let words = "Some words. ".repeat(20);
        world
            .ann
            .say(&room, &format!("Message number {number}. {words}"));
    }
    world.quiet().await;
    world.ask(&room, "!email now").await;
    world.settled().await;
    let letters = world.sink.mails_to(JANE.0);
    assert!((2..=4).contains(&letters.len()), "{}", letters.len());
    let mut number = 0;
    for letter in &letters {
        let (text, html) = (letter_text(letter), html_of(letter));
        assert!(html.len() < 90_000, "{} octets", html.len());
        while text.contains(&format!("Message number {number}. ")) {
            assert!(html.contains(&format!("Message number {number}. ")));
            number += 1;
        }
    }
    assert_eq!(number, 200, "each once, in their order");
    // One thread.
    let first = header(&letters[0].raw, "Message-ID").unwrap();
    for letter in &letters[1..] {
        let references = header(&letter.raw, "References").unwrap();
        assert!(references.contains(&first), "{references}");
    }
    world.finish().await;
}

//! Files of a mail on their way into a room: what is uploaded, what the event says of it, and what
//! happens when the homeserver fails or won't have them.

use std::{io::Cursor, time::Duration};

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use postroom::domain::{
    ids::{ContactId, ConversationId, MailId},
    outgoing::{MailPart, MatrixAction, Media, Offer, PostedFile, PostedMail, Puppet},
};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{
    fake_homeserver::{Fault, TimelineEvent},
    world::{Options, World},
};

/// A room with Jane, and a mail with files that isn't shown by itself, as it is a stranger's.
struct Desk {
    world: World,
    room: String,
    jane: String,
    mail: i64,
    rows: usize,
}

impl Desk {
    async fn open(files: &[(&str, &str, &[u8])]) -> Self {
        let world = World::start(Options::default()).await;
        let people = [("jane@acme.com", "Jane Doe")];
        let room = world.room("Kernel training", &people).await;
        let jane = world.ghost(&room, "Jane Doe").unwrap();
        let raw = mail(files);
        let replies = world
            .mail("eve@strangers.example", &["support@example.org"], &raw)
            .await;
        assert_eq!(replies[0].code, 250, "{replies:?}");
        world.quiet().await;
        let newest = "SELECT coalesce(max(id), 0) FROM mails";
        let (mail,) = world.database().await.row::<(i64,)>(newest).await;
        Self {
            world,
            room,
            jane,
            mail,
            rows: 0,
        }
    }

    /// Jane's ghost is to show these parts, each with an event as `content` has it. Postroom is
    /// started again, as it doesn't know of rows that others write.
    async fn show(&mut self, parts: &[(MailPart, &str, Value)]) {
        self.stop().await;
        for (part, filename, content) in parts {
            self.enqueue(*part, filename, content, 0).await;
        }
        self.world.start_postroom().await;
    }

    async fn stop(&mut self) {
        self.world.quiet().await;
        self.world.kill_postroom();
    }

    /// Postroom must not run.
    async fn enqueue(&mut self, part: MailPart, filename: &str, content: &Value, attempts: i64) {
        let media = Media {
            mail: MailId(self.mail),
            part,
            filename: filename.to_owned(),
        };
        self.put(content, Some(media), None, attempts).await;
    }

    async fn put(
        &mut self,
        content: &Value,
        media: Option<Media>,
        offer: Option<Offer>,
        attempts: i64,
    ) {
        let action = MatrixAction::Send {
            room: self.room.as_str().try_into().unwrap(),
            puppet: Puppet::Contact(ContactId(1)),
            event_type: "m.room.message".to_owned(),
            content: content.clone(),
            mail: Some(PostedMail {
                mail: Some(MailId(self.mail)),
                conversation: ConversationId(1),
                message_id: None,
                name: "Jane Doe".to_owned(),
            }),
            media,
            offer,
        };
        let payload = serde_json::to_string(&action).unwrap().replace('\'', "''");
        let state = if self.rows == 0 { "ready" } else { "queued" };
        let (lane, number) = (format!("room:{}", self.room), self.rows);
        self.rows += 1;
        let sql = format!(
            "INSERT INTO outbox (way, lane, effect_id, payload, state, attempts, next_at, trace, created_at)
            VALUES ('matrix', '{lane}', 'effect-{number}', '{payload}', '{state}', {attempts}, 0, '', 0)"
        );
        let sql = sql.replace(", 0)", &format!(", {})", now()));
        self.world.database().await.execute(&sql).await;
    }

    /// The events of Jane's ghost, once there are `n` and nothing more comes.
    async fn events(&self, n: usize) -> Vec<TimelineEvent> {
        let events = || {
            let timeline = self.world.homeserver.timeline(&self.room).into_iter();
            let of_jane =
                |event: &TimelineEvent| event.kind == "m.room.message" && event.sender == self.jane;
            timeline.filter(of_jane).collect::<Vec<_>>()
        };
        self.world.until("her events", || events().len() >= n).await;
        self.world.quiet().await;
        let events = events();
        assert_eq!(events.len(), n, "{events:?}");
        events
    }

    async fn event(&self) -> TimelineEvent {
        self.events(1).await.remove(0)
    }

    fn uploaded(&self, url: &Value) -> crate::support::fake_homeserver::Media {
        let url = url.as_str().expect("an address");
        self.world.homeserver.media(url).expect("a file")
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "what a story writes into the database is of now"
)]
fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// A mail with these files: name, type, content.
fn mail(files: &[(&str, &str, &[u8])]) -> String {
    let mut mail = "From: Eve <eve@strangers.example>\nTo: support@example.org\nSubject: Files\n\
         Message-ID: <files@strangers.example>\nDate: Sun, 22 Nov 2026 10:00:00 +0100\n\
         MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=part\n\n\
         --part\nContent-Type: text/plain; charset=utf-8\n\nWhat I promised, dear café.\n"
        .to_owned();
    for (name, kind, content) in files {
        let encoded = data_encoding::BASE64_MIME.encode(content);
        let encoded = encoded.replace('\r', "");
        let part = format!(
            "\n--part\nContent-Type: {kind}\nContent-Transfer-Encoding: base64\n\
             Content-Disposition: attachment; filename=\"{name}\"\n\n{encoded}"
        );
        mail.push_str(&part);
    }
    mail + "\n--part--\n"
}

fn file(name: &str) -> Value {
    json!({"msgtype": "m.file", "body": name, "filename": name})
}

const PDF: &[u8] = b"%PDF-1.7\nnothing much";

fn photo(width: u32, height: u32) -> Vec<u8> {
    let pixels = RgbImage::from_fn(width, height, |x, y| {
        let [low, high, ..] =
            (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)).to_le_bytes();
        Rgb([low, high, 99])
    });
    let mut file = Cursor::new(Vec::new());
    let picture = DynamicImage::ImageRgb8(pixels);
    picture.write_to(&mut file, ImageFormat::Jpeg).unwrap();
    file.into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_shown_with_all_that_a_client_needs() {
    let photo = photo(1200, 900);
    let mut desk = Desk::open(&[("photo.jpg", "application/octet-stream", &photo)]).await;
    let caption = json!({"msgtype": "m.file", "body": "The board", "filename": "photo.jpg"});
    desk.show(&[(MailPart::File(0), "photo.jpg", caption)])
        .await;
    let content = desk.event().await.content;
    assert_eq!(content["msgtype"], "m.image");
    assert_eq!(content["body"], "The board");
    assert_eq!(content["filename"], "photo.jpg");
    let info = &content["info"];
    assert_eq!(info["mimetype"], "image/jpeg");
    assert_eq!(info["size"], photo.len());
    assert_eq!([&info["w"], &info["h"]], [1200, 900]);
    assert_eq!(info["is_animated"], false);
    assert_eq!(info["xyz.amorgan.blurhash"].as_str().unwrap().len(), 28);

    let uploaded = desk.uploaded(&content["url"]);
    assert_eq!(uploaded.bytes.as_deref(), Some(photo.as_slice()));
    assert_eq!(uploaded.content_type, "image/jpeg");
    assert_eq!(uploaded.filename.as_deref(), Some("photo.jpg"));
    assert_eq!(uploaded.uploader, desk.jane);
    let thumbnail = desk.uploaded(&info["thumbnail_url"]);
    let bytes = thumbnail.bytes.unwrap();
    let read = image::load_from_memory(&bytes).unwrap();
    assert_eq!((read.width(), read.height()), (800, 600));
    assert_eq!(
        info["thumbnail_info"],
        json!({"mimetype": "image/jpeg", "size": bytes.len(), "w": 800, "h": 600})
    );
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_come_as_what_they_are_in_their_order() {
    let film = b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2a film".as_slice();
    let sound = b"ID3\x03\0\0\0\0\0\0a sound".as_slice();
    let drawing = b"<svg xmlns='http://www.w3.org/2000/svg'/>".as_slice();
    let archive = b"PK\x03\x04\x14\0\0\0\x08\0no picture".as_slice();
    let mut desk = Desk::open(&[
        ("plan.pdf", "application/pdf", PDF),
        ("film.mp4", "video/mp4", film),
        ("call.mp3", "audio/mpeg", sound),
        ("logo.svg", "image/svg+xml", drawing),
        ("photo.png", "image/png", archive),
        ("empty.txt", "text/plain", b""),
    ])
    .await;
    let names = [
        "plan.pdf",
        "film.mp4",
        "call.mp3",
        "logo.svg",
        "photo.png",
        "empty.txt",
    ];
    let files = names.into_iter().enumerate();
    let mut parts: Vec<_> = files
        .map(|(index, name)| (MailPart::File(index), name, file(name)))
        .collect();
    parts.push((MailPart::Text, "message.txt", file("message.txt")));
    parts.push((MailPart::Original, "Files.eml", file("Files.eml")));
    desk.show(&parts).await;
    let events = desk.events(8).await;
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let content = &event.content;
            [
                &content["body"],
                &content["msgtype"],
                &content["info"]["mimetype"],
            ]
            .map(text)
        })
        .collect();
    assert_eq!(
        told,
        [
            ["plan.pdf", "m.file", "application/pdf"],
            ["film.mp4", "m.video", "video/mp4"],
            ["call.mp3", "m.audio", "audio/mpeg"],
            ["logo.svg", "m.file", "image/svg+xml"],
            ["photo.png", "m.file", "application/zip"],
            ["empty.txt", "m.file", "text/plain"],
            ["message.txt", "m.file", "text/plain"],
            ["Files.eml", "m.file", "message/rfc822"],
        ]
    );
    let content = |at: usize| desk.uploaded(&events[at].content["url"]);
    assert_eq!(content(1).bytes.as_deref(), Some(film));
    assert_eq!(content(5).bytes.as_deref(), Some(b"".as_slice()));
    let text = content(6);
    assert_eq!(text.content_type, "text/plain; charset=utf-8");
    let text = String::from_utf8(text.bytes.unwrap().to_vec()).unwrap();
    assert_eq!(text.trim(), "What I promised, dear café.");
    let original = content(7).bytes.unwrap();
    assert!(original.windows(10).any(|part| part == b"\r\n--part--"));
    desk.world.finish().await;
}

/// Whatever the homeserver does: one event, with the whole file behind it.
#[rstest]
#[case::busy(Fault::limited(Duration::from_millis(300)).at("upload").times(2), 1)]
#[case::away(Fault::status(503).at("upload").times(1), 1)]
#[case::fails_but_has_it(Fault::act_then_status(500).at("upload").times(1), 2)]
#[case::hangs_up_but_has_it(Fault::drop_answer().at("upload").times(1), 2)]
#[case::hangs_up(Fault::drop_request().at("upload").times(1), 1)]
#[case::has_lost_our_token(Fault::error(401, "M_UNKNOWN_TOKEN").at("upload").times(1), 1)]
#[case::fails_at_the_event(Fault::act_then_status(502).at("send").times(1), 1)]
#[case::hangs_up_at_the_event(Fault::drop_answer().at("send").times(1), 1)]
#[case::does_not_take_the_event(Fault::drop_request().at("send").times(1), 1)]
#[case::does_not_say_its_limit(Fault::status(500).at("media_config"), 1)]
#[case::says_its_limit_elsewhere(
    Fault::error(404, "M_UNRECOGNIZED").at("media_config").containing("client/v1"),
    1
)]
#[tokio::test(flavor = "multi_thread")]
async fn a_failing_homeserver_shows_a_file_once(#[case] fault: Fault, #[case] uploads: usize) {
    let mut desk = Desk::open(&[("plan.pdf", "application/pdf", PDF)]).await;
    desk.stop().await;
    desk.enqueue(MailPart::File(0), "plan.pdf", &file("plan.pdf"), 0)
        .await;
    let fault = desk.world.homeserver.fault(fault);
    desk.world.start_postroom().await;
    let content = desk.event().await.content;
    assert!(desk.world.homeserver.hits(fault) > 0);
    assert_eq!(content["msgtype"], "m.file");
    assert_eq!(desk.uploaded(&content["url"]).bytes.as_deref(), Some(PDF));
    assert_eq!(desk.world.homeserver.uploads().len(), uploads);
    desk.world.finish().await;
}

/// `kill -9` while the file goes up, and between that and the event.
#[rstest]
#[case::while_it_goes_up("upload", 2)]
#[case::before_its_event("send", 1)]
#[tokio::test(flavor = "multi_thread")]
async fn a_file_survives_the_end_of_postroom(#[case] at: &'static str, #[case] uploads: usize) {
    let mut desk = Desk::open(&[("plan.pdf", "application/pdf", PDF)]).await;
    // Another fault than "late" for the event: that would have acted.
    let slow = if at == "upload" {
        Fault::late(Duration::from_mins(1))
    } else {
        Fault::delay(Duration::from_mins(1))
    };
    desk.stop().await;
    desk.enqueue(MailPart::File(0), "plan.pdf", &file("plan.pdf"), 0)
        .await;
    let slow = desk.world.homeserver.fault(slow.at(at));
    desk.world.spawn_postroom();
    let homeserver = desk.world.homeserver.clone();
    desk.world
        .until("it is on its way", || {
            homeserver.hits(slow) == 1 && homeserver.uploads().len() == 1
        })
        .await;
    desk.world.kill_postroom();
    homeserver.clear_fault(slow);
    desk.world.start_postroom().await;
    let content = desk.event().await.content;
    assert_eq!(desk.uploaded(&content["url"]).bytes.as_deref(), Some(PDF));
    assert_eq!(homeserver.uploads().len(), uploads);
    desk.world.finish().await;
}

/// A file that takes its time holds up its own room, and no other.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_file_holds_up_no_other_room() {
    let mut desk = Desk::open(&[("plan.pdf", "application/pdf", PDF)]).await;
    let other = desk.world.room("Site visit", &[]).await;
    desk.stop().await;
    desk.enqueue(MailPart::File(0), "plan.pdf", &file("plan.pdf"), 0)
        .await;
    let late = Fault::late(Duration::from_secs(3)).at("upload");
    let slow = desk.world.homeserver.fault(late);
    desk.world.start_postroom().await;
    let homeserver = desk.world.homeserver.clone();
    desk.world
        .until("it goes up", || homeserver.hits(slow) == 1)
        .await;
    desk.world.ask(&other, "!email status").await;
    assert!(desk.world.said_by(&desk.room, &desk.jane).is_empty());
    desk.event().await;
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_shown_twice_goes_up_once() {
    let mut desk = Desk::open(&[("plan.pdf", "application/pdf", PDF)]).await;
    let part = |name| (MailPart::File(0), "plan.pdf", file(name));
    desk.show(&[part("plan.pdf"), part("the plan once more")])
        .await;
    let events = desk.events(2).await;
    assert_eq!(events[0].content["url"], events[1].content["url"]);
    assert_eq!(events[1].content["body"], "the plan once more");
    assert_eq!(desk.world.homeserver.uploads().len(), 1);
    desk.world.finish().await;
}

#[rstest]
#[case::over_its_limit(None, "at most 10 B. It is kept as mail 1 on the machine")]
#[case::over_a_proxys_limit(
    Some(Fault::status(413)),
    "“plan.pdf” (21 B) can't be shown here: it is larger than the homeserver takes. It is kept"
)]
#[case::not_wanted(
    Some(Fault::status(403)),
    "the homeserver says: switched to fail. It is kept in mail 1: staff can reply `!email original`"
)]
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_taken_is_named_with_the_reason(
    #[case] fault: Option<Fault>,
    #[case] expected: &str,
) {
    let mut desk = Desk::open(&[("plan.pdf", "application/pdf", PDF)]).await;
    match fault {
        Some(fault) => {
            desk.world.homeserver.fault(fault.at("upload"));
        }
        None => desk.world.homeserver.set_max_upload(10),
    }
    let caption = json!({"msgtype": "m.file", "body": "As you wished", "filename": "plan.pdf"});
    desk.show(&[
        (MailPart::File(0), "plan.pdf", file("plan.pdf")),
        (MailPart::File(0), "plan.pdf", caption),
    ])
    .await;
    let events = desk.events(2).await;
    let told = |event: &TimelineEvent| {
        let text = |key: &str| event.content[key].as_str().unwrap_or_default().to_owned();
        (text("msgtype"), text("body"))
    };
    let (kind, body) = told(&events[0]);
    assert_eq!(kind, "m.notice");
    assert!(body.contains(expected), "{body}");
    // What was written beside it is the customer's.
    let (kind, body) = told(&events[1]);
    assert_eq!(kind, "m.text");
    assert!(body.starts_with("As you wished\n\n📎 “plan.pdf”"), "{body}");
    assert!(desk.world.homeserver.uploads().is_empty());
    desk.world.finish().await;
}

/// A file that fails again and again, while all else works, doesn't stop the room for days.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_always_fails_makes_way() {
    let mut desk = Desk::open(&[("plan.pdf", "application/pdf", PDF)]).await;
    desk.world
        .homeserver
        .fault(Fault::drop_request().at("upload"));
    desk.stop().await;
    desk.enqueue(MailPart::File(0), "plan.pdf", &file("plan.pdf"), 11)
        .await;
    desk.world.start_postroom().await;
    let body = desk.event().await.body().to_owned();
    let expected = "fails again and again, the homeserver ended the connection. It is kept in mail";
    assert!(body.contains(expected), "{body}");
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_gone_is_told_of() {
    let mut desk = Desk::open(&[("plan.pdf", "application/pdf", PDF)]).await;
    desk.mail += 1;
    desk.show(&[(MailPart::File(0), "plan.pdf", file("plan.pdf"))])
        .await;
    let body = desk.event().await.body().to_owned();
    assert!(body.ends_with("isn't kept any more."), "{body}");
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_event_shows_and_offers_is_known_once_it_is_there() {
    let mut desk = Desk::open(&[("plan.pdf", "application/pdf", PDF)]).await;
    let offer = Offer::Release {
        conversation: ConversationId(1),
        contact: ContactId(1),
        mail: MailId(desk.mail),
        files: vec![PostedFile {
            index: 0,
            filename: "plan.pdf".to_owned(),
        }],
    };
    desk.stop().await;
    desk.enqueue(MailPart::File(0), "plan.pdf", &file("plan.pdf"), 0)
        .await;
    let words = json!({"msgtype": "m.text", "body": "And these"});
    desk.put(&words, None, Some(offer.clone()), 0).await;
    desk.world.start_postroom().await;
    let events = desk.events(2).await;
    let mut database = desk.world.database().await;
    let sql = "SELECT event_id, conversation_id, mail_id, contact_id FROM shown ORDER BY event_id";
    let shown: Vec<(String, i64, i64, i64)> = database.rows(sql).await;
    let mut expected: Vec<_> = events
        .iter()
        .map(|event| (event.event_id.clone(), 1, desk.mail, 1))
        .collect();
    expected.sort();
    assert_eq!(shown, expected);
    let sql = "SELECT event_id, offer FROM offers";
    let (event, made) = database.row::<(String, String)>(sql).await;
    assert_eq!(event, events[1].event_id);
    assert_eq!(serde_json::from_str::<Offer>(&made).unwrap(), offer);
    database.close().await;
    desk.world.finish().await;
}

/// The raw mail, the file and the picture are never all in memory with others.
#[tokio::test(flavor = "multi_thread")]
async fn large_files_take_little_memory() {
    let large = vec![7; 5_000_000];
    let files = ["a.bin", "b.bin", "c.bin"].map(|name| (name, "application/x-firmware", &*large));
    let mut desk = Desk::open(&files).await;
    let parts = [0, 1, 2].map(|index| (MailPart::File(index), "a.bin", file("a.bin")));
    desk.show(&parts).await;
    desk.events(3).await;
    let peak = desk.world.peak_memory() / 1_000_000;
    assert!(peak < 150, "{peak} MB");
    desk.world.finish().await;
}

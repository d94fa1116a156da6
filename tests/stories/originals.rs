//! What is kept out of sight is one step away: whole mails, withheld files; and answers find the
//! thread that they belong to.

use serde_json::Value;

use crate::{
    desk::{BOT, Desk, JANE, mail, typed},
    support::{
        fake_homeserver::TimelineEvent,
        world::{Options, answer},
    },
};

/// What the bot has shown in `room`, but for reactions.
fn by_bot(desk: &Desk, room: &str) -> Vec<TimelineEvent> {
    let timeline = desk.world.homeserver.timeline(room).into_iter();
    timeline
        .filter(|event| event.kind == "m.room.message" && event.sender == BOT)
        .collect()
}

/// The answer with history and signature, as it is shown.
async fn answered(desk: &Desk) -> TimelineEvent {
    let text = "It is fine.\n\n-- \nJane Doe, Acme Ltd";
    let (to, raw) = answer(&desk.letter, JANE, text, "fine@acme.com");
    desk.take(&to, &raw).await;
    desk.events().remove(0)
}

fn bytes_of(desk: &Desk, event: &TimelineEvent) -> Vec<u8> {
    let uri = event.content["url"].as_str().unwrap();
    let media = desk.world.homeserver.media(uri).unwrap();
    media.bytes.unwrap().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_folded_is_one_reaction_away() {
    let desk = Desk::open(Options::default()).await;
    let shown = answered(&desk).await;
    assert_eq!(
        shown.body(),
        "It is fine.\n\n🔍 history and signature folded"
    );

    desk.world.ann.react(&desk.room, &shown.event_id, "🔍");
    desk.world
        .until("the original", || by_bot(&desk, &desk.room).len() >= 3)
        .await;
    desk.world.quiet().await;
    let said = by_bot(&desk, &desk.room);
    let [readable, original] = &said[said.len() - 2..] else {
        panic!("{said:?}");
    };
    for event in [readable, original] {
        let relates = &event.content["m.relates_to"];
        assert_eq!(relates["rel_type"], "m.thread");
        assert_eq!(relates["event_id"], shown.event_id.as_str());
    }
    let text = readable.body();
    for part in [
        "Jane Doe <jane@acme.com>",
        "It is fine.",
        "Acme Ltd",
        "Hello Jane",
    ] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    assert_eq!(original.content["msgtype"], "m.file");
    let raw = String::from_utf8(bytes_of(&desk, original)).unwrap();
    assert!(
        raw.contains("fine@acme.com") && raw.contains("Hello Jane"),
        "{raw}"
    );
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_original_by_command_is_of_a_mail() {
    let desk = Desk::open(Options::default()).await;
    let shown = answered(&desk).await;
    let before = by_bot(&desk, &desk.room).len();
    desk.world
        .ann
        .reply(&desk.room, &shown.event_id, "!email original");
    desk.world
        .until("the original", || {
            by_bot(&desk, &desk.room).len() == before + 2
        })
        .await;
    let answer = desk.world.ask(&desk.room, "!email original").await;
    assert!(answer.contains("Which mail?"), "{answer}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_visitors_read_along_the_original_goes_to_the_control_room() {
    let desk = Desk::open(Options::default()).await;
    let shown = answered(&desk).await;
    let zoe = desk.world.homeserver.user("@zoe:other.org");
    desk.world.ann.invite(&desk.room, zoe.id());
    zoe.join(&desk.room);
    desk.world.quiet().await;
    let told = by_bot(&desk, &desk.world.control_room).len();

    // A visitor gets nothing at all by it.
    zoe.react(&desk.room, &shown.event_id, "🔍");
    desk.world.quiet().await;
    assert_eq!(by_bot(&desk, &desk.world.control_room).len(), told);

    desk.world.ann.react(&desk.room, &shown.event_id, "🔍");
    desk.world
        .until("the original", || {
            by_bot(&desk, &desk.world.control_room).len() == told + 2
        })
        .await;
    desk.world.quiet().await;
    let control = by_bot(&desk, &desk.world.control_room);
    assert!(control[told].body().contains("Acme Ltd"));
    let room = by_bot(&desk, &desk.room);
    let last = room.last().unwrap();
    assert!(last.body().contains("control room"), "{}", last.body());
    assert!(room.iter().all(|event| !event.body().contains("Acme Ltd")));
    desk.close().await;
}

/// A program, a patch and a few words.
const PARTS: &str = "--b\nContent-Type: text/plain\n\nTry these.\n--b\n\
    Content-Type: application/octet-stream\n\
    Content-Disposition: attachment; filename=\"setup.exe\"\n\nMZ program\n--b\n\
    Content-Type: text/x-patch\n\
    Content-Disposition: attachment; filename=\"fix.patch\"\n\n--- a\n+++ b\n--b--\n";

fn files(desk: &Desk) -> Vec<String> {
    let name = |event: &TimelineEvent| Some(event.content["filename"].as_str()?.to_owned());
    desk.events().iter().filter_map(name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_windows_would_run_is_shown_once_staff_release_it() {
    let desk = Desk::open(Options::default()).await;
    desk.take(
        &desk.token,
        &typed(&desk.token, "multipart/mixed; boundary=b", PARTS),
    )
    .await;
    assert_eq!(files(&desk), ["fix.patch"]);
    let notice = by_bot(&desk, &desk.room).pop().unwrap();
    assert!(notice.body().contains("setup.exe"), "{}", notice.body());

    // Neither a visitor nor another sign releases it.
    let zoe = desk.world.homeserver.user("@zoe:other.org");
    desk.world.ann.invite(&desk.room, zoe.id());
    zoe.join(&desk.room);
    zoe.react(&desk.room, &notice.event_id, "✅");
    desk.world.ann.react(&desk.room, &notice.event_id, "👍");
    desk.world.quiet().await;
    assert_eq!(files(&desk), ["fix.patch"]);

    desk.world.ann.react(&desk.room, &notice.event_id, "✅");
    desk.world
        .until("the program", || files(&desk).len() == 2)
        .await;
    let berta = desk.world.homeserver.user("berta");
    desk.world.ann.invite(&desk.room, berta.id());
    berta.join(&desk.room);
    berta.react(&desk.room, &notice.event_id, "✅");
    desk.world.quiet().await;
    assert_eq!(files(&desk), ["fix.patch", "setup.exe"]);
    let program = desk.events().pop().unwrap();
    assert_eq!(bytes_of(&desk, &program), b"MZ program");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_visitors_staff_release_files_in_the_control_room() {
    let desk = Desk::open(Options::default()).await;
    let zoe = desk.world.homeserver.user("@zoe:other.org");
    desk.world.ann.invite(&desk.room, zoe.id());
    zoe.join(&desk.room);
    desk.world.quiet().await;
    let said = by_bot(&desk, &desk.room).len();
    desk.take(
        &desk.token,
        &typed(&desk.token, "multipart/mixed; boundary=b", PARTS),
    )
    .await;
    assert_eq!(by_bot(&desk, &desk.room).len(), said);
    let notice = by_bot(&desk, &desk.world.control_room).pop().unwrap();
    desk.world
        .ann
        .react(&desk.world.control_room, &notice.event_id, "✅");
    desk.world
        .until("the program", || files(&desk).len() == 2)
        .await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_stays_in_the_thread_of_what_it_answers() {
    let desk = Desk::open(Options::default()).await;
    let shown = answered(&desk).await;
    desk.world
        .ann
        .say_in_thread(&desk.room, &shown.event_id, "And Wednesday?");
    let letter = desk.world.mails_to("jane@acme.com", 2).await.remove(1);
    let (to, raw) = answer(&letter, JANE, "Wednesday, too.", "wednesday@acme.com");
    desk.take(&to, &raw).await;
    let answer = desk.events().pop().unwrap();
    assert!(answer.body().starts_with("Wednesday, too."));
    let relates = &answer.content["m.relates_to"];
    assert_eq!(relates["rel_type"], "m.thread");
    assert_eq!(relates["event_id"], shown.event_id.as_str());
    assert_eq!(relates["is_falling_back"], Value::Bool(false));
    desk.world.quiet().await;
    desk.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_mail_in_references_is_answered_too() {
    let desk = Desk::open(Options::default()).await;
    let headers = format!(
        "In-Reply-To: <unknown@elsewhere.example>\nReferences: {} <unknown@elsewhere.example>\n",
        desk.letter_id
    );
    desk.take(&desk.token, &mail(JANE, &desk.token, &headers, "Late"))
        .await;
    let hello = desk.world.homeserver.timeline(&desk.room);
    let hello = hello.iter().find(|event| event.body() == "Hello Jane");
    let relates = &desk.events()[0].content["m.relates_to"];
    assert_eq!(
        relates["m.in_reply_to"]["event_id"],
        hello.unwrap().event_id.as_str()
    );
    desk.close().await;
}

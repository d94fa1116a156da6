//! What rooms must be, on a real homeserver.

use std::io::Write as _;

use anyhow::{Context, Result};
use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::{SOON, Stage};
use crate::support::servers::matrix_client::MatrixClient;
use crate::support::servers::postroom::BOT;

const ADMIN: &str = "@admin:example.org";
const LOGO: &str = "mxc://example.org/AbCdEfGhIjKl";

/// Everything running, a Space in which the bot may list rooms, and a policy.
async fn set() -> Result<(Stage, String, MatrixClient)> {
    let mut stage = Stage::set("0s").await?;
    let admin = stage.synapse.register_user("admin", "admin-secret").await?;
    let space = json!({
        "name": "RSE", "creation_content": {"type": "m.space"}, "invite": [BOT],
        "power_level_content_override": {"users": level(&[("@ann:example.org", 100), (BOT, 50)])},
        "room_version": "11",
    });
    let space = stage.ann.create_room_with(&space).await?;
    stage.joined(BOT, &space).await?;
    stage.postroom.stop();
    let mut config = std::fs::File::options()
        .append(true)
        .open(stage.postroom.configuration())?;
    writeln!(
        config,
        "\nrooms: {{prefix: \"RSE: \", topic: Ask away., logo: \"{LOGO}\", space: \"{space}\", \
         admin: \"{ADMIN}\", moderators: [\"@ann:example.org\"]}}"
    )?;
    stage.postroom.start().await?;
    Ok((stage, space, admin))
}

fn level(users: &[(&str, i64)]) -> Value {
    users
        .iter()
        .map(|(user, level)| ((*user).to_owned(), json!(level)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Ann asks; what the bot's answer says once `is_end` holds of it, edits applied.
async fn ask(
    stage: &Stage,
    text: &str,
    room: &str,
    is_end: impl Fn(&str) -> bool,
) -> Result<String> {
    let asked = stage.ann.send_text(text, room).await?;
    let is_answer = |event: &Value| {
        event["sender"] == BOT
            && event["content"]["m.relates_to"]["m.in_reply_to"]["event_id"] == asked
    };
    let answer = stage.ann.wait_for_event(text, is_answer, SOON, room).await;
    let answer = answer.with_context(|| stage.log())?;
    let body = answer["content"]["body"].as_str().unwrap_or_default();
    if is_end(body) {
        return Ok(body.to_owned());
    }
    let id = &answer["event_id"];
    let new_body = |event: &Value| {
        let relates = &event["content"]["m.relates_to"];
        let is_edit = relates["rel_type"] == "m.replace" && relates["event_id"] == *id;
        let body = event["content"]["m.new_content"]["body"].as_str();
        body.filter(|_| is_edit).map(str::to_owned)
    };
    let is_last = |event: &Value| new_body(event).is_some_and(|body| is_end(&body));
    let last = stage.ann.wait_for_event(text, is_last, SOON, room).await;
    let last = last.with_context(|| stage.log())?;
    Ok(new_body(&last).unwrap_or_default())
}

fn is_over(text: &str) -> bool {
    !text.contains('…')
}

async fn state(stage: &Stage, kind: &str, key: &str, room: &str) -> Result<Value> {
    let path = ["rooms", room, "state", kind, key];
    stage.ann.request(Method::GET, &path, None).await
}

/// How many state events by the bot there are.
async fn changes(stage: &Stage, room: &str) -> Result<usize> {
    let timeline = stage.ann.timeline(100, room).await?;
    let by_bot = |event: &&Value| event["sender"] == BOT && event["state_key"].is_string();
    Ok(timeline.iter().filter(by_bot).count())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_made_by_hand_is_mended_and_taken_into_the_space() -> Result<()> {
    let (stage, space, admin) = set().await?;
    let room = json!({
        "name": "Lyon", "room_version": "11", "invite": [BOT], "preset": "private_chat",
        "power_level_content_override": {"users": level(&[("@ann:example.org", 100), (BOT, 50)])},
    });
    let room = stage.ann.create_room_with(&room).await?;
    stage.joined(BOT, &room).await?;

    let report = ask(&stage, "!email policy", &room, is_over).await?;
    assert!(report.starts_with("“Lyon”: "), "{report}");
    for flaw in [
        "❌ Its name doesn't begin with “RSE:”.",
        "❌ The functional account @admin:example.org isn't here.",
        "⚠️ It has no topic.",
        "⚠️ It has no logo.",
        "⚠️ It isn't in the Space.",
    ] {
        assert!(report.contains(flaw), "{flaw} is missing in {report}");
    }
    assert_eq!(changes(&stage, &room).await?, 1, "it has joined, no more");

    let report = ask(&stage, "!email policy apply", &room, is_over).await?;
    assert!(
        report.contains("🔧 The room is called “RSE: Lyon”."),
        "{report}"
    );
    assert!(
        report.contains(
            "I need level 100 here for that, and have 50. `/op @postroom:example.org 100` by"
        ),
        "{report}"
    );
    assert!(
        report.contains("→ @admin:example.org has to accept the invitation."),
        "{report}"
    );
    let name = state(&stage, "m.room.name", "", &room).await?;
    assert_eq!(name["name"], "RSE: Lyon");
    let logo = state(&stage, "m.room.avatar", "", &room).await?;
    assert_eq!(logo["url"], LOGO);

    let before = changes(&stage, &room).await?;
    let again = ask(&stage, "!email policy apply", &room, is_over).await?;
    assert!(
        again.contains("There was nothing that I could mend."),
        "{again}"
    );
    assert_eq!(changes(&stage, &room).await?, before);
    let refusal = ask(&stage, "!email space add", &room, is_over).await?;
    assert!(
        refusal.contains("can't be taken into the Space yet"),
        "{refusal}"
    );

    // People do what was left to them.
    let mut levels = state(&stage, "m.room.power_levels", "", &room).await?;
    levels["users"][BOT] = json!(100);
    stage
        .ann
        .send_state("m.room.power_levels", "", &levels, &room)
        .await?;
    admin.join(&room).await?;
    ask(&stage, "!email policy apply", &room, is_over).await?;
    let levels = state(&stage, "m.room.power_levels", "", &room).await?;
    assert_eq!(levels["users"][ADMIN], 100);
    assert_eq!(levels["invite"], 50);
    let done = ask(&stage, "!email space add", &room, is_over).await?;
    assert_eq!(done, "✅ “RSE: Lyon” is in the Space now.");
    let child = state(&stage, "m.space.child", &room, &space).await?;
    assert_eq!(child["via"], json!(["example.org"]));
    let report = ask(&stage, "!email policy", &room, is_over).await?;
    assert!(
        report.starts_with("“RSE: Lyon”: it is as it must be."),
        "{report}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_creators_of_a_room_of_version_12_outrank_all() -> Result<()> {
    let (stage, _space, admin) = set().await?;
    let bare = json!({"name": "RSE: Bare", "room_version": "12", "invite": [BOT], "preset": "private_chat"});
    let bare = stage.ann.create_room_with(&bare).await?;
    assert!(!bare.contains(':'), "its id names no server: {bare}");
    stage.joined(BOT, &bare).await?;
    let report = ask(&stage, "!email policy", &bare, is_over).await?;
    assert!(report.contains("✅ A person looks after it."), "{report}");
    assert!(
        report.contains("by @ann:example.org (who made the room) gives it to me."),
        "{report}"
    );

    let shared = json!({
        "name": "RSE: Shared", "room_version": "12", "invite": [BOT, ADMIN], "preset": "private_chat",
        "creation_content": {"additional_creators": [BOT, ADMIN]},
    });
    let shared = stage.ann.create_room_with(&shared).await?;
    stage.joined(BOT, &shared).await?;
    admin.join(&shared).await?;
    let report = ask(&stage, "!email policy apply", &shared, is_over).await?;
    assert!(
        report.contains("✅ The functional account @admin:example.org is its admin."),
        "{report}"
    );
    assert!(report.contains("🔧 Who may do what is set."), "{report}");
    let levels = state(&stage, "m.room.power_levels", "", &shared).await?;
    assert_eq!(levels["users"], json!({}), "creators stand in no levels");
    assert_eq!(levels["invite"], 50);
    let done = ask(&stage, "!email space add", &shared, is_over).await?;
    assert_eq!(done, "✅ “RSE: Shared” is in the Space now.");
    Ok(())
}

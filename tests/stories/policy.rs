//! What rooms must be: staff hold a room against it, have it mended, and take it into the Space.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    fake_homeserver::{FakeUser, Fault, Membership},
    world::{Options, World},
};

const BOT: &str = "@postroom:example.org";
const LOGO: &str = "mxc://example.org/logo";

/// A world with a Space of Ann's, in which the bot may list rooms, and a policy.
pub struct Scene {
    pub world: World,
    pub space: String,
    eve: FakeUser,
    pub admin: FakeUser,
}

impl Scene {
    async fn open() -> Self {
        Self::open_with("").await
    }

    /// `more` stands in the policy besides.
    async fn open_with(more: &str) -> Self {
        Self::open_as(Options::default(), more).await
    }

    /// The same in a world of this kind.
    pub async fn open_as(options: Options, more: &str) -> Self {
        let mut world = World::start(options.clone()).await;
        let space = world.ann.create_room_with(&json!({
            "name": "RSE", "creation_content": {"type": "m.space"},
            "power_level_content_override": {"users": {BOT: 50}},
        }));
        world.invite_bot(&space).await;
        let rooms = format!(
            "rooms: {{prefix: \"RSE: \", topic: Ask away., logo: \"{LOGO}\", space: \"{space}\", \
             admin: \"@admin:example.org\", moderators: [\"@ann:example.org\"], \
             invite: [\"@eve:example.org\"]{more}}}"
        );
        world.stop_postroom().await;
        let options = Options {
            more: Box::leak(rooms.into_boxed_str()),
            ..options
        };
        world.write_configuration(&options);
        world.start_postroom().await;
        let (eve, admin) = (world.homeserver.user("eve"), world.homeserver.user("admin"));
        Self {
            world,
            space,
            eve,
            admin,
        }
    }

    /// A room as Ann makes one by hand, with the bot in it, and no power for it.
    async fn bare_room(&self, name: &str) -> String {
        let room = self.world.ann.create_room(name);
        self.world.invite_bot(&room).await;
        room
    }

    /// A room whose creators are Ann and the bot.
    async fn room_of_the_bot(&self, name: &str) -> String {
        let room = self.world.ann.create_room_with(&json!({
            "name": name, "creation_content": {"additional_creators": [BOT]},
        }));
        self.world.invite_bot(&room).await;
        room
    }

    /// The bot has this level in the Space.
    pub fn give_bot_in_space(&self, level: i64) {
        let mut levels = self.state(&self.space, "m.room.power_levels", "");
        levels["users"][BOT] = json!(level);
        self.world
            .ann
            .set_state(&self.space, "m.room.power_levels", "", levels);
    }

    /// Ann asks; what the bot's one answer says in the end, when `is_end` holds of it.
    pub async fn ask(&self, room: &str, text: &str, is_end: impl Fn(&str) -> bool) -> String {
        let asked = self.world.ann.say(room, text);
        self.end_of_answer(room, &asked, is_end).await
    }

    pub async fn end_of_answer(
        &self,
        room: &str,
        asked: &str,
        is_end: impl Fn(&str) -> bool,
    ) -> String {
        let mut end = String::new();
        self.world
            .until("the answer comes to its end", || {
                end = self.answer(room, asked).unwrap_or_default();
                !end.is_empty() && is_end(&end)
            })
            .await;
        assert_eq!(self.world.answers_to(room, asked).len(), 1, "one answer");
        end
    }

    /// What the bot's answer says by now, edits applied.
    fn answer(&self, room: &str, asked: &str) -> Option<String> {
        let timeline = self.world.homeserver.timeline(room);
        let answer = timeline.iter().find(|event| {
            event.sender == BOT
                && event.content["m.relates_to"]["m.in_reply_to"]["event_id"] == asked
        })?;
        let mut edits = timeline.iter().filter(|event| {
            event.content["m.relates_to"]["rel_type"] == "m.replace"
                && event.content["m.relates_to"]["event_id"] == answer.event_id.as_str()
        });
        let last = edits.next_back();
        let body = last.map_or(&answer.content["body"], |edit| {
            &edit.content["m.new_content"]["body"]
        });
        body.as_str().map(str::to_owned)
    }

    pub fn state(&self, room: &str, kind: &str, key: &str) -> Value {
        let state = self.world.homeserver.state(room, kind, key);
        state.unwrap_or_default()
    }

    /// How many state events the room has seen.
    fn changes(&self, room: &str) -> usize {
        let timeline = self.world.homeserver.timeline(room).into_iter();
        timeline.filter(|event| event.state_key.is_some()).count()
    }
}

/// The lines of a report that begin with a mark.
fn lines<'a>(report: &'a str, mark: &str) -> Vec<&'a str> {
    let lines = report.lines().filter_map(|line| line.strip_prefix(mark));
    lines
        .map(|line| line.trim_start_matches('\u{fe0f}').trim())
        .collect()
}

pub fn is_report(text: &str) -> bool {
    text.contains('✅') && !text.contains('…')
}

#[tokio::test]
async fn a_bare_room_is_held_against_the_policy() {
    let scene = Scene::open().await;
    let room = scene.bare_room("Lyon").await;
    let before = scene.changes(&room);
    let report = scene.ask(&room, "!email policy", is_report).await;
    assert!(
        report.starts_with("“Lyon”: 3 points are broken, 5 could be better."),
        "{report}"
    );
    let broken = lines(&report, "❌");
    assert!(
        broken[0].starts_with("People on email could invite"),
        "{report}"
    );
    assert_eq!(
        broken[1],
        "The functional account @admin:example.org isn't here."
    );
    assert_eq!(broken[2], "Its name doesn't begin with “RSE:”.");
    let poor = lines(&report, "⚠");
    assert_eq!(
        poor,
        [
            "Not here: @eve:example.org.",
            "It has no topic.",
            "It has no logo.",
            "Newcomers read all that was ever written. It must be from when they were invited.",
            "It isn't in the Space.",
        ]
    );
    let remedies = lines(&report, "→");
    assert!(
        remedies.contains(
            &"I need level 50 here for that, and have 0. `/op @postroom:example.org 50` by \
              @ann:example.org (who made the room) gives it to me."
        ),
        "{report}"
    );
    assert!(report.contains("✅ A person looks after it."), "{report}");
    assert_eq!(scene.changes(&room), before, "to look changes nothing");
    scene.world.finish().await;
}

#[tokio::test]
async fn what_the_bot_can_mend_is_mended_once() {
    let scene = Scene::open().await;
    let room = scene.room_of_the_bot("Lyon").await;
    let report = scene.ask(&room, "!email policy apply", is_report).await;
    assert!(
        report.contains("🔧 The room is called “RSE: Lyon”."),
        "{report}"
    );
    assert!(
        report.contains("🔧 @admin:example.org is invited."),
        "{report}"
    );
    let broken = lines(&report, "❌");
    assert_eq!(
        broken,
        ["The functional account @admin:example.org is invited and hasn't come yet."]
    );
    assert!(
        report.contains("→ @admin:example.org has to accept the invitation."),
        "{report}"
    );
    assert_eq!(scene.state(&room, "m.room.name", "")["name"], "RSE: Lyon");
    assert_eq!(scene.state(&room, "m.room.topic", "")["topic"], "Ask away.");
    assert_eq!(scene.state(&room, "m.room.avatar", "")["url"], LOGO);
    let history = scene.state(&room, "m.room.history_visibility", "");
    assert_eq!(history["history_visibility"], "invited");
    let levels = scene.state(&room, "m.room.power_levels", "");
    assert_eq!(levels["users"], json!({"@admin:example.org": 100}));
    assert_eq!(levels["invite"], 50);
    let members = scene.world.homeserver.members(&room);
    assert_eq!(members["@admin:example.org"], Membership::Invite);
    assert_eq!(members["@eve:example.org"], Membership::Invite);

    let before = scene.changes(&room);
    let again = scene.ask(&room, "!email policy apply", is_report).await;
    assert!(
        again.contains("There was nothing that I could mend."),
        "{again}"
    );
    assert_eq!(scene.changes(&room), before);

    scene.admin.join(&room);
    let report = scene.ask(&room, "!email policy", is_report).await;
    assert_eq!(lines(&report, "❌"), [""; 0], "{report}");
    assert_eq!(lines(&report, "⚠"), ["It isn't in the Space."], "{report}");
    scene.world.finish().await;
}

#[tokio::test]
async fn what_the_bot_may_not_do_is_told_with_the_level_that_it_takes() {
    let scene = Scene::open().await;
    let wish = json!({"name": "Lyon", "room_version": "10",
        "power_level_content_override": {"users": {"@ann:example.org": 100, BOT: 50}}});
    let room = scene.world.ann.create_room_with(&wish);
    scene.world.invite_bot(&room).await;
    let report = scene.ask(&room, "!email policy apply", is_report).await;
    assert_eq!(scene.state(&room, "m.room.name", "")["name"], "RSE: Lyon");
    assert!(
        report.contains(
            "→ I need level 100 here for that, and have 50. `/op @postroom:example.org 100` by \
             @ann:example.org (level 100) gives it to me."
        ),
        "{report}"
    );
    let levels = scene.state(&room, "m.room.power_levels", "");
    assert_eq!(levels["users"][BOT], 50);
    assert_eq!(levels["invite"], 0, "it would take 100 to change that");

    let mut more = levels;
    more["users"][BOT] = json!(100);
    scene
        .world
        .ann
        .set_state(&room, "m.room.power_levels", "", more);
    scene.ask(&room, "!email policy apply", is_report).await;
    let levels = scene.state(&room, "m.room.power_levels", "");
    assert_eq!(levels["invite"], 50);
    assert_eq!(levels["users"]["@admin:example.org"], 100);
    scene.world.finish().await;
}

#[tokio::test]
async fn a_job_that_is_cut_off_goes_on_and_does_nothing_twice() {
    let mut scene = Scene::open().await;
    let room = scene.room_of_the_bot("Lyon").await;
    // The topic is set, and nobody learns of it; the answers after that are slow.
    let homeserver = scene.world.homeserver.clone();
    homeserver.fault(
        Fault::drop_answer()
            .at("state")
            .containing("m.room.topic")
            .times(1),
    );
    let slow = homeserver.fault(
        Fault::delay(Duration::from_secs(30))
            .at("state")
            .containing("m.room.avatar"),
    );
    let asked = scene.world.ann.say(&room, "!email policy apply");
    scene
        .world
        .until("the bot is in the midst of it", || {
            homeserver.hits(slow) > 0
        })
        .await;
    scene.world.kill_postroom();
    homeserver.clear_fault(slow);
    scene.world.start_postroom().await;
    let report = scene.end_of_answer(&room, &asked, is_report).await;
    assert!(report.contains("✅ It has a topic."), "{report}");
    assert!(report.contains("✅ It has the logo."), "{report}");
    for kind in ["m.room.topic", "m.room.avatar", "m.room.name"] {
        let timeline = homeserver.timeline(&room).into_iter();
        let set = timeline.filter(|event| event.kind == kind && event.sender == BOT);
        assert_eq!(set.count(), 1, "{kind}");
    }
    scene.world.finish().await;
}

#[tokio::test]
async fn what_the_homeserver_refuses_is_told_and_the_rest_is_done() {
    let scene = Scene::open().await;
    let room = scene.room_of_the_bot("Lyon").await;
    scene.world.homeserver.fault(
        Fault::status(403)
            .at("invite")
            .containing("@admin:example.org"),
    );
    let report = scene.ask(&room, "!email policy apply", is_report).await;
    assert!(
        report.contains("❌ @admin:example.org could not be invited: the homeserver says:"),
        "{report}"
    );
    assert_eq!(scene.state(&room, "m.room.topic", "")["topic"], "Ask away.");
    assert_eq!(scene.world.homeserver.count("invite"), 2, "each once");
    scene.world.finish().await;
}

#[tokio::test]
async fn a_homeserver_that_is_away_is_waited_for() {
    let scene = Scene::open().await;
    let room = scene.bare_room("Lyon").await;
    let away = scene
        .world
        .homeserver
        .fault(Fault::status(503).at("all_state"));
    let asked = scene.world.ann.say(&room, "!email policy");
    scene
        .world
        .until("staff are told", || {
            let answer = scene.answer(&room, &asked);
            answer.is_some_and(|answer| answer.contains("I keep trying"))
        })
        .await;
    scene.world.homeserver.clear_fault(away);
    let report = scene.end_of_answer(&room, &asked, is_report).await;
    assert!(report.starts_with("“Lyon”: "), "{report}");
    scene.world.finish().await;
}

#[tokio::test]
async fn only_a_room_that_is_as_it_must_be_comes_into_the_space() {
    let scene = Scene::open().await;
    let room = scene.room_of_the_bot("Lyon").await;
    let told = |text: &str| !text.contains('…');
    let refusal = scene.ask(&room, "!email space add", told).await;
    assert!(
        refusal.starts_with("“Lyon” can't be taken into the Space yet. What it lacks:\n❌ "),
        "{refusal}"
    );
    assert!(
        refusal.contains("→ `!email policy apply` mends it."),
        "{refusal}"
    );
    assert_eq!(
        scene.state(&scene.space, "m.space.child", &room),
        Value::Null
    );

    scene.ask(&room, "!email policy apply", is_report).await;
    scene.admin.join(&room);
    let done = scene.ask(&room, "!email space add", told).await;
    assert_eq!(done, "✅ “RSE: Lyon” is in the Space now.");
    let child = scene.state(&scene.space, "m.space.child", &room);
    assert_eq!(child, json!({"via": ["example.org"]}));
    let parent = scene.state(&room, "m.space.parent", &scene.space);
    assert_eq!(parent, json!({"via": ["example.org"], "canonical": true}));
    let again = scene.ask(&room, "!email space add", told).await;
    assert_eq!(again, "“RSE: Lyon” is in the Space already.");
    let report = scene.ask(&room, "!email policy", is_report).await;
    assert!(
        report.starts_with("“RSE: Lyon”: it is as it must be."),
        "{report}"
    );
    assert!(report.contains("✅ It is in the Space."), "{report}");
    scene.world.finish().await;
}

#[tokio::test]
async fn a_room_is_named_from_elsewhere() {
    let scene = Scene::open().await;
    let desk = scene.bare_room("Desk").await;
    let lyon = scene.world.ann.create_room_with(&json!({
        "name": "RSE: Lyon", "room_alias_name": "lyon",
        "creation_content": {"additional_creators": [BOT]},
    }));
    let told = |text: &str| !text.contains('…');
    let asked = "!email policy https://matrix.to/#/%23lyon:example.org?via=example.org";
    let strange = scene.ask(&desk, asked, told).await;
    assert_eq!(
        strange,
        format!(
            "I'm not in the room {lyon}, so I can't look at it, whichever server it lives on. Invite me \
             (`/invite @postroom:example.org`) there, then ask me again."
        )
    );
    scene.world.invite_bot(&lyon).await;
    let report = scene.ask(&desk, asked, is_report).await;
    assert!(report.starts_with("“RSE: Lyon”: "), "{report}");
    let nowhere = scene
        .ask(&desk, "!email space add #paris:example.org", told)
        .await;
    assert_eq!(nowhere, "#paris:example.org leads to no room.");
    let by_id = scene
        .ask(&desk, &format!("!email space add {lyon}"), told)
        .await;
    assert!(
        by_id.contains("can't be taken into the Space yet"),
        "{by_id}"
    );
    let wrong = scene.ask(&desk, "!email policy aply", told).await;
    assert!(wrong.starts_with("“aply” is no room."), "{wrong}");
    scene.world.finish().await;
}

#[tokio::test]
async fn who_can_let_the_bot_into_the_space_is_told() {
    let scene = Scene::open_with(", rules: {admin: off, ghosts: off, prefix: off}").await;
    let room = scene.room_of_the_bot("Lyon").await;
    let told = |text: &str| !text.contains('…');
    scene.give_bot_in_space(0);
    let refusal = scene.ask(&room, "!email space add", told).await;
    assert_eq!(
        refusal,
        "“Lyon” can't be taken into the Space: I need level 50 in the Space for that, and have 0. \
         `/op @postroom:example.org 50` by @ann:example.org (who made the room) gives it to me."
    );
    scene.world.ann.kick(&scene.space, BOT);
    let refusal = scene.ask(&room, "!email space add", told).await;
    assert!(
        refusal.starts_with("“Lyon” can't be taken into the Space: I'm not in the Space (!"),
        "{refusal}"
    );
    let report = scene.ask(&room, "!email policy", is_report).await;
    assert!(
        report.contains("⚠️ I can't tell whether it is in the Space."),
        "{report}"
    );
    assert!(scene.eve.id().starts_with("@eve"));
    scene.world.finish().await;
}

#[tokio::test]
async fn a_room_that_the_bot_was_put_out_of_is_not_taken_into_the_space() {
    let scene = Scene::open().await;
    let told = |text: &str| !text.contains('…');
    let room = scene.room_of_the_bot("Lyon").await;
    scene.ask(&room, "!email policy apply", is_report).await;
    scene.admin.join(&room);
    scene.world.homeserver.user(BOT).leave(&room);
    scene.world.quiet().await;
    let desk = scene.world.control_room.clone();
    let asked = format!("!email space add {room}");
    let refusal = scene.ask(&desk, &asked, told).await;
    assert!(refusal.contains("@postroom:example.org"), "{refusal}");
    let child = scene.state(&scene.space, "m.space.child", &room);
    assert_eq!(child, Value::Null, "{refusal}");
    scene.world.finish().await;
}

#[tokio::test]
async fn a_logo_from_a_file_goes_up_once() {
    let mut scene = Scene::open().await;
    // The smallest GIF.
    let picture = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
    std::fs::write(scene.world.folder.join("logo.gif"), picture).unwrap();
    scene.world.stop_postroom().await;
    let options = Options {
        more: "rooms: {logo: logo.gif}",
        ..Options::default()
    };
    scene.world.write_configuration(&options);
    scene.world.start_postroom().await;
    let lyon = scene.room_of_the_bot("Lyon").await;
    let paris = scene.room_of_the_bot("Paris").await;
    scene.ask(&lyon, "!email policy apply", is_report).await;
    scene.ask(&paris, "!email policy apply", is_report).await;
    let uploads = scene.world.homeserver.uploads();
    assert_eq!(uploads.len(), 1);
    assert_eq!(uploads[0].bytes.as_deref(), Some(picture.as_slice()));
    let url = scene.state(&lyon, "m.room.avatar", "");
    assert!(url["url"].as_str().unwrap().starts_with("mxc://"));
    assert_eq!(scene.state(&paris, "m.room.avatar", ""), url);
    scene.world.finish().await;
}

#[tokio::test]
async fn a_job_that_nobody_can_read_is_set_aside_and_told() {
    let mut scene = Scene::open().await;
    let room = scene.bare_room("Lyon").await;
    let asked = scene.world.ann.say(&room, "Hello");
    scene.world.quiet().await;
    scene.world.stop_postroom().await;
    let job = format!(
        "INSERT INTO policy_jobs (room_id, asked_event, job, next_at, trace, created_at) VALUES \
         ('{room}', '{asked}', '{{\"wish\":\"fly\"}}', 1, 'trace', 1)"
    );
    scene.world.database().await.execute(&job).await;
    scene.world.start_postroom().await;
    let answer = scene.world.answer_to(&room, &asked).await;
    assert!(answer.contains("is set aside"), "{answer}");
    let report = scene.ask(&room, "!email policy", is_report).await;
    assert!(report.starts_with("“Lyon”: "), "{report}");
    let kept = scene
        .world
        .database()
        .await
        .rows::<(String,)>("SELECT asked_event FROM policy_jobs WHERE problem <> ''")
        .await;
    assert_eq!(kept, [(asked,)]);
    scene.world.finish().await;
}

//! A customer who answers with a real mail program, and what the room shows of it.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::stage::Stage;
use crate::support::servers::folder::Folder;
use crate::support::servers::neomutt::{Neomutt, Typed};

const LETTER: &str = "Hello Jane,\n\nwould Tuesday suit you for the kernel training?\n\n\
                      And shall we bring the boards?";
const SIGNATURE: &str = "Jane Doe\nAcme Instruments";

/// A room whose first letter lies in Jane's mailbox.
struct Scene {
    stage: Stage,
    room: String,
    ghost: String,
    /// The event that the letter carried.
    asked: String,
}

impl Scene {
    async fn set() -> Result<Self> {
        let stage = Stage::set("0s").await?;
        let room = stage.room("Kernel training Lyon").await?;
        let ghost = stage
            .add("jane@acme.com Jane Doe", "@_email_jane", &room)
            .await?;
        let asked = stage.ann.send_text(LETTER, &room).await?;
        stage.letters("jane@acme.com", 1).await?;
        Ok(Self {
            stage,
            room,
            ghost,
            asked,
        })
    }

    /// Jane answers the newest letter.
    async fn answer(
        &self,
        typed: &[Typed<'_>],
        files: &[(&str, &[u8])],
        configuration: &str,
    ) -> Result<()> {
        let mail = &self.stage.mail;
        let jane = Neomutt::set_up("jane@acme.com", "Jane Doe", SIGNATURE, configuration, mail)?;
        let folder = Folder::create()?;
        let mut paths = Vec::new();
        for (name, content) in files {
            paths.push(folder.write(name, content)?);
        }
        jane.answer(typed, &paths).await?;
        self.stage.settled().await
    }

    /// What Jane is seen to send: type, words and file name of each event, and what it replies to.
    async fn shown(&self) -> Result<Vec<Value>> {
        let timeline = self.stage.ann.timeline(100, &self.room).await?;
        let jane = |event: &&Value| {
            event["sender"] == self.ghost.as_str() && event["type"] == "m.room.message"
        };
        Ok(timeline.iter().filter(jane).cloned().collect())
    }
}

/// Type, words, and file name if there is one.
fn summary(event: &Value) -> [&str; 3] {
    ["msgtype", "body", "filename"].map(|key| event["content"][key].as_str().unwrap_or_default())
}

fn replied_to(event: &Value) -> &str {
    let relates = &event["content"]["m.relates_to"];
    relates["m.in_reply_to"]["event_id"]
        .as_str()
        .unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn neomutt_answers_above_the_letter_and_attaches_files() -> Result<()> {
    let scene = Scene::set().await?;
    let typed = [Typed::Above(
        "Hello Ann,\n\nTuesday suits us well. The plan of the room and the boot log are attached.\n\n\
         Jane\n\n",
    )];
    let files: [(&str, &[u8]); 2] = [
        ("Räume-in-Lyon.pdf", b"%PDF-1.4\n%%EOF\n"),
        ("boot.log", b"[    0.000000] Booting Linux\n"),
    ];
    scene.answer(&typed, &files, "").await?;

    let shown = scene.shown().await?;
    let seen: Vec<_> = shown.iter().map(summary).collect();
    assert_eq!(
        seen,
        [
            [
                "m.text",
                "Hello Ann,\n\nTuesday suits us well. The plan of the room and the boot log are \
                 attached.\n\nJane\n\n🔍 history and signature folded",
                "",
            ],
            ["m.file", "Räume-in-Lyon.pdf", "Räume-in-Lyon.pdf"],
            ["m.file", "boot.log", "boot.log"],
        ]
    );
    assert_eq!(replied_to(&shown[0]), scene.asked);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn neomutt_answers_between_the_lines() -> Result<()> {
    let scene = Scene::set().await?;
    let typed = [
        Typed::Below {
            line: "would Tuesday suit you",
            text: "\nWednesday would be better.\n\n",
        },
        Typed::Below {
            line: "bring the boards",
            text: "\nYes please, two of them.\n\n",
        },
    ];
    scene.answer(&typed, &[], "").await?;

    let shown = scene.shown().await?;
    assert_eq!(shown.len(), 1, "{shown:?}");
    let [_, body, _] = summary(&shown[0]);
    // Empty lines of the quote say nothing.
    let lines: Vec<&str> = body
        .lines()
        .filter(|line| !["", ">"].contains(line))
        .collect();
    let (introduction, lines) = lines.split_first().context("no words")?;
    assert!(
        introduction.ends_with("Ann, Bootlin wrote:"),
        "{introduction}"
    );
    let expected = [
        "> Hello Jane,",
        "> would Tuesday suit you for the kernel training?",
        "Wednesday would be better.",
        "> And shall we bring the boards?",
        "Yes please, two of them.",
        "🔍 history and signature folded",
    ];
    assert_eq!(lines, expected);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn neomutt_answers_in_flowed_lines() -> Result<()> {
    let scene = Scene::set().await?;
    let typed = [Typed::Above(
        "Tuesday suits us, but please come early, as the room is only ours \n\
         until five o'clock and the caretaker is strict.\n\nWe need:\n- two screens\n- coffee\n\n",
    )];
    scene.answer(&typed, &[], "set text_flowed=yes").await?;

    let shown = scene.shown().await?;
    let seen: Vec<_> = shown.iter().map(summary).collect();
    assert_eq!(
        seen,
        [[
            "m.text",
            "Tuesday suits us, but please come early, as the room is only ours until five o'clock \
             and the caretaker is strict.\n\nWe need:\n- two screens\n- coffee\n\n\
             🔍 history and signature folded",
            "",
        ]]
    );
    Ok(())
}

//! What is said: an engineering company helps a customer over a bug in her board, she by mail.

use std::time::Duration;

use anyhow::{Context, Result};
use lettre::message::Mailbox;
use serde_json::{Value, json};

use crate::answer::{
    self, Piece,
    Piece::{History, Quotes, Says, Signature},
};
use crate::files;
use crate::screen::Screen;
use crate::servers::customer::Mail;
use crate::servers::matrix_client::MatrixClient;
use crate::servers::postroom::{BOT, Settings};
use crate::stage::{CUSTOMER, STAFF, STAFF_PASSWORD, Stage};

pub const ORGANISATION: &str = "Example Engineering";
const FOOTER: &str = "Example Engineering Ltd · 1 Example Street, Exampleton";

const ROOM: &str = "Carrier board, kernel 6.12";
pub const SOON: Duration = Duration::from_secs(30);

const QUESTIONS: [&str; 2] = [
    "Hello Jane, the image with kernel 6.12 boots on your board. Two questions before we go on:\n\n\
     1. Which revision is the board?\n\
     2. Does it have to wake up by Ethernet?",
    "<p>Hello Jane, the image with kernel 6.12 boots on your board. Two questions before we go \
     on:</p><ol><li>Which revision is the board?</li><li>Does it have to wake up by \
     Ethernet?</li></ol>",
];
const NOTE: &str = "!! Bob, isn't that the reset line they moved in revision C?";
const REMEDY: [&str; 2] = [
    "Yes: in revision C its reset line moved. This brings the hub back:\n\n\
     ```\n&usb_hub {\n    reset-gpios = <&gpio4 18 GPIO_ACTIVE_LOW>;\n};\n```",
    "<p>Yes: in revision C its reset line moved. This brings the hub back:</p>\
     <pre><code>&amp;usb_hub {\n    reset-gpios = &lt;&amp;gpio4 18 GPIO_ACTIVE_LOW&gt;;\n};\n\
     </code></pre>",
];
const BUILD: [&str; 2] = [
    "Build 42 has it, and wakes up by Ethernet. Could you try **both**?",
    "Build 42 has it, and wakes up by Ethernet. Could you try <strong>both</strong>?",
];
/// How many mails Jane has in the end, with her own.
const MAILS: usize = 6;
const GOOD_NEWS: &str = "Glad to read that! The release with its notes comes on Friday. 🎉";

/// Whose letters they are.
pub fn adapt(settings: &mut Settings) {
    settings.organisation = ORGANISATION;
    settings.footer = Some(FOOTER);
}

pub async fn play(stage: &Stage, screen: &Screen) -> Result<()> {
    let logs = stage.logs();
    let room = screen
        .step("Ann and Bob meet Jane in a room", &logs, Room::open(stage))
        .await?;
    screen
        .step("Ann asks, and Jane answers", &logs, room.questions())
        .await?;
    screen
        .step("Bob helps, and Jane answers", &logs, room.remedy())
        .await?;
    screen
        .step("Ann and Jane are happy", &logs, room.farewell())
        .await?;
    files::play(MAILS + 1, &room.ann, stage, screen).await
}

struct Room<'a> {
    id: String,
    ann: MatrixClient,
    bob: MatrixClient,
    stage: &'a Stage,
}

impl<'a> Room<'a> {
    async fn open(stage: &'a Stage) -> Result<Self> {
        let ann = stage.synapse.register_user(STAFF, STAFF_PASSWORD).await?;
        let bob = stage.synapse.register_user("bob", STAFF_PASSWORD).await?;
        ann.set_name("Ann").await?;
        bob.set_name("Bob").await?;
        let id = ann.create_room(ROOM, &[BOT, bob.user_id()]).await?;
        bob.join(&id).await?;
        ann.wait_for_join(BOT, SOON, &id).await?;
        ann.send_text(&format!("!email add {CUSTOMER} Jane Doe"), &id)
            .await?;
        ann.wait_for_join("@_email_", SOON, &id).await?;
        let room = Self {
            id,
            ann,
            bob,
            stage,
        };
        room.wait_for("Added Jane Doe").await?;
        Ok(room)
    }

    async fn questions(&self) -> Result<()> {
        send(QUESTIONS, None, &self.ann, &self.id).await?;
        let letter = self.letter(1).await?;
        let answer = [
            Says("Hello Ann,"),
            Says("it is revision C, and yes, Ethernet has to wake it up."),
            Says("One more thing: after a warm reset the USB hub is gone. Do you know why?"),
            Signature("Jane Doe · Acme Instruments"),
            History(&letter),
        ];
        self.answer(&answer, &letter, "hub-after-reset").await?;
        self.wait_for("the USB hub is gone").await.map(drop)
    }

    async fn remedy(&self) -> Result<()> {
        let answered = self.wait_for("the USB hub is gone").await?;
        self.ann.send_text(NOTE, &self.id).await?;
        send(REMEDY, Some(&answered), &self.bob, &self.id).await?;
        send(BUILD, None, &self.ann, &self.id).await?;
        let letter = self.letter(3).await?;
        let answer = [
            Quotes("This brings the hub back:"),
            Says("It does, after ten of ten resets."),
            Quotes("Build 42 has it, and wakes up by Ethernet."),
            Says("Awake within a second. You made my day!"),
        ];
        self.answer(&answer, &letter, "ten-resets").await?;
        self.wait_for("You made my day").await.map(drop)
    }

    async fn farewell(&self) -> Result<()> {
        self.ann.send_text(GOOD_NEWS, &self.id).await?;
        let letter = self.letter(5).await?;
        let answer = [Says("Perfect, many thanks to you both."), History(&letter)];
        self.answer(&answer, &letter, "thanks").await?;
        self.wait_for("many thanks").await.map(drop)
    }

    /// The mail that is number `count` in Jane's mailbox, where her own mails are, too.
    async fn letter(&self, count: usize) -> Result<Vec<u8>> {
        let mailbox = self.stage.mail.mailbox(CUSTOMER)?;
        let mails = mailbox.wait_for_mail(count, SOON).await?;
        mails.into_iter().nth(count - 1).context("too few mails")
    }

    /// Jane's program keeps what she answers beside what it answers, as hers is set to.
    async fn answer(&self, pieces: &[Piece<'_>], letter: &[u8], id: &str) -> Result<()> {
        let jane = Mailbox::new(Some("Jane Doe".to_owned()), CUSTOMER.parse()?);
        let Mail { to, raw } = answer::mail(pieces, letter, jane, id)?;
        let before = self.stage.mail.mailbox(CUSTOMER)?.mails()?.len();
        self.stage.mail.submit(CUSTOMER, CUSTOMER, &raw).await?;
        self.letter(before + 1).await?;
        self.stage.mail.submit(CUSTOMER, &to, &raw).await
    }

    /// Waits until somebody has said `words`, and returns the id of the event.
    async fn wait_for(&self, words: &str) -> Result<String> {
        let said = |event: &Value| {
            let body = event["content"]["body"].as_str().unwrap_or_default();
            body.contains(words)
        };
        let event = self.ann.wait_for_event(words, said, SOON, &self.id).await?;
        let id = event["event_id"].as_str().context("an event without id")?;
        Ok(id.to_owned())
    }
}

/// Sends text and HTML as Element does, perhaps as a reply to another event.
async fn send(
    [body, html]: [&str; 2],
    replied: Option<&str>,
    author: &MatrixClient,
    room: &str,
) -> Result<()> {
    let mut content = json!({
        "msgtype": "m.text",
        "body": body,
        "format": "org.matrix.custom.html",
        "formatted_body": html,
    });
    if let Some(event) = replied {
        content["m.relates_to"] = json!({"m.in_reply_to": {"event_id": event}});
    }
    author
        .send_event("m.room.message", &content, room)
        .await
        .map(drop)
}

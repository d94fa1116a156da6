//! A room with a customer who has got a letter, and mails of hers.

use crate::support::{
    fake_homeserver::TimelineEvent,
    lmtp_client::Reply,
    smtp_sink::SinkMail,
    world::{Options, World, header, reply_address},
};

pub const BOT: &str = "@postroom:example.org";
pub const JANE: &str = "Jane Doe <jane@acme.com>";

/// A room with Jane, who has got a letter.
pub struct Desk {
    pub world: World,
    pub room: String,
    pub jane: String,
    pub letter: SinkMail,
    /// The conversation's address.
    pub token: String,
    /// The letter's Message-ID, with brackets.
    pub letter_id: String,
}

impl Desk {
    pub async fn open(options: Options) -> Self {
        Self::open_with(options, "Kernel training", "Hello Jane").await
    }

    /// `said` is what the letter carries.
    pub async fn open_with(options: Options, name: &str, said: &str) -> Self {
        let world = World::start(options).await;
        let room = world.room(name, &[("jane@acme.com", "Jane Doe")]).await;
        world.ann.say(&room, said);
        let letter = world.mails_to("jane@acme.com", 1).await.remove(0);
        let jane = world.ghost(&room, "Jane Doe").unwrap();
        world.quiet().await;
        Self {
            token: reply_address(&letter).unwrap(),
            letter_id: header(&letter.raw, "Message-ID").unwrap(),
            world,
            room,
            jane,
            letter,
        }
    }

    /// Hands a mail in from Jane's server, which must succeed, and waits until it is worked on.
    pub async fn take(&self, to: &str, raw: &str) {
        self.take_from("jane@acme.com", to, raw).await;
    }

    pub async fn take_from(&self, sender: &str, to: &str, raw: &str) {
        let replies = self.world.mail(sender, &[to], raw).await;
        assert_eq!(codes(&replies), [250], "{replies:?}");
        self.world.quiet().await;
    }

    /// What Jane is seen to say in the room.
    pub fn said(&self) -> Vec<String> {
        self.world.said_by(&self.room, &self.jane)
    }

    /// The events that show Jane's mails.
    pub fn events(&self) -> Vec<TimelineEvent> {
        let timeline = self.world.homeserver.timeline(&self.room).into_iter();
        timeline
            .filter(|event| event.kind == "m.room.message" && event.sender == self.jane)
            .collect()
    }

    /// What staff are told in the control room about mail that isn't shown.
    pub fn reports(&self) -> Vec<String> {
        let said = self.world.said_by(&self.world.control_room, BOT);
        said.into_iter()
            .filter(|body| body.starts_with("Mail "))
            .collect()
    }

    /// Ends the story: no mail has left but the first letter, so nobody was answered.
    pub async fn close(self) {
        self.world.quiet().await;
        assert_eq!(self.world.sink.count(), 1, "Postroom answers no mail");
        self.world.finish().await;
    }
}

pub fn codes(replies: &[Reply]) -> Vec<u16> {
    replies.iter().map(|reply| reply.code).collect()
}

/// A mail with a Message-ID of its own. `headers` are whole lines.
pub fn mail(from: &str, to: &str, headers: &str, text: &str) -> String {
    let id: String = text
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(40)
        .collect();
    format!(
        "From: {from}\nTo: {to}\nSubject: Kernel training\nMessage-ID: <{id}@acme.com>\n\
         Date: Sun, 22 Nov 2026 10:00:00 +0100\n{headers}\n{text}\n"
    )
}

/// As [`mail`], with another type than plain text.
pub fn typed(to: &str, content_type: &str, body: &str) -> String {
    let id = body.len();
    format!(
        "From: {JANE}\nTo: {to}\nSubject: Kernel training\nMessage-ID: <typed-{id}@acme.com>\n\
         Date: Sun, 22 Nov 2026 10:00:00 +0100\nMIME-Version: 1.0\n\
         Content-Type: {content_type}\n\n{body}\n"
    )
}

//! A room with Jane, who has got a letter, and a mailbox from which her answers are fetched.

use std::time::Duration;

use crate::{
    desk,
    support::{
        imap_client::{ImapClient, Shown},
        servers::imap_server::{ImapOptions, ImapServer},
        smtp_sink::SinkMail,
        world::{Options, World},
    },
};

pub const BOT: &str = "@postroom:example.org";
pub const JANE: &str = "Jane Doe <jane@acme.com>";
pub const SUPPORT: &str = "support@example.org";

/// Configuration for more mail in a moment than Postroom shows unless it is told to.
pub const UNLIMITED: &str = "guard: {conversation: 0, contact: 0, domain: 0, everything: 0}";

/// Of fetched mail nobody knows which server sent it.
const MARK: &str = "\n\n❔ sender not verified";

pub struct Desk {
    pub world: World,
    pub server: ImapServer,
    pub room: String,
    /// Jane's ghost.
    pub jane: String,
    pub letter: SinkMail,
    /// The conversation's address.
    pub token: String,
}

impl Desk {
    /// With Dovecot as it usually is, in the clear; `more` are further keys of `imap`.
    pub async fn open(more: &str) -> Self {
        let server = mailbox(ImapOptions::default()).await;
        let port = server.port();
        Self::open_at(port, more, server).await
    }

    pub async fn open_at(port: u16, more: &str, server: ImapServer) -> Self {
        let options = Options {
            imap: Some(imap(port, more)),
            lmtp: false,
            ..Options::default()
        };
        Self::open_with(options, server).await
    }

    pub async fn open_with(options: Options, server: ImapServer) -> Self {
        let desk::Desk {
            world,
            room,
            jane,
            letter,
            token,
            letter_id: _,
        } = desk::Desk::open(options).await;
        Self {
            world,
            server,
            room,
            jane,
            letter,
            token,
        }
    }

    /// Puts a mail into the inbox as a mail server would.
    pub fn drop_mail(&self, raw: &str) {
        self.drop_into("", raw);
    }

    pub fn drop_into(&self, subfolder: &str, raw: &str) {
        let raw = raw.replace('\n', "\r\n");
        self.server
            .drop_mail(SUPPORT, subfolder, raw.as_bytes(), Duration::ZERO)
            .unwrap();
    }

    /// Another mail program at the same mailbox.
    pub async fn client(&self) -> ImapClient {
        ImapClient::login(self.server.port(), SUPPORT, self.server.password())
            .await
            .unwrap()
    }

    /// What is in a folder, as another mail program sees it.
    pub async fn shown(&self, folder: &str) -> Vec<Shown> {
        self.client().await.mails(folder).await.unwrap()
    }

    /// What Jane is seen to say in the room.
    pub fn said(&self) -> Vec<String> {
        let said = self.world.said_by(&self.room, &self.jane).into_iter();
        said.map(|body| match body.strip_suffix(MARK) {
            Some(words) => words.to_owned(),
            None => body,
        })
        .collect()
    }

    /// Waits until Jane is seen to have said so much, and until every mail in the folder is marked.
    pub async fn until_said(&self, count: usize) {
        // Many take long on a busy machine: what counts is that more and more are there.
        for so_far in (200..count).step_by(200).chain([count]) {
            let is_so = || self.said().len() >= so_far;
            let what = format!("{so_far} of {count} mails are shown");
            self.world.until(&what, is_so).await;
        }
        self.world.quiet().await;
        assert_eq!(self.said().len(), count);
    }

    /// Waits until a condition on the folder holds.
    pub async fn until_shown(&self, folder: &str, what: &str, is_so: impl Fn(&[Shown]) -> bool) {
        let mut client = self.client().await;
        let deadline = std::time::Instant::now() + crate::support::world::PATIENCE;
        loop {
            let mails = client.mails(folder).await.unwrap();
            if is_so(&mails) {
                return;
            }
            assert!(
                std::time::Instant::now() < deadline,
                "waited in vain: {what}: {mails:?}\n{}",
                self.world.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until all mails of the inbox bear the keyword, and nothing else.
    pub async fn until_marked(&self, count: usize) {
        self.until_shown("INBOX", "all mails are marked", |mails| {
            mails.len() == count && mails.iter().all(|mail| mail.flags == ["$Postroom"])
        })
        .await;
    }

    /// What the bot has told staff in the control room about mailboxes and mails.
    pub fn reports(&self) -> Vec<String> {
        reports(&self.world)
    }

    /// How many rows of `mails` there are.
    pub async fn taken(&self) -> i64 {
        let mut database = self.world.database().await;
        database.row::<(i64,)>("SELECT count(*) FROM mails").await.0
    }

    pub async fn close(self) {
        self.world.finish().await;
    }
}

/// What the bot has said in the control room but for its greeting.
pub fn reports(world: &World) -> Vec<String> {
    let said = world.said_by(&world.control_room, BOT).into_iter();
    said.filter(|text| !text.starts_with("I let people take part here"))
        .collect()
}

/// A mailbox in which somebody has logged in once, so that it is there.
pub async fn mailbox(options: ImapOptions) -> ImapServer {
    let password = options.password;
    let server = ImapServer::start(options).await.unwrap();
    let mut client = ImapClient::login(server.port(), SUPPORT, password)
        .await
        .unwrap();
    client.must("SELECT INBOX").await.unwrap();
    server
}

/// The configuration of `imap`; `more` are further keys.
pub fn imap(port: u16, more: &str) -> String {
    format!(
        "{{url: \"imap+insecure://127.0.0.1:{port}\", username: {SUPPORT}, password: secret, \
         poll: 1s{}{more}}}",
        if more.is_empty() { "" } else { ", " }
    )
}

/// A mail of Jane's with a Message-ID of its own.
pub fn mail(to: &str, text: &str) -> String {
    let id: String = text
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(40)
        .collect();
    format!(
        "Return-Path: <jane@acme.com>\nFrom: {JANE}\nTo: {to}\nSubject: {text}\n\
         Message-ID: <{id}@acme.com>\nDate: Sun, 22 Nov 2026 10:00:00 +0100\n\n{text}\n"
    )
}

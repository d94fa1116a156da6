//! All servers of a story, and what staff and customers do on them.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::support::database::{Choice, Database};
use crate::support::dns_server::{DnsServer, Record};
use crate::support::servers::clamd::Clamd;
use crate::support::servers::customer::{self, Mail};
use crate::support::servers::folder::Folder;
use crate::support::servers::mail_servers::{BEYOND_ASCII, MailOptions, MailServers};
use crate::support::servers::matrix_client::MatrixClient;
use crate::support::servers::postroom::{BOT, Postroom, SUPPORT, Settings};
use crate::support::servers::process;
use crate::support::servers::provider::{PROVIDER_RECORD, Provider};
use crate::support::servers::rspamd::Rspamd;
use crate::support::servers::synapse::{Synapse, SynapseOptions};

/// How long anything may take before a story fails. Long, as the machine may be busy.
pub const SOON: Duration = Duration::from_secs(30);

/// How long is waited for what must not come: a second copy of something.
const LATER: Duration = Duration::from_millis(300);

/// Running servers, a member of staff, and a control room.
#[derive(Debug)]
pub struct Stage {
    // Fields are dropped in this order: Postroom before those that it speaks to.
    pub postroom: Postroom,
    pub mail: MailServers,
    pub synapse: Synapse,
    pub ann: MatrixClient,
    pub control_room: String,
    database: Database,
    _dns: DnsServer,
    _rspamd: Option<Rspamd>,
    _clamd: Option<Clamd>,
}

/// What differs from story to story.
#[derive(Clone, Copy, Debug)]
pub struct Scenery {
    /// As in the configuration; `0s` makes a letter of every message.
    pub quiet: &'static str,
    /// Whether mail comes out of a mailbox, by IMAP, and not by LMTP.
    pub by_imap: bool,
    /// With pages for customers, and mails of at most this size.
    pub pages: Option<&'static str>,
    /// As in the configuration, in one line.
    pub trust: Option<&'static str>,
    /// Whether rspamd looks at what other servers hand in, and what it writes counts.
    pub rspamd: bool,
    /// Whether clamd looks at every mail.
    pub clamd: bool,
    /// As in the configuration, in one line. Only Ann is staff then: others of her server are customers.
    pub onboarding: Option<&'static str>,
}

impl Default for Scenery {
    fn default() -> Self {
        Self {
            quiet: "0s",
            by_imap: false,
            pages: None,
            trust: None,
            rspamd: false,
            clamd: false,
            onboarding: None,
        }
    }
}

/// A server that sends the mail of `list.example`, and of nobody else.
pub const LIST: Provider = Provider {
    name: "mail.list.example",
    address: "198.51.100.1",
};
/// The public half of the key with which `acme.com` and `list.example` sign.
const DKIM_RECORD: &str = include_str!("../fixtures/dkim/rsa.record");

/// What the DNS says of those who write to us. `small.example` has no policy.
async fn names() -> DnsServer {
    let dns = DnsServer::start().await;
    let list = format!("v=spf1 ip4:{} -all", LIST.address);
    for (domain, record) in [
        ("acme.com", PROVIDER_RECORD),
        ("beta.example", PROVIDER_RECORD),
        ("small.example", PROVIDER_RECORD),
        (BEYOND_ASCII, PROVIDER_RECORD),
        ("list.example", &list),
    ] {
        let server = format!("mail.{domain}");
        for name in [domain, &server] {
            dns.add_text(name, record);
            dns.add(name, Record::A([203, 0, 113, 20].into()));
            // Of a name without it rspamd asks in vain for four seconds.
            dns.add(
                name,
                Record::Aaaa([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x20].into()),
            );
        }
        dns.add(domain, Record::Mx(10, server));
    }
    for domain in ["acme.com", "list.example"] {
        dns.add_text(&format!("post._domainkey.{domain}"), DKIM_RECORD.trim());
    }
    dns.add_text("_dmarc.acme.com", "v=DMARC1; p=reject");
    dns
}

impl Stage {
    /// Starts everything. `quiet` as in the configuration; `0s` makes a letter of every message.
    pub async fn set(quiet: &'static str) -> Result<Self> {
        let scenery = Scenery {
            quiet,
            ..Scenery::default()
        };
        Self::set_with(scenery).await
    }

    pub async fn set_with(scenery: Scenery) -> Result<Self> {
        let binary = Path::new(env!("CARGO_BIN_EXE_postroom"));
        let folder = Folder::create()?;
        let database = Database::create(&Choice::AsTold, &folder).await;
        let mut postroom = Postroom::new(binary, folder)?;
        let of_synapse = SynapseOptions {
            registration: Some(postroom.registration()),
            ..SynapseOptions::default()
        };
        let dns = names().await;
        let (rspamd, clamd) = tokio::try_join!(
            when(scenery.rspamd, Rspamd::start(dns.address())),
            when(scenery.clamd, Clamd::start())
        )?;
        let of_mail = MailOptions {
            milter: rspamd.as_ref().map(Rspamd::milter),
            lmtp_port: (!scenery.by_imap).then(|| postroom.lmtp_port()),
            ..MailOptions::default()
        };
        let (synapse, mail) =
            tokio::try_join!(Synapse::start(&of_synapse), MailServers::start(&of_mail))?;
        let ann = synapse.register_user("ann", "ann-secret").await?;
        ann.set_name("Ann").await?;
        let control_room = ann.create_room("Control room", &[BOT]).await?;
        let imap = format!(
            "{{url: \"imap://127.0.0.1:{}\", username: {SUPPORT}, password: \"{}\", \
             ca_file: \"{}\"}}",
            mail.imap_port(),
            mail.password(),
            mail.ca_file().display()
        );
        let mut guard = format!(", strips_forged: {}", scenery.rspamd);
        if let Some(clamd) = &clamd {
            write!(guard, ", clamd: \"{}\"", clamd.socket().display())?;
        }
        let settings = Settings {
            dns: Some(dns.address()),
            imap: scenery.by_imap.then_some(imap),
            quiet: scenery.quiet,
            trust: scenery.trust,
            guard,
            control_room: Some(control_room.clone()),
            database: database.url(),
            log_level: "info,postroom=debug",
            ..Settings::new(synapse.url(), &mail)
        };
        let is_only_ann = scenery.onboarding.is_some();
        postroom.configure(&Settings {
            onboarding: scenery.onboarding.map(str::to_owned),
            staff: if is_only_ann {
                "[\"@ann:example.org\"]"
            } else {
                settings.staff
            },
            public: scenery.pages.is_some(),
            max_size: scenery.pages.unwrap_or(settings.max_size),
            ..settings
        })?;
        postroom.start().await?;
        let stage = Self {
            postroom,
            mail,
            synapse,
            ann,
            control_room,
            database,
            _dns: dns,
            _rspamd: rspamd,
            _clamd: clamd,
        };
        let control_room = &stage.control_room;
        stage.ann.wait_for_join(BOT, SOON, control_room).await?;
        Ok(stage)
    }

    /// A private room of Ann's with the bot in it.
    pub async fn room(&self, name: &str) -> Result<String> {
        let room = self.ann.create_room(name, &[BOT]).await?;
        self.ann.wait_for_join(BOT, SOON, &room).await?;
        self.bot_says("I let people take part here", &room).await?;
        Ok(room)
    }

    /// `!email add` with `whom`; returns the id of the ghost, which begins with `ghost`.
    pub async fn add(&self, whom: &str, ghost: &str, room: &str) -> Result<String> {
        self.ann
            .send_text(&format!("!email add {whom}"), room)
            .await?;
        self.joined(ghost, room).await
    }

    /// Ann commands the bot; waits for its answer, and returns it.
    pub async fn ask(&self, command: &str, room: &str) -> Result<String> {
        let asked = self.ann.send_text(command, room).await?;
        let is_it = |event: &Value| {
            event["sender"] == BOT
                && event["content"]["m.relates_to"]["m.in_reply_to"]["event_id"] == asked
        };
        let answer = self.ann.wait_for_event(command, is_it, SOON, room).await;
        let answer = answer.with_context(|| self.log())?;
        let words = answer["content"]["body"].as_str().unwrap_or_default();
        Ok(words.to_owned())
    }

    /// Waits until a user whose id begins so has joined.
    pub async fn joined(&self, user: &str, room: &str) -> Result<String> {
        let joined = self.ann.wait_for_join(user, SOON, room).await;
        joined.with_context(|| self.log())
    }

    /// Waits for a notice of the bot's that contains `text`.
    pub async fn bot_says(&self, text: &str, room: &str) -> Result<Value> {
        self.says(BOT, text, room).await
    }

    /// Waits until a user whose id begins with `sender` says something that contains `text`.
    pub async fn says(&self, sender: &str, text: &str, room: &str) -> Result<Value> {
        let is_it = |event: &Value| {
            event["sender"]
                .as_str()
                .is_some_and(|it| it.starts_with(sender))
                && event["content"]["body"]
                    .as_str()
                    .is_some_and(|it| it.contains(text))
        };
        let what = format!("“{text}” by {sender}");
        let said = self.ann.wait_for_event(&what, is_it, SOON, room).await;
        said.with_context(|| self.log())
    }

    /// What users whose id begins with `sender` have said in the room.
    pub async fn said_by(&self, sender: &str, room: &str) -> Result<Vec<String>> {
        let timeline = self.ann.timeline(100, room).await?;
        let body = |event: &Value| {
            let by = event["sender"].as_str()?;
            let body = event["content"]["body"].as_str()?;
            by.starts_with(sender).then(|| body.to_owned())
        };
        Ok(timeline.iter().filter_map(body).collect())
    }

    /// Waits for letters to an address, until nothing is left to do; fails if there are more.
    pub async fn letters(&self, address: &str, count: usize) -> Result<Vec<Vec<u8>>> {
        let mailbox = self.mail.mailbox(address)?;
        self.arrived(address, count).await?;
        self.settled().await?;
        let mails = mailbox.mails()?;
        ensure!(
            mails.len() == count,
            "{address} got {} letters instead of {count}",
            mails.len()
        );
        Ok(mails)
    }

    /// Waits for letters to an address, of which there may be more to come.
    pub async fn arrived(&self, address: &str, count: usize) -> Result<Vec<Vec<u8>>> {
        let came = self.mail.mailbox(address)?.wait_for_mail(count, SOON).await;
        came.with_context(|| self.log())
    }

    /// Answers a letter as Jane's mail program does, and returns the mail.
    pub async fn answer(&self, letter: &[u8], from: &str, text: &str, id: &str) -> Result<Mail> {
        let mail = customer::answer(letter, from, text, id)?;
        let address = from.trim_end_matches('>').rsplit('<').next();
        let address = address.unwrap_or_default();
        self.mail.submit(address, &mail.to, &mail.raw).await?;
        Ok(mail)
    }

    /// Waits until Postroom and Postfix have nothing left to do, and a moment longer.
    pub async fn settled(&self) -> Result<()> {
        self.until("there is nothing left to do", async || {
            let waits = self.postroom.health().await.map(|it| it["waiting"].clone());
            let queues = ["events", "mails", "letters_open", "to_matrix", "to_mail"];
            let is_idle = waits.is_some_and(|waits| queues.iter().all(|it| waits[it] == 0));
            is_idle && self.mail.queued() == 0
        })
        .await?;
        tokio::time::sleep(LATER).await;
        Ok(())
    }

    /// Waits until something is so.
    pub async fn until(&self, what: &str, is_so: impl AsyncFn() -> bool) -> Result<()> {
        let deadline = Instant::now() + SOON;
        while !is_so().await {
            if Instant::now() > deadline {
                bail!("waited in vain until {what}\n{}", self.log());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// The end of Postroom's log.
    pub fn log(&self) -> String {
        process::tail(&self.postroom.log(), 60)
    }

    /// What Postroom found out about who sent the mail that came last: verdict and reasons.
    pub fn verdict(&self) -> String {
        let log = std::fs::read_to_string(self.postroom.log()).unwrap_or_default();
        let mut lines = log.lines().rev();
        let line = lines.find(|line| line.contains("Looked into who sent a mail"));
        let found = line.and_then(|line| line.split_once("verdict="));
        let found = found.map(|(_, found)| found.replace("reasons=", ""));
        found.unwrap_or_default()
    }

    /// Who handed the mails over, as Postfix told (XFORWARD): address and name of each.
    pub async fn clients(&self) -> Vec<(String, String)> {
        let mut database = self.database.connect().await;
        let clients = database
            .rows("SELECT client, client_helo FROM mails ORDER BY id")
            .await;
        database.close().await;
        clients
    }

    /// Everything that Postfix wrote.
    pub fn mail_log(&self) -> String {
        let [postfix, _] = self.mail.logs();
        std::fs::read_to_string(postfix).unwrap_or_default()
    }
}

/// Does what is asked for.
async fn when<T>(is_asked_for: bool, starts: impl Future<Output = Result<T>>) -> Result<Option<T>> {
    if is_asked_for {
        starts.await.map(Some)
    } else {
        Ok(None)
    }
}

//! A whole Postroom to tell stories about: the real program, with fakes at its doors.
//!
//! The program runs as a process of its own, so that it can be killed; the homeserver and the mail
//! server live in the test. A story ends with [`World::finish`], which fails if anything is left
//! that Postroom still has to do.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall panic")]

use std::{
    fmt::Write as _,
    fs::File,
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

pub use super::servers::customer::header;
use super::{
    database::{Choice, Connection, Database},
    dns_server::{ANYWHERE, DnsServer},
    fake_homeserver::{FakeConfig, FakeHomeserver, FakeUser, Membership},
    lmtp_client::{LmtpClient, Reply},
    servers::{
        folder::Folder,
        ports::{self, Port},
    },
    smtp_sink::{SinkMail, SmtpSink},
};

/// How long anything may take before a story fails. Long, as the machine may be busy.
pub const PATIENCE: Duration = Duration::from_secs(45);

/// What differs from story to story.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own, named where it is set"
)]
pub struct Options {
    /// As the configuration has it: `0s` sends every message at once.
    pub quiet: &'static str,
    pub at_most: &'static str,
    /// The largest mail.
    pub max_size: &'static str,
    /// Whether there are pages for customers.
    pub public: bool,
    /// Whether there is a control room.
    pub control_room: bool,
    /// More lines of configuration, at the top level.
    pub more: &'static str,
    /// The domain of the mailbox.
    pub domain: &'static str,
    /// One more line of the mailbox's configuration.
    pub mailbox: &'static str,
    /// What happens to mail that belongs to no conversation. Most stories are about those that do.
    pub intake: &'static str,
    /// Where the mailbox's mail is fetched, as a YAML mapping in one line.
    pub imap: Option<String>,
    /// Whether mail can be handed in by LMTP.
    pub lmtp: bool,
    /// Whether the mail that comes by LMTP proves who sent it, if it is from where its envelope says:
    /// every domain allows the server that hands it in.
    pub proven: bool,
    /// How quickly the fake homeserver comes back after a failed push.
    pub push_backoff: Duration,
    /// Where the database is to be.
    pub database: Choice,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            quiet: "0s",
            at_most: "5m",
            max_size: "20MB",
            public: false,
            control_room: true,
            more: "",
            domain: "example.org",
            mailbox: "",
            intake: "keep",
            imap: None,
            lmtp: true,
            proven: true,
            push_backoff: Duration::from_millis(50),
            database: Choice::default(),
        }
    }
}

pub struct World {
    pub homeserver: FakeHomeserver,
    pub sink: SmtpSink,
    /// Staff, in `example.org`.
    pub ann: FakeUser,
    pub control_room: String,
    pub folder: Folder,
    /// Whom Postroom asks.
    pub dns: DnsServer,
    proven: bool,
    postroom: Option<Child>,
    /// Another one, which waits for the first one's end.
    stand_by: Option<StandBy>,
    database: Database,
    appservice: Port,
    lmtp: Port,
    operations: Port,
    public: Port,
    /// The file that the story's Postroom is started with.
    config: &'static str,
    finished: bool,
}

struct StandBy {
    child: Child,
    /// Where it says how it is.
    operations: Port,
    config: &'static str,
}

/// One for each of two Postrooms.
const CONFIGS: [&str; 2] = ["config.yaml", "stand-by.yaml"];

impl World {
    pub async fn start(options: Options) -> Self {
        let folder = Folder::create().unwrap();
        let [appservice, lmtp, operations, public] = [(); 4].map(|()| ports::free().unwrap());
        let database = Database::create(&options.database, &folder).await;
        let homeserver = FakeHomeserver::start(FakeConfig {
            server_name: "example.org".into(),
            as_token: "as-token-of-the-story".into(),
            hs_token: "hs-token-of-the-story".into(),
            appservice_url: format!("http://{}", appservice.address()),
            sender_localpart: "postroom".into(),
            user_prefix: "_email_".into(),
            backoff_base: options.push_backoff,
            ..FakeConfig::default()
        })
        .await;
        let sink = SmtpSink::start().await;
        let dns = DnsServer::start().await;
        dns.add_text(ANYWHERE, "v=spf1 ip4:192.0.2.0/24 -all");
        let ann = homeserver.user("ann");
        ann.set_displayname("Ann");
        let control_room = ann.create_room("Control room");
        let mut world = Self {
            homeserver,
            sink,
            ann,
            control_room,
            folder,
            dns,
            proven: options.proven,
            postroom: None,
            stand_by: None,
            database,
            appservice,
            lmtp,
            operations,
            public,
            config: CONFIGS[0],
            finished: false,
        };
        world.write_configuration(&options);
        world.start_postroom().await;
        if options.control_room {
            let control_room = world.control_room.clone();
            world.invite_bot(&control_room).await;
        }
        world
    }

    /// Writes the configuration; what is new in it counts from the next start on.
    pub fn write_configuration(&self, options: &Options) {
        let registration = r#"id: postroom
url: "http://127.0.0.1:1"
as_token: as-token-of-the-story
hs_token: hs-token-of-the-story
sender_localpart: postroom
rate_limited: false
receive_ephemeral: true
namespaces:
  users: [{exclusive: true, regex: '@_email_.*:example\.org'}]
"#;
        let mut config = format!(
            r#"homeserver: {{url: "{homeserver}", server_name: example.org}}
appservice: {{listen: "{appservice}", url: "http://{appservice}", registration: registration.yaml}}
database: {{url: "{database}"}}
blobs: {{url: "file:blobs"}}
mailboxes:
  support:
    name: Bootlin
    address: support@{domain}
    reply_address: "support+{{token}}@{domain}"
    smtp: {{url: "smtp+insecure://{sink}"}}
    intake: {intake}
    {imap}
    {mailbox}
{lmtp}
staff: ["@*:example.org"]
letters: {{quiet: {quiet}, at_most: {at_most}, max_size: {max_size}}}
{public}
{dns}
operations: {{listen: "{operations}"}}
log: {{level: "info,postroom=debug"}}
{more}
"#,
            homeserver = self.homeserver.url(),
            database = self.database.url(),
            appservice = self.appservice.address(),
            sink = self.sink.address(),
            imap = options
                .imap
                .as_ref()
                .map_or_else(String::new, |imap| format!("imap: {imap}")),
            lmtp = if options.lmtp {
                format!("lmtp: {{listen: \"{}\"}}", self.lmtp.address())
            } else {
                String::new()
            },
            operations = self.operations.address(),
            quiet = options.quiet,
            at_most = options.at_most,
            max_size = options.max_size,
            public = if options.public {
                format!(
                    "public: {{url: \"http://{0}/mail\", listen: \"{0}\"}}",
                    self.public.address()
                )
            } else {
                String::new()
            },
            dns = if options.more.contains("dns:") {
                String::new()
            } else {
                format!("dns: {{server: \"{}\"}}", self.dns.address())
            },
            more = options.more,
            mailbox = options.mailbox,
            intake = options.intake,
            domain = options.domain,
        );
        if options.control_room {
            writeln!(config, "control_room: \"{}\"", self.control_room).unwrap();
        }
        self.folder
            .write("registration.yaml", registration)
            .unwrap();
        self.folder.write("config.yaml", config).unwrap();
    }

    /// Starts Postroom and waits until it is ready.
    pub async fn start_postroom(&mut self) {
        self.spawn_postroom();
        self.until_ready().await;
    }

    async fn until_ready(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self
            .health()
            .await
            .is_none_or(|health| health["status"] != "ready")
        {
            assert!(
                Instant::now() < deadline,
                "Postroom does not get ready\n{}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Starts Postroom and doesn't wait.
    pub fn spawn_postroom(&mut self) {
        assert!(self.postroom.is_none(), "Postroom runs already");
        self.postroom = Some(self.spawn(self.config));
    }

    fn spawn(&self, config: &str) -> Child {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("postroom.log"))
            .unwrap();
        Command::new(env!("CARGO_BIN_EXE_postroom"))
            .args(["run", "--config", config])
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    /// Starts a second Postroom on the same database, and waits until it stands by. It watches
    /// over its health at an address of its own and is the same else.
    pub async fn start_stand_by(&mut self) {
        self.spawn_stand_by();
        let deadline = Instant::now() + PATIENCE;
        while self.health_of_stand_by().await.as_deref() != Some("standing by") {
            assert!(Instant::now() < deadline, "it does not\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Starts a second Postroom and doesn't wait.
    pub fn spawn_stand_by(&mut self) {
        assert!(self.stand_by.is_none(), "somebody stands by already");
        let operations = ports::free().unwrap();
        let config = std::fs::read_to_string(self.folder.join(self.config)).unwrap();
        let listen = |port: &Port| format!("operations: {{listen: \"{}\"", port.address());
        let text = config.replace(&listen(&self.operations), &listen(&operations));
        let other = |name: &&str| *name != self.config;
        let config = CONFIGS.into_iter().find(other).unwrap();
        self.folder.write(config, text).unwrap();
        self.stand_by = Some(StandBy {
            child: self.spawn(config),
            operations,
            config,
        });
    }

    /// How the one that stands by says that it is; `None` if it doesn't.
    pub async fn health_of_stand_by(&self) -> Option<String> {
        let stand_by = self.stand_by.as_ref()?;
        let url = format!("http://{}/health/ready", stand_by.operations.address());
        get(&url).await?["status"].as_str().map(str::to_owned)
    }

    /// Whichever of the two works on the database is the story's Postroom from now on; whether one
    /// of them does. One that has ended by itself is started again, as a service manager does.
    pub async fn follow_whoever_works(&mut self) -> bool {
        if self.postroom.is_none() || self.has_ended() {
            self.postroom = None;
            self.spawn_postroom();
        }
        let ended = |stand_by: &mut StandBy| stand_by.child.try_wait().unwrap().is_some();
        if self.stand_by.as_mut().is_none_or(ended) {
            self.stand_by = None;
            self.spawn_stand_by();
        }
        let works = |status: Option<String>| status.is_some_and(|status| status != "standing by");
        if works(self.health_of_stand_by().await) {
            let stand_by = self.stand_by.take().unwrap();
            let first = StandBy {
                child: self.postroom.replace(stand_by.child).unwrap(),
                operations: std::mem::replace(&mut self.operations, stand_by.operations),
                config: std::mem::replace(&mut self.config, stand_by.config),
            };
            self.stand_by = Some(first);
            return true;
        }
        let health = self.health().await;
        works(health.and_then(|health| health["status"].as_str().map(str::to_owned)))
    }

    /// `kill -9` for the one that stands by.
    pub fn kill_stand_by(&mut self) {
        let mut stand_by = self.stand_by.take().expect("somebody stands by");
        stand_by.child.kill().unwrap();
        stand_by.child.wait().unwrap();
    }

    /// Starts a second Postroom as on another machine, with addresses of its own; it reaches the
    /// database at `database`. Waits until it stands by.
    pub async fn start_stand_by_elsewhere(&mut self, database: &str) {
        let [appservice, lmtp] = [(); 2].map(|()| ports::free().unwrap());
        let config = std::fs::read_to_string(self.folder.join("config.yaml")).unwrap();
        let elsewhere = config
            .replace(&self.database.url(), database)
            .replace(
                &format!("listen: \"{}\"", self.appservice.address()),
                &format!("listen: \"{}\"", appservice.address()),
            )
            .replace(self.lmtp.address().as_str(), &lmtp.address());
        self.folder.write("config.yaml", elsewhere).unwrap();
        self.start_stand_by().await;
        self.folder.write("config.yaml", config).unwrap();
    }

    /// From now on the second one is the story's Postroom; waits until it is ready.
    pub async fn follow_stand_by(&mut self) {
        assert!(self.postroom.is_none(), "the first one is still there");
        let stand_by = self.stand_by.take().expect("somebody stands by");
        self.postroom = Some(stand_by.child);
        self.operations = stand_by.operations;
        self.config = stand_by.config;
        self.until_ready().await;
    }

    /// `kill -9`
    pub fn kill_postroom(&mut self) {
        let mut child = self.postroom.take().expect("Postroom runs");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// The most memory that Postroom has had since its start, in bytes.
    pub fn peak_memory(&self) -> u64 {
        let child = self.postroom.as_ref().expect("Postroom runs");
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = peak.unwrap().trim().trim_end_matches(" kB");
        kilobytes.parse::<u64>().unwrap() * 1024
    }

    /// Whether Postroom, having been started, has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        let child = self.postroom.as_mut().expect("Postroom was started");
        child.try_wait().unwrap().is_some()
    }

    /// Waits until Postroom has ended by itself, with an error. One that waits for an answer of its
    /// database gives that up first.
    pub async fn until_ended(&mut self) {
        let deadline = Instant::now() + 3 * PATIENCE;
        while !self.has_ended() {
            assert!(Instant::now() < deadline, "it goes on\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let mut child = self.postroom.take().expect("Postroom was started");
        assert!(!child.wait().unwrap().success(), "{}", self.log());
    }

    /// SIGTERM; returns how long it took to end.
    pub async fn stop_postroom(&mut self) -> Duration {
        let mut child = self.postroom.take().expect("Postroom runs");
        let begun = Instant::now();
        let pid = child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        while child.try_wait().unwrap().is_none() {
            if begun.elapsed() > PATIENCE {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("Postroom does not stop\n{}", self.log());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        begun.elapsed()
    }

    /// What `GET /health/ready` says; `None` if nobody answers.
    pub async fn health(&self) -> Option<Value> {
        get(&format!(
            "http://{}/health/ready",
            self.operations.address()
        ))
        .await
    }

    /// The appservice's address, for requests of the story's own.
    pub fn appservice_url(&self) -> String {
        format!("http://{}", self.appservice.address())
    }

    /// The address of health and metrics.
    pub fn operations_url(&self) -> String {
        format!("http://{}", self.operations.address())
    }

    /// The address of the pages for customers.
    pub fn public_url(&self) -> String {
        format!("http://{}/mail", self.public.address())
    }

    pub fn lmtp_address(&self) -> SocketAddr {
        self.lmtp.address().parse().unwrap()
    }

    pub async fn lmtp(&self) -> LmtpClient {
        let mut client = LmtpClient::connect(self.lmtp_address()).await.unwrap();
        if self.proven {
            self.speak_for(&mut client, "192.0.2.1").await;
        }
        client
    }

    /// Whatever is handed in on this connection came to the mail server from this address.
    pub async fn speak_for(&self, client: &mut LmtpClient, address: &str) {
        let word = format!("XCLIENT ADDR={address} HELO=mail.acme.com");
        assert_eq!(client.command(&word).await.unwrap().code, 220);
        assert_eq!(
            client.command("LHLO mail.example.org").await.unwrap().code,
            250
        );
    }

    /// Hands a mail in by LMTP, as the local mail server would.
    pub async fn mail(&self, from: &str, to: &[&str], raw: &str) -> Vec<Reply> {
        self.lmtp()
            .await
            .deliver(from, to, raw.replace('\n', "\r\n").as_bytes())
            .await
            .unwrap()
    }

    /// The same of a mail of which nobody can tell whether it comes from where it says.
    pub async fn unproven_mail(&self, from: &str, to: &[&str], raw: &str) -> Vec<Reply> {
        let mut client = LmtpClient::connect(self.lmtp_address()).await.unwrap();
        let raw = raw.replace('\n', "\r\n");
        client.deliver(from, to, raw.as_bytes()).await.unwrap()
    }

    /// The same of a mail that a server sent at this address, which no domain allows to send its mail.
    pub async fn forged_mail(&self, from: &str, to: &[&str], raw: &str) -> Vec<Reply> {
        let mut client = LmtpClient::connect(self.lmtp_address()).await.unwrap();
        self.speak_for(&mut client, "198.51.100.66").await;
        let raw = raw.replace('\n', "\r\n");
        client.deliver(from, to, raw.as_bytes()).await.unwrap()
    }

    /// Invites the bot and waits until it has come.
    pub async fn invite_bot(&self, room: &str) {
        self.ann.invite(room, "@postroom:example.org");
        self.until("the bot joins", || {
            self.homeserver.members(room).get("@postroom:example.org") == Some(&Membership::Join)
        })
        .await;
        self.until("the bot introduces itself", || self.bot_says(room, ""))
            .await;
    }

    /// A room of Ann's with the bot in it and `people` added, each as a customer of their own:
    /// address and name.
    pub async fn room(&self, name: &str, people: &[(&str, &str)]) -> String {
        let room = self.ann.create_room(name);
        self.invite_bot(&room).await;
        for (address, person) in people {
            self.add(&room, address, person).await;
        }
        room
    }

    /// `!email add`, and waits until the ghost has come.
    pub async fn add(&self, room: &str, address: &str, name: &str) {
        self.ann
            .say(room, &format!("!email add --share {address} {name}"));
        self.until("the ghost joins", || self.ghost(room, name).is_some())
            .await;
    }

    /// The id of the ghost in the room that is called `name`.
    pub fn ghost(&self, room: &str, name: &str) -> Option<String> {
        let joined = |(user, membership): (String, Membership)| {
            (membership == Membership::Join).then_some(user)
        };
        self.homeserver
            .members(room)
            .into_iter()
            .filter_map(joined)
            .filter(|user| user.starts_with("@_email_"))
            .find(|user| {
                self.homeserver
                    .profile(user)
                    .is_some_and(|profile| profile.displayname.as_deref() == Some(name))
            })
    }

    /// Whether the bot has said something in the room that contains `text`.
    pub fn bot_says(&self, room: &str, text: &str) -> bool {
        self.said_by(room, "@postroom:example.org")
            .iter()
            .any(|body| body.contains(text))
    }

    /// Ann says something, and what she says next is not part of it: with `quiet: 0s` it is in a
    /// letter of its own.
    pub async fn tell(&self, room: &str, text: &str) -> String {
        let said = self.ann.say(room, text);
        self.until_empty(&["events", "letters_open"]).await;
        said
    }

    /// Ann says something, and the bot answers it.
    pub async fn ask(&self, room: &str, text: &str) -> String {
        let asked = self.ann.say(room, text);
        self.answer_to(room, &asked).await
    }

    /// Waits for the bot's reply to an event; fails if there are more.
    pub async fn answer_to(&self, room: &str, event: &str) -> String {
        self.until("the bot answers", || {
            !self.answers_to(room, event).is_empty()
        })
        .await;
        let answers = self.answers_to(room, event);
        assert_eq!(answers.len(), 1, "{answers:?}");
        answers[0].clone()
    }

    /// What the bot has replied to an event so far.
    pub fn answers_to(&self, room: &str, event: &str) -> Vec<String> {
        let timeline = self.homeserver.timeline(room).into_iter();
        timeline
            .filter(|said| said.sender == "@postroom:example.org")
            .filter(|said| {
                said.content["m.relates_to"]["m.in_reply_to"]["event_id"].as_str() == Some(event)
            })
            .map(|said| said.body().to_owned())
            .collect()
    }

    /// The bot's reactions to an event so far.
    pub fn marks_on(&self, room: &str, event: &str) -> Vec<String> {
        let timeline = self.homeserver.timeline(room).into_iter();
        timeline
            .filter(|mark| mark.sender == "@postroom:example.org" && mark.kind == "m.reaction")
            .map(|mark| mark.content["m.relates_to"].clone())
            .filter(|relates| relates["event_id"].as_str() == Some(event))
            .map(|relates| relates["key"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Whether the user is in the room now.
    pub fn is_in(&self, room: &str, user: &str) -> bool {
        self.homeserver.members(room).get(user) == Some(&Membership::Join)
    }

    /// A customer's answer to a letter, handed in by LMTP.
    pub async fn answer(&self, letter: &SinkMail, from: &str, text: &str, message_id: &str) {
        let (to, raw) = answer(letter, from, text, message_id);
        let address = from.rsplit('<').next().unwrap().trim_end_matches('>');
        let replies = self.mail(address, &[&to], &raw).await;
        assert_eq!(replies[0].code, 250, "{replies:?}");
    }

    /// What a user has said in the room.
    pub fn said_by(&self, room: &str, user: &str) -> Vec<String> {
        let messages = self.homeserver.messages(room).into_iter();
        messages
            .filter(|(sender, _)| sender == user)
            .map(|(_, body)| body)
            .collect()
    }

    /// Waits for the mails to an address; fails if there are more.
    pub async fn mails_to(&self, address: &str, n: usize) -> Vec<SinkMail> {
        self.until(&format!("{n} mails to {address}"), || {
            self.sink.mails_to(address).len() >= n
        })
        .await;
        let mails = self.sink.mails_to(address);
        assert_eq!(mails.len(), n, "mails to {address}");
        mails
    }

    /// A connection to look into Postroom's database, and to let time pass there.
    pub async fn database(&self) -> Connection {
        self.database.connect().await
    }

    /// From the next start on, Postroom works on another database.
    pub fn move_to(&mut self, database: Database) {
        let config = std::fs::read_to_string(self.folder.join("config.yaml")).unwrap();
        let config = config.replace(&self.database.url(), &database.url());
        self.folder.write("config.yaml", config).unwrap();
        self.database = database;
    }

    /// The database's URL, as the configuration has it.
    pub fn database_url(&self) -> String {
        self.database.url()
    }

    /// Waits until something is so.
    pub async fn until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so() {
            assert!(
                Instant::now() < deadline,
                "waited in vain: {what}\n{}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until Postroom has taken in everything that was said, whatever waits to leave.
    pub async fn quiet_events(&self) {
        self.until_empty(&["events"]).await;
    }

    /// Waits until Postroom has nothing left to do, but for open letters.
    pub async fn quiet(&self) {
        self.until_empty(&["events", "mails", "to_matrix", "to_mail"])
            .await;
    }

    /// Waits until Postroom has nothing left to do, and no letter is open. From then on, what has
    /// not happened will not happen.
    pub async fn settled(&self) {
        self.until_empty(&["events", "mails", "letters_open", "to_matrix", "to_mail"])
            .await;
    }

    async fn until_empty(&self, queues: &[&str]) {
        let deadline = Instant::now() + PATIENCE;
        // The queues are counted one after the other, and what left a later one in between may have
        // come back into an earlier one: only twice empty is empty.
        let mut was_empty = false;
        loop {
            self.homeserver.wait_pushed(PATIENCE).await;
            let waiting = self
                .health()
                .await
                .map(|health| health["waiting"].clone())
                .unwrap_or_default();
            // What Postroom did a moment ago may be on its way back to it.
            let pushed = self.homeserver.wait_pushed(Duration::ZERO).await;
            let is_empty = pushed && queues.iter().all(|queue| waiting[queue] == 0);
            if is_empty && was_empty {
                return;
            }
            was_empty = is_empty;
            assert!(
                Instant::now() < deadline,
                "Postroom is left with work: {waiting}\n{}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ends the story: everything must be settled.
    pub async fn finish(mut self) {
        self.quiet().await;
        self.mails_are_sound();
        self.finished = true;
    }

    /// Ends a story in which Postroom has stopped; that everything is settled was seen before.
    pub fn finish_stopped(mut self) {
        assert!(self.postroom.is_none(), "Postroom still runs");
        self.mails_are_sound();
        self.finished = true;
    }

    /// Whatever was sent was sent as the standards have it.
    fn mails_are_sound(&self) {
        assert_eq!(self.sink.violations(), Vec::<String>::new());
        assert_eq!(self.sink.broken_rules(), Vec::<String>::new());
    }

    /// How far the homeserver is, and the end of Postroom's log.
    pub fn log(&self) -> String {
        let log = std::fs::read_to_string(self.folder.join("postroom.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let end = lines[lines.len().saturating_sub(60)..].join("\n");
        let attempts = self.homeserver.attempts();
        let last = &attempts[attempts.len().saturating_sub(3)..];
        let backlog = self.homeserver.backlog();
        format!("The homeserver's backlog: {backlog}; its last attempts: {last:#?}\n{end}")
    }

    /// All of Postroom's log.
    pub fn whole_log(&self) -> String {
        std::fs::read_to_string(self.folder.join("postroom.log")).unwrap_or_default()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let stand_by = self.stand_by.take().map(|stand_by| stand_by.child);
        for mut child in self.postroom.take().into_iter().chain(stand_by) {
            let _gone = child.kill();
            let _gone = child.wait();
        }
        assert!(
            self.finished || std::thread::panicking(),
            "a story ends with `finish`"
        );
    }
}

async fn get(url: &str) -> Option<Value> {
    let client = super::servers::http::client().unwrap();
    client.get(url).send().await.ok()?.json().await.ok()
}

/// Where the answer to a letter goes; `None` if it doesn't say so.
pub fn reply_address(letter: &SinkMail) -> Option<String> {
    let field = header(&letter.raw, "Reply-To")?;
    let address = field.rsplit('<').next()?.trim_end_matches('>');
    Some(address.to_owned())
}

/// The answer that a mail program would make of `letter`, with the letter quoted below.
pub fn answer(letter: &SinkMail, from: &str, text: &str, message_id: &str) -> (String, String) {
    let to = reply_address(letter).expect("a letter has a Reply-To");
    let id = header(&letter.raw, "Message-ID").expect("a letter has a Message-ID");
    let subject = header(&letter.raw, "Subject").unwrap_or_default();
    let subject = subject.trim_start_matches("Re: ");
    let references = header(&letter.raw, "References")
        .map_or_else(|| id.clone(), |chain| format!("{chain} {id}"));
    let quoted = format!(
        "> {}\n",
        letter_text(letter).trim_end().replace('\n', "\n> ")
    );
    let raw = format!(
        "From: {from}\nTo: {to}\nSubject: Re: {subject}\nMessage-ID: <{message_id}>\n\
         In-Reply-To: {id}\nReferences: {references}\nDate: Sun, 22 Nov 2026 10:00:00 +0100\n\
         MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n\
         {text}\n\nOn Sun, 22 Nov 2026 at 09:59, Bootlin <support@example.org> wrote:\n\n{quoted}"
    );
    (to, raw)
}

/// The text part of a letter.
pub fn letter_text(letter: &SinkMail) -> String {
    mail_parser::MessageParser::default()
        .parse(&letter.raw)
        .and_then(|mail| mail.body_text(0).map(std::borrow::Cow::into_owned))
        .unwrap_or_default()
}

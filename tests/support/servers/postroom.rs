//! Postroom itself, configured and started as an administrator would do it.

use std::fs::Permissions;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use data_encoding::HEXLOWER;
use serde_json::Value;

use super::folder::Folder;
use super::http;
use super::mail_servers::MailServers;
use super::ports::{self, Port};
use super::process::Process;

/// The homeserver's name and the domain of the mailbox.
pub const SERVER: &str = "example.org";
/// Postroom's mailbox.
pub const SUPPORT: &str = "support@example.org";
pub const BOT: &str = "@postroom:example.org";
/// Where customers find the pages for them: behind a web server, which the tests do without.
pub const PAGES: &str = "https://post.example.org";

/// What stands in the configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The homeserver's URL.
    pub homeserver: String,
    /// What stands under `smtp`, as a YAML mapping in one line.
    pub smtp: String,
    /// What stands under `imap`, as a YAML mapping in one line; `None`: mail comes by LMTP.
    pub imap: Option<String>,
    /// How long a room has to be quiet before a letter goes.
    pub quiet: &'static str,
    /// The largest mail.
    pub max_size: &'static str,
    /// Whether there are pages for customers, at [`PAGES`].
    pub public: bool,
    pub log_level: &'static str,
    pub control_room: Option<String>,
    /// The database's URL.
    pub database: String,
    /// How customers see us.
    pub organisation: &'static str,
    /// The DNS server that is asked who sends mail; `None`: the system's.
    pub dns: Option<SocketAddr>,
    /// What stands below every letter.
    pub footer: Option<&'static str>,
    /// What stands under `trust`, as a YAML mapping in one line.
    pub trust: Option<&'static str>,
    /// What stands under `guard` besides that nothing is too much, as pairs of YAML, each with a comma
    /// before it.
    pub guard: String,
    /// Whom the bot obeys, as a YAML list in one line.
    pub staff: &'static str,
    /// What stands under `onboarding`, as a YAML mapping in one line.
    pub onboarding: Option<String>,
    /// The same under `rooms`.
    pub rooms: Option<String>,
}

impl Settings {
    /// Letters go over submission, with STARTTLS and a login.
    pub fn new(homeserver: String, mail: &MailServers) -> Self {
        let submission = mail.submission_port();
        let authority = mail.ca_file();
        let smtp = format!(
            r#"{{url: "smtp://127.0.0.1:{submission}", username: {SUPPORT}, password: "{}", ca_file: "{}"}}"#,
            mail.password(),
            authority.display()
        );
        Self::with_smtp(homeserver, smtp)
    }

    /// `smtp` is as in the configuration.
    pub fn with_smtp(homeserver: String, smtp: String) -> Self {
        Self {
            homeserver,
            smtp,
            imap: None,
            quiet: "2s",
            max_size: "20MB",
            public: false,
            log_level: "info",
            control_room: None,
            database: "sqlite:postroom.db".to_owned(),
            organisation: "Bootlin",
            dns: None,
            footer: None,
            trust: None,
            guard: String::new(),
            staff: "[\"@*:example.org\"]",
            onboarding: None,
            rooms: None,
        }
    }
}

/// Postroom, running or not; dropping the value stops it and removes its data.
#[derive(Debug)]
pub struct Postroom {
    // Fields are dropped in this order: the program before its folder.
    process: Option<Process>,
    binary: PathBuf,
    appservice: Port,
    lmtp: Port,
    operations: Port,
    pages: Port,
    as_token: String,
    hs_token: String,
    server_name: String,
    /// As YAML.
    /// Instead of the setting.
    staff: Option<String>,
    folder: Folder,
}

impl Postroom {
    /// Chooses ports and tokens, so that the servers around it can be told. `binary` is the
    /// program; its data are going to be in `folder`.
    pub fn new(binary: &Path, folder: Folder) -> Result<Self> {
        Ok(Self {
            process: None,
            binary: binary.to_owned(),
            appservice: ports::free()?,
            lmtp: ports::free()?,
            operations: ports::free()?,
            pages: ports::free()?,
            as_token: secret()?,
            hs_token: secret()?,
            server_name: SERVER.to_owned(),
            staff: None,
            folder,
        })
    }

    /// The same on another homeserver than [`SERVER`].
    pub fn on(mut self, server_name: &str) -> Self {
        server_name.clone_into(&mut self.server_name);
        self
    }

    /// Who may command the bot, as patterns of user ids.
    pub fn set_staff(&mut self, staff: &[&str]) {
        self.staff = Some(format!("{staff:?}"));
    }

    /// What the homeserver has to know.
    pub fn registration(&self) -> String {
        let url = self.appservice.address();
        let (as_token, hs_token) = (&self.as_token, &self.hs_token);
        let server = self.server_name.replace('.', r"\.");
        format!(
            r"id: postroom
url: http://{url}
as_token: {as_token}
hs_token: {hs_token}
sender_localpart: postroom
rate_limited: false
receive_ephemeral: true
de.sorunome.msc2409.push_ephemeral: true
protocols: [email]
namespaces:
  users:
    - exclusive: true
      regex: '@_email_.*:{server}'
  aliases: []
  rooms: []
"
        )
    }

    /// The two tokens: ours for the homeserver, and the homeserver's for us.
    pub fn tokens(&self) -> (&str, &str) {
        (&self.as_token, &self.hs_token)
    }

    /// Where the homeserver pushes to.
    pub fn appservice_url(&self) -> String {
        format!("http://{}", self.appservice.address())
    }

    /// One of the pages for customers, as this machine reaches it.
    pub fn page(&self, url: &str) -> String {
        url.replace(PAGES, &format!("http://{}", self.pages.address()))
    }

    /// Where the local mail server delivers to.
    pub fn lmtp_port(&self) -> u16 {
        self.lmtp.number()
    }

    /// Writes the configuration and the registration.
    pub fn configure(&self, settings: &Settings) -> Result<()> {
        let registration = self
            .folder
            .write("registration.yaml", self.registration())?;
        std::fs::set_permissions(registration, Permissions::from_mode(0o600))?;
        let appservice = self.appservice.address();
        let operations = self.operations.address();
        let server_name = &self.server_name;
        let Settings {
            homeserver,
            smtp,
            imap,
            quiet,
            max_size,
            public,
            log_level,
            control_room,
            database,
            organisation,
            dns,
            footer,
            trust,
            guard,
            staff,
            onboarding,
            rooms,
        } = settings;
        let (imap, lmtp) = match imap {
            Some(imap) => (format!("imap: {imap}"), String::new()),
            None => (
                String::new(),
                format!("lmtp: {{listen: \"{}\"}}", self.lmtp.address()),
            ),
        };
        let staff = self.staff.as_deref().unwrap_or(staff);
        let control_room = control_room
            .as_ref()
            .map_or_else(String::new, |room| format!("control_room: \"{room}\"\n"));
        let footer = footer.map_or_else(String::new, |text| format!("footer: \"{text}\""));
        let trust = trust.map_or_else(String::new, |trust| format!("trust: {trust}"));
        let onboarding = onboarding
            .as_ref()
            .map_or_else(String::new, |it| format!("onboarding: {it}"));
        let rooms = rooms
            .as_ref()
            .map_or_else(String::new, |rooms| format!("rooms: {rooms}"));
        let dns = dns.map_or_else(String::new, |dns| format!("dns: {{server: \"{dns}\"}}"));
        let public = if *public {
            let listen = self.pages.address();
            format!("public: {{url: \"{PAGES}\", listen: \"{listen}\"}}")
        } else {
            String::new()
        };
        let config = self.folder.write(
            "postroom.yaml",
            format!(
                r#"homeserver: {{url: "{homeserver}", server_name: "{server_name}"}}
appservice: {{listen: "{appservice}", url: "http://{appservice}", registration: registration.yaml}}
database: {{url: "{database}"}}
blobs: {{url: "file:blobs"}}
mailboxes:
  support:
    name: {organisation}
    address: {SUPPORT}
    reply_address: "support+{{token}}@example.org"
    smtp: {smtp}
    acknowledge: never
    {imap}
    {trust}
    {footer}
{lmtp}
staff: {staff}
{onboarding}
{rooms}
letters: {{quiet: {quiet}, at_most: 5m, max_size: {max_size}}}
guard: {{conversation: 0, contact: 0, domain: 0, letters: 0, loops: false{guard}}}
{public}
{dns}
operations: {{listen: "{operations}"}}
log: {{level: "{log_level}"}}
{control_room}"#
            ),
        )?;
        std::fs::set_permissions(config, Permissions::from_mode(0o600))?;
        Ok(())
    }

    /// Starts it and waits until it is ready: until the homeserver has answered it, too.
    pub async fn start(&mut self) -> Result<()> {
        self.spawn()?;
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.health().await.is_none_or(|it| it["status"] != "ready") {
            if !self.process.as_mut().is_some_and(Process::is_running) {
                bail!("Postroom ended at its start:\n{}", self.log_tail());
            }
            ensure!(
                Instant::now() < deadline,
                "Postroom did not become ready:\n{}",
                self.log_tail()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Starts it and does not wait.
    pub fn spawn(&mut self) -> Result<()> {
        self.stop();
        let process = Process::start(
            "postroom",
            Command::new(&self.binary)
                .args(["run", "--config", "postroom.yaml"])
                .current_dir(self.folder.path()),
            &self.folder,
        )?;
        self.process = Some(process);
        Ok(())
    }

    /// Ends it as an administrator does.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Ends it as a power cut does.
    pub fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
    }

    /// What `GET /health/ready` says; `None` if nobody answers.
    pub async fn health(&self) -> Option<Value> {
        let url = format!("http://{}/health/ready", self.operations.address());
        let answer = http::client().ok()?.get(url).send().await.ok()?;
        answer.json().await.ok()
    }

    /// The running program's process id.
    pub fn process_id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    pub fn configuration(&self) -> PathBuf {
        self.folder.join("postroom.yaml")
    }

    pub fn log(&self) -> PathBuf {
        self.folder.join("postroom.log")
    }

    /// The database file.
    pub fn database(&self) -> PathBuf {
        self.folder.join("postroom.db")
    }

    fn log_tail(&self) -> String {
        super::process::tail(&self.log(), 30)
    }
}

/// 64 characters that nobody can guess.
fn secret() -> Result<String> {
    use std::io::Read;
    let mut bytes = [0; 32];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(HEXLOWER.encode(&bytes))
}

//! The servers of the demo, set up as an administrator would set them up.

use std::fs::Permissions;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use data_encoding::HEXLOWER;

use crate::screen::Screen;
use crate::servers::folder::Folder;
use crate::servers::http;
use crate::servers::mail_servers::{MailOptions, MailServers};
use crate::servers::ports::{self, Port};
use crate::servers::process::Process;
use crate::servers::synapse::{Synapse, SynapseOptions};

pub const SERVER: &str = "example.org";
pub const SUPPORT: &str = "support@example.org";
pub const STAFF: &str = "ann";
pub const STAFF_PASSWORD: &str = "ann-secret";
pub const CUSTOMER: &str = "jane@acme.com";

/// Everything that runs. Dropping it ends it all and removes the data.
#[derive(Debug)]
pub struct Stage {
    // Fields are dropped in this order: Postroom before those that it speaks to.
    postroom: Process,
    pub mail: MailServers,
    pub synapse: Synapse,
    folder: Folder,
}

/// Where Postroom listens.
#[derive(Debug)]
struct Doors {
    appservice: Port,
    lmtp: Port,
    operations: Port,
}

impl Stage {
    pub async fn set(screen: &Screen) -> Result<Self> {
        let folder = Folder::create()?;
        let doors = Doors {
            appservice: ports::free()?,
            lmtp: ports::free()?,
            operations: ports::free()?,
        };
        let registration = registration(&doors)?;

        let options = SynapseOptions {
            server_name: SERVER.to_owned(),
            registration: Some(registration.clone()),
        };
        let synapse = screen
            .step(
                "Synapse starts, with Postroom registered",
                &[],
                Synapse::start(&options),
            )
            .await?;

        let options = MailOptions {
            lmtp_port: Some(doors.lmtp.number()),
            ..MailOptions::default()
        };
        let mail = screen
            .step(
                "Postfix and Dovecot start",
                &[],
                MailServers::start(&options),
            )
            .await?;

        configure(&registration, &doors, &synapse, &mail, &folder)?;
        let log = folder.join("postroom.log");
        let postroom = screen
            .step("Postroom starts", &[log], start_postroom(&doors, &folder))
            .await?;
        Ok(Self {
            postroom,
            mail,
            synapse,
            folder,
        })
    }

    /// Logs of those who take part in relaying.
    pub fn logs(&self) -> Vec<PathBuf> {
        let [postfix, _] = self.mail.logs();
        vec![postfix, self.postroom.log().to_owned()]
    }

    /// What somebody needs who wants to look around.
    pub fn what_to_open_next(&self) -> String {
        let homeserver = self.synapse.url();
        let imap = self.mail.imap_port();
        let submission = self.mail.submission_port();
        let password = self.mail.password();
        let authority = self.mail.ca_file();
        let configuration = self.folder.join("postroom.yaml");
        let log = self.postroom.log();
        format!(
            "\
A Matrix client, as staff
  homeserver   {homeserver}
  user         {STAFF}   password {STAFF_PASSWORD}   (more users: just register)

A mail program, as the customer ({CUSTOMER}; or anybody else @acme.com, @beta.example)
  IMAP         127.0.0.1 port {imap}, STARTTLS
  SMTP         127.0.0.1 port {submission}, STARTTLS
  user         {CUSTOMER}   password {password}
  trust        {}

Postroom
  configuration {}
  log           {}",
            authority.display(),
            configuration.display(),
            log.display(),
        )
    }
}

fn registration(doors: &Doors) -> Result<String> {
    let url = doors.appservice.address();
    let as_token = secret()?;
    let hs_token = secret()?;
    Ok(format!(
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
      regex: '@_email_.*:example\.org'
  aliases: []
  rooms: []
"
    ))
}

fn configure(
    registration: &str,
    doors: &Doors,
    synapse: &Synapse,
    mail: &MailServers,
    folder: &Folder,
) -> Result<()> {
    let secrets = [
        folder.write("registration.yaml", registration)?,
        folder.write("smtp-password", mail.password())?,
    ];
    for path in secrets {
        std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
    }
    let authority = std::fs::read(mail.ca_file())?;
    folder.write("ca.pem", authority)?;

    let homeserver = synapse.url();
    let appservice = doors.appservice.address();
    let submission = mail.submission_port();
    let lmtp = doors.lmtp.address();
    let operations = doors.operations.address();
    folder.write(
        "postroom.yaml",
        format!(
            r#"homeserver: {{url: "{homeserver}", server_name: {SERVER}}}
appservice: {{listen: "{appservice}", url: "http://{appservice}", registration: registration.yaml}}
database: {{url: "sqlite:postroom.db"}}
blobs: {{url: "file:blobs"}}
mailboxes:
  support:
    name: Bootlin
    address: {SUPPORT}
    reply_address: "support+{{token}}@example.org"
    smtp: {{url: "smtp://127.0.0.1:{submission}", username: {SUPPORT}, password_file: smtp-password, ca_file: ca.pem}}
lmtp: {{listen: "{lmtp}"}}
staff: ["@*:{SERVER}"]
# Shorter than anybody would want, so that nobody waits for the demo.
letters: {{quiet: 2s, at_most: 5m}}
operations: {{listen: "{operations}"}}
"#
        ),
    )?;
    Ok(())
}

async fn start_postroom(doors: &Doors, folder: &Folder) -> Result<Process> {
    let binary = binary()?;
    let mut postroom = Process::start(
        "postroom",
        Command::new(binary)
            .args(["run", "--config", "postroom.yaml"])
            .current_dir(folder.path()),
        folder,
    )?;
    let ready = format!("http://{}/health/ready", doors.operations.address());
    let client = http::client()?;
    let deadline = Instant::now() + Duration::from_secs(30);
    while !http::is_ok(&ready, &client).await {
        if !postroom.is_running() {
            bail!("Postroom ended at its start");
        }
        ensure!(
            Instant::now() < deadline,
            "Postroom did not become ready at {ready}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(postroom)
}

/// The program was built with the demo, into the folder above it.
fn binary() -> Result<PathBuf> {
    let demo = std::env::current_exe()?;
    let folder = demo.parent().and_then(std::path::Path::parent);
    let binary = folder
        .context("the demo lies in no folder")?
        .join("postroom");
    ensure!(
        binary.exists(),
        "no program at {}: run `make demo`",
        binary.display()
    );
    Ok(binary)
}

/// 64 characters that nobody can guess.
fn secret() -> Result<String> {
    let mut bytes = [0; 32];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(HEXLOWER.encode(&bytes))
}

//! The servers of the demo, set up as an administrator would set them up.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::dns_server::DnsServer;
use crate::screen::Screen;
use crate::servers::folder::Folder;
use crate::servers::mail_servers::{MailOptions, MailServers};
use crate::servers::postroom::{Postroom, Settings};
use crate::servers::provider::PROVIDER_RECORD;
use crate::servers::synapse::{Synapse, SynapseOptions};

pub const STAFF: &str = "ann";
pub const STAFF_PASSWORD: &str = "ann-secret";
pub const CUSTOMER: &str = "jane@acme.com";

/// Everything that runs. Dropping it ends it all and removes the data.
#[derive(Debug)]
pub struct Stage {
    // Fields are dropped in this order: Postroom before those that it speaks to.
    pub postroom: Postroom,
    pub mail: MailServers,
    pub synapse: Synapse,
    dns: DnsServer,
}

impl Stage {
    /// Starts everything; `adapt` may change what stands in Postroom's configuration.
    pub async fn set(adapt: impl FnOnce(&mut Settings), screen: &Screen) -> Result<Self> {
        let postroom = Postroom::new(&binary()?, Folder::create()?)?;

        let options = SynapseOptions {
            registration: Some(postroom.registration()),
            ..SynapseOptions::default()
        };
        let synapse = screen
            .step(
                "Synapse starts, with Postroom registered",
                &[],
                Synapse::start(&options),
            )
            .await?;

        let options = MailOptions {
            lmtp_port: Some(postroom.lmtp_port()),
            ..MailOptions::default()
        };
        let mail = screen
            .step(
                "Postfix and Dovecot start",
                &[],
                MailServers::start(&options),
            )
            .await?;

        // The customers' domains say which server sends their mail.
        let dns = DnsServer::start().await;
        for domain in &options.customers {
            dns.add_text(domain, PROVIDER_RECORD);
        }

        let mut stage = Self {
            postroom,
            mail,
            synapse,
            dns,
        };
        let mut settings = stage.settings();
        adapt(&mut settings);
        stage.postroom.configure(&settings)?;
        let log = stage.postroom.log();
        screen
            .step("Postroom starts", &[log], stage.postroom.start())
            .await?;
        Ok(stage)
    }

    /// How Postroom finds the others. Letters go sooner than anybody would want, so that nobody waits
    /// for the demo.
    pub fn settings(&self) -> Settings {
        Settings {
            dns: Some(self.dns.address()),
            ..Settings::new(self.synapse.url(), &self.mail)
        }
    }

    /// Logs of those who take part in relaying.
    pub fn logs(&self) -> Vec<PathBuf> {
        let [postfix, _] = self.mail.logs();
        vec![postfix, self.postroom.log()]
    }

    /// What somebody needs who wants to look around.
    pub fn what_to_open_next(&self) -> String {
        let homeserver = self.synapse.url();
        let imap = self.mail.imap_port();
        let submission = self.mail.customers_port();
        let password = self.mail.password();
        let authority = self.mail.ca_file();
        let configuration = self.postroom.configuration();
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

/// The program was built with the demo, into the folder above it.
fn binary() -> Result<PathBuf> {
    let demo = std::env::current_exe()?;
    let folder = demo.parent().and_then(Path::parent);
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

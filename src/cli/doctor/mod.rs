//! `postroom doctor`: every check of an installation, and for what isn't well what to do.
//!
//! May import everything; imported by `cli`. One file per area of `report::Area`, each with an
//! `examine` that returns its checks; `scene` is what they look at, `terminal` shows what they
//! found.
//!
//! To add a check: in the file of its area add one more `report::Check`, made by `Area::ok`,
//! `warning`, `fault` or `skipped`. Whatever isn't well takes an `report::Advice`: what was found,
//! what follows from it, and the command or the key that mends it. Four things to note: nothing may be
//! changed that isn't taken back, everything that waits has a limit, what depends on something that
//! has failed is `skipped` with that as the reason, and secrets are never shown. To add an area: a
//! variant of `Area`, a file, and a line in `examine` below.

mod config_file;
mod control_room;
mod database;
mod dkim;
mod dns;
mod files;
mod homeserver;
mod imap;
mod lmtp;
mod machine;
mod operations;
mod ping;
mod postgres;
mod public;
mod registration;
mod reply_address;
mod report;
mod round_trip;
mod running;
mod scene;
mod smtp;
mod spf;
mod sqlite;
mod terminal;
mod tls;
mod version;

use std::{io::IsTerminal as _, path::PathBuf, process::ExitCode, time::Duration};

use data_encoding::BASE64;
use secrecy::{ExposeSecret, SecretString};

use self::{
    report::{Area, Check, Report, Status},
    running::{Door, Running},
    scene::Scene,
};
use crate::{
    config::{self, Config, Database, Inspected, MailboxName},
    lifecycle::{Chance, Clock},
    matrix::registration::Registration,
    store::inspect,
};

/// Check everything, and say what to do
///
/// Works while Postroom runs and while it doesn't, and changes nothing. Ends with 0 if all is well,
/// with 1 if there are warnings, with 2 if there are faults.
#[derive(Debug, clap::Args)]
pub struct Doctor {
    #[arg(long, value_name = "FILE", default_value = "config.yaml")]
    config: PathBuf,
    /// One JSON object, for machines
    #[arg(long)]
    json: bool,
    /// Also send a mail from each mailbox to a reply address of its own, which must come back
    #[arg(long)]
    send: bool,
    /// How long to wait for it
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    wait: u64,
    /// Only these areas
    #[arg(long, value_enum, num_args = 1.., value_name = "AREA")]
    only: Vec<Area>,
}

impl Doctor {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let inspected = Config::inspect(&self.config, config::environment());
        let secrets = secrets(inspected.config.as_ref());
        let mut checks = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?
            .block_on(self.examine(inspected));
        for check in &mut checks {
            check.cleanse(&secrets);
        }
        if self.json {
            println!("{}", serde_json::to_string_pretty(&Report::of(&checks))?);
        } else {
            let colours = std::io::stdout().is_terminal() && !config::is_colour_unwanted();
            let version = env!("CARGO_PKG_VERSION");
            let title = format!("Postroom {version} · {}", self.config.display());
            print!("{}", terminal::show(&title, &checks, colours));
        }
        Ok(match report::worst(&checks) {
            Status::Ok | Status::Skipped => ExitCode::SUCCESS,
            Status::Warning => ExitCode::from(1),
            Status::Fault => ExitCode::from(2),
        })
    }

    async fn examine(&self, inspected: Inspected) -> Vec<Check> {
        let Inspected {
            config,
            faults,
            secrets,
        } = inspected;
        let is_faulty = faults.iter().next().is_some();
        let mut checks = Vec::new();
        // A fault of the configuration is shown whatever was asked for: all else builds on it.
        if is_faulty || self.wants(Area::Config) {
            checks.extend(config_file::examine(config.as_ref(), &faults));
        }
        let Some(config) = config else {
            let why = "the configuration can't be read as a whole";
            let rest = <Area as clap::ValueEnum>::value_variants().iter();
            let rest = rest.filter(|area| **area != Area::Config && self.wants(**area));
            checks.extend(rest.map(|area| area.skipped("everything", why)));
            return checks;
        };
        let without_smtp = |name: &&MailboxName| {
            let place = format!("mailboxes.{name}.smtp");
            faults.iter().any(|fault| fault.what.contains(&place))
        };
        let without_smtp = config
            .mailboxes
            .keys()
            .filter(without_smtp)
            .cloned()
            .collect();
        let registration = Registration::read(&config.appservice.registration).ok();
        let scene = Scene {
            running: running(&config, registration.as_ref()).await,
            config,
            config_file: self.config.clone(),
            registration,
            without_smtp,
            clock: Clock::System,
            chance: Chance::System,
        };
        if self.wants(Area::Config) {
            checks.extend(files::examine(&scene, &secrets));
        }
        checks.extend(Box::pin(self.beyond_the_files(&scene)).await);
        checks
    }

    /// Areas that don't need each other are looked into side by side.
    async fn beyond_the_files(&self, scene: &Scene) -> Vec<Check> {
        let matrix = async {
            let findings = if self.wants_any(&[Area::Homeserver, Area::ControlRoom, Area::Machine])
            {
                homeserver::examine(scene).await
            } else {
                homeserver::Findings::default()
            };
            let room = self.when(
                Area::ControlRoom,
                control_room::examine(findings.access.as_ref(), scene),
            );
            (room.await, findings)
        };
        let mail = async {
            let smtp = self.when(Area::Smtp, smtp::examine(scene)).await;
            let send = self.send.then(|| Duration::from_secs(self.wait));
            let reply = self.when(
                Area::ReplyAddress,
                reply_address::examine(send, &smtp, scene),
            );
            let reply = reply.await;
            (smtp, reply)
        };
        let (database, (room, findings), (smtp, reply), lmtp, imap, dns, public, operations) = tokio::join!(
            self.when(Area::Database, database::examine(scene)),
            matrix,
            mail,
            self.when(Area::Lmtp, lmtp::examine(scene)),
            self.when(Area::Imap, imap::examine(scene)),
            self.when(Area::Dns, dns::examine(scene)),
            self.when(Area::Public, public::examine(scene)),
            self.when(Area::Operations, operations::examine(scene)),
        );
        let mut checks = Vec::new();
        if self.wants(Area::Machine) {
            checks.extend(machine::examine(findings.clocks, scene));
        }
        checks.extend(database);
        if self.wants(Area::Homeserver) {
            checks.extend(findings.checks);
        }
        for area in [room, smtp, lmtp, imap, reply, dns, public] {
            checks.extend(area);
        }
        checks.extend(operations);
        checks
    }

    fn wants(&self, area: Area) -> bool {
        self.only.is_empty() || self.only.contains(&area)
    }

    fn wants_any(&self, areas: &[Area]) -> bool {
        areas.iter().any(|area| self.wants(*area))
    }

    async fn when(&self, area: Area, checks: impl Future<Output = Vec<Check>>) -> Vec<Check> {
        if self.wants(area) {
            checks.await
        } else {
            Vec::new()
        }
    }
}

async fn running(config: &Config, registration: Option<&Registration>) -> Running {
    let door = match registration {
        Some(own) => running::door(config.appservice.listen, &own.hs_token).await,
        None => Door::Nobody,
    };
    let process = match &config.database {
        Database::Sqlite(path) => running::holder(&inspect::sqlite::beside(path, ".lock")),
        // Who is in charge may be on another machine.
        Database::Postgres(_) => None,
    };
    Running { door, process }
}

/// What must never be shown, also not in the words of others.
fn secrets(config: Option<&Config>) -> Vec<String> {
    let Some(config) = config else {
        return Vec::new();
    };
    let mut secrets = Vec::new();
    let mut add = |secret: &SecretString| secrets.push(secret.expose_secret().to_owned());
    if let Ok(own) = Registration::read(&config.appservice.registration) {
        add(&own.as_token);
        add(&own.hs_token);
    }
    if let Database::Postgres(url) = &config.database {
        add(url);
        let password = url::Url::parse(url.expose_secret()).ok();
        let password = password.and_then(|url| url.password().map(str::to_owned));
        add(&password.unwrap_or_default().into());
    }
    for mailbox in config.mailboxes.values() {
        for dkim in &mailbox.dkim {
            // Its lines: nobody repeats it whole.
            for line in dkim
                .key
                .expose_secret()
                .lines()
                .filter(|line| !line.starts_with('-'))
            {
                add(&line.into());
            }
        }
        let imap = mailbox.imap.as_ref().map(|imap| &imap.server);
        for server in [Some(&mailbox.smtp), imap].into_iter().flatten() {
            let Some(credentials) = &server.credentials else {
                continue;
            };
            let password = credentials.current_password();
            add(&credentials.password);
            add(&password);
            let password = password.expose_secret();
            let told = format!("\0{}\0{password}", credentials.username);
            add(&BASE64.encode(told.as_bytes()).into());
            add(&BASE64.encode(password.as_bytes()).into());
        }
    }
    secrets.retain(|secret| !secret.is_empty());
    secrets
}

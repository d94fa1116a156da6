//! `postroom person`: what is stored about somebody, and its end.

use std::{
    fs,
    io::{BufRead as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};

use crate::{
    config::{self, Config},
    domain::address::EmailAddress,
    lifecycle::Clock,
    store::{
        blobs::Blobs,
        erasures, inspect,
        person::{Person, export},
    },
};

/// Export or erase what is stored about a person
#[derive(Debug, Args)]
pub struct PersonCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Export(Export),
    Erase(Erase),
}

/// Write everything that is stored about a person into a new folder; Postroom may run
#[derive(Debug, Args)]
struct Export {
    /// The person's email address
    address: String,
    /// The folder, which must not exist
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "config.yaml")]
    config: PathBuf,
}

/// Have everything about a person erased, by the Postroom that runs or when it runs next
#[derive(Debug, Args)]
struct Erase {
    /// The person's email address
    address: String,
    /// Redact what they have said in rooms, too
    #[arg(long)]
    redact: bool,
    /// Don't ask
    #[arg(long)]
    yes: bool,
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "config.yaml")]
    config: PathBuf,
}

impl PersonCommand {
    pub fn run(self) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        match self.command {
            Command::Export(export) => runtime.block_on(run_export(&export)),
            Command::Erase(erase) => runtime.block_on(run_erase(&erase)),
        }
    }
}

fn address(text: &str) -> anyhow::Result<EmailAddress> {
    EmailAddress::parse(text)
        .map_err(|fault| anyhow::anyhow!("“{text}” is no email address: {fault}"))
}

async fn run_export(asked: &Export) -> anyhow::Result<()> {
    let address = address(&asked.address)?;
    let config = Config::load(&asked.config, config::environment())?;
    let mut connection = inspect::look(&config.database).await?;
    let person = Person::of(&mut connection, &address).await?;
    let rows = export::rows(&mut connection, &person).await?;
    let mails = export::raw_mails(&mut connection, &person).await?;
    if rows.is_empty() && mails.is_empty() {
        bail!("nothing is stored about {address}");
    }
    fs::DirBuilder::new()
        .mode(0o700)
        .create(&asked.to)
        .with_context(|| format!("can't make the folder {}", asked.to.display()))?;
    let count: usize = rows.values().map(Vec::len).sum();
    write(
        &asked.to.join("person.json"),
        &serde_json::to_vec_pretty(&rows)?,
    )?;
    let folder = asked.to.join("mails");
    fs::DirBuilder::new().mode(0o700).create(&folder)?;
    let blobs = Blobs::open(config.blobs.path())?;
    let written = mails.len();
    for (mail, raw) in mails {
        let raw = blobs.read(raw).await?;
        write(&folder.join(format!("{mail}.eml")), &raw)?;
    }
    println!(
        "Wrote {count} rows of the database into person.json, and {written} mails into mails/, below {}. \
         Rows that name the person may hold what other people wrote: look through them before you hand \
         them over.",
        asked.to.display()
    );
    Ok(())
}

fn write(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    file.and_then(|mut file| file.write_all(content))
        .with_context(|| format!("can't write {}", path.display()))
}

async fn run_erase(asked: &Erase) -> anyhow::Result<()> {
    let address = address(&asked.address)?;
    let config = Config::load(&asked.config, config::environment())?;
    let own = |mailbox: &config::Mailbox| mailbox.address == address;
    if config.mailboxes.values().any(own) {
        bail!("{address} is the address of a mailbox, not of a person");
    }
    if !asked.yes {
        print!(
            "Everything about {address} will be deleted, for good. Write the address again to go on: "
        );
        std::io::stdout().flush()?;
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer)?;
        if EmailAddress::parse(answer.trim()).ok() != Some(address.clone()) {
            bail!("that is another address; nothing was done");
        }
    }
    let now = Clock::System.now().as_millisecond();
    erasures::ask_beside(&config.database, &address, asked.redact, now).await?;
    println!(
        "Noted. If Postroom runs it begins within seconds; if not, when it runs next. It says in the \
         control room, or in its log, when it is done."
    );
    Ok(())
}

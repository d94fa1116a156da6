//! `postroom database`: the database as a whole.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use data_encoding::HEXLOWER;

use crate::{
    config::{self, Config, Database},
    store::copy,
};

/// Work on the database as a whole
#[derive(Debug, Args)]
pub struct DatabaseCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Copy(Copy),
}

/// Copy the SQLite database into an empty PostgreSQL database; Postroom must not run
#[derive(Debug, Args)]
struct Copy {
    /// The PostgreSQL database, such as `postgres://postroom@localhost/postroom`
    #[arg(long, value_name = "URL")]
    to: String,
    /// The configuration, which names the SQLite database
    #[arg(long, value_name = "FILE", default_value = "config.yaml")]
    config: PathBuf,
}

impl DatabaseCommand {
    pub fn run(self) -> anyhow::Result<()> {
        let Command::Copy(copy) = self.command;
        let config = Config::load(&copy.config, config::environment())?;
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?
            .block_on(run_copy(&config, copy.to))
    }
}

async fn run_copy(config: &Config, to: String) -> anyhow::Result<()> {
    let Database::Sqlite(from) = &config.database else {
        bail!("the configuration names a PostgreSQL database already; there is nothing to copy");
    };
    let to = Database::parse(to.into())
        .map_err(anyhow::Error::msg)
        .context("--to")?;
    let Database::Postgres(to) = &to else {
        bail!(
            "--to must be the URL of a PostgreSQL database, such as postgres://postroom@localhost/postroom"
        );
    };
    let begun = std::time::Instant::now();
    let copied = copy::copy(from, to).await?;
    println!("{:<20} {:>10}  {:<16}", "table", "rows", "SHA-256");
    let mut rows = 0;
    let mut differences = 0;
    for table in &copied {
        let is_same = table.from == table.to;
        let digest = HEXLOWER.encode(&table.from.digest[..8]);
        let verdict = if is_same { "same" } else { "DIFFERENT" };
        println!(
            "{:<20} {:>10}  {digest:<16}  {verdict}",
            table.name, table.from.rows
        );
        rows += table.from.rows;
        differences += usize::from(!is_same);
    }
    if differences > 0 {
        bail!(
            "{differences} tables differ; nothing was written. Please report it, and stay with SQLite"
        );
    }
    println!(
        "Copied {rows} rows in {:.1} s. The folder of the blobs stays where it is. Now set database.url, and \
         start Postroom.",
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

//! `postroom keys`: the secrets that sign reply addresses and Message-IDs.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use jiff::Timestamp;

use crate::{
    config::{self, Config},
    lifecycle::{Chance, Clock},
    store::{Store, keys},
};

/// Change the keys that sign reply addresses; Postroom must not run
#[derive(Debug, Args)]
pub struct KeysCommand {
    #[command(subcommand)]
    command: Command,
    /// The configuration, which names the database
    #[arg(
        long,
        value_name = "FILE",
        default_value = "config.yaml",
        global = true
    )]
    config: PathBuf,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Command {
    /// Show the keys; the last one signs
    List,
    /// Sign with a new key; what older ones have signed still counts
    Rotate,
    /// Let what a key has signed count for nothing any more
    Revoke {
        /// Its number in the list
        id: i64,
    },
}

impl KeysCommand {
    pub fn run(self) -> anyhow::Result<()> {
        let config = Config::load(&self.config, config::environment())?;
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?
            .block_on(run(&config, self.command))
    }
}

async fn run(config: &Config, command: Command) -> anyhow::Result<()> {
    let store = Store::open(&config.database).await?;
    match command {
        Command::List => {}
        Command::Rotate => {
            let (secret, now) = (Chance::System.bytes(), Clock::System.now().as_millisecond());
            let made = store
                .write(move |tx| Box::pin(async move { keys::rotate(tx, secret, now).await }))
                .await?;
            made.context("there are sixteen keys already; revoke the oldest")?;
        }
        Command::Revoke { id } => {
            let is_done = store
                .write(move |tx| Box::pin(async move { keys::revoke(tx, id).await }))
                .await?;
            if !is_done {
                bail!(
                    "{id} is no key that can be revoked: `postroom keys list` shows them, and the last one signs"
                );
            }
        }
    }
    let known = keys::ids(&mut store.read().await?).await?;
    for (id, made_at) in &known {
        let made_at = Timestamp::from_millisecond(*made_at)?;
        let signs = if known.last().is_some_and(|(last, _)| last == id) {
            "  signs"
        } else {
            ""
        };
        println!(
            "{id:>4}  made {}{signs}",
            made_at.strftime("%Y-%m-%d %H:%M UTC")
        );
    }
    Ok(())
}

//! The command line: one file per subcommand.
//!
//! May import everything; imported by `main` only.

pub mod database;
pub mod init;
pub mod parse;
pub mod registration;
pub mod run;

use clap::{Parser, Subcommand};

/// Lets people without Matrix take part in Matrix rooms by email.
#[derive(Debug, Parser)]
#[command(name = "postroom", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Init),
    Registration(registration::ShowRegistration),
    Run(run::Run),
    Parse(parse::Parse),
    Database(database::DatabaseCommand),
}

impl Cli {
    /// Does what was asked for.
    pub fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Init(init) => init.run(),
            Command::Registration(registration) => registration.run(),
            Command::Run(run) => run.run(),
            Command::Parse(parse) => parse.run(),
            Command::Database(database) => database.run(),
        }
    }
}

//! The command line: one file per subcommand.
//!
//! May import everything; imported by `main` only.

pub mod database;
pub mod doctor;
pub mod init;
pub mod keys;
pub mod parse;
pub mod person;
pub mod registration;
pub mod run;
mod users;

use std::process::ExitCode;

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
    Init(Box<init::Init>),
    Registration(registration::ShowRegistration),
    Run(run::Run),
    Doctor(doctor::Doctor),
    Parse(parse::Parse),
    Database(database::DatabaseCommand),
    Keys(keys::KeysCommand),
    Person(person::PersonCommand),
}

impl Cli {
    /// Does what was asked for, and says how the program ends.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let done = match self.command {
            Command::Init(init) => init.run(),
            Command::Registration(registration) => registration.run(),
            Command::Run(run) => run.run(),
            Command::Doctor(doctor) => return doctor.run(),
            Command::Parse(parse) => parse.run(),
            Command::Database(database) => database.run(),
            Command::Keys(keys) => keys.run(),
            Command::Person(person) => person.run(),
        };
        done.map(|()| ExitCode::SUCCESS)
    }
}

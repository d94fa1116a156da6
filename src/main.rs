//! The program; everything is in the library.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // Both can only fail if done twice.
    let _first = rustls::crypto::ring::default_provider().install_default();
    match postroom::cli::Cli::parse().run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

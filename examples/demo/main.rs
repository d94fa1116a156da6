//! `make demo`: a room, a letter, an answer, with the real Synapse, Postfix, Dovecot and Postroom,
//! all on loopback and all gone afterwards.
//!
//! At a terminal everything stays up until Ctrl-C, so that one can look at it with a Matrix
//! client and a mail program. Otherwise the program ends after the play, and fails if a step did.
//!
//! [`stage`] starts the servers, [`play`] is what happens on it, [`screen`] shows it.

#[path = "../../tests/support/dns_server.rs"]
#[allow(
    clippy::unwrap_used,
    reason = "without it there is nothing to be played"
)]
mod dns_server;
mod play;
mod screen;
#[path = "../../tests/support/servers/mod.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod servers;
#[allow(dead_code, reason = "the pictures use the rest")]
mod stage;

use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::{Result, anyhow};
use screen::Screen;
use stage::Stage;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    let terminal = std::io::stdout().is_terminal();
    let screen = Screen::new(terminal);
    match demo(terminal, &screen).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            screen.fail(&failure);
            ExitCode::FAILURE
        }
    }
}

async fn demo(stay: bool, screen: &Screen) -> Result<()> {
    // Whatever was started ends when the stage is dropped, which an interruption does, too.
    let stage = tokio::select! {
        stage = perform(screen) => stage?,
        result = interruption() => return result.and(Err(anyhow!("interrupted"))),
    };
    screen.total();
    if stay {
        Screen::paragraph(&stage.what_to_open_next());
        Screen::paragraph("Ctrl-C ends it all.");
        interruption().await?;
    }
    Ok(())
}

async fn perform(screen: &Screen) -> Result<Stage> {
    let stage = Stage::set(|_| {}, screen).await?;
    play::play(&stage, screen).await?;
    Ok(stage)
}

/// Ends with a Ctrl-C or a polite request to end.
async fn interruption() -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

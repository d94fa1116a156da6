//! The conversation of the README's pictures, on the real Synapse, Postfix, Dovecot and Postroom.
//!
//! `scripts/pictures` runs it: it plays the [`scene`], writes into the file that it is given where
//! everything is, and stays until it is asked to end. It stands on the demo's stage.

mod answer;
mod desk;
#[path = "../../tests/support/dns_server.rs"]
#[allow(
    clippy::unwrap_used,
    reason = "without it there is nothing to be played"
)]
mod dns_server;
mod files;
mod scene;
#[path = "../demo/screen.rs"]
#[allow(dead_code, reason = "the demo uses the rest")]
mod screen;
#[path = "../../tests/support/servers/mod.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod servers;
#[path = "../demo/stage.rs"]
#[allow(dead_code, reason = "the demo uses the rest")]
mod stage;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use screen::Screen;
use serde_json::{Value, json};
use stage::{CUSTOMER, STAFF, STAFF_PASSWORD, Stage};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> Result<()> {
    let file = std::env::args_os().nth(1).map(PathBuf::from);
    let file = file.context("usage: pictures FILE")?;
    let mut terminate = signal(SignalKind::terminate())?;
    let screen = Screen::new(false);
    // Whatever was started ends when the stage is dropped.
    let stage = tokio::select! {
        stage = perform(&screen) => stage?,
        _ = terminate.recv() => return Err(anyhow!("interrupted")),
    };
    fs::write(&file, places(&stage).to_string())
        .with_context(|| format!("writing {}", file.display()))?;
    terminate.recv().await;
    Ok(())
}

async fn perform(screen: &Screen) -> Result<Stage> {
    let mut stage = Stage::set(scene::adapt, screen).await?;
    scene::play(&stage, screen).await?;
    desk::play(&mut stage, screen).await?;
    Ok(stage)
}

/// What the programs need that take the pictures.
fn places(stage: &Stage) -> Value {
    json!({
        "homeserver": stage.synapse.url(),
        "staff": STAFF,
        "staff_password": STAFF_PASSWORD,
        "imap_port": stage.mail.imap_port(),
        "customer": CUSTOMER,
        "stranger": desk::STRANGER,
        "customer_password": stage.mail.password(),
    })
}

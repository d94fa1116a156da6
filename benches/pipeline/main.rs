//! How fast the whole program is: Matrix events to mails, mails to Matrix events.
//!
//! The program runs as it would be installed, with its database on a disk; the homeserver and the
//! mail server are the tests' fakes, in this process. Everything is measured twice: with an empty
//! database, and with one that holds what has gathered in years (`history.sql`), as the cost of a
//! message is not to grow. `docs/benchmarks.md` says what the figures mean.

mod history;
#[path = "../../tests/support/mod.rs"]
mod support;
mod table;
mod traffic;
mod usage;

use std::path::{Path, PathBuf};

use anyhow::Result;
use support::servers::folder::Folder;
use table::Figures;
use traffic::Traffic;

const ROOMS: usize = 20;
/// Messages, and then answers, that come as fast as they are taken.
const MANY: usize = 2000;
/// Messages, and then answers, that come one by one.
const FEW: usize = 200;

#[tokio::main]
async fn main() -> Result<()> {
    let folder = data()?;
    println!("Data in {}", folder.path().display());
    let mut traffic = Traffic::set(ROOMS, folder).await?;
    let empty = measure(&mut traffic).await?;
    traffic.stop();
    history::insert(&traffic.database()).await?;
    let full = measure(&mut traffic).await?;
    table::print(&empty, &full);
    Ok(())
}

async fn measure(traffic: &mut Traffic) -> Result<Figures> {
    let mut figures = Figures::default();
    traffic.restart("0s").await?;
    traffic.letters("letters", MANY, &mut figures).await?;
    traffic.answers("answers", MANY, &mut figures).await?;
    traffic.single_letters(FEW, &mut figures).await?;
    traffic.single_answers(FEW, &mut figures).await?;
    figures.add("memory at the end", "MiB", traffic.memory()?);
    traffic.restart("1s").await?;
    traffic.letters("gathered", MANY, &mut figures).await?;
    Ok(figures)
}

/// A new folder in `POSTROOM_BENCH_DATA`, or in cargo's target folder, which is on a disk as a rule.
fn data() -> Result<Folder> {
    let parent = std::env::var_os("POSTROOM_BENCH_DATA").map_or_else(
        || Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench-data"),
        PathBuf::from,
    );
    std::fs::create_dir_all(&parent)?;
    Folder::create_in(&parent)
}

//! How many durable commits the store makes in a second: alone, and batched for many at a time.
//!
//! Every write stores one Matrix event in a transaction, as the appservice endpoint does. It is
//! answered once it is on the disk; writes that wait at the same time share a commit.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use postroom::config::Database;
use postroom::store::inbox::{self, NewEvent};
use postroom::store::{Store, StoreError};

/// How long each number of writers is measured.
const TIME: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let parent = std::env::var_os("POSTROOM_BENCH_DATA").map_or_else(
        || Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench-data"),
        PathBuf::from,
    );
    std::fs::create_dir_all(&parent)?;
    let folder = tempfile::tempdir_in(&parent)?;
    // The server's own data are where it keeps them.
    let server = std::env::var_os("POSTROOM_BENCH_DATABASE");
    let database = match server.map(|url| url.to_string_lossy().into_owned()) {
        Some(url) => Database::parse(url.into()).map_err(anyhow::Error::msg)?,
        None => Database::Sqlite(folder.path().join("postroom.db")),
    };
    let store = Store::open(&database).await?;
    match &database {
        Database::Sqlite(path) => println!("Data in {}", path.display()),
        Database::Postgres(_) => println!("Data in PostgreSQL"),
    }
    println!(
        "{:>8} {:>12} {:>12} {:>12}",
        "writers", "writes/s", "50 % in ms", "99 % in ms"
    );
    for writers in [1_usize, 16, 256] {
        let (rate, mut times) = measure(writers, &store).await?;
        times.sort_unstable();
        let within = |percent: usize| {
            let place = (times.len() * percent / 100).min(times.len() - 1);
            times[place].as_secs_f64() * 1000.0
        };
        println!(
            "{writers:>8} {rate:>12.0} {:>12.2} {:>12.2}",
            within(50),
            within(99)
        );
    }
    Ok(())
}

/// Writes per second, and how long each took.
async fn measure(writers: usize, store: &Store) -> anyhow::Result<(f64, Vec<Duration>)> {
    let begun = Instant::now();
    let tasks: Vec<_> = (0..writers)
        .map(|writer| tokio::spawn(write_on(writers, writer, begun, store.clone())))
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    let count = u32::try_from(times.len())?;
    Ok((f64::from(count) / begun.elapsed().as_secs_f64(), times))
}

async fn write_on(
    writers: usize,
    writer: usize,
    begun: Instant,
    store: Store,
) -> Result<Vec<Duration>, StoreError> {
    let mut times = Vec::new();
    for number in 0.. {
        if begun.elapsed() > TIME {
            break;
        }
        let id = format!("{writers}-{writer}-{number}");
        let event = NewEvent {
            id: format!("${id}"),
            room: format!("!room{writer}"),
            sender: "@ann:example.org".to_owned(),
            body: format!(r#"{{"content":{{"body":"{}"}}}}"#, "x".repeat(500)),
        };
        let write = Instant::now();
        store
            .write(move |tx| {
                Box::pin(async move {
                    inbox::accept(tx, &id, id.as_bytes(), &[event], &[], "bench", 0).await
                })
            })
            .await?;
        times.push(write.elapsed());
    }
    Ok(times)
}

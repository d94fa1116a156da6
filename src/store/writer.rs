//! The one writer: batches the changes that wait into one commit, so that durability costs one
//! sync for many.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::sync::{mpsc, oneshot};

use super::{
    Connection, StoreError,
    wakes::{Queue, Wakes, bit},
};
use crate::telemetry::metrics::catalogue::{
    DATABASE_COMMIT_TIME, DATABASE_COMMITS, DATABASE_WAIT, NO_LABELS,
};

/// Most changes in one commit: bounds how long the first one waits.
const LARGEST_BATCH: usize = 256;
/// Most changes that wait; further ones wait for a place.
const QUEUE_LENGTH: usize = 1024;

/// A running transaction.
pub struct Tx {
    connection: Connection,
    rings: u8,
    tallies: Vec<Tally>,
}

/// Counts something for the metrics.
type Tally = Box<dyn FnOnce() + Send>;

impl Tx {
    pub fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Rings the bell of `queue` once this is committed.
    pub fn wake(&mut self, queue: Queue) {
        self.rings |= bit(queue);
    }

    /// Counts something for the metrics once this is committed; never if it is taken back.
    pub fn once_committed(&mut self, tally: impl FnOnce() + Send + 'static) {
        self.tallies.push(Box::new(tally));
    }
}

impl std::fmt::Debug for Tx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tx").finish_non_exhaustive()
    }
}

/// Tells the one who waits how it ended; called after the commit.
type Finish = Box<dyn FnOnce(Result<(), String>) + Send>;
/// Makes a change; `None` if it failed and must be taken back, for which the asker was told already.
type Job = Box<dyn for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Option<Finish>> + Send>;

#[derive(Clone, Debug)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
    wakes: Wakes,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE_LENGTH);
        let wakes = Wakes::default();
        tokio::spawn(run(
            Tx {
                connection,
                rings: 0,
                tallies: Vec::new(),
            },
            queue,
            wakes.clone(),
        ));
        Self { jobs, wakes }
    }

    pub(super) fn wakes(&self) -> &Wakes {
        &self.wakes
    }

    pub(super) async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        let (answer, result) = oneshot::channel();
        let begun = Arc::new(AtomicBool::new(false));
        let begins = Arc::clone(&begun);
        let asked = Instant::now();
        let job: Job = Box::new(move |tx| {
            begins.store(true, Ordering::Relaxed);
            DATABASE_WAIT.observe(asked.elapsed(), NO_LABELS);
            Box::pin(async move {
                match job(tx).await {
                    Ok(value) => {
                        let finish: Finish = Box::new(move |committed| {
                            let _gone = answer
                                .send(committed.map(|()| value).map_err(StoreError::NotWritten));
                        });
                        Some(finish)
                    }
                    Err(error) => {
                        let _gone = answer.send(Err(error));
                        None
                    }
                }
            })
        });
        let stopped = || StoreError::NotWritten("the store has stopped".to_owned());
        self.jobs.send(job).await.map_err(|_| stopped())?;
        result.await.map_err(|_| {
            if begun.load(Ordering::Relaxed) {
                StoreError::Panicked
            } else {
                // Not this change's fault: the commit that it was to be part of failed before.
                StoreError::NotWritten("the transaction failed".to_owned())
            }
        })?
    }
}

async fn run(mut tx: Tx, mut queue: mpsc::Receiver<Job>, wakes: Wakes) {
    let mut batch = Vec::with_capacity(LARGEST_BATCH);
    while queue.recv_many(&mut batch, LARGEST_BATCH).await > 0 {
        tx.rings = 0;
        tx.tallies.clear();
        let begun = Instant::now();
        let mut finishes = Vec::with_capacity(batch.len());
        let outcome = commit(&mut tx, batch.drain(..), &mut finishes).await;
        if let Err(error) = &outcome {
            tracing::error!(%error, "Could not commit to the database");
            DATABASE_COMMITS.count(["failed"]);
            let _already_closed = sqlx::query("ROLLBACK").execute(tx.connection()).await;
        } else {
            DATABASE_COMMITS.count(["done"]);
            DATABASE_COMMIT_TIME.observe(begun.elapsed(), NO_LABELS);
            tx.tallies.drain(..).for_each(|tally| tally());
            wakes.ring_all(tx.rings);
        }
        for finish in finishes {
            finish(outcome.as_ref().copied().map_err(ToString::to_string));
        }
    }
}

async fn commit(
    tx: &mut Tx,
    jobs: impl Iterator<Item = Job>,
    finishes: &mut Vec<Finish>,
) -> Result<(), StoreError> {
    sqlx::query("BEGIN IMMEDIATE")
        .execute(tx.connection())
        .await?;
    for job in jobs {
        sqlx::query("SAVEPOINT job")
            .execute(tx.connection())
            .await?;
        let tallies = tx.tallies.len();
        // A job that panics must not take the writer, and with it everybody, along.
        let finish = AssertUnwindSafe(job(tx)).catch_unwind().await;
        if let Some(finish) = finish.ok().flatten() {
            finishes.push(finish);
        } else {
            tx.tallies.truncate(tallies);
            sqlx::query("ROLLBACK TO job")
                .execute(tx.connection())
                .await?;
        }
        sqlx::query("RELEASE job").execute(tx.connection()).await?;
    }
    sqlx::query("COMMIT").execute(tx.connection()).await?;
    Ok(())
}

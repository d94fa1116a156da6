//! The one writer: batches the changes that wait into one commit, so that durability costs one
//! sync for many.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::{FutureExt, future::BoxFuture};
use sqlx::Connection as _;
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::timeout,
};

use super::{
    Connection, StoreError,
    connection::Held,
    postgres::{self, PING_PATIENCE, Server, Session},
    sql::within,
    wakes::{Queue, Wakes, bit},
};
use crate::telemetry::metrics::catalogue::{
    DATABASE_COMMIT_TIME, DATABASE_COMMITS, DATABASE_WAIT, NO_LABELS,
};

/// Most changes in one commit: bounds how long the first one waits.
const LARGEST_BATCH: usize = 256;
/// PostgreSQL keeps so many savepoints of a transaction at hand, and has to look further ones up.
const LARGEST_BATCH_OF_POSTGRES: usize = 64;
/// Most changes that wait; further ones wait for a place.
const QUEUE_LENGTH: usize = 1024;

/// A running transaction.
pub struct Tx {
    connection: Connection,
    rings: u16,
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
    lost: watch::Receiver<Option<String>>,
    doubts: Arc<AtomicU64>,
}

impl Writer {
    /// `server` is where to connect anew if the connection breaks.
    pub(super) fn start(connection: Connection, server: Option<(Server, Session)>) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE_LENGTH);
        let (tell_lost, lost) = watch::channel(None);
        let wakes = Wakes::default();
        let doubts = Arc::<AtomicU64>::default();
        let pen = Pen {
            tx: Tx {
                connection,
                rings: 0,
                tallies: Vec::new(),
            },
            wakes: wakes.clone(),
            doubts: Arc::clone(&doubts),
        };
        tokio::spawn(run(pen, queue, server, tell_lost));
        Self {
            jobs,
            wakes,
            lost,
            doubts,
        }
    }

    /// How often a commit may have succeeded though it was said to have failed, or somebody else may
    /// have written since.
    pub(super) fn doubts(&self) -> u64 {
        self.doubts.load(Ordering::Acquire)
    }

    /// Waits until the database is somebody else's.
    pub(super) async fn lost(&self) -> StoreError {
        let mut lost = self.lost.clone();
        let why = match lost.wait_for(Option::is_some).await {
            Ok(why) => why.clone().unwrap_or_default(),
            // The writer ended in peace.
            Err(_) => std::future::pending().await,
        };
        StoreError::Lost(why)
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

fn stopped() -> StoreError {
    StoreError::NotWritten("the store has stopped".to_owned())
}

/// While there is nothing to write, the connection is looked after so often: who has lost it must
/// not go on as if it were in charge.
const LOOK_AFTER: Duration = Duration::from_secs(5);
/// How long changes wait for a lost connection before they fail; further ones fail at once.
const HOLD: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// What the one task that writes has in hand.
struct Pen {
    tx: Tx,
    wakes: Wakes,
    doubts: Arc<AtomicU64>,
}

async fn run(
    mut pen: Pen,
    mut queue: mpsc::Receiver<Job>,
    mut server: Option<(Server, Session)>,
    lost: watch::Sender<Option<String>>,
) {
    let largest = match pen.tx.connection {
        Connection::Sqlite(_) => LARGEST_BATCH,
        Connection::Postgres(_) => LARGEST_BATCH_OF_POSTGRES,
    };
    let mut batch = Vec::with_capacity(largest);
    loop {
        let mut is_sound = true;
        match timeout(LOOK_AFTER, queue.recv_many(&mut batch, largest)).await {
            Ok(0) => return,
            Ok(_) => is_sound = write(&mut pen, std::mem::take(&mut batch)).await,
            Err(_) if server.is_some() => is_sound = answers(&mut pen.tx).await,
            Err(_) => {}
        }
        if is_sound {
            continue;
        }
        let Some((server, session)) = &mut server else {
            continue;
        };
        tracing::warn!("The connection to the database is lost");
        match regain(server, session, &mut queue).await {
            Ok((connection, own)) => {
                pen.tx.connection = connection;
                pen.doubts.fetch_add(1, Ordering::Release);
                // What they have missed, and what somebody else has left behind.
                pen.wakes.ring_all(u16::MAX);
                *session = own;
                tracing::info!("The connection to the database is there again");
            }
            Err(error) => {
                let _nobody_asks = lost.send(Some(error.to_string()));
                return;
            }
        }
    }
}

/// Commits the batch and tells everybody; `false` if the connection is broken.
async fn write(pen: &mut Pen, batch: Vec<Job>) -> bool {
    let tx = &mut pen.tx;
    tx.rings = 0;
    tx.tallies.clear();
    let begun = Instant::now();
    let mut is_sound = true;
    let mut finishes = Vec::with_capacity(batch.len());
    let outcome = commit(tx, batch, &mut finishes).await;
    if let Err(error) = &outcome {
        tracing::error!(%error, "Could not commit to the database");
        DATABASE_COMMITS.count(["failed"]);
        // Before anybody is told.
        pen.doubts.fetch_add(1, Ordering::Release);
        is_sound = !is_cut(error) && (control("ROLLBACK", tx).await.is_ok() || answers(tx).await);
    } else {
        DATABASE_COMMITS.count(["done"]);
        DATABASE_COMMIT_TIME.observe(begun.elapsed(), NO_LABELS);
        tx.tallies.drain(..).for_each(|tally| tally());
        pen.wakes.ring_all(tx.rings);
    }
    for finish in finishes {
        finish(outcome.as_ref().copied().map_err(ToString::to_string));
    }
    is_sound
}

/// Whether nobody is at the other end any more.
fn is_cut(error: &StoreError) -> bool {
    matches!(error, StoreError::Database(sqlx::Error::Io(_)))
}

/// Whether there is somebody at the other end.
async fn answers(tx: &mut Tx) -> bool {
    match tx.connection() {
        Connection::Sqlite(connection) => connection.ping().await.is_ok(),
        Connection::Postgres(connection) => postgres::answers(connection).await.is_ok(),
    }
}

/// Connects anew and takes the lock; fails if that is somebody else's by then, or if nobody can ask
/// for changes any more.
async fn regain(
    server: &Server,
    former: &Session,
    queue: &mut mpsc::Receiver<Job>,
) -> Result<(Connection, Session), StoreError> {
    let attempts = async {
        let mut pause = Duration::from_millis(100);
        loop {
            match server.take(Some(former)).await {
                Ok((connection, session)) => {
                    return Ok((Connection::Postgres(Held::Own(connection)), session));
                }
                Err(error) if error.may_pass() => {
                    tracing::warn!(%error, "The database is not there yet");
                }
                Err(error) => return Err(error),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    };
    tokio::pin!(attempts);
    if let Ok(end) = timeout(HOLD, &mut attempts).await {
        return end;
    }
    let mut refused = Vec::new();
    loop {
        tokio::select! {
            end = &mut attempts => return end,
            number = queue.recv_many(&mut refused, LARGEST_BATCH) => {
                if number == 0 {
                    return Err(stopped());
                }
                // Whoever asked is told so.
                refused.clear();
            }
        }
    }
}

async fn commit(tx: &mut Tx, jobs: Vec<Job>, finishes: &mut Vec<Finish>) -> Result<(), StoreError> {
    let begin = match tx.connection {
        Connection::Sqlite(_) => "BEGIN IMMEDIATE",
        Connection::Postgres(_) => "BEGIN",
    };
    control(begin, tx).await?;
    for job in jobs {
        control("SAVEPOINT job", tx).await?;
        let tallies = tx.tallies.len();
        // A job that panics must not take the writer, and with it everybody, along.
        let finish = AssertUnwindSafe(job(tx)).catch_unwind().await;
        if let Some(finish) = finish.ok().flatten() {
            finishes.push(finish);
        } else {
            tx.tallies.truncate(tallies);
            control("ROLLBACK TO job", tx).await?;
        }
        control("RELEASE job", tx).await?;
    }
    run_plain("COMMIT", tx).await
}

/// A statement for which a server needs no time: one that doesn't answer is gone.
async fn control(sql: &'static str, tx: &mut Tx) -> Result<(), StoreError> {
    if matches!(tx.connection, Connection::Postgres(_)) {
        within(PING_PATIENCE, run_plain(sql, tx)).await
    } else {
        run_plain(sql, tx).await
    }
}

fn run_plain<'t>(sql: &'static str, tx: &'t mut Tx) -> BoxFuture<'t, Result<(), StoreError>> {
    Box::pin(async move {
        execute!(tx.connection(), sql);
        Ok(())
    })
}

//! Repeats a step until Postroom stops.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tokio::task::{self, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::Context;
use crate::{
    domain::delivery::millis,
    store::{
        Queue, Store, StoreError, Tx,
        outbox::{self, Claimed, Way},
    },
};

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There may be more to do right now.
    Again,
    /// Nothing to do before this time (in milliseconds since 1970), or before the bell rings.
    Idle { until: Option<i64> },
}

/// After a failure of the store: it is tried again, but not in a whirl.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// How long the last attempts may take when Postroom stops.
const LAST_PATIENCE: Duration = Duration::from_secs(20);
/// Nobody sleeps longer than this, so that a clock that was set back does no harm.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);

/// A worker: something that is done over and over.
pub trait Worker: Send {
    /// For the log.
    const NAME: &'static str;
    /// Whose bell wakes it.
    const QUEUE: Queue;

    /// Does what there is to do, up to a bounded amount.
    fn step(&mut self) -> impl Future<Output = Result<Step, StoreError>> + Send;

    /// Waits for what the steps have begun and not finished.
    fn finish(&mut self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

/// Attempts that run side by side: a slow one holds up only what stands behind it in its lane.
#[derive(Debug)]
pub struct Slots {
    running: JoinSet<()>,
    /// The rows of what runs; of some that ended a moment ago, too.
    rows: HashMap<task::Id, i64>,
    size: usize,
    /// The store's doubts that were looked into.
    doubts: u64,
}

impl Slots {
    /// At most `size` attempts at a time.
    pub fn new(size: usize) -> Self {
        Self {
            running: JoinSet::new(),
            rows: HashMap::new(),
            size,
            doubts: 0,
        }
    }

    /// Begins an attempt at every row that is due, as far as there are free slots, and waits if there
    /// is none. An attempt is over after `lease`, whatever happened to it.
    pub async fn attempt_due<A>(
        &mut self,
        way: Way,
        lease: Duration,
        context: &Arc<Context>,
        attempt: impl Fn(Claimed, Arc<Context>) -> A,
    ) -> Result<Step, StoreError>
    where
        A: Future<Output = Result<(), StoreError>> + Send + 'static,
    {
        let free = self.free().await;
        let now = context.now_ms();
        let until = now.saturating_add(millis(lease));
        let doubts = context.store.doubts();
        // After a doubt there may be attempts that we don't know of.
        let ours = (doubts != self.doubts).then(|| self.rows.values().copied().collect::<Vec<_>>());
        let claimed = context
            .store
            .write(move |tx| {
                Box::pin(async move {
                    if let Some(ours) = ours {
                        outbox::take_back_all_but(tx, way, &ours).await?;
                    }
                    outbox::claim(tx, way, now, until, free).await
                })
            })
            .await?;
        self.doubts = doubts;
        if claimed.is_empty() {
            let until = outbox::next_at(&mut context.store.read().await?, way).await?;
            return Ok(Step::Idle { until });
        }
        for row in claimed {
            self.begin(row.id, attempt(row, Arc::clone(context)));
        }
        Ok(Step::Again)
    }

    /// How many more attempts may begin; waits until it is at least one.
    async fn free(&mut self) -> usize {
        while let Some(ended) = self.running.try_join_next_with_id() {
            self.forget(ended);
        }
        if self.running.len() >= self.size
            && let Some(ended) = self.running.join_next_with_id().await
        {
            self.forget(ended);
        }
        self.size - self.running.len()
    }

    fn forget(&mut self, ended: Result<(task::Id, ()), JoinError>) {
        let task = ended.map_or_else(|fault| fault.id(), |(task, ())| task);
        self.rows.remove(&task);
    }

    /// Begins an attempt. One that fails is begun again when its lease is over.
    fn begin(
        &mut self,
        row: i64,
        attempt: impl Future<Output = Result<(), StoreError>> + Send + 'static,
    ) {
        let task = self.running.spawn(async move {
            if let Err(error) = attempt.await {
                tracing::error!(%error, "Could not write down how an attempt ended");
            }
        });
        self.rows.insert(task.id(), row);
    }

    /// Waits for the attempts that run, but not forever: one that is cut off is looked into at the
    /// next start.
    pub async fn finish(&mut self) {
        let all = async { while self.running.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_PATIENCE, all).await.is_err() {
            tracing::warn!("Some attempts take too long and are cut off");
            self.running.abort_all();
        }
    }
}

/// How long a failing store is asked to take down how an attempt ended: less than any lease, after which
/// the row is attempted again.
const WRITE_DOWN_PATIENCE: Duration = Duration::from_mins(4);

/// Writes down how an attempt ended. Only we know it, so that a store that fails for a while is
/// asked again: what is forgotten has to be sent a second time.
pub async fn write_down<E, W>(ended: E, store: &Store, write: W) -> Result<(), StoreError>
where
    E: Clone + Send + 'static,
    W: for<'t> Fn(&'t mut Tx, E) -> BoxFuture<'t, Result<(), StoreError>> + Copy + Send + 'static,
{
    let begun = tokio::time::Instant::now();
    loop {
        let again = ended.clone();
        match store.write(move |tx| write(tx, again)).await {
            Err(error) if error.may_pass() && begun.elapsed() < WRITE_DOWN_PATIENCE => {
                tracing::warn!(%error, "Could not write down how an attempt ended; trying again");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
            other => return other,
        }
    }
}

/// Repeats a worker's step. What a step has begun is finished when `stop` comes.
pub async fn run<W: Worker>(mut worker: W, context: Arc<Context>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let sleep = match worker.step().await {
            Ok(Step::Again) => continue,
            Ok(Step::Idle { until }) => {
                until.map_or(LONGEST_SLEEP, |until| time_to(until, context.now()))
            }
            Err(error) => {
                tracing::error!(worker = W::NAME, %error, "A step failed and is tried again");
                AFTER_FAILURE
            }
        };
        tokio::select! {
            () = context.store.wakes().wait(W::QUEUE) => {}
            () = tokio::time::sleep(sleep) => {}
            () = stop.cancelled() => {}
        }
    }
    worker.finish().await;
}

fn time_to(until: i64, now: Timestamp) -> Duration {
    let millis = until.saturating_sub(now.as_millisecond()).max(0);
    Duration::from_millis(millis.unsigned_abs()).min(LONGEST_SLEEP)
}

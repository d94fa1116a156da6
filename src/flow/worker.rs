//! Repeats a step until Postroom stops.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::Context;
use crate::store::{Queue, StoreError};

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

    /// Waits for what steps have begun and left running.
    fn finish(&mut self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// Attempts that run side by side and longer than the step that began them, so that a slow one holds
/// up no other.
#[derive(Debug, Default)]
pub struct Attempts(JoinSet<Result<(), StoreError>>);

impl Attempts {
    /// How many more may begin if `most` may run at once; waits until it is at least one.
    ///
    /// # Errors
    ///
    /// If an attempt that has ended could not be written down.
    pub async fn free(&mut self, most: usize) -> Result<usize, StoreError> {
        while let Some(ended) = self.0.try_join_next() {
            outcome(ended)?;
        }
        while self.0.len() >= most
            && let Some(ended) = self.0.join_next().await
        {
            outcome(ended)?;
        }
        Ok(most.saturating_sub(self.0.len()))
    }

    pub fn begin(
        &mut self,
        attempt: impl Future<Output = Result<(), StoreError>> + Send + 'static,
    ) {
        self.0.spawn(attempt);
    }

    /// Waits for all of them.
    pub async fn finish(&mut self) {
        while let Some(ended) = self.0.join_next().await {
            if let Err(error) = outcome(ended) {
                tracing::error!(%error, "The outcome of an attempt could not be written");
            }
        }
    }
}

fn outcome(ended: Result<Result<(), StoreError>, JoinError>) -> Result<(), StoreError> {
    ended.unwrap_or(Err(StoreError::Panicked))
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

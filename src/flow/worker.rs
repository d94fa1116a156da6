//! Repeats a step until Postroom stops.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
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
}

fn time_to(until: i64, now: Timestamp) -> Duration {
    let millis = until.saturating_sub(now.as_millisecond()).max(0);
    Duration::from_millis(millis.unsigned_abs()).min(LONGEST_SLEEP)
}

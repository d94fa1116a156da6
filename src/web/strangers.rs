//! Whoever comes to the homeserver's door with a wrong token.
//!
//! They wait for their answer; whoever has the right one never does, wherever they come from: behind a web
//! server the homeserver and everybody else may have one address, so no address is ever locked out. Only so
//! many wait at a time, as each keeps a connection; who comes on top is told at once.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Semaphore,
    time::{Instant, sleep},
};

#[derive(Debug, Clone)]
pub(super) struct Strangers(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    places: Semaphore,
    told: Mutex<Told>,
}

/// What the log says of them.
#[derive(Debug, Default)]
struct Told {
    at: Option<Instant>,
    /// How many have come since.
    since: u64,
}

impl Default for Strangers {
    fn default() -> Self {
        Self(Arc::new(Shared {
            places: Semaphore::new(MOST_WAITING),
            told: Mutex::default(),
        }))
    }
}

impl Strangers {
    /// Lets one wait, if there is a place for that.
    pub(super) async fn hold_up(&self) {
        self.tell();
        if let Ok(_place) = self.0.places.try_acquire() {
            sleep(WAIT).await;
        }
    }

    /// Once a minute.
    fn tell(&self) {
        let mut told = self.0.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.since += 1;
        let now = Instant::now();
        if told.at.is_some_and(|at| now - at < TOLD_AGAIN_AFTER) {
            return;
        }
        let attempts = std::mem::take(&mut told.since);
        told.at = Some(now);
        tracing::warn!(
            attempts,
            "Somebody came with a wrong hs_token. If it is your homeserver: its registration file is another \
             than mine, or it has not been restarted since that was changed"
        );
    }
}

const WAIT: Duration = Duration::from_secs(1);
/// A small part of the connections that there may be.
const MOST_WAITING: usize = 32;
const TOLD_AGAIN_AFTER: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn so_many_wait_and_no_more() {
        let strangers = Strangers::default();
        let begun = Instant::now();
        let wait = || async {
            strangers.hold_up().await;
            begun.elapsed()
        };
        let took = join_all((0..100).map(|_| wait())).await;
        let waited = took.iter().filter(|took| **took >= WAIT).count();
        assert_eq!(waited, MOST_WAITING);
        assert!(took.iter().any(|took| *took < WAIT / 2));
        strangers.hold_up().await;
        assert!(begun.elapsed() >= 2 * WAIT, "places are free again");
    }
}

//! Connections that wait for the next mail.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::connection::Connection;

/// Idle connections, the one that was used last on top.
#[derive(Clone)]
pub(super) struct Pool {
    inner: Arc<Mutex<Inner>>,
    longest_idle: Duration,
}

#[derive(Default)]
struct Inner {
    idle: Vec<(Connection, Instant)>,
    /// Somebody is waiting to close what stays idle.
    watched: bool,
}

/// Mails over one connection; some servers slow down or refuse after about 100.
const MOST_MAILS: u32 = 50;

impl Pool {
    /// A pool that closes what has waited for `longest_idle`.
    pub(super) fn new(longest_idle: Duration) -> Self {
        Self {
            inner: Arc::default(),
            longest_idle,
        }
    }

    pub(super) fn take(&self) -> Option<Connection> {
        let (connection, since) = self.lock().idle.pop()?;
        (since.elapsed() < self.longest_idle).then_some(connection)
    }

    /// Keeps `connection` for the next mail if it is fit for one.
    pub(super) fn put(&self, connection: Connection) {
        if !connection.is_sound() {
            return;
        }
        if connection.mails() >= MOST_MAILS {
            tokio::spawn(connection.quit());
            return;
        }
        let mut inner = self.lock();
        inner.idle.push((connection, Instant::now()));
        if !std::mem::replace(&mut inner.watched, true) {
            tokio::spawn(self.clone().close_idle());
        }
    }

    /// Runs until no connection is left.
    async fn close_idle(self) {
        loop {
            sleep(self.longest_idle).await;
            let (expired, is_done) = self.take_expired();
            for connection in expired {
                connection.quit().await;
            }
            if is_done {
                return;
            }
        }
    }

    /// What has been idle for too long, and whether nothing is left to watch.
    fn take_expired(&self) -> (Vec<Connection>, bool) {
        let mut inner = self.lock();
        let expired = inner
            .idle
            .extract_if(.., |(_, since)| since.elapsed() >= self.longest_idle)
            .map(|(connection, _)| connection)
            .collect();
        inner.watched = !inner.idle.is_empty();
        (expired, !inner.watched)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

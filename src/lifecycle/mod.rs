//! Time, chance, starting and stopping: what the program gets from outside besides its input.
//!
//! A leaf: every floor may use it, it imports nothing of this crate. [`Clock`] and [`Chance`] are
//! built once in `cli` and passed in, so that a test can hold both still.

mod health;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use rand::{Rng, RngCore, SeedableRng, rngs::StdRng};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::health::Health;

/// Tells the time.
#[derive(Debug, Clone)]
pub enum Clock {
    System,
    /// Stands still until a test moves it; clones move together.
    Manual(Arc<Mutex<Timestamp>>),
}

impl Clock {
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        Self::Manual(Arc::new(Mutex::new(start)))
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            #[expect(
                clippy::disallowed_methods,
                reason = "this is the clock that others ask"
            )]
            Self::System => Timestamp::now(),
            Self::Manual(time) => *lock(time),
        }
    }

    /// Moves a manual clock forward, up to the end of time; the system's can't be moved.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(time) = self {
            let mut time = lock(time);
            *time = time.saturating_add(by).unwrap_or(Timestamp::MAX);
        }
    }
}

/// Draws random numbers fit for secrets.
#[derive(Debug, Clone)]
pub enum Chance {
    System,
    /// The same draws in every run; clones share one sequence. For tests only.
    Seeded(Arc<Mutex<StdRng>>),
}

impl Chance {
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// A number `x` with 0 ≤ `x` < 1.
    #[must_use]
    pub fn fraction(&self) -> f64 {
        self.draw(|source| source.random())
    }

    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        self.draw(|source| {
            let mut bytes = [0; N];
            source.fill_bytes(&mut bytes);
            bytes
        })
    }

    /// `length` characters of the base32 alphabet (RFC 4648 section 6) in lower case, 5 bits each.
    #[must_use]
    pub fn base32(&self, length: usize) -> String {
        const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        self.draw(|source| {
            (0..length)
                .map(|_| char::from(ALPHABET[source.random_range(0..ALPHABET.len())]))
                .collect()
        })
    }

    fn draw<T>(&self, from: impl FnOnce(&mut dyn RngCore) -> T) -> T {
        match self {
            #[expect(
                clippy::disallowed_methods,
                reason = "this is the source that others ask"
            )]
            Self::System => from(&mut rand::rng()),
            Self::Seeded(source) => from(&mut *lock(source)),
        }
    }
}

/// A holder that panicked left a whole value behind: both are replaced in one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How the program ends: softly first (take nothing new, finish what is begun), then firmly (drop
/// everything; what is stored is taken up at the next start).
#[derive(Debug, Clone)]
pub struct Stop {
    soft: CancellationToken,
    firm: CancellationToken,
    tasks: TaskTracker,
}

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}

impl Stop {
    #[must_use]
    pub fn new() -> Self {
        let firm = CancellationToken::new();
        Self {
            soft: firm.child_token(),
            firm,
            tasks: TaskTracker::new(),
        }
    }

    /// Stops softly at the first SIGTERM or SIGINT and firmly at the second.
    ///
    /// # Errors
    ///
    /// If the handlers can't be registered with the system.
    pub fn on_signals(&self) -> io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let stop = self.clone();
        tokio::spawn(async move {
            for _ in 0..2 {
                let name = tokio::select! {
                    _ = terminate.recv() => "SIGTERM",
                    _ = interrupt.recv() => "SIGINT",
                    () = stop.firm.cancelled() => return,
                };
                stop.advance(name);
            }
        });
        Ok(())
    }

    /// Stops softly, as the first signal does.
    pub fn stop(&self) {
        self.soft.cancel();
    }

    /// Cancelled once nothing new is to be taken.
    #[must_use]
    pub fn soft(&self) -> &CancellationToken {
        &self.soft
    }

    /// Cancelled once what is begun is to be dropped, too; implies [`Stop::soft`].
    #[must_use]
    pub fn firm(&self) -> &CancellationToken {
        &self.firm
    }

    /// The tasks that [`Stop::finished`] waits for: spawn the long-running ones here.
    #[must_use]
    pub fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Returns once the soft stop has come and every task has ended, or the firm one has come.
    pub async fn finished(&self) {
        self.soft.cancelled().await;
        self.tasks.close();
        tokio::select! {
            () = self.tasks.wait() => {}
            () = self.firm.cancelled() => {}
        }
    }

    fn advance(&self, signal: &str) {
        if self.soft.is_cancelled() {
            self.firm.cancel();
            tracing::warn!(signal, "Stopping now");
        } else {
            self.soft.cancel();
            tracing::info!(signal, "Stopping; a second signal stops at once");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_with_its_clones() {
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        clock.clone().advance(Duration::from_mins(1));
        assert_eq!(clock.now().to_string(), "1970-01-01T00:01:00Z");
    }

    #[test]
    fn seeded_chance_repeats() {
        let draws = |chance: &Chance| (chance.base32(26), chance.bytes::<4>());
        assert_eq!(draws(&Chance::seeded(7)), draws(&Chance::seeded(7)));
        assert_ne!(draws(&Chance::seeded(7)), draws(&Chance::seeded(8)));
        assert_ne!(draws(&Chance::System), draws(&Chance::System));
        assert!((0.0..1.0).contains(&Chance::System.fraction()));
    }

    #[test]
    fn base32_has_the_length_and_the_letters() {
        let text = Chance::seeded(1).base32(1000);
        assert_eq!(text.len(), 1000);
        assert!(text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7')));
    }

    #[tokio::test]
    async fn stops_softly_then_firmly() {
        let stop = Stop::new();
        let firm = stop.firm().clone();
        stop.tasks().spawn(async move { firm.cancelled().await });
        stop.advance("SIGTERM");
        assert!(stop.soft().is_cancelled() && !stop.firm().is_cancelled());
        stop.advance("SIGTERM");
        assert!(stop.firm().is_cancelled());
        stop.finished().await;
    }

    #[tokio::test]
    async fn ends_with_its_last_task() {
        let stop = Stop::new();
        let soft = stop.soft().clone();
        stop.tasks().spawn(async move { soft.cancelled().await });
        stop.advance("SIGINT");
        stop.finished().await;
        assert!(!stop.firm().is_cancelled());
    }
}

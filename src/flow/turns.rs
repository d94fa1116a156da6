//! Who fetches which file: each is fetched by one at a time, and few at a time in all, so that most
//! attempts at sending mail are free for letters without files.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Semaphore;

/// Files that are fetched at the same time.
const MOST: usize = 3;
/// Rooms whose state is fetched at the same time.
const MOST_ROOMS: usize = 4;
/// Who finds that somebody else is at it comes back after a quarter of the time that it has taken so
/// far, within these bounds.
const SOONEST: Duration = Duration::from_millis(500);
const LATEST: Duration = Duration::from_secs(15);

/// The turns of one process.
#[derive(Debug)]
pub struct Turns {
    state: Mutex<State>,
    /// One picture at a time is unpacked.
    pub pictures: Arc<Semaphore>,
    /// Rooms are looked at a few at a time: the state of one may be large.
    pub rooms: Semaphore,
}

#[derive(Debug, Default)]
struct State {
    /// What is being fetched, and since when.
    busy: HashMap<String, Instant>,
    /// What has failed, and when it may be tried again.
    failed: HashMap<String, Instant>,
}

/// The right to fetch a file, until it is dropped.
#[derive(Debug)]
pub struct Turn<'t> {
    turns: &'t Turns,
    key: String,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            pictures: Arc::new(Semaphore::new(1)),
            rooms: Semaphore::new(MOST_ROOMS),
        }
    }
}

impl Turns {
    /// # Errors
    ///
    /// Somebody else fetches it, too many are at work, or it has just failed: how long to wait.
    pub fn take(&self, key: &str) -> Result<Turn<'_>, Duration> {
        let mut state = self.state();
        if let Some(since) = state.busy.get(key) {
            return Err((since.elapsed() / 4).clamp(SOONEST, LATEST));
        }
        let wait = |until: &Instant| until.saturating_duration_since(Instant::now());
        state.failed.retain(|_, until| !wait(until).is_zero());
        if let Some(until) = state.failed.get(key) {
            return Err(wait(until));
        }
        if state.busy.len() >= MOST {
            return Err(2 * SOONEST);
        }
        state.busy.insert(key.to_owned(), Instant::now());
        Ok(Turn {
            turns: self,
            key: key.to_owned(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn<'_> {
    /// It has failed: nobody tries again before `wait` is over.
    pub fn fail(self, wait: Duration) {
        let until = Instant::now() + wait;
        self.turns.state().failed.insert(self.key.clone(), until);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.state().busy.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_fetches_and_the_others_wait() {
        let turns = Turns::default();
        let first = turns.take("$a").unwrap();
        assert_eq!(turns.take("$a").unwrap_err(), SOONEST);
        let others = [turns.take("$b").unwrap(), turns.take("$c").unwrap()];
        assert!(turns.take("$d").is_err(), "too many");
        drop(others);
        drop(turns.take("$d").unwrap());
        first.fail(Duration::from_mins(1));
        assert!(turns.take("$a").unwrap_err() > Duration::from_secs(50));
        drop(turns.take("$b").unwrap());
    }
}

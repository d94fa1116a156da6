//! What Postroom lacks right now, by part: for `/health/ready`, the metrics and whoever watches.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// The parts that can't do their work, each with the reason. Cheap to clone; clones share what they
/// know.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<Mutex<Parts>>);

/// Every part that was ever told of, with what is wrong with it.
type Parts = BTreeMap<String, Option<String>>;

impl Health {
    /// Notes that `part` can't do its work: `why` is one short sentence without addresses or
    /// secrets. `true` if it could before.
    pub fn is_down(&self, part: &str, why: &str) -> bool {
        let why = Some(why.to_owned());
        self.with(|parts| parts.insert(part.to_owned(), why).flatten().is_none())
    }

    /// Notes that `part` does its work; `true` if it could not before.
    pub fn is_up(&self, part: &str) -> bool {
        self.with(|parts| parts.insert(part.to_owned(), None).flatten().is_some())
    }

    /// Every part that is down and why, by name.
    #[must_use]
    pub fn missing(&self) -> Vec<(String, String)> {
        self.with(|parts| {
            let down = |(part, why): (&String, &Option<String>)| Some((part.clone(), why.clone()?));
            parts.iter().filter_map(down).collect()
        })
    }

    /// Every part that was ever told of, and whether it is down, by name.
    #[must_use]
    pub fn parts(&self) -> Vec<(String, bool)> {
        self.with(|parts| {
            let state = |(part, why): (&String, &Option<String>)| (part.clone(), why.is_some());
            parts.iter().map(state).collect()
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut Parts) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::Health;

    #[test]
    fn a_part_goes_down_and_comes_back_once() {
        let health = Health::default();
        assert!(health.is_down("imap support", "wrong password"));
        assert!(!health.clone().is_down("imap support", "no answer"));
        assert_eq!(
            health.missing(),
            [("imap support".to_owned(), "no answer".to_owned())]
        );
        assert!(health.is_up("imap support"));
        assert!(!health.is_up("imap support"));
        assert_eq!(health.missing(), []);
        assert_eq!(health.parts(), [("imap support".to_owned(), false)]);
    }
}

//! Who is typing where: a hint, in memory only, gone after half a minute.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

/// How long a typing notice counts if nothing follows.
pub const LASTS: Duration = Duration::from_secs(30);

/// Cheap to clone; clones share what they know.
#[derive(Debug, Clone, Default)]
pub struct Typing(Arc<Mutex<HashMap<String, Notice>>>);

/// Who was typing, and when we heard of it.
type Notice = (Vec<String>, Timestamp);

impl Typing {
    /// Exactly these users are typing in the room now.
    pub fn set(&self, room: &str, users: Vec<String>, now: Timestamp) {
        let mut rooms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Rooms in which nobody typed for long are forgotten, so that this stays small.
        rooms.retain(|_, (_, since)| is_fresh(*since, now));
        if users.is_empty() {
            rooms.remove(room);
        } else {
            rooms.insert(room.to_owned(), (users, now));
        }
    }

    /// Who is typing in the room.
    #[must_use]
    pub fn users(&self, room: &str, now: Timestamp) -> Vec<String> {
        let rooms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rooms
            .get(room)
            .filter(|(_, since)| is_fresh(*since, now))
            .map_or_else(Vec::new, |(users, _)| users.clone())
    }
}

fn is_fresh(since: Timestamp, now: Timestamp) -> bool {
    now.duration_since(since).unsigned_abs() <= LASTS
}

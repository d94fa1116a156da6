//! Remembers by which rooms those of the configuration were replaced.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use ruma::OwnedRoomId;

/// By the room that the configuration names, the one that has replaced it. One process has the database,
/// so what is remembered here is what is stored there.
#[derive(Debug, Clone, Default)]
pub struct Replaced(Arc<RwLock<HashMap<OwnedRoomId, OwnedRoomId>>>);

impl Replaced {
    /// Where the room is now.
    pub fn newest(&self, named: &OwnedRoomId) -> OwnedRoomId {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(named).unwrap_or(named).clone()
    }

    /// Where what was told in the room is told now, if it was replaced.
    pub fn left(&self, room: &OwnedRoomId) -> Option<OwnedRoomId> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = known.get(room).filter(|newest| *newest != room);
        found.cloned()
    }

    pub fn set(&self, named: OwnedRoomId, newest: OwnedRoomId) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(named, newest);
    }
}

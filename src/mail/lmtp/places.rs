//! Who may be connected at the same time: so many in all, and so many of one peer, so that a peer that
//! keeps its connections leaves places for others.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, time::sleep};

use super::Limits;

#[derive(Debug)]
pub(super) struct Places {
    taken: Mutex<Taken>,
    /// Whether three quarters are taken.
    crowded: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    /// Only peers who have some.
    of_peers: HashMap<String, usize>,
}

/// The right to one connection, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    limits: Arc<Limits>,
    peer: String,
}

impl Places {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            taken: Mutex::default(),
            crowded: watch::Sender::new(false),
        })
    }

    /// A place for a connection of `peer`'s, or what it is to be told.
    pub fn take(self: &Arc<Self>, peer: &str, limits: &Arc<Limits>) -> Result<Place, &'static str> {
        let mut taken = self.taken();
        if taken.all >= limits.connections {
            return Err("421 4.3.2 Too many connections; come again later");
        }
        let of_peer = taken.of_peers.get(peer).copied().unwrap_or_default();
        if of_peer >= limits.connections_of_peer {
            return Err("421 4.7.0 Too many connections from you; end some, or come again later");
        }
        taken.all += 1;
        taken.of_peers.insert(peer.to_owned(), of_peer + 1);
        self.look(&taken, limits);
        Ok(Place {
            places: Arc::clone(self),
            limits: Arc::clone(limits),
            peer: peer.to_owned(),
        })
    }

    fn look(&self, taken: &Taken, limits: &Limits) {
        let is_crowded = taken.all * 4 >= limits.connections * 3;
        self.crowded.send_if_modified(|crowded| {
            let changed = *crowded != is_crowded;
            *crowded = is_crowded;
            changed
        });
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Returns once others have wanted the place for as long as `patience`.
    pub async fn is_wanted(&self, patience: Duration) {
        let mut crowded = self.places.crowded.subscribe();
        loop {
            // Whoever sends lives as long as we do.
            let _ = crowded.wait_for(|crowded| *crowded).await;
            tokio::select! {
                () = sleep(patience) => return,
                _ = crowded.wait_for(|crowded| !*crowded) => {}
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all -= 1;
        if let Some(of_peer) = taken.of_peers.get_mut(&self.peer) {
            *of_peer -= 1;
            if *of_peer == 0 {
                taken.of_peers.remove(&self.peer);
            }
        }
        self.places.look(&taken, &self.limits);
    }
}

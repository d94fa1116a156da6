//! A file on its way through us to a reader: few at a time, none that is read too slowly, and nothing of
//! it any more once its message was taken back.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use tokio::{
    sync::{
        OwnedSemaphorePermit, Semaphore,
        mpsc::{self, Receiver, Sender},
    },
    time::{Instant, timeout},
};

use crate::{
    matrix::client::Download,
    store::{Store, links},
};

/// Downloads at the same time.
const MOST: usize = 32;
/// Downloads at the same time by one link: it is for one customer.
const MOST_OF_A_LINK: usize = 4;
/// How long a reader may take for the next piece.
const PATIENCE: Duration = Duration::from_mins(1);
/// Octets that a reader takes in a second at least, seen over all of the file.
const SLOWEST: u64 = 8 * 1024;
/// Pieces that wait for a reader, of some kilobytes each.
const PIECES: usize = 4;
/// How often it is looked whether the file was taken back.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// How many may be under way.
#[derive(Debug, Clone)]
pub struct Places {
    all: Arc<Semaphore>,
    of_links: Arc<Mutex<HashMap<i64, usize>>>,
}

/// The right to one download, until it is dropped.
#[derive(Debug)]
pub struct Place {
    link: i64,
    of_links: Arc<Mutex<HashMap<i64, usize>>>,
    _one_of_all: OwnedSemaphorePermit,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            all: Arc::new(Semaphore::new(MOST)),
            of_links: Arc::default(),
        }
    }
}

impl Places {
    /// `None`: too many are under way, in all or by this link.
    pub fn take(&self, link: i64) -> Option<Place> {
        let one_of_all = Arc::clone(&self.all).try_acquire_owned().ok()?;
        let mut of_links = lock(&self.of_links);
        let count = of_links.entry(link).or_default();
        if *count >= MOST_OF_A_LINK {
            return None;
        }
        *count += 1;
        Some(Place {
            link,
            of_links: Arc::clone(&self.of_links),
            _one_of_all: one_of_all,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut of_links = lock(&self.of_links);
        if let Some(count) = of_links.get_mut(&self.link) {
            *count -= 1;
            if *count == 0 {
                of_links.remove(&self.link);
            }
        }
    }
}

fn lock(of_links: &Mutex<HashMap<i64, usize>>) -> MutexGuard<'_, HashMap<i64, usize>> {
    of_links.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The file as it comes. What ends too early ends the connection, so that nobody takes a part for the
/// whole.
pub fn passed_on(download: Download, place: Place, store: Store) -> Body {
    let (pieces, reader) = mpsc::channel(PIECES);
    tokio::spawn(async move {
        let link = place.link;
        if let Err(reason) = copy(download, link, &store, &pieces).await {
            tracing::warn!(link, reason, "A file broke off on its way to a customer");
        }
        // Held until now: by its link alone it wouldn't be.
        drop(place);
    });
    Body::from_stream(futures_util::stream::unfold(Some(reader), next))
}

/// Nothing in a piece's place says that the file is whole.
type Piece = Option<Bytes>;

async fn next(
    reader: Option<Receiver<Piece>>,
) -> Option<(io::Result<Bytes>, Option<Receiver<Piece>>)> {
    let mut reader = reader?;
    match reader.recv().await {
        Some(Some(piece)) => Some((Ok(piece), Some(reader))),
        Some(None) => None,
        None => Some((Err(io::Error::other("the file broke off")), None)),
    }
}

/// Why it broke off.
async fn copy(
    mut download: Download,
    link: i64,
    store: &Store,
    pieces: &Sender<Piece>,
) -> Result<(), String> {
    let mut pace = Pace::default();
    let mut looked = Instant::now();
    loop {
        let piece = download.piece().await.map_err(|fault| fault.to_string())?;
        if looked.elapsed() > BETWEEN_LOOKS {
            looked = Instant::now();
            if is_taken_back(link, store).await {
                return Err("it was taken back".to_owned());
            }
        }
        let (length, is_last) = (piece.as_ref().map_or(0, Bytes::len), piece.is_none());
        let begun = Instant::now();
        match timeout(pace.patience(), pieces.send(piece)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err("the reader has gone".to_owned()),
            Err(_) => return Err("it is read too slowly".to_owned()),
        }
        if is_last {
            return Ok(());
        }
        pace.note(length, begun.elapsed());
    }
}

/// If that can't be found out it may have been.
async fn is_taken_back(link: i64, store: &Store) -> bool {
    let found = async { links::find(&mut store.read().await?, link).await };
    found
        .await
        .ok()
        .flatten()
        .is_none_or(|link| link.is_taken_back())
}

/// How much a reader has taken, and how long they let us wait.
#[derive(Debug, Default)]
struct Pace {
    taken: u64,
    waited: Duration,
}

impl Pace {
    fn note(&mut self, taken: usize, waited: Duration) {
        self.taken += taken as u64;
        self.waited += waited;
    }

    /// How long we wait for them now.
    fn patience(&self) -> Duration {
        let earned = Duration::from_secs(self.taken / SLOWEST);
        (PATIENCE + earned)
            .saturating_sub(self.waited)
            .min(PATIENCE)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn a_link_has_four_places_and_another_one_its_own() {
        let places = Places::default();
        let taken: Vec<Place> = (0..4).map(|_| places.take(1).unwrap()).collect();
        assert!(places.take(1).is_none());
        let other = places.take(2).unwrap();
        drop(taken);
        assert!(places.take(1).is_some());
        drop(other);
        assert!(lock(&places.of_links).is_empty());
    }

    #[test]
    fn there_are_places_for_so_many_and_no_more() {
        let places = Places::default();
        let taken: Vec<Place> = (0..32).map(|link| places.take(link).unwrap()).collect();
        assert!(places.take(99).is_none());
        drop(taken);
        assert!(places.take(99).is_some());
    }

    #[rstest]
    #[case::at_first(0, 0, 60)]
    #[case::who_reads_nothing(0, 60, 0)]
    #[case::who_reads_as_slowly_as_may_be(8 * 1024 * 600, 600, 60)]
    #[case::who_reads_more_slowly(8 * 1024 * 600, 650, 10)]
    #[case::who_reads_by_drops(1_000, 60, 0)]
    #[case::who_was_fast(8 * 1024 * 10_000, 5, 60)]
    fn slow_readers_are_cut(#[case] taken: usize, #[case] waited: u64, #[case] left: u64) {
        let mut pace = Pace::default();
        pace.note(taken, Duration::from_secs(waited));
        assert_eq!(pace.patience(), Duration::from_secs(left));
    }
}

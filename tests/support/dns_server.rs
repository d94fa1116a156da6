//! A DNS server that answers from a table (RFC 1035; UDP, and only A, AAAA, MX and TXT).

#![allow(
    dead_code,
    reason = "each test binary uses only a part of what is here"
)]

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::net::UdpSocket;
use tokio_util::sync::{CancellationToken, DropGuard};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    A(Ipv4Addr),
    Aaaa(Ipv6Addr),
    Mx(u16, String),
    Txt(String),
}

/// A running server. Clones are handles of the same one; it stops with the last of them.
#[derive(Clone)]
pub struct DnsServer {
    address: SocketAddr,
    zone: Arc<Mutex<Vec<(String, Record)>>>,
    is_broken: Arc<AtomicBool>,
    _stop: Arc<DropGuard>,
}

impl std::fmt::Debug for DnsServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DnsServer at {}", self.address)
    }
}

impl DnsServer {
    /// Listens on a free port of 127.0.0.1. Names that it doesn't have don't exist.
    pub async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: socket.local_addr().unwrap(),
            zone: Arc::default(),
            is_broken: Arc::default(),
            _stop: Arc::new(CancellationToken::new().drop_guard()),
        };
        let zone = Arc::clone(&server.zone);
        let is_broken = Arc::clone(&server.is_broken);
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        tokio::spawn(async move {
            let mut query = [0; 1500];
            while let Some(Ok((length, from))) = stopped
                .run_until_cancelled(socket.recv_from(&mut query))
                .await
            {
                let zone = zone.lock().unwrap_or_else(PoisonError::into_inner).clone();
                if let Some(answer) =
                    answer(&query[..length], &zone, is_broken.load(Ordering::Relaxed))
                {
                    let _ = socket.send_to(&answer, from).await;
                }
            }
        });
        Self {
            _stop: Arc::new(stop.drop_guard()),
            ..server
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn add(&self, name: &str, record: Record) {
        self.zone().push((name.to_owned(), record));
    }

    pub fn add_text(&self, name: &str, text: &str) {
        self.add(name, Record::Txt(text.to_owned()));
    }

    /// From now on every question is answered by a failure (SERVFAIL), or no more.
    pub fn break_down(&self, is_broken: bool) {
        self.is_broken.store(is_broken, Ordering::Relaxed);
    }

    /// Takes everything away that stands at `name`.
    pub fn remove(&self, name: &str) {
        self.zone().retain(|(at, _)| at != name);
    }

    fn zone(&self) -> std::sync::MutexGuard<'_, Vec<(String, Record)>> {
        self.zone.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Instead of a name: what stands there stands at every name that has nothing of its own, but for those
/// with an underscore.
pub const ANYWHERE: &str = "*";

/// The answer to a query with one question.
fn answer(query: &[u8], zone: &[(String, Record)], is_broken: bool) -> Option<Vec<u8>> {
    let mut at = 12;
    let mut labels = Vec::new();
    while *query.get(at)? != 0 {
        let length = usize::from(query[at]);
        labels.push(String::from_utf8_lossy(query.get(at + 1..=at + length)?).to_lowercase());
        at += length + 1;
    }
    let question = query.get(12..at + 5)?;
    let kind = u16::from_be_bytes([query[at + 1], query[at + 2]]);
    let name = labels.join(".");
    let at = |wanted: &str| zone.iter().filter(|(at, _)| at == wanted).collect();
    let mut here: Vec<&(String, Record)> = at(&name);
    if here.is_empty() && !name.starts_with('_') && !name.contains("._") {
        here = at(ANYWHERE);
    }
    let records: Vec<_> = here
        .iter()
        .filter(|_| !is_broken)
        .map(|(_, record)| encoded(record))
        .filter(|(its, _)| *its == kind)
        .collect();
    // Recursion is there; name error where nothing stands at the name.
    let flags: u16 = match here.as_slice() {
        _ if is_broken => 0x8182,
        [] => 0x8183,
        _ => 0x8180,
    };
    let mut out = query[..2].to_vec();
    out.extend(flags.to_be_bytes());
    let counts = [1, u16::try_from(records.len()).ok()?, 0, 0];
    out.extend(counts.iter().flat_map(|count: &u16| count.to_be_bytes()));
    out.extend(question);
    for (kind, data) in records {
        // The name is that of the question; class IN, a minute to live.
        out.extend([0xc0, 12]);
        out.extend(kind.to_be_bytes());
        out.extend([0, 1, 0, 0, 0, 60]);
        out.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
        out.extend(data);
    }
    Some(out)
}

fn encoded(record: &Record) -> (u16, Vec<u8>) {
    match record {
        Record::A(address) => (1, address.octets().to_vec()),
        Record::Aaaa(address) => (28, address.octets().to_vec()),
        Record::Mx(preference, host) => {
            let mut data = preference.to_be_bytes().to_vec();
            for label in host.split('.').filter(|label| !label.is_empty()) {
                data.push(u8::try_from(label.len()).unwrap());
                data.extend(label.bytes());
            }
            data.push(0);
            (15, data)
        }
        Record::Txt(text) => {
            let mut data = Vec::new();
            for piece in text.as_bytes().chunks(255) {
                data.push(u8::try_from(piece.len()).unwrap());
                data.extend(piece);
            }
            (16, data)
        }
    }
}

//! Free ports on loopback, reserved among all test processes of the machine.

use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result, bail};

/// Below the range that Linux takes for outgoing connections (32768 and up), so that no
/// connection can sit on a port between its choice and the server's start.
const FIRST: u16 = 10_000;
const COUNT: u16 = 20_000;

/// A port that was free, and that no other test process will choose while this value lives.
///
/// Nothing listens on it yet; a program outside the tests may still take it, therefore servers
/// are started again on another port when they say that theirs is in use.
#[derive(Debug)]
pub struct Port {
    number: u16,
    /// A lock on a file named like the port; the kernel releases it however the process ends.
    _reservation: File,
}

impl Port {
    pub fn number(&self) -> u16 {
        self.number
    }

    /// `127.0.0.1:PORT`
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.number)
    }
}

/// Reserves a free port.
pub fn free() -> Result<Port> {
    let reservations = std::env::temp_dir().join("postroom-ports");
    std::fs::create_dir_all(&reservations)
        .with_context(|| format!("creating {}", reservations.display()))?;
    for candidate in candidates().take(1000) {
        let path = reservations.join(candidate.to_string());
        let file = File::create(&path).with_context(|| format!("opening {}", path.display()))?;
        let reserved = file.try_lock().is_ok();
        if reserved && TcpListener::bind((Ipv4Addr::LOCALHOST, candidate)).is_ok() {
            return Ok(Port {
                number: candidate,
                _reservation: file,
            });
        }
    }
    bail!("found no free port on loopback")
}

/// Ports in the range, from a random one on.
fn candidates() -> impl Iterator<Item = u16> {
    let chance = RandomState::new().build_hasher().finish() % u64::from(COUNT);
    let start = u16::try_from(chance).unwrap_or_default();
    (0..COUNT).map(move |step| FIRST + (start + step) % COUNT)
}

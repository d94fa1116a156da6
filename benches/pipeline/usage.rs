//! What a process has used, from `/proc` (Linux).

use std::time::Duration;

use anyhow::{Context, Result};

/// Processor time that a process has used so far.
#[derive(Clone, Copy, Debug)]
pub struct Cpu {
    pub user: Duration,
    pub system: Duration,
}

impl Cpu {
    pub fn of(process: u32) -> Result<Self> {
        /// `sysconf(_SC_CLK_TCK)`, which is the same on every Linux of today.
        const TICKS_PER_SECOND: f64 = 100.0;
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
        // The name, in brackets, may hold anything.
        let (_, rest) = stat.rsplit_once(')').context("a strange /proc/…/stat")?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let time = |field: usize| -> Result<Duration> {
            let ticks: f64 = fields.get(field).context("too few fields")?.parse()?;
            Ok(Duration::from_secs_f64(ticks / TICKS_PER_SECOND))
        };
        Ok(Self {
            user: time(11)?,
            system: time(12)?,
        })
    }

    pub fn since(self, earlier: Self) -> Self {
        Self {
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
        }
    }
}

/// Memory that a process occupies now, in MiB.
pub fn resident(process: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find(|it| it.starts_with("VmRSS:"));
    let kib: f64 = line
        .and_then(|it| it.split_whitespace().nth(1))
        .context("no VmRSS in /proc/…/status")?
        .parse()?;
    Ok(kib / 1024.0)
}

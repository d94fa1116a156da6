//! `log`: what is logged, and how it looks.

use crate::telemetry::{LogFormat, LogLevel};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    pub format: LogFormat,
    pub level: LogLevel,
}

//! Numbers about what Postroom does, in the text format of Prometheus.
//!
//! [`catalogue`] names every metric with its labels; whoever does the work counts there. What is
//! counted inside of a database transaction goes through `store::Tx::once_committed`, so that a
//! number never tells of something that was taken back. Labels have few values, all known beforehand
//! but for the names that the administrator gives: never an address, a room or an id.

pub mod catalogue;
mod exposition;
mod metric;

pub use self::{
    exposition::Exposition,
    metric::{Counter, Gauge, Histogram},
};

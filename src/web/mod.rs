//! The doors that speak HTTP: the appservice API, and health and metrics on a listener of its own.
//!
//! May be imported by `cli`; imports `store`, `matrix` and the floors below. A new endpoint is a
//! function in the file of its API, opening with method, path and a link to the spec.

pub mod appservice;
mod metrics;
pub mod operations;
pub mod public;
pub mod transaction;

//! The doors that speak HTTP: the appservice API; health and metrics, and the pages for customers,
//! each on a listener of its own behind a [`door`].
//!
//! May be imported by `cli`; imports `store`, `matrix` and the floors below. A new endpoint is a
//! function in the file of its API, opening with method, path and a link to the spec.

pub mod appservice;
pub mod door;
mod metrics;
pub mod operations;
pub mod public;
mod strangers;
mod thirdparty;
pub mod transaction;

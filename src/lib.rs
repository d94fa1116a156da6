//! Postroom: lets people without Matrix take part in Matrix rooms by email.
//!
//! Floors, from the top: [`cli`] builds everything; [`web`] and [`flow`] are the doors and the
//! workers; [`store`], [`mail`] and [`matrix`] speak to one kind of counterpart each; [`config`]
//! and [`ports`]; [`domain`] decides, purely; [`content`] turns text into text. A folder imports
//! only from floors below it, never from a neighbour; [`lifecycle`] and [`telemetry`] are leaves
//! that everybody may use. `tests/architecture.rs` holds the rule.

pub mod cli;
pub mod config;
pub mod content;
pub mod domain;
pub mod flow;
pub mod lifecycle;
pub mod mail;
pub mod matrix;
pub mod ports;
pub mod store;
pub mod telemetry;
pub mod web;

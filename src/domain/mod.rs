//! Words, facts, effects and the decisions. Pure: no async, no SQL, no HTTP, no clock, no chance.
//!
//! May be imported by every floor above `content`; imports only `content`. A new decision is one
//! file with a function from facts to [`effect::Effect`]s and a table of cases as its test.

pub mod address;
pub mod classify;
pub mod delivery;
pub mod ids;
pub mod incoming;

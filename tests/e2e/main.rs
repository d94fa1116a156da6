//! Stories about the whole program between the real Synapse, Postfix and Dovecot.
//!
//! Every story starts servers of its own (see [`stage`]), so they may run side by side. What a
//! story can tell with fakes is told in `stories`; here is what only the real counterparts know.

#[path = "../support/mod.rs"]
mod support;

mod bounces;
mod broadcasts;
mod cases;
mod clients;
mod contents;
mod conversation;
mod doctor;
mod federation;
mod files;
mod filters;
mod hundreds;
mod intake;
mod living;
mod messages;
mod onboarding;
mod outages;
mod people;
mod refusals;
mod reputation;
mod rooms;
mod stage;
mod threads;
mod timing;
mod trust;

//! Stories about the whole program, with fakes at its doors.
#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without may end it"
)]

#[path = "../support/mod.rs"]
mod support;

mod appservice_api;
mod auto_replies;
mod avatars;
mod bounces;
mod broadcasts;
mod case_bounds;
mod cases;
mod clients;
mod command_line;
mod commands;
mod conversation;
mod copies;
mod delivery;
mod desk;
mod doctor;
mod doctor_imap;
mod doctor_mail;
mod doctor_matrix;
mod doctor_postgres;
mod doctor_public;
mod doors;
mod edits;
mod enclosures;
mod envelopes;
mod erasures;
mod files;
mod floods;
mod guests;
mod histories;
mod homeserver;
mod imap;
mod injection;
mod intake;
mod intake_again;
mod intake_faults;
mod intake_rules;
mod intake_space;
mod letters;
mod living;
mod locales;
mod loops;
mod lost;
mod mail_in;
mod metrics;
mod onboarding;
mod originals;
mod parsed;
mod peers;
mod people;
mod policy;
mod polls;
mod races;
mod replies;
mod rulings;
mod running;
mod secrets;
mod senders;
mod servers;
mod settings;
mod shared;
mod signs;
mod spam;
mod starts;
mod statuses;
mod threads;
mod tls;
mod training;
mod trust;
mod waves;
mod whole_letters;

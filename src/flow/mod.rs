//! The workers: each takes work from the store, reaches out, and writes what came of it.
//!
//! May be imported by `cli`; imports `store`, `mail`, `matrix` and the floors below. Each worker is a
//! file with one `step` that can be called by hand; [`worker::run`] repeats it. A new one is a file
//! here, a bell in `store::Queue` if it waits for work of a new kind, and a line in `cli::run`.

mod amend;
mod answers;
mod apply;
mod audience;
mod auto_replies;
mod automatic;
mod bounces;
pub mod checks;
mod contents;
mod context;
mod copies;
mod crowd;
mod customers;
pub mod deliver;
mod desk;
mod desk_facts;
mod details;
mod elsewhere;
mod enclose;
pub mod erasures;
pub mod events;
mod facts;
mod file_links;
pub mod files;
mod guard;
mod guests;
pub mod held;
pub mod imap;
mod intake;
mod lanes;
mod leads;
pub mod letters;
mod life_facts;
mod lives;
mod locale;
pub mod logo;
mod look;
mod machine_facts;
mod mail_facts;
pub mod mails;
mod media;
mod moves;
mod new_rooms;
mod notices;
mod onboarding;
mod outside;
pub mod overdue;
pub mod policies;
mod portraits;
pub mod puppets;
pub mod receive;
mod reply_to;
mod reports;
mod return_path;
mod room_state;
mod seal;
mod settings;
mod settle;
mod showing;
pub mod signs;
mod space_requests;
mod statuses;
pub mod subscriptions;
mod threads;
mod transfers;
mod turns;
pub mod worker;
mod write;

pub use context::Context;
pub use turns::Turns;

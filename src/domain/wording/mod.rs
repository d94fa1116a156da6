//! Every sentence that a person reads, in one room: so that they can be read in one sitting, and
//! translated.

pub mod letter;
pub mod mail;
pub mod mailbox;
mod room;

pub use room::*;

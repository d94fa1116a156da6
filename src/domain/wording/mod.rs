//! Every sentence that a person reads, in one room: so that they can be read in one sitting, and
//! translated.

pub mod file;
pub mod leave;
pub mod letter;
pub mod mail;
pub mod mailbox;
mod room;
mod shown;

pub use room::*;
pub use shown::*;

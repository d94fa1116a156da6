//! Every sentence that a person reads, in one room: so that they can be read in one sitting, and
//! translated.

pub mod file;
pub mod letter;
pub mod link;
pub mod mail;
pub mod mailbox;
pub mod numbers;
pub mod page;
mod room;
mod shown;

pub use room::*;
pub use shown::*;

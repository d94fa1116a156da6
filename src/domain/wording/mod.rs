//! Every sentence that a person reads, in one room: so that they can be read in one sitting, and
//! translated.

pub mod answers;
pub mod auto_replies;
pub mod bounces;
pub mod desk;
pub mod erasure;
pub mod file;
pub mod guard;
pub mod held;
pub mod intake;
pub mod letter;
pub mod link;
pub mod living;
pub mod mail;
pub mod mailbox;
pub mod notices;
pub mod numbers;
pub mod onboarding;
pub mod page;
pub mod people;
pub mod policy;
mod room;
mod said;
mod settings;
mod shown;
pub mod status;
pub mod transfers;

pub use room::*;
pub use said::*;
pub use settings::*;
pub use shown::*;

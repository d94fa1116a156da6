//! The configuration: one YAML file, one Rust file per section, secrets in files of their own.
//!
//! May import `domain` and `content`; may be imported by every floor above, though most parts
//! want only their section. What is in [`Config`] has been checked: the types are the proof.

mod appservice;
mod blobs;
mod database;
mod homeserver;
mod letters;
mod lmtp;
mod log;
mod mailbox;
mod operations;
mod smtp;

use indexmap::IndexMap;
use ruma::OwnedRoomId;

pub use self::{
    appservice::Appservice,
    blobs::Blobs,
    database::Database,
    homeserver::Homeserver,
    letters::Letters,
    lmtp::Lmtp,
    log::Log,
    mailbox::{Language, Mailbox, MailboxName},
    operations::Operations,
    smtp::{Smtp, SmtpCredentials, SmtpEncryption},
};
use crate::domain::staff::StaffList;

/// The whole configuration. Every path in it is absolute or relative to the working directory.
#[derive(Debug, Clone)]
pub struct Config {
    pub homeserver: Homeserver,
    pub appservice: Appservice,
    pub database: Database,
    pub blobs: Blobs,
    /// In the order of the file; at least one.
    pub mailboxes: IndexMap<MailboxName, Mailbox>,
    /// `None`: no mail comes in.
    pub lmtp: Option<Lmtp>,
    pub staff: StaffList,
    /// The staff room for what concerns no single conversation.
    pub control_room: Option<OwnedRoomId>,
    pub letters: Letters,
    /// `None`: no health checks.
    pub operations: Option<Operations>,
    pub log: Log,
}

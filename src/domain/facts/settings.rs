//! What holds in a room, and how its letters are written: where that comes from.

use crate::domain::{
    ids::CustomerId,
    letter::Language,
    settings::{Key, Settings, Value},
};

/// Where what holds in a room comes from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SettingsFacts {
    /// What holds where staff have set nothing else.
    pub configured: Settings,
    /// What of that stands in the configuration; the rest are defaults.
    pub given: Vec<Key>,
    pub set: Vec<SetHere>,
    /// Whether there is a page, reached by TLS, on which people leave a broadcast.
    pub has_pages: bool,
}

impl SettingsFacts {
    #[must_use]
    pub fn in_force(&self) -> Settings {
        Settings::in_force(&self.configured, self.set.iter().map(|set| &set.value))
    }
}

/// What staff have set in a room.
#[derive(Debug, Clone, PartialEq)]
pub struct SetHere {
    pub value: Value,
    /// A Matrix user id.
    pub by: String,
}

/// How a customer's letters are written.
#[derive(Debug, Clone, PartialEq)]
pub struct LocaleFacts {
    pub customer: CustomerId,
    pub language: Language,
    pub language_by: LocaleSource,
    /// A name of the time zone database or an offset such as `+02:00`; empty for the system's.
    pub time_zone: String,
    pub time_zone_by: LocaleSource,
}

/// Who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocaleSource {
    /// Staff, for this customer.
    Staff,
    /// The customer's last mail that told.
    Mail,
    /// The configuration of the mailbox, or the system's.
    Mailbox,
}

/// What stands for a time zone in a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ZoneFacts {
    /// As it is written in the time zone database, or an offset.
    Known(String),
    /// There is none; these are near.
    Unknown(Vec<String>),
}

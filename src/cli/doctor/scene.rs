//! What every area's checks look at.

use std::path::PathBuf;

use super::running::Running;
use crate::{
    config::{Config, MailboxName},
    lifecycle::{Chance, Clock},
    matrix::registration::Registration,
};

/// An installation, as far as its configuration can be read.
#[derive(Debug)]
pub struct Scene {
    pub config: Config,
    pub config_file: PathBuf,
    /// `None` if there is none to be had from its file.
    pub registration: Option<Registration>,
    /// Mailboxes of whose `smtp` something is wrong in the configuration: a check of them would show
    /// what is known already.
    pub without_smtp: Vec<MailboxName>,
    pub running: Running,
    pub clock: Clock,
    pub chance: Chance,
}

impl Scene {
    /// What to do so that the homeserver has the registration that we have.
    pub fn load_registration(&self) -> String {
        format!(
            "In Synapse's homeserver.yaml name this very file:\n\
             app_service_config_files: [{}]\n\
             Then: systemctl restart matrix-synapse",
            self.registration_file()
        )
    }

    /// The registration file as others have to name it.
    fn registration_file(&self) -> String {
        let file = &self.config.appservice.registration;
        std::path::absolute(file)
            .unwrap_or_else(|_| file.clone())
            .display()
            .to_string()
    }
}

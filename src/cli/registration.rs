//! `postroom registration`: shows the registration for a configuration, or makes one.

use std::path::PathBuf;

use anyhow::Context;

use crate::{
    config::{Config, environment},
    lifecycle::Chance,
    matrix::registration::{Registration, TOKEN_LENGTH},
};

/// Print the registration for a configuration
///
/// It has the tokens of the registration file, and the URL and the server name of the
/// configuration.
#[derive(Debug, Clone, clap::Args)]
pub struct ShowRegistration {
    #[arg(long, value_name = "FILE", default_value = "config.yaml")]
    config: PathBuf,
    /// Write the registration file with new tokens first; it must not be there yet
    #[arg(long)]
    create: bool,
}

impl ShowRegistration {
    /// # Errors
    ///
    /// If the configuration is faulty, or the registration file can't be read or created.
    pub fn run(self) -> anyhow::Result<()> {
        print!("{}", self.text(&environment(), &Chance::System)?);
        Ok(())
    }

    fn text(&self, environment: &[(String, String)], chance: &Chance) -> anyhow::Result<String> {
        let config = Config::load_unregistered(&self.config, environment.iter().cloned())?;
        let (url, server) = (&config.appservice.url, &config.homeserver.server_name);
        let file = &config.appservice.registration;
        if self.create {
            let token = || chance.base32(TOKEN_LENGTH).into();
            Registration::generate(url, server, token(), token())
                .write(file)
                .with_context(|| format!("cannot create {}", file.display()))?;
        }
        let registration = Registration::read(file)
            .context("no registration; --create makes one where there is none")?;
        Ok(registration.moved_to(url, server).to_yaml()?)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    const CONFIG: &str = r#"
homeserver: {url: "http://127.0.0.1:8008", server_name: example.org}
appservice: {listen: "127.0.0.1:29381", url: "http://127.0.0.1:29381", registration: reg.yaml}
database: {url: "sqlite:postroom.db"}
blobs: {url: "file:blobs"}
mailboxes:
  support:
    name: Example
    address: support@example.org
    reply_address: support+{token}@example.org
    smtp: {url: "smtp://mail.example.org"}
staff: ["@*:example.org"]
"#;

    fn text(folder: &Path, create: bool, variables: &[(&str, &str)]) -> anyhow::Result<String> {
        let config = folder.join("config.yaml");
        fs::write(&config, CONFIG).unwrap();
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        ShowRegistration { config, create }.text(&variables, &Chance::System)
    }

    #[test]
    fn makes_one_and_shows_it_again() {
        let folder = tempfile::tempdir().unwrap();
        let error = text(folder.path(), false, &[]).unwrap_err();
        assert!(error.to_string().contains("--create"));
        let made = text(folder.path(), true, &[]).unwrap();
        assert_eq!(
            made,
            fs::read_to_string(folder.path().join("reg.yaml")).unwrap()
        );
        assert_eq!(text(folder.path(), false, &[]).unwrap(), made);
        assert!(
            text(folder.path(), true, &[]).is_err(),
            "nothing is overwritten"
        );
    }

    #[test]
    fn follows_the_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let made = text(folder.path(), true, &[]).unwrap();
        let variables = [("POSTROOM__APPSERVICE__URL", "https://postroom.example.org")];
        let moved = text(folder.path(), false, &variables).unwrap();
        let expected = made.replace("http://127.0.0.1:29381", "https://postroom.example.org");
        assert_eq!(moved, expected);
    }
}

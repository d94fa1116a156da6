//! `postroom init`: writes a configuration with comments, and a registration.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use ruma::{IdParseError, OwnedServerName};
use url::Url;

use crate::{
    domain::{
        address::{AddressFault, EmailAddress},
        reply_address::ReplyPattern,
    },
    lifecycle::Chance,
    matrix::registration::{Registration, TOKEN_LENGTH, create_private},
};

/// Write a configuration and a registration to begin with
#[derive(Debug, Clone, clap::Args)]
pub struct Init {
    /// The configuration to write; the registration gets into the same folder
    #[arg(long, value_name = "FILE", default_value = "config.yaml")]
    config: PathBuf,
    /// What stands behind the colon in your Matrix ids
    #[arg(long, value_name = "NAME", default_value = "example.org", value_parser = server_name)]
    server_name: OwnedServerName,
    /// Where Postroom reaches the homeserver
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8008")]
    homeserver_url: Url,
    /// An address under which customers write; may be given several times [default: support at
    /// the server name]
    #[arg(long = "address", value_name = "ADDRESS", value_parser = address)]
    addresses: Vec<EmailAddress>,
    /// How customers see you [default: the domain of the address]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The server that takes outgoing mail: smtp:// with STARTTLS, smtps:// with TLS,
    /// smtp+insecure:// on this machine only [default: STARTTLS at mail.DOMAIN]
    #[arg(long, value_name = "URL", value_parser = smtp_url)]
    smtp_url: Option<Url>,
    /// Fetch the mail from a mailbox with imap:// or imaps://, instead of LMTP
    #[arg(long, value_name = "URL", value_parser = imap_url, requires = "password_file")]
    imap_url: Option<Url>,
    /// Log in at the mail servers, with the address and the password in this file
    #[arg(long, value_name = "FILE")]
    password_file: Option<String>,
}

impl Init {
    /// # Errors
    ///
    /// If one of the files is there already, and then neither is touched, or can't be written.
    pub fn run(self) -> anyhow::Result<()> {
        let written = self.write(&Chance::System)?;
        print!("{}", self.next_steps(&written));
        Ok(())
    }

    /// Writes both files and returns where the registration is.
    fn write(&self, chance: &Chance) -> anyhow::Result<PathBuf> {
        if !matches!(self.homeserver_url.scheme(), "http" | "https") {
            bail!("--homeserver-url must be an http or https URL");
        }
        let config = self.config_text()?;
        let registration = Registration::generate(
            &Url::parse(APPSERVICE_URL)?,
            &self.server_name,
            chance.base32(TOKEN_LENGTH).into(),
            chance.base32(TOKEN_LENGTH).into(),
        );
        let registration_file = self.config.with_file_name(REGISTRATION);
        for file in [&self.config, &registration_file] {
            ensure!(
                fs::symlink_metadata(file).is_err(),
                "{} is there already; nothing was written. Move it away, or name another folder \
                 with --config",
                file.display()
            );
        }
        let cannot_write = |file: &Path| format!("cannot write {}", file.display());
        registration
            .write(&registration_file)
            .with_context(|| cannot_write(&registration_file))?;
        if let Err(error) = create_private(&self.config, &config) {
            fs::remove_file(&registration_file)
                .with_context(|| format!("cannot remove {}", registration_file.display()))?;
            return Err(error).with_context(|| cannot_write(&self.config));
        }
        Ok(registration_file)
    }

    fn config_text(&self) -> anyhow::Result<String> {
        let mut addresses = self.addresses.clone();
        if addresses.is_empty() {
            let domain = self.server_name.host();
            let address = EmailAddress::parse(&format!("support@{domain}"))
                .context("give the mailbox's address with --address")?;
            addresses.push(address);
        }
        let mut mailboxes = String::new();
        let mut names = BTreeSet::new();
        let mut seen = BTreeSet::new();
        for address in addresses.iter().filter(|address| seen.insert(*address)) {
            let name = mailbox_name(address, &mut names);
            mailboxes.push_str(&self.mailbox_text(&name, address)?);
        }
        let server = &self.server_name;
        let homeserver = self.homeserver_url.as_str().trim_end_matches('/');
        // Mail that is fetched needs nobody who hands it over.
        let off = if self.imap_url.is_some() { "# " } else { "" };
        Ok(format!(
            r#"# Postroom's configuration; docs/configuration.md explains every key.
# Relative paths begin in the folder of this file. Any key can be set from the environment, too:
# POSTROOM__HOMESERVER__URL is homeserver.url.

homeserver:
  # Where Postroom reaches the homeserver, and what it is called.
  url: "{homeserver}"
  server_name: "{server}"

appservice:
  # Where Postroom listens for the homeserver, and the same place as the homeserver sees it.
  listen: "127.0.0.1:29381"
  url: "{APPSERVICE_URL}"
  registration: {REGISTRATION}

database:
  # Or "postgres://postroom@localhost/postroom?host=/run/postgresql".
  url: "sqlite:postroom.db"

# Large mails are kept in this folder.
blobs:
  url: "file:blobs"

# One entry for each address under which customers know you. The key is stored with the
# conversations: don't change it later.
mailboxes:
{mailboxes}
# Where your mail server hands over mail for the addresses above and their reply addresses.
{off}lmtp:
{off}  listen: "127.0.0.1:2424"
{off}  max_size: 50MB

# Who may command the bot. "*" stands for any text; it never matches users of other bridges
# (whose names begin with "_").
staff: ["@*:{server}"]

# How customers see people who call themselves something else in the rooms.
# names: {{"@ann:{server}": "Ann Example"}}

# The staff room for what concerns no single conversation. Invite the bot to it.
# control_room: "!room-id"

# A mail is sent when the room has been quiet for so long, and at the latest after at_most.
# quiet: 0 sends every message at once. `!email settings` sets it for a single room.
letters:
  quiet: 1m
  at_most: 5m
  # Or at these times of the day only.
  # digest: ["08:00", "16:30"]
  # Whether what other bots say goes out, and who comes and goes.
  notices: false
  changes: false

# Pages on which customers fetch files that are too large for a mail; without them such files are
# not sent. A web server with TLS at this address must pass everything on to the listener.
# public: {{url: "https://post.{server}", listen: "127.0.0.1:29382"}}

# Health checks and metrics for your monitoring.
operations: {{listen: "127.0.0.1:9381"}}

# human or json; error, warn, info, debug or trace.
log: {{format: human, level: info}}
"#
        ))
    }

    fn mailbox_text(&self, name: &str, address: &EmailAddress) -> anyhow::Result<String> {
        let (local, domain) = (address.local_part(), address.domain());
        let reply_address = ReplyPattern::parse(&format!("{local}+{{token}}@{domain}"))
            .with_context(|| format!("{address} leaves no place for a token"))?;
        // A JSON string is a YAML string.
        let shown = serde_json::to_string(self.name.as_deref().unwrap_or(domain))?;
        let smtp = match &self.smtp_url {
            Some(url) => url.to_string(),
            None => format!("smtp://mail.{domain}:587"),
        };
        let password_file = self.password_file.as_deref().unwrap_or("mail-password");
        let password_file = serde_json::to_string(password_file)?;
        let login = if self.password_file.is_some() {
            ""
        } else {
            "# "
        };
        let off = if self.imap_url.is_some() { "" } else { "# " };
        let imap = match &self.imap_url {
            Some(url) => url.to_string(),
            None => format!("imaps://mail.{domain}"),
        };
        Ok(format!(
            r##"  {name}:
    # How customers see you.
    name: {shown}
    address: "{address}"
    # Every conversation has its own; your mail server must deliver all of them.
    reply_address: "{reply_address}"
    # What the law wants below every letter.
    # footer: "Example Ltd, 1 High Street, London"
    # Of the letters: en, fr or de.
    language: en
    # How the letters look.
    # colour: "#1d5fa8"
    # logo: logo.png
    smtp:
      # smtp:// uses STARTTLS, smtps:// TLS from the first byte; smtp+insecure:// is for a server
      # on this machine.
      url: "{smtp}"
      {login}username: "{address}"
      {login}password_file: {password_file}
      # ca_file: ca.pem
    # Signs the letters, where your mail server doesn't; `postroom doctor` prints the DNS record.
    # dkim: {{selector: post, key_file: dkim.pem}}
    # Where bounces go: auto, verp (a token for each delivery) or plain.
    # return_path: auto
    # Fetches the mail from a mailbox, where no server hands it over by LMTP.
    {off}imap:
    {off}  url: "{imap}"
    {off}  username: "{address}"
    {off}  password_file: {password_file}
    {off}  folders: [INBOX, Junk]
    {off}  processed: keyword
"##
        ))
    }

    fn next_steps(&self, registration: &Path) -> String {
        let config = self.config.display();
        let registration = registration.display();
        let mut steps = vec![
            format!("Look through {config}: names, addresses, and the mail servers."),
            format!(
                "Tell the homeserver of {registration}: in Synapse's homeserver.yaml add its path \
                 under\n   app_service_config_files, make it readable for Synapse only, and restart \
                 Synapse."
            ),
        ];
        if let Some(file) = &self.password_file {
            let file = self.config.with_file_name(file);
            let file = file.display();
            steps.push(format!("Write the mailbox's password into {file}."));
        }
        if self.imap_url.is_none() {
            steps.push(
                "Let your mail server hand mail for the addresses over by LMTP to 127.0.0.1:2424."
                    .to_owned(),
            );
        }
        steps.push(format!("Start: postroom run --config {config}"));
        steps.push(format!("Check: postroom doctor --config {config}"));
        let steps: Vec<String> = (1..)
            .zip(steps)
            .map(|(number, step)| format!("{number}. {step}"))
            .collect();
        let steps = steps.join("\n");
        format!("Wrote {config} and {registration}.\n\nWhat to do next:\n{steps}\n")
    }
}

const REGISTRATION: &str = "registration.yaml";
const APPSERVICE_URL: &str = "http://127.0.0.1:29381";

/// A name for the mailbox made of its address, unlike those in `taken`.
fn mailbox_name(address: &EmailAddress, taken: &mut BTreeSet<String>) -> String {
    let letters = address.local_part().to_ascii_lowercase();
    let name = letters
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-");
    let name = if name.is_empty() { "mailbox" } else { &name };
    let name = &name[..name.len().min(60)];
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    let free = std::iter::once(name.to_owned())
        .chain(numbered)
        .find(|name| !taken.contains(name))
        .unwrap_or_default();
    taken.insert(free.clone());
    free
}

fn server_name(text: &str) -> Result<OwnedServerName, IdParseError> {
    OwnedServerName::try_from(text)
}

fn address(text: &str) -> Result<EmailAddress, AddressFault> {
    EmailAddress::parse(text)
}

fn smtp_url(text: &str) -> anyhow::Result<Url> {
    mail_url(text, &["smtp", "smtps", "smtp+insecure"])
}

fn imap_url(text: &str) -> anyhow::Result<Url> {
    mail_url(text, &["imap", "imaps", "imap+insecure"])
}

fn mail_url(text: &str, schemes: &[&str]) -> anyhow::Result<Url> {
    let url = Url::parse(text)?;
    ensure!(
        schemes.contains(&url.scheme()) && url.has_host(),
        "write {}, then :// and the server's name",
        schemes.join(" or ")
    );
    Ok(url)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use clap::Parser;
    use secrecy::ExposeSecret;

    use super::*;
    use crate::config::Config;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        init: Init,
    }

    fn init(folder: &Path, arguments: &[&str]) -> Init {
        let config = folder.join("config.yaml");
        let first = ["init", "--config", config.to_str().unwrap()];
        let arguments = first.iter().chain(arguments);
        Command::try_parse_from(arguments).unwrap().init
    }

    #[test]
    fn what_it_writes_loads() {
        let folder = tempfile::tempdir().unwrap();
        let init = init(folder.path(), &[]);
        init.write(&Chance::seeded(1)).unwrap();
        let config = Config::load(&init.config, []).unwrap();
        assert_eq!(config.mailboxes[0].address.as_str(), "support@example.org");
        let registration = Registration::read(&config.appservice.registration).unwrap();
        let tokens =
            [&registration.as_token, &registration.hs_token].map(ExposeSecret::expose_secret);
        assert!(tokens.iter().all(|token| token.len() == 64));
        assert_ne!(tokens[0], tokens[1]);
        for file in [&init.config, &config.appservice.registration] {
            let mode = fs::metadata(file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", file.display());
        }
        insta::assert_snapshot!(fs::read_to_string(&init.config).unwrap());
    }

    #[test]
    fn takes_what_it_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let arguments = [
            "--server-name=bootlin.example:8448",
            "--homeserver-url=https://matrix.bootlin.example/",
            "--address=Training.FR@bootlin.example",
            "--address=training-fr@bootlin.example",
            "--address=TRAINING.fr@bootlin.example",
            "--address={o'neil}@bootlin.example",
        ];
        let init = init(folder.path(), &arguments);
        init.write(&Chance::seeded(1)).unwrap();
        let config = Config::load(&init.config, []).unwrap();
        assert_eq!(config.homeserver.server_name, "bootlin.example:8448");
        let names: Vec<_> = config.mailboxes.keys().map(ToString::to_string).collect();
        assert_eq!(names, ["training-fr", "training-fr-2", "o-neil"]);
    }

    #[test]
    fn writes_the_login_where_there_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let arguments = [
            "--name=Example \"Engineering\"",
            "--smtp-url=smtps://mail.example.com",
            "--password-file=mail-password",
        ];
        fs::write(folder.path().join("mail-password"), "secret").unwrap();
        let init = init(folder.path(), &arguments);
        let registration = init.write(&Chance::seeded(1)).unwrap();
        let config = Config::load(&init.config, []).unwrap();
        assert_eq!(config.mailboxes[0].name, "Example \"Engineering\"");
        let text = fs::read_to_string(&init.config).unwrap();
        for line in [
            "      url: \"smtps://mail.example.com\"\n",
            "      username: \"support@example.org\"\n",
            "      password_file: \"mail-password\"\n",
            "    # imap:\n",
            "\nlmtp:\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
        assert!(init.next_steps(&registration).contains("mail-password"));
    }

    #[test]
    fn mail_that_is_fetched_needs_no_lmtp() {
        let folder = tempfile::tempdir().unwrap();
        let arguments = [
            "--smtp-url=smtps://mail.example.com",
            "--imap-url=imaps://mail.example.com",
            "--password-file=mail-password",
        ];
        let init = init(folder.path(), &arguments);
        fs::write(folder.path().join("mail-password"), "secret").unwrap();
        init.write(&Chance::seeded(1)).unwrap();
        let config = Config::load(&init.config, []).unwrap();
        assert!(config.mailboxes[0].imap.is_some() && config.lmtp.is_none());
        let text = init.config_text().unwrap();
        for line in [
            "    imap:\n",
            "      url: \"imaps://mail.example.com\"\n",
            "\n# lmtp:\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
        assert!(!init.next_steps(&init.config).contains("LMTP"));
    }

    #[test]
    fn refuses_urls_of_another_kind() {
        for wrong in [
            "--smtp-url=https://mail.example.com",
            "--smtp-url=mail.example.com:587",
            "--imap-url=imaps://mail.example.com",
        ] {
            assert!(Command::try_parse_from(["init", wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn overwrites_nothing() {
        for existing in ["config.yaml", "registration.yaml"] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(existing), "mine").unwrap();
            let init = init(folder.path(), &[]);
            let error = init.write(&Chance::seeded(1)).unwrap_err();
            assert!(error.to_string().contains(existing), "{error}");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
            assert_eq!(
                fs::read_to_string(folder.path().join(existing)).unwrap(),
                "mine"
            );
        }
    }

    #[test]
    fn the_example_is_what_it_writes() {
        let folder = tempfile::tempdir().unwrap();
        let file = init(folder.path(), &[]).write(&Chance::seeded(1)).unwrap();
        let mut registration = Registration::read(&file).unwrap();
        registration.as_token = "PUT-64-RANDOM-CHARACTERS-HERE".into();
        registration.hs_token = "PUT-64-OTHER-RANDOM-CHARACTERS-HERE".into();
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("registration.yaml.example");
        let example = fs::read_to_string(example).unwrap();
        assert_eq!(example, registration.to_yaml().unwrap());
    }
}

//! `postroom init`: writes a configuration with comments, and a registration.

mod text;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use ruma::{IdParseError, OwnedServerName};
use url::Url;

use self::text::folder_of;
use crate::{
    config::Config,
    domain::address::{AddressFault, EmailAddress},
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
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8008", value_parser = homeserver_url)]
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
    /// Log in at the mail servers, with the address and the password in this file; with several
    /// addresses in the file NAME-password beside it, for each mailbox's name
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
        let folder = folder_of(&self.config);
        ensure!(
            folder.is_dir(),
            "there is no folder {}; make it first, for the user who is to run Postroom, or name \
             another with --config",
            folder.display()
        );
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
        let faults = Config::faults_of_draft(&config, &self.config);
        let faults: BTreeSet<String> = faults
            .iter()
            .map(|fault| format!("{}; {}", fault.what, fault.remedy))
            .collect();
        if !faults.is_empty() {
            let faults: Vec<String> = faults.into_iter().collect();
            bail!(
                "Postroom could not start with that; nothing was written:\n{}",
                faults.join("\n")
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
}

const REGISTRATION: &str = "registration.yaml";
const APPSERVICE_URL: &str = "http://127.0.0.1:29381";

fn server_name(text: &str) -> Result<OwnedServerName, IdParseError> {
    OwnedServerName::try_from(text)
}

fn address(text: &str) -> Result<EmailAddress, AddressFault> {
    EmailAddress::parse(text)
}

fn homeserver_url(text: &str) -> anyhow::Result<Url> {
    url(text, &["http", "https"], "http://127.0.0.1:8008")
}

fn smtp_url(text: &str) -> anyhow::Result<Url> {
    url(
        text,
        &["smtp", "smtps", "smtp+insecure"],
        "smtps://mail.example.org",
    )
}

fn imap_url(text: &str) -> anyhow::Result<Url> {
    url(
        text,
        &["imap", "imaps", "imap+insecure"],
        "imaps://mail.example.org",
    )
}

fn url(text: &str, schemes: &[&str], example: &str) -> anyhow::Result<Url> {
    let url = Url::parse(text).ok();
    url.filter(|url| schemes.contains(&url.scheme()) && url.has_host())
        .with_context(|| {
            let schemes: Vec<String> = schemes.iter().map(|it| format!("{it}://")).collect();
            let schemes = schemes.join(" or ");
            format!("write {schemes} and the server's name, such as {example}")
        })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use clap::Parser;
    use secrecy::ExposeSecret;

    use super::*;

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

    #[rstest::rstest]
    #[case("--smtp-url=mail.example.org", "such as smtps://mail.example.org")]
    #[case("--imap-url=mail.example.org", "such as imaps://mail.example.org")]
    #[case(
        "--homeserver-url=foo",
        "write http:// or https:// and the server's name, such as http://127.0.0.1:8008"
    )]
    fn says_what_to_write_for_a_url(#[case] argument: &str, #[case] part: &str) {
        let Err(error) = Command::try_parse_from(["init", argument]) else {
            panic!("{argument}");
        };
        assert!(error.to_string().contains(part), "{error}");
    }

    #[rstest::rstest]
    #[case("--name=", "mailboxes.support.name: is empty")]
    #[case(&format!("--name={}", "n".repeat(120)), "longer than 100 characters; shorten it")]
    #[case("--smtp-url=smtp+insecure://mail.x.org", "mailboxes.support.smtp.url")]
    #[case(
        "--homeserver-url=https://ann:hush@x.org",
        "take out what stands before"
    )]
    fn writes_nothing_that_would_be_refused(#[case] argument: &str, #[case] part: &str) {
        let folder = tempfile::tempdir().unwrap();
        let error = init(folder.path(), &[argument]).write(&Chance::seeded(1));
        let told = error.unwrap_err().to_string();
        assert!(
            told.contains("nothing was written") && told.contains(part),
            "{told}"
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn says_which_folder_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("nodir");
        let error = init(&missing, &[]).write(&Chance::seeded(1)).unwrap_err();
        let expected = format!("there is no folder {}; make it first", missing.display());
        assert!(error.to_string().starts_with(&expected), "{error}");
    }

    #[test]
    fn each_mailbox_has_its_own_password() {
        let folder = tempfile::tempdir().unwrap();
        let arguments = [
            "--address=support@example.org",
            "--address=training@example.org",
            "--imap-url=imaps://mail.example.org",
            "--password-file=secrets/pw",
        ];
        let init = init(folder.path(), &arguments);
        // The passwords come later.
        let registration = init.write(&Chance::seeded(1)).unwrap();
        let text = fs::read_to_string(&init.config).unwrap();
        let steps = init.next_steps(&registration);
        for file in ["secrets/support-password", "secrets/training-password"] {
            let line = format!("      password_file: \"{file}\"\n");
            assert_eq!(text.matches(&line).count(), 2, "SMTP and IMAP: {text}");
            assert!(steps.contains(file), "{steps}");
        }
        assert!(!text.contains("secrets/pw"));
    }

    #[test]
    fn what_it_leaves_out_could_be_put_in() {
        let folder = tempfile::tempdir().unwrap();
        let init = init(folder.path(), &[]);
        init.write(&Chance::seeded(1)).unwrap();
        let mut text = fs::read_to_string(&init.config).unwrap();
        for key in [
            "    # footer",
            "    # colour",
            "    # return_path",
            "    # time_zone",
            "    # intake",
            "    # triage_room",
            "    # staff",
            "# names",
            "# control_room",
            "# public",
            "# desk",
            "# rooms",
            "# onboarding",
        ] {
            let line = format!("\n{key}: ");
            assert_eq!(text.matches(&line).count(), 1, "{key}");
            text = text.replace(&line, &line.replace("# ", ""));
        }
        fs::write(&init.config, text).unwrap();
        let config = Config::load(&init.config, []).unwrap();
        assert!(config.control_room.is_some() && config.desk.remind_after.is_some());
        assert!(config.mailboxes[0].intake.triage_room.is_some());
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

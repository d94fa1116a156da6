//! The registration: the file by which the homeserver and Postroom know each other (Matrix
//! specification, Application Service API, "Registration").

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use ruma::{IdParseError, OwnedUserId, ServerName, UserId};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use url::Url;

/// The length of both tokens in characters.
pub const TOKEN_LENGTH: usize = 64;

/// How the localparts of all ghosts begin.
const GHOST_PREFIX: &str = "_email_";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Registration {
    pub id: String,
    /// Where the homeserver calls Postroom.
    pub url: String,
    /// Proves to the homeserver that Postroom calls.
    #[serde(serialize_with = "expose")]
    pub as_token: SecretString,
    /// Proves to Postroom that the homeserver calls.
    #[serde(serialize_with = "expose")]
    pub hs_token: SecretString,
    /// The localpart of the bot.
    pub sender_localpart: String,
    pub namespaces: Namespaces,
    #[serde(default)]
    pub rate_limited: bool,
    #[serde(default)]
    pub protocols: Vec<String>,
    /// Typing notifications and receipts come, too.
    #[serde(default)]
    pub receive_ephemeral: bool,
    /// The same for homeservers from before that key was in the specification.
    #[serde(default, rename = "de.sorunome.msc2409.push_ephemeral")]
    pub push_ephemeral: bool,
    /// Further keys that an administrator has added.
    #[serde(flatten)]
    pub further: BTreeMap<String, serde_json::Value>,
}

/// What is reserved for Postroom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Namespaces {
    #[serde(default)]
    pub users: Vec<Namespace>,
    #[serde(default)]
    pub aliases: Vec<Namespace>,
    #[serde(default)]
    pub rooms: Vec<Namespace>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Namespace {
    /// Nobody else can register what matches.
    pub exclusive: bool,
    /// Matches whole ids.
    pub regex: String,
}

/// Why there is no registration to be had from a file.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationFault {
    #[error("cannot read the registration {0}")]
    Read(PathBuf, #[source] io::Error),
    /// The source's text is left out: it may show a token.
    #[error("{0} is not a registration; run `postroom init` in an empty folder to see one")]
    Parse(PathBuf),
}

impl Registration {
    /// A new registration for the homeserver called `server`, to be reached by it at `url`. The
    /// tokens are secrets of [`TOKEN_LENGTH`] characters.
    #[must_use]
    pub fn generate(
        url: &Url,
        server: &ServerName,
        as_token: SecretString,
        hs_token: SecretString,
    ) -> Self {
        Self {
            id: "postroom".to_owned(),
            url: without_slash(url),
            as_token,
            hs_token,
            sender_localpart: "postroom".to_owned(),
            namespaces: ghosts_of(server),
            rate_limited: false,
            protocols: vec!["email".to_owned()],
            receive_ephemeral: true,
            push_ephemeral: true,
            further: BTreeMap::new(),
        }
    }

    /// The same registration with another `url` and `server`: tokens and further keys stay.
    #[must_use]
    pub fn moved_to(self, url: &Url, server: &ServerName) -> Self {
        Self {
            url: without_slash(url),
            namespaces: ghosts_of(server),
            ..self
        }
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    ///
    /// If the file can't be read, or isn't a registration with both tokens.
    pub fn read(path: &Path) -> Result<Self, RegistrationFault> {
        let text = fs::read_to_string(path)
            .map_err(|error| RegistrationFault::Read(path.to_owned(), error))?;
        serde_saphyr::from_str::<Self>(&text)
            .ok()
            .filter(Self::has_tokens)
            .ok_or_else(|| RegistrationFault::Parse(path.to_owned()))
    }

    /// The text of the file, tokens included.
    ///
    /// # Errors
    ///
    /// If one of [`Self::further`] can't be written as YAML.
    pub fn to_yaml(&self) -> Result<String, serde_saphyr::ser::Error> {
        Ok(format!("{HEAD}{}", serde_saphyr::to_string(self)?))
    }

    /// Writes a new file that only its owner may read.
    ///
    /// # Errors
    ///
    /// If the file is there already or can't be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        create_private(path, &self.to_yaml().map_err(io::Error::other)?)
    }

    /// The bot's user id on the homeserver called `server`.
    ///
    /// # Errors
    ///
    /// If [`Self::sender_localpart`] is no localpart.
    pub fn bot_user_id(&self, server: &ServerName) -> Result<OwnedUserId, IdParseError> {
        UserId::parse_with_server_name(self.sender_localpart.as_str(), server)
    }

    /// How the localparts of all ghosts begin.
    #[must_use]
    pub fn ghost_prefix() -> &'static str {
        GHOST_PREFIX
    }

    fn has_tokens(&self) -> bool {
        [&self.as_token, &self.hs_token]
            .iter()
            .all(|token| !token.expose_secret().is_empty())
    }
}

/// Writes a new file with mode 0600, durably: what holds tokens and passwords is for its owner.
///
/// # Errors
///
/// If the file is there already or can't be written.
pub fn create_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

const HEAD: &str = "\
# Postroom's registration with the homeserver. Whoever has the tokens can act as Postroom.
# Synapse reads it if its path stands under `app_service_config_files` in homeserver.yaml.
";

fn ghosts_of(server: &ServerName) -> Namespaces {
    Namespaces {
        users: vec![Namespace {
            exclusive: true,
            regex: format!("@{GHOST_PREFIX}.*:{}", escape(server.as_str())),
        }],
        aliases: Vec::new(),
        rooms: Vec::new(),
    }
}

/// Server names hold letters, digits and these (an IPv6 address stands in brackets).
fn escape(server: &str) -> String {
    server
        .replace('.', r"\.")
        .replace('[', r"\[")
        .replace(']', r"\]")
}

/// Homeservers add `/_matrix/…` to it.
fn without_slash(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

fn expose<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use ruma::server_name;

    use super::*;

    fn registration() -> Registration {
        let url = Url::parse("http://127.0.0.1:29381").unwrap();
        Registration::generate(
            &url,
            server_name!("example.org"),
            "one".into(),
            "two".into(),
        )
    }

    #[test]
    fn writes_what_homeservers_read() {
        insta::assert_snapshot!(registration().to_yaml().unwrap());
    }

    #[test]
    fn comes_back_from_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registration.yaml");
        let mut written = registration();
        let further = [("org.matrix.msc3202".to_owned(), true.into())];
        written.further = further.into();
        written.write(&path).unwrap();
        let read = Registration::read(&path).unwrap();
        assert_eq!(read.to_yaml().unwrap(), written.to_yaml().unwrap());
        assert_eq!(read.further, written.further);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(written.write(&path).is_err(), "nothing is overwritten");
    }

    #[test]
    fn other_implementations_understand_it() {
        let yaml = registration().to_yaml().unwrap();
        let other: ruma::api::appservice::Registration = serde_saphyr::from_str(&yaml).unwrap();
        assert_eq!(other.as_token, "one");
        assert_eq!(other.namespaces.users[0].regex, r"@_email_.*:example\.org");
        assert_eq!(other.rate_limited, Some(false));
        assert!(other.receive_ephemeral);
    }

    #[test]
    fn moves_and_keeps_its_tokens() {
        let url = Url::parse("https://postroom.example.com/").unwrap();
        let moved = registration().moved_to(&url, server_name!("[::1]:8448"));
        assert_eq!(moved.url, "https://postroom.example.com");
        assert_eq!(moved.namespaces.users[0].regex, r"@_email_.*:\[::1\]:8448");
        assert_eq!(moved.as_token.expose_secret(), "one");
    }

    #[test]
    fn tells_what_is_no_registration_without_its_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registration.yaml");
        assert!(matches!(
            Registration::read(&path),
            Err(RegistrationFault::Read(..))
        ));
        let yaml = registration().to_yaml().unwrap();
        fs::write(&path, yaml.replace("hs_token: two", "hs_token: ''")).unwrap();
        let fault = Registration::read(&path).unwrap_err();
        assert!(matches!(fault, RegistrationFault::Parse(_)));
        assert!(!format!("{fault:?} {:?}", registration()).contains("one"));
    }

    #[test]
    fn names_the_bot() {
        let bot = registration()
            .bot_user_id(server_name!("example.org"))
            .unwrap();
        assert_eq!(bot, "@postroom:example.org");
    }
}

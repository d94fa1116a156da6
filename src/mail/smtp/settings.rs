//! Where and how mail is handed over.

use std::{fmt, net::IpAddr, sync::Arc, time::Duration};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use rustls_platform_verifier::BuilderVerifierExt;
use secrecy::SecretString;
use url::Url;

/// The settings of one mailbox's way out.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// `smtp://host[:587]`: STARTTLS, without which nothing is sent. `smtps://host[:465]`: TLS
    /// from the start (RFC 8314). `smtp+insecure://host[:25]`: plain, to this machine only.
    pub url: Url,
    /// With a user name, AUTH PLAIN or LOGIN.
    pub username: Option<String>,
    pub password: Option<SecretString>,
    /// Certificates in PEM that alone may vouch for the server, *instead* of the system's: a
    /// private CA for one server is then no reason to trust any other.
    pub ca_pem: Option<Vec<u8>>,
    /// The name in EHLO: a domain of ours, or an address literal such as `[192.0.2.1]`.
    pub hello_name: String,
    /// Longest wait for the connection and for every reply; ten times as long for the reply to
    /// the mail itself, for which servers check its content (RFC 5321 section 4.5.3.2.6 asks for
    /// 10 minutes): who hangs up too early sends twice. See [`DEFAULT_TIMEOUT`].
    pub timeout: Duration,
}

/// What [`SmtpSettings::timeout`] usually is.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_mins(1);

/// What is wrong with [`SmtpSettings`].
#[derive(Debug, thiserror::Error)]
pub enum SettingsFault {
    #[error("the URL begins with “{0}://”; smtp://, smtps:// or smtp+insecure:// is meant")]
    Scheme(String),
    #[error("the URL names no host")]
    NoHost,
    #[error("the host in the URL, “{0}”, can't be a name on a certificate")]
    HostName(String),
    #[error("a user name or password stands in the URL; both have settings of their own")]
    UrlCredentials,
    #[error(
        "smtp+insecure:// is meant for a server on this machine (localhost); use smtp:// or \
         smtps:// for {0}"
    )]
    InsecureHost(String),
    #[error("there is a user name but no password, or a password but no user name")]
    HalfCredentials,
    #[error("the name for EHLO, “{0}”, is neither a domain nor an address literal")]
    HelloName(String),
    #[error("the CA file holds no certificate in PEM that can be read")]
    NoCertificate,
    #[error("TLS can't be prepared: {0}")]
    Tls(#[from] rustls::Error),
}

/// Settings that were checked: everything that a connection needs.
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) credentials: Option<Credentials>,
    pub(super) hello_name: String,
    pub(super) timeout: Duration,
}

pub(super) enum Security {
    /// Only to a loopback address.
    Plain,
    StartTls(Tls),
    Tls(Tls),
}

pub(super) struct Tls {
    pub(super) config: Arc<ClientConfig>,
    pub(super) name: ServerName<'static>,
}

pub(super) struct Credentials {
    pub(super) username: String,
    pub(super) password: SecretString,
}

impl Server {
    pub(super) fn new(settings: SmtpSettings) -> Result<Self, SettingsFault> {
        let url = &settings.url;
        let host = url
            .host_str()
            .map(|host| {
                host.trim_start_matches('[')
                    .trim_end_matches(']')
                    .to_owned()
            })
            .filter(|host| !host.is_empty())
            .ok_or(SettingsFault::NoHost)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(SettingsFault::UrlCredentials);
        }
        let tls = || Tls::new(&host, settings.ca_pem.as_deref());
        let (security, default_port) = match url.scheme() {
            "smtp" => (Security::StartTls(tls()?), 587),
            "smtps" => (Security::Tls(tls()?), 465),
            "smtp+insecure" if is_loopback(&host) => (Security::Plain, 25),
            "smtp+insecure" => return Err(SettingsFault::InsecureHost(host)),
            other => return Err(SettingsFault::Scheme(other.to_owned())),
        };
        let credentials = match (settings.username, settings.password) {
            (Some(username), Some(password)) => Some(Credentials { username, password }),
            (None, None) => None,
            _ => return Err(SettingsFault::HalfCredentials),
        };
        let name = &settings.hello_name;
        if name.is_empty() || name.len() > 255 || !name.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(SettingsFault::HelloName(settings.hello_name));
        }
        Ok(Self {
            port: url.port().unwrap_or(default_port),
            host,
            security,
            credentials,
            hello_name: settings.hello_name,
            timeout: settings.timeout,
        })
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl Tls {
    fn new(host: &str, ca_pem: Option<&[u8]>) -> Result<Self, SettingsFault> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let builder = match ca_pem {
            None => builder.with_platform_verifier()?,
            Some(pem) => builder.with_root_certificates(roots(pem)?),
        };
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| SettingsFault::HostName(host.to_owned()))?;
        Ok(Self {
            config: Arc::new(builder.with_no_client_auth()),
            name,
        })
    }
}

fn roots(pem: &[u8]) -> Result<RootCertStore, SettingsFault> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| SettingsFault::NoCertificate)?;
        roots.add(certificate)?;
    }
    if roots.is_empty() {
        return Err(SettingsFault::NoCertificate);
    }
    Ok(roots)
}

/// Whether a host in a URL is this machine.
fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn server(url: &str, change: impl FnOnce(&mut SmtpSettings)) -> Result<Server, SettingsFault> {
        let mut settings = SmtpSettings {
            url: Url::parse(url).unwrap(),
            username: None,
            password: None,
            ca_pem: None,
            hello_name: "post.example.org".to_owned(),
            timeout: DEFAULT_TIMEOUT,
        };
        change(&mut settings);
        Server::new(settings)
    }

    #[rstest]
    #[case("smtp+insecure://localhost", "localhost:25")]
    #[case("smtp+insecure://127.0.0.1:2525", "127.0.0.1:2525")]
    #[case("smtp+insecure://[::1]", "::1:25")]
    fn takes_plain_to_this_machine(#[case] url: &str, #[case] expected: &str) {
        assert_eq!(server(url, |_| ()).unwrap().to_string(), expected);
    }

    #[rstest]
    #[case("smtp://mail.example.org", 587)]
    #[case("smtps://mail.example.org", 465)]
    #[case("smtps://192.0.2.1:10465", 10465)]
    fn knows_the_ports(#[case] url: &str, #[case] port: u16) {
        let with_ca = |settings: &mut SmtpSettings| settings.ca_pem = Some(a_certificate());
        assert_eq!(server(url, with_ca).unwrap().port, port);
    }

    #[rstest]
    #[case("https://mail.example.org", "the URL begins with “https://”")]
    #[case("smtp+insecure://mail.example.org", "smtp+insecure:// is meant for")]
    #[case("smtp+insecure://192.0.2.1", "smtp+insecure:// is meant for")]
    #[case("smtp+insecure://u:p@localhost", "a user name or password stands")]
    #[case("smtp:mail.example.org", "the URL names no host")]
    fn says_what_is_wrong_with_the_url(#[case] url: &str, #[case] expected: &str) {
        let fault = server(url, |_| ()).err().unwrap().to_string();
        assert!(fault.starts_with(expected), "{fault}");
    }

    #[test]
    fn says_what_is_wrong_with_the_rest() {
        let url = "smtp+insecure://localhost";
        assert!(matches!(
            server(url, |settings| settings.username = Some("u".into())),
            Err(SettingsFault::HalfCredentials)
        ));
        assert!(matches!(
            server(url, |settings| settings.hello_name = "a\r\nMAIL".into()),
            Err(SettingsFault::HelloName(_))
        ));
        assert!(matches!(
            server("smtps://a.example", |settings| settings.ca_pem =
                Some(b"no".into())),
            Err(SettingsFault::NoCertificate)
        ));
    }

    fn a_certificate() -> Vec<u8> {
        let issued = rcgen::generate_simple_self_signed(["ca.example".to_owned()]).unwrap();
        issued.cert.pem().into_bytes()
    }
}

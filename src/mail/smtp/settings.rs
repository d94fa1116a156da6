//! What the configuration says about a mail server, made ready for connections.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use lettre::transport::smtp::{authentication::Credentials, extension::ClientId};
use rustls::{
    ClientConfig,
    client::danger::ServerCertVerifier,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use rustls_platform_verifier::Verifier;
use secrecy::ExposeSecret;

use crate::config::{Smtp, SmtpEncryption};

/// Why a mail server can't be used as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum SettingsFault {
    #[error("“{0}” can't be a name on a certificate")]
    HostName(String),
    #[error("the name for EHLO, “{0}”, is neither a domain nor an address literal")]
    HelloName(String),
    #[error("the CA file {0} can't be read: {1}")]
    CaFile(PathBuf, std::io::Error),
    #[error("the CA file {0} holds no certificate in PEM")]
    NoCertificate(PathBuf),
    #[error("TLS can't be prepared: {0}")]
    Tls(#[from] rustls::Error),
}

/// Everything that a connection needs.
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) credentials: Option<Credentials>,
    pub(super) hello_name: ClientId,
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

impl Server {
    pub(super) fn new(
        smtp: Smtp,
        hello_name: String,
        timeout: Duration,
    ) -> Result<Self, SettingsFault> {
        if hello_name.is_empty()
            || hello_name.len() > 255
            || !hello_name.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(SettingsFault::HelloName(hello_name));
        }
        let security = match smtp.encryption {
            SmtpEncryption::StartTls => Security::StartTls(Tls::new(&smtp)?),
            SmtpEncryption::Tls => Security::Tls(Tls::new(&smtp)?),
            SmtpEncryption::Insecure => Security::Plain,
        };
        Ok(Self {
            host: smtp.host,
            port: smtp.port,
            security,
            credentials: smtp
                .credentials
                .map(|own| Credentials::new(own.username, own.password.expose_secret().to_owned())),
            // An address literal is said as it is written, as a domain is.
            hello_name: ClientId::Domain(hello_name),
            timeout,
        })
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl Tls {
    /// Trusts the system's certificates and those in the CA file.
    fn new(smtp: &Smtp) -> Result<Self, SettingsFault> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(verifier(smtp)?)
            .with_no_client_auth();
        let name = ServerName::try_from(smtp.host.clone())
            .map_err(|_| SettingsFault::HostName(smtp.host.clone()))?;
        Ok(Self {
            config: Arc::new(config),
            name,
        })
    }
}

/// Whom a server's certificate has to convince.
pub(super) fn verifier(smtp: &Smtp) -> Result<Arc<dyn ServerCertVerifier>, SettingsFault> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(extra_roots(smtp)?, provider)?;
    Ok(Arc::new(verifier))
}

fn extra_roots(smtp: &Smtp) -> Result<Vec<CertificateDer<'static>>, SettingsFault> {
    let Some(path) = &smtp.ca_file else {
        return Ok(Vec::new());
    };
    let pem = std::fs::read(path).map_err(|error| SettingsFault::CaFile(path.clone(), error))?;
    let roots: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .unwrap_or_default();
    if roots.is_empty() {
        return Err(SettingsFault::NoCertificate(path.clone()));
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn smtp(ca: &str) -> (Smtp, tempfile::NamedTempFile) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(ca.as_bytes()).unwrap();
        let smtp = Smtp {
            host: "mail.example.org".to_owned(),
            port: 587,
            encryption: SmtpEncryption::StartTls,
            credentials: None,
            ca_file: Some(file.path().to_owned()),
        };
        (smtp, file)
    }

    fn fault(smtp: Smtp, hello_name: &str) -> SettingsFault {
        let server = Server::new(smtp, hello_name.to_owned(), Duration::from_secs(1));
        server.err().unwrap()
    }

    #[test]
    fn says_what_is_wrong() {
        let (good, _file) = smtp("");
        assert!(matches!(
            fault(good, "a\r\nMAIL"),
            SettingsFault::HelloName(_)
        ));
        let (empty, _file) = smtp("no certificate");
        assert!(matches!(
            fault(empty, "post.example.org"),
            SettingsFault::NoCertificate(_)
        ));
        let (gone, file) = smtp("");
        drop(file);
        assert!(matches!(
            fault(gone, "post.example.org"),
            SettingsFault::CaFile(..)
        ));
    }
}

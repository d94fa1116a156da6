//! What the configuration says about a mail server, made ready for connections.

use std::{fmt, time::Duration};

use lettre::transport::smtp::{authentication::Credentials, extension::ClientId};
use secrecy::ExposeSecret;

use crate::{
    config::{Encryption, Smtp},
    mail::dial::{Tls, TlsFault},
};

/// Why a mail server can't be used as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum SettingsFault {
    #[error("the name for EHLO, “{0}”, is neither a domain nor an address literal")]
    HelloName(String),
    #[error(transparent)]
    Tls(#[from] TlsFault),
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
            Encryption::StartTls => {
                Security::StartTls(Tls::new(&smtp.host, smtp.ca_file.as_deref())?)
            }
            Encryption::Tls => Security::Tls(Tls::new(&smtp.host, smtp.ca_file.as_deref())?),
            Encryption::Insecure => Security::Plain,
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
            encryption: Encryption::StartTls,
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
            SettingsFault::Tls(TlsFault::NoCertificate(_))
        ));
        let (gone, file) = smtp("");
        drop(file);
        assert!(matches!(
            fault(gone, "post.example.org"),
            SettingsFault::Tls(TlsFault::CaFile(..))
        ));
    }
}

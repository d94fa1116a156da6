//! A mail server as a mailbox names it, for the way out (`smtp`) and the way in (`imap`): where it
//! is, how the connection is protected, who we are there.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};

use secrecy::SecretString;
use url::{Host, Url};

use super::{
    section::{self, Section},
    values::{line, readable},
    wrong::Wrong,
};

#[derive(Debug, Clone)]
pub struct MailServer {
    /// A host name or an IP address (an IPv6 one without brackets).
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    pub credentials: Option<Credentials>,
    /// PEM certificates that are trusted besides the system's; the file was readable when the
    /// configuration was read.
    pub ca_file: Option<PathBuf>,
}

/// How the connection is protected, by the scheme of the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// `smtp://`, `imap://`: STARTTLS, and nothing is told without it.
    StartTls,
    /// `smtps://`, `imaps://`: TLS from the first byte.
    Tls,
    /// `smtp+insecure://`, `imap+insecure://`: none; only to this very machine.
    Insecure,
}

#[derive(Debug, Clone)]
pub struct Credentials {
    pub username: String,
    pub password: SecretString,
    /// Where the password was read from, if it stands in a file.
    pub password_file: Option<PathBuf>,
}

impl Credentials {
    /// The password as its file has it now: an administrator may have mended it. What was read
    /// before counts as long as the file can't be read.
    #[must_use]
    pub fn current_password(&self) -> SecretString {
        let read = |file: &PathBuf| section::read_secret(file).ok();
        let current = self.password_file.as_ref().and_then(read);
        current.unwrap_or_else(|| self.password.clone())
    }
}

/// A scheme and the port that goes with it.
type Scheme = (&'static str, u16);

/// What URLs of one protocol look like.
#[derive(Debug)]
pub(super) struct Schemes {
    pub starttls: Scheme,
    pub tls: Scheme,
    pub insecure: Scheme,
}

impl MailServer {
    /// Reads `url`, `username`, `password`, `password_file` and `ca_file`; `example` is a URL.
    pub(super) fn read(section: &mut Section, schemes: &Schemes, example: &str) -> Option<Self> {
        let server = section.required("url", example, |text| server(text, schemes));
        let username = section.optional("username", "support@example.org", line);
        let password = section.secret_and_file("password", "password_file");
        check_pair(section);
        let ca_file = section
            .optional("ca_file", "ca.pem", |text| Ok(text.to_owned()))
            .map(|path| section.path(&path));
        if let Some(Err(what)) = ca_file.as_deref().map(|path: &Path| readable(path)) {
            section.wrong("ca_file", what, "name a file with certificates in PEM form");
        }
        let (host, port, encryption) = server?;
        let credentials = username.zip(password);
        Some(Self {
            host,
            port,
            encryption,
            credentials: credentials.map(|(username, (password, password_file))| Credentials {
                username,
                password,
                password_file,
            }),
            ca_file,
        })
    }
}

/// A user name needs a password and a password a user name.
fn check_pair(section: &mut Section) {
    let with_password = section.has("password") || section.has("password_file");
    if section.has("username") && !with_password {
        section.wrong(
            "username",
            "has no password beside it",
            "add \"password_file\", or take \"username\" out if the server wants none",
        );
    }
    if with_password && !section.has("username") {
        section.note_missing("username", "support@example.org");
    }
}

fn server(text: &str, schemes: &Schemes) -> Result<(String, u16, Encryption), Wrong> {
    // The URL may hold a password by mistake: it is not repeated.
    let url = Url::parse(text).map_err(|fault| format!("is not a URL: {fault}"))?;
    let known = [
        (schemes.starttls, Encryption::StartTls),
        (schemes.tls, Encryption::Tls),
        (schemes.insecure, Encryption::Insecure),
    ];
    let of_url = known.iter().find(|((name, _), _)| *name == url.scheme());
    let Some(((_, default_port), encryption)) = of_url else {
        let (starttls, tls) = (schemes.starttls.0, schemes.tls.0);
        return Err(format!("begins with neither \"{starttls}://\" nor \"{tls}://\"").into());
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Wrong::new(
            "has credentials in it",
            "take out what stands before the \"@\" and use \"username\" and \"password_file\"",
        ));
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(Wrong::new(
            "has more than a host and a port",
            "take out what follows them",
        ));
    }
    let host = url.host_str().filter(|host| !host.is_empty());
    // For schemes it doesn't know, the URL's own parser leaves names and IPv4 addresses raw.
    let host = host
        .and_then(|host| Host::parse(host).ok())
        .ok_or("names no host")?;
    if *encryption == Encryption::Insecure && !is_loopback(&host) {
        let (starttls, tls) = (schemes.starttls.0, schemes.tls.0);
        return Err(Wrong::new(
            "would send mail and password unencrypted through a network",
            format!(
                "write \"{starttls}://\" (STARTTLS) or \"{tls}://\"; without encryption only \
                 127.0.0.1, [::1] and localhost are allowed"
            ),
        ));
    }
    let host = match host {
        Host::Domain(name) => name,
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    Ok((host, url.port().unwrap_or(*default_port), *encryption))
}

fn is_loopback(host: &Host) -> bool {
    match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => IpAddr::from(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::from(*address).is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Encryption::*, *};

    const SMTP: Schemes = Schemes {
        starttls: ("smtp", 587),
        tls: ("smtps", 465),
        insecure: ("smtp+insecure", 25),
    };

    #[rstest]
    #[case("smtp://mail.example.org", "mail.example.org", 587, StartTls)]
    #[case("smtps://Mail.example.org/", "mail.example.org", 465, Tls)]
    #[case("smtp://müller.example:2525", "xn--mller-kva.example", 2525, StartTls)]
    #[case("smtp+insecure://127.0.0.1:2500", "127.0.0.1", 2500, Insecure)]
    #[case("smtp+insecure://localhost", "localhost", 25, Insecure)]
    #[case("smtp+insecure://[::1]:25", "::1", 25, Insecure)]
    fn reads_servers(
        #[case] url: &str,
        #[case] host: &str,
        #[case] port: u16,
        #[case] encryption: Encryption,
    ) {
        let read = server(url, &SMTP).unwrap();
        assert_eq!(read, (host.to_owned(), port, encryption));
    }

    #[rstest]
    #[case("smtp+insecure://mail.example.org")]
    #[case("smtp+insecure://10.0.0.1")]
    #[case("smtp+insecure://localhost.example.org")]
    #[case("http://mail.example.org")]
    #[case("imap://mail.example.org")]
    #[case("smtp://ann:secret@mail.example.org")]
    #[case("smtp://mail.example.org/inbox")]
    #[case("smtp://mail.example.org?tls=no")]
    #[case("smtp:mail.example.org")]
    #[case("smtp://")]
    #[case("mail.example.org:587")]
    fn refuses_what_is_no_server(#[case] url: &str) {
        assert!(server(url, &SMTP).is_err());
    }
}

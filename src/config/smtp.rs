//! `mailboxes.NAME.smtp`: the server that takes a mailbox's outgoing mail.

use std::{net::IpAddr, path::PathBuf};

use secrecy::SecretString;
use url::{Host, Url};

use super::{
    section::{Section, Wrong},
    values::{line, readable},
};

#[derive(Debug, Clone)]
pub struct Smtp {
    /// A host name or an IP address (an IPv6 one without brackets).
    pub host: String,
    pub port: u16,
    pub encryption: SmtpEncryption,
    pub credentials: Option<SmtpCredentials>,
    /// PEM certificates that are trusted besides the system's; the file was readable when the
    /// configuration was read.
    pub ca_file: Option<PathBuf>,
}

/// How the connection is protected, by the scheme of the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpEncryption {
    /// `smtp://`, port 587 by default: STARTTLS, and nothing is sent without it.
    StartTls,
    /// `smtps://`, port 465 by default: TLS from the first byte.
    Tls,
    /// `smtp+insecure://`, port 25 by default: none; only to this very machine.
    Insecure,
}

#[derive(Debug, Clone)]
pub struct SmtpCredentials {
    pub username: String,
    pub password: SecretString,
}

impl Smtp {
    pub(super) fn read(section: &mut Section) -> Option<Self> {
        let server = section.required("url", "smtp://mail.example.org:587", server);
        let username = section.optional("username", "support@example.org", line);
        let password = section.secret("password", "password_file");
        check_pair(section);
        let ca_file = section
            .optional("ca_file", "ca.pem", |text| Ok(text.to_owned()))
            .map(|path| section.path(&path));
        if let Some(Err(what)) = ca_file.as_deref().map(readable) {
            section.wrong("ca_file", what, "name a file with certificates in PEM form");
        }
        let (host, port, encryption) = server?;
        Some(Self {
            host,
            port,
            encryption,
            credentials: username
                .zip(password)
                .map(|(username, password)| SmtpCredentials { username, password }),
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

fn server(text: &str) -> Result<(String, u16, SmtpEncryption), Wrong> {
    // The URL may hold a password by mistake: it is not repeated.
    let url = Url::parse(text).map_err(|fault| format!("is not a URL: {fault}"))?;
    let (encryption, default_port) = match url.scheme() {
        "smtp" => (SmtpEncryption::StartTls, 587),
        "smtps" => (SmtpEncryption::Tls, 465),
        "smtp+insecure" => (SmtpEncryption::Insecure, 25),
        _ => return Err("begins with neither \"smtp://\" nor \"smtps://\"".into()),
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
    if encryption == SmtpEncryption::Insecure && !is_loopback(&host) {
        return Err(Wrong::new(
            "would send mail and password unencrypted through a network",
            "write \"smtp://\" (STARTTLS) or \"smtps://\"; without encryption only 127.0.0.1, [::1] \
             and localhost are allowed",
        ));
    }
    let host = match host {
        Host::Domain(name) => name,
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    Ok((host, url.port().unwrap_or(default_port), encryption))
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

    use super::*;

    #[rstest]
    #[case(
        "smtp://mail.example.org",
        "mail.example.org",
        587,
        SmtpEncryption::StartTls
    )]
    #[case(
        "smtps://Mail.example.org/",
        "mail.example.org",
        465,
        SmtpEncryption::Tls
    )]
    #[case(
        "smtp://müller.example:2525",
        "xn--mller-kva.example",
        2525,
        SmtpEncryption::StartTls
    )]
    #[case(
        "smtp+insecure://127.0.0.1:2500",
        "127.0.0.1",
        2500,
        SmtpEncryption::Insecure
    )]
    #[case("smtp+insecure://localhost", "localhost", 25, SmtpEncryption::Insecure)]
    #[case("smtp+insecure://[::1]:25", "::1", 25, SmtpEncryption::Insecure)]
    fn reads_servers(
        #[case] url: &str,
        #[case] host: &str,
        #[case] port: u16,
        #[case] encryption: SmtpEncryption,
    ) {
        assert_eq!(server(url).unwrap(), (host.to_owned(), port, encryption));
    }

    #[rstest]
    #[case("smtp+insecure://mail.example.org")]
    #[case("smtp+insecure://10.0.0.1")]
    #[case("smtp+insecure://localhost.example.org")]
    #[case("http://mail.example.org")]
    #[case("smtp://ann:secret@mail.example.org")]
    #[case("smtp://mail.example.org/inbox")]
    #[case("smtp://mail.example.org?tls=no")]
    #[case("smtp:mail.example.org")]
    #[case("smtp://")]
    #[case("mail.example.org:587")]
    fn refuses_what_is_no_server(#[case] url: &str) {
        assert!(server(url).is_err());
    }
}

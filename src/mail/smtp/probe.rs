//! Tries a mail server out, as far as that goes without a mail, over the same dialogue that mails
//! take.

use std::{io, time::Duration};

use lettre::Address;

use super::{
    connection::{ConnectFault, Connection, Trouble},
    settings::{Security, Server, SettingsFault},
};
use crate::{
    config::Smtp,
    domain::address::EmailAddress,
    mail::{
        certificate::{Certificate, CertificateFault},
        dial::Seen,
        punycode::ascii_domain,
    },
};

/// What was found out about a server.
#[derive(Debug)]
pub struct Probe {
    /// What it showed, whether it was believed or not; `None` without TLS.
    pub certificate: Option<Certificate>,
    /// What it offers to who is logged in; or why it did not come to that.
    pub outcome: Result<Offers, ProbeFault>,
}

/// What a server does for us.
#[derive(Debug)]
pub struct Offers {
    /// Octets of the largest mail, where it says so.
    pub size: Option<u64>,
    pub eight_bit: bool,
    pub smtputf8: bool,
    /// Whether we may send from our own address; otherwise its words.
    pub sender: Result<(), String>,
    /// Whether we may send from an address with a token, too.
    pub sender_with_token: Result<(), String>,
}

/// Why a server can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ProbeFault {
    #[error("{0}")]
    Settings(#[from] SettingsFault),
    #[error("{0}")]
    Name(io::Error),
    #[error("{0}")]
    Unreachable(io::Error),
    #[error("{0}")]
    Lost(io::Error),
    #[error("{0}")]
    Unwelcome(String),
    #[error("the server doesn't offer STARTTLS")]
    NoStartTls,
    #[error("the server spoke before TLS had begun")]
    Injected,
    #[error("{0}")]
    Certificate(CertificateFault),
    #[error("{0}")]
    Tls(io::Error),
    #[error("the server offers no login by password (AUTH PLAIN or LOGIN)")]
    NoLogin,
    #[error("{0}")]
    Login(String),
}

/// Connects, encrypts and logs in as for a mail from `own`, offers one to ourselves, and takes it
/// back; then the same from `with_token`. `timeout` limits the wait for each answer.
pub async fn probe(
    smtp: Smtp,
    hello_name: String,
    (own, with_token): (&EmailAddress, &EmailAddress),
    timeout: Duration,
) -> Probe {
    let seen = Seen::default();
    let outcome = talk(smtp, hello_name, (own, with_token), timeout, &seen).await;
    Probe {
        certificate: seen.certificate(),
        outcome,
    }
}

async fn talk(
    smtp: Smtp,
    hello_name: String,
    (own, with_token): (&EmailAddress, &EmailAddress),
    timeout: Duration,
    seen: &Seen,
) -> Result<Offers, ProbeFault> {
    let mut server = Server::new(smtp, hello_name, timeout)?;
    match &mut server.security {
        Security::Plain => {}
        Security::StartTls(tls) | Security::Tls(tls) => tls.watch(seen),
    }
    let found = tokio::net::lookup_host((server.host.as_str(), server.port));
    match tokio::time::timeout(timeout, found).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => return Err(ProbeFault::Name(error)),
        Err(_) => return Err(ProbeFault::Name(io::ErrorKind::TimedOut.into())),
    }
    let mut connection = Connection::open(&server).await?;
    let extensions = connection.extensions();
    let (size, eight_bit, smtputf8) = (extensions.size, extensions.eight_bit, extensions.smtputf8);
    let [sender, with_token] = [own, with_token].map(|address| {
        let domain = ascii_domain(address.domain());
        let domain = domain.unwrap_or_else(|| address.domain().to_owned());
        Address::new_dangerous(address.local_part(), &domain)
    });
    let offers = Offers {
        size,
        eight_bit,
        smtputf8,
        sender: offer(&mut connection, sender.clone(), sender.clone()).await?,
        sender_with_token: offer(&mut connection, with_token, sender).await?,
    };
    // Nothing was sent so far, and a transaction that is left without DATA is none.
    connection.quit().await;
    Ok(offers)
}

/// Sender and recipient only; many servers say what they think of the sender no earlier than at the
/// recipient. The words of a refusal, if it is one.
async fn offer(
    connection: &mut Connection,
    sender: Address,
    recipient: Address,
) -> Result<Result<(), String>, ProbeFault> {
    let attempt = async {
        connection.mail(Some(sender), false).await?;
        connection.recipient(recipient).await
    };
    match attempt.await {
        Ok(()) => Ok(Ok(())),
        Err(Trouble::Answer(reply)) => Ok(Err(reply.to_string())),
        Err(Trouble::Lost(error)) => Err(ProbeFault::Lost(error)),
    }
}

impl From<ConnectFault> for ProbeFault {
    fn from(fault: ConnectFault) -> Self {
        match fault {
            ConnectFault::Unreachable(error) => Self::Unreachable(error),
            ConnectFault::Lost(error) => Self::Lost(error),
            ConnectFault::Unwelcome(reply) => Self::Unwelcome(reply.to_string()),
            ConnectFault::NoStartTls => Self::NoStartTls,
            ConnectFault::Injected => Self::Injected,
            ConnectFault::Tls(error) => match CertificateFault::of(&error) {
                Some(fault) => Self::Certificate(fault),
                None => Self::Tls(error),
            },
            ConnectFault::NoAuth => Self::NoLogin,
            ConnectFault::Auth(reply) => Self::Login(reply.to_string()),
            ConnectFault::Question(error) => Self::Login(error.to_string()),
        }
    }
}

//! A private pair of Postfix and Dovecot.
//!
//! Four kinds of recipients: our own addresses, which go to an LMTP listener (Postroom's) or,
//! without one, to a mailbox; customers' domains, where every address has a mailbox ([`FULL`] and
//! [`AWAY`] are special); some addresses that are refused at once; everybody else, who is refused after
//! acceptance, so that a real bounce comes back. Nothing is looked up in the DNS and nothing leaves the
//! machine.
//!
//! Customers hand their mail to a server of their own (here the same Postfix plays it), which hands on
//! what is for us as [`PROVIDER`]: it comes to us from an address of the world.

use std::net::TcpStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::certificates::{self, Certificates};
use super::dovecot;
use super::folder::Folder;
use super::mailbox::Mailbox;
use super::ports::{self, Port};
use super::postfix;
use super::process::Process;
use super::provider::{PROVIDER, Provider, Way};

pub(super) const HOST: &str = "mail.example.org";

/// A domain whose addresses may be of any letters (SMTPUTF8). Postfix itself delivers its mail, as
/// Dovecot takes none of it: to the mailbox `everybody` of the domain, whoever it is for.
pub const BEYOND_ASCII: &str = "accents.example";

#[derive(Clone, Debug)]
pub struct MailOptions {
    /// Port of the LMTP listener on loopback that gets the mail for `own`; `None`: they have
    /// mailboxes like everybody else.
    pub lmtp_port: Option<u16>,
    /// Our addresses; `+detail` is allowed in them. `@domain` stands for every address of it.
    pub own: Vec<String>,
    /// Domains in which every address has a mailbox.
    pub customers: Vec<String>,
    /// Addresses that are refused at once, as a provider does that knows its recipients.
    pub refused: Vec<String>,
    /// Addresses of customers' domains that are taken and then bounce, as there is no such mailbox.
    pub unknown: Vec<String>,
    /// The port of a filter on loopback that sees what other servers hand in (a milter).
    pub milter: Option<u16>,
    /// Everybody's password, for submission and IMAP.
    pub password: String,
}

impl Default for MailOptions {
    fn default() -> Self {
        Self {
            lmtp_port: None,
            own: vec![
                "support@example.org".to_owned(),
                "@rooms.example.org".to_owned(),
            ],
            customers: ["acme.com", "beta.example", "small.example"]
                .map(str::to_owned)
                .to_vec(),
            refused: vec!["gone@acme.com".to_owned()],
            unknown: vec!["nobody@beta.example".to_owned()],
            milter: None,
            password: "secret".to_owned(),
        }
    }
}

/// Running servers; dropping the value stops them and removes their mail.
#[derive(Debug)]
pub struct MailServers {
    // Fields are dropped in this order: the servers before their folder.
    postfix: Process,
    dovecot: Process,
    ports: Ports,
    certificates: Certificates,
    options: MailOptions,
    way: Way,
    folder: Folder,
}

/// A mailbox in which there is no room.
pub const FULL: &str = "full@acme.com";
/// A mailbox whose owner is away, of which the server tells everybody who writes to it (Sieve).
pub const AWAY: &str = "away@acme.com";

#[derive(Debug)]
pub(super) struct Ports {
    pub smtp: Port,
    pub submission: Port,
    /// Where customers hand in their mail.
    pub customers: Port,
    pub imap: Port,
}

impl MailServers {
    /// Starts both and waits until they answer; takes about a quarter of a second.
    pub async fn start(options: &MailOptions) -> Result<Self> {
        const ATTEMPTS: usize = 5;
        for _ in 0..ATTEMPTS {
            if let Some(servers) = Self::try_start(options).await? {
                return Ok(servers);
            }
        }
        bail!("Postfix and Dovecot found their ports in use {ATTEMPTS} times")
    }

    /// `None` if somebody else took one of the ports.
    async fn try_start(options: &MailOptions) -> Result<Option<Self>> {
        let folder = Folder::create()?;
        let certificates = certificates::create(HOST, &folder)?;
        let ports = Ports {
            smtp: ports::free()?,
            submission: ports::free()?,
            customers: ports::free()?,
            imap: ports::free()?,
        };
        let way = Way::open(PROVIDER, ports.smtp.number()).await?;
        postfix::configure(options, &ports, &way, &certificates, &folder)?;
        dovecot::configure(options, &ports, &way, &certificates, &folder)?;

        let mut postfix = postfix::start(&folder)?;
        let mut dovecot = dovecot::start(&folder)?;
        let lmtp = folder.join("queue/private/dovecot-lmtp");
        let dovecot_is_up = || lmtp.exists() && answers(&ports.imap);
        let postfix_is_up = || {
            [&ports.smtp, &ports.submission, &ports.customers]
                .into_iter()
                .all(answers)
        };
        let ready = wait_until("Dovecot", &mut dovecot, dovecot_is_up).await?
            && wait_until("Postfix", &mut postfix, postfix_is_up).await?;
        if !ready {
            return Ok(None);
        }
        let options = options.clone();
        Ok(Some(Self {
            postfix,
            dovecot,
            ports,
            certificates,
            options,
            way,
            folder,
        }))
    }

    /// Port for other servers' mail: no login, unencrypted or with STARTTLS.
    pub fn smtp_port(&self) -> u16 {
        self.ports.smtp.number()
    }

    /// Port for our own users' mail: STARTTLS, then login.
    pub fn submission_port(&self) -> u16 {
        self.ports.submission.number()
    }

    /// The same for customers.
    pub fn customers_port(&self) -> u16 {
        self.ports.customers.number()
    }

    /// IMAP, unencrypted or with STARTTLS.
    pub fn imap_port(&self) -> u16 {
        self.ports.imap.number()
    }

    /// PEM file with the certificate that clients have to trust.
    pub fn ca_file(&self) -> PathBuf {
        self.certificates.authority.clone()
    }

    /// Everybody's password.
    pub fn password(&self) -> &str {
        &self.options.password
    }

    /// The servers' logs.
    pub fn logs(&self) -> [PathBuf; 2] {
        [self.postfix.log().to_owned(), self.dovecot.log().to_owned()]
    }

    /// How many mails wait in Postfix's queue, also those that it has just taken.
    pub fn queued(&self) -> usize {
        let queues = ["maildrop", "incoming", "active", "deferred"];
        queues.iter().map(|queue| self.in_queue(queue)).sum()
    }

    /// How many mails Postfix has tried to deliver in vain and will try again.
    pub fn deferred(&self) -> usize {
        self.in_queue("deferred")
    }

    fn in_queue(&self, queue: &str) -> usize {
        postfix::files_below(&self.folder.join("queue").join(queue))
    }

    /// The inbox of an address in a customer's domain.
    pub fn mailbox(&self, address: &str) -> Result<Mailbox> {
        let (user, domain) = address
            .split_once('@')
            .with_context(|| format!("{address} is no address"))?;
        let maildir = self.folder.join("mail").join(domain).join(user);
        Ok(Mailbox::new(address, maildir))
    }

    /// Sends a mail as a customer's mail program does: STARTTLS, login as `from`, one recipient.
    ///
    /// `raw` is the whole mail with CRLF line ends. Fails with the server's words if it refuses.
    pub async fn submit(&self, from: &str, to: &str, raw: &[u8]) -> Result<()> {
        let authority = std::fs::read(self.ca_file())?;
        let tls = TlsParameters::builder("127.0.0.1".to_owned())
            .certificate_store(CertificateStore::None)
            .add_root_certificate(Certificate::from_pem(&authority)?)
            .build()?;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
            .port(self.customers_port())
            .tls(Tls::Required(tls))
            .credentials(Credentials::new(
                from.to_owned(),
                self.options.password.clone(),
            ))
            .build();
        transport
            .send_raw(&envelope(from, to)?, raw)
            .await
            .context("submitting a mail")?;
        Ok(())
    }

    /// Hands a mail in as the customers' server does: no login; an empty `from` is the null sender.
    pub async fn deliver(&self, from: &str, to: &str, raw: &[u8]) -> Result<()> {
        hand_over(PROVIDER, self.way.port(), from, to, raw).await
    }

    /// The same as another server does.
    pub async fn deliver_from(
        &self,
        provider: Provider,
        from: &str,
        to: &str,
        raw: &[u8],
    ) -> Result<()> {
        let way = Way::open(provider, self.smtp_port()).await?;
        hand_over(provider, way.port(), from, to, raw).await
    }
}

async fn hand_over(by: Provider, port: u16, from: &str, to: &str, raw: &[u8]) -> Result<()> {
    let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
        .port(port)
        .hello_name(ClientId::Domain(by.name.to_owned()))
        .build();
    transport
        .send_raw(&envelope(from, to)?, raw)
        .await
        .context("delivering a mail")?;
    Ok(())
}

fn envelope(from: &str, to: &str) -> Result<Envelope> {
    let from = if from.is_empty() {
        None
    } else {
        Some(from.parse()?)
    };
    Ok(Envelope::new(from, vec![to.parse()?])?)
}

/// Waits for a server. `Ok(false)` if it ended because its port is in use.
async fn wait_until(name: &str, server: &mut Process, ready: impl Fn() -> bool) -> Result<bool> {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !ready() {
        if !server.is_running() {
            let log = server.log_tail(20);
            if log.contains("Address already in use") {
                return Ok(false);
            }
            return Err(anyhow!(
                "{name} ended at its start (it has to be started by root):\n{log}"
            ));
        }
        ensure!(
            Instant::now() < deadline,
            "{name} does not answer:\n{}",
            server.log_tail(20)
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(true)
}

fn answers(port: &Port) -> bool {
    TcpStream::connect(port.address()).is_ok()
}

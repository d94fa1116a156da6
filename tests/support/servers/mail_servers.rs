//! A private pair of Postfix and Dovecot.
//!
//! Three kinds of recipients: our own addresses, which go to an LMTP listener (Postroom's) or,
//! without one, to a mailbox; customers' domains, where every address has a mailbox; everybody
//! else, who is refused after acceptance, so that a real bounce comes back. Nothing is looked up
//! in the DNS and nothing leaves the machine.

use std::fs::{File, Permissions};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, anyhow, bail, ensure};
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::certificates::{self, Certificates};
use super::folder::Folder;
use super::mailbox::Mailbox;
use super::ports::{self, Port};
use super::process::Process;

const HOST: &str = "mail.example.org";

/// Owner of the mailboxes; no user of this number needs to exist.
const OWNER: u32 = 5555;

#[derive(Clone, Debug)]
pub struct MailOptions {
    /// Port of the LMTP listener on loopback that gets the mail for `own`; `None`: they have
    /// mailboxes like everybody else.
    pub lmtp_port: Option<u16>,
    /// Our addresses; `+detail` is allowed in them. `@domain` stands for every address of it.
    pub own: Vec<String>,
    /// Domains in which every address has a mailbox.
    pub customers: Vec<String>,
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
            customers: vec!["acme.com".to_owned(), "beta.example".to_owned()],
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
    folder: Folder,
}

#[derive(Debug)]
struct Ports {
    smtp: Port,
    submission: Port,
    imap: Port,
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
            imap: ports::free()?,
        };
        configure_postfix(options, &ports, &certificates, &folder)?;
        configure_dovecot(options, &ports, &certificates, &folder)?;

        // Postfix goes first: it makes the folder in which Dovecot's sockets live.
        let mut postfix = start_postfix(&folder)?;
        let private = folder.join("queue/private");
        let found = wait_until("Postfix", &mut postfix, || private.join("lmtp").exists()).await?;
        let mut dovecot = Process::start(
            "dovecot",
            Command::new("/usr/sbin/dovecot")
                .arg("-F")
                .arg("-c")
                .arg(folder.join("dovecot.conf")),
            &folder,
        )?;
        let ready = found
            && wait_until("Dovecot", &mut dovecot, || {
                private.join("dovecot-lmtp").exists() && answers(&ports.imap)
            })
            .await?
            && wait_until("Postfix", &mut postfix, || {
                answers(&ports.smtp) && answers(&ports.submission)
            })
            .await?;
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
            folder,
        }))
    }

    /// Port for other servers' mail: no login, unencrypted or with STARTTLS.
    pub fn smtp_port(&self) -> u16 {
        self.ports.smtp.number()
    }

    /// Port for users' mail: STARTTLS, then login.
    pub fn submission_port(&self) -> u16 {
        self.ports.submission.number()
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

    /// The inbox of an address in a customer's domain.
    pub fn mailbox(&self, address: &str) -> Result<Mailbox> {
        let (user, domain) = address
            .split_once('@')
            .with_context(|| format!("{address} is no address"))?;
        let maildir = self.folder.join("mail").join(domain).join(user);
        Ok(Mailbox::new(address, maildir))
    }

    /// Sends a mail as a user's mail program does: STARTTLS, login as `from`, one recipient.
    ///
    /// `raw` is the whole mail with CRLF line ends. Fails with the server's words if it refuses.
    pub async fn submit(&self, from: &str, to: &str, raw: &[u8]) -> Result<()> {
        let authority = std::fs::read(self.ca_file())?;
        let tls = TlsParameters::builder("127.0.0.1".to_owned())
            .certificate_store(CertificateStore::None)
            .add_root_certificate(Certificate::from_pem(&authority)?)
            .build()?;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
            .port(self.submission_port())
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

    /// Hands a mail in as another server does: no login; an empty `from` is the null sender.
    pub async fn deliver(&self, from: &str, to: &str, raw: &[u8]) -> Result<()> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
            .port(self.smtp_port())
            .build();
        transport
            .send_raw(&envelope(from, to)?, raw)
            .await
            .context("delivering a mail")?;
        Ok(())
    }
}

fn envelope(from: &str, to: &str) -> Result<Envelope> {
    let from = if from.is_empty() {
        None
    } else {
        Some(from.parse()?)
    };
    Ok(Envelope::new(from, vec![to.parse()?])?)
}

/// Starts `master` itself. `postfix start` spends a second on checks, and `start-fg` leaves
/// `master` in a session of its own, which outlives the script that started it; debugging mode
/// keeps it with the process that is watched.
fn start_postfix(folder: &Folder) -> Result<Process> {
    let mut master = Command::new("/usr/lib/postfix/sbin/master");
    Process::start(
        "postfix",
        master.arg("-d").arg("-c").arg(folder.join("conf")),
        folder,
    )
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

fn configure_postfix(
    options: &MailOptions,
    ports: &Ports,
    certificates: &Certificates,
    folder: &Folder,
) -> Result<()> {
    folder.create_dir("conf")?;
    create_queue(folder)?;

    let mut domains: Vec<&str> = options.customers.iter().map(String::as_str).collect();
    let mut own: Vec<&str> = options
        .own
        .iter()
        .filter_map(|it| it.split('@').nth(1))
        .collect();
    own.sort_unstable();
    own.dedup();
    domains.extend(&own);

    let customers = options.customers.iter().map(|domain| format!("@{domain}"));
    let recipients = options.own.iter().cloned().chain(customers);
    let recipients: Vec<String> = recipients.map(|it| format!("{it} yes\n")).collect();
    write_aged("conf/recipients", &recipients.concat(), folder)?;

    let transport =
        |port: u16| move |domain: &&str| format!("{domain} lmtp:inet:127.0.0.1:{port}\n");
    let transports: Vec<String> = match options.lmtp_port {
        Some(port) => own.iter().map(transport(port)).collect(),
        None => Vec::new(),
    };
    write_aged("conf/transports", &transports.concat(), folder)?;

    write_aged("conf/master.cf", &master_cf(ports), folder)?;
    write_aged(
        "conf/main.cf",
        &main_cf(&domains.join(", "), certificates, folder),
        folder,
    )?;
    Ok(())
}

/// Every Postfix program reads a file that is younger than two seconds again and again until it
/// is older, lest it see it half written.
fn write_aged(name: &str, content: &str, folder: &Folder) -> Result<()> {
    const LONG_AGO: Duration = Duration::from_hours(24);
    let path = folder.write(name, content)?;
    let file = File::options().write(true).open(path)?;
    file.set_modified(SystemTime::UNIX_EPOCH + LONG_AGO)?;
    Ok(())
}

/// The folders that `postfix check` would make, one program run at a time.
fn create_queue(folder: &Folder) -> Result<()> {
    const PRIVATE: [&str; 11] = [
        "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private",
        "saved", "trace",
    ];
    let mut of_postfix = vec![folder.create_dir("data")?];
    for name in PRIVATE {
        of_postfix.push(folder.create_dir(&format!("queue/{name}"))?);
    }
    chown("postfix", &of_postfix)?;
    for path in &of_postfix {
        std::fs::set_permissions(path, Permissions::from_mode(0o700))?;
    }
    folder.create_dir("queue/pid")?;
    // Local programs hand mail in through these two.
    let shared = [
        folder.create_dir("queue/public")?,
        folder.create_dir("queue/maildrop")?,
    ];
    chown("postfix:postdrop", &shared)?;
    std::fs::set_permissions(&shared[0], Permissions::from_mode(0o710))?;
    std::fs::set_permissions(&shared[1], Permissions::from_mode(0o730))?;
    Ok(())
}

/// No service runs in a chroot jail: a private queue has no `etc` in it. Submission takes every
/// recipient, so that the ones who do not exist cause a bounce, as they do at most providers.
fn master_cf(ports: &Ports) -> String {
    let smtp = ports.smtp.address();
    let submission = ports.submission.address();
    format!(
        "\
{smtp} inet n - n - - smtpd
{submission} inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
  -o smtpd_reject_unlisted_recipient=no
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"
    )
}

fn main_cf(domains: &str, certificates: &Certificates, folder: &Folder) -> String {
    let place = folder.path().display();
    let certificate = certificates.certificate.display();
    let key = certificates.key.display();
    format!(
        "\
compatibility_level = 3.6
# All three of its own, or it fights with the machine's instance.
queue_directory = {place}/queue
data_directory = {place}/data
multi_instance_name = postfix-postroom
# No syslog: the log is the output of the process.
maillog_file = /dev/stdout
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = {HOST}
mydomain = example.org
myorigin = example.org
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
notify_classes =
recipient_delimiter = +
message_size_limit = 52428800
virtual_mailbox_domains = {domains}
virtual_mailbox_maps = texthash:{place}/conf/recipients
virtual_mailbox_limit = 0
virtual_transport = lmtp:unix:private/dovecot-lmtp
transport_maps = texthash:{place}/conf/transports
# Everybody else is an error: nothing is looked up, nothing leaves the machine.
default_transport = error:5.1.2 No mail leaves this machine
relay_transport = error:5.1.2 No mail leaves this machine
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtpd_peername_lookup = no
smtpd_tls_security_level = may
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_recipient_restrictions = reject_unauth_destination, reject_unlisted_recipient
in_flow_delay = 0
# A listener that was away gets its mail soon after it is back.
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
maximal_queue_lifetime = 1h
bounce_queue_lifetime = 1h
"
    )
}

fn configure_dovecot(
    options: &MailOptions,
    ports: &Ports,
    certificates: &Certificates,
    folder: &Folder,
) -> Result<()> {
    let mail = folder.create_dir("mail")?;
    chown(&format!("{OWNER}:{OWNER}"), &[mail])?;
    let place = folder.path().display();
    let certificate = certificates.certificate.display();
    let key = certificates.key.display();
    let imap = ports.imap.number();
    let password = &options.password;
    let configuration = format!(
        r"
base_dir = {place}/run
state_dir = {place}/state
instance_name = postroom
log_path = /dev/stderr
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_format = %Lu
first_valid_uid = {OWNER}
mail_location = maildir:{place}/mail/%d/%n
# The data do not outlive the process.
mail_fsync = never
recipient_delimiter = +
# support+x lands in the inbox; Delivered-To keeps the detail.
lmtp_save_to_detail_mailbox = no
lmtp_hdr_delivery_address = final
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={OWNER} gid={OWNER} home={place}/mail/%d/%n allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Drafts {{
    auto = create
    special_use = \Drafts
  }}
  mailbox Sent {{
    auto = create
    special_use = \Sent
  }}
  mailbox Trash {{
    auto = create
    special_use = \Trash
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  unix_listener {place}/queue/private/dovecot-lmtp {{
    user = postfix
    group = postfix
    mode = 0600
  }}
}}
service auth {{
  unix_listener {place}/queue/private/auth {{
    user = postfix
    group = postfix
    mode = 0660
  }}
}}
"
    );
    folder.write("dovecot.conf", configuration)?;
    Ok(())
}

/// By the command, because user names have to be looked up.
fn chown(owner: &str, paths: &[PathBuf]) -> Result<()> {
    let output = Command::new("chown")
        .arg(owner)
        .args(paths)
        .output()
        .context("running chown")?;
    ensure!(
        output.status.success(),
        "mail servers have to be started by root, with Postfix installed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

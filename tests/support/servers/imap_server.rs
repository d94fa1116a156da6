//! A private Dovecot for IMAP alone: mailboxes without a mail server before them.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::certificates::{self, Certificates};
use super::folder::{Folder, chown};
use super::ports::{self, Port};
use super::process::Process;

/// Owner of the mailboxes; no user of this number needs to exist.
const OWNER: u32 = 5555;
const HOST: &str = "imap.example.org";

/// What differs from test to test.
#[derive(Clone, Debug)]
pub struct ImapOptions {
    pub password: &'static str,
    /// The server tells of new mail by itself.
    pub idle: bool,
    /// Between the levels of folders' names.
    pub separator: char,
    /// Before the names of all folders but the inbox.
    pub prefix: &'static str,
    /// STARTTLS and TLS.
    pub tls: bool,
}

impl Default for ImapOptions {
    fn default() -> Self {
        Self {
            password: "secret",
            idle: true,
            separator: '/',
            prefix: "",
            tls: true,
        }
    }
}

/// A running Dovecot; dropping it stops it and removes its mail.
#[derive(Debug)]
pub struct ImapServer {
    process: Option<Process>,
    port: Port,
    tls_port: Port,
    certificates: Certificates,
    options: ImapOptions,
    delivered: AtomicU64,
    folder: Folder,
}

impl ImapServer {
    pub async fn start(options: ImapOptions) -> Result<Self> {
        let folder = Folder::create()?;
        let certificates = certificates::create(HOST, &folder)?;
        folder.create_dir("mail")?;
        let mut server = Self {
            process: None,
            port: ports::free()?,
            tls_port: ports::free()?,
            certificates,
            options,
            delivered: AtomicU64::new(0),
            folder,
        };
        chown(&format!("{OWNER}:{OWNER}"), &[server.folder.join("mail")])?;
        server.resume().await?;
        Ok(server)
    }

    /// Ends the server, as an administrator would.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Starts it again, on the same ports.
    pub async fn resume(&mut self) -> Result<()> {
        self.configure()?;
        let mut dovecot = Command::new("/usr/sbin/dovecot");
        let configuration = self.folder.join("dovecot.conf");
        let command = dovecot.arg("-F").arg("-c").arg(configuration);
        let mut process = Process::start("dovecot", command, &self.folder)?;
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(self.port.address()).is_err() {
            ensure!(
                process.is_running() && Instant::now() < deadline,
                "Dovecot does not start (it has to be started by root):\n{}",
                process.log_tail(20)
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.process = Some(process);
        Ok(())
    }

    /// From now on there is another password, for everybody.
    pub fn change_password(&self, password: &str) -> Result<()> {
        self.folder.write("passwords", users(password))?;
        Ok(())
    }

    /// Unencrypted or with STARTTLS.
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    pub fn tls_port(&self) -> u16 {
        self.tls_port.number()
    }

    pub fn password(&self) -> &str {
        self.options.password
    }

    /// PEM file with the certificate that clients have to trust.
    pub fn ca_file(&self) -> PathBuf {
        self.certificates.authority.clone()
    }

    pub fn log(&self) -> String {
        super::process::tail(&self.folder.join("dovecot.log"), 40)
    }

    /// The Maildir of an address.
    pub fn maildir(&self, address: &str) -> PathBuf {
        let (user, domain) = address.split_once('@').unwrap_or((address, ""));
        self.folder.join("mail").join(domain).join(user)
    }

    /// Puts a mail into a Maildir without asking the server, which finds it there; it came `age`
    /// ago. `subfolder` is empty for the inbox, else its name on disk, such as `.Junk`. Mails are
    /// numbered in the order in which they are put there.
    pub fn drop_mail(
        &self,
        address: &str,
        subfolder: &str,
        raw: &[u8],
        age: Duration,
    ) -> Result<()> {
        let draft = self.folder.join("draft");
        fs::write(&draft, raw)?;
        let file = fs::File::options().write(true).open(&draft)?;
        let written = file.metadata()?.modified()?;
        file.set_modified(written - age)?;
        self.place(address, subfolder, &draft)
    }

    /// Puts a mail of `size` octets into an inbox that are hardly any on the disk: nobody is to read
    /// more than its header.
    pub fn drop_huge(&self, address: &str, head: &[u8], size: u64) -> Result<()> {
        let draft = self.folder.join("huge");
        fs::write(&draft, head)?;
        fs::File::options()
            .write(true)
            .open(&draft)?
            .set_len(size)?;
        self.place(address, "", &draft)
    }

    /// Puts a mail into an inbox that the server may not read.
    pub fn drop_unreadable(&self, address: &str, raw: &[u8]) -> Result<()> {
        let draft = self.folder.join("unreadable");
        fs::write(&draft, raw)?;
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o000))?;
        self.place(address, "", &draft)
    }

    /// As every mail server does: nobody finds half a mail.
    fn place(&self, address: &str, subfolder: &str, draft: &Path) -> Result<()> {
        let number = self.delivered.fetch_add(1, Ordering::Relaxed);
        let new = self.maildir(address).join(subfolder).join("new");
        let name = format!("{}.M{number}P1.{HOST}", 1_700_000_000 + number);
        fs::rename(draft, new.join(name)).context("is there a mailbox? log in first")
    }

    /// Makes the server forget its UIDs, so that it must number the mails of a folder anew.
    pub fn forget_uids(&mut self, address: &str, subfolder: &str) -> Result<()> {
        let folder = self.maildir(address).join(subfolder);
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with("dovecot") {
                let _gone = fs::remove_file(entry.path());
            }
        }
        Ok(())
    }

    fn configure(&self) -> Result<()> {
        let place = self.folder.path().display();
        let certificate = self.certificates.certificate.display();
        let key = self.certificates.key.display();
        let (port, tls_port) = (self.port.number(), self.tls_port.number());
        let ImapOptions {
            idle,
            separator,
            prefix,
            tls,
            password,
        } = &self.options;
        let passwords = self.folder.join("passwords");
        if !passwords.exists() {
            fs::write(passwords, users(password))?;
        }
        let ssl = if *tls { "yes" } else { "no" };
        let capability = if *idle {
            ""
        } else {
            "imap_capability = IMAP4rev1 SASL-IR LITERAL+ UIDPLUS MOVE"
        };
        let configuration = format!(
            r#"
base_dir = {place}/run
state_dir = {place}/state
instance_name = postroom-imap
log_path = /dev/stderr
protocols = imap
listen = 127.0.0.1
ssl = {ssl}
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
auth_username_format = %Lu
first_valid_uid = {OWNER}
mail_location = maildir:{place}/mail/%d/%n
mail_fsync = never
mail_max_userip_connections = 200
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=everybody {place}/passwords
}}
userdb {{
  driver = static
  args = uid={OWNER} gid={OWNER} home={place}/mail/%d/%n allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  separator = {separator}
  prefix = "{prefix}"
  mailbox Junk {{
    auto = create
    special_use = \Junk
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  client_limit = 2000
}}
protocol imap {{
  {capability}
}}
"#
        );
        self.folder.write("dovecot.conf", configuration)?;
        Ok(())
    }
}

fn users(password: &str) -> String {
    format!("everybody:{{PLAIN}}{password}\n")
}

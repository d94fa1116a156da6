//! A private Synapse: SQLite, cheap passwords, no rate limits, and no federation but over loopback.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use data_encoding::BASE64_NOPAD;

use super::certificates::Certificates;
use super::folder::Folder;
use super::http;
use super::matrix_client::MatrixClient;
use super::ports::{self, Port};
use super::process::Process;

#[derive(Clone, Debug)]
pub struct SynapseOptions {
    /// What stands behind the colon in user ids.
    pub server_name: String,
    /// The text of an appservice's registration file.
    pub registration: Option<String>,
    /// `None`: it speaks with nobody.
    pub federation: Option<Federation>,
}

/// Who federates over loopback is called `NAME:PORT`: others find it without a DNS, through a tunnel
/// that leads every name to loopback.
#[derive(Clone, Debug)]
pub struct Federation {
    port: Arc<Port>,
    /// The names of those with whom it speaks.
    partners: Vec<String>,
    tunnel: SocketAddr,
    authority: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

impl Federation {
    /// Listens on `port`, with a certificate that everybody who trusts its authority believes; all
    /// have the same.
    pub fn new(
        port: Port,
        partners: &[&str],
        tunnel: SocketAddr,
        certificates: &Certificates,
    ) -> Self {
        Self {
            port: Arc::new(port),
            partners: partners.iter().map(|&name| name.to_owned()).collect(),
            tunnel,
            authority: certificates.authority.clone(),
            certificate: certificates.certificate.clone(),
            key: certificates.key.clone(),
        }
    }

    fn listener(&self) -> String {
        format!(
            "
  - port: {}
    bind_addresses: [\"127.0.0.1\"]
    type: http
    tls: true
    resources: [{{names: [federation], compress: false}}]",
            self.port.number()
        )
    }

    fn settings(&self) -> String {
        let [authority, certificate, key] =
            [&self.authority, &self.certificate, &self.key].map(|path| path.display());
        format!(
            r#"
tls_certificate_path: "{certificate}"
tls_private_key_path: "{key}"
federation_custom_ca_list: ["{authority}"]
https_proxy: "http://{tunnel}"
# By default no server within one's own network is spoken to.
ip_range_blacklist: []
federation_domain_whitelist: {partners:?}
"#,
            tunnel = self.tunnel,
            partners = self.partners
        )
    }
}

impl Default for SynapseOptions {
    fn default() -> Self {
        Self {
            server_name: "example.org".to_owned(),
            registration: None,
            federation: None,
        }
    }
}

/// A running homeserver; dropping the value stops it and removes its data.
///
/// Anybody on the machine may register: it is gone before that matters.
#[derive(Debug)]
pub struct Synapse {
    // Fields are dropped in this order: the server before its folder.
    process: Option<Process>,
    port: Port,
    server_name: String,
    folder: Folder,
    /// Keeps its port.
    _federation: Option<Federation>,
}

impl Synapse {
    /// Starts it and waits until it answers; takes about two seconds.
    pub async fn start(options: &SynapseOptions) -> Result<Self> {
        const ATTEMPTS: usize = 5;
        for _ in 0..ATTEMPTS {
            let mut synapse = Self {
                process: None,
                port: ports::free()?,
                server_name: options.server_name.clone(),
                folder: Folder::create()?,
                _federation: options.federation.clone(),
            };
            configure(options, &synapse.port, &synapse.folder)?;
            if synapse.run().await? {
                return Ok(synapse);
            }
        }
        bail!("Synapse found its port in use {ATTEMPTS} times")
    }

    /// Stops it; its data stay, and [`Self::resume`] brings it back.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Starts it again with the same data on the same port.
    pub async fn resume(&mut self) -> Result<()> {
        self.stop();
        ensure!(
            self.run().await?,
            "somebody took Synapse's port {}",
            self.port.number()
        );
        Ok(())
    }

    /// Base URL for clients and appservices, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.port.address())
    }

    pub fn server_name(&self) -> &str {
        &self.server_name
    }

    pub fn log(&self) -> PathBuf {
        self.folder.join("synapse.log")
    }

    /// Registers a user; `name` is the local part of the user id.
    pub async fn register_user(&self, name: &str, password: &str) -> Result<MatrixClient> {
        MatrixClient::register(&self.url(), name, password).await
    }

    /// Makes a user an administrator of the server, as one does in its database. It has to start again to
    /// see that.
    pub async fn make_admin(&mut self, user: &str) -> Result<()> {
        self.stop();
        let file = self.folder.join("homeserver.db");
        let options = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(file)
            .busy_timeout(Duration::from_secs(20));
        let mut connection = sqlx::ConnectOptions::connect(&options).await?;
        let changed = sqlx::query("UPDATE users SET admin = 1 WHERE name = $1")
            .bind(user)
            .execute(&mut connection)
            .await?;
        ensure!(changed.rows_affected() == 1, "there is no {user}");
        sqlx::Connection::close(connection).await?;
        self.resume().await
    }

    /// `Ok(false)` if somebody else has the port.
    async fn run(&mut self) -> Result<bool> {
        let mut process = Process::start(
            "synapse",
            Command::new(python()?)
                .args(["-m", "synapse.app.homeserver", "-c", "homeserver.yaml"])
                .current_dir(self.folder.path()),
            &self.folder,
        )?;
        let client = http::client()?;
        let health = format!("{}/health", self.url());
        let deadline = Instant::now() + Duration::from_mins(1);
        while !http::is_ok(&health, &client).await {
            if !process.is_running() {
                let log = process.log_tail(20);
                if log.contains("Address already in use") {
                    return Ok(false);
                }
                bail!("Synapse ended at its start:\n{log}");
            }
            ensure!(
                Instant::now() < deadline,
                "Synapse is not up:\n{}",
                process.log_tail(20)
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.process = Some(process);
        Ok(true)
    }
}

/// The Python that has Synapse; `scripts/provision` alone knows where and which version.
fn python() -> Result<PathBuf> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/provision");
    let output = Command::new(script)
        .arg("--synapse")
        .output()
        .context("asking scripts/provision for Synapse")?;
    let python = PathBuf::from(String::from_utf8(output.stdout)?.trim());
    ensure!(
        python.exists(),
        "no Synapse at {}: run `make provision`",
        python.display()
    );
    Ok(python)
}

fn configure(options: &SynapseOptions, port: &Port, folder: &Folder) -> Result<()> {
    folder.create_dir("media")?;
    let appservices = if let Some(registration) = &options.registration {
        folder.write("appservice.yaml", registration)?;
        "[appservice.yaml]"
    } else {
        "[]"
    };
    folder.write("signing.key", signing_key()?)?;
    folder.write("log.yaml", LOG)?;
    let server_name = &options.server_name;
    let port = port.number();
    let (listener, federation) = match &options.federation {
        None => (
            String::new(),
            "federation_domain_whitelist: []\n".to_owned(),
        ),
        Some(federation) => (federation.listener(), federation.settings()),
    };
    folder.write(
        "homeserver.yaml",
        format!(
            r#"
server_name: "{server_name}"
public_baseurl: "http://127.0.0.1:{port}/"
listeners:
  - port: {port}
    bind_addresses: ["127.0.0.1"]
    type: http
    resources: [{{names: [client], compress: false}}]{listener}
database: {{name: sqlite3, args: {{database: homeserver.db}}}}
app_service_config_files: {appservices}
signing_key_path: signing.key
log_config: log.yaml
media_store_path: media
max_upload_size: 50M
report_stats: false
# Nothing leaves loopback.
trusted_key_servers: []
suppress_key_server_warning: true
{federation}
url_preview_enabled: false
enable_registration: true
enable_registration_without_verification: true
registration_shared_secret: loopback
macaroon_secret_key: loopback
form_secret: loopback
# The default of 12 rounds makes every login take a quarter of a second.
bcrypt_rounds: 4
{RATE_LIMITS}"#
        ),
    )?;
    Ok(())
}

/// Synapse would make one itself, but only by a start of its own.
fn signing_key() -> Result<String> {
    use std::io::Read;
    let mut seed = [0; 32];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut seed)?;
    Ok(format!("ed25519 a_test {}\n", BASE64_NOPAD.encode(&seed)))
}

const LOG: &str = "
version: 1
formatters:
  plain: {format: '%(asctime)s %(levelname)s %(name)s: %(message)s'}
handlers:
  output: {class: logging.StreamHandler, formatter: plain}
loggers:
  synapse.access: {level: WARNING}
  synapse.storage: {level: WARNING}
root: {level: INFO, handlers: [output]}
disable_existing_loggers: false
";

const RATE_LIMITS: &str = "
rc_message: &unlimited {per_second: 100000, burst_count: 100000}
rc_registration: *unlimited
rc_login: {address: *unlimited, account: *unlimited, failed_attempts: *unlimited}
rc_admin_redaction: *unlimited
rc_joins: {local: *unlimited, remote: *unlimited}
rc_joins_per_room: *unlimited
rc_invites: {per_room: *unlimited, per_user: *unlimited, per_issuer: *unlimited}
rc_room_creation: *unlimited
rc_media_create: *unlimited
rc_presence: {per_user: *unlimited}
";

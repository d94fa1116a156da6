//! A private rspamd with the rules and scores that it comes with, but for those that ask the world:
//! what it says of a mail is what many receivers say.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use reqwest::Client;
use serde_json::Value;

use super::folder::{Folder, chown};
use super::http;
use super::ports::{self, Port};
use super::process::Process;

const PATIENCE: Duration = Duration::from_secs(30);
/// They look things up elsewhere, or keep what they have learnt in Redis.
const OFF: [&str; 16] = [
    "asn",
    "bimi",
    "clickhouse",
    "dcc",
    "elastic",
    "fuzzy_check",
    "greylist",
    "history_redis",
    "metric_exporter",
    "neural",
    "p0f",
    "ratelimit",
    "replies",
    "reputation",
    "rspamd_update",
    "url_redirector",
];
/// The whole list would be compiled for twelve seconds.
const TOP_LEVEL_DOMAINS: &str = "com\norg\nexample\n";

/// A running rspamd; dropping it stops it.
#[derive(Debug)]
pub struct Rspamd {
    process: Process,
    port: Port,
    client: Client,
    _folder: Folder,
}

/// The server that hands a mail over to the receiver.
#[derive(Debug)]
pub struct Sender<'a> {
    pub ip: &'a str,
    pub host: &'a str,
    /// The envelope's.
    pub address: &'a str,
}

/// What rspamd says of a mail.
#[derive(Debug)]
pub struct Opinion {
    pub score: f64,
    /// Name, score and details of every rule that applies.
    pub symbols: Vec<(String, f64, String)>,
}

impl Opinion {
    pub fn has(&self, name: &str) -> bool {
        self.symbols.iter().any(|(symbol, ..)| symbol == name)
    }

    /// The rules that count against the mail.
    pub fn complaints(&self) -> Vec<&str> {
        let against = self.symbols.iter().filter(|(_, score, _)| *score > 0.0);
        against.map(|(name, ..)| name.as_str()).collect()
    }
}

impl Rspamd {
    /// `dns` is the one server that it asks.
    pub async fn start(dns: SocketAddr) -> Result<Self> {
        let (folder, port) = (Folder::create()?, ports::free()?);
        for name in ["override.d", "db", "run", "log"] {
            folder.create_dir(name)?;
        }
        let place = folder.path().display();
        let tlds = folder.write("tlds", TOP_LEVEL_DOMAINS)?;
        let write = |name: &str, text: String| folder.write(&format!("override.d/{name}"), text);
        write(
            "options.inc",
            format!(
                "dns {{ nameserver = [\"{}:{}:1\"]; timeout = 2s; sockets = 2; retransmits = 2; }}\n\
                 url_tld = \"{}\";\ndisable_monitoring = true;\nmax_cores_count = 1;\n\
                 local_addrs = [];\n",
                dns.ip(),
                dns.port(),
                tlds.display()
            ),
        )?;
        write(
            "logging.inc",
            "type = \"console\"; level = \"warning\";".to_owned(),
        )?;
        write(
            "worker-normal.inc",
            format!("bind_socket = \"{}\"; count = 1;", port.address()),
        )?;
        for worker in ["proxy", "controller", "fuzzy"] {
            write(
                &format!("worker-{worker}.inc"),
                "enabled = false;".to_owned(),
            )?;
        }
        for module in OFF {
            write(&format!("{module}.conf"), "enabled = false;".to_owned())?;
        }
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        chown("_rspamd", &[folder.path().to_owned()])?;
        let mut command = Command::new("rspamd");
        command.args([
            "-f",
            "-u",
            "_rspamd",
            "-g",
            "_rspamd",
            "-c",
            "/etc/rspamd/rspamd.conf",
        ]);
        command.arg(format!("--var=LOCAL_CONFDIR={place}"));
        for (variable, name) in [("DBDIR", "db"), ("RUNDIR", "run"), ("LOGDIR", "log")] {
            command.arg(format!("--var={variable}={place}/{name}"));
        }
        let process = Process::start("rspamd", &mut command, &folder)?;
        let mut server = Self {
            process,
            port,
            client: http::client()?,
            _folder: folder,
        };
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(server.port.address()).is_err() {
            let log = || server.process.log_tail(30);
            ensure!(
                Instant::now() < deadline,
                "rspamd does not start\n{}",
                log()
            );
            ensure!(
                server.process.is_running(),
                "rspamd has ended\n{}",
                server.process.log_tail(30)
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(server)
    }

    /// What it would say to the receiver's mail server.
    pub async fn check(&self, mail: &[u8], from: &Sender<'_>, to: &str) -> Result<Opinion> {
        let request = self
            .client
            .post(format!("http://{}/checkv2", self.port.address()))
            .header("IP", from.ip)
            .header("Helo", from.host)
            .header("Hostname", from.host)
            .header("From", from.address)
            .header("Rcpt", to)
            .body(mail.to_vec());
        let answer: Value = request.send().await?.error_for_status()?.json().await?;
        let symbols = answer["symbols"].as_object().context("no symbols")?;
        Ok(Opinion {
            score: answer["score"].as_f64().context("no score")?,
            symbols: symbols
                .iter()
                .map(|(name, it)| {
                    let score = it["score"].as_f64().unwrap_or_default();
                    (name.clone(), score, it["options"].to_string())
                })
                .collect(),
        })
    }
}

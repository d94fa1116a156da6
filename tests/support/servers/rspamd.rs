//! A private rspamd with the rules and scores that it comes with, but for those that ask the world:
//! what it says of a mail is what many receivers say. As a milter it writes that into the mail's
//! header.

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

/// What it writes into a mail, and takes out of one before; of mail that it passes over neither.
const HEADERS: &str =
    "use = [\"authentication-results\", \"x-spamd-result\", \"x-spam-status\"];\n";

/// It says what it thinks and acts on [`SPAM`] only: much of what the rules count against a mail is
/// that nothing here is on the web.
const ACTIONS: &str = "reject = 1000; add_header = 999; greylist = 998;\n";

/// What makes it call a mail spam, without refusing it: its kind of GTUBE.
pub const SPAM: &str = "YJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";

/// What makes it pass a mail over: it looks no further, and touches no field of it.
pub const PASSED_OVER: &str =
    "AJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";

/// A running rspamd; dropping it stops it.
#[derive(Debug)]
pub struct Rspamd {
    process: Process,
    port: Port,
    milter: Port,
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
        let folder = Folder::create()?;
        let (port, milter) = (ports::free()?, ports::free()?);
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
                 local_addrs = [];\nenable_test_patterns = true;\n",
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
        write(
            "worker-proxy.inc",
            format!(
                "bind_socket = \"{}\"; milter = yes; count = 1; timeout = 60s;\n\
                 upstream \"local\" {{ default = yes; self_scan = yes; }}\n",
                milter.address()
            ),
        )?;
        write("milter_headers.conf", HEADERS.to_owned())?;
        write("actions.conf", ACTIONS.to_owned())?;
        for worker in ["controller", "fuzzy"] {
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
            milter,
            client: http::client()?,
            _folder: folder,
        };
        let deadline = Instant::now() + PATIENCE;
        let is_up = |server: &Self| {
            let ports = [&server.port, &server.milter].into_iter();
            ports
                .map(Port::address)
                .all(|it| TcpStream::connect(it).is_ok())
        };
        while !is_up(&server) {
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

    /// Where mail servers ask it.
    pub fn milter(&self) -> u16 {
        self.milter.number()
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

//! Who sent a mail: as far as that can be known without asking anybody, or by the DNS.

use std::{path::PathBuf, time::Duration};

use anyhow::Context as _;
use bytes::Bytes;
use clap::Args;
use tokio::{runtime::Runtime, time::timeout};

use crate::{
    config::{self, Config, Dns, Trust, TrustBy},
    domain::evidence::{CheckResult, Dmarc, Evidence, Judgement, Source},
    flow::checks::ways,
    mail::{
        authenticate::{self, Authenticator},
        dns::Resolver,
    },
    ports::Envelope,
};

#[derive(Debug, Args)]
pub struct Options {
    /// Believe the Authentication-Results of the server with this authserv-id, wherever they stand
    #[arg(long, value_name = "ID", conflicts_with_all = ["config", "dns"])]
    authserv_id: Vec<String>,
    /// Find out who sent a mail as the mailbox wants it that the mail is to
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Ask the DNS who sent a mail, for ten seconds at most; without this nobody is asked
    #[arg(long)]
    dns: bool,
}

/// Finds out who sent mails.
pub struct Judge {
    config: Option<Config>,
    /// Without a configuration.
    trust: Trust,
    dns: Option<Asked>,
}

struct Asked {
    runtime: Runtime,
    /// `None`: the system names no DNS server.
    checks: Option<Authenticator>,
}

impl Judge {
    /// # Errors
    ///
    /// The configuration has faults.
    pub fn new(options: &Options) -> anyhow::Result<Self> {
        let config = match &options.config {
            Some(path) => Some(Config::load(path, config::environment())?),
            None => None,
        };
        let server = config
            .as_ref()
            .map_or_else(Dns::default, |it| it.dns.clone());
        Ok(Self {
            config,
            trust: believing(&options.authserv_id),
            dns: options.dns.then(|| Asked::new(&server)).transpose()?,
        })
    }

    /// The worst of what the mail's mailboxes come to. `recipients` are without names.
    pub fn judge(&self, raw: &[u8], recipients: &[String]) -> Judgement {
        let ways = match &self.config {
            Some(config) => ways(recipients, &config.mailboxes),
            None => vec![&self.trust],
        };
        let judged = ways
            .into_iter()
            .map(|trust| self.evidence(raw, trust).judge());
        judged
            .reduce(|worst, one| {
                if one.verdict > worst.verdict {
                    one
                } else {
                    worst
                }
            })
            .unwrap_or_else(|| Evidence::default().judge())
    }

    fn evidence(&self, raw: &[u8], trust: &Trust) -> Evidence {
        match &self.dns {
            Some(asked) if trust.by == TrustBy::Own => asked.evidence(raw, trust),
            _ => authenticate::offline(raw, trust),
        }
    }

    /// Waits for no answer that is still to come.
    pub fn end(self) {
        if let Some(asked) = self.dns {
            asked.runtime.shutdown_background();
        }
    }
}

impl Asked {
    fn new(server: &Dns) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .context("could not start the runtime")?;
        let resolver = {
            let _entered = runtime.enter();
            Resolver::new(server).ok()
        };
        Ok(Self {
            checks: resolver.as_ref().map(Authenticator::new),
            runtime,
        })
    }

    fn evidence(&self, raw: &[u8], trust: &Trust) -> Evidence {
        let Some(checks) = &self.checks else {
            return unanswered(raw, trust);
        };
        let (mail, envelope) = (Bytes::copy_from_slice(raw), out_of_a_file());
        let asking = async { timeout(PATIENCE, checks.evidence(mail, &envelope, trust)).await };
        let found = self.runtime.block_on(asking);
        found.unwrap_or_else(|_| unanswered(raw, trust))
    }
}

/// What is known where the DNS says nothing.
fn unanswered(raw: &[u8], trust: &Trust) -> Evidence {
    Evidence {
        source: Source::Own,
        dmarc: Some(Dmarc {
            result: CheckResult::Temperror,
            domain: None,
            policy: None,
        }),
        ..authenticate::offline(raw, trust)
    }
}

/// Nobody has handed the mail over: what there is to know of that stands in the mail.
fn out_of_a_file() -> Envelope {
    Envelope {
        peer: "file".to_owned(),
        helo: String::new(),
        sender: "unknown".to_owned(),
        recipients: Vec::new(),
        client: None,
    }
}

fn believing(authserv_ids: &[String]) -> Trust {
    let by = match authserv_ids {
        [] => TrustBy::Own,
        ids => TrustBy::Header {
            authserv_ids: ids.iter().map(|id| id.to_ascii_lowercase()).collect(),
            strips_forged: true,
        },
    };
    Trust {
        by,
        ..Trust::default()
    }
}

/// For one mail, with all that there is to ask.
const PATIENCE: Duration = Duration::from_secs(10);

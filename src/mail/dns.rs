//! Asks the DNS what it says about mail: exchangers, and the texts of SPF, DKIM and DMARC.

use std::{net::SocketAddr, time::Duration};

use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig},
    net::{NetError, runtime::TokioRuntimeProvider},
    proto::rr::{RData, RecordType},
};

use mail_auth::MessageAuthenticator;

use crate::config::Dns;

/// Cheap to clone; clones share what they have learnt.
#[derive(Clone, Debug)]
pub struct Resolver(TokioResolver);

/// There is no answer, neither yes nor no; the sentence says why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoAnswer(String);

/// A mail exchanger (RFC 5321 section 5.1).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exchanger {
    /// The lowest is tried first.
    pub preference: u16,
    /// Without the dot at its end; empty for “no mail here” (RFC 7505).
    pub host: String,
}

/// How long a server may take, and how often it is asked.
const SERVER_PATIENCE: Duration = Duration::from_secs(2);
const ATTEMPTS: usize = 2;
/// How long one question may take in all, whatever servers and protocols there are.
const PATIENCE: Duration = Duration::from_secs(4);

impl Resolver {
    /// Asks the configured server, or the system's.
    ///
    /// # Errors
    ///
    /// If the system names no server.
    pub fn new(dns: &Dns) -> Result<Self, NoAnswer> {
        let mut builder = match dns.server {
            Some(server) => {
                let provider = TokioRuntimeProvider::default();
                TokioResolver::builder_with_config(only(server), provider)
            }
            None => TokioResolver::builder_tokio().map_err(|error| no_answer(&error))?,
        };
        let options = builder.options_mut();
        options.timeout = SERVER_PATIENCE;
        options.attempts = ATTEMPTS;
        options.use_hosts_file = ResolveHosts::Never;
        Ok(Self(builder.build().map_err(|error| no_answer(&error))?))
    }

    /// The texts at `name`, each with its pieces joined; none if there are none.
    pub async fn texts(&self, name: &str) -> Result<Vec<String>, NoAnswer> {
        let records = self.ask(name, RecordType::TXT).await?;
        let text = |record| match record {
            RData::TXT(text) => {
                let whole: Vec<u8> = text.txt_data.concat();
                Some(String::from_utf8_lossy(&whole).into_owned())
            }
            _ => None,
        };
        Ok(records.into_iter().filter_map(text).collect())
    }

    /// Who takes the mail of a domain, in the order in which they are tried.
    pub async fn exchangers(&self, domain: &str) -> Result<Vec<Exchanger>, NoAnswer> {
        let records = self.ask(domain, RecordType::MX).await?;
        let exchanger = |record| match record {
            RData::MX(mx) => Some(Exchanger {
                preference: mx.preference,
                host: mx.exchange.to_ascii().trim_end_matches('.').to_owned(),
            }),
            _ => None,
        };
        let mut exchangers: Vec<_> = records.into_iter().filter_map(exchanger).collect();
        exchangers.sort();
        Ok(exchangers)
    }

    /// Whether the name has an address.
    pub async fn has_address(&self, name: &str) -> Result<bool, NoAnswer> {
        Ok(!self.ask(name, RecordType::A).await?.is_empty()
            || !self.ask(name, RecordType::AAAA).await?.is_empty())
    }

    /// The same, for whoever checks mail; answers are kept as long as they live.
    pub(super) fn authenticator(&self) -> MessageAuthenticator {
        MessageAuthenticator(self.0.clone())
    }

    async fn ask(&self, name: &str, kind: RecordType) -> Result<Vec<RData>, NoAnswer> {
        // With the dot at its end no search list is tried.
        let name = format!("{}.", name.trim_end_matches('.'));
        let asked = tokio::time::timeout(PATIENCE, self.0.lookup(name, kind)).await;
        match asked.unwrap_or(Err(NetError::Timeout)) {
            Ok(found) => {
                let records = found.answers().iter();
                Ok(records.map(|record| record.data.clone()).collect())
            }
            Err(error) if error.is_no_records_found() => Ok(Vec::new()),
            Err(error) => Err(no_answer(&error)),
        }
    }
}

fn only(server: SocketAddr) -> ResolverConfig {
    let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
    for connection in &mut connections {
        connection.port = server.port();
    }
    let server = NameServerConfig::new(server.ip(), true, connections);
    ResolverConfig::from_parts(None, Vec::new(), vec![server])
}

fn no_answer(error: &NetError) -> NoAnswer {
    NoAnswer(match error {
        NetError::Timeout => "no DNS server answered in time".to_owned(),
        NetError::NoConnections => "no DNS server can be reached".to_owned(),
        other => format!("the DNS gave no answer: {other}"),
    })
}

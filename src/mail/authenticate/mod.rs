//! Who sent a mail: gathers [`Evidence`], by checks of ours (`own`), or from those of the mailbox's
//! server (`header`, which reads its fields with `results`). `received` tells who handed the mail to
//! our servers.
//!
//! Nothing here fails: what can't be found out is missing in the evidence, and
//! [`Evidence::judge`] says what that means. A new method of checking is a field in the evidence, and
//! a line in each of `own` and `results`.

pub mod filters;
mod header;
mod own;
pub mod received;
pub mod results;

use std::net::IpAddr;

use bytes::Bytes;
use mail_auth::MessageAuthenticator;
use tokio::runtime::Handle;
use tracing::error;

use self::own::Sender;
use super::{
    dns::Resolver,
    parse::{Trace, TraceField, trace},
    punycode::ascii_domain,
};
use crate::{
    config::{Trust, TrustBy, is_in},
    domain::evidence::{Author, Evidence},
    ports::Envelope,
};

/// Checks mail. Cheap to clone; clones share what the DNS has told.
#[derive(Clone)]
pub struct Authenticator(MessageAuthenticator);

impl Authenticator {
    #[must_use]
    pub fn new(resolver: &Resolver) -> Self {
        Self(resolver.authenticator())
    }

    /// What speaks for and against the sender of a mail, as its mailbox wants it to be found out.
    ///
    /// Each of SPF, DKIM, DMARC and ARC may ask the DNS for 8 seconds: half a minute in all. The time
    /// besides is linear in the size of the mail, on a thread of its own. A mail on which a checker
    /// panics has no author, so that it is held.
    pub async fn evidence(&self, raw: Bytes, envelope: &Envelope, trust: &Trust) -> Evidence {
        let (dns, envelope, trust) = (self.0.clone(), envelope.clone(), trust.clone());
        let runtime = Handle::current();
        let check = move || runtime.block_on(check(&dns, &raw, &envelope, &trust));
        tokio::task::spawn_blocking(check)
            .await
            // Whose own words may quote the mail.
            .unwrap_or_else(|_| {
                error!("A mail could not be checked; it counts as forged");
                Evidence::default()
            })
    }
}

impl std::fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authenticator")
    }
}

/// What is known without asking anybody: the checks of the mailbox's server, or who is said to have
/// written the mail.
#[must_use]
pub fn offline(raw: &[u8], trust: &Trust) -> Evidence {
    let trace = trace(raw);
    let author = author(&trace);
    match trust.by {
        TrustBy::Own => Evidence {
            author,
            ..Evidence::default()
        },
        TrustBy::Header { .. } | TrustBy::Microsoft365 => header::read(&trace, author, trust),
    }
}

async fn check(
    dns: &MessageAuthenticator,
    raw: &[u8],
    envelope: &Envelope,
    trust: &Trust,
) -> Evidence {
    if trust.by != TrustBy::Own {
        return offline(raw, trust);
    }
    let trace = trace(raw);
    let sender = sender(&trace, envelope, trust);
    own::check(dns, raw, author(&trace), sender, &trust.sealers).await
}

fn author(trace: &Trace) -> Author {
    let address = trace.author.as_ref();
    Author {
        domain: address.and_then(|address| ascii_domain(address.domain())),
        is_ambiguous: trace.from_fields > 1,
    }
}

/// Who sent the mail to our servers; `None` where that is not sure.
///
/// Whoever speaks LMTP with us is our mail server, and tells who spoke with it (XFORWARD), or has
/// written it into the mail. Of fetched mail nobody knows which of the servers on its way were the mailbox's own,
/// unless somebody has said so: the address of a provider's inner server is allowed to send the mail
/// of all who have theirs there.
fn sender(trace: &Trace, envelope: &Envelope, trust: &Trust) -> Option<Sender> {
    let is_handed_over = envelope.peer == "unix" || envelope.peer.parse::<IpAddr>().is_ok();
    if !is_handed_over && trust.relays.is_none() {
        return None;
    }
    let relays = trust.relays();
    if let Some(client) = &envelope.client
        && is_handed_over
        && !is_in(client.address, &relays)
    {
        return is_public(client.address).then(|| Sender {
            client: client.clone(),
            address: envelope.sender.clone(),
        });
    }
    let border = received::border(trace, &relays)?;
    let client = border.client.filter(|client| is_public(client.address))?;
    let address = if is_handed_over {
        envelope.sender.clone()
    } else {
        let above = trace.fields[..border.field].iter();
        above.rev().find_map(|field| match field {
            TraceField::ReturnPath(path) => Some(path.clone()),
            TraceField::Received(_) | TraceField::AuthenticationResults(_) => None,
        })?
    };
    Some(Sender { client, address })
}

/// Not of an inner network, about which no domain says anything.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let is_shared = v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64;
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || is_shared)
        }
        IpAddr::V6(v6) => {
            !(v6.is_loopback()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || v6.is_unspecified())
        }
    }
}

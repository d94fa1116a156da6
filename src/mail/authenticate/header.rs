//! Evidence from the Authentication-Results of the mailbox's own server: of those fields that only it
//! can have written.
//!
//! Anybody can write such a field, with our server's id, too. What stands above the Received of the
//! server that took the mail from outside was written after it had come in. Many servers write
//! directly below that Received, where what the sender has written follows; this counts only where the
//! server is said to take out what claims to be its own (RFC 8601 section 5).

use super::{received, results::Results};
use crate::{
    config::{Trust, TrustBy},
    domain::evidence::{Author, Evidence, Source},
    mail::parse::{Trace, TraceField},
};

/// Reads them. Several fields are one: of SPF and DMARC the first result counts, of DKIM all do.
pub(super) fn read(trace: &Trace, author: Author, trust: &Trust) -> Evidence {
    let ours = ours(trace, trust);
    let source = match (&trust.by, ours.first()) {
        (TrustBy::Own, _) | (_, None) => Source::Nobody,
        (TrustBy::Header { .. }, Some(first)) => {
            Source::Header(first.authserv_id.clone().unwrap_or_default())
        }
        (TrustBy::Microsoft365, Some(_)) => Source::Microsoft365,
    };
    Evidence {
        source,
        author,
        spf: ours.iter().find_map(Results::spf),
        dkim: ours
            .iter()
            .flat_map(Results::dkim)
            .take(MOST_SIGNATURES)
            .collect(),
        dmarc: ours.iter().find_map(Results::dmarc),
        arc: None,
    }
}

fn ours(trace: &Trace, trust: &Trust) -> Vec<Results> {
    let end = match &trust.by {
        TrustBy::Own => 0,
        TrustBy::Header { strips_forged, .. } => {
            let border = received::border(trace, &trust.relays()).map(|border| border.field);
            match (border, strips_forged) {
                (Some(border), false) => border,
                // Nobody knows where the mail came in.
                (None, false) => 0,
                (Some(border), true) => first_received(trace, border + 1),
                (None, true) => trace.fields.len(),
            }
        }
        TrustBy::Microsoft365 => received::microsoft_border(trace).unwrap_or(0),
    };
    let is_ours = |results: &Results| match (&trust.by, &results.authserv_id) {
        (TrustBy::Header { authserv_ids, .. }, Some(id)) => authserv_ids.contains(id),
        (TrustBy::Microsoft365, None) => true,
        _ => false,
    };
    let fields = trace.fields[..end].iter();
    fields
        .filter_map(|field| match field {
            TraceField::AuthenticationResults(value) => Results::parse(value),
            TraceField::Received(_) | TraceField::ReturnPath(_) => None,
        })
        .filter(is_ours)
        .take(MOST_FIELDS)
        .collect()
}

fn first_received(trace: &Trace, from: usize) -> usize {
    let below = trace.fields[from..].iter();
    let next = below
        .clone()
        .position(|field| matches!(field, TraceField::Received(_)));
    next.map_or(trace.fields.len(), |at| from + at)
}

const MOST_FIELDS: usize = 20;
const MOST_SIGNATURES: usize = 20;

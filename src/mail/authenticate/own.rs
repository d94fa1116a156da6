//! Evidence by checks of our own: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 9989, whose walk through
//! the DNS finds the organisational domain), ARC (RFC 8617).

use std::time::Duration;

use mail_auth::{
    AuthenticatedMessage, DkimOutput, DkimResult, DmarcResult, MessageAuthenticator, SpfOutput,
    SpfResult, dmarc, dmarc::verify::DmarcParameters, spf::verify::SpfParameters,
};

use super::results::Results;
use crate::{
    domain::evidence::{
        Arc, Author, CheckResult, Dkim, Dmarc, Evidence, Policy, Source, Spf, Verdict,
    },
    ports::Client,
};

/// Who sent a mail to our servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sender {
    pub client: Client,
    /// The envelope sender; empty for `<>`.
    pub address: String,
}

/// Checks a mail.
pub(super) async fn check(
    dns: &MessageAuthenticator,
    raw: &[u8],
    mut author: Author,
    sender: Option<Sender>,
    sealers: &[String],
) -> Evidence {
    let mut message = readable(raw);
    // What can't be read as a whole may be made to be read in another way than people read it.
    author.is_ambiguous |= message.as_ref().is_none_or(|read| from_fields(read) != 1);
    let domain = author.domain.clone();
    let mut evidence = Evidence {
        source: Source::Own,
        author,
        ..Evidence::default()
    };
    let (Some(message), Some(domain)) = (&mut message, domain) else {
        return evidence;
    };
    limit(message, &domain);
    // The checks are about the author that people see, however From could be read besides.
    message.from = vec![format!("author@{domain}")];

    let spf = match &sender {
        Some(sender) => Some(check_spf(dns, sender).await),
        None => None,
    };
    let dkim = in_time(dns.verify_dkim(&*message)).await;
    evidence.spf = spf.as_ref().map(|spf| Spf {
        result: of_spf(spf.result()),
        domain: spf.domain().to_ascii_lowercase(),
    });
    evidence.dkim = match &dkim {
        Some(outputs) => outputs.iter().take(MOST_RESULTS).map(signature).collect(),
        None => message
            .dkim_headers
            .iter()
            .map(|one| late(&one.header))
            .collect(),
    };
    let signed = dkim.as_deref().unwrap_or_default();
    let mut found = check_dmarc(dns, message, signed, spf.as_ref()).await;
    // Whatever came too late might have passed.
    if dkim.is_none() && found.result == CheckResult::Fail {
        found.result = CheckResult::Temperror;
    }
    let has_passed = found.result == CheckResult::Pass;
    evidence.dmarc = Some(found);
    if !has_passed {
        evidence.arc = check_arc(dns, message, &evidence.author, sealers).await;
    }
    evidence
}

/// `None` for no mail, and for headers larger than any honest one's.
fn readable(raw: &[u8]) -> Option<AuthenticatedMessage<'_>> {
    let head = &raw[..raw.len().min(LARGEST_HEADER)];
    let has_end = |end: &[u8]| head.windows(end.len()).any(|octets| octets == end);
    if raw.len() > head.len() && !has_end(b"\r\n\r\n") && !has_end(b"\n\n") {
        return None;
    }
    let message = AuthenticatedMessage::parse(raw)?;
    (message.headers.len() <= MOST_FIELDS).then_some(message)
}

fn from_fields(message: &AuthenticatedMessage) -> usize {
    let names = message.headers.iter().map(|(name, _)| name.trim_ascii());
    names
        .filter(|name| name.eq_ignore_ascii_case(b"from"))
        .count()
}

/// Takes out what would cost more than it is worth: signatures beyond a handful, those of the author's
/// domain last, and those over fields without number.
fn limit(message: &mut AuthenticatedMessage, author: &str) {
    let is_related = |domain: &str| {
        domain == author
            || domain.ends_with(&format!(".{author}"))
            || author.ends_with(&format!(".{domain}"))
    };
    let signatures = &mut message.dkim_headers;
    signatures.retain(|one| one.header.h.len() <= MOST_SIGNED_FIELDS);
    signatures.sort_by_key(|one| !is_related(&one.header.d));
    signatures.truncate(MOST_SIGNATURES);
    message.errors.truncate(MOST_SIGNATURES);
}

async fn check_spf(dns: &MessageAuthenticator, sender: &Sender) -> SpfOutput {
    let Client { address, helo } = &sender.client;
    let (domain, parameters) = match sender.address.rsplit_once('@') {
        Some((_, domain)) => (
            domain,
            SpfParameters::verify_mail_from(*address, helo, HOST, &sender.address),
        ),
        None => (
            helo.as_str(),
            SpfParameters::verify_ehlo(*address, helo, HOST),
        ),
    };
    let late = || SpfOutput::new(domain.to_owned()).with_result(SpfResult::TempError);
    in_time(dns.verify_spf(parameters))
        .await
        .unwrap_or_else(late)
}

async fn check_dmarc(
    dns: &MessageAuthenticator,
    message: &AuthenticatedMessage<'_>,
    signed: &[DkimOutput<'_>],
    spf: Option<&SpfOutput>,
) -> Dmarc {
    let unknown = SpfOutput::default();
    let spf = spf.unwrap_or(&unknown);
    let parameters = DmarcParameters::new(message, signed, spf.domain(), spf);
    let Some(output) = in_time(dns.verify_dmarc(parameters)).await else {
        return Dmarc {
            result: CheckResult::Temperror,
            domain: None,
            policy: None,
        };
    };
    let policy = output.dmarc_record().map(|_| match output.policy() {
        dmarc::Policy::None | dmarc::Policy::Unspecified => Policy::None,
        dmarc::Policy::Quarantine => Policy::Quarantine,
        dmarc::Policy::Reject => Policy::Reject,
    });
    Dmarc {
        result: match output.result() {
            DmarcResult::Pass => CheckResult::Pass,
            DmarcResult::Fail(_) => CheckResult::Fail,
            DmarcResult::TempError(_) => CheckResult::Temperror,
            DmarcResult::PermError(_) => CheckResult::Permerror,
            DmarcResult::None => CheckResult::None,
        },
        domain: None,
        policy,
    }
}

/// The last seal, if it is that of somebody whom we trust: what it says of the mail as it was then.
async fn check_arc(
    dns: &MessageAuthenticator,
    message: &AuthenticatedMessage<'_>,
    author: &Author,
    sealers: &[String],
) -> Option<Arc> {
    let last = message.as_headers.last()?;
    let sealer = last.header.d.to_ascii_lowercase();
    let is_too_much = message.as_headers.len() > MOST_SEALS
        || message
            .ams_headers
            .iter()
            .any(|one| one.header.h.len() > MOST_SIGNED_FIELDS);
    if !sealers.contains(&sealer) || is_too_much {
        return None;
    }
    let said = message.aar_headers.last()?;
    let verdict = said_by(said.value, last.header.i, author);
    // The message signature must be of the same hand.
    let is_one_hand = message
        .ams_headers
        .last()
        .is_some_and(|one| one.header.d.eq_ignore_ascii_case(&sealer));
    let result = match in_time(dns.verify_arc(message)).await {
        Some(output) if is_one_hand => of_dkim(output.result()),
        Some(_) => CheckResult::Fail,
        None => CheckResult::Temperror,
    };
    Some(Arc {
        sealer,
        result,
        verdict: verdict.unwrap_or(Verdict::Unverified),
    })
}

/// What follows from ARC-Authentication-Results: `i=1; mx.example.org; dmarc=pass header.from=…`.
fn said_by(value: &[u8], instance: u32, author: &Author) -> Option<Verdict> {
    let text = String::from_utf8_lossy(value).replace(['\r', '\n'], "");
    let (number, rest) = text.split_once(';')?;
    let number: String = number.split_whitespace().collect();
    if number != format!("i={instance}") {
        return None;
    }
    let results = Results::parse(rest)?;
    let evidence = Evidence {
        source: Source::Header(results.authserv_id.clone()?),
        author: author.clone(),
        spf: results.spf(),
        dkim: results.dkim(),
        dmarc: results.dmarc(),
        arc: None,
    };
    Some(evidence.judge().verdict)
}

fn signature(output: &DkimOutput) -> Dkim {
    let signature = output.signature();
    Dkim {
        result: of_dkim(output.result()),
        domain: signature
            .map(|one| one.d.to_ascii_lowercase())
            .unwrap_or_default(),
        selector: signature.map(|one| one.s.clone()),
    }
}

/// The DNS has not told in time whether the signature is good.
fn late(signature: &mail_auth::dkim::Signature) -> Dkim {
    Dkim {
        result: CheckResult::Temperror,
        domain: signature.d.to_ascii_lowercase(),
        selector: Some(signature.s.clone()),
    }
}

fn of_dkim(result: &DkimResult) -> CheckResult {
    match result {
        DkimResult::Pass => CheckResult::Pass,
        DkimResult::Neutral(_) => CheckResult::Neutral,
        DkimResult::Fail(_) => CheckResult::Fail,
        DkimResult::PermError(_) => CheckResult::Permerror,
        DkimResult::TempError(_) => CheckResult::Temperror,
        DkimResult::None => CheckResult::None,
    }
}

fn of_spf(result: SpfResult) -> CheckResult {
    match result {
        SpfResult::Pass => CheckResult::Pass,
        SpfResult::Fail => CheckResult::Fail,
        SpfResult::SoftFail => CheckResult::Softfail,
        SpfResult::Neutral => CheckResult::Neutral,
        SpfResult::TempError => CheckResult::Temperror,
        SpfResult::PermError => CheckResult::Permerror,
        SpfResult::None => CheckResult::None,
    }
}

async fn in_time<T>(check: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(PATIENCE, check).await.ok()
}

/// Of each method.
const PATIENCE: Duration = Duration::from_secs(8);
/// In octets.
const LARGEST_HEADER: usize = 512 * 1024;
const MOST_FIELDS: usize = 2000;
const MOST_SIGNATURES: usize = 10;
const MOST_RESULTS: usize = 20;
/// In one signature.
const MOST_SIGNED_FIELDS: usize = 200;
const MOST_SEALS: usize = 10;
/// Who asks, in the macros of SPF (RFC 7208 section 7.3); no record in use looks at it.
const HOST: &str = "unknown";

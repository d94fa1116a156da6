//! What speaks for and against the sender of a mail, and the verdict that follows from it.
//!
//! A verdict is about the domain in From, for that is what people read: SPF and DKIM count where they
//! speak for it (alignment, RFC 9989 section 4.4), whatever else they say of the way that the mail took.

use serde::{Deserialize, Serialize};

/// The results of the checks (RFC 8601 section 2.7), as they are stored with the mail. Domains are in
/// ASCII and in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub source: Source,
    pub author: Author,
    /// `None`: nobody knows from where the mail came.
    pub spf: Option<Spf>,
    pub dkim: Vec<Dkim>,
    /// `None`: not looked at.
    pub dmarc: Option<Dmarc>,
    /// `None`: no sealer whom we trust has sealed the mail.
    pub arc: Option<Arc>,
}

/// Who has looked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Nobody.
    #[default]
    Nobody,
    Own,
    /// The server with this authserv-id (RFC 8601 section 2.5).
    Header(String),
    /// Microsoft 365, which names no authserv-id.
    Microsoft365,
}

/// Who is said to have written the mail.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// The domain of the address in From. `None` if From has none that can be read.
    pub domain: Option<String>,
    /// From stands there more than once, or whoever checked has read another domain in it: what was
    /// checked need not be what people see.
    pub is_ambiguous: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spf {
    pub result: CheckResult,
    /// Of the envelope sender, or the name in HELO where that is null.
    pub domain: String,
}

/// One signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dkim {
    pub result: CheckResult,
    pub domain: String,
    pub selector: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dmarc {
    /// [`CheckResult::None`] where the domain has no policy.
    pub result: CheckResult,
    /// The domain in From as the checker has read it; `None` if it doesn't say.
    pub domain: Option<String>,
    pub policy: Option<Policy>,
}

/// What the domain asks to be done with mail that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    None,
    Quarantine,
    Reject,
}

/// The seal of somebody whom we trust (RFC 8617).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arc {
    pub sealer: String,
    /// Of the whole chain.
    pub result: CheckResult,
    /// What the sealer's own check of the author has led to.
    pub verdict: Verdict,
}

/// The results of all methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckResult {
    Pass,
    Fail,
    Softfail,
    Neutral,
    Policy,
    None,
    /// The DNS gave no answer: asked again later, it may.
    Temperror,
    Permerror,
}

impl CheckResult {
    /// Reads the word of a header, in any case; also those of older standards and of Microsoft.
    /// What nobody knows says nothing.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            // Without a policy, but would pass if there were one.
            "pass" | "bestguesspass" => Self::Pass,
            "fail" | "hardfail" => Self::Fail,
            "softfail" => Self::Softfail,
            "neutral" => Self::Neutral,
            "policy" => Self::Policy,
            "temperror" | "tempfail" | "error" => Self::Temperror,
            "permerror" | "permfail" | "unknown" => Self::Permerror,
            _ => Self::None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The domain in From vouches for the mail.
    Verified,
    /// Nothing speaks for it, and nothing decisive against it.
    Unverified,
    /// The domain in From says that it isn't its mail, or nobody can tell whose it is.
    Failed,
}

/// Why; the words are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    DmarcPass,
    /// Without a policy: a good signature of the domain in From, or of one above it.
    DkimAligned,
    /// The same of the envelope sender.
    SpfAligned,
    /// DMARC failed on the way, after somebody whom we trust had found the mail to be good.
    ArcTrusted,
    DmarcFail,
    /// The domain in From forbids the server that sent the mail to use it.
    SpfFail,
    /// From is missing, or has no address.
    NoAuthor,
    /// There is more than one From, or it can be read in more than one way.
    AmbiguousAuthor,
    /// Nobody has looked.
    NotChecked,
    /// It is not known from where the mail came.
    SpfUnknown,
    /// SPF fails or is in doubt, for the domain in From or another one.
    SpfNoPass,
    /// The envelope sender is good, but of another domain.
    SpfOther,
    /// A signature is broken, or its key is gone.
    DkimBroken,
    /// A signature is good, but of another domain.
    DkimOther,
    NotSigned,
    /// The domain in From asks nobody to check its mail.
    NoPolicy,
    /// The DNS did not answer.
    DnsUnanswered,
    /// What stands in the DNS can't be read.
    RecordBroken,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    pub verdict: Verdict,
    /// What decided comes first. Never empty.
    pub reasons: Vec<Reason>,
}

impl Evidence {
    /// What all of it comes to.
    ///
    /// - More than one From, or none: `failed`, or else whoever doesn't want a policy to be applied
    ///   would write two.
    /// - DMARC passes: `verified`. It fails: `failed`, whatever the policy, unless a trusted sealer
    ///   had found the mail to be good. Where SPF could not be checked and nobody asks for mail that
    ///   fails to be stopped: `unverified`, for SPF might have passed.
    /// - There is no DMARC: a good signature or envelope sender of the very domain in From, or of one
    ///   above it, verifies. (One below it does not: without a policy nobody knows whether somebody
    ///   else may have names there.) SPF that fails for such a domain: `failed`.
    /// - The DNS did not answer, or has nonsense: that is no failure; `unverified`, unless what is
    ///   known verifies alone.
    #[must_use]
    pub fn judge(&self) -> Judgement {
        let mut reasons = Vec::new();
        let verdict = self.decide(&mut reasons);
        if self.source == Source::Nobody {
            reasons.push(Reason::NotChecked);
        } else {
            self.add_circumstances(&mut reasons);
        }
        Judgement { verdict, reasons }
    }

    /// Whether the DNS was silent about something that could change the verdict: a later check may
    /// tell more.
    #[must_use]
    pub fn may_change(&self) -> bool {
        let verdict = self.judge();
        verdict.verdict != Verdict::Verified && verdict.reasons.contains(&Reason::DnsUnanswered)
    }

    fn decide(&self, reasons: &mut Vec<Reason>) -> Verdict {
        let Some(author) = &self.author.domain else {
            reasons.push(Reason::NoAuthor);
            return Verdict::Failed;
        };
        let dmarc = self.dmarc.as_ref();
        let is_other = |dmarc: &Dmarc| dmarc.domain.as_ref().is_some_and(|own| own != author);
        if self.author.is_ambiguous || dmarc.is_some_and(is_other) {
            reasons.push(Reason::AmbiguousAuthor);
            return Verdict::Failed;
        }
        let failed = match dmarc.map(|dmarc| dmarc.result) {
            Some(CheckResult::Pass) => {
                reasons.push(Reason::DmarcPass);
                return Verdict::Verified;
            }
            Some(CheckResult::Fail) => Some(Reason::DmarcFail),
            _ => match self.without_policy(author) {
                Some(reason @ Reason::SpfFail) => Some(reason),
                Some(reason) => {
                    reasons.push(reason);
                    return Verdict::Verified;
                }
                None => None,
            },
        };
        let trusted = self
            .arc
            .as_ref()
            .is_some_and(|arc| arc.result == CheckResult::Pass && arc.verdict == Verdict::Verified);
        if trusted {
            reasons.push(Reason::ArcTrusted);
        }
        reasons.extend(failed);
        let is_lenient = dmarc.is_some_and(|dmarc| dmarc.policy == Some(Policy::None));
        let in_doubt = self.source == Source::Own && self.spf.is_none() && is_lenient;
        match failed {
            _ if trusted => Verdict::Verified,
            Some(_) if !in_doubt => Verdict::Failed,
            _ => Verdict::Unverified,
        }
    }

    /// What SPF and DKIM say of the author by themselves.
    fn without_policy(&self, author: &str) -> Option<Reason> {
        let signed =
            |one: &Dkim| one.result == CheckResult::Pass && speaks_for(&one.domain, author);
        let spf = self
            .spf
            .as_ref()
            .filter(|spf| speaks_for(&spf.domain, author));
        match spf.map(|spf| spf.result) {
            _ if self.dkim.iter().any(signed) => Some(Reason::DkimAligned),
            Some(CheckResult::Pass) => Some(Reason::SpfAligned),
            Some(CheckResult::Fail) => Some(Reason::SpfFail),
            _ => None,
        }
    }

    /// Whatever else there is to know.
    fn add_circumstances(&self, reasons: &mut Vec<Reason>) {
        let mut add = |reason, applies| {
            if applies && !reasons.contains(&reason) {
                reasons.push(reason);
            }
        };
        let author = self.author.domain.as_deref().unwrap_or_default();
        let spf = self.spf.as_ref().map(|spf| spf.result);
        let dmarc = self.dmarc.as_ref().map(|dmarc| dmarc.result);
        let signed = |result| self.dkim.iter().any(|one| one.result == result);
        let has = |result| spf == Some(result) || dmarc == Some(result) || signed(result);
        let is_other =
            |result, domain: &str| result == CheckResult::Pass && !speaks_for(domain, author);
        add(Reason::SpfUnknown, self.spf.is_none());
        add(
            Reason::SpfNoPass,
            matches!(
                spf,
                Some(CheckResult::Fail | CheckResult::Softfail | CheckResult::Neutral)
            ),
        );
        let spf_other = |spf: &Spf| is_other(spf.result, &spf.domain);
        add(Reason::SpfOther, self.spf.as_ref().is_some_and(spf_other));
        add(
            Reason::DkimBroken,
            signed(CheckResult::Fail)
                || signed(CheckResult::Neutral)
                || signed(CheckResult::Permerror),
        );
        let dkim_other = |one: &Dkim| is_other(one.result, &one.domain);
        add(Reason::DkimOther, self.dkim.iter().any(dkim_other));
        add(Reason::NotSigned, self.dkim.is_empty());
        add(Reason::NoPolicy, dmarc == Some(CheckResult::None));
        add(Reason::DnsUnanswered, has(CheckResult::Temperror));
        add(
            Reason::RecordBroken,
            spf == Some(CheckResult::Permerror) || dmarc == Some(CheckResult::Permerror),
        );
    }
}

/// Whether `domain` is that of the author, or one above it that is no top-level domain: whoever has
/// that one has the author's as well.
fn speaks_for(domain: &str, author: &str) -> bool {
    let is_above = || {
        let below = author.strip_suffix(domain);
        domain.contains('.') && below.is_some_and(|below| below.ends_with('.'))
    };
    domain == author || is_above()
}

#[cfg(test)]
mod tests;

//! What goes wrong on purpose, and how often each endpoint was called.

use std::collections::BTreeMap;
use std::time::Duration;

use super::refusal::Refusal;

/// One thing that goes wrong at one endpoint, `n` times or until it is cleared.
///
/// ```ignore
/// hs.fault(Fault::status(500).at("send").times(3));
/// hs.fault(Fault::drop_answer().at("send").containing("hello").times(1));
/// ```
#[derive(Debug, Clone)]
pub struct Fault {
    at: &'static str,
    containing: Option<String>,
    left: Option<u32>,
    wait: Duration,
    deed: Deed,
}

/// What the homeserver does with a request that meets a fault.
#[derive(Debug, Clone)]
pub enum Deed {
    /// Acts and answers.
    Answer,
    /// Acts, waits, answers.
    AnswerLate(Duration),
    /// Answers with an error, without acting.
    Refuse(Refusal),
    /// Acts, then answers with an error, as a proxy does whose backend was too slow.
    ActThenRefuse(Refusal),
    /// Acts, then closes the connection without an answer.
    ActThenCut,
    /// Closes the connection without acting.
    Cut,
    /// Answers a file in so many pieces, with a pause after each.
    AnswerSlowly(u32, Duration),
    /// Announces the whole file, answers half of it, and closes the connection.
    AnswerHalf,
}

impl Fault {
    /// Answers `status` without acting; errcode `M_FORBIDDEN` for 403, else `M_UNKNOWN`.
    pub fn status(status: u16) -> Self {
        let errcode = if status == 403 {
            "M_FORBIDDEN"
        } else {
            "M_UNKNOWN"
        };
        Self::new(Deed::Refuse(Refusal::new(
            status,
            errcode,
            "switched to fail",
        )))
    }

    /// Answers with `status` and `errcode` without acting.
    pub fn error(status: u16, errcode: &'static str) -> Self {
        Self::new(Deed::Refuse(Refusal::new(
            status,
            errcode,
            "switched to fail",
        )))
    }

    /// Answers 429 `M_LIMIT_EXCEEDED` with `retry_after_ms` and `Retry-After` (whole seconds,
    /// rounded up), without acting.
    pub fn limited(retry_after: Duration) -> Self {
        let refusal = Refusal::new(429, "M_LIMIT_EXCEEDED", "Too Many Requests");
        Self::new(Deed::Refuse(refusal.retry_after(retry_after)))
    }

    /// Waits before it acts and answers as usual.
    pub fn delay(wait: Duration) -> Self {
        Self::new(Deed::Answer).after(wait)
    }

    /// Acts at once and answers only after `wait`.
    pub fn late(wait: Duration) -> Self {
        Self::new(Deed::AnswerLate(wait))
    }

    /// Acts, then answers `status`, as a proxy does that gave up waiting (502, 504).
    pub fn act_then_status(status: u16) -> Self {
        Self::new(Deed::ActThenRefuse(Refusal::new(
            status,
            "M_UNKNOWN",
            "switched to fail",
        )))
    }

    /// Acts, then drops the connection without an answer.
    pub fn drop_answer() -> Self {
        Self::new(Deed::ActThenCut)
    }

    /// Drops the connection without acting.
    pub fn drop_request() -> Self {
        Self::new(Deed::Cut)
    }

    /// Answers a file in `pieces`, with a pause after each.
    pub fn slowly(pieces: u32, pause: Duration) -> Self {
        Self::new(Deed::AnswerSlowly(pieces, pause))
    }

    /// Breaks a file off in the middle.
    pub fn half() -> Self {
        Self::new(Deed::AnswerHalf)
    }

    fn new(deed: Deed) -> Self {
        Self {
            at: "*",
            containing: None,
            left: None,
            wait: Duration::ZERO,
            deed,
        }
    }

    /// Only at this endpoint, by the name in `Route::name`; `*`, the default, is every one.
    pub fn at(mut self, endpoint: &'static str) -> Self {
        self.at = endpoint;
        self
    }

    /// Only when the decoded path, the query or the body contains `text`.
    pub fn containing(mut self, text: &str) -> Self {
        self.containing = Some(text.to_owned());
        self
    }

    /// Only for the next `n` requests that match.
    pub fn times(mut self, n: u32) -> Self {
        self.left = Some(n);
        self
    }

    /// Waits before doing what the fault does.
    pub fn after(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }
}

/// Names a fault, to clear it and to ask how often it struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultId(usize);

/// All faults that were ever switched on, and the counters.
#[derive(Default)]
pub struct Faults {
    rules: Vec<Rule>,
    counts: BTreeMap<&'static str, u64>,
}

struct Rule {
    fault: Fault,
    hits: u64,
    on: bool,
}

impl Faults {
    pub fn add(&mut self, fault: Fault) -> FaultId {
        self.rules.push(Rule {
            fault,
            hits: 0,
            on: true,
        });
        FaultId(self.rules.len() - 1)
    }

    pub fn clear(&mut self, id: FaultId) {
        self.rules[id.0].on = false;
    }

    pub fn clear_all(&mut self) {
        for rule in &mut self.rules {
            rule.on = false;
        }
    }

    pub fn hits(&self, id: FaultId) -> u64 {
        self.rules[id.0].hits
    }

    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.counts.clone()
    }

    pub fn count(&self, endpoint: &str) -> u64 {
        self.counts.get(endpoint).copied().unwrap_or(0)
    }

    pub fn reset_counts(&mut self) {
        self.counts.clear();
    }

    /// Counts a request and tells what shall go wrong with it: the first rule that matches.
    pub fn meet(
        &mut self,
        endpoint: &'static str,
        contains: impl Fn(&str) -> bool,
    ) -> (Duration, Deed) {
        *self.counts.entry(endpoint).or_default() += 1;
        for rule in &mut self.rules {
            let Fault {
                at,
                containing,
                left,
                wait,
                deed,
            } = &mut rule.fault;
            let meant = rule.on
                && *left != Some(0)
                && (*at == "*" || *at == endpoint)
                && containing.as_deref().is_none_or(&contains);
            if meant {
                rule.hits += 1;
                if let Some(left) = left {
                    *left -= 1;
                }
                return (*wait, deed.clone());
            }
        }
        (Duration::ZERO, Deed::Answer)
    }
}

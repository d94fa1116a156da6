//! Why a request to the homeserver came to nothing, and whether to try again.

use std::time::Duration;

use serde::Deserialize;

use crate::domain::delivery::SendOutcome;

/// Why a request came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It was not carried out, and may be later.
    #[error("{reason}")]
    Later {
        reason: String,
        after: Option<Duration>,
    },
    /// It was not carried out, and won't be.
    #[error("{reason} ({code})")]
    Refused { code: String, reason: String },
    /// Nobody knows whether it was carried out.
    #[error("{reason}")]
    Unknown { reason: String },
}

impl From<Fault> for SendOutcome {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Later { reason, after } => Self::RetryLater { reason, after },
            Fault::Refused { .. } => Self::Refused {
                reason: fault.to_string(),
            },
            Fault::Unknown { reason } => Self::Uncertain { reason },
        }
    }
}

pub(super) fn outcome_word(fault: Option<&Fault>) -> &'static str {
    match fault {
        None => "done",
        Some(Fault::Later { .. }) => "later",
        Some(Fault::Refused { .. }) => "refused",
        Some(Fault::Unknown { .. }) => "unknown",
    }
}

/// A request that we can't even write down: trying again would not help.
pub(super) fn unspeakable(fault: &dyn std::fmt::Display) -> Fault {
    Fault::Refused {
        code: "request".to_owned(),
        reason: fault.to_string(),
    }
}

/// No answer came. Only if there was no connection is it certain that nothing happened.
pub(super) fn lost(fault: &reqwest::Error) -> Fault {
    if fault.is_connect() {
        Fault::Later {
            reason: "the homeserver can't be reached".to_owned(),
            after: None,
        }
    } else {
        let reason = if fault.is_timeout() {
            "took too long"
        } else {
            "ended the connection"
        };
        Fault::Unknown {
            reason: format!("the homeserver {reason}"),
        }
    }
}

/// The body of an error (client-server API, Standard error response).
#[derive(Default, Deserialize)]
struct ErrorBody {
    #[serde(default)]
    errcode: String,
    #[serde(default)]
    error: String,
    retry_after_ms: Option<u64>,
}

/// What an answer means that is no success.
pub(super) fn fault(status: http::StatusCode, body: &[u8], retry_after: Option<Duration>) -> Fault {
    if status.is_redirection() {
        return Fault::Later {
            reason: format!(
                "the homeserver's address leads elsewhere ({status}), where our token doesn't go; \
                 homeserver.url has to be mended"
            ),
            after: None,
        };
    }
    let body: ErrorBody = serde_json::from_slice(body).unwrap_or_default();
    let reason = match body.error.as_str() {
        "" => format!("the homeserver answered {status}"),
        error => format!(
            "the homeserver says: {}",
            error.chars().take(300).collect::<String>()
        ),
    };
    if status == http::StatusCode::TOO_MANY_REQUESTS || body.errcode == "M_LIMIT_EXCEEDED" {
        let after = retry_after.or(body.retry_after_ms.map(Duration::from_millis));
        Fault::Later { reason, after }
    } else if status == http::StatusCode::UNAUTHORIZED {
        // Our token: the set-up is at fault, not this request.
        Fault::Later {
            reason,
            after: None,
        }
    } else if status == http::StatusCode::SERVICE_UNAVAILABLE {
        Fault::Later {
            reason,
            after: retry_after,
        }
    } else if status.is_server_error() {
        // It, or a proxy before it, may have acted before it failed.
        Fault::Unknown { reason }
    } else {
        // A proxy before it has a limit of its own, and no codes.
        let is_too_large = status == http::StatusCode::PAYLOAD_TOO_LARGE;
        let code = if is_too_large {
            "M_TOO_LARGE"
        } else {
            body.errcode.as_str()
        };
        Fault::Refused {
            code: code.to_owned(),
            reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        429,
        r#"{"errcode":"M_LIMIT_EXCEEDED","error":"slow","retry_after_ms":1500}"#,
        None,
        "later 1500"
    )]
    #[case(
        429,
        r#"{"errcode":"M_LIMIT_EXCEEDED","error":"slow","retry_after_ms":1500}"#,
        Some(9),
        "later 9000"
    )]
    #[case(401, r#"{"errcode":"M_UNKNOWN_TOKEN","error":"who?"}"#, None, "later")]
    #[case(503, "", Some(7), "later 7000")]
    #[case(500, r#"{"errcode":"M_UNKNOWN","error":"oops"}"#, None, "unknown")]
    #[case(502, "<html>", None, "unknown")]
    #[case(
        403,
        r#"{"errcode":"M_FORBIDDEN","error":"no"}"#,
        None,
        "refused M_FORBIDDEN"
    )]
    #[case(
        413,
        r#"{"errcode":"M_TOO_LARGE","error":"big"}"#,
        None,
        "refused M_TOO_LARGE"
    )]
    #[case(413, "<html>", None, "refused M_TOO_LARGE")]
    #[case(308, "", None, "later")]
    fn an_answer_says_whether_to_try_again(
        #[case] status: u16,
        #[case] body: &str,
        #[case] retry_after: Option<u64>,
        #[case] expected: &str,
    ) {
        let status = http::StatusCode::from_u16(status).unwrap();
        let found = match fault(
            status,
            body.as_bytes(),
            retry_after.map(Duration::from_secs),
        ) {
            Fault::Later {
                after: Some(after), ..
            } => format!("later {}", after.as_millis()),
            Fault::Later { after: None, .. } => "later".to_owned(),
            Fault::Refused { code, .. } => format!("refused {code}"),
            Fault::Unknown { .. } => "unknown".to_owned(),
        };
        assert_eq!(found, expected);
    }
}

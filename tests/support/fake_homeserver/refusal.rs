//! Errors as the client-server API tells them (Matrix 1.19, "Standard error response").

use std::time::Duration;

use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub errcode: &'static str,
    pub error: String,
    pub retry_after: Option<Duration>,
}

impl Refusal {
    pub fn new(status: u16, errcode: &'static str, error: impl Into<String>) -> Self {
        Self {
            status,
            errcode,
            error: error.into(),
            retry_after: None,
        }
    }

    pub fn forbidden(error: impl Into<String>) -> Self {
        Self::new(403, "M_FORBIDDEN", error)
    }

    pub fn not_found(error: impl Into<String>) -> Self {
        Self::new(404, "M_NOT_FOUND", error)
    }

    pub fn bad_json(error: impl Into<String>) -> Self {
        Self::new(400, "M_BAD_JSON", error)
    }

    pub fn missing(parameter: &str) -> Self {
        Self::new(
            400,
            "M_MISSING_PARAM",
            format!("Missing params: {parameter}"),
        )
    }

    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    pub fn body(&self) -> Value {
        let mut body = json!({"errcode": self.errcode, "error": self.error});
        if let Some(wait) = self.retry_after {
            body["retry_after_ms"] = json!(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        }
        // A ping that the appservice turned away tells with which status.
        if let Some(status) = self.error.strip_prefix("HTTP ") {
            body["status"] = json!(status.parse::<u16>().unwrap_or_default());
        }
        body
    }
}

//! One page: a title, a sentence, and perhaps something to press.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};

#[derive(Debug, Template)]
#[template(path = "page.html")]
pub struct Page<'a> {
    /// A tag of BCP 47.
    pub language: &'static str,
    pub title: &'a str,
    pub text: &'a str,
    /// Label, and the address to which it posts: relative, as the pages may stand below a path of their
    /// web server; empty for this very page.
    pub button: Option<(&'a str, &'a str)>,
    /// Label and address.
    pub link: Option<(&'a str, &'a str)>,
    /// Whose page it is; may be empty.
    pub organisation: &'a str,
}

impl Page<'_> {
    pub fn answer(&self, status: StatusCode) -> Response {
        let Ok(html) = self.render() else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        // Nothing but its own styles, and a form that leads back here.
        let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";
        let policy = [(header::CONTENT_SECURITY_POLICY, policy)];
        (status, policy, Html(html)).into_response()
    }
}

/// Puts into an answer what all of them say: that it is for who has the link, and for nobody else, and
/// that there is nothing to run in it.
pub async fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "private, no-store"),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox");
    let policy = headers.entry(header::CONTENT_SECURITY_POLICY);
    policy.or_insert(nothing);
    response
}

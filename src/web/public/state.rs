//! What the pages for customers work with, and the pages that all of them have.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, StatusCode, header};

use super::page::Page;
use crate::{
    domain::{letter::Language, token::Keys, wording::page as wording},
    lifecycle::Clock,
    store::{Store, StoreError},
};

#[derive(Debug, Clone)]
pub struct Public {
    pub store: Store,
    pub keys: Keys,
    pub clock: Clock,
    /// Whose pages they are.
    pub organisation: String,
    /// In which nobody is known yet.
    pub language: Language,
}

impl Public {
    /// An empty page, to be filled.
    pub fn page(&self, language: Language) -> Page<'_> {
        Page {
            language: language.tag(),
            title: "",
            text: "",
            button: None,
            link: None,
            organisation: &self.organisation,
        }
    }

    /// 404, whatever it was that isn't there.
    pub fn unknown(&self) -> Response {
        Page {
            title: wording::unknown_title(self.language),
            text: wording::unknown(self.language),
            ..self.page(self.language)
        }
        .answer(StatusCode::NOT_FOUND)
    }

    /// 503: to be tried again in a while.
    pub fn later(&self, language: Language) -> Response {
        let page = Page {
            title: wording::unavailable_title(language),
            text: wording::unavailable(language),
            ..self.page(language)
        };
        let mut response = page.answer(StatusCode::SERVICE_UNAVAILABLE);
        let after = HeaderValue::from_static(RETRY_AFTER);
        response.headers_mut().insert(header::RETRY_AFTER, after);
        response
    }

    pub fn failed(&self, error: &StoreError) -> Response {
        tracing::error!(%error, "A page can't be shown");
        self.later(self.language)
    }
}

/// Where no page is.
pub async fn nothing_here(State(public): State<Public>) -> Response {
    public.unknown().into_response()
}

/// In seconds.
const RETRY_AFTER: &str = "120";

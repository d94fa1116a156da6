//! Files that are too large for a mail, by the links in letters. Nothing is kept here: whoever asks
//! gets it through us from the homeserver.

use std::{io, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{RawPathParams, State, rejection::RawPathParamsRejection},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, Method, StatusCode, header};
use ruma::{MxcUri, OwnedUserId};

use super::{
    download::{Places, passed_on},
    page::Page,
    state::Public,
};
use crate::{
    domain::{delivery::millis, letter::Language, token::Keys, wording::page as wording},
    matrix::client::{Client, Fault},
    store::links::{self, Link},
};

/// How long one may take in all.
const LONGEST: Duration = Duration::from_hours(6);
/// Who asks again within this time tells nobody twice.
const ASKED_AGAIN: Duration = Duration::from_hours(24);

/// What the pages of files work with.
#[derive(Debug, Clone)]
pub struct Files {
    public: Public,
    homeserver: Client,
    /// In whose name files are fetched.
    bot: OwnedUserId,
    places: Places,
}

impl Files {
    #[must_use]
    pub fn new(public: Public, homeserver: Client, bot: OwnedUserId) -> Self {
        Self {
            public,
            homeserver,
            bot,
            places: Places::default(),
        }
    }
}

pub fn router(files: Files) -> Router {
    Router::new()
        .route("/files/{token}", get(fetch).post(ask))
        // The name is for people.
        .route("/files/{token}/{name}", get(fetch).post(ask))
        .with_state(files)
}

/// What stands in the path, unless that is no text.
type Parameters = Result<RawPathParams, RawPathParamsRejection>;

/// `GET /files/{token}` and `GET /files/{token}/{name}`: the file, or a page that says why not. HEAD
/// asks nobody.
async fn fetch(State(files): State<Files>, method: Method, parameters: Parameters) -> Response {
    let (link, language) = match files.find(&parameters).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    if files.public.clock.now().as_millisecond() >= link.ends_at {
        return Page {
            title: wording::expired_title(language),
            text: &wording::expired(&link.filename, &link.end(), language),
            button: Some((wording::ask_again(language), "")),
            ..files.public.page(language)
        }
        .answer(StatusCode::GONE);
    }
    if method == Method::HEAD {
        // What its client said of its size may be wrong, and an empty body would say so, too.
        return whole(
            &link,
            None,
            Body::from_stream(stream::empty::<io::Result<Bytes>>()),
        );
    }
    let Some(place) = files.places.take(link.id) else {
        return files.public.later(language);
    };
    let source = <&MxcUri>::from(link.source.as_str());
    match files.homeserver.download(source, LONGEST, &files.bot).await {
        Ok(download) => {
            let length = download.length;
            whole(
                &link,
                length,
                passed_on(download, place, files.public.store),
            )
        }
        Err(Fault::Refused { .. }) => files.gone(language),
        Err(fault) => {
            tracing::warn!(link = link.id, %fault, "A file that a customer asks for can't be fetched");
            files.public.later(language)
        }
    }
}

/// `POST /files/{token}`: asks staff to make the link work again.
async fn ask(State(files): State<Files>, parameters: Parameters) -> Response {
    let (link, language) = match files.find(&parameters).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    let now = files.public.clock.now().as_millisecond();
    if now < link.ends_at {
        return Page {
            title: &wording::file_title(&files.public.organisation, language),
            text: &wording::file_details(link.size(), &link.end(), language),
            // This very address.
            link: Some((wording::download(language), "")),
            ..files.public.page(language)
        }
        .answer(StatusCode::OK);
    }
    let (id, since) = (link.id, now.saturating_sub(millis(ASKED_AGAIN)));
    let asked = files
        .public
        .store
        .write(move |tx| Box::pin(async move { links::ask(tx, id, now, since).await }));
    match asked.await {
        Ok(()) => Page {
            title: wording::asked_title(language),
            text: &wording::asked(&link.filename, language),
            ..files.public.page(language)
        }
        .answer(StatusCode::OK),
        Err(error) => files.public.failed(&error),
    }
}

impl Files {
    /// The link of this address, and its language. `Err`: the page that says that there is none, the
    /// same whatever is wrong with it.
    async fn find(&self, parameters: &Parameters) -> Result<(Link, Language), Response> {
        let mut parameters = parameters.iter().flatten();
        let token = parameters.find(|(name, _)| *name == "token");
        let token = token.map_or("", |(_, token)| token);
        let found = async {
            let mut reading = self.public.store.read().await?;
            // A forged one asks for as much.
            links::find(&mut reading, Keys::number_in(token).unwrap_or_default()).await
        };
        let is_right = |link: &Link| self.public.keys.is_link(token, &link.salt);
        let link = match found.await {
            Ok(Some(link)) if is_right(&link) => link,
            Ok(_) => return Err(self.public.unknown()),
            Err(error) => return Err(self.public.failed(&error)),
        };
        let language = Language::from_tag(&link.language).unwrap_or(self.public.language);
        if link.is_taken_back() {
            return Err(self.gone(language));
        }
        Ok((link, language))
    }

    fn gone(&self, language: Language) -> Response {
        Page {
            title: wording::taken_back_title(language),
            text: wording::taken_back(language),
            ..self.public.page(language)
        }
        .answer(StatusCode::GONE)
    }
}

/// The answer that is the file.
fn whole(link: &Link, length: Option<u64>, body: Body) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    let content_type = HeaderValue::from_str(harmless(&link.content_type));
    let unknown = HeaderValue::from_static(UNKNOWN);
    headers.insert(header::CONTENT_TYPE, content_type.unwrap_or(unknown));
    if let Ok(disposition) = HeaderValue::from_str(&disposition(&link.filename)) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("none"));
    if let Some(length) = length.filter(|length| *length > 0) {
        headers.insert(header::CONTENT_LENGTH, length.into());
    }
    response
}

const UNKNOWN: &str = "application/octet-stream";

/// The type, unless it is one that a browser would run or draw as a page.
fn harmless(content_type: &str) -> &str {
    let shown = ["image/", "audio/", "video/"];
    let is_medium = shown.iter().any(|kind| content_type.starts_with(kind));
    let is_document = matches!(
        content_type,
        "application/pdf"
            | "application/zip"
            | "application/gzip"
            | "application/x-7z-compressed"
            | "application/x-tar"
            | "text/plain"
            | "text/csv"
    ) || content_type.starts_with("application/vnd.");
    let is_drawn = content_type.contains("xml") || content_type.contains("html");
    if (is_medium || is_document) && !is_drawn {
        content_type
    } else {
        UNKNOWN
    }
}

/// To be saved, under its name (RFC 6266; RFC 8187 for what isn't ASCII).
fn disposition(filename: &str) -> String {
    let plain = |c: char| match c {
        '"' | '\\' | '/' | '%' => '_',
        c if c.is_ascii_graphic() || c == ' ' => c,
        _ => '_',
    };
    let filename = if filename.is_empty() {
        "file"
    } else {
        filename
    };
    let ascii: String = filename.chars().map(plain).collect();
    let escaped = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    let extended: String = filename.bytes().map(escaped).collect();
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{extended}")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("video/mp4", "video/mp4")]
    #[case("application/pdf", "application/pdf")]
    #[case("image/svg+xml", UNKNOWN)]
    #[case("text/html", UNKNOWN)]
    #[case("application/xhtml+xml", UNKNOWN)]
    #[case("text/javascript", UNKNOWN)]
    #[case("application/vnd.mozilla.xul+xml", UNKNOWN)]
    #[case("", UNKNOWN)]
    fn nothing_is_given_out_that_a_browser_runs(#[case] claimed: &str, #[case] told: &str) {
        assert_eq!(harmless(claimed), told);
    }

    #[rstest]
    #[case("plan.pdf", "filename=\"plan.pdf\"; filename*=UTF-8''plan.pdf")]
    #[case(
        "Plän \"1\".pdf",
        "filename=\"Pl_n _1_.pdf\"; filename*=UTF-8''Pl%C3%A4n%20%221%22.pdf"
    )]
    #[case("a\r\nX: y", "filename=\"a__X: y\"; filename*=UTF-8''a%0D%0AX%3A%20y")]
    #[case("", "filename=\"file\"; filename*=UTF-8''file")]
    fn a_file_is_saved_under_its_name(#[case] filename: &str, #[case] expected: &str) {
        assert_eq!(disposition(filename), format!("attachment; {expected}"));
    }
}

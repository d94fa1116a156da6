//! `public`: the pages for customers: files too large for a mail, and leaving a broadcast.

use std::net::SocketAddr;

use url::Url;

use super::{section::Section, values::http_url};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Public {
    /// Where customers find the pages; what is below it is ours.
    pub url: Url,
    /// Where Postroom serves them, for the web server that stands in front.
    pub listen: SocketAddr,
}

impl Public {
    pub(super) fn read(section: &mut Section) -> Option<Self> {
        let url = section.required("url", "https://post.example.org", http_url);
        let listen = section.listen("listen", "127.0.0.1:29382");
        Some(Self {
            url: url?,
            listen: listen?,
        })
    }

    /// The address of a page; `path` without a slash in front.
    #[must_use]
    pub fn page(&self, path: &str) -> String {
        format!("{}/{path}", self.url.as_str().trim_end_matches('/'))
    }
}

//! `homeserver`: where the Matrix homeserver is and what it is called.

use ruma::OwnedServerName;
use url::Url;

use super::{section::Section, values::http_url};

#[derive(Debug, Clone)]
pub struct Homeserver {
    /// Where Postroom calls it; `http` or `https`, without credentials.
    pub url: Url,
    /// What stands behind the colon in its users' ids.
    pub server_name: OwnedServerName,
}

impl Homeserver {
    pub(super) fn read(section: &mut Section) -> Option<Self> {
        let url = section.required("url", "http://127.0.0.1:8008", http_url);
        let server_name = section.required("server_name", "example.org", |text| {
            OwnedServerName::try_from(text)
                .map_err(|_| format!("\"{text}\" is not the name of a server").into())
        });
        Some(Self {
            url: url?,
            server_name: server_name?,
        })
    }
}

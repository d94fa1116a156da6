//! `homeserver`: where the Matrix homeserver is and what it is called.

use ruma::OwnedServerName;
use url::Url;

#[derive(Debug, Clone)]
pub struct Homeserver {
    /// Where Postroom calls it; `http` or `https`, without credentials.
    pub url: Url,
    /// What stands behind the colon in its users' ids.
    pub server_name: OwnedServerName,
}

//! `appservice`: where the homeserver reaches Postroom.

use std::{net::SocketAddr, path::PathBuf};

use url::Url;

#[derive(Debug, Clone)]
pub struct Appservice {
    pub listen: SocketAddr,
    /// The same place as the homeserver sees it.
    pub url: Url,
    /// The registration file; it was there and had both tokens when the configuration was read.
    pub registration: PathBuf,
}

//! The HTTP client of everything here.

use std::time::Duration;

use anyhow::Result;
use reqwest::Client;

/// Never through a proxy: everything is on loopback. The TLS library wants its provider even
/// where only plain HTTP is spoken.
pub fn client() -> Result<Client> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(30))
        .build()?)
}

/// Whether a URL answers with success.
pub async fn is_ok(url: &str, client: &Client) -> bool {
    let answer = client.get(url).send().await;
    answer.is_ok_and(|answer| answer.status().is_success())
}

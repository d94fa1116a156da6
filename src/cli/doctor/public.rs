//! Area `public`: whether customers find the pages.

use std::{error::Error as _, net::IpAddr, time::Duration};

use serde_json::Value;
use url::{Host, Url};

use super::{
    lmtp::is_free,
    report::{Advice, Area, Check},
    running::reachable,
    scene::Scene,
};

const PATIENCE: Duration = Duration::from_secs(10);

const LISTENER: &str = "listener";
const ADDRESS: &str = "address";
const ENCRYPTION: &str = "encryption";

pub async fn examine(scene: &Scene) -> Vec<Check> {
    let Some(public) = &scene.config.public else {
        let found = "none configured: files that are too large for a mail are not sent; \
                     public: {url: …, listen: \"127.0.0.1:29382\"} makes links of them";
        return vec![Area::Public.ok(LISTENER, found)];
    };
    let mut checks = vec![encryption(&public.url)];
    let listen = public.listen;
    if !scene.running.is_so() {
        checks.push(is_free(Area::Public, LISTENER, listen, "public.listen").await);
        checks.push(Area::Public.skipped(ADDRESS, "Postroom doesn't run"));
        return checks;
    }
    let own = format!("http://{}/health", reachable(listen));
    if let Err(error) = ask(&own).await {
        let advice = Advice::new(
            format!("{listen}: {error}"),
            "Postroom runs, but doesn't serve its pages there.",
            "Postroom may have been started with another configuration: systemctl restart postroom",
        );
        checks.push(Area::Public.fault(LISTENER, advice));
        checks.push(Area::Public.skipped(ADDRESS, "the listener doesn't answer"));
        return checks;
    }
    checks.push(Area::Public.ok(LISTENER, listen.to_string()));
    let page = public.page("health");
    checks.push(match ask(&page).await {
        Ok(()) => Area::Public.ok(ADDRESS, public.url.to_string()),
        Err(error) => {
            let advice = Advice::new(
                format!("{page}: {error}"),
                "Customers can't fetch files by the links in their mails.",
                format!(
                    "Let the web server of public.url pass everything below it on to \
                     http://{}; docs/operations.md has examples for nginx and Caddy. Should only \
                     this machine not reach its own public address, this can be left as it is.",
                    reachable(listen)
                ),
            );
            Area::Public.fault(ADDRESS, advice)
        }
    });
    checks
}

fn encryption(url: &Url) -> Check {
    if url.scheme() == "https" {
        return Area::Public.ok(ENCRYPTION, "https");
    }
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::from(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::from(ip).is_loopback(),
        None => false,
    };
    if is_loopback {
        return Area::Public.ok(ENCRYPTION, "none needed: nothing leaves this machine");
    }
    let advice = Advice::new(
        url.to_string(),
        "Whoever listens on the way reads the files, and the links to them.",
        "Get a certificate for the web server in front, and write https in public.url",
    );
    Area::Public.fault(ENCRYPTION, advice)
}

/// Whether Postroom's pages are there.
async fn ask(url: &str) -> Result<(), String> {
    let answer = async {
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE);
        client.build()?.get(url).send().await
    };
    let answer = answer.await.map_err(|error| why(&error))?;
    let status = answer.status();
    let body = answer.bytes().await.map_err(|error| why(&error))?;
    match serde_json::from_slice::<Value>(&body) {
        Ok(told) if told["postroom"] == "public" => Ok(()),
        _ => Err(format!("something else than Postroom answers ({status})")),
    }
}

/// What lies at the bottom: that a certificate isn't believed, that nobody answers.
fn why(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut cause = error.source();
    let mut words = error.to_string();
    while let Some(deeper) = cause {
        words = deeper.to_string();
        cause = deeper.source();
    }
    words
}

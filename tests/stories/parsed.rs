//! What `postroom parse` finds out of who sent a mail.

use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    command_line::{parsed, postroom, text},
    support::{dns_server::DnsServer, servers::folder::Folder},
};

const MAIL: &str = "Return-Path: <jane@acme.com>\n\
    Received: from mail.acme.com (out.acme.com [192.0.2.1]) by mx.example.org with ESMTP\n\
    From: Jane Doe <jane@acme.com>\nTo: support@example.org\nSubject: Training\n\
    Message-ID: <one@acme.com>\nDate: Sun, 22 Nov 2026 10:00:00 +0100\n\nHello\n";
const RESULTS: &str = "Authentication-Results: mx.example.org; dmarc=pass header.from=acme.com\n";

/// A configuration with this `trust` in its mailbox, and this DNS server.
fn configured(folder: &Folder, trust: &str, dns: &str) {
    let init = [
        "init",
        "--server-name=example.org",
        "--address=support@example.org",
    ];
    assert!(postroom(folder, &init).status.success());
    let config = std::fs::read_to_string(folder.join("config.yaml")).unwrap();
    let address = "    address: \"support@example.org\"\n";
    assert!(config.contains(address), "{config}");
    let config = config.replace(address, &format!("{address}    trust: {trust}\n"));
    folder
        .write(
            "config.yaml",
            format!("{config}\ndns: {{server: \"{dns}\"}}\n"),
        )
        .unwrap();
}

fn trust(folder: &Folder, arguments: &[&str]) -> Value {
    let arguments = [&["parse", "--json", "mail.eml"], arguments].concat();
    parsed(&postroom(folder, &arguments))[0]["trust"].clone()
}

/// By the Authentication-Results of the mailbox's server, if the configuration says so, and nothing else.
#[rstest]
#[case::own("{by: own}", &[RESULTS, MAIL], "unverified", "not_checked")]
#[case::by_header("{by: header, authserv_ids: [mx.example.org]}", &[RESULTS, MAIL], "verified", "dmarc_pass")]
#[case::somebody_elses("{by: header, authserv_ids: [mx.other.org]}", &[RESULTS, MAIL], "unverified", "not_checked")]
#[case::none("{by: header, authserv_ids: [mx.example.org]}", &[MAIL], "unverified", "not_checked")]
fn the_configuration_says_whose_checks_count(
    #[case] by: &str,
    #[case] mail: &[&str],
    #[case] verdict: &str,
    #[case] first: &str,
) {
    let folder = Folder::create().unwrap();
    configured(&folder, by, "127.0.0.1:9");
    folder.write("mail.eml", mail.concat()).unwrap();
    let trust = trust(&folder, &["--config", "config.yaml"]);
    assert_eq!(
        (&trust["verdict"], &trust["reasons"][0]),
        (&json!(verdict), &json!(first))
    );
    // People are told the same.
    let output = postroom(&folder, &["parse", "--config", "config.yaml", "mail.eml"]);
    let shown = text(&output.stdout);
    assert!(shown.contains(&format!("sender   {verdict}\n")), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dns_is_asked_if_that_is_wanted() {
    let dns = DnsServer::start().await;
    dns.add_text("acme.com", "v=spf1 ip4:192.0.2.0/24 -all");
    let folder = Folder::create().unwrap();
    configured(
        &folder,
        "{relays: [\"203.0.113.1\"]}",
        &dns.address().to_string(),
    );
    folder.write("mail.eml", MAIL).unwrap();
    let asked = tokio::task::spawn_blocking(move || {
        let unasked = trust(&folder, &["--config", "config.yaml"]);
        let asked = trust(&folder, &["--config", "config.yaml", "--dns"]);
        folder
            .write("mail.eml", MAIL.replace("192.0.2.1", "198.51.100.66"))
            .unwrap();
        [
            unasked,
            asked,
            trust(&folder, &["--config", "config.yaml", "--dns"]),
        ]
    });
    let [unasked, honest, forged] = asked.await.unwrap();
    assert_eq!(unasked["reasons"], json!(["not_checked"]));
    assert_eq!(
        (&honest["verdict"], &honest["reasons"][0]),
        (&json!("verified"), &json!("spf_aligned"))
    );
    assert_eq!(
        (&forged["verdict"], &forged["reasons"][0]),
        (&json!("failed"), &json!("spf_fail"))
    );
}

/// Nothing that the network does keeps the program waiting for long.
#[test]
fn a_silent_dns_ends_nothing_and_is_told() {
    // It takes questions, and says nothing.
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let folder = Folder::create().unwrap();
    configured(
        &folder,
        "{by: own}",
        &silent.local_addr().unwrap().to_string(),
    );
    folder.write("mail.eml", MAIL).unwrap();
    let begun = Instant::now();
    let trust = trust(&folder, &["--config", "config.yaml", "--dns"]);
    assert_eq!(trust["verdict"], "unverified");
    let reasons = trust["reasons"].as_array().unwrap();
    assert!(reasons.contains(&json!("dns_unanswered")), "{reasons:?}");
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn a_configuration_with_faults_is_told_of() {
    let folder = Folder::create().unwrap();
    configured(&folder, "{by: nobody}", "127.0.0.1:9");
    folder.write("mail.eml", MAIL).unwrap();
    let output = postroom(
        &folder,
        &["parse", "--json", "--config", "config.yaml", "mail.eml"],
    );
    assert!(!output.status.success());
    assert!(
        text(&output.stderr).contains("nobody who checks mail"),
        "{}",
        text(&output.stderr)
    );
}

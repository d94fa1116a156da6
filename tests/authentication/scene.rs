//! Domains with policies, keys and servers, and mails that are sent from there, or seem to be.

use std::net::SocketAddr;

use postroom::{
    config::{Dkim, Dns, Trust},
    domain::{address::EmailAddress, evidence::Evidence},
    mail::{authenticate::Authenticator, dkim::Signer, dns::Resolver},
    ports::Envelope,
};

use crate::dns_server::DnsServer;

const KEY: &str = include_str!("../fixtures/dkim/rsa-pkcs8.pem");
const RECORD: &str = include_str!("../fixtures/dkim/rsa.record");

pub struct Scene {
    pub dns: DnsServer,
    checks: Authenticator,
}

impl Scene {
    /// `acme.com` has a policy, sends from 192.0.2.0/24 and signs; `strict.example` wants its very own
    /// name; `lenient.example` asks for nothing to be done; `list.example` sends from 198.51.100.0/24
    /// and signs; `small.example` has no policy; `open.example` has none and allows everybody a bit.
    pub async fn start() -> Self {
        let dns = DnsServer::start().await;
        let domains = [
            ("acme.com", "192.0.2.0/24", Some("p=reject")),
            (
                "strict.example",
                "192.0.2.0/24",
                Some("p=quarantine; adkim=s; aspf=s"),
            ),
            ("lenient.example", "192.0.2.0/24", Some("p=none")),
            ("list.example", "198.51.100.0/24", Some("p=none")),
            ("small.example", "192.0.2.0/24", None),
        ];
        for (domain, network, policy) in domains {
            dns.add_text(domain, &format!("v=spf1 ip4:{network} -all"));
            for signer in [domain.to_owned(), format!("mail.{domain}")] {
                dns.add_text(&format!("post._domainkey.{signer}"), RECORD.trim());
            }
            if let Some(policy) = policy {
                dns.add_text(&format!("_dmarc.{domain}"), &format!("v=DMARC1; {policy}"));
            }
        }
        dns.add_text("open.example", "v=spf1 ip4:192.0.2.0/24 ~all");
        Self {
            checks: checks(dns.address()),
            dns,
        }
    }

    /// What our own check finds out of mail that came by LMTP.
    pub async fn check(&self, mail: &Mail) -> Evidence {
        self.check_as(mail, "127.0.0.1", &Trust::default()).await
    }

    pub async fn check_as(&self, mail: &Mail, peer: &str, trust: &Trust) -> Evidence {
        let envelope = envelope(mail, peer);
        let raw = mail.received().into();
        self.checks.evidence(raw, &envelope, trust).await
    }
}

/// Checks with a DNS server that isn't there.
pub async fn check_without_dns(mail: &Mail) -> Evidence {
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let checks = checks(unused.local_addr().unwrap());
    let envelope = envelope(mail, "127.0.0.1");
    let trust = Trust::default();
    checks
        .evidence(mail.received().into(), &envelope, &trust)
        .await
}

fn checks(server: SocketAddr) -> Authenticator {
    let server = Some(server);
    Authenticator::new(&Resolver::new(&Dns { server }).unwrap())
}

fn envelope(mail: &Mail, peer: &str) -> Envelope {
    Envelope {
        peer: peer.to_owned(),
        helo: "mx.example.org".to_owned(),
        sender: mail.sender.clone(),
        recipients: vec!["support@example.org".to_owned()],
        client: None,
    }
}

/// A mail on its way to us.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The header but for what servers add, and the body.
    pub text: String,
    pub sender: String,
    /// The address of the server that hands it to ours, and the name it gives itself.
    pub client: (&'static str, &'static str),
    /// What our servers write above it.
    pub above: String,
}

impl Mail {
    pub fn from(author: &str) -> Self {
        Self {
            text: format!(
                "From: Jane <{author}>\r\nTo: support@example.org\r\nSubject: The board\r\n\
                 Date: Sun, 22 Nov 2026 10:00:00 +0100\r\nMessage-ID: <1@{author}>\r\n\r\n\
                 It boots.\r\n"
            ),
            sender: author.to_owned(),
            client: ("192.0.2.1", "mail.acme.com"),
            above: String::new(),
        }
    }

    pub fn sent_by(mut self, sender: &str) -> Self {
        sender.clone_into(&mut self.sender);
        self
    }

    pub fn by_way_of(mut self, address: &'static str) -> Self {
        self.client.0 = address;
        self
    }

    pub fn signed_by(mut self, domain: &str) -> Self {
        let key = Dkim {
            selector: "post".to_owned(),
            domain: Some(domain.to_owned()),
            key: KEY.into(),
            key_file: None,
        };
        let address = EmailAddress::parse(&format!("a@{domain}")).unwrap();
        let signer = Signer::new(&[key], &address).unwrap();
        self.text = String::from_utf8(signer.sign(self.text.into_bytes()).unwrap()).unwrap();
        self
    }

    pub fn replacing(mut self, what: &str, by: &str) -> Self {
        assert!(self.text.contains(what));
        self.text = self.text.replacen(what, by, 1);
        self
    }

    /// Fields on top of those that the sender wrote.
    pub fn with(mut self, fields: &str) -> Self {
        self.text.insert_str(0, fields);
        self
    }

    /// Fields that our servers wrote above the Received of the one that took the mail.
    pub fn above(mut self, fields: &str) -> Self {
        self.above.push_str(fields);
        self
    }

    /// As it reaches us.
    pub fn received(&self) -> String {
        let (address, name) = self.client;
        format!(
            "{}Received: from {name} (out.acme.com [{address}])\r\n\tby mx.example.org (Postfix) with \
             ESMTPS id 4X;\r\n\tSun, 22 Nov 2026 10:00:01 +0100\r\n{}",
            self.above, self.text
        )
    }
}

/// `failed dmarc_fail not_signed`
pub fn verdict(evidence: &Evidence) -> String {
    let judgement = serde_json::to_value(evidence.judge()).unwrap();
    let mut words = vec![judgement["verdict"].as_str().unwrap().to_owned()];
    for reason in judgement["reasons"].as_array().unwrap() {
        words.push(reason.as_str().unwrap().to_owned());
    }
    words.join(" ")
}

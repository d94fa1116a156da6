//! What servers, and whoever poses as one, write about the way of a mail: read without end or panic,
//! and nothing that stands below the mail's way in makes it a verified one.

use postroom::{
    config::{Trust, TrustBy},
    domain::evidence::Verdict,
    mail::authenticate::{offline, results::Results},
};

pub const WORDS: &[&str] = &[
    "Authentication-Results: ",
    "mx.example.org",
    "mx.example.org 1;",
    "; ",
    "dkim=pass",
    "dkim/1 = pass",
    "spf=softfail",
    "dmarc=pass",
    "dmarc=fail (p=reject)",
    " header.d=acme.com",
    " header.i=@acme.com",
    " header.from=acme.com",
    " smtp.mailfrom=prvs=1=jane@acme.com",
    " smtp.helo=mail.acme.com",
    " reason=\"no; key\"",
    "(a (b) \\) c)",
    "\\\"",
    "\r\n\t",
    "Received: from a (b [192.0.2.1]) by mx.example.org\r\n",
    "Received: from localhost (localhost [127.0.0.1]) by mx.example.org\r\n",
    "Received: from [127.0.0.1] (helo=[192.0.2.1]) by X.mail.protection.outlook.com\r\n",
    "Received: by mx.example.org with LMTP\r\n",
    "From: Jane <jane@acme.com>\r\n",
    "IPv6:2001:db8::1",
];

/// How our server tells of a mail that came from outside.
const DOOR: &str = "Received: from mail.acme.com (out.acme.com [192.0.2.1]) by \
    X.mail.protection.outlook.com with ESMTPS id x; Sun, 22 Nov 2026 10:00:01 +0100\r\n";

pub fn run(data: &[u8]) {
    if let Some(results) = Results::parse(&String::from_utf8_lossy(data)) {
        let found = (results.spf(), results.dkim(), results.dmarc());
        assert!(results.results.len() <= 100);
        let is_domain = |domain: &str| domain.is_ascii() && !domain.contains(['@', ' ']);
        assert!(found.0.is_none_or(|spf| is_domain(&spf.domain)));
        assert!(found.1.iter().all(|dkim| is_domain(&dkim.domain)));
    }
    let by_header = |strips_forged| Trust {
        by: TrustBy::Header {
            authserv_ids: vec!["mx.example.org".to_owned()],
            strips_forged,
        },
        ..Trust::default()
    };
    let by_microsoft = Trust {
        by: TrustBy::Microsoft365,
        ..Trust::default()
    };
    let forged = [DOOR.as_bytes(), data].concat();
    for trust in [by_header(false), by_microsoft, Trust::default()] {
        assert!(!offline(data, &trust).judge().reasons.is_empty());
        let judgement = offline(&forged, &trust).judge();
        assert_ne!(judgement.verdict, Verdict::Verified, "{judgement:?}");
    }
    let evidence = offline(&forged, &by_header(true));
    assert!(!evidence.judge().reasons.is_empty());
    let stored = serde_json::to_string(&evidence).expect("evidence is JSON");
    assert_eq!(
        serde_json::from_str::<postroom::domain::evidence::Evidence>(&stored).expect("the same"),
        evidence
    );
}

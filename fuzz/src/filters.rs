//! What spam and virus filters, and whoever poses as one, write into the header of a mail: read without
//! end or panic, and what stands below the mail's way in says nothing.

use postroom::{
    config::{Trust, TrustBy},
    mail::{
        authenticate::filters::{Reading, marks},
        parse::filters,
    },
};

pub const WORDS: &[&str] = &[
    "X-Spam-Flag: YES\r\n",
    "X-Spam-Status: Yes, score=9.9\r\n",
    "X-Spam-Level: *****\r\n",
    "X-Spamd-Result: default: True [17.60 / 15.00]; R_SPF_FAIL(1.00)\r\n",
    "X-Rspamd-Action: add header\r\n",
    "X-MS-Exchange-Organization-SCL: 9\r\n",
    "X-Forefront-Antispam-Report: CIP:192.0.2.1;SCL:6;SFV:SPM;\r\n",
    "X-Virus-Status: Infected (Eicar)\r\n",
    "X-Virus: Eicar\r\n",
    "X-Amavis-Alert: INFECTED, message contains virus: Eicar\r\n",
    "X-Postroom-Id: <a.b@example.org>\r\n",
    "Received: from a (b [192.0.2.1]) by mx.example.org\r\n",
    "Received: from localhost (localhost [127.0.0.1]) by mx.example.org\r\n",
    "Received: from x (192.0.2.1) by A.mail.protection.outlook.com\r\n",
    "\r\n\t",
    "\r\n\r\n",
    "scl:",
    "\u{e9}",
];

/// How our server tells of a mail that came from outside; what comes next folds no further.
const DOOR: &str = "Received: from mail.acme.com (out.acme.com [192.0.2.1]) by \
    X.mail.protection.outlook.com with ESMTPS id x; Sun, 22 Nov 2026 10:00:01 +0100\r\nX-A: b\r\n";

pub fn run(data: &[u8]) {
    let found = filters(data);
    assert!(found.fields.len() <= 50);
    let above: Vec<usize> = found.fields.iter().map(|one| one.received_above).collect();
    assert!(above.is_sorted());
    assert!(above.last().is_none_or(|last| *last <= found.hops));
    for field in &found.fields {
        assert!(!field.value.contains(['\r', '\n']), "{field:?}");
    }
    if let Some(id) = &found.postroom_id {
        assert!(!id.as_str().contains(char::is_whitespace), "{id:?}");
    }
    let microsoft = Trust {
        by: TrustBy::Microsoft365,
        ..Trust::default()
    };
    let forged = [DOOR.as_bytes(), data].concat();
    for trust in [Trust::default(), microsoft] {
        for strips_forged in [false, true] {
            let reading = Reading {
                strips_forged,
                level: Some(5),
            };
            let read = marks(data, &found, &trust, reading);
            for line in [&read.spam, &read.virus].into_iter().flatten() {
                assert!(line.chars().count() <= 120 && !line.contains(char::is_control));
            }
        }
        let read = marks(&forged, &filters(&forged), &trust, Reading::default());
        assert!(read.hops >= 1);
        assert_eq!((read.spam, read.virus), (None, None));
    }
}

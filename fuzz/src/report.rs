//! What anybody writes as a report by a machine: read, and decided about.

use std::collections::HashSet;

use postroom::{
    domain::bounce::{self, Bounce, BounceFacts, Complaint, Proof, Report, Standing, Verdict},
    mail::parse,
};

pub const WORDS: &[&str] = &[
    "\n\n",
    "From: MAILER-DAEMON@mx.example\n",
    "Subject: failure notice\n",
    "X-Failed-Recipients: jane@acme.com\n",
    "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n",
    "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n",
    "Content-Type: message/delivery-status\n\n",
    "Content-Type: message/feedback-report\n\n",
    "Content-Type: message/rfc822\n\n",
    "\n--b\n",
    "\n--b--\n",
    "Original-Recipient: rfc822;jane@acme.com\n",
    "Final-Recipient: rfc822; <joe@acme.com>\n",
    "Action: failed\n",
    "Action: delayed\n",
    "Status: 5.1.1\n",
    "Diagnostic-Code: smtp; 550 5.2.2 mailbox full\n",
    "Remote-MTA: dns; mx.acme.com\n",
    "Feedback-Type: abuse\n",
    "Original-Rcpt-To: <jane@acme.com>\n",
    "<jane@acme.com>:\n",
    "could not be delivered to: ",
    "Remote host said: 550 user unknown\n",
    "host mx.acme.com [192.0.2.1]: ",
    "--- Below this line is a copy of the message.\n\n",
    "Received: from a by b\nTo: jane@acme.com\nMessage-ID: <o1@us.example>\n",
    "{\"notificationType\":\"Bounce\",\"bounce\":{\"bouncedRecipients\":[{\"emailAddress\":\"",
    "@",
    "\u{e9}",
];

/// What makes any text a bounce.
const HEAD: &[u8] = b"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nSubject: failure notice\n\n";

pub fn run(octets: &[u8]) {
    let read = |raw: &[u8]| match parse::parse(raw).report {
        Some(Report::Bounce(bounce)) => check_bounce(&bounce),
        Some(Report::Complaint(complaint)) => check_complaint(&complaint),
        None => {}
    };
    read(octets);
    read(&[HEAD, octets].concat());
}

fn check_bounce(bounce: &Bounce) {
    let mut seen = HashSet::new();
    assert!(bounce.recipients.len() <= 100);
    for failed in &bounce.recipients {
        assert!(
            seen.insert(failed.address.key()),
            "an address is named twice"
        );
        if let Some(reply) = &failed.reply {
            assert!((1..=1000).contains(&reply.chars().count()));
            assert!(!reply.contains(char::is_control), "{reply:?}");
        }
        for facts in unproven() {
            check_verdict(bounce::on_failure(failed, facts));
        }
    }
}

fn check_complaint(complaint: &Complaint) {
    assert!(complaint.recipients.len() <= 100);
    for facts in unproven() {
        check_verdict(bounce::on_complaint(complaint.about, facts));
    }
}

/// Whatever is written: without a proof it marks a message, and no more.
fn check_verdict(verdict: Verdict) {
    assert!(
        matches!(verdict, Verdict::Ignore | Verdict::Unplaced | Verdict::Mark),
        "{verdict:?}"
    );
}

fn unproven() -> [BounceFacts; 2] {
    [Proof::None, Proof::Named].map(|proof| BounceFacts {
        proof,
        was_recipient: true,
        is_marked: false,
        standing: Standing::Counting(3),
    })
}

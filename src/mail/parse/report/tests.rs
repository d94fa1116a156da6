//! Reports as programs write them, in our words.

mod hostile;

use rstest::rstest;

use crate::{
    domain::{
        bounce::{Action, FailedRecipient, FeedbackType, Report},
        ids::MessageId,
        incoming::MailKind,
    },
    mail::parse::{ParsedMail, parse},
};

/// What all headers of a bounce have.
const HEAD: &str = "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: desk@us.example\n\
                    Subject: failure notice\nDate: Tue, 3 Mar 2026 10:11:12 +0100\n\
                    Message-ID: <b1@mx.example>\n";

fn bounce(rest: &str) -> ParsedMail {
    parse(format!("{HEAD}{rest}").as_bytes())
}

fn notice(text: &str) -> ParsedMail {
    bounce(&format!(
        "Content-Type: text/plain; charset=utf-8\n\n{text}"
    ))
}

/// A multipart/report of a text, fields, and the headers of the original.
fn rfc_3464(text: &str, fields: &str) -> ParsedMail {
    bounce(&format!(
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\n\n{text}\n--b\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns; mx.example\n\n{fields}\n--b\n\
         Content-Type: text/rfc822-headers\n\nFrom: desk@us.example\nTo: jane@acme.com\n\
         Subject: Offer\nMessage-ID: <o1@us.example>\n\n--b--\n"
    ))
}

/// `address action status reason`, with `!` if it is hard.
fn shown(parsed: &ParsedMail) -> Vec<String> {
    let Some(Report::Bounce(bounce)) = &parsed.report else {
        return Vec::new();
    };
    let show = |one: &FailedRecipient| {
        let word = |value| serde_json::to_value(value).unwrap();
        let status = one.status.map_or("-".to_owned(), |code| code.to_string());
        let reason = serde_json::to_value(one.reason).unwrap();
        let action: serde_json::Value = word(one.action);
        format!(
            "{} {} {status} {}{}",
            one.address,
            action.as_str().unwrap(),
            reason.as_str().unwrap(),
            if one.is_hard() { "!" } else { "" }
        )
    };
    bounce.recipients.iter().map(show).collect()
}

fn original_id(parsed: &ParsedMail) -> Option<&str> {
    let original = parsed.report.as_ref()?.original();
    original.message_id.as_ref().map(MessageId::as_str)
}

#[rstest]
#[case::postfix(
    "<jane@acme.com>: host mx.acme.com[192.0.2.1] said: 550 5.1.1 No such user",
    "Final-Recipient: rfc822; jane@acme.com\nOriginal-Recipient: rfc822;jane@acme.com\n\
     Action: failed\nStatus: 5.1.1\nRemote-MTA: dns; mx.acme.com\n\
     Diagnostic-Code: smtp; 550 5.1.1\n No such user\n",
    &["jane@acme.com failed 5.1.1 unknown_user!"]
)]
#[case::two(
    "",
    "Final-Recipient: rfc822; jane@acme.com\nAction: failed\nStatus: 5.2.2\n\
     Diagnostic-Code: smtp; 552 5.2.2 Over quota\n\n\
     Final-Recipient: rfc822; <joe@acme.com>\nAction: delayed\nStatus: 4.4.1\n",
    &["jane@acme.com failed 5.2.2 mailbox_full", "joe@acme.com delayed 4.4.1 network"]
)]
#[case::the_one_that_was_written_to(
    "",
    "Original-Recipient: rfc822;jane@acme.com\nFinal-Recipient: rfc822;j.doe@acme.example\n\
     Action: failed\nStatus: 5.1.1\n",
    &["jane@acme.com failed 5.1.1 unknown_user!"]
)]
#[case::a_blank_line_amid(
    "",
    "Final-Recipient: rfc822; jane@acme.com\n\nAction: failed\nStatus: 5.1.2\n",
    &["jane@acme.com failed 5.1.2 unknown_domain!"]
)]
#[case::twice(
    "",
    "Final-Recipient: rfc822; jane@acme.com\nAction: failed\nStatus: 5.1.1\n\n\
     Final-Recipient: rfc822; JANE@acme.com\nAction: failed\nStatus: 5.1.1\n",
    &["jane@acme.com failed 5.1.1 unknown_user!"]
)]
#[case::no_types(
    "",
    "final-recipient: jane@acme.com\naction: Failed (no more attempts)\nstatus: 5.1.1 (bad)\n",
    &["jane@acme.com failed 5.1.1 unknown_user!"]
)]
#[case::words_beside_a_vague_code(
    "<jane@acme.com>: 550 the mailbox is full",
    "Final-Recipient: rfc822; jane@acme.com\nAction: failed\nStatus: 5.0.0\n",
    &["jane@acme.com failed 5.0.0 mailbox_full"]
)]
#[case::better_code_in_the_words(
    "",
    "Final-Recipient: rfc822; jane@acme.com\nAction: failed\nStatus: 5.0.0\n\
     Diagnostic-Code: smtp; 550 5.7.26 We need DMARC\n",
    &["jane@acme.com failed 5.7.26 authentication"]
)]
#[case::arrived(
    "",
    "Final-Recipient: rfc822; jane@acme.com\nAction: relayed\nStatus: 2.0.0\n",
    &["jane@acme.com relayed 2.0.0 unknown"]
)]
#[case::no_address(
    "Your mail to jane@acme.com failed.",
    "Final-Recipient: rfc822; |/usr/bin/vacation\nAction: failed\nStatus: 5.0.0\n",
    &["jane@acme.com failed - unknown"]
)]
fn reads_delivery_status(#[case] text: &str, #[case] fields: &str, #[case] expected: &[&str]) {
    let parsed = rfc_3464(text, fields);
    assert_eq!(parsed.mail.kind, MailKind::Bounce);
    assert_eq!(shown(&parsed), expected);
    assert_eq!(original_id(&parsed), Some("o1@us.example"));
}

#[rstest]
#[case::qmail(
    "Hi. I am the mail program at mx.example.\nIt did not work out, I've given up.\n\n\
     <jane@acme.com>:\n192.0.2.1 does not like recipient.\n\
     Remote host said: 550 5.1.1 nobody of this name, user unknown\nGiving up on 192.0.2.1.\n\n\
     --- Below this line is a copy of the message.\n\n",
    &["jane@acme.com failed 5.1.1 unknown_user!"]
)]
#[case::exim(
    "A message that you sent could not be delivered to all of its recipients:\n\n\
     \x20 jane@acme.com\n    host mx.acme.com [192.0.2.1]\n\
     \x20   SMTP error from remote mail server after RCPT TO:<jane@acme.com>:\n\
     \x20   550 5.2.1 This mailbox is disabled\n  joe@beta.example\n    retry timeout exceeded\n\n\
     ------ This is a copy of the message, including all the headers. ------\n\n",
    &["jane@acme.com failed 5.2.1 disabled!", "joe@beta.example failed - expired"]
)]
#[case::exim_waits(
    "A message that you sent has not yet been delivered to:\n\n  jane@acme.com\n\
     \x20   Delay reason: Connection timed out\n\nDelivery attempts will continue for some time.\n\n",
    &["jane@acme.com delayed - network"]
)]
#[case::sendmail(
    "   ----- The following addresses had permanent fatal errors -----\n<jane@acme.com>\n\
     \x20   (reason: 552 5.2.2 mailbox full)\n\n   ----- Transcript of session follows -----\n\
     ... while talking to mx.acme.com.:\n>>> DATA\n<<< 552 5.2.2 mailbox full\n\
     554 5.0.0 Service unavailable\n\n",
    &["jane@acme.com failed 5.2.2 mailbox_full"]
)]
#[case::sendmail_of_old(
    "   ----- Transcript of session follows -----\n550 acme.com (smtp)... 550 Host unknown\n\
     554 <jane@acme.com>... 550 Host unknown (Name server says so)\n\n\
     \x20  ----- Unsent message follows -----\n",
    &["jane@acme.com failed - unknown_domain!"]
)]
#[case::exchange_2003(
    "Your message did not reach some of the intended recipients.\n\n      To:\tdesk@us.example\n\
     \x20     Subject:\tOffer\n      Sent:\t3/3/26 10:11 AM\n\n\
     The following recipient(s) could not be reached:\n\n      jane@acme.com on 3/3/26 10:12 AM\n\
     \x20           The recipient name is not recognized\n            MSEXCH:IMS:ACME 0 (000C05A6)\n\n",
    &["jane@acme.com failed - unknown_user!"]
)]
#[case::exchange_online(
    "Delivery has failed to these recipients or groups:\n\n\
     jane@acme.com<mailto:jane@acme.com>\nThe address you entered couldn't be found.\n\n\
     Diagnostic information for administrators:\nGenerating server: x.acme.example\n\
     jane@acme.com\nRemote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; no'\n\n\
     Original message headers:\n\n",
    &["jane@acme.com failed 5.1.10 unknown_user!"]
)]
#[case::notes(
    "------- Failure Reasons  --------\n\nUser not listed in public Address Book\njane@acme.com\n\n\
     ------- Returned Message --------\n\n",
    &["jane@acme.com failed - unknown_user!"]
)]
#[case::gmail(
    "Delivery to the following recipient failed permanently:\n\n     jane@acme.com\n\n\
     Technical details of permanent failure:\nThe other server returned: 550 5.7.1 no PTR record\n\n\
     ----- Original message -----\n\n",
    &["jane@acme.com failed 5.7.1 reputation"]
)]
#[case::gmail_waits(
    "THIS IS A WARNING MESSAGE ONLY.\n\nDelivery to the following recipient has been delayed:\n\n\
     \x20    jane@acme.com\n\nMessage will be retried for 2 more day(s)\n\n",
    &["jane@acme.com delayed - expired"]
)]
#[case::yahoo(
    "Sorry, we were unable to deliver your message to the following address.\n\n<jane@acme.com>:\n\
     554: 5.7.1 We think that this is spam\n\n--- Below this line is a copy of the message.\n\n",
    &["jane@acme.com failed 5.7.1 spam"]
)]
#[case::opensmtpd(
    "    Hi!\n\n    An error has occurred for the following recipients:\n\n\
     jane@acme.com: 552 5.2.3 message too large\njoe@acme.com: 550 5.1.1 no such user here\n\n\
     \x20   Below is a copy of the original message:\n\n",
    &["jane@acme.com failed 5.2.3 too_large", "joe@acme.com failed 5.1.1 unknown_user!"]
)]
#[case::japanese_carrier(
    "Each of the following recipients was rejected by a remote mail server.\n\n\
     \x20   Recipient: <jane@acme.com>\n    >>> RCPT TO:<jane@acme.com>\n\
     \x20   <<< 550 <jane@acme.com>: User unknown\n",
    &["jane@acme.com failed - unknown_user!"]
)]
#[case::sentence(
    "Your mail of today\n  could not be delivered to: <jane@acme.com>\n  as their mailbox is full.\n",
    &["jane@acme.com failed - mailbox_full"]
)]
#[case::bracketed(
    "This mail was returned.\n[Status: Error, Address: <jane@acme.com>, ResponseCode 421, Host not reachable.]\n",
    &["jane@acme.com failed - network"]
)]
#[case::says_no_more("It did not work out for jane@acme.com.\n", &["jane@acme.com failed - unknown"])]
fn reads_notices(#[case] text: &str, #[case] expected: &[&str]) {
    let pasted = "Received: from us.example\n\tby mx.example; Tue, 3 Mar 2026 10:11:12 +0100\n\
                  From: Desk <desk@us.example>\nTo: other@beta.example\nSubject: Offer\n\
                  Message-ID: <o1@us.example>\n\nDear Jane, <joe@acme.com>: 550 user unknown\n";
    for (parsed, id) in [
        (notice(text), None),
        (notice(&format!("{text}{pasted}")), Some("o1@us.example")),
    ] {
        assert_eq!(parsed.mail.kind, MailKind::Bounce);
        assert_eq!(shown(&parsed), expected);
        assert_eq!(original_id(&parsed), id);
    }
}

#[test]
fn the_original_tells_what_the_notice_does_not() {
    let parsed = bounce(
        "In-Reply-To: <no@us.example>\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n\
         Sorry, 550 5.1.1 no such user.\n--b\nContent-Type: message/rfc822\n\n\
         From: desk@us.example\nTo: Jane <jane@acme.com>\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\n\
         Message-ID: <list.7@lists.example>\nX-Postroom-Id: <o1@us.example>\n\nHello\n--b--\n",
    );
    assert_eq!(shown(&parsed), ["jane@acme.com failed 5.1.1 unknown_user!"]);
    let original = parsed.report.unwrap().original().clone();
    assert_eq!(
        original.message_id.unwrap().as_str(),
        "list.7@lists.example"
    );
    assert_eq!(original.postroom_id.unwrap().as_str(), "o1@us.example");
    assert_eq!(original.subject.as_deref(), Some("Grüße"));
}

#[test]
fn nobody_is_named_who_may_not_be_meant() {
    let parsed = bounce(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nSorry.\n--b\n\
         Content-Type: message/rfc822\n\nFrom: desk@us.example\n\
         To: jane@acme.com, joe@acme.com\nMessage-ID: <o1@us.example>\n\nHello\n--b--\n",
    );
    assert!(shown(&parsed).is_empty());
    assert_eq!(original_id(&parsed), Some("o1@us.example"));
    let parsed = notice("Ask <postmaster@mx.example> or joe@acme.com about ann@acme.com.\n");
    assert!(shown(&parsed).is_empty());
}

#[test]
fn failed_recipients_in_a_header_go_before_the_text() {
    let parsed = bounce(
        "X-Failed-Recipients: jane@acme.com\n\nHello desk@us.example,\n\
         the group joe@acme.com takes no mail from you. Not permitted.\n",
    );
    assert_eq!(shown(&parsed), ["jane@acme.com failed - policy"]);
}

#[test]
fn an_answered_mail_is_the_original() {
    let parsed = bounce("In-Reply-To: <o1@us.example>\n\n<jane@acme.com>: 550 no such user\n");
    assert_eq!(original_id(&parsed), Some("o1@us.example"));
}

#[test]
fn the_server_is_quoted() {
    let parsed = rfc_3464(
        "",
        "Final-Recipient: rfc822; jane@acme.com\nAction: failed\nStatus: 5.1.1\n\
         Remote-MTA: dns; mx.acme.com\nDiagnostic-Code: smtp; 550-5.1.1 No\n 550 such user\n",
    );
    let Some(Report::Bounce(bounce)) = parsed.report else {
        panic!("no bounce");
    };
    let one = &bounce.recipients[0];
    assert_eq!(one.reply.as_deref(), Some("550-5.1.1 No 550 such user"));
    assert_eq!(one.remote_mta.as_deref(), Some("mx.acme.com"));
}

/// Who writes to a return path is told apart by what is written.
#[rstest]
#[case::vacation(
    "Auto-Submitted: auto-replied\nSubject: Away",
    "I am away. Ask\njoe@acme.com\nplease.",
    MailKind::AutoReply
)]
#[case::vacation_that_has_moved(
    "Auto-Submitted: auto-replied\nSubject: My address has changed",
    "New: jane@beta.example. The old mailbox is disabled.",
    MailKind::AutoReply
)]
#[case::absence_with_a_quote(
    "Auto-Submitted: auto-replied\nSubject: Out of office",
    "Mails to <joe@acme.com>: 550 5.1.1 user unknown could not be delivered.",
    MailKind::AutoReply
)]
#[case::bounce_that_says_little(
    "Subject: Mail",
    "Your mail\ncould not be delivered to: <jane@acme.com>\nAs their mailbox is full.",
    MailKind::Bounce
)]
#[case::null_sender_alone("Subject: Ticket 7", "We have got your mail.", MailKind::AutoReply)]
fn tells_by_the_text(#[case] headers: &str, #[case] text: &str, #[case] kind: MailKind) {
    let mail = format!(
        "Return-Path: <>\nFrom: Jane <jane@acme.com>\nTo: desk+b7@us.example\n{headers}\n\n{text}\n"
    );
    let parsed = parse(mail.as_bytes());
    assert_eq!(parsed.mail.kind, kind);
    assert_eq!(parsed.report.is_some(), kind == MailKind::Bounce);
}

/// People quote and forward bounces.
#[rstest]
#[case::question("From: Jane <jane@acme.com>\nSubject: Help", MailKind::New)]
#[case::answer(
    "From: Postmaster <postmaster@acme.com>\nSubject: Re: Help",
    MailKind::Reply
)]
#[case::forward(
    "From: Jane <jane@acme.com>\nSubject: Fwd: failure notice",
    MailKind::Forward
)]
fn people_who_quote_are_people(#[case] headers: &str, #[case] kind: MailKind) {
    let mail = format!(
        "{headers}\nTo: desk@us.example\n\nWhat does this mean?\n\n> <joe@acme.com>:\n\
         > 550 5.1.1 user unknown, could not be delivered\n"
    );
    let parsed = parse(mail.as_bytes());
    assert_eq!(parsed.mail.kind, kind);
    assert_eq!(parsed.report, None);
}

#[test]
fn reads_a_server_that_answers_as_postmaster() {
    let parsed = parse(
        b"From: post_master@mx.example\nTo: desk@us.example\nSubject: Re:Offer\n\
          In-Reply-To: <o1@us.example>\n\nError: Invalid user address\n\
          550 - Requested action not taken: no such user here\n\
          MAIL FROM: desk@us.example\nRCPT TO: jane@acme.com\n",
    );
    assert_eq!(parsed.mail.kind, MailKind::Bounce);
    assert_eq!(shown(&parsed), ["jane@acme.com failed - unknown_user!"]);
}

fn complaint(raw: &str) -> (FeedbackType, Vec<String>, Option<String>) {
    let parsed = parse(raw.as_bytes());
    assert_eq!(parsed.mail.kind, MailKind::FeedbackReport);
    let Some(Report::Complaint(complaint)) = parsed.report else {
        panic!("no complaint");
    };
    let recipients = complaint.recipients.iter().map(ToString::to_string);
    let id = complaint.original.message_id.map(|id| id.to_string());
    (complaint.about, recipients.collect(), id)
}

#[test]
fn reads_complaints() {
    let report = |fields: &str| {
        format!(
            "From: fbl@isp.example\nSubject: a complaint\n\
             Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n\
             --b\n\nSomebody complains.\n--b\nContent-Type: message/feedback-report\n\n\
             {fields}User-Agent: X/1\n--b\nContent-Type: message/rfc822\n\n\
             From: desk@us.example\nTo: jane@acme.com\nMessage-ID: <o1@us.example>\n\nHi\n--b--\n"
        )
    };
    let id = Some("o1@us.example".to_owned());
    assert_eq!(
        complaint(&report(
            "Feedback-Type: opt-out\nOriginal-Rcpt-To: <Joe@acme.com>\n"
        )),
        (
            FeedbackType::OptOut,
            vec!["Joe@acme.com".to_owned()],
            id.clone()
        )
    );
    assert_eq!(
        complaint(&report("Feedback-Type: abuse\n")),
        (
            FeedbackType::Abuse,
            vec!["jane@acme.com".to_owned()],
            id.clone()
        )
    );
    let by_microsoft = "From: staff@hotmail.com\nSubject: complaint about message from 192.0.2.1\n\
                        Content-Type: multipart/mixed; boundary=b\n\n--b\n\
                        Content-Type: message/rfc822\n\nX-HmXmrOriginalRecipient: jane@acme.com\n\
                        From: desk@us.example\nMessage-ID: <o1@us.example>\n\nHi\n--b--\n";
    assert_eq!(
        complaint(by_microsoft),
        (FeedbackType::Abuse, vec!["jane@acme.com".to_owned()], id)
    );
}

#[test]
fn a_report_on_dmarc_is_no_complaint() {
    let parsed = parse(
        b"From: dmarc@isp.example\nSubject: Report domain: us.example Submitter: isp.example\n\n\n",
    );
    assert_eq!(parsed.mail.kind, MailKind::FeedbackReport);
    assert_eq!(parsed.report, None);
}

#[test]
fn reads_notifications() {
    let notification = |json: &str| {
        format!(
            "From: no-reply@sns.amazonaws.com\nSubject: Notification\n\
             X-Amz-SNS-Message-Id: 1\n\n{json}\n\n--\nGoodbye\n"
        )
    };
    let mail = "\"mail\":{\"destination\":[\"jane@acme.com\"],\
                \"headers\":[{\"name\":\"X-Postroom-Id\",\"value\":\"<o2@us.example>\"}],\
                \"commonHeaders\":{\"messageId\":\"<o1@us.example>\",\"subject\":\"Of!\n fer\"}}";
    let parsed = parse(
        notification(&format!(
            "{{\"notificationType\":\"Bounce\",\"bounce\":{{\"bouncedRecipients\":[\
             {{\"emailAddress\":\"jane@acme.com\",\"action\":\"failed\",\"status\":\"5.1.1\",\
             \"diagnosticCode\":\"smtp; 550 no\"}}]}},{mail}}}"
        ))
        .as_bytes(),
    );
    assert_eq!(parsed.mail.kind, MailKind::Bounce);
    assert_eq!(shown(&parsed), ["jane@acme.com failed 5.1.1 unknown_user!"]);
    assert_eq!(original_id(&parsed), Some("o1@us.example"));
    let ours = parsed.report.unwrap().original().postroom_id.clone();
    assert_eq!(ours.unwrap().as_str(), "o2@us.example");
    let (about, recipients, _) = complaint(&notification(&format!(
        "{{\"notificationType\":\"Complaint\",\"complaint\":{{\"complainedRecipients\":[\
         {{\"emailAddress\":\"jane@acme.com\"}}]}},{mail}}}"
    )));
    assert_eq!(about, FeedbackType::Abuse);
    assert_eq!(recipients, ["jane@acme.com"]);
    let broken = parse(notification("{\"notificationType\":[[[").as_bytes());
    assert_eq!(broken.report, None);
}

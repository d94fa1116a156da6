//! Whole mails, as they come.

use std::fmt::Write;

use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::domain::incoming::AttachmentInfo;

mod files;

/// The headers that every sound mail has.
const HEAD: &str = "From: Jane Doe <jane@acme.com>\r\nTo: help@example.org\r\n\
                    Message-ID: <1@acme.com>\r\nDate: Tue, 3 Mar 2026 10:11:12 +0100\r\n";

fn mail(rest: &str) -> ParsedMail {
    parse(format!("{HEAD}{}", rest.replace('\n', "\r\n")).as_bytes())
}

fn codes(parsed: &ParsedMail) -> Vec<&'static str> {
    parsed.mail.problems.iter().map(|one| one.code).collect()
}

/// The attachments in short: name, type, size, `*` for inline.
fn files(parsed: &ParsedMail) -> Vec<String> {
    let show = |one: &Attachment| {
        let AttachmentInfo {
            filename,
            content_type,
            size,
            inline,
            ..
        } = &one.info;
        let name = filename.as_deref().unwrap_or("?");
        let mark = if *inline { "*" } else { "" };
        format!("{name} {content_type} {size}{mark}")
    };
    parsed.attachments.iter().map(show).collect()
}

#[test]
fn reads_a_plain_mail() {
    let parsed = mail(
        "Cc: bob@acme.com\nSubject: Re: The\n  board\nIn-Reply-To: <0@example.org>\n\
         References: <x@y> <0@example.org>\n\nIt works.\n",
    );
    let mail = &parsed.mail;
    assert_eq!(mail.kind, MailKind::Reply);
    assert_eq!(mail.message_id.as_ref().unwrap().as_str(), "1@acme.com");
    assert_eq!(mail.in_reply_to.len(), 1);
    assert_eq!(mail.references[0].as_str(), "x@y");
    let from = mail.from.as_ref().unwrap();
    assert_eq!(from.name.as_deref(), Some("Jane Doe"));
    assert_eq!(from.address.as_str(), "jane@acme.com");
    assert_eq!(mail.recipients, ["help@example.org", "bob@acme.com"]);
    assert_eq!(mail.subject.as_deref(), Some("Re: The board"));
    assert_eq!(mail.date.as_deref(), Some("2026-03-03T10:11:12+01:00"));
    assert_eq!(mail.text.trim(), "It works.");
    assert_eq!(mail.html, None);
    assert!(!mail.auto_submitted);
    assert_eq!(codes(&parsed), [""; 0]);
}

#[test]
fn prefers_html_and_shows_it_as_matrix_does() {
    let parsed = mail(
        "Content-Type: multipart/alternative; boundary=b\n\n\
         --b\nContent-Type: text/plain\n\nplain\n\
         --b\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n\
         PHA+R3LDvMOfZSA8Yj5hbjwvYj4gYWxsZTxzY3JpcHQ+eDwvc2NyaXB0PjwvcD4=\n--b--\n",
    );
    assert_eq!(parsed.mail.text.trim(), "Grüße an alle");
    let html = parsed.mail.html.unwrap();
    assert!(html.contains("<b>an</b>") || html.contains("<strong>an</strong>"));
    assert!(!html.contains("script"), "{html}");
    assert!(parsed.attachments.is_empty());
}

#[rstest]
#[case::empty_html("<div><br></div>")]
#[case::image_only("<img src=\"cid:logo\">")]
fn takes_the_alternative_with_content(#[case] html: &str) {
    let parsed = mail(&format!(
        "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nplain\n\
         --b\nContent-Type: text/html\n\n{html}\n--b--\n"
    ));
    assert_eq!(parsed.mail.text.trim(), "plain");
    assert_eq!(parsed.mail.html, None);
}

#[test]
fn names_attachments_and_decodes_them_when_asked() {
    let raw = format!(
        "{HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\n\r\nsee below\r\n\
         --b\r\nContent-Type: application/pdf; name=\"=?utf-8?Q?Gr=C3=BC=C3=9Fe.pdf?=\"\r\n\
         Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n\
         --b\r\nContent-Type: text/x-diff\r\n\
         Content-Disposition: inline; filename*=utf-8''fix%20it.patch\r\n\r\n-a\r\n+b\r\n\
         --b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninner text\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nand above\r\n--b--\r\n"
    );
    let parsed = parse(raw.as_bytes());
    assert_eq!(parsed.mail.text.trim(), "see below\n\nand above");
    assert_eq!(
        files(&parsed),
        [
            "Grüße.pdf application/pdf 5",
            "fix it.patch text/x-diff 6*",
            "inner.eml message/rfc822 28",
        ]
    );
    assert_eq!(&*parsed.attachments[0].bytes(raw.as_bytes()), b"hello");
    assert_eq!(&*parsed.attachments[1].bytes(raw.as_bytes()), b"-a\r\n+b");
    assert_eq!(parsed.attachments[2].bytes(b"other").len(), 0);
    assert_eq!(parsed.mail.attachments.len(), 3);
}

#[test]
fn knows_inline_images() {
    let parsed = mail(
        "Content-Type: multipart/related; boundary=b; start=\"<root>\"\n\n\
         --b\nContent-Type: image/png\nContent-ID: <logo@acme>\n\nPNG\n\
         --b\nContent-Type: text/html\nContent-ID: <root>\n\n<p>Look: <img src=\"cid:logo@acme\"></p>\n\
         --b\nContent-Type: image/gif\nContent-ID: <unused>\n\nGIF\n--b--\n",
    );
    assert_eq!(parsed.mail.text.trim().lines().next(), Some("Look:"));
    assert_eq!(
        files(&parsed),
        ["image.png image/png 3*", "image.gif image/gif 3"]
    );
    assert_eq!(
        parsed.attachments[0].content_id.as_deref(),
        Some("logo@acme")
    );
}

#[test]
fn joins_flowed_lines() {
    let parsed = mail("Content-Type: text/plain; format=flowed; delsp=yes\n\none \ntwo\nthree\n");
    assert_eq!(parsed.mail.text.trim(), "onetwo\nthree");
}

#[test]
fn parts_the_answer_from_its_history() {
    let parsed = mail(
        "Subject: Re: Offer\n\nYes, please.\n\nOn Mon, Mar 2, 2026 at 9:00 AM Bob <bob@example.org> wrote:\n\
         > Shall we?\n",
    );
    assert_eq!(parsed.mail.text.trim(), "Yes, please.");
    assert!(parsed.mail.folded.unwrap().contains("Shall we?"));
}

#[test]
fn never_cuts_a_forward() {
    let parsed = mail(
        "Subject: Fwd: Offer\n\nFor you.\n\nOn Mon, Mar 2, 2026 at 9:00 AM Bob <bob@example.org> wrote:\n\
         > Shall we?\n",
    );
    assert_eq!(parsed.mail.kind, MailKind::Forward);
    assert!(parsed.mail.text.contains("Shall we?"));
    assert_eq!(parsed.mail.folded, None);
}

#[rstest]
#[case::dsn(
    "Subject: Undelivered Mail Returned to Sender\n\
     Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
     --b\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\n\
     Final-Recipient: rfc822; x@y\nAction: failed\nStatus: 5.1.1\n\
     --b\nContent-Type: text/rfc822-headers\n\nX-Postroom-Id: 7\n--b--\n",
    MailKind::Bounce
)]
#[case::dsn_without_report_type(
    "Return-Path: <>\nSubject: Undeliverable: Offer\nSender: postmaster@acme.com\n\
     Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>Sorry</p>\n\
     --b\nContent-Type: message/rfc822\n\nSubject: Offer\n\nx\n--b--\n",
    MailKind::Bounce
)]
#[case::dsn_in_a_list_footer(
    "Content-Type: multipart/mixed; boundary=a\n\n--a\n\
     Content-Type: multipart/report; boundary=b\n\n--b\n\nSorry.\n\
     --b\nContent-Type: message/delivery-status\n\nAction: failed\n--b--\n--a\n\nfooter\n--a--\n",
    MailKind::Bounce
)]
#[case::abuse(
    "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\n\nspam\n--b--\n",
    MailKind::FeedbackReport
)]
#[case::own("X-Postroom-Id: abc\nSubject: Re: Offer\n\nhi\n", MailKind::Own)]
#[case::auto(
    "Auto-Submitted: auto-replied (vacation)\nSubject: Re: Offer\n\naway\n",
    MailKind::AutoReply
)]
#[case::auto_no("Auto-Submitted: no\nSubject: Offer\n\nhi\n", MailKind::New)]
#[case::null_sender("Return-Path: <>\nSubject: Thank you\n\naway\n", MailKind::AutoReply)]
#[case::sender(
    "Return-Path: <jane@acme.com>\nSubject: Thank you\n\nhi\n",
    MailKind::New
)]
#[case::list(
    "List-Id: Tools <tools.lists.example.org>\nSubject: Re: Offer\n\nhi\n",
    MailKind::List
)]
#[case::attached_bounce(
    "Subject: what is this?\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhelp\n\
     --b\nContent-Type: message/rfc822\n\nFrom: MAILER-DAEMON\n\
     Content-Type: multipart/report; report-type=delivery-status; boundary=c\n\n\
     --c\nContent-Type: message/delivery-status\n\nAction: failed\n--c--\n--b--\n",
    MailKind::New
)]
fn tells_the_kind(#[case] rest: &str, #[case] kind: MailKind) {
    assert_eq!(mail(rest).mail.kind, kind);
}

#[test]
fn reads_a_mail_with_carriage_returns_only() {
    let raw = format!("{HEAD}Subject: x\n\none\ntwo\n").replace("\r\n", "\n");
    let parsed = parse(raw.replace('\n', "\r").as_bytes());
    assert_eq!(parsed.mail.from.unwrap().address.as_str(), "jane@acme.com");
    assert_eq!(parsed.mail.text.trim(), "one\ntwo");
}

#[rstest]
#[case("\r\n \r\n")]
#[case("\u{feff}")]
#[case("From jane Tue Mar  3 10:11:12 2026\r\n")]
#[case("  ")]
fn reads_a_mail_after_something_else(#[case] before: &str) {
    let parsed = parse(format!("{before}{HEAD}\r\nhi\r\n").as_bytes());
    assert_eq!(codes(&parsed), [""; 0]);
    assert_eq!(parsed.mail.text.trim(), "hi");
}

#[rstest]
#[case::latin1_without_charset(
    b"Subject: x\r\n\r\nViele Gr\xfc\xdfe aus M\xfcnchen\r\n",
    "x",
    "Viele Grüße aus München"
)]
#[case::latin1_subject(
    b"Subject: Gr\xfc\xdfe aus M\xfcnchen\r\n\r\nhi\r\n",
    "Grüße aus München",
    "hi"
)]
#[case::html_with_meta(
    b"Subject: x\r\nContent-Type: text/html\r\n\r\n<meta charset=\"windows-1251\"><p>\xcf\xf0\xe8\xe2\xe5\xf2",
    "x", "Привет")]
fn guesses_character_sets(#[case] rest: &[u8], #[case] subject: &str, #[case] text: &str) {
    let parsed = parse(&[HEAD.as_bytes(), rest].concat());
    assert_eq!(parsed.mail.subject.as_deref(), Some(subject));
    assert_eq!(parsed.mail.text.trim(), text);
}

#[test]
fn tells_that_it_guessed() {
    let parsed = parse(&[HEAD.as_bytes(), b"\r\nGr\xfc\xdfe\r\n"].concat());
    assert_eq!(codes(&parsed), ["charset_guessed"]);
}

#[rstest]
#[case::split_words("=?utf-8?Q?Gr=C3?=\n =?utf-8?Q?=BC=C3=9Fe?=", "Grüße")]
#[case::raw_utf8("Grüße", "Grüße")]
#[case::control("a\u{7}b\tc", "a b c")]
fn decodes_subjects(#[case] subject: &str, #[case] expected: &str) {
    let parsed = mail(&format!("Subject: {subject}\n\nhi\n"));
    assert_eq!(parsed.mail.subject.as_deref(), Some(expected));
    assert_eq!(codes(&parsed), [""; 0]);
}

#[rstest]
#[case::empty("", &["not_a_mail"])]
#[case::prose("Dear all,\nnote: this is no mail\n", &["not_a_mail"])]
#[case::nobody("Subject: x\n\nhi", &["no_message_id", "no_from", "no_date"])]
#[case::several("From: a@b, c@d\nMessage-ID: <1@b>\nDate: Tue, 3 Mar 2026 10:11:12 GMT\n\nhi", &["several_from"])]
#[case::two_fields("From: a@b\nFrom: c@d\nMessage-ID: <1@b>\nDate: Tue, 3 Mar 2026 10:11:12 GMT\n\nhi", &["several_from"])]
#[case::cut("From: a@b\nMessage-ID: 1\nDate: Tue, 3 Mar 2026 10:11:12 GMT\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhi", &["truncated_structure"])]
fn tells_what_is_wrong(#[case] raw: &str, #[case] expected: &[&str]) {
    let parsed = parse(raw.as_bytes());
    assert_eq!(codes(&parsed), expected);
}

#[test]
fn several_senders_count_as_the_first() {
    let parsed = parse(b"From: a@b, c@d\n\nhi");
    assert_eq!(parsed.mail.from.unwrap().address.as_str(), "a@b");
}

#[test]
fn shows_what_is_no_mail() {
    let parsed = parse(b"just some t\xe9xt\r\nwithout: headers");
    assert_eq!(parsed.mail.text, "just some téxt\nwithout: headers");
}

#[test]
fn hostile_mails_end_soon() {
    let size = 2_000_000;
    let mut boundaries = format!("{HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n");
    while boundaries.len() < size {
        let _ = write!(
            boundaries,
            "--b\r\nContent-Type: multipart/mixed; boundary=never\r\n\r\n"
        );
    }
    let rfc822 = "Content-Type: message/rfc822\r\n\r\n".repeat(size / 32);
    let words = format!("{HEAD}Subject: {}\r\n\r\n", " =?aa?q?x".repeat(size / 9));
    let people = format!("From: {}\r\n\r\n", " =?aa?q?(<\"".repeat(size / 11));
    let parameters = format!(
        "{HEAD}Content-Type: a/b;{}\r\n\r\n",
        "n*1*=%20;".repeat(size / 9)
    );
    let deep = format!(
        "{HEAD}Content-Type: text/html\r\n\r\n{}",
        "<div>".repeat(size / 5)
    );
    for hostile in [
        boundaries,
        format!("{HEAD}{rfc822}"),
        words,
        people,
        parameters,
        deep,
    ] {
        let begin = std::time::Instant::now();
        let _ = parse(hostile.as_bytes());
        let took = begin.elapsed();
        assert!(took.as_secs() < 5, "{took:?} for {}", &hostile[..200]);
    }
}

/// Pieces of mails in any order reach more of the code than bytes do.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let text = prop::sample::select(vec![
        "From: ",
        "To: ",
        "Subject: ",
        "Date: ",
        "References: <",
        "\r\n",
        "\n",
        "\r",
        "\r\n\r\n",
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n",
        "Content-Type: text/html\r\n\r\n",
        "Content-Type: message/rfc822\r\n\r\n",
        "--b\r\n",
        "--b--\r\n",
        "=?utf-8?Q?=C3",
        "?=",
        "=?utf-8?B?w7w=?= ",
        "name*0*=utf-8''%C3",
        "; name*1*=%BC",
        "; charset=",
        "\"",
        "(",
        ")",
        "<",
        ">",
        "@",
        ",",
        ":",
        ";",
        "\\",
        "=",
        "<div>",
        "</div>",
        "<!--",
        "&#",
        "> ",
        "-- \n",
        "Content-Transfer-Encoding: base64\r\n",
        "Content-Transfer-Encoding: quoted-printable\r\n",
        "3 Mar 2026 25:61:00 +9999",
        "jane@acme.com",
        "On Monday, Jane wrote:\n",
        " ",
        "\t",
        "ü",
    ]);
    prop_oneof![
        4 => text.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..20),
    ]
}

proptest! {
    #[test]
    fn any_bytes_give_a_mail(raw in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&raw);
    }

    #[test]
    fn any_pieces_give_a_mail(pieces in prop::collection::vec(piece(), 0..60)) {
        let raw = pieces.concat();
        for one in &parse(&raw).attachments {
            prop_assert_eq!(one.bytes(&raw).len() as u64, one.info.size);
        }
    }
}

#[rstest]
#[case::alone("")]
#[case::with_the_final_line_end_of_smtp("\r\n")]
fn lone_carriage_returns_end_lines(#[case] end: &str) {
    let mail = "From: jane@acme.com\rSubject: Old\r\rOne\rTwo";
    let received = "Received: from old by new\r\n";
    for raw in [format!("{mail}{end}"), format!("{received}{mail}{end}")] {
        let mail = parse(raw.as_bytes()).mail;
        assert_eq!(mail.subject.as_deref(), Some("Old"), "{raw:?}");
        assert_eq!(mail.text, "One\nTwo", "{raw:?}");
    }
}

//! By what a mail server has written.

use postroom::{
    config::{Trust, TrustBy},
    domain::evidence::{Evidence, Source},
    mail::authenticate::offline,
};
use rstest::rstest;

use crate::scene::{Mail, verdict};

fn by_header(strips_forged: bool) -> Trust {
    Trust {
        by: TrustBy::Header {
            authserv_ids: vec!["mx.example.org".to_owned()],
            strips_forged,
        },
        ..Trust::default()
    }
}

fn read(mail: &Mail, trust: &Trust) -> Evidence {
    offline(mail.received().as_bytes(), trust)
}

const NO_POLICY: &str = "jane@small.example";

/// The same cases as those of our own check.
#[rstest]
#[case::all_pass(
    "jane@acme.com",
    "spf=pass smtp.mailfrom=jane@acme.com; dkim=pass header.d=acme.com; dmarc=pass header.from=acme.com",
    "verified dmarc_pass"
)]
#[case::spf_fail_with_dkim_pass(
    "jane@acme.com",
    "spf=fail smtp.mailfrom=jane@acme.com; dkim=pass header.d=acme.com; dmarc=pass header.from=acme.com",
    "verified dmarc_pass spf_no_pass"
)]
#[case::tampered(
    "jane@acme.com",
    "spf=fail smtp.mailfrom=jane@acme.com; dkim=fail (body hash) header.d=acme.com;\r\n\
     \tdmarc=fail (p=reject) header.from=acme.com",
    "failed dmarc_fail spf_no_pass dkim_broken"
)]
#[case::spoofed(
    "jane@acme.com",
    "spf=pass smtp.mailfrom=eve@list.example; dkim=pass header.d=list.example; dmarc=fail",
    "failed dmarc_fail spf_other dkim_other"
)]
#[case::spf_fail_unsigned(
    "jane@acme.com",
    "spf=fail smtp.mailfrom=jane@acme.com; dkim=none; dmarc=fail header.from=acme.com",
    "failed dmarc_fail spf_no_pass not_signed"
)]
#[case::spf_only(
    "jane@acme.com",
    "spf=pass smtp.mailfrom=jane@acme.com; dkim=none; dmarc=pass header.from=acme.com",
    "verified dmarc_pass not_signed"
)]
#[case::misaligned_dkim(
    "jane@acme.com",
    "spf=fail smtp.mailfrom=jane@acme.com; dkim=pass header.d=list.example; dmarc=fail",
    "failed dmarc_fail spf_no_pass dkim_other"
)]
#[case::no_policy(
    NO_POLICY,
    "spf=pass smtp.mailfrom=jane@small.example; dkim=pass header.d=small.example; dmarc=none",
    "verified dkim_aligned no_policy"
)]
#[case::no_policy_by_another(
    NO_POLICY,
    "spf=pass smtp.mailfrom=eve@list.example; dkim=none; dmarc=none header.from=small.example",
    "unverified spf_other not_signed no_policy"
)]
#[case::no_dmarc_here(
    "jane@acme.com",
    "dkim=pass header.i=@acme.com",
    "verified dkim_aligned spf_unknown"
)]
#[case::nothing("jane@acme.com", "none", "unverified spf_unknown not_signed")]
#[case::not_answered(
    "jane@acme.com",
    "spf=temperror smtp.mailfrom=acme.com; dmarc=temperror",
    "unverified not_signed dns_unanswered"
)]
#[case::another_author(
    "jane@acme.com",
    "dmarc=pass header.from=eve.example",
    "failed ambiguous_author spf_unknown not_signed"
)]
fn the_verdict_is(#[case] author: &str, #[case] results: &str, #[case] expected: &str) {
    let field = format!("Authentication-Results: mx.example.org;\r\n\t{results}\r\n");
    let above = Mail::from(author).above(&field);
    let evidence = read(&above, &by_header(false));
    assert_eq!(verdict(&evidence), expected, "{evidence:#?}");
    assert_eq!(evidence.source, Source::Header("mx.example.org".to_owned()));
    let below = Mail::from(author).with(&field);
    assert_eq!(verdict(&read(&below, &by_header(true))), expected);
    assert_eq!(
        verdict(&read(&below, &by_header(false))),
        "unverified not_checked",
        "the sender may have written it"
    );
}

const GOOD: &str = "Authentication-Results: mx.example.org; dmarc=pass header.from=acme.com\r\n";

#[rstest]
#[case::another_server(
    "Authentication-Results: mx.example.com; dmarc=pass header.from=acme.com\r\n",
    ""
)]
#[case::no_server("Authentication-Results: dmarc=pass header.from=acme.com\r\n", "")]
#[case::another_version("Authentication-Results: mx.example.org 2; dmarc=pass\r\n", "")]
#[case::in_a_comment("Authentication-Results: x (; mx.example.org); dmarc=pass\r\n", "")]
#[case::below_their_received(
    "",
    "Received: from a (b [198.51.100.1]) by mx.example.org\r\n\
     Authentication-Results: mx.example.org; dmarc=pass header.from=acme.com\r\n"
)]
fn forged_ones_do_not_count(#[case] above: &str, #[case] below: &str) {
    let mail = Mail::from("jane@acme.com").above(above).with(below);
    for strips in [false, true] {
        assert_eq!(
            verdict(&read(&mail, &by_header(strips))),
            "unverified not_checked"
        );
    }
}

#[test]
fn without_any_received_nobody_knows_where_the_mail_came_in() {
    let mail = Mail::from("jane@acme.com").with(GOOD);
    let evidence = offline(mail.text.as_bytes(), &by_header(false));
    assert_eq!(verdict(&evidence), "unverified not_checked");
}

#[test]
fn several_of_ours_are_one() {
    let mail = Mail::from("jane@acme.com")
        .above("Authentication-Results: mx.example.org; dmarc=pass header.from=acme.com\r\n")
        .above("Authentication-Results: mx.example.com; spf=pass smtp.mailfrom=acme.com\r\n")
        .above("Authentication-Results: MX.example.org; dkim=pass header.d=acme.com\r\n")
        .above("Authentication-Results: mx.example.org;\r\n dkim=fail header.d=list.example\r\n");
    let evidence = read(&mail, &by_header(false));
    assert_eq!(
        verdict(&evidence),
        "verified dmarc_pass spf_unknown dkim_broken"
    );
    assert_eq!(evidence.dkim.len(), 2);
}

#[test]
fn two_senders_are_one_too_many() {
    let mail = Mail::from("jane@acme.com")
        .with("From: boss@acme.com\r\n")
        .above(GOOD);
    let said = verdict(&read(&mail, &by_header(false)));
    assert!(said.starts_with("failed ambiguous_author"), "{said}");
}

const INSIDE: &str = "Received: from A.eur.prod.outlook.com (2603:10a6:1::1)\r\n by \
    B.eur.prod.outlook.com (2603:10a6::2) with Microsoft SMTP Server; now\r\n";
const DOOR: &str = "Received: from mail.acme.com (192.0.2.1) by\r\n \
    AM1FT01.mail.protection.outlook.com (10.152.1.1) with Microsoft SMTP Server; now\r\n";

#[rstest]
#[case::pass(
    "spf=pass (sender IP is 192.0.2.1)\r\n smtp.mailfrom=acme.com; dkim=pass (signature was \
     verified)\r\n header.d=acme.com;dmarc=pass action=none\r\n \
     header.from=acme.com;compauth=pass reason=100",
    "verified dmarc_pass"
)]
#[case::fail(
    "spf=softfail (sender IP is 192.0.2.1) smtp.mailfrom=acme.com; dkim=none (message not signed) \
     header.d=none;dmarc=fail action=oreject header.from=acme.com;compauth=none reason=451",
    "failed dmarc_fail spf_no_pass not_signed"
)]
#[case::no_policy(
    "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=acme.com; dkim=none (message not signed) \
     header.d=none;dmarc=bestguesspass action=none header.from=acme.com;compauth=pass reason=109",
    "verified dmarc_pass not_signed"
)]
fn microsoft_names_nobody(#[case] results: &str, #[case] expected: &str) {
    let trust = Trust {
        by: TrustBy::Microsoft365,
        ..Trust::default()
    };
    let field = format!("Authentication-Results: {results}\r\n");
    let text = Mail::from("jane@acme.com").text;
    let genuine = format!("{INSIDE}{field}{DOOR}{text}");
    let evidence = offline(genuine.as_bytes(), &trust);
    assert_eq!(verdict(&evidence), expected);
    assert_eq!(evidence.source, Source::Microsoft365);
    for forged in [
        format!("{INSIDE}{DOOR}{field}{text}"),
        format!("{INSIDE}{DOOR}{field}{DOOR}{text}"),
        format!("{INSIDE}{field}{text}"),
    ] {
        let evidence = offline(forged.as_bytes(), &trust);
        assert_eq!(verdict(&evidence), "unverified not_checked");
    }
}

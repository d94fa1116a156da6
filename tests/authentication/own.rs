//! By checks of our own.

use mail_auth::{
    AuthenticatedMessage, AuthenticationResults, MessageAuthenticator,
    arc::ArcSealer,
    common::{
        crypto::{RsaKey, Sha256},
        headers::HeaderWriter as _,
    },
    hickory_resolver::config::{ResolverConfig, ResolverOpts},
};
use postroom::{
    config::{Network, Trust},
    domain::evidence::{CheckResult, Source},
};
use rstest::rstest;
use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};

use crate::scene::{Mail, Scene, check_without_dns, verdict};

/// Neither 192.0.2.0/24 nor 198.51.100.0/24.
const ELSEWHERE: &str = "203.0.113.9";

#[rstest]
#[case::all_pass(
    Mail::from("jane@acme.com").signed_by("acme.com"),
    "verified dmarc_pass"
)]
#[case::spf_fail_with_dkim_pass(
    Mail::from("jane@acme.com").by_way_of(ELSEWHERE).signed_by("acme.com"),
    "verified dmarc_pass spf_no_pass"
)]
#[case::tampered(
    Mail::from("jane@acme.com").by_way_of(ELSEWHERE).signed_by("acme.com")
        .replacing("It boots.", "Pay here."),
    "failed dmarc_fail spf_no_pass dkim_broken"
)]
#[case::spoofed(
    Mail::from("jane@acme.com").sent_by("eve@list.example").by_way_of("198.51.100.1")
        .signed_by("list.example"),
    "failed dmarc_fail spf_other dkim_other"
)]
#[case::spf_fail_unsigned(
    Mail::from("jane@acme.com").by_way_of(ELSEWHERE),
    "failed dmarc_fail spf_no_pass not_signed"
)]
#[case::spf_only(Mail::from("jane@acme.com"), "verified dmarc_pass not_signed")]
#[case::misaligned_dkim(
    Mail::from("jane@acme.com").by_way_of(ELSEWHERE).signed_by("list.example"),
    "failed dmarc_fail spf_no_pass dkim_other"
)]
#[case::no_policy(
    Mail::from("jane@small.example").signed_by("small.example"),
    "verified dkim_aligned no_policy"
)]
#[case::no_policy_spf_only(
    Mail::from("jane@small.example"),
    "verified spf_aligned not_signed no_policy"
)]
#[case::no_policy_spoofed(
    Mail::from("jane@small.example").by_way_of(ELSEWHERE),
    "failed spf_fail spf_no_pass not_signed no_policy"
)]
#[case::no_policy_by_another(
    Mail::from("jane@small.example").sent_by("eve@list.example").by_way_of("198.51.100.1"),
    "unverified spf_other not_signed no_policy"
)]
#[case::nothing_at_all(Mail::from("jane@nowhere.example"), "unverified not_signed no_policy")]
#[case::in_doubt(
    Mail::from("jane@open.example").by_way_of(ELSEWHERE),
    "unverified spf_no_pass not_signed no_policy"
)]
#[case::name_below_signs(
    Mail::from("jane@acme.com").by_way_of(ELSEWHERE).signed_by("mail.acme.com"),
    "verified dmarc_pass spf_no_pass dkim_other"
)]
#[case::strict_name_below_signs(
    Mail::from("jane@strict.example").by_way_of(ELSEWHERE).signed_by("mail.strict.example"),
    "failed dmarc_fail spf_no_pass dkim_other"
)]
#[case::name_above_signs(
    Mail::from("jane@mail.acme.com").by_way_of(ELSEWHERE).signed_by("acme.com"),
    "verified dmarc_pass"
)]
#[case::name_below_of_a_policy(
    Mail::from("jane@sales.acme.com").by_way_of(ELSEWHERE),
    "failed dmarc_fail not_signed"
)]
#[case::lenient(
    Mail::from("jane@lenient.example").by_way_of(ELSEWHERE),
    "failed dmarc_fail spf_no_pass not_signed"
)]
#[case::length_of_the_body_is_signed(
    Mail::from("jane@small.example").by_way_of(ELSEWHERE).sent_by("").signed_by("small.example")
        .replacing(";\r\n\tc=", "; l=2;\r\n\tc="),
    "unverified dkim_broken no_policy"
)]
#[tokio::test]
async fn the_verdict_is(#[case] mail: Mail, #[case] expected: &str) {
    let scene = Scene::start().await;
    let evidence = scene.check(&mail).await;
    assert_eq!(verdict(&evidence), expected, "{evidence:#?}");
    assert_eq!(evidence.source, Source::Own);
}

#[tokio::test]
async fn a_silent_dns_is_no_failure() {
    let signed = Mail::from("jane@acme.com").signed_by("acme.com");
    let evidence = check_without_dns(&signed).await;
    assert_eq!(verdict(&evidence), "unverified dns_unanswered");
    assert!(evidence.may_change());
}

/// A good signature of the last From, and another one on top for people to read.
#[rstest]
#[case("From: Boss <boss@acme.com>\r\n")]
#[case("From : Boss <boss@acme.com>\r\n")]
#[case("FROM: Boss\r\n <boss@acme.com>\r\n")]
#[tokio::test]
async fn a_second_sender_is_one_too_many(#[case] field: &str) {
    let scene = Scene::start().await;
    let mail = Mail::from("jane@acme.com")
        .signed_by("acme.com")
        .with(field);
    let evidence = scene.check(&mail).await;
    let said = verdict(&evidence);
    assert!(said.starts_with("failed ambiguous_author"), "{said}");
}

#[rstest]
#[case::nobody(("From: Jane <jane@acme.com>\r\n", ""), "failed no_author")]
#[case::no_address(("jane@acme.com", "jane"), "failed no_author")]
#[case::no_brackets(("Jane <jane@acme.com>", "Jane jane@acme.com"), "verified dmarc_pass not_signed")]
#[tokio::test]
async fn from_is_read_as_people_do(#[case] change: (&str, &str), #[case] expected: &str) {
    let scene = Scene::start().await;
    let mail = Mail::from("jane@acme.com").replacing(change.0, change.1);
    let said = verdict(&scene.check(&mail).await);
    assert!(said.starts_with(expected), "{said}");
}

#[tokio::test]
async fn filters_on_this_machine_are_ours() {
    let scene = Scene::start().await;
    let mail = Mail::from("jane@acme.com")
        .above("Received: from localhost (localhost [127.0.0.1]) by mx.example.org; now\r\n");
    assert_eq!(
        verdict(&scene.check(&mail).await),
        "verified dmarc_pass not_signed"
    );
    // One that the sender has made up stands below.
    let forged = Mail::from("jane@acme.com")
        .by_way_of(ELSEWHERE)
        .with("Received: from mail.acme.com (out.acme.com [192.0.2.1]) by mx.example.org; now\r\n");
    let said = verdict(&scene.check(&forged).await);
    assert_eq!(said, "failed dmarc_fail spf_no_pass not_signed");
}

#[rstest]
#[case::inner_address("10.1.2.3", "failed dmarc_fail spf_unknown not_signed")]
#[case::container("172.17.0.1", "failed dmarc_fail spf_unknown not_signed")]
#[tokio::test]
async fn an_inner_address_says_nothing(#[case] address: &'static str, #[case] expected: &str) {
    let scene = Scene::start().await;
    let mail = Mail::from("jane@acme.com").by_way_of(address);
    assert_eq!(verdict(&scene.check(&mail).await), expected);
    let lenient = Mail::from("jane@lenient.example").by_way_of(address);
    assert!(verdict(&scene.check(&lenient).await).starts_with("unverified dmarc_fail"));
}

#[tokio::test]
async fn of_fetched_mail_the_way_is_known_only_if_somebody_has_told() {
    let scene = Scene::start().await;
    let host = "imap.example.org";
    let mail = Mail::from("jane@acme.com").above("Return-Path: <jane@acme.com>\r\n");
    let unknown = scene.check_as(&mail, host, &Trust::default()).await;
    assert_eq!(
        verdict(&unknown),
        "failed dmarc_fail spf_unknown not_signed"
    );
    let signed = mail.clone().signed_by("acme.com");
    let signed = scene.check_as(&signed, host, &Trust::default()).await;
    assert_eq!(verdict(&signed), "verified dmarc_pass spf_unknown");
    let told = Trust {
        relays: Some(vec![Network::parse("203.0.113.0/24").unwrap()]),
        ..Trust::default()
    };
    let inside = "Received: from in.example.org (in [203.0.113.7]) by store.example.org; now\r\n";
    let mail = mail.above(inside);
    let known = scene.check_as(&mail, host, &told).await;
    assert_eq!(verdict(&known), "verified dmarc_pass not_signed");
    let without_path = Mail::from("jane@acme.com").above(inside);
    let known = scene.check_as(&without_path, host, &told).await;
    assert_eq!(verdict(&known), "failed dmarc_fail spf_unknown not_signed");
}

#[tokio::test]
async fn a_null_sender_is_checked_by_the_servers_name() {
    let scene = Scene::start().await;
    scene
        .dns
        .add_text("mail.acme.com", "v=spf1 ip4:192.0.2.1 -all");
    let evidence = scene
        .check(&Mail::from("postmaster@acme.com").sent_by(""))
        .await;
    assert_eq!(evidence.spf.as_ref().unwrap().domain, "mail.acme.com");
    assert!(verdict(&evidence).starts_with("verified dmarc_pass"));
}

#[rstest]
#[case::trusted(&["list.example"], "dmarc=pass header.from=acme.com", "verified arc_trusted")]
#[case::not_trusted(&["other.example"], "dmarc=pass header.from=acme.com", "failed dmarc_fail")]
#[case::it_was_bad_before(&["list.example"], "dmarc=fail header.from=acme.com", "failed dmarc_fail")]
#[case::about_another(&["list.example"], "dmarc=pass header.from=eve.example", "failed dmarc_fail")]
#[tokio::test]
async fn a_list_vouches_for_what_it_changed(
    #[case] sealers: &[&str],
    #[case] found: &str,
    #[case] expected: &str,
) {
    let scene = Scene::start().await;
    let mut mail = Mail::from("jane@acme.com")
        .signed_by("acme.com")
        .replacing("Subject: ", "Subject: [tools] ")
        .sent_by("tools@list.example")
        .by_way_of("198.51.100.1");
    mail.text = sealed(&mail.text, found).await;
    let trust = Trust {
        sealers: sealers.iter().map(|domain| (*domain).to_owned()).collect(),
        ..Trust::default()
    };
    let evidence = scene.check_as(&mail, "127.0.0.1", &trust).await;
    let said = verdict(&evidence);
    assert!(said.starts_with(expected), "{said}\n{}", mail.text);
    let broken = mail.replacing("It boots.", "Pay here.");
    let evidence = scene.check_as(&broken, "127.0.0.1", &trust).await;
    assert!(
        verdict(&evidence).starts_with("failed"),
        "the seal covers the text"
    );
}

/// Sealed by `list.example`, which has found this.
async fn sealed(text: &str, found: &str) -> String {
    let nobody = ResolverConfig::from_parts(None, vec![], vec![]);
    let checks = MessageAuthenticator::new(nobody, ResolverOpts::default()).unwrap();
    let message = AuthenticatedMessage::parse(text.as_bytes()).unwrap();
    let chain = checks.verify_arc(&message).await;
    // The library has no way to say just this, so it is said in the name of the server.
    let server = format!("list.example; {found}");
    let results = AuthenticationResults::new(&server);
    let pem = include_str!("../fixtures/dkim/rsa-pkcs8.pem");
    let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).unwrap();
    let key = RsaKey::<Sha256>::from_key_der(der).unwrap();
    let set = ArcSealer::from_key(key)
        .domain("list.example")
        .selector("post")
        .headers(["From", "To", "Subject", "DKIM-Signature"])
        .seal(&message, &results, &chain)
        .unwrap();
    set.to_header() + text
}

#[tokio::test]
async fn signatures_without_number_are_not_looked_at() {
    let scene = Scene::start().await;
    let mail = Mail::from("jane@acme.com")
        .by_way_of(ELSEWHERE)
        .signed_by("acme.com");
    let end = mail.text.find("From: ").unwrap();
    let forged = mail.text[..end]
        .replace("d=acme.com", "d=eve.example")
        .repeat(300);
    let evidence = scene.check(&mail.clone().with(&forged)).await;
    assert_eq!(
        verdict(&evidence),
        "verified dmarc_pass spf_no_pass dkim_broken",
        "the author's own is among them, and comes first"
    );
    assert_eq!(evidence.dkim.len(), 10);
    assert_eq!(evidence.dkim[0].result, CheckResult::Pass);
    let names = "a:".repeat(20_000);
    let endless = mail.replacing("h=", &format!("h={names}"));
    let evidence = scene.check(&endless).await;
    assert!(evidence.dkim.is_empty());
}

#[rstest]
#[case::long("X: y\r\n".repeat(200_000))]
#[case::many("X: y\r\n".repeat(3000))]
#[tokio::test]
async fn a_header_without_end_is_nobodys(#[case] fields: String) {
    let scene = Scene::start().await;
    let mail = Mail::from("jane@acme.com")
        .signed_by("acme.com")
        .with(&fields);
    let said = verdict(&scene.check(&mail).await);
    assert!(said.starts_with("failed"), "{said}");
}

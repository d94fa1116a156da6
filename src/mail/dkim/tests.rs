//! Mails signed, then verified by a verifier that takes the key from a fake DNS.

use std::{
    borrow::Borrow,
    collections::HashMap,
    hash::Hash,
    sync::Mutex,
    time::{Duration, Instant},
};

use mail_auth::{
    AuthenticatedMessage, DkimResult, MessageAuthenticator, Parameters, ResolverCache, Txt,
    common::{parse::TxtRecordParser as _, verify::DomainKey},
    hickory_resolver::config::{ResolverConfig, ResolverOpts},
};
use proptest::prelude::*;
use rstest::rstest;

use super::*;

const RSA: &str = include_str!("../../../tests/fixtures/dkim/rsa-pkcs1.pem");
const RSA_PKCS8: &str = include_str!("../../../tests/fixtures/dkim/rsa-pkcs8.pem");
const ED25519: &str = include_str!("../../../tests/fixtures/dkim/ed25519.pem");
const SHORT: &str = include_str!("../../../tests/fixtures/dkim/rsa-1024.pem");
const RSA_RECORD: &str = include_str!("../../../tests/fixtures/dkim/rsa.record");
const ED25519_RECORD: &str = include_str!("../../../tests/fixtures/dkim/ed25519.record");
const OF_ANOTHER_KIND: &str = include_str!("../../../tests/fixtures/dkim/ec.pem");

const MAIL: &str = "MIME-Version: 1.0\r\nFrom: Bootlin <support@example.org>\r\nTo: jane@acme.com\r\n\
    Subject: A  board\r\n that doesn't boot\r\nDate: Sun, 22 Nov 2026 10:00:00 +0100\r\n\
    List-Id: News <news.example.org>\r\n\r\nHello  Jane, \r\n\r\nhere it is.\r\n\r\n\r\n";

fn key(pem: &str, selector: &str) -> Dkim {
    Dkim {
        selector: selector.to_owned(),
        domain: None,
        key: pem.into(),
        key_file: None,
    }
}

fn signer(keys: &[Dkim]) -> Result<Signer, KeyFault> {
    Signer::new(keys, &EmailAddress::parse("support@example.org").unwrap())
}

fn signed(signer: &Signer, pieces: impl Iterator<Item = Vec<u8>>) -> String {
    let mut signing = signer.begin();
    let mut mail = Vec::new();
    for piece in pieces {
        signing.write(&piece);
        mail.extend(piece);
    }
    signing.finish().unwrap() + &String::from_utf8(mail).unwrap()
}

/// A DNS that knows these records and nothing else.
#[derive(Default)]
struct Records(Mutex<HashMap<Box<str>, Txt>>);

impl ResolverCache<Box<str>, Txt> for Records {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let known = self.0.lock().unwrap().get(name).cloned();
        Some(known.unwrap_or(Txt::Error(mail_auth::Error::NotAligned)))
    }

    fn remove<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.0.lock().unwrap().remove(name)
    }

    fn insert(&self, key: Box<str>, value: Txt, _valid_until: Instant) {
        self.0.lock().unwrap().insert(key, value);
    }
}

/// How many signatures there are, if all of them are good.
async fn good_signatures(mail: &str, signer: &Signer) -> Option<usize> {
    let records = Records::default();
    for published in signer.published() {
        let record = DomainKey::parse(published.record().as_bytes()).unwrap();
        let name = format!("{}.", published.name).into_boxed_str();
        records.insert(name, record.into(), Instant::now() + Duration::from_mins(1));
    }
    let verifier = MessageAuthenticator::new(ResolverConfig::default(), ResolverOpts::default());
    let message = AuthenticatedMessage::parse(mail.as_bytes()).unwrap();
    let parameters = Parameters::new(&message).with_txt_cache(&records);
    let results = verifier.unwrap().verify_dkim(parameters).await;
    let good = |output: &mail_auth::DkimOutput<'_>| *output.result() == DkimResult::Pass;
    results.iter().all(good).then_some(results.len())
}

#[rstest]
#[case::rsa(&[RSA], 1)]
#[case::rsa_in_pkcs8(&[RSA_PKCS8], 1)]
#[case::ed25519(&[ED25519], 1)]
#[case::both(&[RSA, ED25519], 2)]
#[case::none(&[], 0)]
#[tokio::test]
async fn what_was_signed_can_be_verified(#[case] pems: &[&str], #[case] signatures: usize) {
    let names = ["one", "two"].into_iter();
    let keys: Vec<Dkim> = pems
        .iter()
        .zip(names)
        .map(|(pem, name)| key(pem, name))
        .collect();
    let signer = signer(&keys).unwrap();
    let mail = signed(&signer, [MAIL.as_bytes().to_vec()].into_iter());
    assert_eq!(
        good_signatures(&mail, &signer).await,
        Some(signatures),
        "{mail}"
    );
    let longest = mail.split("\r\n").map(str::len).max();
    assert!(longest <= Some(78), "{mail}");
    assert!(!mail.replace("\r\n", "").contains(['\r', '\n']));
    // Another sender, subject or word; a second sender, a changed way out.
    if signatures > 0 {
        for (from, to) in [
            ("Bootlin <", "Bank <"),
            ("A  board", "Your account"),
            ("here it is", "here it isn't"),
            ("\r\nFrom:", "\r\nFrom: Bank <bank@example.com>\r\nFrom:"),
            ("news.example.org", "news.example.com"),
        ] {
            assert_eq!(
                good_signatures(&mail.replace(from, to), &signer).await,
                None,
                "{to}"
            );
        }
    }
}

proptest! {
    #[test]
    fn however_the_mail_is_cut(body in "([ \t\r\n.a-z=]|\r\n){0,200}", cut in 1_usize..40) {
        // Only whole lines leave the house.
        let body = body.replace(['\r', '\n'], "\r\n");
        let mail = format!("{MAIL}{body}\r\n");
        let signer = signer(&[key(ED25519, "one")]).unwrap();
        let mail = signed(&signer, mail.as_bytes().chunks(cut).map(<[u8]>::to_vec));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        prop_assert_eq!(runtime.block_on(good_signatures(&mail, &signer)), Some(1), "{}", mail);
    }
}

#[rstest]
#[case("hello", KeyFault::NoKey)]
#[case(
    "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    KeyFault::Unusable
)]
#[case(SHORT, KeyFault::Unusable)]
#[case(OF_ANOTHER_KIND, KeyFault::Unusable)]
fn says_what_is_wrong_with_a_key(#[case] pem: &str, #[case] expected: KeyFault) {
    assert_eq!(signer(&[key(pem, "one")]).unwrap_err(), expected);
}

#[test]
fn signs_for_the_domain_that_it_is_told() {
    let mut dkim = key(ED25519, "one");
    dkim.domain = Some("müller.example".to_owned());
    let signer = signer(&[dkim]).unwrap();
    let published = signer.published().next().unwrap();
    assert_eq!(published.name, "one._domainkey.xn--mller-kva.example");
}

/// The public halves as `openssl pkey -pubout` prints them.
#[rstest]
#[case(RSA, RSA_RECORD)]
#[case(RSA_PKCS8, RSA_RECORD)]
#[case(ED25519, ED25519_RECORD)]
fn tells_what_to_publish(#[case] pem: &str, #[case] expected: &str) {
    let signer = signer(&[key(pem, "one")]).unwrap();
    let published = signer.published().next().unwrap();
    let expected = expected.trim_end();
    assert_eq!(published.record(), expected);
    assert_eq!(published.differs(expected), None);
    let spread = expected.replace("; ", " ;\t").replace("p=", "p= ");
    assert_eq!(published.differs(&spread), None);
    for wrong in [
        "v=DKIM1; p=",
        "v=DKIM1",
        "v=DKIM1; k=rsa; p=AAAA",
        "v=DKIM1; k=dsa; p=AAAA",
    ] {
        assert!(published.differs(wrong).is_some(), "{wrong}");
    }
}

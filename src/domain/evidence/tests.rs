//! What all of it comes to, case by case.

use rstest::rstest;

use super::{CheckResult as R, Policy as P, *};

fn evidence(author: &str) -> Evidence {
    Evidence {
        source: Source::Own,
        author: Author {
            domain: Some(author.to_owned()),
            is_ambiguous: false,
        },
        ..Evidence::default()
    }
}

fn spf(result: R, domain: &str) -> Spf {
    let domain = domain.to_owned();
    Spf { result, domain }
}

fn dkim(result: R, domain: &str) -> Vec<Dkim> {
    vec![Dkim {
        result,
        domain: domain.to_owned(),
        selector: None,
    }]
}

fn dmarc(result: R, policy: Option<Policy>) -> Dmarc {
    Dmarc {
        result,
        domain: Some("acme.com".to_owned()),
        policy,
    }
}

/// The result of DMARC, SPF and its domain, DKIM and its domain: what follows.
#[rstest]
#[case::all_pass(
    R::Pass,
    R::Pass,
    "acme.com",
    R::Pass,
    "acme.com",
    "verified dmarc_pass"
)]
#[case::dkim_alone(
    R::Pass,
    R::Fail,
    "acme.com",
    R::Pass,
    "acme.com",
    "verified dmarc_pass spf_no_pass"
)]
#[case::forged(
    R::Fail,
    R::Softfail,
    "acme.com",
    R::None,
    "",
    "failed dmarc_fail spf_no_pass"
)]
#[case::another_signs(
    R::Fail,
    R::Pass,
    "list.example",
    R::Pass,
    "list.example",
    "failed dmarc_fail spf_other dkim_other"
)]
#[case::tampered(
    R::Fail,
    R::None,
    "acme.com",
    R::Neutral,
    "acme.com",
    "failed dmarc_fail dkim_broken"
)]
#[case::no_policy_signed(
    R::None,
    R::Fail,
    "acme.com",
    R::Pass,
    "acme.com",
    "verified dkim_aligned spf_no_pass no_policy"
)]
#[case::no_policy_sent(
    R::None,
    R::Pass,
    "acme.com",
    R::Fail,
    "acme.com",
    "verified spf_aligned dkim_broken no_policy"
)]
#[case::no_policy_forbidden(
    R::None,
    R::Fail,
    "acme.com",
    R::None,
    "",
    "failed spf_fail spf_no_pass no_policy"
)]
#[case::no_policy_other_forbids(
    R::None,
    R::Fail,
    "list.example",
    R::None,
    "",
    "unverified spf_no_pass no_policy"
)]
#[case::no_policy_doubtful(
    R::None,
    R::Softfail,
    "acme.com",
    R::None,
    "",
    "unverified spf_no_pass no_policy"
)]
#[case::no_policy_others(
    R::None,
    R::Pass,
    "list.example",
    R::Pass,
    "list.example",
    "unverified spf_other dkim_other no_policy"
)]
#[case::nobody_answers(
    R::Temperror,
    R::Temperror,
    "acme.com",
    R::Temperror,
    "acme.com",
    "unverified dns_unanswered"
)]
#[case::signed_all_the_same(
    R::Temperror,
    R::Temperror,
    "acme.com",
    R::Pass,
    "acme.com",
    "verified dkim_aligned dns_unanswered"
)]
#[case::nonsense(
    R::Permerror,
    R::Permerror,
    "acme.com",
    R::Permerror,
    "acme.com",
    "unverified dkim_broken record_broken"
)]
fn judges(
    #[case] of_dmarc: R,
    #[case] of_spf: R,
    #[case] sent: &str,
    #[case] of_dkim: R,
    #[case] signed: &str,
    #[case] expected: &str,
) {
    let found = Evidence {
        dmarc: Some(dmarc(of_dmarc, Some(P::Reject))),
        spf: Some(spf(of_spf, sent)),
        dkim: dkim(of_dkim, signed),
        ..evidence("acme.com")
    };
    assert_eq!(shown(&found), expected);
    let again: Evidence = serde_json::from_str(&serde_json::to_string(&found).unwrap()).unwrap();
    assert_eq!(again, found, "it can be stored");
}

fn shown(evidence: &Evidence) -> String {
    let Judgement { verdict, reasons } = evidence.judge();
    let word = |value: serde_json::Value| value.as_str().unwrap().to_owned();
    let mut words = vec![word(serde_json::to_value(verdict).unwrap())];
    words.extend(
        reasons
            .iter()
            .map(|reason| word(serde_json::to_value(reason).unwrap())),
    );
    words.join(" ")
}

#[rstest]
#[case("acme.com", "acme.com", true)]
#[case("acme.com", "mail.acme.com", true)]
#[case("mail.acme.com", "acme.com", false)]
#[case("me.com", "acme.com", false)]
#[case("com", "acme.com", false)]
#[case("", "acme.com", false)]
fn knows_who_speaks_for_whom(#[case] one: &str, #[case] author: &str, #[case] expected: bool) {
    assert_eq!(speaks_for(one, author), expected);
}

#[test]
fn nobody_has_looked() {
    let unseen = Evidence {
        source: Source::Nobody,
        ..evidence("acme.com")
    };
    assert_eq!(shown(&unseen), "unverified not_checked");
}

#[test]
fn whose_it_is_must_be_clear() {
    let mut good = evidence("acme.com");
    good.dmarc = Some(dmarc(R::Pass, None));
    good.author.is_ambiguous = true;
    assert_eq!(
        shown(&good),
        "failed ambiguous_author spf_unknown not_signed"
    );
    let mut other = evidence("acme.de");
    other.dmarc = Some(dmarc(R::Pass, None));
    assert_eq!(
        shown(&other),
        "failed ambiguous_author spf_unknown not_signed",
        "another domain was checked than the one that people see"
    );
    good.author.domain = None;
    assert!(shown(&good).starts_with("failed no_author"));
}

#[rstest]
#[case(P::None, "unverified dmarc_fail spf_unknown not_signed")]
#[case(P::Quarantine, "failed dmarc_fail spf_unknown not_signed")]
#[case(P::Reject, "failed dmarc_fail spf_unknown not_signed")]
fn what_spf_might_have_said_is_not_held_against_anybody(
    #[case] policy: Policy,
    #[case] expected: &str,
) {
    let mut found = evidence("acme.com");
    found.dmarc = Some(dmarc(R::Fail, Some(policy)));
    assert_eq!(shown(&found), expected);
    found.spf = Some(spf(R::None, "acme.com"));
    assert!(shown(&found).starts_with("failed"), "it was looked at");
}

#[rstest]
#[case(R::Pass, Verdict::Verified, "verified arc_trusted dmarc_fail")]
#[case(R::Pass, Verdict::Unverified, "failed dmarc_fail")]
#[case(R::Fail, Verdict::Verified, "failed dmarc_fail")]
#[case(R::Temperror, Verdict::Verified, "failed dmarc_fail")]
fn a_trusted_seal_mends_what_broke_on_the_way(
    #[case] result: R,
    #[case] verdict: Verdict,
    #[case] expected: &str,
) {
    let found = Evidence {
        dmarc: Some(dmarc(R::Fail, Some(P::Reject))),
        spf: Some(spf(R::Pass, "list.example")),
        dkim: dkim(R::Neutral, "acme.com"),
        arc: Some(Arc {
            sealer: "list.example".to_owned(),
            result,
            verdict,
        }),
        ..evidence("acme.com")
    };
    assert_eq!(shown(&found), format!("{expected} spf_other dkim_broken"));
}

#[test]
fn asks_again_where_that_may_help() {
    let mut found = evidence("acme.com");
    found.dmarc = Some(dmarc(R::Temperror, None));
    assert!(found.may_change());
    found.dkim = dkim(R::Pass, "acme.com");
    assert!(!found.may_change());
    assert!(!evidence("acme.com").may_change());
}

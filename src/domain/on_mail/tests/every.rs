//! Every combination of evidence, sender, lead and kind of mail, and what becomes of it.

use super::*;
use crate::domain::evidence::{
    Arc, Author, CheckResult, Dkim, Dmarc, Evidence, Policy, Source, Spf,
};

/// Kind, verdict, standing, lead: what becomes of the mail. `*` stands for anything. `told` is kept, and
/// staff are told why; `silent` is kept, and nobody is told.
const TABLE: &str = "
    person verified   member    *       : post
    person verified   guest     lead    : post ➕
    person verified   guest     nothing : told NoConversation
    person verified   colleague lead    : post ➕, offered
    person verified   colleague nothing : told NoConversation
    person verified   stranger  lead    : hold Stranger
    person verified   stranger  nothing : told NoConversation
    person unverified member    lead    : post ❔
    person unverified member    nothing : hold WithoutToken
    person unverified guest     lead    : hold Unverified
    person unverified guest     nothing : told NoConversation
    person unverified colleague lead    : hold Colleague
    person unverified colleague nothing : told NoConversation
    person unverified stranger  lead    : hold Stranger
    person unverified stranger  nothing : told NoConversation
    person failed     *         lead    : hold Failed
    person failed     member    nothing : hold Failed
    person failed     guest     nothing : told Forged
    person failed     colleague nothing : told Forged
    person failed     stranger  nothing : told Forged
    list   verified   member    lead    : post
    list   verified   guest     lead    : post ➕
    list   verified   colleague lead    : post ➕, offered
    list   verified   stranger  lead    : hold Stranger
    list   unverified member    lead    : post ❔
    list   unverified guest     lead    : hold Unverified
    list   unverified colleague lead    : hold Colleague
    list   unverified stranger  lead    : hold Stranger
    list   failed     *         lead    : hold Failed
    list   verified   *         nothing : told ByMachine(List)
    list   unverified *         nothing : told ByMachine(List)
    list   failed     *         nothing : silent
    auto   verified   member    lead    : line
    auto   verified   guest     lead    : line
    auto   unverified member    lead    : line ❔
    auto   unverified guest     lead    : line ❔
    auto   failed     member    lead    : silent
    auto   failed     guest     lead    : silent
    auto   *          colleague lead    : silent
    auto   *          stranger  lead    : silent
    auto   *          *         nothing : silent
    report *          *         *       : told ByMachine
    own    *          *         *       : own
";

const STANDINGS: [(trust::Standing, &str); 4] = [
    (trust::Standing::Member, "member"),
    (trust::Standing::Guest, "guest"),
    (trust::Standing::Colleague, "colleague"),
    (trust::Standing::Stranger, "stranger"),
];

const LEADS: [(Option<LedBy>, &str); 4] = [
    (Some(LedBy::Token), "lead"),
    (Some(LedBy::OwnMessageId), "lead"),
    (Some(LedBy::KnownMessageId), "lead"),
    (None, "nothing"),
];

#[test]
fn every_combination_becomes_what_the_table_says() {
    let rows: Vec<(Vec<&str>, &str)> = TABLE
        .lines()
        .filter_map(|line| line.split_once(" : "))
        .map(|(when, then)| (when.split_whitespace().collect(), then.trim()))
        .collect();
    let mut used = vec![0; rows.len()];
    let (kinds, evidence) = (kinds(), evidence());
    assert_eq!((kinds.len(), evidence.len()), (12, 1260));
    // Decisions know of the evidence only what it comes to.
    let mut judgements: Vec<Judgement> = Vec::new();
    for judgement in evidence.iter().map(Evidence::judge) {
        if !judgements.contains(&judgement) {
            judgements.push(judgement);
        }
    }
    for judgement in judgements {
        let verdict = match judgement.verdict {
            Verdict::Verified => "verified",
            Verdict::Unverified => "unverified",
            Verdict::Failed => "failed",
        };
        for (mail, null_sender, is_ours, kind) in &kinds {
            for (standing, of_standing) in STANDINGS {
                for (by, of_lead) in LEADS {
                    let facts = MailFacts {
                        is_ours: *is_ours,
                        judgement: judgement.clone(),
                        ..facts(led(standing, by))
                    };
                    let words = [kind, verdict, of_standing, of_lead];
                    let fits = |row: &[&str]| {
                        let mut both = row.iter().zip(words);
                        both.all(|(want, is)| *want == "*" || *want == is)
                    };
                    let fitting: Vec<usize> =
                        (0..rows.len()).filter(|at| fits(&rows[*at].0)).collect();
                    let [at] = fitting.as_slice() else {
                        panic!("{words:?} stands in rows {fitting:?}");
                    };
                    used[*at] += 1;
                    let became = told(decide(MailId(7), mail, *null_sender, &facts));
                    assert_eq!(
                        became, rows[*at].1,
                        "{words:?} {judgement:?} {:?}",
                        mail.kind
                    );
                }
            }
        }
    }
    assert!(!used.contains(&0), "every row is about something: {used:?}");
}

/// What a mail of each kind looks like, whether its envelope sender is `<>`, whether it bears one of our
/// ids, and its word in the table.
fn kinds() -> Vec<(IncomingMail, bool, bool, &'static str)> {
    let machine = |auto_submitted| IncomingMail {
        auto_submitted,
        ..mail()
    };
    vec![
        (mail_of(MailKind::Reply), false, false, "person"),
        (mail_of(MailKind::New), false, false, "person"),
        (mail_of(MailKind::Forward), false, false, "person"),
        // Another Postroom's letter.
        (mail_of(MailKind::Own), false, false, "person"),
        (mail_of(MailKind::List), false, false, "list"),
        (mail_of(MailKind::AutoReply), false, false, "auto"),
        (mail_of(MailKind::AutoReply), true, false, "auto"),
        (machine(true), false, false, "auto"),
        (machine(false), true, false, "auto"),
        (mail_of(MailKind::Bounce), true, false, "report"),
        (mail_of(MailKind::FeedbackReport), false, false, "report"),
        (mail_of(MailKind::Own), false, true, "own"),
    ]
}

/// Where a mail of somebody leads.
fn led(standing: trust::Standing, by: Option<LedBy>) -> Vec<Route> {
    let is_guest = standing == trust::Standing::Guest;
    let is_there = is_guest || standing == trust::Standing::Member;
    let mut route = Route {
        standing,
        copied_by: is_guest.then(|| "Bob".to_owned()),
        ..route(1, is_there)
    };
    if let Some(person) = &mut route.member {
        person.is_guest = is_guest;
    }
    match by {
        Some(by) => vec![Route { by, ..route }],
        // A member is in one room.
        None if standing == trust::Standing::Member => vec![Route {
            by: LedBy::Sender,
            ..route
        }],
        None => Vec::new(),
    }
}

/// Everything that the checks may have found of somebody at acme.com.
fn evidence() -> Vec<Evidence> {
    use CheckResult as R;
    let other = "else.example";
    let mut found = Vec::new();
    let authors = [
        (Some("acme.com"), false),
        (Some("acme.com"), true),
        (None, false),
    ];
    let spf = [
        None,
        Some((R::Pass, "acme.com")),
        Some((R::Pass, other)),
        Some((R::Fail, "acme.com")),
        Some((R::Softfail, "acme.com")),
        Some((R::Temperror, "acme.com")),
        Some((R::None, "acme.com")),
    ];
    let dkim = [
        None,
        Some((R::Pass, "acme.com")),
        Some((R::Pass, other)),
        Some((R::Fail, "acme.com")),
    ];
    let dmarc = [
        None,
        Some((R::None, None)),
        Some((R::Pass, Some(Policy::Reject))),
        Some((R::Fail, Some(Policy::Reject))),
        Some((R::Fail, Some(Policy::None))),
    ];
    for (author, is_ambiguous) in authors {
        for spf in spf {
            for dkim in dkim {
                for dmarc in dmarc {
                    for sealed in [None, Some(Verdict::Verified), Some(Verdict::Failed)] {
                        found.push(Evidence {
                            source: Source::Own,
                            author: Author {
                                domain: author.map(str::to_owned),
                                is_ambiguous,
                            },
                            spf: spf.map(|(result, domain)| Spf {
                                result,
                                domain: domain.to_owned(),
                            }),
                            dkim: dkim
                                .map(|(result, domain)| Dkim {
                                    result,
                                    domain: domain.to_owned(),
                                    selector: None,
                                })
                                .into_iter()
                                .collect(),
                            dmarc: dmarc.map(|(result, policy)| Dmarc {
                                result,
                                domain: None,
                                policy,
                            }),
                            arc: sealed.map(|verdict| Arc {
                                sealer: "lists.example.org".to_owned(),
                                result: R::Pass,
                                verdict,
                            }),
                        });
                    }
                }
            }
        }
    }
    found
}

/// What has become of it, in the table's words.
fn told((outcome, effects): (Outcome, Vec<Effect>)) -> String {
    let is_reported = effects
        .iter()
        .any(|effect| matches!(effect, Effect::Guard(Measure::Notice { .. })));
    let is_offered = |effect: &Effect| matches!(effect, Effect::CopyIn { by: None, .. });
    let offered = if effects.iter().any(is_offered) {
        ", offered"
    } else {
        ""
    };
    let is_shown = |effect: &Effect| {
        matches!(
            effect,
            Effect::Post { .. } | Effect::PostAutoReply(_) | Effect::Hold(_)
        )
    };
    match effects.iter().find(|effect| is_shown(effect)) {
        Some(Effect::Post { post, .. }) => {
            assert_eq!(outcome, Outcome::Posted);
            let signs: Vec<&str> = post
                .marks
                .iter()
                .filter_map(|mark| mark.split(' ').next())
                .collect();
            format!("post {}", signs.join(" ")).trim_end().to_owned() + offered
        }
        Some(Effect::PostAutoReply(reply)) => {
            assert_eq!(outcome, Outcome::PostedSmall);
            let is_marked = reply.text.contains("not verified");
            if is_marked { "line ❔" } else { "line" }.to_owned()
        }
        Some(Effect::Hold(held)) => {
            assert_eq!(outcome, Outcome::Held);
            format!("hold {:?}", held.notice.why)
        }
        _ => match outcome {
            Outcome::Kept(why) => {
                assert!(is_reported);
                match why {
                    KeptBecause::ByMachine(MailKind::Bounce | MailKind::FeedbackReport) => {
                        "told ByMachine".to_owned()
                    }
                    why => format!("told {why:?}"),
                }
            }
            Outcome::PassedOver => {
                assert_eq!(effects, []);
                "silent".to_owned()
            }
            Outcome::Own => "own".to_owned(),
            other => format!("{other:?} {effects:?}"),
        },
    }
}

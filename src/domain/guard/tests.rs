//! What is stopped, as tables.

use rstest::rstest;
use ruma::{owned_room_id, owned_user_id};

use super::*;
use crate::domain::{
    address::NamedAddress,
    evidence::{Judgement, Reason, Verdict},
    facts::{LedBy, MailOnboarding, OwnAddresses, PersonFacts},
    held::Release,
    ids::{ContactId, HeldId},
    incoming::MailKind,
    machine::MachineFacts,
    trust::{Held, Standing, TrustPolicy},
};

const NOW: i64 = 10_000_000;
const MINUTE: i64 = 60_000;
const RECEIVED: &str = "Your request has been received, and its number is 4711.";

fn mail(kind: MailKind) -> IncomingMail {
    IncomingMail {
        kind,
        message_id: None,
        in_reply_to: Vec::new(),
        references: Vec::new(),
        from: Some(NamedAddress {
            name: None,
            address: EmailAddress::parse("Jane+Work@ACME.com").unwrap(),
        }),
        from_is_substitute: false,
        to: Vec::new(),
        cc: Vec::new(),
        recipients: Vec::new(),
        subject: Some("Re: Training".to_owned()),
        date: None,
        text: RECEIVED.to_owned(),
        html: None,
        signature: None,
        folded: None,
        shown: Vec::new(),
        notes: Vec::new(),
        is_told: false,
        attachments: Vec::new(),
        problems: Vec::new(),
        auto_submitted: false,
        read_receipt: false,
        face: None,
    }
}

fn facts() -> MailFacts {
    let member = PersonFacts {
        contact: ContactId(1),
        address: EmailAddress::parse("jane+work@acme.com").unwrap(),
        name: "Jane".to_owned(),
        ghost: owned_user_id!("@_email_jane.aaaa:example.org"),
        is_guest: false,
        moved: None,
    };
    MailFacts {
        routes: vec![Route {
            conversation: ConversationId(1),
            by: LedBy::Token,
            member: Some(member),
            standing: Standing::Member,
            policy: TrustPolicy::default(),
            is_closed: false,
            is_long_over: false,
            rests_for_long: false,
            release: None,
            is_held: false,
            known: false,
            reply_to: None,
            thread_root: None,
            room: owned_room_id!("!room"),
            bot_joined: true,
            is_deserted: false,
            has_visitors: false,
            is_loose: false,
            subject: String::new(),
            copied_by: None,
            copied: Vec::new(),
            guests: 0,
            onboarding: MailOnboarding::default(),
        }],
        identity: "id@acme.com".to_owned(),
        is_ours: false,
        is_probe: false,
        delivery: None,
        leaving: None,
        judgement: Judgement {
            verdict: Verdict::Unverified,
            reasons: vec![Reason::NoPolicy],
        },
        knows_signature: false,
        own_addresses: OwnAddresses::default(),
        control_room: None,
        intake: Vec::new(),
        machine: MachineFacts::default(),
    }
}

fn empty(scope: Scope) -> Tally {
    Tally {
        scope,
        count: 0,
        began_at: 0,
        told_at: 0,
        has_queue: false,
    }
}

/// A conversation in which nothing has happened.
fn calm() -> GuardFacts {
    let mail = mail(MailKind::Reply);
    let tallies = |scopes: Vec<Scope>| scopes.into_iter().map(empty).collect();
    GuardFacts {
        now: NOW,
        received_at: NOW,
        shown: tallies(scopes_of_shown(&mail, &facts())),
        unknown: tallies(scopes_of_unknown(&mail)),
        rhythms: vec![(ConversationId(1), Rhythm::default())],
        ..GuardFacts::default()
    }
}

fn full(mut guard: GuardFacts, key: &str) -> GuardFacts {
    let tallies = guard.shown.iter_mut().chain(&mut guard.unknown);
    for tally in tallies.filter(|tally| tally.scope.limited_by() == key) {
        tally.count = guard.limits.of(&tally.scope);
        tally.began_at = NOW - 10 * MINUTE;
    }
    guard
}

fn spam(mut guard: GuardFacts, rule: SpamRule) -> GuardFacts {
    guard.spam = rule;
    guard.marks.spam = Some("X-Spam-Flag: YES".to_owned());
    guard
}

/// Staff have heard of as much spam as they want to hear of.
fn told_of_much(mut guard: GuardFacts) -> GuardFacts {
    let full = |scope| Tally {
        count: SPAM_TOLD,
        began_at: NOW - 10 * MINUTE,
        ..empty(scope)
    };
    let scopes = scopes_of_spam(&facts(), &guard.marks);
    assert_eq!(scopes.len(), 2, "of the room, and of none");
    guard.spam_told = scopes.into_iter().map(full).collect();
    guard
}

fn listed(mut guard: GuardFacts, list: List) -> GuardFacts {
    let pattern = "*@acme.com".to_owned();
    guard.listing = Some(Listing { list, pattern });
    guard
}

fn hops(mut guard: GuardFacts, hops: usize) -> GuardFacts {
    guard.marks.hops = hops;
    guard
}

/// Jane has answered the letters before with the same words.
fn again_and_again(mut guard: GuardFacts) -> GuardFacts {
    let (_, rhythm) = &mut guard.rhythms[0];
    for number in 1..=3 {
        rhythm.note_letter(NOW - number * MINUTE);
        assert_eq!(rhythm.hear(RECEIVED, NOW - number * MINUTE + 900), None);
    }
    rhythm.note_letter(NOW - 900);
    guard
}

/// Ann has let it in.
fn release() -> Release {
    Release {
        id: HeldId(1),
        by: "Ann".to_owned(),
        admits: false,
        was_member: true,
        is_automatic: false,
    }
}

const POSTED: Outcome = Outcome::Posted;
const KEPT: Outcome = Outcome::Kept(KeptBecause::NoConversation);
const HOPS: Outcome = Outcome::Kept(KeptBecause::TooManyHops);
const SPAM: Outcome = Outcome::Kept(KeptBecause::Spam);

#[rstest]
#[case::calm(calm(), POSTED, POSTED)]
#[case::calm_and_kept(calm(), KEPT, KEPT)]
#[case::calm_and_held(calm(), Outcome::Held, Outcome::Held)]
#[case::blocked_and_held(listed(calm(), List::Block), Outcome::Held, Outcome::Blocked)]
#[case::a_strangers_flood(full(calm(), "unknown"), Outcome::Held, Outcome::Postponed)]
#[case::blocked(listed(calm(), List::Block), POSTED, Outcome::Blocked)]
#[case::blocked_and_kept(listed(calm(), List::Block), KEPT, Outcome::Blocked)]
#[case::allowed(listed(calm(), List::Allow), POSTED, POSTED)]
#[case::allowed_is_no_pass(listed(calm(), List::Allow), KEPT, KEPT)]
#[case::spam(spam(calm(), SpamRule::Hold), POSTED, Outcome::Held)]
#[case::spam_and_held(spam(calm(), SpamRule::Hold), Outcome::Held, Outcome::Held)]
#[case::much_spam(told_of_much(spam(calm(), SpamRule::Hold)), POSTED, Outcome::Held)]
#[case::much_spam_without_a_place(told_of_much(spam(calm(), SpamRule::Hold)), KEPT, Outcome::Junk)]
#[case::spam_and_kept(spam(calm(), SpamRule::Hold), KEPT, SPAM)]
#[case::junk(spam(calm(), SpamRule::Junk), POSTED, Outcome::Junk)]
#[case::spam_that_nobody_minds(spam(calm(), SpamRule::Ignore), POSTED, POSTED)]
#[case::spam_of_an_allowed_sender(
    listed(spam(calm(), SpamRule::Junk), List::Allow),
    POSTED,
    POSTED
)]
#[case::spam_of_a_blocked_sender(
    listed(spam(calm(), SpamRule::Hold), List::Block),
    POSTED,
    Outcome::Blocked
)]
#[case::thirty_servers(hops(calm(), 30), POSTED, POSTED)]
#[case::in_circles(hops(calm(), 31), POSTED, HOPS)]
#[case::in_circles_though_allowed(listed(hops(calm(), 31), List::Allow), POSTED, HOPS)]
#[case::a_machine(again_and_again(calm()), POSTED, Outcome::Loop)]
#[case::a_machine_though_allowed(
    listed(again_and_again(calm()), List::Allow),
    POSTED,
    Outcome::Loop
)]
#[case::a_machine_that_is_kept_anyway(again_and_again(calm()), KEPT, KEPT)]
#[case::conversation(full(calm(), "conversation"), POSTED, Outcome::Postponed)]
#[case::contact(full(calm(), "contact"), POSTED, Outcome::Postponed)]
#[case::domain(full(calm(), "domain"), POSTED, Outcome::Postponed)]
#[case::everything(full(calm(), "everything"), POSTED, Outcome::Postponed)]
#[case::strangers_hold_up_no_customer(full(full(calm(), "unknown"), "unknowns"), POSTED, POSTED)]
#[case::a_stranger(full(calm(), "unknown"), KEPT, Outcome::Postponed)]
#[case::strangers(full(calm(), "unknowns"), KEPT, Outcome::Postponed)]
#[case::customers_hold_up_no_stranger(full(calm(), "contact"), KEPT, KEPT)]
#[case::an_allowed_sender(listed(full(calm(), "contact"), List::Allow), POSTED, POSTED)]
#[case::spam_in_a_flood(
    full(spam(calm(), SpamRule::Hold), "unknown"),
    POSTED,
    Outcome::Postponed
)]
#[case::twice(full(calm(), "contact"), Outcome::Duplicate, Outcome::Duplicate)]
#[case::own(listed(calm(), List::Block), Outcome::Own, Outcome::Own)]
#[case::who_leaves_may(listed(calm(), List::Block), Outcome::Leave, Outcome::Leave)]
fn stops(#[case] guard: GuardFacts, #[case] ruled: Outcome, #[case] expected: Outcome) {
    let effects = vec![Effect::Report {
        text: "ruled".to_owned(),
    }];
    let mail = mail(MailKind::Reply);
    let (outcome, found) = watch(MailId(7), &mail, &facts(), &guard, (ruled, effects.clone()));
    assert_eq!(outcome, expected);
    if outcome == ruled && (outcome != Outcome::Held || guard.marks.spam.is_none()) {
        assert_eq!(found[0], effects[0], "what was ruled is done");
    } else {
        assert!(!found.contains(&effects[0]), "and only then");
    }
    let counts = found
        .iter()
        .any(|effect| matches!(effect, Effect::Guard(Measure::Count(_))));
    let is_told_of = matches!(outcome, Outcome::Posted | Outcome::Held | Outcome::Kept(_));
    assert_eq!(counts, is_told_of, "what somebody sees is counted");

    // What staff have released is released.
    let mut released = facts();
    released.routes[0].release = Some(release());
    let found = watch(
        MailId(7),
        &mail,
        &released,
        &guard,
        (ruled, effects.clone()),
    );
    assert_eq!(found, (ruled, effects.clone()));

    // What is about our own mail always comes through.
    let bounce = IncomingMail {
        kind: MailKind::Bounce,
        ..mail
    };
    let untouched = watch(
        MailId(7),
        &bounce,
        &facts(),
        &guard,
        (ruled, effects.clone()),
    );
    assert_eq!(untouched, (ruled, effects));
}

#[test]
fn addresses_are_counted_in_one_form() {
    let scopes = scopes_of_shown(&mail(MailKind::Reply), &facts());
    let keys: Vec<String> = scopes.iter().map(Scope::key).collect();
    let expected = [
        "contact:jane+work@acme.com",
        "conversation:1",
        "domain:acme.com",
        "everything",
    ];
    assert_eq!(keys, expected);
    let mut private = mail(MailKind::Reply);
    private.from.as_mut().unwrap().address = EmailAddress::parse("jane@gmail.com").unwrap();
    let scopes = scopes_of_shown(&private, &facts());
    assert!(!scopes.iter().any(|scope| matches!(scope, Scope::Domain(_))));
}

/// The notices of a guard that stops a mail.
fn told(guard: &GuardFacts, ruled: Outcome) -> Vec<(bool, String)> {
    let mail = mail(MailKind::Reply);
    let (_, effects) = watch(MailId(7), &mail, &facts(), guard, (ruled, Vec::new()));
    let notice = |effect| match effect {
        Effect::Guard(Measure::Tell { room, text }) => Some((room.is_some(), text)),
        _ => None,
    };
    effects.into_iter().filter_map(notice).collect()
}

#[test]
fn says_so_once_a_day_and_where_it_belongs() {
    for (key, in_room) in [("contact", true), ("conversation", true), ("domain", false)] {
        let mut guard = full(calm(), key);
        let [(is_in_room, text)] = told(&guard, POSTED).try_into().unwrap();
        assert_eq!(is_in_room, in_room, "{key}");
        assert!(text.contains(&format!("`guard.{key}`")), "{text}");
        assert!(text.contains("about 51 minutes"), "{text}");
        for tally in &mut guard.shown {
            tally.told_at = NOW - 10 * MINUTE;
        }
        assert_eq!(told(&guard, POSTED), []);
    }
    let mut guard = again_and_again(calm());
    let [(is_in_room, text)] = told(&guard, POSTED).try_into().unwrap();
    assert!(is_in_room && text.contains("4 times"), "{text}");
    guard.rhythms[0].1.told_at = Some(NOW - 10 * MINUTE);
    assert_eq!(told(&guard, POSTED), []);
}

/// Of the first spam staff are told one by one, then that there is more, and then of nothing.
#[rstest]
#[case::the_first(spam(calm(), SpamRule::Hold), false, false)]
#[case::more(told_of_much(spam(calm(), SpamRule::Hold)), true, true)]
#[case::and_more(heard(told_of_much(spam(calm(), SpamRule::Hold))), true, false)]
fn a_wave_of_spam_is_told_once(
    #[case] guard: GuardFacts,
    #[case] is_quiet: bool,
    #[case] is_told: bool,
) {
    let mail = mail(MailKind::Reply);
    let (_, effects) = watch(MailId(7), &mail, &facts(), &guard, (POSTED, Vec::new()));
    let held = effects.iter().find_map(|effect| match effect {
        Effect::Hold(held) => Some(held),
        _ => None,
    });
    let held = held.unwrap();
    assert!(held.notice.is_spam && held.notice.why == Held::Spam);
    assert_eq!(held.is_quiet, is_quiet);
    assert_eq!(!told(&guard, POSTED).is_empty(), is_told);
    let counts = |effect: &Effect| match effect {
        Effect::Guard(Measure::Count(scopes)) => scopes
            .iter()
            .any(|scope| matches!(scope, Scope::Spam(Some(_)))),
        _ => false,
    };
    assert_eq!(effects.iter().any(counts), !is_quiet);
}

/// Staff have heard within the day that there is more.
fn heard(mut guard: GuardFacts) -> GuardFacts {
    for tally in &mut guard.spam_told {
        tally.told_at = NOW - 10 * MINUTE;
    }
    guard
}

#[test]
fn the_same_spam_is_held_once() {
    let mut facts = facts();
    facts.routes[0].is_held = true;
    let guard = spam(calm(), SpamRule::Hold);
    let found = watch(
        MailId(7),
        &mail(MailKind::Reply),
        &facts,
        &guard,
        (POSTED, Vec::new()),
    );
    assert_eq!(found, (Outcome::Duplicate, Vec::new()));
}

#[test]
fn the_longest_wait_counts() {
    let mut guard = full(full(calm(), "contact"), "everything");
    let everything = guard.shown.last_mut().unwrap();
    everything.began_at = NOW - 5 * MINUTE;
    let mail = mail(MailKind::Reply);
    let (_, effects) = watch(MailId(7), &mail, &facts(), &guard, (POSTED, Vec::new()));
    let until = effects.iter().find_map(|effect| match effect {
        Effect::Guard(Measure::Postpone { until, .. }) => Some(*until),
        _ => None,
    });
    assert_eq!(until, Some(NOW + 55 * MINUTE));
}

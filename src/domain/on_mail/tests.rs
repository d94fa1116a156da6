//! The decisions about mail, as a table.

mod copied;
mod every;
mod onboarding;
mod ruled;

use rstest::rstest;
use ruma::{owned_room_id, owned_user_id};

use super::*;
use crate::domain::{
    address::{EmailAddress, NamedAddress},
    event::Words,
    evidence::{Judgement, Reason},
    facts::{Delivery, LedBy, MailOnboarding, OwnAddresses, PersonFacts},
    flood::Measure,
    ids::{ContactId, ConversationId, SubscriptionId},
    incoming::{AttachmentInfo, Withheld},
    machine::MachineFacts,
};

fn mail() -> IncomingMail {
    IncomingMail {
        kind: MailKind::Reply,
        message_id: None,
        in_reply_to: Vec::new(),
        references: Vec::new(),
        from: Some(NamedAddress {
            name: Some("Jane".to_owned()),
            address: EmailAddress::parse("jane@acme.com").unwrap(),
        }),
        from_is_substitute: false,
        to: Vec::new(),
        cc: Vec::new(),
        recipients: Vec::new(),
        subject: Some("Re: Training".to_owned()),
        date: None,
        text: "Tuesday".to_owned(),
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

pub(super) fn mail_of(kind: MailKind) -> IncomingMail {
    IncomingMail { kind, ..mail() }
}

pub(super) fn route(id: i64, is_member: bool) -> Route {
    Route {
        conversation: ConversationId(id),
        by: LedBy::Token,
        member: is_member.then(|| PersonFacts {
            contact: ContactId(1),
            address: EmailAddress::parse("jane@acme.com").unwrap(),
            name: "Jane".to_owned(),
            ghost: owned_user_id!("@_email_jane.aaaa:example.org"),
            is_guest: false,
            moved: None,
        }),
        standing: trust::Standing::Stranger,
        policy: trust::TrustPolicy::default(),
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
    }
}

pub(super) fn judged(verdict: Verdict) -> Judgement {
    let reason = match verdict {
        Verdict::Verified => Reason::DmarcPass,
        Verdict::Unverified => Reason::NoPolicy,
        Verdict::Failed => Reason::DmarcFail,
    };
    Judgement {
        verdict,
        reasons: vec![reason],
    }
}

pub(super) fn facts(routes: Vec<Route>) -> MailFacts {
    MailFacts {
        identity: "id@acme.com".to_owned(),
        is_ours: false,
        is_probe: false,
        delivery: None,
        leaving: None,
        judgement: judged(Verdict::Unverified),
        routes,
        knows_signature: false,
        machine: MachineFacts::default(),
        own_addresses: OwnAddresses::default(),
        control_room: None,
        intake: Vec::new(),
    }
}

fn posts(effects: &[Effect]) -> Vec<i64> {
    let conversation = |effect: &Effect| match effect {
        Effect::Post { conversation, .. } => Some(conversation.0),
        _ => None,
    };
    effects.iter().filter_map(conversation).collect()
}

#[rstest]
#[case::a_member(vec![route(1, true)], Outcome::Posted, &[1])]
#[case::in_two_conversations(vec![route(1, true), route(2, true)], Outcome::Posted, &[1, 2])]
#[case::member_of_one(vec![route(1, false), route(2, true)], Outcome::Posted, &[2])]
#[case::a_stranger_with_a_token(vec![route(1, false)], Outcome::Held, &[])]
#[case::a_stranger(vec![], Outcome::Kept(KeptBecause::NoConversation), &[])]
#[case::twice(vec![Route { known: true, ..route(1, true) }], Outcome::Duplicate, &[])]
#[case::new_in_one(vec![Route { known: true, ..route(1, true) }, route(2, true)], Outcome::Posted, &[2])]
#[case::bot_gone(vec![Route { bot_joined: false, ..route(1, true) }], Outcome::Held, &[])]
#[case::for_good(vec![Route { bot_joined: false, is_closed: true, ..route(1, true) }], Outcome::Kept(KeptBecause::BotNotInRoom), &[])]
#[case::nobody_reads(vec![Route { is_deserted: true, ..route(1, true) }], Outcome::Held, &[])]
fn by_where_it_leads(#[case] routes: Vec<Route>, #[case] outcome: Outcome, #[case] posted: &[i64]) {
    let (found, effects) = decide(MailId(7), &mail(), false, &facts(routes));
    assert_eq!(found, outcome);
    assert_eq!(posts(&effects), posted);
    let is_reported = effects
        .iter()
        .any(|effect| matches!(effect, Effect::Guard(Measure::Notice { .. })));
    assert_eq!(
        is_reported,
        matches!(outcome, Outcome::Kept(_)),
        "what is kept is told, and only that"
    );
}

#[rstest]
#[case(MailKind::Bounce)]
#[case(MailKind::FeedbackReport)]
fn a_machine_is_kept_even_with_a_token(#[case] kind: MailKind) {
    let mail = IncomingMail { kind, ..mail() };
    let (outcome, effects) = decide(MailId(7), &mail, false, &facts(vec![route(1, true)]));
    assert_eq!(outcome, Outcome::Kept(KeptBecause::ByMachine(kind)));
    assert_eq!(posts(&effects), [0; 0]);
}

#[test]
fn a_null_sender_is_a_machine() {
    let (outcome, effects) = decide(MailId(7), &mail(), true, &facts(vec![route(1, true)]));
    assert_eq!(outcome, Outcome::PostedSmall);
    assert_eq!(posts(&effects), [0; 0]);
}

#[rstest]
#[case::ours(true, Outcome::Own)]
#[case::another_postrooms(false, Outcome::Posted)]
fn only_what_we_signed_is_dropped_as_our_own(#[case] is_ours: bool, #[case] expected: Outcome) {
    let mail = IncomingMail {
        kind: MailKind::Own,
        ..mail()
    };
    let facts = MailFacts {
        is_ours,
        ..facts(vec![route(1, true)])
    };
    assert_eq!(decide(MailId(7), &mail, false, &facts).0, expected);
}

#[test]
fn a_mail_from_nobody_is_kept() {
    let mail = IncomingMail {
        from: None,
        ..mail()
    };
    let (outcome, _) = decide(MailId(7), &mail, false, &facts(vec![route(1, true)]));
    assert_eq!(outcome, Outcome::Kept(KeptBecause::NoSender));
}

fn attachment(name: &str, fate: Fate) -> AttachmentInfo {
    AttachmentInfo {
        filename: Some(name.to_owned()),
        content_type: "application/octet-stream".to_owned(),
        size: 1_234_567,
        inline: false,
        fate,
    }
}

fn post_of(effects: &[Effect]) -> &Post {
    let post = effects.iter().find_map(|effect| match effect {
        Effect::Post { post, .. } => Some(post),
        _ => None,
    });
    post.unwrap()
}

#[test]
fn a_new_name_is_taken_over() {
    let mut mail = mail();
    mail.from.as_mut().unwrap().name = Some("Jane Doe".to_owned());
    let (_, effects) = decide(MailId(7), &mail, false, &facts(vec![route(1, true)]));
    assert!(matches!(&effects[0], Effect::RenameContact { name, .. } if name == "Jane Doe"));
}

#[test]
fn files_follow_the_words_and_images_stand_in_their_place() {
    let words = |body: &str| Words {
        body: body.to_owned(),
        html: None,
    };
    let mut mail = mail();
    mail.attachments = vec![
        attachment("plan.pdf", Fate::Shown),
        attachment("board.png", Fate::Shown),
        attachment("logo.png", Fate::Folded),
        attachment("fix.patch", Fate::Shown),
    ];
    mail.shown = vec![
        Shown::Words(words("before")),
        Shown::Image(1),
        Shown::Words(words("after")),
    ];
    let (_, effects) = decide(MailId(7), &mail, false, &facts(vec![route(1, true)]));
    let show = |part: &PostPart| match part {
        PostPart::Words(words) => words.body.clone(),
        PostPart::File(file) | PostPart::Picture(file) => {
            format!("{} {}", file.index, file.filename)
        }
    };
    let parts: Vec<String> = post_of(&effects).parts.iter().map(show).collect();
    assert_eq!(
        parts,
        [
            "before",
            "1 board.png",
            "after",
            "0 plan.pdf",
            "3 fix.patch"
        ]
    );
}

#[test]
fn of_very_many_files_some_are_shown_and_the_others_named() {
    let words = |body: String| Shown::Words(Words { body, html: None });
    let mut mail = mail();
    let count = 300;
    mail.attachments = (0..count)
        .map(|at| attachment(&format!("{at}.png"), Fate::Shown))
        .collect();
    // All but the last ten stand in the text.
    mail.shown = (0..count - 10)
        .flat_map(|at| [words(format!("before {at}")), Shown::Image(at)])
        .collect();
    let (_, effects) = decide(MailId(7), &mail, false, &facts(vec![route(1, true)]));
    let post = post_of(&effects);
    let files: Vec<usize> = post
        .parts
        .iter()
        .filter_map(|part| match part {
            PostPart::File(file) | PostPart::Picture(file) => Some(file.index),
            PostPart::Words(_) => None,
        })
        .collect();
    let expected: Vec<usize> = (0..40).chain(290..300).collect();
    assert_eq!(files, expected);
    assert_eq!(post.parts.len(), 50 + 41);
    assert!(
        matches!(&post.parts[80], PostPart::Words(last) if last.body.ends_with("\n\nbefore 289"))
    );
    let remark = wording::mail::in_room(&post.notes[0]);
    assert!(remark.starts_with("(250 more files are only in the original, 🔍: 40.png, 41.png, "));
    assert!(remark.ends_with(", 59.png, and 230 more)"), "{remark}");
}

#[rstest]
#[case::among_staff(false, None, "offer !room")]
#[case::with_visitors(true, Some("!control"), "offer !control")]
#[case::with_visitors_and_no_control_room(true, None, "report")]
fn what_windows_would_run_waits_for_staff(
    #[case] has_visitors: bool,
    #[case] control_room: Option<&str>,
    #[case] expected: &str,
) {
    let mut mail = mail();
    mail.attachments = vec![
        attachment("setup.exe", Fate::Withheld(Withheld::Launchable)),
        attachment("fix.patch", Fate::Shown),
    ];
    let facts = MailFacts {
        control_room: control_room.map(|room| room.try_into().unwrap()),
        ..facts(vec![Route {
            has_visitors,
            ..route(1, true)
        }])
    };
    let (_, effects) = decide(MailId(7), &mail, false, &facts);
    let files = &post_of(&effects).parts;
    assert!(
        matches!(files.as_slice(), [PostPart::File(file)] if file.index == 1),
        "{files:?}"
    );
    let told = match effects.last().unwrap() {
        Effect::OfferFiles {
            room, text, files, ..
        } => {
            assert!(
                text.contains("setup.exe") && text.contains("1.2 MB"),
                "{text}"
            );
            assert_eq!(files.len(), 1);
            format!("offer {room}")
        }
        Effect::Report { text } => {
            assert!(text.contains("setup.exe"), "{text}");
            "report".to_owned()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(told, expected);
}

#[rstest]
#[case::nothing(None, None, false, Folded::default())]
#[case::history(Some("old"), None, false, Folded { history: true, signature: false })]
#[case::signature(None, Some("Jane"), false, Folded { history: false, signature: true })]
#[case::known_signature(Some("old"), Some("Jane"), true, Folded { history: true, signature: false })]
fn the_room_is_told_what_is_folded(
    #[case] history: Option<&str>,
    #[case] signature: Option<&str>,
    #[case] knows_signature: bool,
    #[case] expected: Folded,
) {
    let mail = IncomingMail {
        folded: history.map(str::to_owned),
        signature: signature.map(str::to_owned),
        ..mail()
    };
    let facts = MailFacts {
        knows_signature,
        ..facts(vec![route(1, true)])
    };
    let (_, effects) = decide(MailId(7), &mail, false, &facts);
    assert_eq!(post_of(&effects).folded, expected);
}

#[test]
fn a_probe_ends_here_whatever_it_looks_like() {
    let mut mail = mail();
    mail.auto_submitted = true;
    let facts = MailFacts {
        is_probe: true,
        ..facts(vec![route(1, true)])
    };
    for kind in [MailKind::New, MailKind::AutoReply, MailKind::Own] {
        mail.kind = kind;
        assert_eq!(
            decide(MailId(1), &mail, false, &facts),
            (Outcome::Own, vec![])
        );
    }
}

#[rstest]
#[case::by_hand(MailKind::New, false, Outcome::Leave)]
#[case::by_the_mail_program(MailKind::AutoReply, false, Outcome::Leave)]
#[case::from_nobody(MailKind::New, true, Outcome::PassedOver)]
fn who_writes_to_the_way_out_leaves(
    #[case] kind: MailKind,
    #[case] null_sender: bool,
    #[case] expected: Outcome,
) {
    let mail = IncomingMail { kind, ..mail() };
    let facts = MailFacts {
        leaving: Some(SubscriptionId(3)),
        ..facts(Vec::new())
    };
    let (outcome, effects) = decide(MailId(7), &mail, null_sender, &facts);
    assert_eq!(outcome, expected);
    let end = Effect::EndSubscription {
        subscription: SubscriptionId(3),
        confirm: kind == MailKind::New,
        message_id: mail.message_id,
    };
    assert_eq!(effects.contains(&end), expected == Outcome::Leave);
}

#[rstest]
#[case::a_report(
    MailKind::Bounce,
    "it is a delivery report. It is about the letter to Bob <bob@beta.com>."
)]
#[case::a_list(
    MailKind::List,
    "it comes from a mailing list. It is about the letter to Bob <bob@beta.com>."
)]
fn the_return_address_tells_what_it_is_about(#[case] kind: MailKind, #[case] expected: &str) {
    let mail = IncomingMail { kind, ..mail() };
    let recipient = NamedAddress {
        name: Some("Bob".to_owned()),
        address: EmailAddress::parse("bob@beta.com").unwrap(),
    };
    let facts = MailFacts {
        delivery: Some(Delivery { row: 1, recipient }),
        ..facts(Vec::new())
    };
    let (outcome, effects) = decide(MailId(7), &mail, true, &facts);
    assert_eq!(outcome, Outcome::Kept(KeptBecause::ByMachine(kind)));
    let [Effect::Guard(Measure::Notice { text, .. })] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert!(text.ends_with(expected), "{text}");
}

#[test]
fn a_person_who_answers_to_the_return_address_is_heard() {
    let recipient = mail().from.unwrap();
    let facts = MailFacts {
        delivery: Some(Delivery { row: 1, recipient }),
        ..facts(vec![route(1, true)])
    };
    assert_eq!(decide(MailId(7), &mail(), false, &facts).0, Outcome::Posted);
}

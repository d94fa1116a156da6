//! Rooms as people make them, held against a policy.

use rstest::rstest;
use ruma::{MxcUri, room_id, server_name, user_id};
use serde_json::{Value, json};

use super::*;

/// Events of a room that Ann made and that is as it must be, with the bot as its other creator.
fn good() -> Vec<Value> {
    vec![
        creation(
            "@ann:example.org",
            json!({"additional_creators": ["@postroom:example.org"]}),
        ),
        state("m.room.name", "", json!({"name": "RSE: Lyon"})),
        state("m.room.topic", "", json!({"topic": "All about Lyon"})),
        state("m.room.avatar", "", json!({"url": LOGO})),
        state("m.room.join_rules", "", json!({"join_rule": "invite"})),
        state(
            "m.room.history_visibility",
            "",
            json!({"history_visibility": "invited"}),
        ),
        state("m.room.power_levels", "", levels()),
        state(
            "m.space.parent",
            "!space:example.org",
            json!({"via": ["example.org"]}),
        ),
        member("@ann:example.org", "join"),
        member("@postroom:example.org", "join"),
        member("@admin:example.org", "join"),
        member("@_email_jane.k7f3:example.org", "join"),
    ]
}

const LOGO: &str = "mxc://example.org/logo";

fn levels() -> Value {
    json!({
        "users": {"@admin:example.org": 100}, "invite": 50,
        "events": {"m.room.power_levels": 100, "m.room.message": 0, "com.example.vote": 0},
    })
}

#[expect(clippy::needless_pass_by_value, reason = "every caller makes one")]
pub(super) fn state(kind: &str, key: &str, content: Value) -> Value {
    json!({"type": kind, "state_key": key, "content": content})
}

#[expect(clippy::needless_pass_by_value, reason = "every caller makes one")]
pub(super) fn creation(by: &str, content: Value) -> Value {
    json!({"type": "m.room.create", "state_key": "", "sender": by, "content": content})
}

pub(super) fn member(user: &str, membership: &str) -> Value {
    state("m.room.member", user, json!({"membership": membership}))
}

pub(super) fn policy() -> Policy {
    Policy {
        prefix: Some("RSE: ".to_owned()),
        topic: Some("Ask away.".to_owned()),
        logo: Some(Logo::Mxc(LOGO.into())),
        space: Some(room_id!("!space:example.org").to_owned()),
        admin: Some(user_id!("@admin:example.org").to_owned()),
        moderators: vec![user_id!("@ann:example.org").to_owned()],
        ..Policy::default()
    }
}

pub(super) fn space() -> SpaceSight {
    let events = [
        creation("@ann:example.org", json!({"type": "m.space"})),
        state("m.space.child", "!room", json!({"via": ["example.org"]})),
        state("m.room.power_levels", "", json!({})),
        member("@ann:example.org", "join"),
        member("@postroom:example.org", "join"),
    ];
    SpaceSight::Seen(Box::new(RoomState::read(
        room_id!("!space:example.org").to_owned(),
        &events,
    )))
}

/// [`good`] with other events in place of those of the same type and key, and without those whose
/// content is null.
pub(super) fn but(others: &[Value]) -> Vec<Value> {
    let mut events = good();
    for other in others {
        events.retain(|one| one["type"] != other["type"] || one["state_key"] != other["state_key"]);
        if !other["content"].is_null() {
            events.push(other.clone());
        }
    }
    events
}

fn audit_of(events: &[Value]) -> Audit {
    audited(events, "!room", &policy(), &space())
}

fn audited(events: &[Value], id: &str, policy: &Policy, space: &SpaceSight) -> Audit {
    let id = ruma::RoomId::parse(id).unwrap();
    let room = RoomState::read(id, events);
    audit(subject(&room, policy, space))
}

pub(super) fn subject<'a>(
    room: &'a RoomState,
    policy: &'a Policy,
    space: &'a SpaceSight,
) -> Subject<'a> {
    Subject {
        policy,
        room,
        space,
        mailbox: "support",
        logo: Some(<&MxcUri>::from(LOGO)),
        bot: user_id!("@postroom:example.org"),
        server: server_name!("example.org"),
    }
}

/// The one flaw of a room.
fn only_flaw(audit: &Audit) -> (Rule, &Flaw) {
    let flawed = audit.findings.iter();
    let mut flawed =
        flawed.filter_map(|finding| finding.flaw.as_ref().map(|flaw| (finding.rule, flaw)));
    let first = flawed.next().expect("a flaw");
    assert_eq!(flawed.next(), None);
    first
}

#[test]
fn a_good_room_has_no_flaw() {
    let audit = audit_of(&good());
    assert_eq!(audit.findings.len(), 12, "every rule holds");
    for finding in audit.findings {
        assert_eq!(finding.flaw, None, "{:?}", finding.rule);
    }
}

#[test]
fn without_a_policy_few_rules_hold() {
    let audit = audited(&good(), "!room", &Policy::default(), &SpaceSight::Unset);
    let rules: Vec<Rule> = audit.findings.iter().map(|finding| finding.rule).collect();
    let expected = [
        Rule::Bot,
        Rule::Ghosts,
        Rule::Encryption,
        Rule::Moderator,
        Rule::JoinRule,
        Rule::History,
    ];
    assert_eq!(rules, expected);
}

#[rstest]
#[case::no_name(state("m.room.name", "", Value::Null), Rule::Prefix, Problem::NoName)]
#[case::no_prefix(state("m.room.name", "", json!({"name": "Lyon"})), Rule::Prefix, Problem::NoPrefix)]
#[case::no_topic(state("m.room.topic", "", Value::Null), Rule::Topic, Problem::NoTopic)]
#[case::empty_topic(state("m.room.topic", "", json!({"topic": " "})), Rule::Topic, Problem::NoTopic)]
#[case::no_logo(state("m.room.avatar", "", Value::Null), Rule::Logo, Problem::NoLogo)]
#[case::other_logo(
    state("m.room.avatar", "", json!({"url": "mxc://a/b"})), Rule::Logo, Problem::OtherLogo
)]
#[case::public(
    state("m.room.join_rules", "", json!({"join_rule": "public"})),
    Rule::JoinRule,
    Problem::JoinRule("public".into())
)]
#[case::unknown_rule(
    state("m.room.join_rules", "", json!({"join_rule": "x"})),
    Rule::JoinRule,
    Problem::JoinRule("x".into())
)]
#[case::history(
    state("m.room.history_visibility", "", Value::Null),
    Rule::History,
    Problem::History("shared".into())
)]
#[case::encrypted(
    state("m.room.encryption", "", json!({"algorithm": "m.megolm.v1.aes-sha2"})),
    Rule::Encryption,
    Problem::Encrypted
)]
#[case::admin_away(
    member("@admin:example.org", "leave"),
    Rule::Admin,
    Problem::AdminIsAway
)]
#[case::admin_invited(
    member("@admin:example.org", "invite"),
    Rule::Admin,
    Problem::AdminIsInvited
)]
#[case::no_parent(
    state("m.space.parent", "!space:example.org", Value::Null),
    Rule::Space,
    Problem::NamesNoSpace
)]
fn finds_what_is_wrong(#[case] event: Value, #[case] rule: Rule, #[case] problem: Problem) {
    let audit = audit_of(&but(&[event]));
    let (found, flaw) = only_flaw(&audit);
    assert_eq!((found, &flaw.problem), (rule, &problem));
}

#[rstest]
#[case::stricter_history("m.room.history_visibility", json!({"history_visibility": "joined"}))]
#[case::knocking("m.room.join_rules", json!({"join_rule": "knock"}))]
#[case::another_topic("m.room.topic", json!({"topic": "Anything"}))]
#[case::prefix_without_its_space("m.room.name", json!({"name": "RSE:Lyon"}))]
#[case::levels_in_quotes(
    "m.room.power_levels",
    json!({"users": {"@admin:example.org": "100"}, "invite": "50"})
)]
fn lets_pass_what_is_as_good(#[case] kind: &str, #[case] content: Value) {
    let audit = audit_of(&but(&[state(kind, "", content)]));
    assert!(audit.findings.iter().all(|finding| finding.flaw.is_none()));
}

/// What the bot would set, of one flaw.
fn mended(event: Value) -> Value {
    let audit = audit_of(&but(&[event]));
    let (_, flaw) = only_flaw(&audit);
    let [Change::State { content, .. }] = flaw.changes.as_slice() else {
        panic!("{flaw:?}");
    };
    content.clone()
}

#[test]
fn says_how_the_bot_mends_it() {
    let name = mended(state("m.room.name", "", json!({"name": "Lyon"})));
    assert_eq!(name, json!({"name": "RSE: Lyon"}));
    let rules = mended(state(
        "m.room.join_rules",
        "",
        json!({"join_rule": "public"}),
    ));
    assert_eq!(rules, json!({"join_rule": "invite"}));
    let history = mended(state("m.room.history_visibility", "", Value::Null));
    assert_eq!(history, json!({"history_visibility": "invited"}));
    let logo = mended(state("m.room.avatar", "", Value::Null));
    assert_eq!(logo, json!({"url": LOGO}));
}

#[test]
fn ghosts_are_kept_to_talking() {
    let mut open = levels();
    open["invite"] = json!(0);
    open["users_default"] = json!(10);
    open["events"]["m.room.topic"] = json!(5);
    open["users"]["@_email_jane.k7f3:example.org"] = json!(50);
    let audit = audit_of(&but(&[state("m.room.power_levels", "", open)]));
    let (rule, flaw) = only_flaw(&audit);
    assert_eq!(rule, Rule::Ghosts);
    let Problem::GhostsCan(can) = &flaw.problem else {
        panic!("{flaw:?}");
    };
    assert!(can.contains(&Ability::Invite) && can.contains(&Ability::ChangeRoom));
    let [Change::State { content, .. }] = flaw.changes.as_slice() else {
        panic!("{flaw:?}");
    };
    assert_eq!(content["invite"], 50);
    assert_eq!(content["users_default"], 0);
    assert_eq!(content["events"]["m.room.topic"], 50);
    assert_eq!(
        content["events"]["com.example.vote"], 0,
        "nobody knows what it is"
    );
    assert_eq!(content["users"], json!({"@admin:example.org": 100}));
    let again = audit_of(&but(&[state("m.room.power_levels", "", content.clone())]));
    assert!(again.findings.iter().all(|finding| finding.flaw.is_none()));
}

#[test]
fn who_looks_after_a_room_of_equals_keeps_their_power() {
    let levels = json!({"users_default": 100, "invite": 0});
    let events = but(&[
        creation("@ann:example.org", json!({"room_version": "10"})),
        state("m.room.power_levels", "", levels),
        member("@eve:example.org", "join"),
    ]);
    let audit = audited(&events, "!room:example.org", &policy(), &space());
    let mut findings = audit.findings.iter();
    let ghosts = findings.find(|finding| finding.rule == Rule::Ghosts);
    let flaw = ghosts.unwrap().flaw.as_ref().unwrap();
    let [Change::State { content, .. }] = flaw.changes.as_slice() else {
        panic!("{flaw:?}");
    };
    assert_eq!(content["users_default"], 0);
    let keepers = json!({"@admin:example.org": 100, "@ann:example.org": 100,
        "@postroom:example.org": 100});
    assert_eq!(content["users"], keepers);
}

#[test]
fn what_no_level_names_may_not_be_changed_either() {
    let mut open = levels();
    open["state_default"] = json!(0);
    let events = but(&[state("m.room.power_levels", "", open)]);
    let audit = audit_of(&events);
    let (rule, flaw) = only_flaw(&audit);
    let can = vec![Ability::ChangeRoom];
    assert_eq!(
        (rule, &flaw.problem),
        (Rule::Ghosts, &Problem::GhostsCan(can))
    );
    let [Change::State { content, .. }] = flaw.changes.as_slice() else {
        panic!("{flaw:?}");
    };
    assert_eq!(content["state_default"], 50);
}

#[test]
fn ghosts_who_may_not_talk_are_no_use() {
    let mut silent = levels();
    silent["events"]["m.room.message"] = json!(50);
    let audit = audit_of(&but(&[state("m.room.power_levels", "", silent)]));
    let (rule, flaw) = only_flaw(&audit);
    assert_eq!(
        (rule, &flaw.problem),
        (Rule::Ghosts, &Problem::GhostsCannotTalk)
    );
    assert!(flaw.changes.is_empty(), "others would talk, too");
}

#[rstest]
#[case("@admin:example.org", false)]
#[case("@modbot:example.org", false)]
#[case("@_irc_ann:example.org", false)]
#[case("@_email_jane.k7f3:example.org", false)]
#[case("@eve:example.org", true)]
#[case("@eve:elsewhere.example", true)]
fn a_moderator_is_a_person(#[case] user: &str, #[case] expected: bool) {
    let mut policy = policy();
    policy.moderators = Vec::new();
    policy.bots = vec![user_id!("@modbot:example.org").to_owned()];
    policy.rules.strengths = vec![(Rule::Ghosts, Strength::Off)];
    let mut events = but(&[
        creation("@postroom:example.org", json!({})),
        member("@ann:example.org", "leave"),
    ]);
    events.push(member(user, "join"));
    let mut levels = levels();
    levels["users"][user] = json!(if user == "@admin:example.org" {
        100
    } else {
        50
    });
    events.retain(|event| event["type"] != "m.room.power_levels");
    events.push(state("m.room.power_levels", "", levels));
    let audit = audited(&events, "!room", &policy, &space());
    let finding = audit
        .findings
        .iter()
        .find(|finding| finding.rule == Rule::Moderator)
        .unwrap();
    assert_eq!(finding.flaw.is_none(), expected);
}

/// A room of before version 12, in which the bot has this level.
fn old(bot: i64, others: &[Value]) -> Vec<Value> {
    let mut levels = levels();
    levels["users"]["@ann:example.org"] = json!(100);
    levels["users"]["@postroom:example.org"] = json!(bot);
    levels["invite"] = json!(0);
    let mut all = vec![
        creation("@ann:example.org", json!({"room_version": "10"})),
        state("m.room.power_levels", "", levels),
    ];
    all.extend_from_slice(others);
    but(&all)
}

#[test]
fn says_which_level_the_bot_lacks_and_who_can_give_it() {
    let events = old(50, &[]);
    let audit = audited(&events, "!room:example.org", &policy(), &space());
    let ghosts = audit
        .findings
        .iter()
        .find(|finding| finding.rule == Rule::Ghosts);
    let flaw = ghosts.unwrap().flaw.as_ref().unwrap();
    let expected = Lacking {
        level: 100,
        has: 50,
        givers: vec![
            (user_id!("@admin:example.org").to_owned(), Power::Level(100)),
            (user_id!("@ann:example.org").to_owned(), Power::Level(100)),
        ],
        in_space: false,
    };
    assert_eq!(flaw.lacking.as_ref(), Some(&expected));
    assert!(flaw.changes.is_empty());
}

#[test]
fn a_creator_can_give_any_level_and_stands_in_no_levels() {
    let mut events = but(&[creation("@ann:example.org", json!({}))]);
    events.retain(|event| event["type"] != "m.room.topic");
    let audit = audited(&events, "!room", &policy(), &space());
    let mut findings = audit.findings.iter();
    let topic = findings.find(|finding| finding.rule == Rule::Topic);
    let flaw = topic.unwrap().flaw.as_ref().unwrap();
    let lacking = flaw.lacking.as_ref().unwrap();
    assert_eq!((lacking.level, lacking.has), (50, 0));
    let first = lacking.givers.first().unwrap();
    assert_eq!(
        *first,
        (user_id!("@ann:example.org").to_owned(), Power::Creator)
    );
}

#[test]
fn additional_creators_count_only_since_version_12() {
    let events = old(
        0,
        &[creation(
            "@ann:example.org",
            json!({"room_version": "10", "additional_creators": ["@postroom:example.org"]}),
        )],
    );
    let room = RoomState::read(room_id!("!room:example.org").to_owned(), &events);
    assert_eq!(
        room.power(user_id!("@postroom:example.org")),
        Power::Level(0)
    );
    let room = RoomState::read(room_id!("!room").to_owned(), &events);
    assert_eq!(
        room.power(user_id!("@postroom:example.org")),
        Power::Creator
    );
}

#[test]
fn who_left_is_not_invited_again() {
    let mut policy = policy();
    policy.invite = vec![
        user_id!("@bob:example.org").to_owned(),
        user_id!("@eve:example.org").to_owned(),
    ];
    let events = but(&[member("@bob:example.org", "leave")]);
    let audit = audited(&events, "!room", &policy, &space());
    let (rule, flaw) = only_flaw(&audit);
    assert_eq!(rule, Rule::Staff);
    let invited = Change::Invite {
        room: room_id!("!room").to_owned(),
        user: user_id!("@eve:example.org").to_owned(),
    };
    assert_eq!(flaw.changes, [invited]);
    let asked = vec![user_id!("@bob:example.org").to_owned()];
    assert_eq!(flaw.task, Some(Task::Ask(asked)));
}

#[test]
fn a_rule_holds_only_where_it_is_to() {
    let mut policy = policy();
    let chapters = vec![RoomPattern::parse("Chapter *").unwrap()];
    policy.rules.only = vec![(Rule::Prefix, chapters)];
    let has_prefix_rule = |name: &str| {
        let events = but(&[state("m.room.name", "", json!({"name": name}))]);
        let audit = audited(&events, "!room", &policy, &space());
        let mut findings = audit.findings.into_iter();
        findings.find(|finding| finding.rule == Rule::Prefix)
    };
    assert!(has_prefix_rule("Support").is_none());
    assert!(has_prefix_rule("Chapter Lyon").unwrap().flaw.is_some());
    assert!(has_prefix_rule("RSE: Chapter Lyon").unwrap().flaw.is_none());
}

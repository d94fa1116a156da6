//! What rooms must be, of all mailboxes and of one.

use super::*;
use crate::domain::room_policy::{History, JoinRule, Logo, Policy, RoomPattern, Rule, Strength};

/// [`GOOD`] with a section `rooms`.
fn with(rooms: &str) -> String {
    format!("{GOOD}rooms: {rooms}\n")
}

fn policy(source: &str) -> Policy {
    read(&folder(), source, &[]).unwrap().rooms.policy(None)
}

#[test]
fn without_it_rooms_are_private() {
    assert_eq!(policy(GOOD), Policy::default());
}

#[test]
fn reads_all_of_it() {
    let policy = policy(&with(
        "{prefix: \"RSE: \", topic: Ask, logo: mxc://example.org/logo, space: \"!space:example.org\", \
         admin: \"@admin:example.org\", moderators: [\"@ann:example.org\"], \
         invite: [\"@bob:example.org\"], bots: [\"@mod:example.org\"], join_rule: knock, \
         join_rules: [invite], history: shared, encrypted: true, rules: {topic: must, logo: off}, \
         only: {prefix: [\"Chapter *\", \"mailbox:train*\"]}}",
    ));
    assert_eq!(policy.prefix.as_deref(), Some("RSE: "));
    assert_eq!(policy.topic.as_deref(), Some("Ask"));
    assert_eq!(
        policy.logo,
        Some(Logo::Mxc("mxc://example.org/logo".into()))
    );
    assert_eq!(policy.space.unwrap(), "!space:example.org");
    assert_eq!(policy.admin.unwrap(), "@admin:example.org");
    assert_eq!(policy.moderators, ["@ann:example.org"]);
    assert_eq!(policy.invite, ["@bob:example.org"]);
    assert_eq!(policy.bots, ["@mod:example.org"]);
    assert_eq!(policy.join_rule, JoinRule::Knock);
    assert_eq!(policy.join_rules, [JoinRule::Invite, JoinRule::Knock]);
    assert_eq!(policy.history, History::Shared);
    assert!(policy.encrypted);
    assert_eq!(policy.rules.strength(Rule::Topic), Strength::Must);
    assert_eq!(policy.rules.strength(Rule::Logo), Strength::Off);
    assert_eq!(policy.rules.strength(Rule::Bot), Strength::Must);
    let only = policy.rules.only(Rule::Prefix).unwrap();
    assert_eq!(only[0], RoomPattern::Name("Chapter *".to_owned()));
    assert_eq!(only[1], RoomPattern::Mailbox("train*".to_owned()));
    assert_eq!(policy.rules.only(Rule::Topic), None);
}

#[test]
fn a_mailbox_has_its_own_over_that_of_all() {
    let source = with("{prefix: \"A \", topic: Ask, rules: {topic: must}}").replacen(
        "    language: en\n",
        "    rooms: {prefix: \"B \", rules: {topic: should, logo: off}}\n",
        1,
    );
    let config = read(&folder(), &source, &[]).unwrap();
    let own = config.rooms.policy(config.mailboxes[0].rooms.as_ref());
    assert_eq!(own.prefix.as_deref(), Some("B "));
    assert_eq!(own.topic.as_deref(), Some("Ask"));
    assert_eq!(own.rules.strength(Rule::Topic), Strength::Should);
    assert_eq!(own.rules.strength(Rule::Logo), Strength::Off);
    let other = config.rooms.policy(config.mailboxes[1].rooms.as_ref());
    assert_eq!(other.prefix.as_deref(), Some("A "));
    assert_eq!(other.rules.strength(Rule::Topic), Strength::Must);
}

#[test]
fn takes_a_picture_from_a_file() {
    let folder = folder();
    // The smallest GIF.
    let picture = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
    fs::write(folder.path().join("logo.gif"), picture).unwrap();
    let config = read(&folder, &with("{logo: logo.gif}"), &[]).unwrap();
    let Some(Logo::File(logo)) = config.rooms.policy(None).logo else {
        panic!("a file");
    };
    assert_eq!(logo.content, picture);
    assert_eq!(logo.content_type, "image/gif");
    assert_eq!(logo.filename, "logo.gif");
}

#[rstest]
#[case("{prefix: \"\"}", "rooms.prefix: is empty")]
#[case("{logo: none.png}", "rooms.logo: cannot read none.png")]
#[case("{logo: logo.webp}", "save it as PNG, JPEG or GIF")]
#[case("{logo: \"mxc://example.org\"}", "write \"mxc://SERVER/ID\"")]
#[case("{space: \"#space:example.org\"}", "is not a room id")]
#[case("{admin: admin}", "\"admin\" is not a Matrix id")]
#[case(
    "{moderators: \"@ann:example.org\"}",
    "rooms.moderators: must be a list"
)]
#[case("{join_rule: open}", "write one of invite, knock")]
#[case("{join_rule: restricted}", "add \"space\", or write \"invite\"")]
#[case("{history: all}", "write one of joined, invited")]
#[case("{encrypted: maybe}", "neither true nor false")]
#[case("{rules: {topic: may}}", "write \"must\", \"should\" or \"off\"")]
#[case("{rules: {topics: must}}", "did you mean \"topic\"?")]
#[case("{only: {prefix: [\"#chapter\"]}}", "doesn't say which rooms")]
#[case("{space: \"!space\"}", "\"!space\" is not a whole room id")]
#[case("{space: \"!:example.org\"}", "is not a whole room id")]
#[case("{space: \"!space:\"}", "is not a")]
#[case("{only: {prefix: [\"!chapter\"]}}", "Internal room ID")]
#[case(
    "{only: {prefix: [\"mailbox:trainig\"]}}",
    "rooms.only.prefix: there is no mailbox \"trainig\"; did you mean \"mailbox:training\"?"
)]
#[case(
    "{only: {topic: [\"mailbox:sales-*\"]}}",
    "the mailboxes are support, training"
)]
#[case("{prefx: x}", "did you mean \"prefix\"?")]
fn says_what_is_wrong_with_it(#[case] rooms: &str, #[case] part: &str) {
    let told = complaints(&with(rooms), &[]);
    assert!(told.contains(part), "{told}");
}

/// Of version 12 they name no server.
#[test]
fn a_room_id_may_be_a_hash() {
    let id = "!0123456789-abcdefghij_ABCDEFGHIJklmnopqrstu";
    let policy = policy(&with(&format!("{{space: \"{id}\"}}")));
    assert_eq!(policy.space.unwrap(), id);
}

#[rstest]
#[case("{join_rule: restricted}", "", false)]
#[case("{join_rule: knock_restricted}", "{prefix: x}", false)]
#[case("{join_rule: restricted}", "{space: \"!all:example.org\"}", true)]
#[case("{join_rule: restricted, space: \"!own:example.org\"}", "", true)]
#[case("{join_rule: invite}", "", true)]
fn a_mailbox_needs_the_space_that_its_rooms_are_open_for(
    #[case] own: &str,
    #[case] all: &str,
    #[case] is_good: bool,
) {
    let source = with(all).replacen("    language: en\n", &format!("    rooms: {own}\n"), 1);
    let config = read(&folder(), &source, &[]);
    if is_good {
        config.unwrap();
    } else {
        let told = complaints(&source, &[]);
        assert!(
            told.starts_with("config.yaml:17:24:")
                && told.contains("mailboxes.support.rooms.join_rule: lets in")
                && told.contains("add \"space\""),
            "{told}"
        );
    }
}

#[test]
fn a_space_that_is_wrong_is_one_mistake() {
    let source = with("{space: \"#space:example.org\", join_rule: restricted}");
    assert_eq!(complaints(&source, &[]).lines().count(), 1);
}

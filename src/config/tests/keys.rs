//! Values without quotes, empty lists, and keys that stand in the wrong place.

use super::*;
use crate::config::section::HOMES;

#[rstest]
#[case(
    "control_room: !control:verein.example",
    "config.yaml:1:",
    "control_room: what begins with \"!\" is a tag in YAML; put it in quotes, \
     \"!control:verein.example\""
)]
#[case(
    "rooms: {prefix: !RSE}",
    "config.yaml:1:",
    "rooms.prefix: what begins with \"!\" is a tag in YAML; put it in quotes, \"!RSE\""
)]
#[case(
    "rooms: {prefix: &RSE , topic: Ask}",
    "config.yaml:1:",
    "rooms.prefix: what begins with \"&\" is an anchor in YAML; put it in quotes, \"&RSE\""
)]
#[case(
    "rooms:\n  space: !space:verein.example",
    "config.yaml:2:",
    "rooms.space: what begins with \"!\""
)]
#[case(
    "onboarding: {allowed_servers: !acme}",
    "config.yaml:1:",
    "onboarding.allowed_servers: what begins with \"!\""
)]
fn what_lacks_quotes_is_told(#[case] lines: &str, #[case] place: &str, #[case] part: &str) {
    let source = GOOD.replacen("control_room: \"!abc:example.org\"\n", "", 1);
    let told = complaints(&format!("{lines}\n{source}"), &[]);
    assert!(told.starts_with(place) && told.contains(part), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
}

#[rstest]
#[case("language: en", "triage_room: !triage:example.org", "triage_room")]
#[case(
    "language: en",
    "domains: {acme.com: !acme:example.org}",
    "domains.acme.com"
)]
#[case(
    "staff: [\"@*:example.org\", \"@ann:example.com\"]",
    "staff: [!ann]",
    "staff"
)]
fn it_is_told_wherever_it_stands(#[case] from: &str, #[case] to: &str, #[case] key: &str) {
    let told = complaints(&but(from, to), &[]);
    let part = format!("{key}: what begins with \"!\" is a tag in YAML; put it in quotes, \"!");
    assert!(told.contains(&part), "{told}");
}

#[test]
fn a_secret_without_quotes_is_not_repeated() {
    let told = complaints(
        &but("password_file: smtp-password", "password: !geheim"),
        &[],
    );
    let part = "mailboxes.support.smtp.password: what begins with \"!\" is a tag in YAML; put it in \
                quotes";
    assert!(told.ends_with(part), "{told}");
}

#[test]
fn an_empty_list_may_be_left_out() {
    let told = complaints(&format!("{GOOD}rooms: {{moderators: []}}\n"), &[]);
    assert!(
        told.contains("rooms.moderators: is empty") && told.contains("or leave the key out"),
        "{told}"
    );
}

#[rstest]
#[case("triage_room: \"!a:b\"\n", "it belongs into mailboxes.NAME")]
#[case("intake: room\n", "it belongs into mailboxes.NAME")]
#[case("allowed_servers: [matrix.org]\n", "it belongs into onboarding")]
#[case("space: \"!a:b\"\n", "it belongs into rooms")]
#[case("desk: {holidays: [\"12-25\"]}\n", "it belongs into desk.hours")]
fn says_where_a_key_belongs(#[case] line: &str, #[case] part: &str) {
    let told = complaints(&format!("{GOOD}{line}"), &[]);
    assert!(told.contains(part), "{told}");
}

/// That the list of homes tells the truth.
#[test]
fn keys_are_known_where_they_are_said_to_belong() {
    for (home, keys) in HOMES {
        for key in keys {
            let path = if home.contains(' ') {
                (*key).to_owned()
            } else {
                format!("{}.{key}", home.replace("NAME", "support"))
            };
            let variable = format!("POSTROOM__{}", path.replace('.', "__"));
            let read = read(&folder(), GOOD, &[(&variable, "x")]);
            let told = read.err().map(|faults| faults.to_string());
            let told = told.unwrap_or_default();
            assert!(!told.contains("unknown key"), "{told}");
        }
    }
}

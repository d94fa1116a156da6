//! What takes a room into the Space, and what it lacks for that.

use ruma::{room_id, user_id};
use serde_json::{Value, json};

use super::super::{
    SpaceFault, SpaceSight,
    state::RoomState,
    tests::{but, creation, member, policy, space, state, subject},
};

#[test]
fn takes_a_room_into_the_space() {
    let policy = policy();
    let events = [
        creation(
            "@postroom:example.org",
            json!({"type": "m.space", "room_version": "12"}),
        ),
        member("@postroom:example.org", "join"),
    ];
    let id = room_id!("!space:example.org").to_owned();
    let mut seen = RoomState::read(id, &events);
    seen.creators = vec![user_id!("@postroom:example.org").to_owned()];
    let space = SpaceSight::Seen(Box::new(seen));
    let events = but(&[state("m.space.parent", "!space:example.org", Value::Null)]);
    let room = RoomState::read(room_id!("!room").to_owned(), &events);
    let changes = subject(&room, &policy, &space).add_to_space().unwrap();
    let told: Vec<_> = changes
        .iter()
        .map(|change| (change.room().as_str(), change.event()))
        .collect();
    let via = json!({"via": ["example.org"]});
    assert_eq!(
        (told[0].0, &told[0].1["type"]),
        ("!room", &json!("m.space.parent"))
    );
    assert_eq!(told[0].1["content"]["canonical"], true);
    let child = state("m.space.child", "!room", via);
    assert_eq!(
        told[1],
        ("!space:example.org", child),
        "the Space lists it last"
    );
}

#[test]
fn says_what_it_takes_in_the_space() {
    let policy = policy();
    let events = but(&[]);
    let room = RoomState::read(room_id!("!other").to_owned(), &events);
    let fault = subject(&room, &policy, &space()).add_to_space();
    let Err(SpaceFault::Lacking(lacking)) = fault else {
        panic!("{fault:?}");
    };
    assert!(lacking.in_space);
    assert_eq!((lacking.level, lacking.has), (50, 0));
    let hidden = subject(&room, &policy, &SpaceSight::Hidden).add_to_space();
    assert_eq!(hidden, Err(SpaceFault::Hidden));
}

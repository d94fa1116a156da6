//! Places, as clients share them.

use super::*;
use crate::domain::sharing::Place;

fn content(mut json: Value) -> Content {
    json["msgtype"] = "m.location".into();
    match event("m.room.message", &json, &json!({})).kind {
        EventKind::Message { content, .. } => content,
        other => panic!("{other:?}"),
    }
}

#[rstest]
#[case::element(
    json!({"body": "Location was shared at geo:48.8584,2.2945;u=35 as of 2026-11-22T10:00:00Z",
        "geo_uri": "geo:48.8584,2.2945;u=35", "org.matrix.msc3488.asset": {"type": "m.pin"},
        "org.matrix.msc3488.location": {"uri": "geo:48.8584,2.2945;u=35", "description": "The tower"}}),
    "The tower", 48.8584, 2.2945)]
#[case::own_position(
    json!({"body": "Location was shared at geo:1,2", "geo_uri": "geo:1,2",
        "org.matrix.msc3488.location": {"uri": "geo:1,2", "description": null}}),
    "", 1.0, 2.0)]
#[case::fluffychat(json!({"body": "https://www.openstreetmap.org/?mlat=-33.9", "geo_uri": "GEO:-33.9,151.2,12"}),
    "https://www.openstreetmap.org/?mlat=-33.9", -33.9, 151.2)]
#[case::only_the_new_form(json!({"body": "Café", "m.location": {"uri": "geo:0,0"}}), "Café", 0.0, 0.0)]
#[case::named_system(json!({"body": "", "geo_uri": "geo:1,2;crs=WGS84;u=3"}), "", 1.0, 2.0)]
fn a_place_is_read(
    #[case] json: Value,
    #[case] description: &str,
    #[case] latitude: f64,
    #[case] longitude: f64,
) {
    let expected = Place {
        description: description.to_owned(),
        latitude,
        longitude,
    };
    assert_eq!(
        content(json),
        Content::Shared {
            shared: Shared::Place(expected),
            caption: None
        }
    );
}

#[rstest]
#[case("geo:")]
#[case("geo:48.8")]
#[case("geo:91,0")]
#[case("geo:0,181")]
#[case("geo:nan,0")]
#[case("geo:inf,0")]
#[case("geo:1e1,2")]
#[case("geo:1,2;crs=moon-2011")]
#[case("https://example.org/1,2")]
#[case("geo:--1,2")]
#[case("geo:1.2.3,2")]
fn a_broken_place_leaves_the_words(#[case] uri: &str) {
    let json = json!({"body": "At the office", "geo_uri": uri});
    assert_eq!(content(json), text("At the office"));
}

#[test]
fn nothing_at_all_is_a_message_of_a_special_kind() {
    let name = String::new();
    assert_eq!(
        content(json!({"body": ""})),
        Content::Opaque {
            what: Opaque::Unknown,
            name
        }
    );
}

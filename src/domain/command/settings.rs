//! `!email settings [NAME VALUE]`

use super::{answer, distance};
use crate::domain::{
    effect::Effect,
    event::RoomEvent,
    facts::{EventFacts, SettingsFacts},
    settings::{self, Key, Value},
    wording,
};

/// Shows what holds in the room, or changes it.
#[derive(Debug, Clone, PartialEq)]
pub enum Settings {
    Show(Vec<Key>),
    /// Without a value: what is configured shall hold again.
    Change(Vec<(Key, Option<Value>)>),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// Nothing is called so; the other one was perhaps meant.
    UnknownKey {
        word: String,
        meant: Option<Key>,
    },
    NoValue(Key),
    Twice(Key),
    BadValue {
        key: Key,
        text: String,
        fault: settings::Fault,
    },
}

impl Settings {
    /// Reads `quiet 10m`, `quiet=10m`, `quiet: 10m`, and several of them in a row.
    pub(super) fn parse(arguments: &str) -> Result<Self, Fault> {
        let mut found: Vec<(Key, Vec<&str>)> = Vec::new();
        for word in arguments.split_whitespace().flat_map(parts) {
            let Some(key) = Key::parse(word.trim_end_matches(':')) else {
                let (_, values) = found.last_mut().ok_or_else(|| unknown(word))?;
                values.push(word);
                continue;
            };
            if found.iter().any(|(known, _)| *known == key) {
                return Err(Fault::Twice(key));
            }
            found.push((key, Vec::new()));
        }
        match found[..] {
            [] => return Ok(Self::Show(Key::ALL.to_vec())),
            [(key, ref values)] if values.is_empty() => return Ok(Self::Show(vec![key])),
            _ => {}
        }
        let changes = found.into_iter().map(|(key, values)| {
            let text = values.join(" ");
            if text.is_empty() {
                return Err(Fault::NoValue(key));
            }
            if text.eq_ignore_ascii_case("default") {
                return Ok((key, None));
            }
            match Value::parse(key, &text) {
                Ok(value) => Ok((key, Some(value))),
                Err(fault) => Err(Fault::BadValue { key, text, fault }),
            }
        });
        Ok(Self::Change(changes.collect::<Result<_, _>>()?))
    }

    pub(super) fn apply(&self, event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
        let known = &facts.details.settings;
        let zone = facts.details.now.time_zone();
        let changes = match self {
            Self::Show(keys) => {
                return vec![answer(event, wording::settings(keys, known, zone))];
            }
            Self::Change(changes) => changes,
        };
        let after = changed(known, changes, event);
        if let Some(sentence) = contradiction(&after) {
            return vec![answer(event, sentence)];
        }
        let keys: Vec<Key> = changes.iter().map(|(key, _)| *key).collect();
        vec![
            Effect::ChangeSettings {
                room: event.room.clone(),
                by: event.sender.clone(),
                changes: changes.clone(),
            },
            answer(event, wording::settings_changed(&keys, &after, zone)),
        ]
    }
}

/// `quiet=10m` is two words.
fn parts(word: &str) -> impl Iterator<Item = &str> {
    word.split('=').filter(|part| !part.is_empty())
}

fn unknown(word: &str) -> Fault {
    let lower = word.to_lowercase();
    let nearest = Key::ALL
        .into_iter()
        .map(|key| (distance(&lower, key.word()), key))
        .min_by_key(|(far, _)| *far);
    Fault::UnknownKey {
        word: word.to_owned(),
        meant: nearest.filter(|(far, _)| *far <= 2).map(|(_, key)| key),
    }
}

fn changed(
    known: &SettingsFacts,
    changes: &[(Key, Option<Value>)],
    event: &RoomEvent,
) -> SettingsFacts {
    let mut after = known.clone();
    for (key, value) in changes {
        after.set.retain(|set| set.value.key() != *key);
        after
            .set
            .extend(value.iter().map(|value| crate::domain::facts::SetHere {
                value: value.clone(),
                by: event.sender.to_string(),
            }));
    }
    after
}

/// A room whose longest time is shorter than its quiet time makes no sense, if it was set.
fn contradiction(after: &SettingsFacts) -> Option<String> {
    let in_force = after.in_force();
    let at_most = after.set.iter().find_map(|set| match set.value {
        Value::AtMost(at_most) => Some(at_most),
        _ => None,
    })?;
    (at_most < in_force.quiet).then(|| wording::at_most_is_shorter(at_most, in_force.quiet))
}

impl Fault {
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::UnknownKey { word, meant } => wording::unknown_setting(word, *meant),
            Self::NoValue(key) => wording::setting_without_value(*key),
            Self::Twice(key) => wording::setting_twice(*key),
            Self::BadValue { key, text, fault } => wording::bad_setting(*key, text, *fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rstest::rstest;
    use ruma::{owned_event_id, owned_room_id, owned_user_id};

    use super::*;
    use crate::domain::{event::EventKind, facts::SetHere};

    fn quiet(minutes: u64) -> (Key, Option<Value>) {
        let value = Value::Quiet(Duration::from_mins(minutes));
        (Key::Quiet, Some(value))
    }

    fn at_most(minutes: u64) -> (Key, Option<Value>) {
        let value = Value::AtMost(Duration::from_mins(minutes));
        (Key::AtMost, Some(value))
    }

    fn digest(times: &str) -> (Key, Option<Value>) {
        let value = Value::parse(Key::Digest, times).unwrap();
        (Key::Digest, Some(value))
    }

    #[rstest]
    #[case("quiet 10m", vec![quiet(10)])]
    #[case("quiet=10m", vec![quiet(10)])]
    #[case("quiet = 10m", vec![quiet(10)])]
    #[case("Quiet: 10m", vec![quiet(10)])]
    #[case("quiet 0", vec![quiet(0)])]
    #[case("at-most 1h 30m", vec![at_most(90)])]
    #[case("quiet 10m at_most=1h", vec![quiet(10), at_most(60)])]
    #[case("digest 8:00,16:00", vec![digest("08:00 16:00")])]
    #[case("digest 08:00 16:00 quiet 10m", vec![digest("08:00 16:00"), quiet(10)])]
    #[case("digest: off", vec![digest("off")])]
    #[case("quiet default", vec![(Key::Quiet, None)])]
    #[case("broadcast on", vec![(Key::Broadcast, Some(Value::Broadcast(true)))])]
    fn reads_changes(#[case] text: &str, #[case] changes: Vec<(Key, Option<Value>)>) {
        assert_eq!(Settings::parse(text), Ok(Settings::Change(changes)));
    }

    #[rstest]
    #[case("", &Key::ALL)]
    #[case("digest", &[Key::Digest])]
    #[case("quiet =", &[Key::Quiet])]
    fn reads_what_to_show(#[case] text: &str, #[case] keys: &[Key]) {
        assert_eq!(Settings::parse(text), Ok(Settings::Show(keys.to_vec())));
    }

    #[rstest]
    #[case("quite 10m", Fault::UnknownKey { word: "quite".into(), meant: Some(Key::Quiet) })]
    #[case("10m", Fault::UnknownKey { word: "10m".into(), meant: None })]
    #[case("quiet 10m digest", Fault::NoValue(Key::Digest))]
    #[case("quiet 10m quiet=5m", Fault::Twice(Key::Quiet))]
    #[case("quiet 10", Fault::BadValue { key: Key::Quiet, text: "10".into(), fault: settings::Fault::NoUnit })]
    #[case("quiet soon please", Fault::BadValue { key: Key::Quiet, text: "soon please".into(), fault: settings::Fault::NotADuration })]
    #[case("at_most 8d", Fault::BadValue { key: Key::AtMost, text: "8d".into(), fault: settings::Fault::LongerThanAWeek })]
    #[case("digest 25:00", Fault::BadValue { key: Key::Digest, text: "25:00".into(), fault: settings::Fault::NotTimesOfDay })]
    #[case("notices maybe", Fault::BadValue { key: Key::Notices, text: "maybe".into(), fault: settings::Fault::NotASwitch })]
    fn says_what_is_wrong(#[case] text: &str, #[case] expected: Fault) {
        assert_eq!(Settings::parse(text), Err(expected));
    }

    /// The default is quiet for a minute, at most five.
    #[rstest]
    #[case::longer_than_the_configured(&[], vec![quiet(10)], true)]
    #[case::shorter_than_the_configured(&[], vec![(Key::AtMost, Some(Value::AtMost(Duration::from_secs(30))))], false)]
    #[case::longer_than_what_was_set(&[at_most(5)], vec![quiet(10)], false)]
    #[case::both(&[at_most(5)], vec![quiet(10), at_most(10)], true)]
    #[case::together_wrong(&[], vec![quiet(10), at_most(5)], false)]
    #[case::taken_back(&[quiet(0), (Key::AtMost, Some(Value::AtMost(Duration::from_secs(10))))], vec![(Key::Quiet, None)], false)]
    #[case::both_taken_back(&[quiet(0), at_most(0)], vec![(Key::Quiet, None), (Key::AtMost, None)], true)]
    fn the_longest_time_is_not_the_shorter_one(
        #[case] set: &[(Key, Option<Value>)],
        #[case] changes: Vec<(Key, Option<Value>)>,
        #[case] is_sound: bool,
    ) {
        let event = RoomEvent {
            reason: None,
            is_direct: false,
            id: owned_event_id!("$this"),
            room: owned_room_id!("!room"),
            sender: owned_user_id!("@ann:example.org"),
            sent_at: jiff::Timestamp::UNIX_EPOCH,
            effect: None,
            kind: EventKind::Irrelevant,
        };
        let set = set.iter().filter_map(|(_, value)| value.clone());
        let known = SettingsFacts {
            set: set
                .map(|value| SetHere {
                    value,
                    by: "@ann:example.org".to_owned(),
                })
                .collect(),
            ..SettingsFacts::default()
        };
        let sentence = contradiction(&changed(&known, &changes, &event));
        assert_eq!(sentence.is_none(), is_sound, "{sentence:?}");
    }
}

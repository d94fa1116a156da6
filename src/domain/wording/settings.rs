//! What the bot says of what holds in a room, and of how its letters are written.

use std::time::Duration;

use jiff::{Timestamp, Zoned, tz::TimeZone};

use crate::domain::{
    address::AddressFault,
    facts::{ConversationFacts, LocaleFacts, LocaleSource, SettingsFacts},
    letter::Language,
    settings::{Fault, Key, Settings, Value},
    trust::Leniency,
};

/// One line for each, short enough for a phone.
pub fn settings(keys: &[Key], facts: &SettingsFacts, zone: &TimeZone) -> String {
    let mut lines = vec!["In this room:".to_owned()];
    lines.extend(keys.iter().map(|key| setting(*key, facts, zone)));
    lines.push(
        "\nChange one with `!email settings quiet 10m`; `!email settings quiet default` takes it back."
            .to_owned(),
    );
    lines.join("\n")
}

pub fn settings_changed(keys: &[Key], facts: &SettingsFacts, zone: &TimeZone) -> String {
    let mut lines = vec!["From now on, in this room:".to_owned()];
    lines.extend(keys.iter().map(|key| setting(*key, facts, zone)));
    lines.join("\n")
}

fn setting(key: Key, facts: &SettingsFacts, zone: &TimeZone) -> String {
    let in_force = facts.in_force();
    let value = in_force.value(key);
    let set = facts.set.iter().find(|set| set.value.key() == key);
    let own = set.map_or_else(|| facts.configured.value(key), |set| set.value.clone());
    let from = match set {
        Some(set) if own == value => format!("set here by {}", set.by),
        None if own == value && facts.given.contains(&key) => "from the configuration".to_owned(),
        None if own == value => "the default".to_owned(),
        _ => "because of quiet".to_owned(),
    };
    format!(
        "- `{} {value}` {} ({from})",
        key.word(),
        meaning(&value, &in_force, facts.has_pages, zone)
    )
}

fn meaning(value: &Value, in_force: &Settings, has_pages: bool, zone: &TimeZone) -> String {
    let by_digest = if in_force.digest.is_empty() {
        ""
    } else {
        "; of no effect as long as there is a digest"
    };
    match value {
        Value::Quiet(Duration::ZERO) => {
            format!("every message is a letter of its own, sent at once{by_digest}")
        }
        Value::Quiet(_) => {
            format!("a letter goes when nobody has written for so long{by_digest}")
        }
        Value::AtMost(_) => format!("no message waits longer{by_digest}"),
        Value::Digest(times) if times.is_empty() => "no fixed times of the day".to_owned(),
        Value::Digest(_) => format!("letters go at these times only, {}", zone_name(zone)),
        Value::Notices(true) => "what other bots say goes out, too".to_owned(),
        Value::Notices(false) => "what other bots say stays here".to_owned(),
        Value::Changes(true) => "letters tell who comes and goes".to_owned(),
        Value::Changes(false) => "letters don't tell who comes and goes".to_owned(),
        Value::Broadcast(true) if has_pages => {
            "a newsletter: people can leave by one click".to_owned()
        }
        Value::Broadcast(true) => {
            "a newsletter: people can leave by a mail only, as my configuration has no `public` with \
             an https address, whose pages take one click"
                .to_owned()
        }
        Value::Broadcast(false) => "letters are personal mails".to_owned(),
        Value::Unverified(Leniency::Mark) => {
            "mail of the people here that doesn't prove who sent it is shown, with a mark".to_owned()
        }
        Value::Unverified(Leniency::Hold) => {
            "mail of the people here that doesn't prove who sent it waits for you".to_owned()
        }
        Value::Colleagues(Leniency::Mark) => {
            "proven answers of somebody of their domain are shown, with a mark and ➕".to_owned()
        }
        Value::Colleagues(Leniency::Hold) => {
            "proven answers of somebody of their domain wait for you".to_owned()
        }
    }
}

fn zone_name(zone: &TimeZone) -> String {
    if let Some(name) = zone.iana_name() {
        return name.to_owned();
    }
    match zone.to_fixed_offset() {
        Ok(offset) => offset.to_string(),
        Err(_) => "by the server's clock".to_owned(),
    }
}

pub fn at_most_is_shorter(at_most: Duration, quiet: Duration) -> String {
    let [at_most, quiet] = [Value::AtMost(at_most), Value::Quiet(quiet)];
    format!(
        "That can't be: at_most would be {at_most}, which is shorter than quiet, {quiet}. Set both, \
         for example `!email settings quiet {quiet} at_most {quiet}`. Nothing was changed."
    )
}

pub fn unknown_setting(word: &str, meant: Option<Key>) -> String {
    let hint = meant.map_or_else(String::new, |key| {
        format!(" Did you mean `{}`?", key.word())
    });
    let all = Key::ALL.map(|key| format!("`{}`", key.word())).join(", ");
    format!("There is no setting “{word}”.{hint} There are {all}. Nothing was changed.")
}

pub fn setting_without_value(key: Key) -> String {
    format!("To what? {} Nothing was changed.", for_example(key))
}

pub fn setting_twice(key: Key) -> String {
    format!(
        "`{}` stands there twice; which one is it? Nothing was changed.",
        key.word()
    )
}

pub fn bad_setting(key: Key, text: &str, fault: Fault) -> String {
    let what = match fault {
        Fault::NotADuration => "is not a time",
        Fault::NoUnit => "has no unit: seconds (s), minutes (m), hours (h)?",
        Fault::LongerThanAWeek => "is longer than a week",
        Fault::NotTimesOfDay => "is not one time of the day or several, nor `off`",
        Fault::TooManyTimes => "are more than 24 times of the day",
        Fault::NotASwitch => "is neither `on` nor `off`",
        Fault::NeitherMarkNorHold => "is neither `mark` nor `hold`",
    };
    let end = if what.ends_with('?') { "" } else { "." };
    format!(
        "“{text}” {what}{end} {} Nothing was changed.",
        for_example(key)
    )
}

fn for_example(key: Key) -> String {
    format!(
        "For example: `!email settings {} {}`.",
        key.word(),
        key.example()
    )
}

/// When the open letter goes: "in about 2 minutes", "at 16:00 CET".
pub fn goes(at: Timestamp, now: &Zoned) -> String {
    let seconds = at.duration_since(now.timestamp()).as_secs();
    match seconds {
        ..=0 => return "right now".to_owned(),
        1..60 => return "in less than a minute".to_owned(),
        60..90 => return "in about a minute".to_owned(),
        90..600 => return format!("in about {} minutes", (seconds + 30) / 60),
        600.. => {}
    }
    let at = at.to_zoned(now.time_zone().clone());
    let time = at.strftime("%H:%M %Z");
    if at.date() == now.date() {
        format!("at {time}")
    } else if now
        .date()
        .tomorrow()
        .is_ok_and(|tomorrow| at.date() == tomorrow)
    {
        format!("tomorrow at {time}")
    } else {
        format!("on {} at {time}", at.strftime("%-d %B"))
    }
}

/// Each customer with the language and the zone of their letters.
pub fn locales(customers: &[(&ConversationFacts, &LocaleFacts)]) -> String {
    let mut lines = vec!["Letters are written:".to_owned()];
    for (conversation, locale) in customers {
        let zone = if locale.time_zone.is_empty() {
            "the server's time"
        } else {
            &locale.time_zone
        };
        lines.push(format!(
            "- to {}: in {} ({}), times in {zone} ({})",
            names(conversation),
            locale.language.name(),
            source(locale.language_by),
            source(locale.time_zone_by),
        ));
    }
    lines.join("\n")
}

fn source(source: LocaleSource) -> &'static str {
    match source {
        LocaleSource::Staff => "set by staff",
        LocaleSource::Mail => "as in their last mail",
        LocaleSource::Mailbox => "as the mailbox has it",
    }
}

fn names(conversation: &ConversationFacts) -> String {
    let names: Vec<&str> = conversation
        .people
        .iter()
        .map(|person| person.name.as_str())
        .collect();
    names.join(", ")
}

pub fn language_set(conversation: &ConversationFacts, language: Option<Language>) -> String {
    let names = names(conversation);
    match language {
        Some(language) => format!("Letters to {names} are in {} from now on.", language.name()),
        None => format!(
            "Letters to {names} are in the language of their own mails again, or else the mailbox's."
        ),
    }
}

pub fn unknown_language(text: &str, meant: Option<Language>) -> String {
    let hint = meant.map_or_else(String::new, |meant| {
        format!(" Did you mean `!email language {}`?", meant.tag())
    });
    let all: Vec<String> = Language::ALL
        .iter()
        .map(|language| format!("{} (`{}`)", language.name(), language.tag()))
        .collect();
    format!(
        "I can't write letters in “{text}”.{hint} I know {}. Nothing was changed.",
        all.join(", ")
    )
}

pub fn zone_set(conversation: &ConversationFacts, zone: Option<&str>) -> String {
    let names = names(conversation);
    match zone {
        Some(zone) => format!("Times in letters to {names} are those of {zone} from now on."),
        None => format!(
            "Times in letters to {names} are those of their own mails again, or else the mailbox's."
        ),
    }
}

pub fn unknown_zone(text: &str, near: &[String]) -> String {
    let hint = if near.is_empty() {
        " Write it as `Europe/Paris` or `+02:00`.".to_owned()
    } else {
        let near: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
        format!(" Did you mean {}?", near.join(" or "))
    };
    format!("I know no time zone “{text}”.{hint} Nothing was changed.")
}

pub fn for_whom(command: &str) -> String {
    format!(
        "For whom? There are several customers here: write the address of one behind \
         `!email {command}`; `!email list` shows them. Nothing was changed."
    )
}

pub fn one_at_a_time() -> String {
    "One address at a time, please. Nothing was changed.".to_owned()
}

pub fn not_set_not_an_address(text: &str, fault: AddressFault) -> String {
    format!("“{text}” is not an email address: {fault}. Nothing was changed.")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("2026-11-22T10:00:00Z", "right now")]
    #[case("2026-11-22T09:00:00Z", "right now")]
    #[case("2026-11-22T10:00:40Z", "in less than a minute")]
    #[case("2026-11-22T10:01:10Z", "in about a minute")]
    #[case("2026-11-22T10:02:10Z", "in about 2 minutes")]
    #[case("2026-11-22T10:09:50Z", "in about 10 minutes")]
    #[case("2026-11-22T15:00:00Z", "at 16:00 CET")]
    #[case("2026-11-22T23:00:00Z", "tomorrow at 00:00 CET")]
    #[case("2027-07-01T06:30:00Z", "on 1 July at 08:30 CEST")]
    fn says_when_a_letter_goes(#[case] at: &str, #[case] expected: &str) {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        assert_eq!(goes(at.parse().unwrap(), &now.to_zoned(zone)), expected);
    }
}

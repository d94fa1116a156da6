//! What holds for one room: how its letters are made, what goes into them, and which mail waits for
//! staff.

use std::{fmt, time::Duration};

use jiff::civil::Time;

use super::trust::{Leniency, TrustPolicy};

/// What is in force in a room: what staff have set there, and the configuration for the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How long the room must be quiet before a letter goes; zero sends every message at once.
    pub quiet: Duration,
    /// The longest that a message waits; not less than `quiet`.
    pub at_most: Duration,
    /// Where there are any, letters go at these times of the day (in the mailbox's time zone) and at
    /// no others, but for `!email now`. In order.
    pub digest: Vec<Time>,
    /// Whether what other machines say (`m.notice`) goes to customers.
    pub notices: bool,
    /// Whether customers are told who comes and goes, and what the room is called.
    pub changes: bool,
    /// One speaks to many: letters have List-Id and List-Unsubscribe, and can be left.
    pub broadcast: bool,
    /// Which mail is posted with a mark, and which waits for staff. However lenient a room is: what is
    /// forged, and what strangers write, waits.
    pub trust: TrustPolicy,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            quiet: Duration::from_mins(1),
            at_most: Duration::from_mins(5),
            digest: Vec::new(),
            notices: false,
            changes: false,
            broadcast: false,
            trust: TrustPolicy::default(),
        }
    }
}

impl Settings {
    /// What holds where `set` was set over what is `configured`. Whoever sets only how long a room must
    /// be quiet doesn't want to hear of the longest time, which is never the shorter one.
    #[must_use]
    pub fn in_force<'v>(configured: &Self, set: impl IntoIterator<Item = &'v Value>) -> Self {
        let mut settings = configured.clone();
        for value in set {
            match value {
                Value::Quiet(quiet) => settings.quiet = *quiet,
                Value::AtMost(at_most) => settings.at_most = *at_most,
                Value::Digest(times) => settings.digest.clone_from(times),
                Value::Notices(on) => settings.notices = *on,
                Value::Changes(on) => settings.changes = *on,
                Value::Broadcast(on) => settings.broadcast = *on,
                Value::Unverified(how) => settings.trust.unverified = *how,
                Value::Colleagues(how) => settings.trust.colleagues = *how,
            }
        }
        settings.at_most = settings.at_most.max(settings.quiet);
        settings
    }

    #[must_use]
    pub fn value(&self, key: Key) -> Value {
        match key {
            Key::Quiet => Value::Quiet(self.quiet),
            Key::AtMost => Value::AtMost(self.at_most),
            Key::Digest => Value::Digest(self.digest.clone()),
            Key::Notices => Value::Notices(self.notices),
            Key::Changes => Value::Changes(self.changes),
            Key::Broadcast => Value::Broadcast(self.broadcast),
            Key::Unverified => Value::Unverified(self.trust.unverified),
            Key::Colleagues => Value::Colleagues(self.trust.colleagues),
        }
    }

    /// Whether the letters of both go at the same times.
    #[must_use]
    pub fn has_timing_of(&self, other: &Self) -> bool {
        let timing = |it: &Self| (it.quiet, it.at_most, it.digest.clone());
        timing(self) == timing(other)
    }
}

/// What can be set, by its name in commands, in the configuration and in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Quiet,
    AtMost,
    Digest,
    Notices,
    Changes,
    Broadcast,
    Unverified,
    Colleagues,
}

impl Key {
    /// In the order in which they are shown.
    pub const ALL: [Self; 8] = [
        Self::Quiet,
        Self::AtMost,
        Self::Digest,
        Self::Notices,
        Self::Changes,
        Self::Broadcast,
        Self::Unverified,
        Self::Colleagues,
    ];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::AtMost => "at_most",
            Self::Digest => "digest",
            Self::Notices => "notices",
            Self::Changes => "changes",
            Self::Broadcast => "broadcast",
            Self::Unverified => "unverified",
            Self::Colleagues => "colleagues",
        }
    }

    /// Reads a name in any case, with `_`, `-` or nothing between its words.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let plain = |word: &str| word.replace(['_', '-'], "").to_lowercase();
        let word = plain(word);
        Self::ALL.into_iter().find(|key| plain(key.word()) == word)
    }

    /// A value, as it is typed.
    #[must_use]
    pub fn example(self) -> &'static str {
        match self {
            Self::Quiet => "10m",
            Self::AtMost => "1h",
            Self::Digest => "08:00 16:30",
            Self::Notices | Self::Changes | Self::Broadcast => "on",
            Self::Unverified | Self::Colleagues => "hold",
        }
    }
}

/// A key with its value. Shown as it is typed, and stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Quiet(Duration),
    AtMost(Duration),
    /// In order, each once; empty: no digest.
    Digest(Vec<Time>),
    Notices(bool),
    Changes(bool),
    Broadcast(bool),
    Unverified(Leniency),
    Colleagues(Leniency),
}

/// What is wrong with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    NotADuration,
    /// A number that could be seconds or minutes.
    NoUnit,
    LongerThanAWeek,
    NotTimesOfDay,
    TooManyTimes,
    NotASwitch,
    NeitherMarkNorHold,
}

impl Value {
    /// Reads a value as staff type it: `10m`, `1h 30m`, `0`; `8:00, 16h30`, `off`; `on`, `no`.
    ///
    /// # Errors
    ///
    /// It isn't one of this key.
    pub fn parse(key: Key, text: &str) -> Result<Self, Fault> {
        let text = text.trim().to_lowercase();
        Ok(match key {
            Key::Quiet => Self::Quiet(duration(&text)?),
            Key::AtMost => Self::AtMost(duration(&text)?),
            Key::Digest => Self::Digest(times(&text)?),
            Key::Notices => Self::Notices(switch(&text)?),
            Key::Changes => Self::Changes(switch(&text)?),
            Key::Broadcast => Self::Broadcast(switch(&text)?),
            Key::Unverified => Self::Unverified(leniency(&text)?),
            Key::Colleagues => Self::Colleagues(leniency(&text)?),
        })
    }

    #[must_use]
    pub fn key(&self) -> Key {
        match self {
            Self::Quiet(_) => Key::Quiet,
            Self::AtMost(_) => Key::AtMost,
            Self::Digest(_) => Key::Digest,
            Self::Notices(_) => Key::Notices,
            Self::Changes(_) => Key::Changes,
            Self::Broadcast(_) => Key::Broadcast,
            Self::Unverified(_) => Key::Unverified,
            Self::Colleagues(_) => Key::Colleagues,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quiet(Duration::ZERO) | Self::AtMost(Duration::ZERO) => f.write_str("0"),
            Self::Quiet(span) | Self::AtMost(span) => humantime::format_duration(*span).fmt(f),
            Self::Digest(times) if times.is_empty() => f.write_str("off"),
            Self::Digest(times) => {
                let times: Vec<String> = times
                    .iter()
                    .map(|time| format!("{:02}:{:02}", time.hour(), time.minute()))
                    .collect();
                f.write_str(&times.join(" "))
            }
            Self::Notices(on) | Self::Changes(on) | Self::Broadcast(on) => {
                f.write_str(if *on { "on" } else { "off" })
            }
            Self::Unverified(how) | Self::Colleagues(how) => f.write_str(how.word()),
        }
    }
}

/// A time such as `90s`, `1m 30s` or `0`, at most a week.
///
/// # Errors
///
/// It is none, or longer.
pub fn duration(text: &str) -> Result<Duration, Fault> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Fault::NoUnit);
    }
    let duration = humantime::parse_duration(text).map_err(|_| Fault::NotADuration)?;
    if duration > WEEK {
        return Err(Fault::LongerThanAWeek);
    }
    Ok(duration)
}

/// A time of the day: `8:00`, `08:00`, `8.30`, `8h`, `8h30`.
#[must_use]
pub fn time_of_day(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once([':', '.', 'h'])?;
    let minute = match minute {
        "" if text.ends_with('h') => "00",
        minute => minute,
    };
    let is_number = |part: &str, digits: &[usize]| {
        digits.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
    };
    if !is_number(hour, &[1, 2]) || !is_number(minute, &[2]) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// Times of the day in order, each once.
///
/// # Errors
///
/// They are more than a day has hours.
pub fn in_order(mut times: Vec<Time>) -> Result<Vec<Time>, Fault> {
    times.sort_unstable();
    times.dedup();
    if times.len() > MOST_TIMES {
        return Err(Fault::TooManyTimes);
    }
    Ok(times)
}

fn times(text: &str) -> Result<Vec<Time>, Fault> {
    if matches!(text, "off" | "no" | "none" | "never") {
        return Ok(Vec::new());
    }
    let words = text
        .split([' ', ',', ';', '\t', '\n'])
        .filter(|word| !word.is_empty() && *word != "and");
    let times: Option<Vec<Time>> = words.map(time_of_day).collect();
    match times {
        Some(times) if !times.is_empty() => in_order(times),
        _ => Err(Fault::NotTimesOfDay),
    }
}

fn switch(text: &str) -> Result<bool, Fault> {
    match text {
        "on" | "yes" | "true" | "1" => Ok(true),
        "off" | "no" | "false" | "0" => Ok(false),
        _ => Err(Fault::NotASwitch),
    }
}

fn leniency(text: &str) -> Result<Leniency, Fault> {
    Leniency::parse(text).ok_or(Fault::NeitherMarkNorHold)
}

/// The longest that anything waits.
const WEEK: Duration = Duration::from_hours(7 * 24);
/// Times of the day at which letters may go.
pub const MOST_TIMES: usize = 24;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Key::Quiet, "10m", "10m")]
    #[case(Key::Quiet, " 10M ", "10m")]
    #[case(Key::Quiet, "90s", "1m 30s")]
    #[case(Key::Quiet, "1h 30min", "1h 30m")]
    #[case(Key::Quiet, "0", "0")]
    #[case(Key::Quiet, "0s", "0")]
    #[case(Key::AtMost, "7d", "7days")]
    #[case(Key::Digest, "8:00,16:00", "08:00 16:00")]
    #[case(Key::Digest, "16h30 and 8h", "08:00 16:30")]
    #[case(Key::Digest, "8.30; 08:30", "08:30")]
    #[case(Key::Digest, "0:00 23:59", "00:00 23:59")]
    #[case(Key::Digest, "Off", "off")]
    #[case(Key::Notices, "ON", "on")]
    #[case(Key::Changes, "no", "off")]
    #[case(Key::Broadcast, "true", "on")]
    #[case(Key::Unverified, "Hold", "hold")]
    #[case(Key::Colleagues, "mark", "mark")]
    fn reads_values_and_shows_them(#[case] key: Key, #[case] text: &str, #[case] shown: &str) {
        let value = Value::parse(key, text).unwrap();
        assert_eq!(value.key(), key);
        assert_eq!(value.to_string(), shown);
        assert_eq!(Value::parse(key, shown).as_ref(), Ok(&value), "as stored");
    }

    #[rstest]
    #[case(Key::Quiet, "10", Fault::NoUnit)]
    #[case(Key::Quiet, "", Fault::NotADuration)]
    #[case(Key::Quiet, "soon", Fault::NotADuration)]
    #[case(Key::Quiet, "-5m", Fault::NotADuration)]
    #[case(Key::Quiet, "5,5m", Fault::NotADuration)]
    #[case(Key::Quiet, "8d", Fault::LongerThanAWeek)]
    #[case(Key::AtMost, "99999999999999999999y", Fault::NotADuration)]
    #[case(Key::Digest, "", Fault::NotTimesOfDay)]
    #[case(Key::Digest, "on", Fault::NotTimesOfDay)]
    #[case(Key::Digest, "24:00", Fault::NotTimesOfDay)]
    #[case(Key::Digest, "8:60", Fault::NotTimesOfDay)]
    #[case(Key::Digest, "8:0", Fault::NotTimesOfDay)]
    #[case(Key::Digest, "8:00:00", Fault::NotTimesOfDay)]
    #[case(Key::Digest, "8:00pm", Fault::NotTimesOfDay)]
    #[case(Key::Digest, "8:00 noon", Fault::NotTimesOfDay)]
    #[case(Key::Digest, "８:００", Fault::NotTimesOfDay)]
    #[case(Key::Notices, "perhaps", Fault::NotASwitch)]
    #[case(Key::Broadcast, "", Fault::NotASwitch)]
    #[case(Key::Unverified, "post", Fault::NeitherMarkNorHold)]
    #[case(Key::Colleagues, "on", Fault::NeitherMarkNorHold)]
    fn refuses_what_is_no_value(#[case] key: Key, #[case] text: &str, #[case] fault: Fault) {
        assert_eq!(Value::parse(key, text), Err(fault));
    }

    #[test]
    fn a_digest_has_its_limit() {
        let times = |n: usize| (0..n).map(|n| format!("{}:{:02} ", n % 24, n / 24));
        let fits: String = times(MOST_TIMES).collect();
        assert!(Value::parse(Key::Digest, &fits).is_ok());
        let too_many: String = times(MOST_TIMES + 1).collect();
        let read = Value::parse(Key::Digest, &too_many);
        assert_eq!(read, Err(Fault::TooManyTimes));
    }

    #[rstest]
    #[case("quiet", Some(Key::Quiet))]
    #[case("At-Most", Some(Key::AtMost))]
    #[case("atmost", Some(Key::AtMost))]
    #[case("silence", None)]
    #[case("", None)]
    fn reads_keys(#[case] word: &str, #[case] key: Option<Key>) {
        assert_eq!(Key::parse(word), key);
    }

    #[test]
    fn what_is_set_stands_over_what_is_configured() {
        let configured = Settings::default();
        assert_eq!(Settings::in_force(&configured, []), configured);
        let quiet = Value::Quiet(Duration::from_mins(10));
        let settings = Settings::in_force(&configured, [&quiet]);
        assert_eq!(settings.value(Key::Quiet), quiet);
        assert_eq!(settings.at_most, Duration::from_mins(10), "it gives way");
        assert!(!settings.has_timing_of(&configured));
        let settings = Settings::in_force(&configured, [&Value::Broadcast(true)]);
        assert!(settings.broadcast && settings.has_timing_of(&configured));
        let settings = Settings::in_force(&configured, [&Value::Unverified(Leniency::Hold)]);
        let stricter = TrustPolicy {
            unverified: Leniency::Hold,
            ..TrustPolicy::default()
        };
        assert!(settings.trust == stricter && settings.has_timing_of(&configured));
    }
}

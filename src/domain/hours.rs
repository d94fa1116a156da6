//! When somebody is there to answer: hours of each weekday, holidays, and the time between two moments
//! that lies within them.

use std::time::Duration;

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Weekday},
    tz::TimeZone,
};

use super::settings::time_of_day;
use crate::content::days::Days;

/// Business hours of a week, less the holidays. By the clock of the mailbox, unless a zone of its own is
/// set.
#[derive(Debug, Clone, PartialEq)]
pub struct Hours {
    /// From Monday on.
    pub week: [Open; 7],
    pub holidays: Vec<Days>,
    pub zone: Option<TimeZone>,
}

/// When it is open on one weekday: in order, without overlaps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Open(Vec<Span>);

/// Minutes since midnight; the end, at most 1440, is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    from: i16,
    to: i16,
}

/// What is wrong with the hours of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It isn't two times with a hyphen between them.
    NotASpan,
    /// It ends before it begins.
    Backwards,
    Overlap,
}

impl Default for Hours {
    /// Monday to Friday from nine to five, and no holidays.
    fn default() -> Self {
        let day = Open(vec![Span {
            from: 9 * 60,
            to: 17 * 60,
        }]);
        let week = std::array::from_fn(|day_of_week| match day_of_week {
            0..5 => day.clone(),
            _ => Open::default(),
        });
        Self {
            week,
            holidays: Vec::new(),
            zone: None,
        }
    }
}

impl Open {
    /// Reads `09:00-17:00`, `9:00-12:00, 13:00-17:30` or `closed`.
    ///
    /// # Errors
    ///
    /// Says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("closed") {
            return Ok(Self::default());
        }
        let mut spans = text
            .split(',')
            .map(span)
            .collect::<Result<Vec<Span>, Fault>>()?;
        spans.sort_by_key(|span| span.from);
        let overlaps = spans.windows(2).any(|pair| pair[1].from < pair[0].to);
        if overlaps {
            return Err(Fault::Overlap);
        }
        Ok(Self(spans))
    }
}

fn span(text: &str) -> Result<Span, Fault> {
    let (from, to) = text.split_once(['-', '–']).ok_or(Fault::NotASpan)?;
    let minutes = |text: &str| match text.trim() {
        "24:00" | "24.00" | "24h" => Some(24 * 60),
        text => {
            time_of_day(text).map(|time| i16::from(time.hour()) * 60 + i16::from(time.minute()))
        }
    };
    let (from, to) = minutes(from).zip(minutes(to)).ok_or(Fault::NotASpan)?;
    if from >= to {
        return Err(Fault::Backwards);
    }
    Ok(Span { from, to })
}

/// Further than that nobody looks for the next opening, and longer nothing waits.
const MOST_DAYS: usize = 3 * 366;

impl Hours {
    /// Whether somebody is there. `zone` is the mailbox's.
    #[must_use]
    pub fn is_open(&self, at: Timestamp, zone: &TimeZone) -> bool {
        let zone = self.zone.as_ref().unwrap_or(zone);
        let day = at.to_zoned(zone.clone()).date();
        self.spans(day, zone)
            .any(|(from, to)| from <= at && at < to)
    }

    /// How much of the time between two moments lies within business hours; of the first three years.
    #[must_use]
    pub fn open_between(&self, from: Timestamp, to: Timestamp, zone: &TimeZone) -> Duration {
        let zone = self.zone.as_ref().unwrap_or(zone);
        let mut sum = SignedDuration::ZERO;
        for day in days_from(from, zone) {
            let mut is_over = true;
            for (opens, closes) in self.spans(day, zone) {
                let (opens, closes) = (opens.max(from), closes.min(to));
                if opens < closes {
                    sum += closes.duration_since(opens);
                }
            }
            if let Some(midnight) = start_of(day.tomorrow().unwrap_or(day), zone) {
                is_over = midnight >= to;
            }
            if is_over {
                break;
            }
        }
        sum.unsigned_abs()
    }

    /// When it opens next, or `at` if it is open then; `None` if it never does.
    #[must_use]
    pub fn next_opening(&self, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let zone = self.zone.as_ref().unwrap_or(zone);
        days_from(at, zone).find_map(|day| {
            let mut later = self.spans(day, zone).filter(|(_, to)| *to > at);
            later.next().map(|(from, _)| from.max(at))
        })
    }

    /// When it is open on a day, by the clock of `zone`.
    fn spans<'h>(
        &'h self,
        day: Date,
        zone: &'h TimeZone,
    ) -> impl Iterator<Item = (Timestamp, Timestamp)> + 'h {
        let is_holiday = self.holidays.iter().any(|holiday| holiday.contain(day));
        let index = match day.weekday() {
            Weekday::Monday => 0,
            Weekday::Tuesday => 1,
            Weekday::Wednesday => 2,
            Weekday::Thursday => 3,
            Weekday::Friday => 4,
            Weekday::Saturday => 5,
            Weekday::Sunday => 6,
        };
        let spans = if is_holiday {
            &[]
        } else {
            self.week[index].0.as_slice()
        };
        spans
            .iter()
            .filter_map(move |span| moment(day, span.from, zone).zip(moment(day, span.to, zone)))
    }
}

fn days_from(at: Timestamp, zone: &TimeZone) -> impl Iterator<Item = Date> {
    let first = at.to_zoned(zone.clone()).date();
    std::iter::successors(Some(first), |day| day.tomorrow().ok()).take(MOST_DAYS)
}

fn start_of(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    moment(day, 0, zone)
}

/// The moment at which a clock shows so many minutes after midnight; where it is put forward then, the
/// one after.
fn moment(day: Date, minutes: i16, zone: &TimeZone) -> Option<Timestamp> {
    let (day, minutes) = if minutes == 24 * 60 {
        (day.tomorrow().ok()?, 0)
    } else {
        (day, minutes)
    };
    let hour = i8::try_from(minutes / 60).ok()?;
    let minute = i8::try_from(minutes % 60).ok()?;
    let shown = day.at(hour, minute, 0, 0).to_zoned(zone.clone()).ok()?;
    Some(shown.timestamp())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use rstest::rstest;

    use super::*;

    fn paris() -> TimeZone {
        TimeZone::get("Europe/Paris").unwrap()
    }

    /// A moment by the clocks of Paris.
    fn at(text: &str) -> Timestamp {
        let shown: jiff::civil::DateTime = text.parse().unwrap();
        shown.to_zoned(paris()).unwrap().timestamp()
    }

    fn hours() -> Hours {
        let mut hours = Hours {
            holidays: vec![
                Days::one(date(2020, 12, 25), true),
                Days::one(date(2026, 11, 24), false),
            ],
            ..Hours::default()
        };
        hours.week[4] = Open::parse("9:00-12:00, 13:00-16:00").unwrap();
        hours
    }

    #[rstest]
    #[case::monday_at_nine("2026-11-23 09:00", true)]
    #[case::before("2026-11-23 08:59", false)]
    #[case::at_five("2026-11-23 17:00", false)]
    #[case::holiday("2026-11-24 10:00", false)]
    #[case::friday_at_noon("2026-11-27 12:30", false)]
    #[case::friday_after("2026-11-27 13:00", true)]
    #[case::saturday("2026-11-28 10:00", false)]
    #[case::christmas("2026-12-25 10:00", false)]
    fn tells_when_it_is_open(#[case] moment: &str, #[case] expected: bool) {
        assert_eq!(hours().is_open(at(moment), &paris()), expected);
    }

    #[rstest]
    #[case::within_a_day("2026-11-23 10:00", "2026-11-23 11:30", 90)]
    #[case::over_night("2026-11-25 16:00", "2026-11-26 10:00", 120)]
    #[case::over_a_holiday("2026-11-23 16:00", "2026-11-25 10:00", 120)]
    #[case::over_noon("2026-11-27 11:00", "2026-11-27 14:00", 120)]
    #[case::over_the_week_end("2026-11-27 15:00", "2026-11-30 10:00", 120)]
    #[case::a_whole_week("2026-11-30 00:00", "2026-12-07 00:00", 4 * 480 + 360)]
    #[case::outside("2026-11-28 00:00", "2026-11-29 23:00", 0)]
    #[case::backwards("2026-11-23 11:00", "2026-11-23 10:00", 0)]
    fn counts_business_time(#[case] from: &str, #[case] to: &str, #[case] minutes: u64) {
        let open = hours().open_between(at(from), at(to), &paris());
        assert_eq!(open, Duration::from_mins(minutes));
    }

    /// The clocks of Paris went back at 03:00 on 25 October 2026.
    #[test]
    fn an_hour_that_comes_twice_counts_twice() {
        let mut hours = Hours::default();
        hours.week[6] = Open::parse("00:00-24:00").unwrap();
        let open = hours.open_between(at("2026-10-25 00:00"), at("2026-10-26 00:00"), &paris());
        assert_eq!(open, Duration::from_hours(25));
    }

    #[rstest]
    #[case::now("2026-11-23 09:30", Some("2026-11-23 09:30"))]
    #[case::in_the_morning("2026-11-23 08:00", Some("2026-11-23 09:00"))]
    #[case::after_the_holiday("2026-11-23 17:00", Some("2026-11-25 09:00"))]
    fn finds_the_next_opening(#[case] moment: &str, #[case] expected: Option<&str>) {
        assert_eq!(hours().next_opening(at(moment), &paris()), expected.map(at));
    }

    #[test]
    fn what_is_never_open_ends() {
        let hours = Hours {
            week: std::array::from_fn(|_| Open::default()),
            ..Hours::default()
        };
        assert_eq!(hours.next_opening(at("2026-11-23 08:00"), &paris()), None);
        let open = hours.open_between(at("2020-01-01 00:00"), at("2026-11-23 08:00"), &paris());
        assert_eq!(open, Duration::ZERO);
    }

    #[test]
    fn a_zone_of_its_own_counts() {
        let hours = Hours {
            zone: Some(TimeZone::UTC),
            ..Hours::default()
        };
        assert!(!hours.is_open(at("2026-11-23 09:30"), &paris()));
        assert!(hours.is_open(at("2026-11-23 10:00"), &paris()));
    }

    #[rstest]
    #[case("closed", true)]
    #[case("9:00-17:00", true)]
    #[case("09:00 – 12:00,13.00-24:00", true)]
    #[case("9-17", false)]
    #[case("17:00-9:00", false)]
    #[case("9:00-12:00, 11:00-13:00", false)]
    #[case("", false)]
    fn reads_hours(#[case] text: &str, #[case] is_read: bool) {
        assert_eq!(Open::parse(text).is_ok(), is_read);
    }
}

//! When an open letter goes.

use std::time::Duration;

use jiff::{Timestamp, civil::Time, tz::TimeZone};

use super::settings::Settings;

/// A letter that waits already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// When its first message came.
    pub at: Timestamp,
    /// The promise that it has been given: it goes no later than that. `None` if staff have just
    /// asked for other times.
    pub latest: Option<Timestamp>,
}

/// When a letter is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Departure {
    /// When it goes if nothing more comes.
    pub due: Timestamp,
    /// When it goes whatever comes.
    pub latest: Timestamp,
}

/// When the letter goes that holds a message which came `now`, or whose room's settings were changed
/// now. `opened` is what is known of it from before: `None` for its first message. Times of the day
/// are those of `zone`.
///
/// The clock may jump. A letter is never lost by it, as its times stay in the store; after a jump
/// forward it goes early; after a jump back it never waits longer than a new one would, as what was
/// opened in the future counts as opened now. Neither time is ever before `now`, and `due` is never
/// after `latest`.
#[must_use]
pub fn departure(
    now: Timestamp,
    opened: Option<Opened>,
    settings: &Settings,
    zone: &TimeZone,
) -> Departure {
    let promised = opened
        .and_then(|opened| opened.latest)
        .unwrap_or(Timestamp::MAX);
    let latest_of = |latest: Timestamp| latest.min(promised).max(now);
    if let Some(digest) = next(now, &settings.digest, zone) {
        let latest = latest_of(digest);
        return Departure {
            due: latest,
            latest,
        };
    }
    let opened_at = opened.map_or(now, |opened| opened.at.min(now));
    let latest = latest_of(after(opened_at, settings.at_most));
    Departure {
        due: after(now, settings.quiet).min(latest),
        latest,
    }
}

/// The first moment from `now` on at which a clock in `zone` shows one of these times; `None` if there
/// are none. A time that a clock skips when it is put forward comes as much later; one that it shows
/// twice counts the first time.
fn next(now: Timestamp, times: &[Time], zone: &TimeZone) -> Option<Timestamp> {
    let today = now.to_zoned(zone.clone()).date();
    // A time of yesterday that was skipped may come today, and a time of today may be over.
    let days = [today.yesterday().ok(), Some(today), today.tomorrow().ok()];
    let moments = days.into_iter().flatten().flat_map(|day| {
        let of_day = |time: &Time| zone.to_timestamp(day.to_datetime(*time)).ok();
        times.iter().filter_map(of_day).collect::<Vec<_>>()
    });
    moments.filter(|moment| *moment >= now).min()
}

fn after(moment: Timestamp, span: Duration) -> Timestamp {
    moment.saturating_add(span).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const PARIS: &str = "Europe/Paris";

    fn settings(quiet: u64, at_most: u64, digest: &[&str]) -> Settings {
        Settings {
            quiet: Duration::from_secs(quiet),
            at_most: Duration::from_secs(at_most),
            digest: digest.iter().map(|time| time.parse().unwrap()).collect(),
            ..Settings::default()
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn opened(times: Option<(&str, &str)>) -> Option<Opened> {
        times.map(|(opened, latest)| Opened {
            at: at(opened),
            latest: (!latest.is_empty()).then(|| at(latest)),
        })
    }

    /// Quiet for a minute, at most five.
    #[rstest]
    #[case::the_first_message("10:00:00", None, "10:01:00", "10:05:00")]
    #[case::the_next_one("10:00:30", Some(("10:00:00", "10:05:00")), "10:01:30", "10:05:00")]
    #[case::the_last_that_can_wait("10:04:30", Some(("10:00:00", "10:05:00")), "10:05:00", "10:05:00")]
    #[case::it_should_have_gone("10:06:00", Some(("10:00:00", "10:05:00")), "10:06:00", "10:06:00")]
    #[case::longer_was_allowed("10:00:30", Some(("10:00:00", "10:30:00")), "10:01:30", "10:05:00")]
    #[case::shorter_was_promised("10:00:30", Some(("10:00:00", "10:01:00")), "10:01:00", "10:01:00")]
    #[case::the_digest_is_off("10:30:00", Some(("10:00:00", "16:00:00")), "10:30:00", "10:30:00")]
    #[case::the_clock_went_back("09:00:10", Some(("10:00:00", "10:05:00")), "09:01:10", "09:05:10")]
    #[case::the_clock_went_forward("23:00:00", Some(("10:00:00", "10:05:00")), "23:00:00", "23:00:00")]
    fn after_a_quiet_time(
        #[case] now: &str,
        #[case] before: Option<(&str, &str)>,
        #[case] due: &str,
        #[case] latest: &str,
    ) {
        let day = |time: &str| format!("2026-11-22T{time}Z");
        let before = before.map(|(opened, latest)| (day(opened), day(latest)));
        let before = before.as_ref().map(|(one, other)| (&**one, &**other));
        let zone = TimeZone::UTC;
        let got = departure(
            at(&day(now)),
            opened(before),
            &settings(60, 300, &[]),
            &zone,
        );
        assert_eq!(got.due, at(&day(due)));
        assert_eq!(got.latest, at(&day(latest)));
    }

    #[rstest]
    #[case::before_it("2026-11-22T06:00:00Z", &["08:00", "16:30"], PARIS, "2026-11-22T07:00:00Z")]
    #[case::between("2026-11-22T07:00:01Z", &["08:00", "16:30"], PARIS, "2026-11-22T15:30:00Z")]
    #[case::after_the_last("2026-11-22T15:30:01Z", &["08:00", "16:30"], PARIS, "2026-11-23T07:00:00Z")]
    #[case::on_the_minute("2026-11-22T07:00:00Z", &["08:00"], PARIS, "2026-11-22T07:00:00Z")]
    #[case::a_moment_after("2026-11-22T07:00:00.001Z", &["08:00"], PARIS, "2026-11-23T07:00:00Z")]
    #[case::midnight("2026-11-22T22:59:00Z", &["00:00"], PARIS, "2026-11-22T23:00:00Z")]
    #[case::at_midnight("2026-11-22T23:00:00Z", &["00:00"], PARIS, "2026-11-22T23:00:00Z")]
    #[case::the_last_minute("2026-11-22T22:59:30Z", &["23:59"], PARIS, "2026-11-23T22:59:00Z")]
    #[case::new_year("2026-12-31T22:59:30Z", &["08:00"], PARIS, "2027-01-01T07:00:00Z")]
    #[case::leap_day("2028-02-28T20:00:00Z", &["08:00"], PARIS, "2028-02-29T07:00:00Z")]
    #[case::no_leap_day("2027-02-28T20:00:00Z", &["08:00"], PARIS, "2027-03-01T07:00:00Z")]
    // 28 March 2027: after 01:59 comes 03:00.
    #[case::put_forward("2027-03-27T20:00:00Z", &["08:00"], PARIS, "2027-03-28T06:00:00Z")]
    #[case::skipped("2027-03-28T00:00:00Z", &["02:30"], PARIS, "2027-03-28T01:30:00Z")]
    #[case::skipped_and_over("2027-03-28T01:30:01Z", &["02:30"], PARIS, "2027-03-29T00:30:00Z")]
    // 31 October 2027: after 02:59 comes 02:00 again.
    #[case::put_back("2027-10-30T20:00:00Z", &["08:00"], PARIS, "2027-10-31T07:00:00Z")]
    #[case::the_first_of_two("2027-10-31T00:10:00Z", &["02:30"], PARIS, "2027-10-31T00:30:00Z")]
    #[case::not_the_second("2027-10-31T00:40:00Z", &["02:30"], PARIS, "2027-11-01T01:30:00Z")]
    // On 8 March 2026 clocks in Havana go from 00:00 to 01:00.
    #[case::midnight_skipped("2026-03-08T04:59:00Z", &["00:00"], "America/Havana", "2026-03-08T05:00:00Z")]
    // There was no 30 December 2011 in Apia.
    #[case::a_day_skipped("2011-12-30T09:59:00Z", &["08:00"], "Pacific/Apia", "2011-12-30T18:00:00Z")]
    #[case::half_an_hour("2026-11-22T02:29:59Z", &["08:00"], "Asia/Kolkata", "2026-11-22T02:30:00Z")]
    fn at_times_of_the_day(
        #[case] now: &str,
        #[case] digest: &[&str],
        #[case] zone: &str,
        #[case] due: &str,
    ) {
        let zone = TimeZone::get(zone).unwrap();
        let got = departure(at(now), None, &settings(60, 300, digest), &zone);
        let due = at(due);
        assert_eq!(got, Departure { due, latest: due });
    }

    #[rstest]
    #[case::waits_on("10:00", Some(("09:00", "16:00")), "16:00")]
    #[case::is_not_held_back("16:01", Some(("09:00", "16:00")), "16:01")]
    #[case::came_before_the_digest("10:00", Some(("09:58", "10:03")), "10:03")]
    #[case::the_digest_is_new("10:00", Some(("09:58", "")), "16:00")]
    #[case::the_clock_went_back("10:00", Some(("17:00", "23:00")), "16:00")]
    fn a_digest_keeps_what_was_promised(
        #[case] now: &str,
        #[case] before: Option<(&str, &str)>,
        #[case] due: &str,
    ) {
        let day = |time: &str| match time {
            "" => String::new(),
            time => format!("2026-11-22T{time}:00Z"),
        };
        let before = before.map(|(opened, latest)| (day(opened), day(latest)));
        let before = before.as_ref().map(|(one, other)| (&**one, &**other));
        let settings = settings(60, 300, &["16:00"]);
        let got = departure(at(&day(now)), opened(before), &settings, &TimeZone::UTC);
        assert_eq!(got.due, at(&day(due)));
        assert_eq!(got.latest, got.due, "nothing puts a digest off");
    }

    #[test]
    fn the_ends_of_time_are_times_too() {
        let digest = settings(60, 300, &["08:00"]);
        for zone in [TimeZone::UTC, TimeZone::get(PARIS).unwrap()] {
            for now in [Timestamp::MIN, Timestamp::MAX] {
                let plain = settings(60, 300, &[]);
                assert!(departure(now, None, &plain, &zone).due >= now);
                assert!(departure(now, None, &digest, &zone).due >= now);
            }
        }
    }

    proptest! {
        /// Whatever the clock does between the messages of a letter, it goes at last, and not later
        /// than one that is opened now.
        #[test]
        fn no_letter_is_held_for_ever(
            quiet in 0_u64..700_000, longer in 0_u64..700_000, is_digest in any::<bool>(),
            clock in proptest::collection::vec(-100_000_000_i64..5_000_000_000, 1..8),
        ) {
            let digest: &[&str] = if is_digest { &["08:00", "02:30"] } else { &[] };
            let settings = settings(quiet, quiet + longer, digest);
            let zone = TimeZone::get(PARIS).unwrap();
            let mut before: Option<Opened> = None;
            for seconds in clock {
                let now = Timestamp::from_second(seconds).unwrap();
                let got = departure(now, before, &settings, &zone);
                let fresh = departure(now, None, &settings, &zone);
                prop_assert!(now <= got.due && got.due <= got.latest);
                prop_assert!(got.latest <= fresh.latest);
                if is_digest {
                    prop_assert!(got.due <= now + SignedDuration::from_hours(25));
                }
                let at = before.map_or(now, |opened| opened.at.min(now));
                before = Some(Opened { at, latest: Some(got.latest) });
            }
        }
    }
}

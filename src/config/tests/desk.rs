//! When somebody is there to answer.

use jiff::{Timestamp, tz::TimeZone};

use super::*;

fn with(lines: &str) -> String {
    format!("{GOOD}desk: {lines}\n")
}

fn at(text: &str) -> Timestamp {
    let shown: jiff::civil::DateTime = text.parse().unwrap();
    shown.to_zoned(TimeZone::UTC).unwrap().timestamp()
}

#[test]
fn days_that_are_not_given_stay_as_they_are() {
    let folder = folder();
    let calendar = "BEGIN:VEVENT\nDTSTART;VALUE=DATE:20261126\nEND:VEVENT\n";
    fs::write(folder.path().join("days.ics"), calendar).unwrap();
    let source = with(
        "{remind_after: 8h, hours: {friday: \"8:00-12:00\", saturday: \"10:00-12:00\", time_zone: \
         Europe/Paris, holidays: [\"2026-11-24\", \"11-25\"], calendar: days.ics}}",
    );
    let desk = read(&folder, &source, &[]).unwrap().desk;
    assert_eq!(desk.remind_after, Some(Duration::from_hours(8)));
    // Paris is an hour ahead.
    for (moment, expected) in [
        ("2026-11-23 08:00", true),
        ("2026-11-23 16:00", false),
        ("2026-11-24 10:00", false),
        ("2027-11-25 10:00", false),
        ("2026-11-26 10:00", false),
        ("2026-11-27 07:00", true),
        ("2026-11-27 11:30", false),
        ("2026-11-28 10:00", true),
    ] {
        assert_eq!(
            desk.hours.is_open(at(moment), &TimeZone::UTC),
            expected,
            "{moment}"
        );
    }
}

#[test]
fn a_mailbox_may_have_hours_of_its_own() {
    let source = but(
        "    language: en\n",
        "    language: en\n    hours: {monday: closed}\n",
    );
    let config = read(&folder(), &source, &[]).unwrap();
    let own = config.mailboxes[0].hours.as_ref().unwrap();
    assert!(!own.is_open(at("2026-11-23 10:00"), &TimeZone::UTC));
    assert!(own.is_open(at("2026-11-24 10:00"), &TimeZone::UTC));
    assert_eq!(config.mailboxes[1].hours, None);
    assert_eq!(config.desk, Desk::default());
}

/// What a mailbox doesn't say of its own holds as for all.
#[test]
fn the_hours_of_a_mailbox_stand_over_those_of_the_desk() {
    let folder = folder();
    for (name, day) in [("all.ics", "20261126"), ("own.ics", "20261130")] {
        let calendar = format!("BEGIN:VEVENT\nDTSTART;VALUE=DATE:{day}\nEND:VEVENT\n");
        fs::write(folder.path().join(name), calendar).unwrap();
    }
    let all = with(
        "{hours: {friday: \"8:00-12:00\", time_zone: Europe/Paris, holidays: [\"2026-11-24\"], \
         calendar: all.ics}}",
    );
    let open = |own: &str, moment: &str| {
        let own = format!("    hours: {own}\n");
        let source = all.replacen("    language: en\n", &own, 1);
        let config = read(&folder, &source, &[]).unwrap();
        let hours = config.mailboxes[0].hours.clone().unwrap();
        hours.is_open(at(moment), &TimeZone::UTC)
    };
    for (own, moment, expected) in [
        ("{monday: closed}", "2026-11-23 10:00", false),
        // Paris is an hour ahead.
        ("{monday: closed}", "2026-11-25 08:00", true),
        ("{monday: closed}", "2026-11-27 11:30", false),
        ("{monday: closed}", "2026-11-24 10:00", false),
        ("{monday: closed}", "2026-11-26 10:00", false),
        ("{time_zone: Europe/London}", "2026-11-25 08:00", false),
        ("{friday: 09:00-17:00}", "2026-11-27 11:30", true),
        ("{holidays: [\"2026-11-25\"]}", "2026-11-24 10:00", true),
        ("{holidays: [\"2026-11-25\"]}", "2026-11-25 10:00", false),
        ("{holidays: [\"2026-11-25\"]}", "2026-11-26 10:00", false),
        ("{holidays: []}", "2026-11-24 10:00", true),
        ("{calendar: own.ics}", "2026-11-26 10:00", true),
        ("{calendar: own.ics}", "2026-11-30 10:00", false),
        ("{calendar: own.ics}", "2026-11-24 10:00", false),
    ] {
        assert_eq!(open(own, moment), expected, "{own} {moment}");
    }
}

#[rstest]
#[case("50", Some(50))]
#[case("100", Some(100))]
#[case("0", None)]
#[case("-1", None)]
#[case("moderator", None)]
fn power_makes_staff(#[case] level: &str, #[case] expected: Option<i64>) {
    let source = format!("{GOOD}staff_power_level: {level}\n");
    let config = read(&folder(), &source, &[]);
    assert_eq!(
        config.ok().and_then(|config| config.staff_power_level),
        expected
    );
}

#[rstest]
#[case(
    "{hours: {monday: \"9-17\"}}",
    "desk.hours.monday: \"9-17\" is not from one time of the day"
)]
#[case("{hours: {monday: \"17:00-9:00\"}}", "ends before it begins")]
#[case("{hours: {munday: closed}}", "did you mean \"monday\"?")]
#[case("{hours: {holidays: [\"24.12.\"]}}", "or \"12-25\" for every year")]
#[case(
    "{hours: {calendar: none.ics}}",
    "desk.hours.calendar: cannot read none.ics: No such file or directory (os error 2); put the \
     file there, readable for Postroom's user, or correct the name"
)]
#[case(
    "{hours: {calendar: \"https://example.org/holidays.ics\"}}",
    "download the calendar, and write the name of the file"
)]
#[case(
    "{hours: {time_zone: Europe/Berln}}",
    "did you mean \"Europe/Berlin\"?"
)]
#[case(
    "{hours: {calendar: registration.yaml}}",
    "has no event that lasts a whole day"
)]
#[case("{hours: {time_zone: Mars}}", "\"Mars\" is not a time zone")]
#[case("{remind_after: soon}", "desk.remind_after: \"soon\" is not a time")]
fn says_what_is_wrong_with_hours(#[case] lines: &str, #[case] part: &str) {
    let told = complaints(&with(lines), &[]);
    assert!(told.contains(part), "{told}");
}

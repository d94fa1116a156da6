//! Dates, times, sizes and other figures, as each language writes them.

use jiff::{
    Zoned,
    civil::{Date, Weekday},
};

use crate::domain::letter::Language;

/// "12 November 2026", "1er novembre 2026", "12. November 2026".
#[must_use]
pub fn date(at: &Zoned, language: Language) -> String {
    civil_date(at.date(), language)
}

/// The same of a day without a zone.
#[must_use]
pub fn civil_date(date: Date, language: Language) -> String {
    format!("{} {}", day_and_month(date, language), date.year())
}

/// "Tuesday 3 March 2026", "mardi 3 mars 2026", "Dienstag, 3. März 2026".
#[must_use]
pub fn day(date: Date, language: Language) -> String {
    let (weekday, date) = (
        weekday(date.weekday(), language),
        civil_date(date, language),
    );
    match language {
        Language::English | Language::French => format!("{weekday} {date}"),
        Language::German => format!("{weekday}, {date}"),
    }
}

/// "14:05", in every language.
#[must_use]
pub fn time(at: &Zoned) -> String {
    at.strftime("%H:%M").to_string()
}

/// When something was written, in a letter of `letter_date` and in its zone: the time alone on the
/// same day, else with the day of the week, and with the year where that is another one.
#[must_use]
pub fn entry_time(at: &Zoned, letter_date: &Zoned, language: Language) -> String {
    let at = at.with_time_zone(letter_date.time_zone().clone());
    if at.date() == letter_date.date() {
        return time(&at);
    }
    let day = if at.year() == letter_date.year() {
        day_and_month(at.date(), language)
    } else {
        date(&at, language)
    };
    let weekday = weekday(at.date().weekday(), language);
    match language {
        Language::English | Language::German => format!("{weekday}, {day}, {}", time(&at)),
        Language::French => format!("{weekday} {day}, {}", time(&at)),
    }
}

/// A size as people read it: "1.2 MB", "1,2 Mo".
#[must_use]
pub fn size(octets: u64, language: Language) -> String {
    let (octet, units) = match language {
        Language::English => (
            if octets == 1 { "byte" } else { "bytes" },
            ["kB", "MB", "GB"],
        ),
        Language::French => (
            if octets < 2 { "octet" } else { "octets" },
            ["ko", "Mo", "Go"],
        ),
        Language::German => (
            if octets == 1 { "Byte" } else { "Bytes" },
            ["kB", "MB", "GB"],
        ),
    };
    // A figure and its unit stay on one line where that is good manners.
    let space = match language {
        Language::English => ' ',
        Language::French | Language::German => '\u{a0}',
    };
    if octets < 1_000 {
        return format!("{octets}{space}{octet}");
    }
    let unit = match octets {
        0..999_500 => 0,
        999_500..999_950_000 => 1,
        _ => 2,
    };
    let (octets_in_unit, unit) = ([1_000, 1_000_000, 1_000_000_000][unit], units[unit]);
    let rounded = |parts: u128| (u128::from(octets) * parts + octets_in_unit / 2) / octets_in_unit;
    let tenths = rounded(10);
    if tenths >= 1_000 || tenths.is_multiple_of(10) || octets_in_unit == 1_000 {
        return format!("{}{space}{unit}", rounded(1));
    }
    let point = match language {
        Language::English => '.',
        Language::French | Language::German => ',',
    };
    format!("{}{point}{}{space}{unit}", tenths / 10, tenths % 10)
}

/// How long a sound lasts: "0:42", "1:02:03".
#[must_use]
pub fn duration(millis: u64) -> String {
    let seconds = millis.saturating_add(500) / 1_000;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

fn day_and_month(date: Date, language: Language) -> String {
    let (day, month) = (date.day(), month(date, language));
    match language {
        Language::French if day == 1 => format!("1er {month}"),
        Language::English | Language::French => format!("{day} {month}"),
        Language::German => format!("{day}. {month}"),
    }
}

fn month(date: Date, language: Language) -> &'static str {
    let names = match language {
        Language::English => ENGLISH_MONTHS,
        Language::French => FRENCH_MONTHS,
        Language::German => GERMAN_MONTHS,
    };
    names[usize::try_from(date.month() - 1).unwrap_or_default()]
}

#[must_use]
pub fn weekday(day: Weekday, language: Language) -> &'static str {
    let names = match language {
        Language::English => ENGLISH_DAYS,
        Language::French => FRENCH_DAYS,
        Language::German => GERMAN_DAYS,
    };
    names[usize::try_from(day.to_monday_zero_offset()).unwrap_or_default()]
}

#[rustfmt::skip]
const ENGLISH_MONTHS: [&str; 12] = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
];
#[rustfmt::skip]
const FRENCH_MONTHS: [&str; 12] = [
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
    "octobre", "novembre", "décembre",
];
#[rustfmt::skip]
const GERMAN_MONTHS: [&str; 12] = [
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September",
    "Oktober", "November", "Dezember",
];
#[rustfmt::skip]
const ENGLISH_DAYS: [&str; 7] = [
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
];
#[rustfmt::skip]
const FRENCH_DAYS: [&str; 7] = [
    "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche",
];
#[rustfmt::skip]
const GERMAN_DAYS: [&str; 7] = [
    "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag",
];

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn zoned(text: &str) -> Zoned {
        text.parse().unwrap()
    }

    #[rstest]
    #[case(Language::English, "1 March 2026")]
    #[case(Language::French, "1er mars 2026")]
    #[case(Language::German, "1. März 2026")]
    fn dates(#[case] language: Language, #[case] expected: &str) {
        assert_eq!(
            date(&zoned("2026-03-01T09:00[Europe/Paris]"), language),
            expected
        );
    }

    #[rstest]
    #[case::same_day("2026-11-12T13:05:00[UTC]", Language::French, "14:05")]
    #[case::english(
        "2026-11-11T09:05:00[UTC]",
        Language::English,
        "Wednesday, 11 November, 10:05"
    )]
    #[case::french(
        "2026-11-11T09:05:00[UTC]",
        Language::French,
        "mercredi 11 novembre, 10:05"
    )]
    #[case::german(
        "2026-11-11T09:05:00[UTC]",
        Language::German,
        "Mittwoch, 11. November, 10:05"
    )]
    #[case::other_zone("2026-11-11T23:30:00[UTC]", Language::English, "00:30")]
    #[case::other_year(
        "2025-12-31T09:05:00[UTC]",
        Language::German,
        "Mittwoch, 31. Dezember 2025, 10:05"
    )]
    fn times_of_messages(#[case] at: &str, #[case] language: Language, #[case] expected: &str) {
        let letter_date = zoned("2026-11-12T14:06:00[Europe/Paris]");
        assert_eq!(entry_time(&zoned(at), &letter_date, language), expected);
    }

    #[rstest]
    #[case(0, "0 bytes", "0\u{a0}octet", "0\u{a0}Bytes")]
    #[case(1, "1 byte", "1\u{a0}octet", "1\u{a0}Byte")]
    #[case(999, "999 bytes", "999\u{a0}octets", "999\u{a0}Bytes")]
    #[case(1_001, "1 kB", "1\u{a0}ko", "1\u{a0}kB")]
    #[case(345_678, "346 kB", "346\u{a0}ko", "346\u{a0}kB")]
    #[case(999_499, "999 kB", "999\u{a0}ko", "999\u{a0}kB")]
    #[case(999_500, "1 MB", "1\u{a0}Mo", "1\u{a0}MB")]
    #[case(1_240_000, "1.2 MB", "1,2\u{a0}Mo", "1,2\u{a0}MB")]
    #[case(2_000_000, "2 MB", "2\u{a0}Mo", "2\u{a0}MB")]
    #[case(212_345_678, "212 MB", "212\u{a0}Mo", "212\u{a0}MB")]
    #[case(
        u64::MAX,
        "18446744074 GB",
        "18446744074\u{a0}Go",
        "18446744074\u{a0}GB"
    )]
    fn sizes(#[case] octets: u64, #[case] en: &str, #[case] fr: &str, #[case] de: &str) {
        assert_eq!(size(octets, Language::English), en);
        assert_eq!(size(octets, Language::French), fr);
        assert_eq!(size(octets, Language::German), de);
    }

    #[rstest]
    #[case(0, "0:00")]
    #[case(41_600, "0:42")]
    #[case(3_723_000, "1:02:03")]
    #[case(u64::MAX, "5124095576030:25:51")]
    fn durations(#[case] millis: u64, #[case] expected: &str) {
        assert_eq!(duration(millis), expected);
    }
}

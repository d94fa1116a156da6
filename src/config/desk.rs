//! `desk`: when somebody is there to answer, and when staff are reminded. Optional. `hours`: the same of
//! one mailbox.

use std::time::Duration;

use jiff::{civil::Date, tz::TimeZone};

use super::{section::Section, values::duration, wrong::Wrong};
use crate::{
    content::days::{self, Days},
    domain::hours::{Fault, Hours, Open},
};

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Desk {
    /// Of the mailboxes that have none of their own.
    pub hours: Hours,
    /// Staff are told of conversations that have waited for them longer, in business time; `None`: they
    /// aren't.
    pub remind_after: Option<Duration>,
}

impl Desk {
    pub(super) fn read(section: &mut Section) -> Self {
        let hours = section.optional_section("hours", |section| Some(hours(section)));
        let remind_after = section.optional("remind_after", "8h", duration);
        Self {
            hours: hours.unwrap_or_default(),
            remind_after: remind_after.filter(|after| !after.is_zero()),
        }
    }
}

/// Days that aren't given are as by default.
pub(super) fn hours(section: &mut Section) -> Hours {
    let mut found = Hours::default();
    for (day, open) in DAYS.into_iter().zip(&mut found.week) {
        if let Some(given) = section.optional(day, "09:00-17:00", open_on) {
            *open = given;
        }
    }
    found.zone = section.optional("time_zone", "Europe/Paris", |text| {
        TimeZone::get(text).map_err(|_| {
            Wrong::new(
                format!("\"{text}\" is not a time zone"),
                "write a name of the time zone database, such as \"Europe/Paris\"",
            )
        })
    });
    let holidays = section.optional_list("holidays", "[\"2026-12-24\", \"12-25\"]", holiday);
    found.holidays = holidays.unwrap_or_default();
    let calendar = section.optional("calendar", "holidays.ics", |path| Ok(path.to_owned()));
    if let Some(path) = calendar {
        match calendar_file(&section.path(&path)) {
            Ok(days) => found.holidays.extend(days),
            Err(wrong) => section.wrong_value("calendar", wrong, "holidays.ics"),
        }
    }
    found
}

const DAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

fn open_on(text: &str) -> Result<Open, Wrong> {
    Open::parse(text).map_err(|fault| {
        let what = match fault {
            Fault::NotASpan => "is not from one time of the day to another",
            Fault::Backwards => "ends before it begins",
            Fault::Overlap => "overlaps itself",
        };
        Wrong::new(
            format!("\"{text}\" {what}"),
            "write \"09:00-17:00\", \"09:00-12:00, 13:00-17:00\" or \"closed\"",
        )
    })
}

/// `2026-12-24` is one day, `12-25` that day of every year.
fn holiday(text: &str) -> Result<Days, Wrong> {
    let wrong = || {
        Wrong::new(
            format!("\"{text}\" is not a day"),
            "write \"2026-12-24\", or \"12-25\" for every year",
        )
    };
    if let Ok(day) = text.parse::<Date>() {
        return Ok(Days::one(day, false));
    }
    // A leap year knows every day.
    let day = format!("2000-{text}").parse::<Date>();
    day.map(|day| Days::one(day, true)).map_err(|_| wrong())
}

/// Octets of a calendar.
const LARGEST: u64 = 1_000_000;

fn calendar_file(path: &std::path::Path) -> Result<Vec<Days>, Wrong> {
    let cannot = |why: &dyn std::fmt::Display| -> Wrong {
        format!("cannot read {}: {why}", path.display()).into()
    };
    let metadata = std::fs::metadata(path).map_err(|error| cannot(&error))?;
    if metadata.len() > LARGEST {
        return Err(cannot(&"it is larger than 1 MB"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| cannot(&error))?;
    days::read(&text).map_err(|fault| match fault {
        days::Fault::Empty => Wrong::new(
            format!("{} has no event that lasts a whole day", path.display()),
            "name a calendar of holidays (iCalendar, .ics)",
        ),
        days::Fault::NotADay(name) => cannot(&format!("the day of \"{name}\" is none")),
        days::Fault::Repeats(name) => Wrong::new(
            format!("\"{name}\" comes again in another way than on its date every year"),
            "put its days into the calendar one by one",
        ),
        days::Fault::TooMany => cannot(&format!("it has more than {} events", days::MOST)),
    })
}

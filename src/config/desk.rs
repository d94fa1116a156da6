//! `desk`: when somebody is there to answer, and when staff are reminded. Optional. `hours`: the same of
//! one mailbox, over that of all.

use std::{fmt::Display, fs, path::Path, time::Duration};

use jiff::{civil::Date, tz::TimeZone};

use super::{
    section::Section,
    values::{duration, zone},
    wrong::Wrong,
};
use crate::{
    content::days::{self, Days},
    domain::hours::{Fault, Hours, Open},
};

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Desk {
    /// Of the mailboxes that have none of their own; what they have of their own stands over it.
    pub hours: Hours,
    /// Staff are told of conversations that have waited for them longer, in business time; `None`: they
    /// aren't.
    pub remind_after: Option<Duration>,
}

impl Desk {
    /// With the hours as they are given, for mailboxes.
    pub(super) fn read(section: &mut Section) -> (Self, GivenHours) {
        let hours = section.optional_section("hours", |section| Some(hours(section)));
        let hours = hours.unwrap_or_default();
        let remind_after = section.optional("remind_after", "8h", duration);
        let desk = Self {
            hours: hours.over(&GivenHours::default()),
            remind_after: remind_after.filter(|after| !after.is_zero()),
        };
        (desk, hours)
    }
}

/// What is configured of business hours.
#[derive(Debug, Default)]
pub(super) struct GivenHours {
    week: [Option<Open>; 7],
    zone: Option<TimeZone>,
    holidays: Option<Vec<Days>>,
    calendar: Option<Vec<Days>>,
}

impl GivenHours {
    /// What isn't given is as it is for all, and else as by default.
    pub fn over(&self, all: &Self) -> Hours {
        let mut hours = Hours::default();
        for (day, open) in hours.week.iter_mut().enumerate() {
            if let Some(given) = self.week[day].as_ref().or(all.week[day].as_ref()) {
                *open = given.clone();
            }
        }
        hours.zone = self.zone.as_ref().or(all.zone.as_ref()).cloned();
        let holidays = self.holidays.as_ref().or(all.holidays.as_ref());
        let calendar = self.calendar.as_ref().or(all.calendar.as_ref());
        hours.holidays = holidays
            .into_iter()
            .chain(calendar)
            .flatten()
            .cloned()
            .collect();
        hours
    }
}

pub(super) fn hours(section: &mut Section) -> GivenHours {
    let mut found = GivenHours::default();
    for (day, open) in DAYS.into_iter().zip(&mut found.week) {
        *open = section.optional(day, "09:00-17:00", open_on);
    }
    found.zone = section.optional("time_zone", "Europe/Paris", zone);
    let example = "[\"2026-12-24\", \"12-25\"]";
    found.holidays = section.optional_list_or_none("holidays", example, holiday);
    let calendar = section.optional("calendar", "holidays.ics", |path| Ok(path.to_owned()));
    if let Some(path) = calendar {
        match calendar_file(&path, section) {
            Ok(days) => found.calendar = Some(days),
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

fn calendar_file(name: &str, section: &Section) -> Result<Vec<Days>, Wrong> {
    if name.contains("://") {
        return Err(Wrong::new(
            "is an address, and only files are read",
            "download the calendar, and write the name of the file",
        ));
    }
    let path: &Path = &section.path(name);
    let cannot = |why: &dyn Display| -> Wrong {
        Wrong::new(
            format!("cannot read {}: {why}", path.display()),
            "put the file there, readable for Postroom's user, or correct the name",
        )
    };
    let bad = |why: String| -> Wrong {
        Wrong::new(
            format!("{}: {why}", path.display()),
            "name another calendar of holidays (iCalendar, .ics)",
        )
    };
    let metadata = fs::metadata(path).map_err(|error| cannot(&error))?;
    if metadata.len() > LARGEST {
        return Err(bad("it is larger than 1 MB".to_owned()));
    }
    let text = fs::read_to_string(path).map_err(|error| cannot(&error))?;
    days::read(&text).map_err(|fault| match fault {
        days::Fault::Empty => Wrong::new(
            format!("{} has no event that lasts a whole day", path.display()),
            "name a calendar of holidays (iCalendar, .ics)",
        ),
        days::Fault::NotADay(name) => bad(format!("the day of \"{name}\" is none")),
        days::Fault::Repeats(name) => Wrong::new(
            format!("\"{name}\" comes again in another way than on its date every year"),
            "put its days into the calendar one by one",
        ),
        days::Fault::TooMany => bad(format!("it has more than {} events", days::MOST)),
    })
}

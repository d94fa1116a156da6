//! Days of a calendar file (RFC 5545): what lasts whole days, once or every year.

use jiff::civil::Date;

/// One or more days in a row, once or every year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Days {
    pub first: Date,
    /// Not before `first`.
    pub last: Date,
    pub every_year: bool,
    /// The last day on which it begins anew.
    pub until: Option<Date>,
}

/// Why a calendar can't be taken as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// There is no day in it.
    Empty,
    /// An event of this name has a day that is none.
    NotADay(String),
    /// An event of this name comes again in another way than on its date every year.
    Repeats(String),
    /// It has more than [`MOST`] events.
    TooMany,
}

/// Events of one calendar.
pub const MOST: usize = 2_000;

impl Days {
    #[must_use]
    pub fn one(day: Date, every_year: bool) -> Self {
        Self {
            first: day,
            last: day,
            every_year,
            until: None,
        }
    }

    #[must_use]
    pub fn contain(&self, day: Date) -> bool {
        if !self.every_year {
            return (self.first..=self.last).contains(&day);
        }
        // What begins late in December ends in the next year.
        [day.year(), day.year() - 1].into_iter().any(|year| {
            let Ok(first) = Date::new(year, self.first.month(), self.first.day()) else {
                return false;
            };
            let is_in_force = first >= self.first && self.until.is_none_or(|until| first <= until);
            let length = self.last.duration_since(self.first);
            is_in_force && first <= day && day.duration_since(first) <= length
        })
    }
}

/// The whole days in a calendar; what begins at a time of the day, and what was cancelled, is left out.
///
/// # Errors
///
/// Says what can't be read in it: a holiday that is passed over would be a day like others.
pub fn read(text: &str) -> Result<Vec<Days>, Fault> {
    let mut found = Vec::new();
    let mut event: Option<Event> = None;
    for line in unfolded(text) {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let name = name.to_ascii_uppercase();
        let (property, parameters) = name.split_once(';').unwrap_or((&name, ""));
        match (property, &mut event) {
            ("BEGIN", None) if value.trim().eq_ignore_ascii_case("VEVENT") => {
                event = Some(Event::default());
            }
            ("END", Some(_)) if value.trim().eq_ignore_ascii_case("VEVENT") => {
                let days = event.take().map_or(Ok(None), Event::days)?;
                found.extend(days);
                if found.len() > MOST {
                    return Err(Fault::TooMany);
                }
            }
            (_, Some(event)) => event.take(property, parameters, value.trim()),
            (_, None) => {}
        }
    }
    if found.is_empty() {
        return Err(Fault::Empty);
    }
    Ok(found)
}

/// Lines that begin with a space go on with the one before.
fn unfolded(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(more), Some(last)) => last.push_str(more),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

/// An event while it is read.
#[derive(Debug, Default)]
struct Event {
    name: String,
    start: Option<String>,
    end: Option<String>,
    rule: Option<String>,
    is_cancelled: bool,
    /// It begins at a time of the day.
    is_timed: bool,
}

impl Event {
    fn take(&mut self, property: &str, parameters: &str, value: &str) {
        match property {
            "SUMMARY" => value.clone_into(&mut self.name),
            "DTSTART" => {
                self.is_timed = value.contains('T') && !parameters.contains("VALUE=DATE");
                self.start = Some(value.to_owned());
            }
            "DTEND" => self.end = Some(value.to_owned()),
            "RRULE" => self.rule = Some(value.to_ascii_uppercase()),
            "STATUS" => self.is_cancelled = value.eq_ignore_ascii_case("CANCELLED"),
            _ => {}
        }
    }

    fn days(self) -> Result<Option<Days>, Fault> {
        let Some(start) = self.start.filter(|_| !self.is_timed && !self.is_cancelled) else {
            return Ok(None);
        };
        let Some(first) = date(&start) else {
            return Err(Fault::NotADay(self.name));
        };
        let last = match &self.end {
            None => first,
            Some(end) => match date(end) {
                // DTEND is the day after.
                Some(end) => end.yesterday().unwrap_or(end).max(first),
                None => return Err(Fault::NotADay(self.name)),
            },
        };
        let (every_year, until) = match &self.rule {
            None => (false, None),
            Some(rule) => match yearly(rule, first) {
                Some(Yearly { until }) => (true, until),
                None => return Err(Fault::Repeats(self.name)),
            },
        };
        Ok(Some(Days {
            first,
            last,
            every_year,
            until,
        }))
    }
}

/// On its date every year.
struct Yearly {
    until: Option<Date>,
}

/// Until when a rule makes the event come every year on its date; `None` if it makes something else of
/// it.
fn yearly(rule: &str, first: Date) -> Option<Yearly> {
    let mut until = None;
    let mut is_yearly = false;
    for part in rule.split(';').filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=')?;
        match (key, value) {
            ("FREQ", "YEARLY") => is_yearly = true,
            ("INTERVAL", "1") | ("WKST", _) => {}
            ("BYMONTH", month) if month.parse() == Ok(first.month()) => {}
            ("BYMONTHDAY", day) if day.parse() == Ok(first.day()) => {}
            ("UNTIL", day) => until = Some(date(day)?),
            ("COUNT", count) => {
                let years = count.parse::<i16>().ok()?.checked_sub(1)?;
                let year = first.year().checked_add(years)?;
                until = Some(Date::new(year, 12, 31).ok()?);
            }
            _ => return None,
        }
    }
    is_yearly.then_some(Yearly { until })
}

/// `20261225`, or the day of `20261225T000000`.
fn date(text: &str) -> Option<Date> {
    let digits = text.get(..8)?;
    let rest = &text[8..];
    if !digits.bytes().all(|b| b.is_ascii_digit()) || !(rest.is_empty() || rest.starts_with('T')) {
        return None;
    }
    let part = |range: std::ops::Range<usize>| digits[range].parse::<i16>().ok();
    let small = |range| part(range).and_then(|number| i8::try_from(number).ok());
    Date::new(part(0..4)?, small(4..6)?, small(6..8)?).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date as day;
    use rstest::rstest;

    use super::*;

    fn calendar(events: &str) -> String {
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n")
    }

    fn event(lines: &str) -> String {
        calendar(&format!(
            "BEGIN:VEVENT\r\nSUMMARY:Party\r\n{lines}\r\nEND:VEVENT\r\n"
        ))
    }

    #[rstest]
    #[case::a_day("DTSTART;VALUE=DATE:20261224", "2026-12-24", true)]
    #[case::the_day_after("DTSTART;VALUE=DATE:20261224", "2026-12-25", false)]
    #[case::another_year("DTSTART;VALUE=DATE:20261224", "2027-12-24", false)]
    #[case::the_last_day(
        "DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227",
        "2026-12-26",
        true
    )]
    #[case::the_end_is_not_in_it(
        "DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227",
        "2026-12-27",
        false
    )]
    #[case::every_year("DTSTART;VALUE=DATE:20201225\r\nRRULE:FREQ=YEARLY", "2031-12-25", true)]
    #[case::not_before(
        "DTSTART;VALUE=DATE:20201225\r\nRRULE:FREQ=YEARLY",
        "2019-12-25",
        false
    )]
    #[case::on_another_day(
        "DTSTART;VALUE=DATE:20201225\r\nRRULE:FREQ=YEARLY",
        "2031-12-24",
        false
    )]
    #[case::over_new_year(
        "DTSTART;VALUE=DATE:20201231\r\nDTEND;VALUE=DATE:20210102\r\nRRULE:FREQ=YEARLY",
        "2027-01-01",
        true
    )]
    #[case::until(
        "DTSTART;VALUE=DATE:20201225\r\nRRULE:FREQ=YEARLY;UNTIL=20261231T235959Z",
        "2027-12-25",
        false
    )]
    #[case::so_often(
        "DTSTART;VALUE=DATE:20201225\r\nRRULE:FREQ=YEARLY;COUNT=2",
        "2021-12-25",
        true
    )]
    #[case::no_more(
        "DTSTART;VALUE=DATE:20201225\r\nRRULE:FREQ=YEARLY;COUNT=2",
        "2022-12-25",
        false
    )]
    #[case::folded("DTSTART;VALUE=DA\r\n TE:20261224", "2026-12-24", true)]
    fn knows_days(#[case] lines: &str, #[case] asked: &str, #[case] expected: bool) {
        let days = read(&event(lines)).unwrap();
        let asked = asked.parse().unwrap();
        assert_eq!(days.iter().any(|days| days.contain(asked)), expected);
    }

    #[rstest]
    #[case::nothing("", Fault::Empty)]
    #[case::at_a_time("DTSTART:20261224T180000Z", Fault::Empty)]
    #[case::cancelled("DTSTART;VALUE=DATE:20261224\r\nSTATUS:CANCELLED", Fault::Empty)]
    #[case::no_day("DTSTART;VALUE=DATE:20261324", Fault::NotADay("Party".into()))]
    #[case::weekly("DTSTART;VALUE=DATE:20261224\r\nRRULE:FREQ=WEEKLY", Fault::Repeats("Party".into()))]
    #[case::thursdays("DTSTART;VALUE=DATE:20261126\r\nRRULE:FREQ=YEARLY;BYDAY=4TH", Fault::Repeats("Party".into()))]
    fn says_what_it_cannot_read(#[case] lines: &str, #[case] expected: Fault) {
        assert_eq!(read(&event(lines)), Err(expected));
    }

    #[test]
    fn several_events_are_read() {
        let two = "BEGIN:VEVENT\nDTSTART;VALUE=DATE:20260101\nEND:VEVENT\n\
                   BEGIN:VEVENT\nDTSTART;VALUE=DATE:20260501\nEND:VEVENT\n";
        let days = read(&calendar(two)).unwrap();
        assert_eq!(days[1], Days::one(day(2026, 5, 1), false));
        assert_eq!(days.len(), 2);
    }

    #[test]
    fn a_leap_day_comes_in_leap_years() {
        let days = Days::one(day(2024, 2, 29), true);
        assert!(days.contain(day(2028, 2, 29)));
        assert!(!days.contain(day(2027, 2, 28)) && !days.contain(day(2027, 3, 1)));
    }
}

//! Calendar parts (RFC 5545, RFC 5546), as far as a sentence needs them.

use std::fmt::Write;

use calcard::{
    Entry, Parser,
    common::PartialDateTime,
    icalendar::{
        ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarFrequency,
        ICalendarMethod, ICalendarParameterName, ICalendarParameterValue,
        ICalendarParticipationStatus, ICalendarProperty, ICalendarRecurrenceRule, ICalendarValue,
        ICalendarWeekday,
    },
};
use jiff::{
    SignedDuration,
    civil::{Date, DateTime, Weekday},
};

use super::headers::one_line;
use crate::domain::note::{Answer, Every, Invitation, Moment, Purpose, Repeats, When};

/// What a calendar part says; `None` if it names no appointment. `method` is the parameter of the
/// part's Content-Type.
pub(super) fn read(text: &str, method: Option<&str>) -> Option<Invitation> {
    let text = &text[..text.floor_char_boundary(LONGEST)];
    let Entry::ICalendar(calendar) = Parser::new(text.trim_start()).entry() else {
        return None;
    };
    let mut events = calendar.components.iter().filter(|component| {
        matches!(
            component.component_type,
            ICalendarComponentType::VEvent | ICalendarComponentType::VTodo
        )
    });
    let event = events.next()?;
    let others = events
        .filter(|other| !other.has_property(&ICalendarProperty::RecurrenceId))
        .count();
    let method = method
        .map(str::to_ascii_lowercase)
        .or_else(|| method_of(&calendar));
    let purpose = match method.as_deref() {
        Some("request" | "add") => Purpose::Invite,
        Some("cancel") => Purpose::Cancel,
        Some("reply") => Purpose::Answer(answer(event)?),
        Some("counter") => Purpose::Propose,
        _ => Purpose::Tell,
    };
    let people = match purpose {
        Purpose::Answer(_) | Purpose::Propose => ICalendarProperty::Attendee,
        _ => ICalendarProperty::Organizer,
    };
    Some(Invitation {
        purpose,
        what: words(event, &ICalendarProperty::Summary),
        when: when(&calendar, event),
        repeats: event.property(&ICalendarProperty::Rrule).and_then(repeats),
        place: words(event, &ICalendarProperty::Location),
        who: event.property(&people).and_then(person),
        others,
    })
}

fn method_of(calendar: &ICalendar) -> Option<String> {
    let whole = calendar.components.first()?;
    match whole.property(&ICalendarProperty::Method)?.values.first()? {
        ICalendarValue::Method(method) => Some(
            match method {
                ICalendarMethod::Request => "request",
                ICalendarMethod::Add => "add",
                ICalendarMethod::Cancel => "cancel",
                ICalendarMethod::Reply => "reply",
                ICalendarMethod::Counter => "counter",
                _ => "publish",
            }
            .to_owned(),
        ),
        value => value.as_text().map(str::to_ascii_lowercase),
    }
}

fn answer(event: &ICalendarComponent) -> Option<Answer> {
    let attendee = event.property(&ICalendarProperty::Attendee)?;
    match attendee.parameter(&ICalendarParameterName::Partstat) {
        Some(ICalendarParameterValue::Partstat(ICalendarParticipationStatus::Accepted)) => {
            Some(Answer::Accepted)
        }
        Some(ICalendarParameterValue::Partstat(ICalendarParticipationStatus::Declined)) => {
            Some(Answer::Declined)
        }
        Some(ICalendarParameterValue::Partstat(ICalendarParticipationStatus::Tentative)) => {
            Some(Answer::Tentative)
        }
        _ => Some(Answer::Other),
    }
}

fn words(event: &ICalendarComponent, property: &ICalendarProperty) -> Option<String> {
    let text = event.property(property)?.values.first()?.as_text()?;
    brief(text)
}

/// On one line, and no longer than a sentence bears.
fn brief(text: &str) -> Option<String> {
    let mut text = one_line(&text[..text.floor_char_boundary(LONGEST_WORDS)]);
    if text.chars().count() > MOST_CHARACTERS {
        text = text.chars().take(MOST_CHARACTERS).collect();
        text.push('…');
    }
    (!text.is_empty()).then_some(text)
}

/// The name, or else the address.
fn person(entry: &ICalendarEntry) -> Option<String> {
    let name = entry
        .parameter(&ICalendarParameterName::Cn)
        .and_then(|name| brief(name.as_text()?));
    name.or_else(|| brief(entry.calendar_address()?))
}

fn when(calendar: &ICalendar, event: &ICalendarComponent) -> Option<When> {
    // A task may only have an end.
    let start = event
        .property(&ICalendarProperty::Dtstart)
        .or_else(|| event.property(&ICalendarProperty::Due))?;
    let first = partial(start)?;
    let end = event.property(&ICalendarProperty::Dtend);
    let length = event
        .property(&ICalendarProperty::Duration)
        .and_then(|entry| match entry.values.first()? {
            ICalendarValue::Duration(length) => {
                Some(SignedDuration::from_secs(length.as_seconds()))
            }
            _ => None,
        });
    let first_day = date(first)?;
    if !first.has_time() {
        // The end is the first day that does not belong to it.
        let last = end
            .and_then(|end| date(partial(end)?)?.yesterday().ok())
            .or_else(|| {
                let length = length? - SignedDuration::from_hours(24);
                first_day.checked_add(length).ok()
            });
        let last = last.filter(|last| *last > first_day).unwrap_or(first_day);
        return Some(When::Days {
            first: first_day,
            last,
        });
    }
    let start = moment(calendar, start)?;
    let end = end.and_then(|end| moment(calendar, end)).or_else(|| {
        Some(Moment {
            at: start.at.checked_add(length?).ok()?,
            zone: start.zone.clone(),
        })
    });
    let end = end.filter(|end| *end != start);
    Some(When::Times { start, end })
}

fn partial(entry: &ICalendarEntry) -> Option<&PartialDateTime> {
    entry.values.first()?.as_partial_date_time()
}

fn date(partial: &PartialDateTime) -> Option<Date> {
    let year = i16::try_from(partial.year?).ok()?;
    let month = i8::try_from(partial.month?).ok()?;
    let day = i8::try_from(partial.day?).ok()?;
    Date::new(year, month, day).ok()
}

fn moment(calendar: &ICalendar, entry: &ICalendarEntry) -> Option<Moment> {
    let partial = partial(entry)?;
    let hour = i8::try_from(partial.hour?).ok()?;
    let minute = i8::try_from(partial.minute.unwrap_or(0)).ok()?;
    let time = jiff::civil::Time::new(hour, minute, 0, 0).ok()?;
    let zone = match (partial.tz_hour, partial.tz_minute) {
        (None, _) => entry.tz_id().and_then(|id| zone(calendar, id)),
        (Some(0), None | Some(0)) => Some("UTC".to_owned()),
        (Some(hours), minutes) => {
            let sign = if partial.tz_minus { '-' } else { '+' };
            let mut offset = format!("UTC{sign}{hours}");
            if let Some(minutes @ 1..) = minutes {
                let _ = write!(offset, ":{minutes:02}");
            }
            Some(offset)
        }
    };
    Some(Moment {
        at: DateTime::from_parts(date(partial)?, time),
        zone,
    })
}

/// The name under which the world knows a zone; what only the calendar knows keeps its own.
fn zone(calendar: &ICalendar, id: &str) -> Option<String> {
    let known = calendar.build_tz_resolver().resolve(id);
    match known.and_then(|zone| zone.name()) {
        Some(name) if name == "Etc/UTC" => Some("UTC".to_owned()),
        Some(name) => Some(name.into_owned()),
        None => brief(id.rsplit("Tzfile/").next().unwrap_or(id)),
    }
}

fn repeats(entry: &ICalendarEntry) -> Option<Repeats> {
    let ICalendarValue::RecurrenceRule(rule) = entry.values.first()? else {
        return None;
    };
    let rule: &ICalendarRecurrenceRule = rule;
    let every = match rule.freq {
        ICalendarFrequency::Daily => Every::Day,
        ICalendarFrequency::Weekly => Every::Week,
        ICalendarFrequency::Monthly => Every::Month,
        ICalendarFrequency::Yearly => Every::Year,
        _ => Every::Moment,
    };
    let on = match every {
        Every::Week => rule.byday.iter().map(|day| weekday(day.weekday)).collect(),
        _ => Vec::new(),
    };
    Some(Repeats {
        every,
        interval: rule.interval.unwrap_or(1).max(1),
        on,
        until: rule.until.as_ref().and_then(date),
        count: rule.count,
    })
}

fn weekday(day: ICalendarWeekday) -> Weekday {
    match day {
        ICalendarWeekday::Sunday => Weekday::Sunday,
        ICalendarWeekday::Monday => Weekday::Monday,
        ICalendarWeekday::Tuesday => Weekday::Tuesday,
        ICalendarWeekday::Wednesday => Weekday::Wednesday,
        ICalendarWeekday::Thursday => Weekday::Thursday,
        ICalendarWeekday::Friday => Weekday::Friday,
        ICalendarWeekday::Saturday => Weekday::Saturday,
    }
}

/// In octets; what follows is not read.
const LONGEST: usize = 256 * 1024;
const LONGEST_WORDS: usize = 4000;
const MOST_CHARACTERS: usize = 200;

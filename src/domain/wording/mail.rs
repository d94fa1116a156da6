//! What is said of a mail and its files, besides what its sender wrote.

use jiff::civil::{Date, Weekday};

use crate::domain::incoming::{
    Answer, Contact, Cryptography, Every, Invitation, Moment, Note, Purpose, Repeats, When,
};

/// A note as a sentence or two.
#[must_use]
pub fn note(note: &Note) -> String {
    match note {
        // Who signs signs every mail.
        Note::Signed(by) => format!("(signed with {}; not checked)", cryptography(*by)),
        Note::Encrypted(by) => format!(
            "(encrypted with {}, so it can't be read here: please ask for it unencrypted)",
            cryptography(*by)
        ),
        Note::Invitation(invitation) => self::invitation(invitation),
        Note::Contact(contact) => self::contact(contact),
    }
}

fn cryptography(by: Cryptography) -> &'static str {
    match by {
        Cryptography::Smime => "S/MIME",
        Cryptography::OpenPgp => "PGP",
    }
}

/// “Invitation from Jane: “Kick-off”, Tuesday 3 March 2026, 10:00–11:00 (Europe/Paris), at Room 5.”
fn invitation(invitation: &Invitation) -> String {
    let Invitation {
        purpose,
        what,
        when,
        repeats,
        place,
        who,
        others,
    } = invitation;
    let mut sentence = beginning(*purpose, who.as_deref());
    let what = what.as_ref().map(|what| format!("“{what}”"));
    let place = place.as_ref().map(|place| format!("at {place}"));
    let details: Vec<String> = [
        what,
        when.as_ref().map(self::when),
        repeats.as_ref().map(self::repeats),
        place,
    ]
    .into_iter()
    .flatten()
    .collect();
    if !details.is_empty() {
        sentence.push_str(": ");
        sentence.push_str(&details.join(", "));
    }
    match others {
        0 => {}
        1 => sentence.push_str(", and another one"),
        others => {
            sentence.push_str(", and ");
            sentence.push_str(&others.to_string());
            sentence.push_str(" others");
        }
    }
    sentence.push('.');
    sentence
}

fn beginning(purpose: Purpose, who: Option<&str>) -> String {
    let somebody = who.unwrap_or("Somebody");
    let by = |what: &str, word: &str| match who {
        Some(who) => format!("{what} {word} {who}"),
        None => what.to_owned(),
    };
    match purpose {
        Purpose::Invite => by("Invitation", "from"),
        Purpose::Cancel => by("Cancelled", "by"),
        Purpose::Answer(Answer::Accepted) => format!("{somebody} accepted"),
        Purpose::Answer(Answer::Declined) => format!("{somebody} declined"),
        Purpose::Answer(Answer::Tentative) => format!("{somebody} may come"),
        Purpose::Answer(Answer::Other) => format!("{somebody} answered an invitation"),
        Purpose::Propose => format!("{somebody} proposes another time"),
        Purpose::Tell => by("Appointment", "of"),
    }
}

fn when(when: &When) -> String {
    match when {
        When::Days { first, last } if first == last => format!("{}, all day", day(*first)),
        When::Days { first, last } => format!("{} to {}, all day", day(*first), day(*last)),
        When::Times { start, end: None } => {
            format!("{}, {}{}", day(start.at.date()), time(start), zone(start))
        }
        When::Times {
            start,
            end: Some(end),
        } => {
            let is_same_zone = start.zone == end.zone;
            let first_zone = if is_same_zone {
                String::new()
            } else {
                zone(start)
            };
            let (separator, last_day) = if start.at.date() == end.at.date() && is_same_zone {
                ("–", String::new())
            } else {
                (" to ", format!("{}, ", day(end.at.date())))
            };
            format!(
                "{}, {}{first_zone}{separator}{last_day}{}{}",
                day(start.at.date()),
                time(start),
                time(end),
                zone(end)
            )
        }
    }
}

/// Tuesday 3 March 2026
fn day(date: Date) -> String {
    date.strftime("%A %-d %B %Y").to_string()
}

fn time(moment: &Moment) -> String {
    moment.at.strftime("%H:%M").to_string()
}

fn zone(moment: &Moment) -> String {
    match &moment.zone {
        Some(zone) => format!(" ({zone})"),
        None => String::new(),
    }
}

fn repeats(repeats: &Repeats) -> String {
    let Repeats {
        every,
        interval,
        on,
        until,
        count,
    } = repeats;
    let unit = match every {
        Every::Moment => "",
        Every::Day => "day",
        Every::Week => "week",
        Every::Month => "month",
        Every::Year => "year",
    };
    let mut words = match (every, interval) {
        (Every::Moment, _) => "several times a day".to_owned(),
        (_, 1) => format!("every {unit}"),
        (_, interval) => format!("every {interval} {unit}s"),
    };
    if !on.is_empty() {
        let days: Vec<&str> = on.iter().map(|day| weekday(*day)).collect();
        words.push_str(" on ");
        words.push_str(&listed(&days));
    }
    if let Some(until) = until {
        words.push_str(" until ");
        words.push_str(&until.strftime("%-d %B %Y").to_string());
    } else if let Some(count) = count {
        words.push_str(", ");
        words.push_str(&count.to_string());
        words.push_str(" times");
    }
    words
}

fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

fn listed(words: &[&str]) -> String {
    match words {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => words.concat(),
    }
}

fn contact(contact: &Contact) -> String {
    let Contact {
        name,
        organisation,
        phones,
        addresses,
    } = contact;
    let details: Vec<&str> = name
        .iter()
        .chain(organisation)
        .chain(phones)
        .chain(addresses)
        .map(String::as_str)
        .collect();
    format!("Visiting card: {}.", details.join(", "))
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, datetime};
    use rstest::rstest;

    use super::*;

    fn kick_off() -> Invitation {
        let moment = |hour| Moment {
            at: datetime(2026, 3, 3, hour, 0, 0, 0),
            zone: Some("Europe/Paris".to_owned()),
        };
        Invitation {
            purpose: Purpose::Invite,
            what: Some("Kick-off".to_owned()),
            when: Some(When::Times {
                start: moment(10),
                end: Some(moment(11)),
            }),
            repeats: None,
            place: Some("Room 5".to_owned()),
            who: Some("Jane Doe".to_owned()),
            others: 0,
        }
    }

    fn changed(change: impl FnOnce(&mut Invitation)) -> Invitation {
        let mut invitation = kick_off();
        change(&mut invitation);
        invitation
    }

    #[rstest]
    #[case::invitation(
        kick_off(),
        "Invitation from Jane Doe: “Kick-off”, Tuesday 3 March 2026, 10:00–11:00 (Europe/Paris), at Room 5."
    )]
    #[case::cancelled(
        changed(|it| {
            it.purpose = Purpose::Cancel;
            it.when = Some(When::Days { first: date(2026, 3, 3), last: date(2026, 3, 4) });
            it.place = None;
        }),
        "Cancelled by Jane Doe: “Kick-off”, Tuesday 3 March 2026 to Wednesday 4 March 2026, all day."
    )]
    #[case::answer(
        changed(|it| {
            it.purpose = Purpose::Answer(Answer::Accepted);
            it.when = None;
            it.place = None;
        }),
        "Jane Doe accepted: “Kick-off”."
    )]
    #[case::again(
        changed(|it| {
            it.who = None;
            it.when = None;
            it.repeats = Some(Repeats {
                every: Every::Week,
                interval: 2,
                on: vec![Weekday::Tuesday, Weekday::Friday],
                until: Some(date(2026, 6, 5)),
                count: None,
            });
            it.others = 2;
        }),
        "Invitation: “Kick-off”, every 2 weeks on Tuesday and Friday until 5 June 2026, at Room 5, and 2 others."
    )]
    #[case::flight(
        changed(|it| {
            it.purpose = Purpose::Tell;
            it.place = None;
            it.when = Some(When::Times {
                start: Moment { at: datetime(2026, 3, 3, 22, 5, 0, 0), zone: Some("UTC".to_owned()) },
                end: Some(Moment { at: datetime(2026, 3, 4, 9, 0, 0, 0), zone: None }),
            });
        }),
        "Appointment of Jane Doe: “Kick-off”, Tuesday 3 March 2026, 22:05 (UTC) to Wednesday 4 March 2026, 09:00."
    )]
    fn says_what_is_planned(#[case] invitation: Invitation, #[case] sentence: &str) {
        assert_eq!(note(&Note::Invitation(Box::new(invitation))), sentence);
    }

    #[test]
    fn says_who_it_is() {
        let contact = Contact {
            name: Some("Jane Doe".to_owned()),
            organisation: Some("Acme".to_owned()),
            phones: vec!["+33 1 23".to_owned()],
            addresses: vec!["jane@acme.com".to_owned()],
        };
        assert_eq!(
            note(&Note::Contact(contact)),
            "Visiting card: Jane Doe, Acme, +33 1 23, jane@acme.com."
        );
    }
}

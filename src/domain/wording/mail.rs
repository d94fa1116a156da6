//! What is said of a mail and its files, besides what its sender wrote.

use jiff::civil::Date;

use super::numbers;
use crate::domain::{
    letter::Language,
    note::{
        Answer, Contact, Cryptography, Every, Invitation, Moment, Note, Purpose, Repeats, When,
    },
};

/// A note as a sentence or two for the room, where staff can see the whole of the mail.
#[must_use]
pub fn in_room(note: &Note) -> String {
    match note {
        Note::OnlyInOriginal { names, count } => super::files_left(names, *count),
        Note::Signed(_)
        | Note::Encrypted(_)
        | Note::Invitation(_)
        | Note::Contact(_)
        | Note::RestInFile(_)
        | Note::Empty => in_letter(note, Language::English),
    }
}

/// The same for those who get the mail from the room by email.
#[must_use]
pub fn in_letter(note: &Note, language: Language) -> String {
    match note {
        // Who signs signs every mail.
        Note::Signed(by) => signed(cryptography(*by), language),
        Note::Encrypted(by) => encrypted(cryptography(*by), language),
        Note::Invitation(invitation) => self::invitation(invitation, language),
        Note::Contact(contact) => self::contact(contact, language),
        Note::OnlyInOriginal { names, count } => only_in_original(names, *count, language),
        Note::RestInFile(name) => rest_in_file(name, language),
        Note::Empty => match language {
            Language::English => "(an empty mail)",
            Language::French => "(un e-mail vide)",
            Language::German => "(eine leere E-Mail)",
        }
        .to_owned(),
    }
}

fn cryptography(by: Cryptography) -> &'static str {
    match by {
        Cryptography::Smime => "S/MIME",
        Cryptography::OpenPgp => "PGP",
    }
}

fn signed(by: &str, language: Language) -> String {
    match language {
        Language::English => format!("(signed with {by}; not checked)"),
        Language::French => format!("(signé avec {by}\u{202f}; signature non vérifiée)"),
        Language::German => format!("(mit {by} signiert; nicht geprüft)"),
    }
}

fn encrypted(by: &str, language: Language) -> String {
    match language {
        Language::English => format!(
            "(encrypted with {by}, so it can't be read here: please ask for it unencrypted)"
        ),
        Language::French => format!(
            "(chiffré avec {by}, donc illisible ici\u{a0}: veuillez le demander sans chiffrement)"
        ),
        Language::German => format!(
            "(mit {by} verschlüsselt und hier nicht lesbar: bitte unverschlüsselt anfordern)"
        ),
    }
}

fn only_in_original(names: &[String], count: usize, language: Language) -> String {
    let told = super::listed_files(names, count, language);
    match (language, count) {
        (Language::English, 1) => format!("(1 more file is only in the original mail: {told})"),
        (Language::English, _) => {
            format!("({count} more files are only in the original mail: {told})")
        }
        (Language::French, 1) => {
            format!("(1 autre fichier figure seulement dans l’e-mail d’origine\u{a0}: {told})")
        }
        (Language::French, _) => format!(
            "({count} autres fichiers figurent seulement dans l’e-mail d’origine\u{a0}: {told})"
        ),
        (Language::German, 1) => {
            format!("(1 weitere Datei steht nur in der ursprünglichen E-Mail: {told})")
        }
        (Language::German, _) => {
            format!("({count} weitere Dateien stehen nur in der ursprünglichen E-Mail: {told})")
        }
    }
}

fn rest_in_file(name: &str, language: Language) -> String {
    match language {
        Language::English => format!("(This is the beginning; all of it is in the file {name}.)"),
        Language::French => {
            format!("(Ceci est le début\u{202f}; le tout se trouve dans le fichier {name}.)")
        }
        Language::German => format!("(Das ist der Anfang; alles steht in der Datei {name}.)"),
    }
}

/// “Invitation from Jane: “Kick-off”, Tuesday 3 March 2026, 10:00–11:00 (Europe/Paris), at Room 5.”
fn invitation(invitation: &Invitation, language: Language) -> String {
    let Invitation {
        purpose,
        what,
        when,
        repeats,
        place,
        who,
        others,
    } = invitation;
    let mut sentence = beginning(*purpose, who.as_deref(), language);
    let what = what.as_ref().map(|what| match language {
        Language::English => format!("“{what}”"),
        Language::French => format!("«\u{202f}{what}\u{202f}»"),
        Language::German => format!("„{what}“"),
    });
    let place = place.as_ref().map(|place| match language {
        Language::English => format!("at {place}"),
        Language::French => format!("lieu\u{a0}: {place}"),
        Language::German => format!("Ort: {place}"),
    });
    let details: Vec<String> = [
        what,
        when.as_ref().map(|when| self::when(when, language)),
        repeats
            .as_ref()
            .map(|repeats| self::repeats(repeats, language)),
        place,
    ]
    .into_iter()
    .flatten()
    .collect();
    if !details.is_empty() {
        sentence.push_str(colon(language));
        sentence.push_str(&details.join(", "));
    }
    sentence.push_str(&and_others(*others, language));
    sentence.push('.');
    sentence
}

fn colon(language: Language) -> &'static str {
    match language {
        Language::English | Language::German => ": ",
        Language::French => "\u{a0}: ",
    }
}

fn and_others(others: usize, language: Language) -> String {
    match (language, others) {
        (_, 0) => String::new(),
        (Language::English, 1) => ", and another one".to_owned(),
        (Language::English, others) => format!(", and {others} others"),
        (Language::French, 1) => ", et un autre rendez-vous".to_owned(),
        (Language::French, others) => format!(", et {others} autres"),
        (Language::German, 1) => ", und ein weiterer Termin".to_owned(),
        (Language::German, others) => format!(", und {others} weitere"),
    }
}

fn beginning(purpose: Purpose, who: Option<&str>, language: Language) -> String {
    match language {
        Language::English => english_beginning(purpose, who),
        Language::French => french_beginning(purpose, who),
        Language::German => german_beginning(purpose, who),
    }
}

fn english_beginning(purpose: Purpose, who: Option<&str>) -> String {
    let somebody = who.unwrap_or("Somebody");
    match purpose {
        Purpose::Invite => by("Invitation", "from", who),
        Purpose::Cancel => by("Cancelled", "by", who),
        Purpose::Answer(Answer::Accepted) => format!("{somebody} accepted"),
        Purpose::Answer(Answer::Declined) => format!("{somebody} declined"),
        Purpose::Answer(Answer::Tentative) => format!("{somebody} may come"),
        Purpose::Answer(Answer::Other) => format!("{somebody} answered an invitation"),
        Purpose::Propose => format!("{somebody} proposes another time"),
        Purpose::Tell => by("Appointment", "of", who),
    }
}

fn french_beginning(purpose: Purpose, who: Option<&str>) -> String {
    let somebody = who.unwrap_or("Quelqu’un");
    match purpose {
        Purpose::Invite => by("Invitation", "de", who),
        Purpose::Cancel => by("Annulation", "par", who),
        Purpose::Answer(Answer::Accepted) => format!("{somebody} a accepté"),
        Purpose::Answer(Answer::Declined) => format!("{somebody} a décliné"),
        Purpose::Answer(Answer::Tentative) => format!("{somebody} viendra peut-être"),
        Purpose::Answer(Answer::Other) => format!("{somebody} a répondu à une invitation"),
        Purpose::Propose => format!("{somebody} propose un autre horaire"),
        Purpose::Tell => by("Rendez-vous", "de", who),
    }
}

fn german_beginning(purpose: Purpose, who: Option<&str>) -> String {
    let somebody = who.unwrap_or("Jemand");
    match purpose {
        Purpose::Invite => by("Einladung", "von", who),
        Purpose::Cancel => by("Absage", "von", who),
        Purpose::Answer(Answer::Accepted) => format!("{somebody} hat zugesagt"),
        Purpose::Answer(Answer::Declined) => format!("{somebody} hat abgesagt"),
        Purpose::Answer(Answer::Tentative) => format!("{somebody} kommt vielleicht"),
        Purpose::Answer(Answer::Other) => format!("{somebody} hat auf eine Einladung geantwortet"),
        Purpose::Propose => format!("{somebody} schlägt eine andere Zeit vor"),
        Purpose::Tell => by("Termin", "von", who),
    }
}

fn by(what: &str, word: &str, who: Option<&str>) -> String {
    match who {
        Some(who) => format!("{what} {word} {who}"),
        None => what.to_owned(),
    }
}

fn when(when: &When, language: Language) -> String {
    let day = |date| numbers::day(date, language);
    let (to, all_day) = match language {
        Language::English => (" to ", "all day"),
        Language::French => (" au ", "toute la journée"),
        Language::German => (" bis ", "ganztägig"),
    };
    match when {
        When::Days { first, last } if first == last => format!("{}, {all_day}", day(*first)),
        When::Days { first, last } => format!("{}{to}{}, {all_day}", day(*first), day(*last)),
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
                (to, format!("{}, ", day(end.at.date())))
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

fn time(moment: &Moment) -> String {
    moment.at.strftime("%H:%M").to_string()
}

fn zone(moment: &Moment) -> String {
    match &moment.zone {
        Some(zone) => format!(" ({zone})"),
        None => String::new(),
    }
}

fn repeats(repeats: &Repeats, language: Language) -> String {
    let Repeats {
        every,
        interval,
        on,
        until,
        count,
    } = repeats;
    let mut words = self::every(*every, *interval, language);
    if !on.is_empty() {
        let days: Vec<&str> = on
            .iter()
            .map(|day| numbers::weekday(*day, language))
            .collect();
        let on = match language {
            Language::English => format!(" on {}", listed(&days, "and")),
            Language::French => format!(" ({})", listed(&days, "et")),
            Language::German => format!(" ({})", listed(&days, "und")),
        };
        words.push_str(&on);
    }
    if let Some(until) = until {
        words.push_str(&end(*until, language));
    } else if let Some(count) = count {
        let times = match language {
            Language::English => format!(", {count} times"),
            Language::French => format!(", {count} fois"),
            Language::German => format!(", {count}-mal"),
        };
        words.push_str(&times);
    }
    words
}

fn every(every: Every, interval: u16, language: Language) -> String {
    match language {
        Language::English => {
            let unit = match every {
                Every::Moment => return "several times a day".to_owned(),
                Every::Day => "day",
                Every::Week => "week",
                Every::Month => "month",
                Every::Year => "year",
            };
            match interval {
                1 => format!("every {unit}"),
                interval => format!("every {interval} {unit}s"),
            }
        }
        Language::French => {
            let (all, units) = match every {
                Every::Moment => return "plusieurs fois par jour".to_owned(),
                Every::Day => ("tous les", "jours"),
                Every::Week => ("toutes les", "semaines"),
                Every::Month => ("tous les", "mois"),
                Every::Year => ("tous les", "ans"),
            };
            match interval {
                1 => format!("{all} {units}"),
                interval => format!("{all} {interval} {units}"),
            }
        }
        Language::German => {
            let (each, units) = match every {
                Every::Moment => return "mehrmals täglich".to_owned(),
                Every::Day => ("täglich", "Tage"),
                Every::Week => ("wöchentlich", "Wochen"),
                Every::Month => ("monatlich", "Monate"),
                Every::Year => ("jährlich", "Jahre"),
            };
            match interval {
                1 => each.to_owned(),
                interval => format!("alle {interval} {units}"),
            }
        }
    }
}

fn end(until: Date, language: Language) -> String {
    let date = numbers::civil_date(until, language);
    match language {
        Language::English => format!(" until {date}"),
        Language::French => format!(" jusqu’au {date}"),
        Language::German => format!(" bis {date}"),
    }
}

fn listed(words: &[&str], and: &str) -> String {
    match words {
        [first @ .., last] if !first.is_empty() => format!("{} {and} {last}", first.join(", ")),
        _ => words.concat(),
    }
}

fn contact(contact: &Contact, language: Language) -> String {
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
    let card = match language {
        Language::English => "Visiting card",
        Language::French => "Carte de visite",
        Language::German => "Visitenkarte",
    };
    format!("{card}{}{}.", colon(language), details.join(", "))
}

#[cfg(test)]
mod tests;

//! Letters in German: "Sie", „quotation marks“.

use jiff::Zoned;

use super::Sentences;
use crate::domain::{
    letter::Language,
    sharing::{Change, FileKind, Missing},
    wording::numbers,
};

#[derive(Debug)]
pub(super) struct German;

impl Sentences for German {
    fn subject_of_nameless_room(&self, organisation: &str) -> String {
        format!("Austausch mit {organisation}")
    }

    fn correction(&self, earlier: Option<&str>) -> String {
        match earlier {
            Some(earlier) => format!("Korrektur zu „{earlier}“:"),
            None => "Korrektur:".to_owned(),
        }
    }

    fn reaction(&self, author: &str, sign: &str, to: Option<&str>) -> String {
        match to {
            Some(to) => format!("{author} hat reagiert: {sign} (auf „{to}“)"),
            None => format!("{author} hat reagiert: {sign}"),
        }
    }

    fn remark(&self, author: &str, change: &Change) -> String {
        match change {
            Change::Came => format!("{author} hat den Raum betreten"),
            Change::Went => format!("{author} hat den Raum verlassen"),
            Change::WasPutOut => format!("{author} wurde aus dem Raum entfernt"),
            Change::NamedRoom(name) if name.is_empty() => {
                format!("{author} hat den Namen des Raums entfernt")
            }
            Change::NamedRoom(name) => format!("{author} hat den Raum „{name}“ genannt"),
            Change::ChangedTopic(topic) if topic.is_empty() => {
                format!("{author} hat das Thema des Raums entfernt")
            }
            Change::ChangedTopic(topic) => {
                format!("{author} hat das Thema des Raums geändert: „{topic}“")
            }
        }
    }

    fn not_carried(&self, author: &str, what: &str) -> String {
        format!(
            "{author} hat etwas geteilt, das nicht per E-Mail verschickt werden kann ({what}). \
             Fragen Sie einfach, wenn Sie es brauchen."
        )
    }

    fn no_caption(&self) -> &'static str {
        "jetzt ohne Begleittext"
    }

    fn kind(&self, kind: FileKind) -> &'static str {
        match kind {
            FileKind::Image => "Bild",
            FileKind::Sticker => "Sticker",
            FileKind::Video => "Video",
            FileKind::Audio => "Tonaufnahme",
            FileKind::Voice => "Sprachnachricht",
            FileKind::File => "Datei",
        }
    }

    fn attached(&self, what: &str) -> String {
        format!("{what}, im Anhang")
    }

    fn linked(&self, what: &str, until: &Zoned) -> String {
        let until = numbers::date(until, Language::German);
        format!("{what}, zu groß für eine E-Mail, zum Herunterladen bis zum {until}:")
    }

    fn download(&self, name: &str) -> String {
        format!("{name} herunterladen")
    }

    fn available(&self, size: &str, until: &Zoned) -> String {
        format!("{size}, bis zum {}", numbers::date(until, Language::German))
    }

    fn missing(&self, what: &str, why: &Missing) -> String {
        let why = match why {
            Missing::TooLarge { .. } => "zu groß für eine E-Mail",
            Missing::Gone { .. } => "konnte nicht aus unserem Chat geladen werden",
            Missing::Encrypted => "verschlüsselt und nur für die Mitglieder des Chats lesbar",
        };
        format!("{what} fehlt hier: {why}. Fragen Sie einfach, wenn Sie es brauchen.")
    }

    fn place(&self) -> &'static str {
        "Standort"
    }

    fn show_map(&self) -> &'static str {
        "Auf einer Karte zeigen"
    }

    fn how_to_vote(&self, most_choices: usize) -> String {
        match most_choices {
            0 | 1 => "Schreiben Sie einfach, was Sie wählen.".to_owned(),
            _ => format!("Schreiben Sie einfach, was Sie wählen (höchstens {most_choices})."),
        }
    }

    fn poll_result(&self, question: &str) -> String {
        format!("Ergebnis: {question}")
    }

    fn votes(&self, number: usize) -> String {
        match number {
            1 => "1 Stimme".to_owned(),
            _ => format!("{number} Stimmen"),
        }
    }

    fn readers(&self, names: &[String]) -> String {
        format!("Ihre Antwort lesen: {}.", names.join(", "))
    }

    fn how_to_answer(&self, organisation: &str) -> String {
        if organisation.is_empty() {
            return "Antworten Sie einfach auf diese E-Mail: Ihre Antwort erscheint im Chat unseres \
                    Teams."
                .to_owned();
        }
        format!(
            "Antworten Sie einfach auf diese E-Mail: Ihre Antwort erscheint im Chat des Teams von \
             {organisation}."
        )
    }

    fn how_to_join(&self) -> &'static str {
        "Dieser Chat steht auch Ihnen offen: Sagen Sie uns, wenn Sie teilnehmen möchten."
    }

    fn leave(&self, list: &str) -> String {
        format!("Sie erhalten diese E-Mail, weil Sie „{list}“ abonniert haben.")
    }

    fn leave_link(&self) -> &'static str {
        "Abbestellen"
    }

    fn leave_by_mail(&self, address: &str) -> String {
        format!("Zum Abbestellen schreiben Sie an {address}.")
    }

    fn attribution(&self, author: &str, at: Option<&Zoned>) -> String {
        match at {
            Some(at) => {
                let date = numbers::date(at, Language::German);
                format!("Am {date} um {} schrieb {author}:", numbers::time(at))
            }
            None => format!("{author} schrieb:"),
        }
    }
}

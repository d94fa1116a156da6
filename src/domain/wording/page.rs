//! What the public pages say to customers: about files that letters link to, and to whoever wants no
//! more mails of a room.
//!
//! Plain text: whoever draws a page escapes it. Names are those of files, rooms and organisations.

use jiff::Zoned;

use super::numbers;
use crate::domain::letter::Language;

/// The title of a file's page, and what stands above its button.
#[must_use]
pub fn file_title(organisation: &str, language: Language) -> String {
    match language {
        Language::English => format!("A file from {organisation}"),
        Language::French => format!("Fichier envoyé par {organisation}"),
        Language::German => format!("Eine Datei von {organisation}"),
    }
}

/// Below a file's name: "48.2 MB, available until 12 December 2026".
#[must_use]
pub fn file_details(size: u64, until: &Zoned, language: Language) -> String {
    let (size, date) = (
        numbers::size(size, language),
        numbers::date(until, language),
    );
    match language {
        Language::English => format!("{size}, available until {date}"),
        Language::French => format!("{size}, disponible jusqu’au {date}"),
        Language::German => format!("{size}, verfügbar bis zum {date}"),
    }
}

/// The button that fetches a file.
#[must_use]
pub fn download(language: Language) -> &'static str {
    match language {
        Language::English => "Download",
        Language::French => "Télécharger",
        Language::German => "Herunterladen",
    }
}

/// The title of the page of a file that was there for its time.
#[must_use]
pub fn expired_title(language: Language) -> &'static str {
    match language {
        Language::English => "This link has expired",
        Language::French => "Ce lien a expiré",
        Language::German => "Dieser Link ist abgelaufen",
    }
}

#[must_use]
pub fn expired(name: &str, until: &Zoned, language: Language) -> String {
    let date = numbers::date(until, language);
    match language {
        Language::English => format!(
            "“{name}” could be downloaded until {date}. If you still need it, just ask for it \
             again: the team sees at once that you did."
        ),
        Language::French => format!(
            "«\u{202f}{name}\u{202f}» était disponible jusqu’au {date}. Si vous en avez encore \
             besoin, redemandez-le simplement\u{a0}: l’équipe en est aussitôt informée."
        ),
        Language::German => format!(
            "„{name}“ stand bis zum {date} bereit. Wenn Sie die Datei noch brauchen, fordern Sie sie \
             einfach noch einmal an: Das Team erfährt es sofort."
        ),
    }
}

/// The button that asks for an expired file.
#[must_use]
pub fn ask_again(language: Language) -> &'static str {
    match language {
        Language::English => "Ask for it again",
        Language::French => "Redemander ce fichier",
        Language::German => "Datei erneut anfordern",
    }
}

/// The title of the page once an expired file was asked for.
#[must_use]
pub fn asked_title(language: Language) -> &'static str {
    match language {
        Language::English => "Thank you: we have been told",
        Language::French => "Merci\u{a0}: nous sommes prévenus",
        Language::German => "Danke, wir wissen Bescheid",
    }
}

#[must_use]
pub fn asked(name: &str, language: Language) -> String {
    match language {
        Language::English => format!(
            "The team knows that you would like to have “{name}”. As soon as it is released, this \
             link works again."
        ),
        Language::French => format!(
            "L’équipe sait que vous souhaitez obtenir «\u{202f}{name}\u{202f}». Dès qu’elle l’aura \
             remis à disposition, ce lien fonctionnera de nouveau."
        ),
        Language::German => format!(
            "Das Team weiß, dass Sie „{name}“ haben möchten. Sobald die Datei wieder freigegeben \
             ist, funktioniert dieser Link wieder."
        ),
    }
}

/// The title of the page of a file whose message was taken back.
#[must_use]
pub fn taken_back_title(language: Language) -> &'static str {
    match language {
        Language::English => "This file has been taken back",
        Language::French => "Ce fichier a été retiré",
        Language::German => "Diese Datei wurde zurückgezogen",
    }
}

#[must_use]
pub fn taken_back(language: Language) -> &'static str {
    match language {
        Language::English => {
            "Whoever sent it has withdrawn it. If you have questions, just answer the mail that \
             you have from us."
        }
        Language::French => {
            "La personne qui l’avait envoyé l’a retiré. Pour toute question, répondez simplement à \
             l’e-mail que vous avez reçu de nous."
        }
        Language::German => {
            "Wer sie geschickt hat, hat sie zurückgezogen. Bei Fragen antworten Sie einfach auf die \
             E-Mail, die Sie von uns haben."
        }
    }
}

/// The title of the page that a wrong or mutilated link leads to.
#[must_use]
pub fn unknown_title(language: Language) -> &'static str {
    match language {
        Language::English => "There is nothing here",
        Language::French => "Cette page n’existe pas",
        Language::German => "Hier ist nichts",
    }
}

#[must_use]
pub fn unknown(language: Language) -> &'static str {
    match language {
        Language::English => {
            "Perhaps the link has been cut off: please open it again from the mail, or just answer \
             that mail."
        }
        Language::French => {
            "Le lien a peut-être été tronqué\u{a0}: veuillez l’ouvrir de nouveau depuis l’e-mail, ou \
             répondez simplement à cet e-mail."
        }
        Language::German => {
            "Vielleicht ist der Link abgeschnitten: Bitte öffnen Sie ihn noch einmal aus der E-Mail, \
             oder antworten Sie einfach auf diese E-Mail."
        }
    }
}

/// The title of the page of a file that can't be fetched just now.
#[must_use]
pub fn unavailable_title(language: Language) -> &'static str {
    match language {
        Language::English => "Not available just now",
        Language::French => "Momentanément indisponible",
        Language::German => "Zurzeit nicht verfügbar",
    }
}

#[must_use]
pub fn unavailable(language: Language) -> &'static str {
    match language {
        Language::English => "Please try again in a few minutes.",
        Language::French => "Veuillez réessayer dans quelques minutes.",
        Language::German => "Bitte versuchen Sie es in einigen Minuten noch einmal.",
    }
}

/// The title of the page on which a recipient leaves `list`, the room's name.
#[must_use]
pub fn leave_title(list: &str, language: Language) -> String {
    match language {
        Language::English => format!("Unsubscribe from “{list}”"),
        Language::French => format!("Se désabonner de «\u{202f}{list}\u{202f}»"),
        Language::German => format!("„{list}“ abbestellen"),
    }
}

#[must_use]
pub fn leave_question(address: &str, list: &str, language: Language) -> String {
    match language {
        Language::English => {
            format!("Send no more mails from “{list}” to {address}? No other address is affected.")
        }
        Language::French => format!(
            "Souhaitez-vous que {address} ne reçoive plus les e-mails de «\u{202f}{list}\u{202f}»\u{202f}? \
             Aucune autre adresse n’est concernée."
        ),
        Language::German => format!(
            "Soll {address} keine E-Mails von „{list}“ mehr erhalten? Andere Adressen sind nicht \
             betroffen."
        ),
    }
}

/// The button by which a recipient leaves.
#[must_use]
pub fn leave(language: Language) -> &'static str {
    match language {
        Language::English => "Unsubscribe",
        Language::French => "Se désabonner",
        Language::German => "Abbestellen",
    }
}

/// The title of the page once a recipient has left.
#[must_use]
pub fn left_title(language: Language) -> &'static str {
    match language {
        Language::English => "You have unsubscribed",
        Language::French => "Votre désabonnement est enregistré",
        Language::German => "Sie haben sich abgemeldet",
    }
}

/// Also in the mail that confirms it. `may_come_back`: whether there is a button or a link for that.
#[must_use]
pub fn left(address: &str, list: &str, may_come_back: bool, language: Language) -> String {
    let (mut text, mistake) = match language {
        Language::English => (
            format!("{address} gets no more mails from “{list}”."),
            " If that was a mistake, you can take it back.",
        ),
        Language::French => (
            format!("{address} ne recevra plus les e-mails de «\u{202f}{list}\u{202f}»."),
            " S’il s’agit d’une erreur, vous pouvez revenir en arrière.",
        ),
        Language::German => (
            format!("{address} erhält keine E-Mails von „{list}“ mehr."),
            " Falls das ein Versehen war, können Sie es rückgängig machen.",
        ),
    };
    if may_come_back {
        text.push_str(mistake);
    }
    text
}

/// The button by which a recipient who has left comes back.
#[must_use]
pub fn come_back(language: Language) -> &'static str {
    match language {
        Language::English => "Subscribe again",
        Language::French => "Se réabonner",
        Language::German => "Wieder abonnieren",
    }
}

/// The title of the page once a recipient has come back.
#[must_use]
pub fn back_title(language: Language) -> &'static str {
    match language {
        Language::English => "You are subscribed again",
        Language::French => "Votre abonnement est rétabli",
        Language::German => "Sie sind wieder angemeldet",
    }
}

#[must_use]
pub fn back(address: &str, list: &str, language: Language) -> String {
    match language {
        Language::English => format!("{address} gets the mails from “{list}” as before."),
        Language::French => {
            format!("{address} reçoit de nouveau les e-mails de «\u{202f}{list}\u{202f}».")
        }
        Language::German => format!("{address} erhält die E-Mails von „{list}“ wie zuvor."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All in one place, so that they can be read in one sitting.
    #[test]
    fn every_page_in_every_language() {
        let until: Zoned = "2026-12-12T09:00[Europe/Paris]".parse().unwrap();
        let (ann, list, name) = ("ann@acme.example", "Board news", "plan.pdf");
        let pages: Vec<String> = Language::ALL
            .into_iter()
            .map(|language| {
                [
                    file_title("Exemple SARL", language),
                    file_details(48_200_000, &until, language),
                    download(language).to_owned(),
                    expired_title(language).to_owned(),
                    expired(name, &until, language),
                    ask_again(language).to_owned(),
                    asked_title(language).to_owned(),
                    asked(name, language),
                    taken_back_title(language).to_owned(),
                    taken_back(language).to_owned(),
                    unknown_title(language).to_owned(),
                    unknown(language).to_owned(),
                    unavailable_title(language).to_owned(),
                    unavailable(language).to_owned(),
                    leave_title(list, language),
                    leave_question(ann, list, language),
                    leave(language).to_owned(),
                    left_title(language).to_owned(),
                    left(ann, list, true, language),
                    come_back(language).to_owned(),
                    back_title(language).to_owned(),
                    back(ann, list, language),
                ]
                .join("\n")
            })
            .collect();
        insta::assert_snapshot!(pages.join("\n\n"));
    }
}

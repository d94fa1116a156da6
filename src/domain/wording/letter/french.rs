//! Letters in French: "vous", a narrow no-break space within « » and before ; ! ?, a
//! no-break space before a colon.

use jiff::Zoned;

use super::Sentences;
use crate::domain::{
    letter::Language,
    sharing::{Change, FileKind, Missing},
    wording::numbers,
};

#[derive(Debug)]
pub(super) struct French;

impl Sentences for French {
    fn subject_of_nameless_room(&self, organisation: &str) -> String {
        format!("Conversation avec {organisation}")
    }

    fn correction(&self, earlier: Option<&str>) -> String {
        match earlier {
            Some(earlier) => {
                format!("Correction de «\u{202f}{earlier}\u{202f}»\u{a0}:")
            }
            None => "Correction\u{a0}:".to_owned(),
        }
    }

    fn reaction(&self, author: &str, sign: &str, to: Option<&str>) -> String {
        match to {
            Some(to) => {
                format!("{author} a réagi\u{a0}: {sign} (à «\u{202f}{to}\u{202f}»)")
            }
            None => format!("{author} a réagi\u{a0}: {sign}"),
        }
    }

    fn remark(&self, author: &str, change: &Change) -> String {
        match change {
            Change::Came => format!("{author} a rejoint le salon"),
            Change::Went => format!("{author} a quitté le salon"),
            Change::WasPutOut => format!("{author} ne fait plus partie du salon"),
            Change::NamedRoom(name) if name.is_empty() => {
                format!("{author} a supprimé le nom du salon")
            }
            Change::NamedRoom(name) => {
                format!("{author} a nommé le salon «\u{202f}{name}\u{202f}»")
            }
            Change::ChangedTopic(topic) if topic.is_empty() => {
                format!("{author} a supprimé le sujet du salon")
            }
            Change::ChangedTopic(topic) => {
                format!("{author} a changé le sujet du salon\u{a0}: «\u{202f}{topic}\u{202f}»")
            }
        }
    }

    fn not_carried(&self, author: &str, what: &str) -> String {
        format!(
            "{author} a partagé un contenu qui ne peut pas être envoyé par e-mail ({what}). \
             Demandez-le-nous simplement si vous en avez besoin."
        )
    }

    fn no_caption(&self) -> &'static str {
        "plus de légende"
    }

    fn kind(&self, kind: FileKind) -> &'static str {
        match kind {
            FileKind::Image => "image",
            FileKind::Sticker => "autocollant",
            FileKind::Video => "vidéo",
            FileKind::Audio => "enregistrement audio",
            FileKind::Voice => "message vocal",
            FileKind::File => "fichier",
        }
    }

    fn attached(&self, what: &str) -> String {
        format!("{what}, en pièce jointe")
    }

    fn linked(&self, what: &str, until: &Zoned) -> String {
        let until = numbers::date(until, Language::French);
        format!("{what}, trop volumineux pour un e-mail, à télécharger jusqu’au {until}\u{a0}:")
    }

    fn download(&self, name: &str) -> String {
        format!("Télécharger {name}")
    }

    fn available(&self, size: &str, until: &Zoned) -> String {
        format!(
            "{size}, jusqu’au {}",
            numbers::date(until, Language::French)
        )
    }

    fn missing(&self, what: &str, why: &Missing) -> String {
        let why = match why {
            Missing::TooLarge { .. } => "il est trop volumineux pour un e-mail",
            Missing::Gone { .. } => "il n’a pas pu être récupéré depuis notre messagerie",
            Missing::Encrypted => {
                "il est chiffré et lisible par les seuls membres de la discussion"
            }
        };
        format!(
            "{what} manque ici\u{a0}: {why}. Demandez-le-nous simplement si vous \
             en avez besoin."
        )
    }

    fn place(&self) -> &'static str {
        "Position"
    }

    fn show_map(&self) -> &'static str {
        "Voir sur une carte"
    }

    fn how_to_vote(&self, most_choices: usize) -> String {
        match most_choices {
            0 | 1 => "Répondez simplement en indiquant votre choix.".to_owned(),
            _ => format!("Répondez simplement en indiquant vos choix ({most_choices} au maximum)."),
        }
    }

    fn poll_result(&self, question: &str) -> String {
        format!("Résultat\u{a0}: {question}")
    }

    fn votes(&self, number: usize) -> String {
        format!("{number}\u{a0}voix")
    }

    fn readers(&self, names: &[String]) -> String {
        format!("Votre réponse sera lue par\u{a0}: {}.", names.join(", "))
    }

    fn how_to_answer(&self, organisation: &str) -> String {
        if organisation.is_empty() {
            return "Répondez simplement à cet e-mail\u{a0}: votre réponse apparaîtra dans la \
                    discussion de notre équipe."
                .to_owned();
        }
        format!(
            "Répondez simplement à cet e-mail\u{a0}: votre réponse apparaîtra dans la discussion de \
             l’équipe ({organisation})."
        )
    }

    fn how_to_join(&self) -> &'static str {
        "Cette discussion vous est également ouverte\u{a0}: dites-nous si vous souhaitez la rejoindre."
    }

    fn leave(&self, list: &str) -> String {
        format!("Vous recevez cet e-mail en raison de votre abonnement à «\u{202f}{list}\u{202f}».")
    }

    fn leave_link(&self) -> &'static str {
        "Se désabonner"
    }

    fn leave_by_mail(&self, address: &str) -> String {
        format!("Pour vous désabonner, écrivez à {address}.")
    }

    fn attribution(&self, author: &str, at: Option<&Zoned>) -> String {
        match at {
            Some(at) => {
                let date = numbers::date(at, Language::French);
                format!("Le {date} à {}, {author} a écrit\u{a0}:", numbers::time(at))
            }
            None => format!("{author} a écrit\u{a0}:"),
        }
    }
}

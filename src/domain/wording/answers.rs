//! What Postroom writes by itself to somebody whose mail belongs to no conversation.

use ruma::UserId;

use super::policy::{from_when, who_can_come};
use crate::domain::{
    letter::Language,
    room_policy::{Policy, Rule, level},
    room_reference::RoomReference,
    space_request::Answer,
};

/// The text of an acknowledgement.
pub fn acknowledged(organisation: &str, language: Language) -> String {
    match language {
        Language::English => format!(
            "Thank you for your mail: it has reached us. Somebody at {organisation} will read it and \
             answer you as soon as we are back. There is no need to write again; if you have something \
             to add, just answer this mail."
        ),
        Language::French => format!(
            "Merci pour votre e-mail, il nous est bien parvenu. Quelqu’un chez {organisation} le lira et \
             vous répondra dès notre retour. Il n’est pas nécessaire d’écrire à nouveau\u{a0}; si vous \
             souhaitez ajouter quelque chose, répondez simplement à cet e-mail."
        ),
        Language::German => format!(
            "Vielen Dank für Ihre E-Mail, sie ist bei uns angekommen. Jemand bei {organisation} liest sie \
             und antwortet Ihnen, sobald wir wieder da sind. Sie brauchen nicht noch einmal zu schreiben; \
             wenn Sie etwas ergänzen möchten, antworten Sie einfach auf diese E-Mail."
        ),
    }
}

/// The text of a refusal.
pub fn rejected(organisation: &str, address: &str, language: Language) -> String {
    match language {
        Language::English => format!(
            "Thank you for your mail. {address} only takes answers to mails that {organisation} has \
             sent, so nobody will read what you have written. Please use one of the other ways to reach \
             us."
        ),
        Language::French => format!(
            "Merci pour votre e-mail. L’adresse {address} n’accepte que les réponses aux e-mails envoyés \
             par {organisation}\u{a0}; personne ne lira donc votre message. Merci de nous contacter par \
             un autre moyen."
        ),
        Language::German => format!(
            "Vielen Dank für Ihre E-Mail. {address} nimmt nur Antworten auf E-Mails von {organisation} \
             an; Ihre Nachricht liest deshalb niemand. Bitte wenden Sie sich auf einem anderen Weg an \
             uns."
        ),
    }
}

/// What came of a room that they wanted in the Space.
pub fn of_space(
    answer: &Answer,
    room: &RoomReference,
    policy: &Policy,
    bot: &UserId,
    language: Language,
) -> String {
    let room = room.as_str();
    let text = match (answer, language) {
        (Answer::Taken, Language::English) => format!("{room} is in our Space now."),
        (Answer::Taken, Language::French) => {
            format!("{room} fait désormais partie de notre Espace.")
        }
        (Answer::Taken, Language::German) => format!("{room} ist jetzt in unserem Space."),
        (Answer::There, Language::English) => format!("{room} is in our Space already."),
        (Answer::There, Language::French) => format!("{room} fait déjà partie de notre Espace."),
        (Answer::There, Language::German) => format!("{room} ist schon in unserem Space."),
        (Answer::NoRoom, Language::English) => format!("There is no room at the address {room}."),
        (Answer::NoRoom, Language::French) => {
            format!("L’adresse {room} ne mène à aucun salon.")
        }
        (Answer::NoRoom, Language::German) => {
            format!("Unter der Adresse {room} gibt es keinen Raum.")
        }
        (Answer::Hidden, Language::English) => {
            format!("We can’t look at {room} yet: please invite {bot} there.")
        }
        (Answer::Hidden, Language::French) => {
            format!("Nous ne pouvons pas encore voir {room}\u{a0}: merci d’y inviter {bot}.")
        }
        (Answer::Hidden, Language::German) => {
            format!("Wir können {room} noch nicht ansehen: Bitte laden Sie {bot} dorthin ein.")
        }
        (Answer::Replaced, Language::English) => {
            format!("{room} has been replaced: please tell us the address of the new room.")
        }
        (Answer::Replaced, Language::French) => format!(
            "{room} a été remplacé\u{a0}: merci de nous indiquer l’adresse du nouveau salon."
        ),
        (Answer::Replaced, Language::German) => {
            format!("{room} wurde ersetzt: Bitte nennen Sie uns die Adresse des neuen Raums.")
        }
        (Answer::BotLacks(level), Language::English) => format!(
            "{room} must name our Space, and we may not set that there yet: please write \
             `/op {bot} {level}` in the room."
        ),
        (Answer::BotLacks(level), Language::French) => format!(
            "{room} doit mentionner notre Espace, et nous n’avons pas encore le droit de l’y \
             indiquer\u{a0}: merci d’écrire `/op {bot} {level}` dans le salon."
        ),
        (Answer::BotLacks(level), Language::German) => format!(
            "{room} muss unseren Space nennen, und wir dürfen das dort noch nicht einstellen: Bitte \
             schreiben Sie `/op {bot} {level}` im Raum."
        ),
        (Answer::Lacks(rules), language) => lacks(rules, room, policy, bot, language),
    };
    match answer {
        Answer::Taken | Answer::There => text,
        _ => format!("{text}\n\n{}", then(language)),
    }
}

fn then(language: Language) -> &'static str {
    match language {
        Language::English => "Then please send us the same mail again.",
        Language::French => "Merci de nous renvoyer ensuite le même e-mail.",
        Language::German => "Schicken Sie uns danach bitte dieselbe E-Mail noch einmal.",
    }
}

fn lacks(rules: &[Rule], room: &str, policy: &Policy, bot: &UserId, language: Language) -> String {
    let mut lines = vec![match language {
        Language::English => format!("{room} can’t be in our Space yet. It needs:"),
        Language::French => {
            format!("{room} ne peut pas encore rejoindre notre Espace. Il lui faut\u{a0}:")
        }
        Language::German => format!("{room} kann noch nicht in unseren Space. Es fehlt:"),
    }];
    let needed = rules.iter().map(|rule| match language {
        Language::English => in_english(*rule, policy, bot),
        Language::French => in_french(*rule, policy, bot),
        Language::German => in_german(*rule, policy, bot),
    });
    lines.extend(needed.map(|line| format!("- {line}")));
    lines.join("\n")
}

/// What a room needs by the rule.
fn in_english(rule: Rule, policy: &Policy, bot: &UserId) -> String {
    let Values {
        admin,
        people,
        prefix,
    } = Values::of(policy);
    let (moderator, mighty) = (level::MODERATOR, level::ADMIN);
    match rule {
        Rule::Bot => format!("{bot} may write, react and invite there"),
        Rule::Ghosts => format!(
            "people who take part by mail, and everybody without a level of their own, may write and \
             nothing more: inviting, putting out, removing and changing the room take level {moderator}"
        ),
        Rule::Encryption if policy.encrypted => "encryption".to_owned(),
        Rule::Encryption => "a room without encryption".to_owned(),
        Rule::Admin => format!("{admin} in the room, with level {mighty}"),
        Rule::Moderator => {
            format!("a person in the room with level {moderator} or more, who looks after it")
        }
        Rule::Staff => format!("{people} in the room, or invited"),
        Rule::Prefix => format!("a name that begins with “{prefix}”"),
        Rule::Topic => "a topic".to_owned(),
        Rule::Logo => "our logo as its picture".to_owned(),
        Rule::JoinRule => format!("that it can be joined by: {}", ways_in(policy)),
        Rule::History => format!(
            "that newcomers read no more than {}",
            from_when(policy.history.word())
        ),
        Rule::Space => "that it names our Space".to_owned(),
    }
}

fn in_french(rule: Rule, policy: &Policy, bot: &UserId) -> String {
    let Values {
        admin,
        people,
        prefix,
    } = Values::of(policy);
    let (moderator, mighty) = (level::MODERATOR, level::ADMIN);
    match rule {
        Rule::Bot => format!("que {bot} puisse y écrire, réagir et inviter"),
        Rule::Ghosts => format!(
            "que les personnes qui participent par e-mail, et toutes celles qui n’ont pas de niveau \
             propre, puissent écrire et rien de plus\u{a0}: inviter, exclure, supprimer et modifier le \
             salon demandent le niveau {moderator}"
        ),
        Rule::Encryption if policy.encrypted => "le chiffrement".to_owned(),
        Rule::Encryption => "un salon sans chiffrement".to_owned(),
        Rule::Admin => format!("{admin} dans le salon, avec le niveau {mighty}"),
        Rule::Moderator => format!(
            "une personne dans le salon, avec le niveau {moderator} ou plus, qui s’en occupe"
        ),
        Rule::Staff => format!("{people} dans le salon, ou sur invitation"),
        Rule::Prefix => format!("un nom qui commence par «\u{a0}{prefix}\u{a0}»"),
        Rule::Topic => "un sujet".to_owned(),
        Rule::Logo => "notre logo comme image".to_owned(),
        Rule::JoinRule => format!("un accès réglé ainsi\u{a0}: {}", words_of(policy)),
        Rule::History => format!(
            "un historique réglé ainsi pour les nouveaux venus\u{a0}: {}",
            policy.history.word()
        ),
        Rule::Space => "la mention de notre Espace".to_owned(),
    }
}

fn in_german(rule: Rule, policy: &Policy, bot: &UserId) -> String {
    let Values {
        admin,
        people,
        prefix,
    } = Values::of(policy);
    let (moderator, mighty) = (level::MODERATOR, level::ADMIN);
    match rule {
        Rule::Bot => format!("dass {bot} dort schreiben, reagieren und einladen darf"),
        Rule::Ghosts => format!(
            "dass, wer per E-Mail teilnimmt, und alle ohne eigene Stufe schreiben dürfen und sonst \
             nichts: Einladen, Entfernen, Löschen und Ändern des Raums brauchen Stufe {moderator}"
        ),
        Rule::Encryption if policy.encrypted => "Verschlüsselung".to_owned(),
        Rule::Encryption => "ein Raum ohne Verschlüsselung".to_owned(),
        Rule::Admin => format!("{admin} im Raum, mit Stufe {mighty}"),
        Rule::Moderator => {
            format!("ein Mensch im Raum mit Stufe {moderator} oder mehr, der sich um ihn kümmert")
        }
        Rule::Staff => format!("{people} im Raum, oder eingeladen"),
        Rule::Prefix => format!("ein Name, der mit „{prefix}“ beginnt"),
        Rule::Topic => "ein Thema".to_owned(),
        Rule::Logo => "unser Logo als Bild".to_owned(),
        Rule::JoinRule => format!("ein Zugang, der so geregelt ist: {}", words_of(policy)),
        Rule::History => format!(
            "ein Verlauf, der für Neue so eingestellt ist: {}",
            policy.history.word()
        ),
        Rule::Space => "dass er unseren Space nennt".to_owned(),
    }
}

/// What the policy names.
struct Values<'a> {
    admin: &'a str,
    people: String,
    prefix: &'a str,
}

impl<'a> Values<'a> {
    fn of(policy: &'a Policy) -> Self {
        let people = policy.moderators.iter().chain(&policy.invite);
        let people: Vec<&str> = people.map(|user| user.as_str()).collect();
        Self {
            admin: policy.admin.as_ref().map_or("", |admin| admin.as_str()),
            people: people.join(", "),
            prefix: policy.prefix.as_deref().unwrap_or_default().trim_end(),
        }
    }
}

fn ways_in(policy: &Policy) -> String {
    let ways = policy.join_rules.iter();
    let ways: Vec<&str> = ways.map(|rule| who_can_come(rule.word())).collect();
    ways.join(", or ")
}

/// As Matrix calls them.
fn words_of(policy: &Policy) -> String {
    let words = policy.join_rules.iter();
    let words: Vec<&str> = words.map(|rule| rule.word()).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use ruma::user_id;

    use super::*;

    #[test]
    fn every_answer_names_the_room_and_every_rule_says_what_it_takes() {
        let room = RoomReference::parse("#lyon:example.org").unwrap();
        let policy = Policy {
            prefix: Some("RSE: ".to_owned()),
            ..Policy::default()
        };
        let bot = user_id!("@postroom:example.org");
        for language in Language::ALL {
            for answer in [
                Answer::Taken,
                Answer::There,
                Answer::NoRoom,
                Answer::Hidden,
                Answer::Replaced,
                Answer::BotLacks(50),
                Answer::Lacks(Rule::ALL.to_vec()),
            ] {
                let text = of_space(&answer, &room, &policy, bot, language);
                assert!(text.contains("#lyon:example.org"), "{text}");
                let is_done = matches!(answer, Answer::Taken | Answer::There);
                assert_eq!(text.contains(then(language)), !is_done, "{text}");
                if let Answer::Lacks(rules) = &answer {
                    let points = text.lines().filter(|line| line.starts_with("- "));
                    assert_eq!(points.count(), rules.len(), "{text}");
                }
            }
        }
    }
}

//! The mails that Postroom writes by itself to people on their way to Matrix: English, French, German.
//!
//! Plain text: a letter draws paragraphs and links. The examples' names are known to
//! `domain::matrix_id`, which takes nobody for them.

use ruma::UserId;

use crate::domain::{letter::Language, matrix_id::Unusable, onboarding::Door};

/// What a welcome mail has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Welcome<'a> {
    pub organisation: &'a str,
    /// What the room is called; may be empty.
    pub room: &'a str,
    pub door: Door,
    /// To the room; only where the door is not closed.
    pub link: &'a str,
    /// From where people are invited; empty: from everywhere.
    pub servers: &'a [String],
}

/// The guide: how to answer by mail, and how to take part in the chat.
pub fn welcome(of: &Welcome, language: Language) -> String {
    let Welcome {
        organisation, room, ..
    } = of;
    let join = how_to_join(of, language);
    match language {
        Language::English => {
            let place = match *room {
                "" => "a chat".to_owned(),
                room => format!("the chat “{room}”"),
            };
            format!(
                "Hello,\n\n\
                 you take part in {place} of {organisation} by email. What is said there reaches you as \
                 mail, and what you answer appears there under your name: everybody in the chat reads \
                 it. You need no account and no program for that. Just answer our mails.\n\n\
                 Would you rather take part in the chat itself?\n\n{join}"
            )
        }
        Language::French => {
            let place = match *room {
                "" => "une discussion".to_owned(),
                room => format!("la discussion «\u{202f}{room}\u{202f}»"),
            };
            format!(
                "Bonjour,\n\n\
                 vous participez par e-mail à {place} de {organisation}. Ce qui s’y dit vous parvient par \
                 e-mail, et ce que vous répondez y apparaît sous votre nom\u{a0}: tous les participants \
                 le lisent. Il ne vous faut ni compte ni logiciel\u{a0}: répondez simplement à nos \
                 e-mails.\n\n\
                 Préférez-vous participer à la discussion elle-même\u{a0}?\n\n{join}"
            )
        }
        Language::German => {
            let place = match *room {
                "" => "einem Chat".to_owned(),
                room => format!("dem Chat „{room}“"),
            };
            format!(
                "Guten Tag,\n\n\
                 Sie nehmen per E-Mail an {place} von {organisation} teil. Was dort gesagt wird, kommt \
                 als E-Mail zu Ihnen, und was Sie antworten, erscheint dort unter Ihrem Namen: Alle im \
                 Chat lesen es. Sie brauchen dafür weder ein Konto noch ein Programm. Antworten Sie \
                 einfach auf unsere E-Mails.\n\n\
                 Möchten Sie lieber im Chat selbst teilnehmen?\n\n{join}"
            )
        }
    }
}

/// How somebody comes into the chat, step by step.
pub fn how_to_join(of: &Welcome, language: Language) -> String {
    let account = account(of.servers, language);
    let last = last_step(of, language);
    match language {
        Language::English => format!(
            "1. Choose an app for Matrix. Element runs on phones, on computers and in the browser: \
             https://element.io/download (others: https://matrix.org/ecosystem/clients/)\n\
             2. {account}\n\
             3. {last}\n\n\
             Once you are in the chat, our mails stop. If you want both, or have questions, just tell us."
        ),
        Language::French => format!(
            "1. Choisissez une application Matrix. Element fonctionne sur téléphone, sur ordinateur et \
             dans le navigateur\u{a0}: https://element.io/download (autres applications\u{a0}: \
             https://matrix.org/ecosystem/clients/)\n\
             2. {account}\n\
             3. {last}\n\n\
             Dès que vous êtes dans la discussion, nos e-mails s’arrêtent. Si vous souhaitez les deux, ou \
             si vous avez des questions, dites-le-nous simplement."
        ),
        Language::German => format!(
            "1. Wählen Sie eine App für Matrix. Element läuft auf Telefonen, auf Rechnern und im Browser: \
             https://element.io/download (andere: https://matrix.org/ecosystem/clients/)\n\
             2. {account}\n\
             3. {last}\n\n\
             Sobald Sie im Chat sind, hören unsere E-Mails auf. Wenn Sie beides möchten oder Fragen haben, \
             sagen Sie es uns einfach."
        ),
    }
}

/// The form of an id, on a server that is allowed.
fn example(servers: &[String], language: Language) -> String {
    let plain = |server: &&String| !server.starts_with('*');
    let server = servers
        .iter()
        .find(plain)
        .map_or("matrix.org", String::as_str);
    let name = match language {
        Language::English => "your.name",
        Language::French => "votre.nom",
        Language::German => "ihr.name",
    };
    format!("@{name}:{server}")
}

fn account(servers: &[String], language: Language) -> String {
    let example = example(servers, language);
    let server = servers
        .iter()
        .map(|server| server.trim_start_matches("*."))
        .collect::<Vec<_>>();
    let listed = server.join(", ");
    match language {
        Language::English => {
            let place = if listed.is_empty() {
                String::new()
            } else {
                format!(" on one of these servers: {listed}")
            };
            format!(
                "Make an account there{place}. You get a Matrix ID, which looks like this: {example} (an \
                 @, your name, a colon, and the server). It is not an email address. In Element you find \
                 it in the settings, below your name."
            )
        }
        Language::French => {
            let place = if listed.is_empty() {
                String::new()
            } else {
                format!(" sur l’un de ces serveurs\u{a0}: {listed}")
            };
            format!(
                "Créez-y un compte{place}. Vous obtenez un identifiant Matrix de cette forme\u{a0}: \
                 {example} (un @, votre nom, deux-points et le serveur). Ce n’est pas une adresse \
                 e-mail. Dans Element, il se trouve dans les paramètres, sous votre nom."
            )
        }
        Language::German => {
            let place = if listed.is_empty() {
                String::new()
            } else {
                format!(" auf einem dieser Server: {listed}")
            };
            format!(
                "Legen Sie dort ein Konto an{place}. Sie erhalten eine Matrix-ID, die so aussieht: \
                 {example} (ein @, Ihr Name, ein Doppelpunkt und der Server). Sie ist keine \
                 E-Mail-Adresse. In Element finden Sie sie in den Einstellungen unter Ihrem Namen."
            )
        }
    }
}

fn last_step(of: &Welcome, language: Language) -> String {
    let link = of.link;
    match (of.door, language) {
        (Door::Closed, Language::English) => {
            "Answer this mail with your Matrix ID and nothing else. You will find an invitation in your \
             app."
                .to_owned()
        }
        (Door::Closed, Language::French) => {
            "Répondez à cet e-mail par votre identifiant Matrix et rien d’autre. Vous trouverez une \
             invitation dans votre application."
                .to_owned()
        }
        (Door::Closed, Language::German) => {
            "Antworten Sie auf diese E-Mail mit Ihrer Matrix-ID und sonst nichts. In Ihrer App finden Sie \
             dann eine Einladung."
                .to_owned()
        }
        (door, Language::English) => {
            let way = match door {
                Door::Knock => format!("ask there to be let in: {link}"),
                Door::Restricted => {
                    format!("join there, if you are a member of our Space: {link}")
                }
                Door::Open | Door::Closed => format!("join there: {link}"),
            };
            format!(
                "Answer this mail with your Matrix ID and nothing else: you will find an invitation in \
                 your app. Or open this link and {way}"
            )
        }
        (door, Language::French) => {
            let way = match door {
                Door::Knock => format!("demandez à entrer\u{a0}: {link}"),
                Door::Restricted => {
                    format!("entrez, si vous êtes membre de notre espace\u{a0}: {link}")
                }
                Door::Open | Door::Closed => format!("entrez\u{a0}: {link}"),
            };
            format!(
                "Répondez à cet e-mail par votre identifiant Matrix et rien d’autre\u{a0}: vous trouverez \
                 une invitation dans votre application. Ou bien ouvrez ce lien et {way}"
            )
        }
        (door, Language::German) => {
            let way = match door {
                Door::Knock => format!("bitten Sie dort um Einlass: {link}"),
                Door::Restricted => {
                    format!("treten Sie bei, wenn Sie Mitglied unseres Space sind: {link}")
                }
                Door::Open | Door::Closed => format!("treten Sie bei: {link}"),
            };
            format!(
                "Antworten Sie auf diese E-Mail mit Ihrer Matrix-ID und sonst nichts: In Ihrer App finden \
                 Sie dann eine Einladung. Oder öffnen Sie diesen Link und {way}"
            )
        }
    }
}

/// Their answer is meant to be their id, and nobody can be reached by it.
pub fn unusable(why: &Unusable, servers: &[String], language: Language) -> String {
    let example = example(servers, language);
    match language {
        Language::English => {
            let why = match why {
                Unusable::NoServer => {
                    "The server is missing: the part behind the colon.".to_owned()
                }
                Unusable::NotAServer(server) => {
                    format!(
                        "What stands behind the colon, “{server}”, is not the name of a server."
                    )
                }
                Unusable::Address(_) => "That is an email address.".to_owned(),
                Unusable::Characters => "There are signs in it that no Matrix ID has.".to_owned(),
                Unusable::Room => "That is the address of a room.".to_owned(),
                Unusable::Example => "That was only our example.".to_owned(),
            };
            format!(
                "Hello,\n\nthank you. We could not use the Matrix ID in your mail. {why}\n\n\
                 A Matrix ID looks like this: {example} (an @, your name, a colon, and the server).\n\n\
                 In Element you find yours when you click on your picture at the top left, or in the \
                 settings, below your name. Please copy it from there and answer this mail with it and \
                 nothing else. Until then everything goes on by mail."
            )
        }
        Language::French => {
            let why = match why {
                Unusable::NoServer => {
                    "Il manque le serveur\u{a0}: la partie après les deux-points.".to_owned()
                }
                Unusable::NotAServer(server) => format!(
                    "Ce qui suit les deux-points, «\u{202f}{server}\u{202f}», n’est pas le nom d’un serveur."
                ),
                Unusable::Address(_) => "Il s’agit d’une adresse e-mail.".to_owned(),
                Unusable::Characters => {
                    "Il contient des signes qu’aucun identifiant Matrix ne comporte.".to_owned()
                }
                Unusable::Room => "Il s’agit de l’adresse d’un salon.".to_owned(),
                Unusable::Example => "Ce n’était que notre exemple.".to_owned(),
            };
            format!(
                "Bonjour,\n\nmerci. Nous n’avons pas pu utiliser l’identifiant Matrix de votre e-mail. \
                 {why}\n\n\
                 Un identifiant Matrix a cette forme\u{a0}: {example} (un @, votre nom, deux-points et le \
                 serveur).\n\n\
                 Dans Element, vous trouvez le vôtre en cliquant sur votre image en haut à gauche, ou dans \
                 les paramètres, sous votre nom. Copiez-le et répondez à cet e-mail par cet identifiant et \
                 rien d’autre. D’ici là, tout continue par e-mail."
            )
        }
        Language::German => {
            let why = match why {
                Unusable::NoServer => {
                    "Es fehlt der Server: der Teil hinter dem Doppelpunkt.".to_owned()
                }
                Unusable::NotAServer(server) => {
                    format!(
                        "Was hinter dem Doppelpunkt steht, „{server}“, ist kein Name eines Servers."
                    )
                }
                Unusable::Address(_) => "Das ist eine E-Mail-Adresse.".to_owned(),
                Unusable::Characters => {
                    "Darin stehen Zeichen, die es in Matrix-IDs nicht gibt.".to_owned()
                }
                Unusable::Room => "Das ist die Adresse eines Raums.".to_owned(),
                Unusable::Example => "Das war nur unser Beispiel.".to_owned(),
            };
            format!(
                "Guten Tag,\n\nvielen Dank. Die Matrix-ID in Ihrer E-Mail konnten wir nicht verwenden. \
                 {why}\n\n\
                 Eine Matrix-ID sieht so aus: {example} (ein @, Ihr Name, ein Doppelpunkt und der \
                 Server).\n\n\
                 In Element finden Sie Ihre, wenn Sie oben links auf Ihr Bild klicken, oder in den \
                 Einstellungen unter Ihrem Namen. Bitte kopieren Sie sie von dort und antworten Sie auf \
                 diese E-Mail damit und mit sonst nichts. Bis dahin geht alles per E-Mail weiter."
            )
        }
    }
}

/// Their server isn't allowed yet.
pub fn server_asked(server: &str, language: Language) -> String {
    match language {
        Language::English => format!(
            "Hello,\n\nthank you for your Matrix ID. Our chat does not yet work with your server, \
             {server}. Our team has been told and will look at it; you will find an invitation in your \
             app if it can be done. Until then everything goes on by mail."
        ),
        Language::French => format!(
            "Bonjour,\n\nmerci pour votre identifiant Matrix. Notre discussion n’est pas encore reliée à \
             votre serveur, {server}. Notre équipe en est informée et va s’en occuper\u{a0}; si cela est \
             possible, vous trouverez une invitation dans votre application. D’ici là, tout continue par \
             e-mail."
        ),
        Language::German => format!(
            "Guten Tag,\n\nvielen Dank für Ihre Matrix-ID. Unser Chat ist mit Ihrem Server, {server}, \
             noch nicht verbunden. Unser Team weiß Bescheid und sieht es sich an; wenn es möglich ist, \
             finden Sie eine Einladung in Ihrer App. Bis dahin geht alles per E-Mail weiter."
        ),
    }
}

/// The last mail: they have come in.
pub fn last_mail(user: &UserId, link: &str, language: Language) -> String {
    match language {
        Language::English => format!(
            "Hello,\n\nyou are in the chat now, as {user}: {link}\n\n\
             From now on you read and write there, and this was the last mail about it. If you would \
             rather have mails again, or both, just answer this one: your answer still reaches us."
        ),
        Language::French => format!(
            "Bonjour,\n\nvous êtes maintenant dans la discussion, en tant que {user}\u{a0}: {link}\n\n\
             Désormais, c’est là que vous lisez et écrivez\u{a0}; cet e-mail était le dernier. Si vous \
             préférez recevoir à nouveau des e-mails, ou les deux, répondez simplement à celui-ci\u{a0}: \
             votre réponse nous parvient toujours."
        ),
        Language::German => format!(
            "Guten Tag,\n\nSie sind jetzt als {user} im Chat: {link}\n\n\
             Von nun an lesen und schreiben Sie dort; dies war die letzte E-Mail dazu. Wenn Sie lieber \
             wieder E-Mails möchten oder beides, antworten Sie einfach auf diese: Ihre Antwort erreicht \
             uns weiterhin."
        ),
    }
}

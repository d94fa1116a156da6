//! `mailboxes`: the addresses under which customers know us.

use std::fmt;

use indexmap::IndexMap;

use super::{
    desk::{self, GivenHours},
    dkim::Dkim,
    guard,
    imap::{FolderOnServer, Imap},
    intake::Intake,
    logo,
    onboarding::Welcomes,
    rooms::Rooms,
    section::Section,
    smtp::{self, Smtp},
    trust::Trust,
    values::{line, zone},
    wrong::Wrong,
};
use crate::{
    content::colour::Colour,
    domain::{
        address::EmailAddress,
        hours::Hours,
        letter::{Language, Look},
        reply_address::ReplyPattern,
        senders::SenderLists,
    },
};

/// The key of a mailbox in the configuration: 1 to 64 of `a`–`z`, `0`–`9`, `-` and single `_`.
/// It is stored with conversations, so it must not change once mail has come.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailboxName(String);

impl MailboxName {
    /// Reads a name; `None` if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let allowed =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        // Two underscores separate the parts of an environment variable's name.
        let sound = (1..=64).contains(&text.len())
            && text.bytes().all(allowed)
            && !text.contains("__")
            && !text.starts_with('_')
            && !text.ends_with('_');
        sound.then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MailboxName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Debug, Clone)]
pub struct Mailbox {
    /// How customers see us, on one line.
    pub name: String,
    pub address: EmailAddress,
    /// The addresses to which answers go.
    pub reply_address: ReplyPattern,
    /// What the law wants below every letter.
    pub footer: Option<String>,
    /// The language of its letters, unless a customer has another one.
    pub language: Language,
    /// The time zone of its letters, unless a customer has another one; a name of the time zone
    /// database. `None`: the system's.
    pub time_zone: Option<String>,
    /// When somebody is there to answer, with what holds for all in it; `None`: as for all.
    pub hours: Option<Hours>,
    pub look: Look,
    pub smtp: Smtp,
    /// What signs its letters, each with a signature of its own; empty: nothing does.
    pub dkim: Vec<Dkim>,
    pub return_path: ReturnPath,
    /// Where its mail is fetched; `None`: it comes by LMTP only.
    pub imap: Option<Imap>,
    pub trust: Trust,
    /// What happens to mail that belongs to no conversation, and who is staff.
    pub intake: Intake,
    /// What its rooms must be, where that is something else than for all.
    pub rooms: Option<Rooms>,
    /// Whose mail to it is blocked or let through.
    pub senders: SenderLists,
    /// Its own welcome mails.
    pub welcome: Welcomes,
}

/// The envelope sender of letters, to which bounces go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReturnPath {
    /// [`ReturnPath::Verp`] until the mail server refuses such senders, from then on
    /// [`ReturnPath::Plain`].
    #[default]
    Auto,
    /// A reply address with a token of its own for each delivery, by which a bounce tells what it is
    /// about.
    Verp,
    /// The mailbox's address.
    Plain,
}

/// What the mailboxes read so far have for themselves: no two may share it.
#[derive(Debug, Default)]
struct Taken {
    addresses: Vec<(EmailAddress, String)>,
    reply_addresses: Vec<(ReplyPattern, String)>,
    folders: Vec<(FolderOnServer, String)>,
}

/// Reads the section `mailboxes`.
pub(super) fn read_all(
    section: &mut Section,
    hours: &GivenHours,
) -> IndexMap<MailboxName, Mailbox> {
    let mut mailboxes = IndexMap::new();
    let mut taken = Taken::default();
    if section.is_empty() {
        section.wrong_as_a_whole("there is no mailbox", "add one, such as \"support\"");
    }
    section.each_section(|name, section| {
        let mailbox = Mailbox::read(section, name, hours, &mut taken);
        let Some(name) = MailboxName::parse(name) else {
            section.wrong_as_a_whole(
                "this is not a name for a mailbox",
                "use at most 64 of a-z, 0-9, - and single _, such as \"support\"",
            );
            return;
        };
        if let Some(mailbox) = mailbox {
            mailboxes.insert(name, mailbox);
        }
    });
    mailboxes
}

impl Mailbox {
    fn read(
        section: &mut Section,
        mailbox: &str,
        hours_of_all: &GivenHours,
        taken: &mut Taken,
    ) -> Option<Self> {
        let name = section.required("name", "Example Ltd", line);
        let address = section.required("address", "support@example.org", |text| {
            EmailAddress::parse(text)
                .map_err(|fault| format!("\"{text}\" is not an address: {fault}").into())
        });
        let reply_address = section.required("reply_address", REPLY_ADDRESS, |text| {
            ReplyPattern::parse(text).map_err(|fault| format!("\"{text}\": {fault}").into())
        });
        if let Some(address) = &address {
            claim(section, "address", address, mailbox, &mut taken.addresses);
        }
        if let Some(pattern) = &reply_address {
            let claimed = &mut taken.reply_addresses;
            claim(section, "reply_address", pattern, mailbox, claimed);
        }
        let footer = section.optional("footer", "Example Ltd, London, UK", footer);
        let language = section.optional("language", "en", language);
        let time_zone = section.optional("time_zone", "Europe/Paris", |text| {
            zone(text).map(|_| text.to_owned())
        });
        let hours = section.optional_section("hours", |section| {
            Some(desk::hours(section).over(hours_of_all))
        });
        let colour = section.optional("colour", "#1d5fa8", colour);
        let logo = section.optional("logo", "logo.png", |path| Ok(path.to_owned()));
        let logo = logo.and_then(|path| match logo::read(&section.path(&path)) {
            Ok(logo) => Some(logo),
            Err(wrong) => {
                section.wrong_value("logo", wrong, "logo.png");
                None
            }
        });
        let smtp =
            section.required_section("smtp", "{url: \"smtp://mail.example.org:587\"}", smtp::read);
        let dkim = section.sections("dkim", Dkim::read);
        let return_path = section.optional("return_path", "auto", return_path);
        let imap = section.optional_section("imap", |section| {
            let imap = Imap::read(section)?;
            for folder in imap.folders_on_server() {
                claim(section, "folders", &folder, mailbox, &mut taken.folders);
            }
            Some(imap)
        });
        let trust = section.optional_section("trust", Trust::read);
        let intake = Intake::read(section);
        let rooms =
            section.optional_section("rooms", |section| Some(Rooms::read_of_mailbox(section)));
        let senders = section.optional_section("senders", |section| Some(guard::senders(section)));
        let welcome = section.optional_section("welcome", |section| Some(Welcomes::read(section)));
        Some(Self {
            name: name?,
            address: address?,
            reply_address: reply_address?,
            footer,
            language: language.unwrap_or_default(),
            time_zone,
            hours,
            look: Look { colour, logo },
            smtp: smtp?,
            dkim,
            return_path: return_path.unwrap_or_default(),
            imap,
            trust: trust.unwrap_or_default(),
            intake,
            rooms,
            senders: senders.unwrap_or_default(),
            welcome: welcome.unwrap_or_default(),
        })
    }
}

const REPLY_ADDRESS: &str = "support+{token}@example.org";

/// Notes that `value` belongs to `mailbox`, or that another mailbox has it.
fn claim<T: Clone + PartialEq>(
    section: &mut Section,
    key: &'static str,
    value: &T,
    mailbox: &str,
    taken: &mut Vec<(T, String)>,
) {
    if let Some((_, other)) = taken.iter().find(|(other, _)| other == value) {
        let what = format!("mailboxes.{other} has the same, so nobody could tell whose mail it is");
        section.wrong(key, what, "give each mailbox its own");
    } else {
        taken.push((value.clone(), mailbox.to_owned()));
    }
}

fn language(text: &str) -> Result<Language, Wrong> {
    Language::from_tag(text).ok_or_else(|| {
        let tags = Language::ALL.map(Language::tag).join(", ");
        Wrong::new(
            format!("\"{text}\" is not a language in which letters can be written"),
            format!("write one of {tags}"),
        )
    })
}

fn return_path(text: &str) -> Result<ReturnPath, Wrong> {
    match text {
        "auto" => Ok(ReturnPath::Auto),
        "verp" => Ok(ReturnPath::Verp),
        "plain" => Ok(ReturnPath::Plain),
        _ => Err(Wrong::new(
            format!("\"{text}\" is no kind of return path"),
            "write \"auto\", \"verp\" or \"plain\"",
        )),
    }
}

fn colour(text: &str) -> Result<String, Wrong> {
    let unknown = || {
        Wrong::new(
            format!("\"{text}\" is not a colour"),
            "write # and six hexadecimal digits, such as \"#1d5fa8\"",
        )
    };
    let colour = Colour::parse(text).ok_or_else(unknown)?;
    Ok(colour.to_string())
}

/// One line or a few.
fn footer(text: &str) -> Result<String, Wrong> {
    let text = text.trim();
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(Wrong::new("has control characters", "take them out"));
    }
    if text.chars().count() > 1000 {
        return Err(Wrong::new("is longer than 1000 characters", "shorten it"));
    }
    Ok(text.to_owned())
}

//! `mailboxes.NAME.intake` and what goes with it: what happens to mail that belongs to no conversation,
//! and who is staff for the mailbox.

use std::collections::HashMap;

use ruma::OwnedRoomId;

use super::{room_id, section::Section, staff_pattern, wrong::Wrong};
use crate::domain::{
    freemail::is_freemail, intake::Acknowledge, letter::Language, staff::StaffList,
    trust::Intake as Rule,
};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Intake {
    pub rule: Rule,
    /// Where staff are asked; `None`: in the control room.
    pub triage_room: Option<OwnedRoomId>,
    /// The rooms that the customers of a domain share; domains in lower case, international ones in both
    /// of their forms.
    pub domains: HashMap<String, OwnedRoomId>,
    pub acknowledge: Acknowledge,
    /// What an acknowledgement says, where it isn't what Postroom says.
    pub acknowledgement: HashMap<Language, String>,
    /// What a refusal says, the same.
    pub refusal: HashMap<Language, String>,
    /// Most rooms that are opened without staff in an hour; zero is no limit.
    pub rooms_per_hour: Option<u32>,
    /// Who is staff in the mailbox's rooms; `None`: who is everywhere.
    pub staff: Option<StaffList>,
}

impl Intake {
    /// Reads the keys of a mailbox that are about intake.
    pub(super) fn read(section: &mut Section) -> Self {
        let rule = section.optional("intake", "triage", rule);
        let triage_room = section.optional("triage_room", "!abc:example.org", room_id);
        let domains = section.optional_section("domains", |section| Some(domains(section)));
        let acknowledge = section.optional("acknowledge", "closed", acknowledge);
        let acknowledgement = section.optional_section("acknowledgement", |it| Some(texts(it)));
        let refusal = section.optional_section("refusal", |section| Some(texts(section)));
        let rooms_per_hour = section.optional("rooms_per_hour", "20", |text| {
            text.parse().map_err(|_| {
                Wrong::new(
                    format!("\"{text}\" is not a number"),
                    "write a number; 0 is no limit",
                )
            })
        });
        let staff = section.optional_list("staff", "[\"@*:example.org\"]", staff_pattern);
        Self {
            rule: rule.unwrap_or_default(),
            triage_room,
            domains: domains.unwrap_or_default(),
            acknowledge: acknowledge.unwrap_or_default(),
            acknowledgement: acknowledgement.unwrap_or_default(),
            refusal: refusal.unwrap_or_default(),
            rooms_per_hour,
            staff: staff.map(|patterns| patterns.into_iter().collect()),
        }
    }

    /// Most rooms that are opened without staff in an hour; zero is no limit.
    #[must_use]
    pub fn most_rooms(&self) -> u32 {
        self.rooms_per_hour.unwrap_or(MOST_ROOMS)
    }
}

fn rule(text: &str) -> Result<Rule, Wrong> {
    Rule::ALL
        .into_iter()
        .find(|rule| rule.word() == text)
        .ok_or_else(|| {
            Wrong::new(
                format!("\"{text}\" is nothing that can be done with a stranger's mail"),
                "write \"triage\", \"room\", \"reject\" or \"keep\"",
            )
        })
}

fn acknowledge(text: &str) -> Result<Acknowledge, Wrong> {
    match text {
        "closed" => Ok(Acknowledge::Closed),
        "always" => Ok(Acknowledge::Always),
        "never" => Ok(Acknowledge::Never),
        _ => Err(Wrong::new(
            format!("\"{text}\" doesn't say when a mail is acknowledged"),
            "write \"closed\", \"always\" or \"never\"",
        )),
    }
}

fn domains(section: &mut Section) -> HashMap<String, OwnedRoomId> {
    let rooms = section.each_value("acme.com: \"!abc:example.org\"", |domain, room| {
        Ok((shared_domain(domain)?, room_id(room)?))
    });
    let mut found = HashMap::new();
    for (domain, room) in rooms {
        let (international, _) = idna::domain_to_unicode(&domain);
        found.insert(international, room.clone());
        found.insert(domain, room);
    }
    found
}

/// In its ASCII form.
fn shared_domain(text: &str) -> Result<String, Wrong> {
    let is_one = text.contains('.') && !text.contains(['@', '*', ' ']);
    let ascii = idna::domain_to_ascii(text).ok().filter(|_| is_one);
    let domain = ascii.ok_or_else(|| {
        Wrong::new(
            format!("\"{text}\" is not a domain"),
            "write what stands behind the @ of its addresses, such as \"acme.com\"",
        )
    })?;
    if is_freemail(&domain) {
        return Err(Wrong::new(
            "everybody can have an address there, and all of them would share the room",
            "name a customer's own domain",
        ));
    }
    Ok(domain)
}

/// A text in each language.
fn texts(section: &mut Section) -> HashMap<Language, String> {
    let texts = section.each_value("en: \"Thank you for your mail.\"", |tag, text| {
        let language = Language::from_tag(tag).ok_or_else(|| {
            let tags = Language::ALL.map(Language::tag).join(", ");
            Wrong::new(
                format!("\"{tag}\" is not a language in which letters can be written"),
                format!("write one of {tags}"),
            )
        })?;
        let text = text.trim();
        if text.is_empty() || text.chars().any(|c| c.is_control() && c != '\n') {
            return Err("is empty or has control characters".into());
        }
        if text.chars().count() > LONGEST_TEXT {
            return Err(Wrong::new("is longer than 2000 characters", "shorten it"));
        }
        Ok((language, text.to_owned()))
    });
    texts.into_iter().collect()
}

/// In characters.
const LONGEST_TEXT: usize = 2_000;
const MOST_ROOMS: u32 = 20;

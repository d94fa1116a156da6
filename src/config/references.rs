//! What one part of the configuration says of another: looked at when all of it is read.

use super::{Config, Mailbox, MailboxName, Rooms, section::Section, spelling::closest};
use crate::domain::staff::glob;

/// Notes what leads nowhere, or where it must not.
pub(super) fn check(config: &Config, section: &mut Section) {
    check_named_mailboxes("rooms", &config.rooms, config, section);
    for (name, mailbox) in &config.mailboxes {
        if let Some(own) = &mailbox.rooms {
            let rooms = format!("mailboxes.{name}.rooms");
            check_named_mailboxes(&rooms, own, config, section);
            check_space(&rooms, own, config, section);
        }
        check_domains(name, mailbox, config, section);
    }
}

fn check_named_mailboxes(key: &str, rooms: &Rooms, config: &Config, section: &mut Section) {
    let names = || config.mailboxes.keys().map(MailboxName::as_str);
    for (rule, named) in rooms.mailboxes() {
        // One that has faults is known by its place alone.
        let is_there = names().any(|name| glob(named, name))
            || section.is_given(&format!("mailboxes.{named}"));
        if is_there {
            continue;
        }
        let remedy = match closest(named, names()) {
            Some(meant) => format!("did you mean \"mailbox:{meant}\"?"),
            None => format!(
                "the mailboxes are {}",
                names().collect::<Vec<_>>().join(", ")
            ),
        };
        let key = format!("{key}.only.{}", rule.word());
        section.wrong_in_all(&key, format!("there is no mailbox \"{named}\""), remedy);
    }
}

/// The rooms of all mailboxes are looked at as they are read.
fn check_space(key: &str, own: &Rooms, config: &Config, section: &mut Section) {
    let is_given = ["rooms.space".to_owned(), format!("{key}.space")];
    if config.rooms.lacks_space(own) && !is_given.iter().any(|key| section.is_given(key)) {
        section.wrong_in_all(
            &format!("{key}.join_rule"),
            "lets in who is in the Space, and there is none",
            "add \"space\", or write \"invite\"",
        );
    }
}

/// Whoever writes from there is no customer.
fn check_domains(name: &MailboxName, mailbox: &Mailbox, config: &Config, section: &mut Section) {
    for domain in mailbox.intake.domains.keys() {
        let is_own = |mailbox: &Mailbox| mailbox.address.domain().eq_ignore_ascii_case(domain);
        if config.mailboxes.values().any(is_own) {
            section.wrong_in_all(
                &format!("mailboxes.{name}.domains"),
                format!(
                    "{domain} is your own, and all who have an address there would share the room"
                ),
                "name a customer's own domain",
            );
        }
    }
}

//! What a room is told about a file that can't be shown in it, or can't be sent from it.

use super::room::bytes;
use crate::domain::{ids::MailId, outgoing::MailPart};

/// Why the homeserver doesn't have a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotShown {
    /// Over what the homeserver takes; with its limit in octets, if it has said that.
    TooLarge { limit: Option<u64> },
    /// The homeserver won't have it; a part of a sentence that says why.
    Refused(String),
    /// The homeserver has failed again and again; a part of a sentence that says how.
    Failing(String),
    /// The mail isn't kept any more, or not where it should be.
    Gone,
    /// The mail is there, but reading it fails or finds no such file.
    Unreadable,
    /// There is malware in the mail.
    Infected,
}

/// `size` is the file's, in octets, if that is known. Whoever reads this may be anybody.
pub fn not_shown(
    name: &str,
    size: Option<u64>,
    mail: MailId,
    part: MailPart,
    why: &NotShown,
) -> String {
    let size = size.map_or_else(String::new, |size| format!(" ({})", bytes(size)));
    let kept = match (part, why) {
        (_, NotShown::Gone) => String::new(),
        // A mail is larger than every file in it.
        (MailPart::Original | MailPart::Readable, _)
        | (_, NotShown::TooLarge { .. } | NotShown::Infected) => {
            format!(" It is kept as mail {mail} on the machine that I run on.")
        }
        (MailPart::File(_) | MailPart::Text, _) => format!(
            " It is kept in mail {mail}: staff can reply `!email original` to get all of it."
        ),
    };
    let why = match why {
        NotShown::TooLarge { limit: Some(limit) } => format!(
            "it is larger than the homeserver takes, at most {}.",
            bytes(*limit)
        ),
        NotShown::TooLarge { limit: None } => "it is larger than the homeserver takes.".to_owned(),
        NotShown::Refused(reason) => format!("{}.", reason.trim_end_matches('.')),
        NotShown::Failing(reason) => {
            format!("handing it over fails again and again, {reason}.")
        }
        NotShown::Gone => "the mail that it came with isn't kept any more.".to_owned(),
        NotShown::Unreadable => "it can't be read.".to_owned(),
        NotShown::Infected => "there is malware in the mail.".to_owned(),
    };
    format!("📎 “{name}”{size} can't be shown here: {why}{kept}")
}

/// A file is larger than a mail may be, and there is no other way for it. Both sizes in octets.
pub fn too_large_for_mail(name: &str, size: u64, most: u64) -> String {
    format!(
        "📎 {} ({}) was not sent by email: a mail has at most {} with everything in it. The letter \
         says that the file is missing. Please share a link to it, or send it in smaller parts. \
         (With `public` in my configuration large files go as links.)",
        quoted(name),
        bytes(size),
        bytes(most)
    )
}

/// `reason` is a part of a sentence, or a sentence of somebody else.
pub fn could_not_be_fetched(name: &str, reason: &str) -> String {
    format!(
        "📎 {} was not sent by email, as I can't get it: {}. The letter says that it is missing. Please \
         share it again.",
        quoted(name),
        reason.trim_end_matches('.')
    )
}

/// A customer has come too late; staff can renew the link.
pub fn asked_for_again(name: &str) -> String {
    format!(
        "📎 Somebody asks for {}, whose link in a mail has expired. React with ✅, and the link works \
         for another 30 days and a mail says so.",
        quoted(name)
    )
}

pub fn link_renewed(name: &str) -> String {
    format!(
        "The link to {} works again for 30 days, and a mail says so.",
        quoted(name)
    )
}

pub fn link_is_dead(name: &str) -> String {
    format!(
        "The link to {} can't be renewed: the message with the file was taken back.",
        quoted(name)
    )
}

fn quoted(name: &str) -> String {
    if name.is_empty() {
        "this file".to_owned()
    } else {
        format!("“{name}”")
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        MailPart::File(0),
        NotShown::TooLarge { limit: Some(50_000_000) },
        "📎 “plan.pdf” (61.2 MB) can't be shown here: it is larger than the homeserver takes, at most \
         50.0 MB. It is kept as mail 7 on the machine that I run on."
    )]
    #[case(
        MailPart::File(0),
        NotShown::Refused("the homeserver says: no such files.".to_owned()),
        "📎 “plan.pdf” (61.2 MB) can't be shown here: the homeserver says: no such files. It \
         is kept in mail 7: staff can reply `!email original` to get all of it."
    )]
    #[case(
        MailPart::Original,
        NotShown::Refused("the homeserver says: no such files.".to_owned()),
        "📎 “plan.pdf” (61.2 MB) can't be shown here: the homeserver says: no such files. It \
         is kept as mail 7 on the machine that I run on."
    )]
    #[case(
        MailPart::Text,
        NotShown::Gone,
        "📎 “plan.pdf” (61.2 MB) can't be shown here: the mail that it came with isn't kept any more."
    )]
    fn a_file_that_is_not_shown_is_named_with_the_reason(
        #[case] part: MailPart,
        #[case] why: NotShown,
        #[case] expected: &str,
    ) {
        let told = not_shown("plan.pdf", Some(61_234_567), MailId(7), part, &why);
        assert_eq!(told, expected);
    }
}

//! What a room is told about a file that can't be shown in it.

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
        (MailPart::Original | MailPart::Readable, _) | (_, NotShown::TooLarge { .. }) => {
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
    };
    format!("📎 “{name}”{size} can't be shown here: {why}{kept}")
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

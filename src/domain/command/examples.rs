//! What `!email help COMMAND` shows besides the usage: how a command is typed. A test reads each.

use crate::domain::event::{EventKind, RoomEvent};

/// The name of a command, and examples of it.
pub const EXAMPLES: &[(&str, &[&str])] = &[
    (
        "add",
        &[
            "!email add jane@acme.com Jane Doe",
            "!email add jane@acme.com, bob@acme.com",
            "!email add --share joe@beta.example Joe",
        ],
    ),
    ("remove", &["!email remove jane@acme.com"]),
    ("resume", &["!email resume jane@acme.com"]),
    ("leave", &["!email leave"]),
    (
        "list",
        &["!email list", "!email list mine", "!email list waiting 2"],
    ),
    ("find", &["!email find board bring-up"]),
    ("status", &["!email status", "!email status 7"]),
    ("open", &["!email open", "!email open 7"]),
    ("close", &["!email close", "!email close 7"]),
    ("pending", &["!email pending", "!email pending 7"]),
    (
        "assign",
        &["!email assign me", "!email assign 7 @bo:example.org"],
    ),
    ("unassign", &["!email unassign", "!email unassign 7"]),
    (
        "subject",
        &[
            "!email subject Board bring-up",
            "!email subject #7 Board bring-up",
        ],
    ),
    (
        "note",
        &[
            "!email note calls back on Tuesday",
            "!email note #7 calls back on Tuesday",
        ],
    ),
    (
        "move",
        &[
            "!email move 7 #training:example.org",
            "!email move 7 !room:example.org --share",
        ],
    ),
    ("merge", &["!email merge 9 7", "!email merge 9 7 --share"]),
    ("now", &["!email now"]),
    ("original", &["!email original"]),
    ("held", &["!email held"]),
    ("release", &["!email release 7", "!email release 7 add"]),
    ("drop", &["!email drop 7"]),
    ("requests", &["!email requests"]),
    (
        "take",
        &["!email take 7", "!email take 7 !room:example.org"],
    ),
    ("dismiss", &["!email dismiss 7"]),
    ("revoke", &["!email revoke", "!email revoke 7"]),
    (
        "settings",
        &[
            "!email settings",
            "!email settings quiet 10m",
            "!email settings quiet default",
        ],
    ),
    (
        "language",
        &["!email language en", "!email language jane@acme.com en"],
    ),
    (
        "timezone",
        &[
            "!email timezone Europe/Paris",
            "!email timezone jane@acme.com +02:00",
        ],
    ),
    (
        "welcome",
        &["!email welcome", "!email welcome jane@acme.com"],
    ),
    ("link", &["!email link jane@acme.com @jane:matrix.org"]),
    ("unlink", &["!email unlink jane@acme.com"]),
    (
        "both",
        &["!email both jane@acme.com", "!email both jane@acme.com off"],
    ),
    ("mail", &["!email mail jane@acme.com"]),
    (
        "allowed",
        &[
            "!email allowed",
            "!email allowed matrix.org",
            "!email allowed matrix.org off",
        ],
    ),
    (
        "block",
        &[
            "!email block jane@spam.example",
            "!email block *@spam.example",
        ],
    ),
    ("unblock", &["!email unblock *@spam.example"]),
    ("allow", &["!email allow news@acme.com"]),
    ("blocked", &["!email blocked"]),
    (
        "policy",
        &[
            "!email policy",
            "!email policy apply",
            "!email policy #lyon:example.org",
        ],
    ),
    (
        "space",
        &["!email space add", "!email space add #lyon:example.org"],
    ),
    (
        "erase",
        &[
            "!email erase jane@acme.com",
            "!email erase jane@acme.com redact",
        ],
    ),
    ("help", &["!email help", "!email help close"]),
];

/// The first example with arguments of the command that somebody has typed, else the first.
pub(super) fn of_typed(event: &RoomEvent) -> Option<&'static str> {
    let EventKind::Message { content, .. } = &event.kind else {
        return None;
    };
    let word = content.words()?.body.split_whitespace().nth(1)?;
    let (_, examples) = EXAMPLES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(word))?;
    let has_arguments = |example: &&&str| example.split_whitespace().count() > 2;
    let fullest = examples.iter().find(has_arguments);
    fullest.or(examples.first()).copied()
}

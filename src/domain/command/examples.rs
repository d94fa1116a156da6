//! What `!email help COMMAND` shows besides the usage: how a command is typed. A test reads each.

/// The name of a command, and examples of it.
pub const EXAMPLES: &[(&str, &[&str])] = &[
    (
        "add",
        &[
            "!email add jane@acme.com Jane Doe",
            "!email add jane@acme.com, bob@acme.com",
        ],
    ),
    ("remove", &["!email remove jane@acme.com"]),
    ("resume", &["!email resume jane@acme.com"]),
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
        &["!email assign me", "!email assign 7 @ann:example.org"],
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
    ("merge", &["!email merge 9 7"]),
    ("now", &["!email now"]),
    ("original", &["!email original"]),
    ("held", &["!email held"]),
    ("release", &["!email release 7", "!email release 7 add"]),
    ("drop", &["!email drop 7"]),
    ("revoke", &["!email revoke", "!email revoke 7"]),
    (
        "settings",
        &["!email settings", "!email settings quiet 10m"],
    ),
    (
        "language",
        &["!email language fr", "!email language jane@acme.com de"],
    ),
    ("timezone", &["!email timezone Europe/Paris"]),
    ("block", &["!email block *@spam.example"]),
    ("unblock", &["!email unblock *@spam.example"]),
    ("allow", &["!email allow news@acme.com"]),
    ("blocked", &["!email blocked"]),
    ("help", &["!email help", "!email help close"]),
];

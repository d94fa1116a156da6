//! Every command by its name: the one source of `!email help` and of what a mistyped word may mean.

/// Name, usage and purpose of each command, in the order of `!email help`.
pub const COMMANDS: &[(&str, &str, &str)] = &[
    (
        "add",
        "!email add [--share] ADDRESS… [Name]",
        "adds somebody; several addresses are one customer",
    ),
    (
        "remove",
        "!email remove ADDRESS",
        "stops writing to somebody",
    ),
    (
        "resume",
        "!email resume ADDRESS",
        "lets mail go again to an address at which it had failed",
    ),
    ("list", "!email list", "shows who is here by email"),
    (
        "status",
        "!email status",
        "shows what waits and what isn't delivered",
    ),
    ("now", "!email now", "sends what waits at once"),
    (
        "original",
        "!email original",
        "shows all of a mail: as a reply to its message",
    ),
    ("held", "!email held", "shows mail that waits for you"),
    (
        "release",
        "!email release NUMBER [add]",
        "shows held mail in its room; adds its sender",
    ),
    (
        "drop",
        "!email drop NUMBER",
        "keeps held mail out of the room",
    ),
    (
        "revoke",
        "!email revoke [NUMBER]",
        "gives conversations new reply addresses",
    ),
    (
        "settings",
        "!email settings [NAME VALUE]",
        "shows or changes what holds in this room",
    ),
    (
        "language",
        "!email language [ADDRESS] [LANGUAGE]",
        "shows or sets the language of the letters",
    ),
    (
        "timezone",
        "!email timezone [ADDRESS] [ZONE]",
        "shows or sets the time zone of the letters",
    ),
    (
        "block",
        "!email block ADDRESS|*@DOMAIN",
        "keeps a sender's mail out of sight",
    ),
    (
        "unblock",
        "!email unblock ADDRESS|*@DOMAIN",
        "takes a sender off the lists",
    ),
    (
        "allow",
        "!email allow ADDRESS|*@DOMAIN",
        "never holds a sender's mail as spam or as too much",
    ),
    ("blocked", "!email blocked", "shows who is on the lists"),
    (
        "policy",
        "!email policy [apply] [ROOM]",
        "says what a room must be and isn't; mends what I can",
    ),
    (
        "space",
        "!email space add [ROOM]",
        "takes a room into the Space, if it is as it must be",
    ),
    ("help", "!email help", "shows this"),
];

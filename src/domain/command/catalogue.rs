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
    (
        "leave",
        "!email leave",
        "ends the room's conversations, and I leave with everybody who is here by email",
    ),
    (
        "list",
        "!email list [mine|open|waiting|pending|closed|all] [PAGE]",
        "shows who is here by email; in the control room all conversations",
    ),
    (
        "find",
        "!email find TEXT",
        "finds conversations by subject, name, address, number or last mail",
    ),
    (
        "status",
        "!email status [NUMBER]",
        "shows what waits and what isn't delivered; of one conversation, all",
    ),
    ("open", "!email open [NUMBER]", "opens a conversation again"),
    (
        "close",
        "!email close [NUMBER]",
        "says that a conversation is done",
    ),
    (
        "pending",
        "!email pending [NUMBER]",
        "says that a conversation waits for something",
    ),
    (
        "assign",
        "!email assign [NUMBER] [me|@USER]",
        "says whose a conversation is",
    ),
    (
        "unassign",
        "!email unassign [NUMBER]",
        "says that it is nobody's",
    ),
    (
        "subject",
        "!email subject [#NUMBER] TEXT",
        "gives a conversation a name for staff",
    ),
    (
        "note",
        "!email note [#NUMBER] TEXT",
        "notes something that goes to nobody",
    ),
    (
        "move",
        "!email move [NUMBER] ROOM [--share]",
        "lets a conversation go on in another room",
    ),
    (
        "merge",
        "!email merge NUMBER NUMBER [--share]",
        "lets the first conversation go on in the second",
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
        "requests",
        "!email requests",
        "shows what strangers have written that waits for you",
    ),
    (
        "take",
        "!email take NUMBER [ROOM]",
        "gives a request a room, new or this one",
    ),
    ("dismiss", "!email dismiss NUMBER", "puts a request aside"),
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
        "welcome",
        "!email welcome [ADDRESS]",
        "sends the mail that tells how to take part",
    ),
    (
        "link",
        "!email link ADDRESS MATRIX-ID",
        "says who somebody is in Matrix, or invites them",
    ),
    (
        "unlink",
        "!email unlink ADDRESS",
        "says that somebody isn't that Matrix user",
    ),
    (
        "both",
        "!email both ADDRESS [on|off]",
        "sends mails besides to somebody who is in Matrix",
    ),
    (
        "mail",
        "!email mail ADDRESS",
        "writes by mail again to somebody who has left in Matrix",
    ),
    (
        "allowed",
        "!email allowed [SERVER [off]]",
        "shows, adds to, or takes from the servers from which people are invited",
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
    (
        "erase",
        "!email erase ADDRESS [redact]",
        "deletes everything about a person, for good",
    ),
    (
        "help",
        "!email help [COMMAND]",
        "shows this, or all about a command",
    ),
];

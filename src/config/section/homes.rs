//! Where keys belong that were written somewhere else.

/// The section of a key that stands where nobody asks for it.
pub(super) fn home(key: &str) -> Option<&'static str> {
    let found = HOMES.iter().find(|(_, keys)| keys.contains(&key));
    found.map(|(home, _)| *home)
}

/// No key is listed that two sections have, unless the one is the other's of all mailboxes.
pub const HOMES: [(&str, &[&str]); 12] = [
    (
        "mailboxes.NAME",
        &[
            "acknowledge",
            "acknowledgement",
            "address",
            "domains",
            "footer",
            "hours",
            "imap",
            "intake",
            "refusal",
            "reply_address",
            "return_path",
            "rooms_per_hour",
            "smtp",
            "triage_room",
        ],
    ),
    (
        "mailboxes.NAME.trust",
        &[
            "authserv_ids",
            "colleagues",
            "relays",
            "sealers",
            "unverified",
        ],
    ),
    (
        "mailboxes.NAME.imap",
        &[
            "folders",
            "idle",
            "older",
            "poll",
            "processed",
            "processed_folder",
        ],
    ),
    ("desk", &["remind_after"]),
    (
        "desk.hours",
        &[
            "calendar",
            "friday",
            "holidays",
            "monday",
            "saturday",
            "sunday",
            "thursday",
            "tuesday",
            "wednesday",
        ],
    ),
    ("lmtp", &["trusted"]),
    (
        "letters",
        &[
            "at_most",
            "changes",
            "digest",
            "notices",
            "quiet",
            "status_events",
        ],
    ),
    ("onboarding", &["allowed_servers", "ask"]),
    (
        "rooms",
        &[
            "admin",
            "bots",
            "encrypted",
            "history",
            "invite",
            "join_rule",
            "join_rules",
            "moderators",
            "only",
            "prefix",
            "rules",
            "space",
            "topic",
        ],
    ),
    ("guard", &["clamd", "loops", "spam", "spam_level"]),
    ("senders", &["allow", "block"]),
    (
        "the file itself, below no other key",
        &[
            "control_room",
            "dns",
            "guard",
            "letters",
            "names",
            "operations",
            "public",
            "staff_power_level",
        ],
    ),
];

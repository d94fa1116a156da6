//! Every metric: its name, what it tells, its labels and their values. `docs/metrics.md` says the
//! same to administrators, and a test compares the two.

pub use super::metric::NO_LABELS;
use super::metric::{Counter, Gauge, Histogram, Known};

pub static EVENTS: Counter<2> = Counter {
    name: "postroom_events_total",
    help: "What the homeserver handed over.",
    labels: [
        ("kind", &["event", "ephemeral", "broken"]),
        ("arrival", &["new", "known"]),
    ],
};

pub static MAILS: Counter<3> = Counter {
    name: "postroom_mails_total",
    help: "Mails that were decided about.",
    labels: [
        ("source", &["lmtp", "imap"]),
        (
            "kind",
            &[
                "bounce",
                "feedback_report",
                "own",
                "auto_reply",
                "list",
                "forward",
                "reply",
                "new",
                "unreadable",
            ],
        ),
        (
            "outcome",
            &[
                "posted",
                "posted_small",
                "matched",
                "duplicate",
                "own",
                "leave",
                "held",
                "kept",
                "passed_over",
                "requested",
                "rejected",
                "blocked",
                "junk",
                "loop",
                "postponed",
                "set_aside",
            ],
        ),
    ],
};

pub static LETTERS: Counter<1> = Counter {
    name: "postroom_letters_total",
    help: "Letters whose way is at its end.",
    labels: [("outcome", &["sent", "not_sent"])],
};

pub static LETTERS_OPEN: Gauge<0> = Gauge {
    name: "postroom_letters_open",
    help: "Letters that still collect messages.",
    labels: [],
};

pub static LETTERS_OVERDUE: Gauge<0> = Gauge {
    name: "postroom_letters_overdue_seconds",
    help: "By how much the most overdue open letter is late.",
    labels: [],
};

const WAY: (&str, &[&str]) = ("way", &["matrix", "mail"]);

pub static ATTEMPTS: Counter<1> = Counter {
    name: "postroom_attempts_total",
    help: "Attempts to hand something over that were begun.",
    labels: [WAY],
};

pub static SENDS: Counter<2> = Counter {
    name: "postroom_sends_total",
    help: "Attempts to hand something over, by how they ended.",
    labels: [
        WAY,
        (
            "outcome",
            &[
                "delivered",
                "retry_later",
                "refused",
                "withdrawn",
                "uncertain",
            ],
        ),
    ],
};

pub static SEND_TIME: Histogram<1> = Histogram {
    name: "postroom_send_seconds",
    help: "From the decision to send something until the other side had it.",
    labels: [WAY],
    buckets: JOURNEY,
};

pub static EVENT_TO_MAIL: Histogram<0> = Histogram {
    name: "postroom_event_to_mail_seconds",
    help: "From taking a message over until the mail server had taken the mail with it.",
    labels: [],
    buckets: JOURNEY,
};

pub static MAIL_TO_EVENT: Histogram<0> = Histogram {
    name: "postroom_mail_to_event_seconds",
    help: "From taking a mail over until the homeserver had the event that shows it.",
    labels: [],
    buckets: JOURNEY,
};

/// Nothing is slower than five days, when it is given up.
const JOURNEY: &[f64] = &[
    0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0,
    1_800.0, 3_600.0, 21_600.0, 86_400.0, 432_000.0,
];

const INBOX: (&str, &[&str]) = ("of", &["events", "mails"]);

pub static INBOX_WAITING: Gauge<1> = Gauge {
    name: "postroom_inbox_waiting",
    help: "What was taken over and not decided about yet.",
    labels: [INBOX],
};

pub static INBOX_OLDEST: Gauge<1> = Gauge {
    name: "postroom_inbox_oldest_seconds",
    help: "How long the oldest of it has been waiting.",
    labels: [INBOX],
};

const LANE: (&str, &[&str]) = ("lane", &["room", "receipt", "mail"]);

pub static OUTBOX_WAITING: Gauge<1> = Gauge {
    name: "postroom_outbox_waiting",
    help: "What is to leave the machine and has not been settled.",
    labels: [LANE],
};

pub static OUTBOX_OLDEST: Gauge<1> = Gauge {
    name: "postroom_outbox_oldest_seconds",
    help: "How long the oldest of it has been waiting.",
    labels: [LANE],
};

const CLASS: (&str, &[&str]) = ("class", &["1xx", "2xx", "3xx", "4xx", "5xx"]);

pub static HTTP_REQUESTS: Counter<2> = Counter {
    name: "postroom_http_requests_total",
    help: "HTTP requests that were answered.",
    labels: [("listener", &["appservice", "operations", "public"]), CLASS],
};

pub static LMTP_ANSWERS: Counter<1> = Counter {
    name: "postroom_lmtp_answers_total",
    help: "Answers to LMTP clients, the greeting among them.",
    labels: [CLASS],
};

pub static IMAP_CONNECTED: Gauge<2> = Gauge {
    name: "postroom_imap_connected",
    help: "1 while the folder is watched.",
    labels: [("mailbox", &[]), ("folder", &[])],
};

pub static IMAP_MAILS: Counter<2> = Counter {
    name: "postroom_imap_mails_total",
    help: "Mails that were looked at in an IMAP folder.",
    labels: [("mailbox", &[]), ("outcome", &[])],
};

pub static HOMESERVER_REQUESTS: Counter<2> = Counter {
    name: "postroom_homeserver_requests_total",
    help: "Requests to the homeserver.",
    labels: [
        ENDPOINT,
        ("outcome", &["done", "later", "refused", "unknown"]),
    ],
};

pub static HOMESERVER_TIME: Histogram<1> = Histogram {
    name: "postroom_homeserver_request_seconds",
    help: "How long the homeserver took to answer.",
    labels: [ENDPOINT],
    buckets: &[
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0,
    ],
};

const ENDPOINT: (&str, &[&str]) = (
    "endpoint",
    &[
        "register",
        "profile",
        "whoami",
        "join",
        "invite",
        "leave",
        "send",
        "state",
        "messages",
        "receipt",
        "ping",
        "upload",
        "download",
        "media_config",
        "create_room",
        "get_state",
        "set_state",
        "alias",
        "set_alias",
        "delete_alias",
        "kick",
        "redact",
        "deactivate",
        "joined_rooms",
    ],
);

pub static DATABASE_COMMITS: Counter<1> = Counter {
    name: "postroom_database_commits_total",
    help: "Commits, each of one change or many.",
    labels: [("outcome", &["done", "failed"])],
};

pub static DATABASE_COMMIT_TIME: Histogram<0> = Histogram {
    name: "postroom_database_commit_seconds",
    help: "How long a commit took with the changes in it.",
    labels: [],
    buckets: DATABASE,
};

pub static DATABASE_WAIT: Histogram<0> = Histogram {
    name: "postroom_database_wait_seconds",
    help: "How long a change waited for the writer.",
    labels: [],
    buckets: DATABASE,
};

const DATABASE: &[f64] = &[
    0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

pub static PART_DOWN: Gauge<1> = Gauge {
    name: "postroom_part_down",
    help: "1 while this part can't do its work.",
    labels: [("part", &[])],
};

pub static BUILD_INFO: Gauge<1> = Gauge {
    name: "postroom_build_info",
    help: "Which Postroom this is; always 1.",
    labels: [("version", &[])],
};

pub(super) static ALL: &[&dyn Known] = &[
    &EVENTS,
    &MAILS,
    &LETTERS,
    &LETTERS_OPEN,
    &LETTERS_OVERDUE,
    &ATTEMPTS,
    &SENDS,
    &SEND_TIME,
    &EVENT_TO_MAIL,
    &MAIL_TO_EVENT,
    &INBOX_WAITING,
    &INBOX_OLDEST,
    &OUTBOX_WAITING,
    &OUTBOX_OLDEST,
    &HTTP_REQUESTS,
    &LMTP_ANSWERS,
    &IMAP_CONNECTED,
    &IMAP_MAILS,
    &HOMESERVER_REQUESTS,
    &HOMESERVER_TIME,
    &DATABASE_COMMITS,
    &DATABASE_COMMIT_TIME,
    &DATABASE_WAIT,
    &PART_DOWN,
    &BUILD_INFO,
];

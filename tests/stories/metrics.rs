//! What whoever watches can count.
#![expect(clippy::float_cmp, reason = "what is counted is whole")]

mod exposition;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Instant,
};

use serde_json::json;

use self::exposition::Exposition;
use crate::{
    support::{
        fake_homeserver::Fault,
        smtp_sink::{Stage, Trouble},
        world::{Options, PATIENCE, World},
    },
    training::JANE,
};

async fn scrape(world: &World) -> Exposition {
    let url = format!("{}/metrics", world.operations_url());
    let client = crate::support::servers::http::client().unwrap();
    let answer = client.get(url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let kind = answer.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
    Exposition::read(&answer.text().await.unwrap())
}

/// Scrapes until something is so.
async fn scrape_until(world: &World, is_so: impl Fn(&Exposition) -> bool) -> Exposition {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = scrape(world).await;
        if is_so(&found) {
            return found;
        }
        assert!(Instant::now() < deadline, "{found:?}\n{}", world.log());
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// How much each of the fakes has seen of Postroom.
#[derive(Debug)]
struct Seen {
    mails: usize,
    events: usize,
    by_postroom: usize,
    sends: u64,
    receipts: u64,
}

impl Seen {
    fn by_fakes(world: &World, room: &str) -> Self {
        let rooms = [room, &world.control_room].map(|room| world.homeserver.timeline(room));
        let events = rooms.iter().flatten();
        let is_postroom =
            |sender: &str| sender.starts_with("@postroom:") || sender.starts_with("@_email_");
        Self {
            mails: world.sink.count(),
            events: events.clone().count(),
            by_postroom: events.filter(|event| is_postroom(&event.sender)).count(),
            sends: world.homeserver.count("send"),
            receipts: world.homeserver.count("receipt"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[expect(
    clippy::too_many_lines,
    reason = "all of it happens before any of it is counted"
)]
async fn everything_that_the_fakes_see_is_counted_once() {
    let world = World::start(Options::default()).await;
    let room = world.room("Training", &[JANE]).await;
    let letter = {
        world.ann.say(&room, "Hello");
        world.mails_to("jane@acme.com", 1).await.remove(0)
    };
    world.settled().await;
    let (seen, before) = (Seen::by_fakes(&world, &room), scrape(&world).await);

    // To mail: one that is put off, one that is refused, one that is taken back.
    let busy = world
        .sink
        .trouble(Trouble::answer(Stage::Rcpt, 450, "4.7.1 Greylisted").times(1));
    let first = world.ann.say(&room, "One");
    let waiting = scrape_until(&world, |found| {
        found.sum(
            "postroom_sends_total",
            &[("way", "mail"), ("outcome", "retry_later")],
        ) > 0.5
    })
    .await;
    let in_mail_lanes = [("lane", "mail")];
    assert_eq!(waiting.sum("postroom_outbox_waiting", &in_mail_lanes), 1.0);
    assert!(waiting.sum("postroom_outbox_oldest_seconds", &in_mail_lanes) > 0.0);
    world.settled().await;
    let refusal = world
        .sink
        .trouble(Trouble::answer(Stage::Rcpt, 550, "5.7.1 Members only").times(1));
    let second = world.ann.say(&room, "Two");
    world.answer_to(&room, &second).await;
    world.settled().await;

    // To Matrix: one that fails and comes again, one that comes twice, a stranger's.
    let failure = world
        .homeserver
        .fault(Fault::status(500).at("send").times(1));
    for _ in 0..2 {
        world
            .answer(&letter, "jane@acme.com", "Three", "a1@acme.com")
            .await;
        world.settled().await;
    }
    world
        .answer(&letter, "eve@evil.com", "Four", "a2@evil.com")
        .await;
    world.settled().await;
    let refused = Fault::error(413, "M_TOO_LARGE")
        .at("send")
        .containing("Five")
        .times(1);
    let refused = world.homeserver.fault(refused);
    world
        .answer(&letter, "jane@acme.com", "Five", "a3@acme.com")
        .await;
    world.settled().await;

    // From the homeserver: one again, a broken one, and somebody who types.
    world.homeserver.push_again(&room, &first);
    world.homeserver.typing(&room, &[world.ann.id()]);
    let url = format!("{}/_matrix/app/v1/transactions/b1", world.appservice_url());
    let client = crate::support::servers::http::client().unwrap();
    let broken = client.put(url).bearer_auth("hs-token-of-the-story");
    broken
        .json(&json!({"events": ["no event"]}))
        .send()
        .await
        .unwrap();
    world.settled().await;

    assert_eq!((world.sink.hits(busy), world.sink.hits(refusal)), (1, 1));
    assert_eq!(
        (
            world.homeserver.hits(failure),
            world.homeserver.hits(refused)
        ),
        (1, 1)
    );
    let (now, after) = (Seen::by_fakes(&world, &room), scrape(&world).await);
    let counted =
        |name: &str, labels: &[(&str, &str)]| after.sum(name, labels) - before.sum(name, labels);
    let sends = |way, outcome| {
        counted(
            "postroom_sends_total",
            &[("way", way), ("outcome", outcome)],
        )
    };
    let mails = |outcome| {
        counted(
            "postroom_mails_total",
            &[("source", "lmtp"), ("kind", "reply"), ("outcome", outcome)],
        )
    };
    let events = |kind, arrival| {
        counted(
            "postroom_events_total",
            &[("kind", kind), ("arrival", arrival)],
        )
    };

    let delivered = number(now.mails - seen.mails);
    assert_eq!(delivered, 1.0);
    assert_eq!(sends("mail", "delivered"), delivered);
    assert_eq!(sends("mail", "retry_later"), 1.0);
    assert_eq!(sends("mail", "refused"), 1.0);
    assert_eq!(counted("postroom_attempts_total", &[("way", "mail")]), 3.0);
    assert_eq!(
        counted("postroom_letters_total", &[("outcome", "sent")]),
        1.0
    );
    assert_eq!(
        counted("postroom_letters_total", &[("outcome", "not_sent")]),
        1.0
    );
    assert_eq!(
        counted("postroom_event_to_mail_seconds_count", &[]),
        delivered
    );
    assert_eq!(
        counted("postroom_send_seconds_count", &[("way", "mail")]),
        delivered
    );
    // It was put off for a second at least.
    assert!(counted("postroom_event_to_mail_seconds_sum", &[]) > 1.0);

    let posted = number(now.by_postroom - seen.by_postroom);
    let receipts = now.receipts - seen.receipts;
    assert_eq!(sends("matrix", "delivered"), posted + whole(receipts));
    assert_eq!(sends("matrix", "uncertain"), 1.0);
    assert_eq!(sends("matrix", "refused"), 1.0);
    let attempts = counted("postroom_attempts_total", &[("way", "matrix")]);
    assert_eq!(attempts, posted + whole(receipts) + 2.0);
    let requests = |outcome| {
        counted(
            "postroom_homeserver_requests_total",
            &[("endpoint", "send"), ("outcome", outcome)],
        )
    };
    assert_eq!(requests("done"), posted);
    assert_eq!((requests("unknown"), requests("refused")), (1.0, 1.0));
    assert_eq!(
        counted(
            "postroom_homeserver_request_seconds_count",
            &[("endpoint", "send")]
        ),
        whole(now.sends - seen.sends)
    );
    assert_eq!(counted("postroom_mail_to_event_seconds_count", &[]), 1.0);

    assert_eq!(
        (mails("posted"), mails("duplicate"), mails("held")),
        (2.0, 1.0, 1.0)
    );
    assert_eq!(counted("postroom_mails_total", &[]), 4.0);
    assert_eq!(events("event", "new"), number(now.events - seen.events));
    assert_eq!(events("event", "known"), 1.0);
    assert_eq!(
        (events("broken", "new"), events("broken", "known")),
        (1.0, 0.0)
    );
    assert_eq!(events("ephemeral", "new"), 1.0);
    assert_eq!(
        counted("postroom_database_commits_total", &[("outcome", "failed")]),
        0.0
    );
    assert!(counted("postroom_lmtp_answers_total", &[("class", "3xx")]) > 3.5);
    for gauge in [
        "postroom_outbox_waiting",
        "postroom_outbox_oldest_seconds",
        "postroom_inbox_waiting",
        "postroom_inbox_oldest_seconds",
        "postroom_letters_open",
        "postroom_part_down",
    ] {
        assert_eq!(after.sum(gauge, &[]), 0.0, "{gauge}");
    }
    let values = after
        .labels()
        .into_values()
        .flat_map(BTreeMap::into_values)
        .flatten();
    let telling: Vec<String> = values
        .filter(|value| value.contains(['@', '!', '$']))
        .collect();
    assert_eq!(telling, Vec::<String>::new());
    world.finish().await;
}

#[expect(clippy::cast_precision_loss, reason = "a story has no quadrillions")]
fn number(n: usize) -> f64 {
    n as f64
}

fn whole(n: u64) -> f64 {
    number(usize::try_from(n).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_gone_takes_only_its_own_numbers_along() {
    let world = World::start(Options::default()).await;
    let database = &mut world.database().await;
    database.execute("ALTER TABLE inbox RENAME TO away").await;
    let without = scrape(&world).await;
    let down = [("part", "database")];
    assert_eq!(without.sum("postroom_part_down", &down), 1.0);
    assert!(
        without
            .sum("postroom_inbox_waiting", &[("of", "events")])
            .is_nan()
    );
    assert!(
        without
            .sum("postroom_outbox_waiting", &[("lane", "room")])
            .is_nan()
    );
    assert!(without.sum("postroom_events_total", &[]) > 0.5);
    database.execute("ALTER TABLE away RENAME TO inbox").await;
    // What came while the table was away waits until the worker's next try.
    scrape_until(&world, |found| {
        found.sum("postroom_part_down", &down) == 0.0
            && found.sum("postroom_inbox_waiting", &[("of", "events")]) == 0.0
    })
    .await;
    world.finish().await;
}

/// Which metrics there are with IMAP only.
const WITH_IMAP: [&str; 2] = ["postroom_imap_connected", "postroom_imap_mails_total"];

#[tokio::test(flavor = "multi_thread")]
async fn the_guide_names_exactly_what_is_there() {
    let world = World::start(Options::default()).await;
    let found = scrape(&world).await;
    world.finish().await;
    let guide = guide();
    let labels = found.labels();
    let named = |name: &&String| !WITH_IMAP.contains(&name.as_str());
    assert_eq!(
        guide.keys().filter(named).collect::<Vec<_>>(),
        labels.keys().filter(named).collect::<Vec<_>>()
    );
    for (name, own) in labels {
        let (kind, told) = &guide[&name];
        assert_eq!(*kind, found.kinds[&name], "{name}");
        assert_eq!(
            told.keys().collect::<Vec<_>>(),
            own.keys().collect::<Vec<_>>(),
            "the labels of {name}"
        );
        for (label, values) in told.iter().filter(|(_, values)| !values.is_empty()) {
            assert_eq!(*values, own[label], "{name} {label}");
        }
    }
}

/// A row of the guide: type, and labels with their values.
type Row = (String, BTreeMap<String, BTreeSet<String>>);

/// The metrics of `docs/metrics.md`.
fn guide() -> BTreeMap<String, Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md");
    let text = fs::read_to_string(path).unwrap();
    let mut rows = BTreeMap::new();
    for line in text.lines() {
        let cells: Vec<&str> = line
            .split(" |")
            .map(|cell| cell.trim_matches(['|', ' ']))
            .collect();
        let [name, kind, labels, ..] = cells.as_slice() else {
            continue;
        };
        if !["counter", "gauge", "histogram"].contains(kind) {
            continue;
        }
        let quoted = |text: &str| {
            text.split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let labels = labels.split(';').filter_map(|label| {
            let mut words = quoted(label).into_iter();
            Some((words.next()?, words.collect()))
        });
        rows.insert(
            quoted(name).remove(0),
            ((*kind).to_owned(), labels.collect()),
        );
    }
    rows
}

#[test]
fn the_alerts_are_explained_and_look_at_what_is_there() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rules = fs::read_to_string(path.join("deploy/prometheus-alerts.yml")).unwrap();
    let text = fs::read_to_string(path.join("docs/metrics.md")).unwrap();
    let guide = guide();
    let mut alerts = 0;
    for rule in rules.lines().filter_map(|line| line.split_once("{alert: ")) {
        let (alert, expression) = rule.1.split_once(',').unwrap();
        assert!(text.contains(&format!("| `{alert}` |")), "{alert}");
        for word in expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            let metric = word.strip_suffix("_bucket").unwrap_or(word);
            assert!(
                !word.starts_with("postroom_") || guide.contains_key(metric),
                "{alert}: {word}"
            );
        }
        alerts += 1;
    }
    assert_eq!(alerts, text.matches("| `Postroom").count());
}

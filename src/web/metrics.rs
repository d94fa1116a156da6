//! The numbers that nobody counts while working: what waits right now, looked up when somebody
//! asks; and every HTTP request by its answer.

use std::time::Duration;

use axum::{extract::Request, middleware::Next, response::Response};
use jiff::Timestamp;
use tokio::time::timeout;

use crate::{
    lifecycle::Health,
    store::{
        Connection, Store, StoreError, departures, inbox, letters, mails, outbox, outbox::Way,
    },
    telemetry::metrics::catalogue::{
        HTTP_REQUESTS, INBOX_OLDEST, INBOX_WAITING, LETTERS_OPEN, LETTERS_OVERDUE, NO_LABELS,
        OUTBOX_OLDEST, OUTBOX_WAITING, PART_DOWN,
    },
};

/// How long the database may take: whoever collects metrics usually waits for ten seconds.
const PATIENCE: Duration = Duration::from_secs(3);

/// Looks what waits and which parts are down. Where the database can't say, nobody knows: the
/// numbers become `NaN` and the part `database` is down.
pub(super) async fn look(store: &Store, health: &Health, now: Timestamp) {
    let found = timeout(PATIENCE, waiting(store)).await;
    let database_is_down = !matches!(found, Ok(Ok(_)));
    tell(found.ok().and_then(Result::ok), now);
    PART_DOWN.set(f64::from(database_is_down), ["database"]);
    for (part, is_down) in health.parts() {
        PART_DOWN.set(f64::from(is_down), [part]);
    }
}

/// What waits, and since when (in milliseconds since 1970).
struct Waiting {
    letters_open: i64,
    next_letter: Option<i64>,
    inbox: [(&'static str, i64, Option<i64>); 2],
    outbox: Vec<outbox::Waiting>,
}

async fn waiting(store: &Store) -> Result<Waiting, StoreError> {
    let mut reading = store.read().await?;
    let reading: &mut Connection = &mut reading;
    let mut lanes = outbox::waiting(reading, Way::Matrix).await?;
    lanes.extend(outbox::waiting(reading, Way::Mail).await?);
    Ok(Waiting {
        letters_open: letters::count_open(reading).await?,
        next_letter: departures::next_due(reading).await?,
        inbox: [
            (
                "events",
                inbox::count_waiting(reading).await?,
                inbox::oldest_waiting(reading).await?,
            ),
            (
                "mails",
                mails::count_waiting(reading).await?,
                mails::oldest_waiting(reading).await?,
            ),
        ],
        outbox: lanes,
    })
}

fn tell(waiting: Option<Waiting>, now: Timestamp) {
    let Some(waiting) = waiting else {
        return tell_nothing();
    };
    let seconds_since = |then: Option<i64>| {
        let millis = then.map_or(0, |then| now.as_millisecond().saturating_sub(then).max(0));
        Duration::from_millis(millis.unsigned_abs()).as_secs_f64()
    };
    LETTERS_OPEN.set(number(waiting.letters_open), NO_LABELS);
    LETTERS_OVERDUE.set(seconds_since(waiting.next_letter), NO_LABELS);
    for (of, rows, oldest) in waiting.inbox {
        INBOX_WAITING.set(number(rows), [of]);
        INBOX_OLDEST.set(seconds_since(oldest), [of]);
    }
    for lane in LANES {
        let found = waiting.outbox.iter().find(|found| found.kind == lane);
        OUTBOX_WAITING.set(number(found.map_or(0, |found| found.rows)), [lane]);
        OUTBOX_OLDEST.set(seconds_since(found.map(|found| found.oldest)), [lane]);
    }
}

fn tell_nothing() {
    LETTERS_OPEN.set(f64::NAN, NO_LABELS);
    LETTERS_OVERDUE.set(f64::NAN, NO_LABELS);
    for of in ["events", "mails"] {
        INBOX_WAITING.set(f64::NAN, [of]);
        INBOX_OLDEST.set(f64::NAN, [of]);
    }
    for lane in LANES {
        OUTBOX_WAITING.set(f64::NAN, [lane]);
        OUTBOX_OLDEST.set(f64::NAN, [lane]);
    }
}

const LANES: [&str; 3] = ["room", "receipt", "mail"];

#[expect(
    clippy::cast_precision_loss,
    reason = "nobody minds one row of nine quadrillion"
)]
fn number(rows: i64) -> f64 {
    rows as f64
}

/// Counts a request by the class of its answer.
pub(super) async fn tally(listener: &'static str, request: Request, next: Next) -> Response {
    let answer = next.run(request).await;
    let class = match answer.status().as_u16() {
        ..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500.. => "5xx",
    };
    HTTP_REQUESTS.count([listener, class]);
    answer
}

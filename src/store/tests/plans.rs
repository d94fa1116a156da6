//! Every statement is understood, and none walks through a table.

use rstest::rstest;
use sqlx::{AssertSqlSafe, Executor as _, SqlStr};

use super::{Kind, Place, rare_statements, statements};
use crate::store::Connection;

/// Indexes that hold only what still waits: to walk through them is fine.
const HOLD_ONLY_WHAT_WAITS: [&str; 23] = [
    "moves_unfinished",
    // Staff have put each of them there by hand.
    "allowed_servers",
    "conversations_waiting",
    "requests_waiting",
    "inbox_waiting",
    "mails_waiting",
    "mails_unchecked",
    "mails_checked",
    "held_told",
    "held_waiting",
    "held_waiting_anywhere",
    "held_releasing",
    "letters_open",
    "letters_due",
    "outbox_attempting",
    "links_asked",
    "spent_blobs",
    "files_of_blob",
    "files_waiting",
    "subscriptions_untold",
    "postponed_due",
    "junk_untold",
    "room_signs_due",
];

/// A misspelt column is found here and not in the field.
#[rstest]
#[tokio::test]
async fn every_statement_can_be_prepared(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let place = Place::new(kind).await;
    let store = place.open().await;
    let mut connection = store.read().await.unwrap();
    for (name, sql) in statements().into_iter().chain(rare_statements()) {
        let sql = SqlStr::from_static(sql);
        let fault = match &mut connection {
            Connection::Sqlite(connection) => connection.prepare(sql).await.err(),
            Connection::Postgres(connection) => connection.prepare(sql).await.err(),
        };
        assert!(fault.is_none(), "{name}: {fault:?}");
    }
}

/// The cost of a message does not grow with what is stored: nothing walks through a whole table.
/// Walking an index that holds only what still waits is fine.
#[tokio::test]
async fn no_statement_walks_through_a_table() {
    let place = Place::new(Kind::Sqlite).await;
    let store = place.open().await;
    let mut connection = store.read().await.unwrap();
    let mut walks = Vec::new();
    for (name, sql) in statements() {
        let Connection::Sqlite(connection) = &mut connection else {
            unreachable!()
        };
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(explain)
            .fetch_all(&mut **connection)
            .await
            .unwrap();
        for (_, _, _, step) in plan {
            let is_walk = step.starts_with("SCAN ")
                && !step.contains("SCAN (")
                && !step.contains("SCAN busy")
                && !step.contains("SCAN sent")
                && !step.contains("CONSTANT ROW");
            let is_small = step.ends_with("keys")
                || HOLD_ONLY_WHAT_WAITS
                    .iter()
                    .any(|index| step.contains(index));
            if is_walk && !is_small {
                walks.push(format!("{name}: {step}"));
            }
        }
    }
    assert_eq!(walks, Vec::<String>::new());
}

/// The same of PostgreSQL. Its plans depend on what is stored: walking is forbidden as far as it can be,
/// so that what still walks has no index to go by.
#[tokio::test]
async fn postgresql_need_not_walk_through_a_table() {
    let place = Place::new(Kind::Postgres).await;
    drop(place.open().await);
    let mut connection = place.connect().await;
    let generic = "SET enable_seqscan = off; SET enable_bitmapscan = off; SET plan_cache_mode = force_generic_plan";
    connection.execute(generic).await.unwrap();
    let mut walks = Vec::new();
    for (number, (name, sql)) in statements().into_iter().enumerate() {
        let prepare = format!("PREPARE s{number} AS {sql}");
        sqlx::raw_sql(AssertSqlSafe(prepare))
            .execute(&mut connection)
            .await
            .unwrap();
        let values = (1..).take_while(|value| sql.contains(&format!("${value}")));
        let nulls = vec!["NULL"; values.count()].join(", ");
        let nulls = if nulls.is_empty() {
            nulls
        } else {
            format!("({nulls})")
        };
        let explain = AssertSqlSafe(format!("EXPLAIN EXECUTE s{number} {nulls}"));
        let plan: Vec<(String,)> = sqlx::query_as(explain)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let steps: Vec<String> = plan.into_iter().map(|(step,)| step).collect();
        for (place, step) in steps.iter().enumerate() {
            let conditions = steps[place + 1..].iter().map(|step| step.trim_start());
            let by_condition = conditions
                .take_while(|step| !step.starts_with("->"))
                .any(|step| step.starts_with("Index Cond"));
            let is_walk =
                step.contains("Seq Scan on") || (step.contains("Index ") && step.contains("Scan"));
            // Of tables that are empty it takes the smallest index that will do.
            let is_small = step.contains(" on keys")
                || step.contains("outbox_unsettled")
                || step.contains("outbox_pending")
                || HOLD_ONLY_WHAT_WAITS
                    .iter()
                    .any(|index| step.contains(index));
            if is_walk && !by_condition && !is_small {
                walks.push(format!("{name}: {step}"));
            }
        }
    }
    assert_eq!(walks, Vec::<String>::new());
}

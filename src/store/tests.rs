//! The store against the real databases.

mod copy;
mod enclosures;
mod files;
mod outside;
mod place;
mod plans;
mod postgres;
mod refusals;
mod replaced;

use rstest::rstest;

use self::place::{Kind, Place};
use super::*;
use crate::domain::{
    effect::{ItemKind, LetterItem},
    event::Words,
    ids::ConversationId,
    timing::Departure,
};

/// The statements by which a person is looked for everywhere, which happens seldom.
fn rare_statements() -> Vec<(&'static str, &'static str)> {
    [
        erasures::STATEMENTS,
        person::STATEMENTS,
        person::about::STATEMENTS,
        person::export::STATEMENTS,
        person::sweep::STATEMENTS,
    ]
    .concat()
}

/// Every other statement of every file.
fn statements() -> Vec<(&'static str, &'static str)> {
    [
        addresses::STATEMENTS,
        answers::STATEMENTS,
        auto_replies::STATEMENTS,
        automatic::STATEMENTS,
        bounces::STATEMENTS,
        checks::STATEMENTS,
        desk::STATEMENTS,
        merges::STATEMENTS,
        named_rooms::STATEMENTS,
        held::STATEMENTS,
        keys::STATEMENTS,
        imap::STATEMENTS,
        inbox::STATEMENTS,
        requests::STATEMENTS,
        rooms::STATEMENTS,
        people::STATEMENTS,
        portraits::STATEMENTS,
        signs::STATEMENTS,
        statuses::STATEMENTS,
        continuations::STATEMENTS,
        conversations::STATEMENTS,
        members::STATEMENTS,
        newcomers::STATEMENTS,
        messages::STATEMENTS,
        letters::STATEMENTS,
        crate::store::files::STATEMENTS,
        links::STATEMENTS,
        places::STATEMENTS,
        policy_jobs::STATEMENTS,
        votes::STATEMENTS,
        departures::STATEMENTS,
        mails::STATEMENTS,
        outbox::STATEMENTS,
        uploads::STATEMENTS,
        shown::STATEMENTS,
        offers::STATEMENTS,
        onboarding::STATEMENTS,
        endings::STATEMENTS,
        sent::STATEMENTS,
        guests::STATEMENTS,
        lives::STATEMENTS,
        successions::STATEMENTS,
        last_mails::STATEMENTS,
        settings::STATEMENTS,
        locales::STATEMENTS,
        logos::STATEMENTS,
        subscriptions::STATEMENTS,
        floods::STATEMENTS,
        notices::STATEMENTS,
        senders::STATEMENTS,
    ]
    .concat()
}

/// What comes from outside may hold the one character that PostgreSQL has no place for.
#[rstest]
#[tokio::test]
async fn a_nul_is_stored_as_the_replacement_character(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let place = Place::new(kind).await;
    let store = place.open().await;
    let room = store.write(|tx| {
        Box::pin(async move {
            rooms::ensure(tx, "!nul\0", "support").await?;
            rooms::set_name(tx, "!nul\0", "a\0b").await?;
            rooms::find(tx.connection(), "!nul\u{fffd}").await
        })
    });
    let room = room.await.unwrap().unwrap();
    assert_eq!(room.name, "a\u{fffd}b");
}

#[tokio::test]
async fn commits_survive_a_power_cut_by_the_settings() {
    let place = Place::new(Kind::Sqlite).await;
    let store = place.open().await;
    let settings = store
        .write(|tx| {
            Box::pin(async move {
                let (journal,) = fetch_one!(tx.connection(), (String,), "PRAGMA journal_mode");
                let (synchronous,) = fetch_one!(tx.connection(), (i64,), "PRAGMA synchronous");
                Ok((journal, synchronous))
            })
        })
        .await
        .unwrap();
    // 2 is FULL.
    assert_eq!(settings, ("wal".to_owned(), 2));
}

#[rstest]
#[tokio::test]
async fn a_second_postroom_is_turned_away(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let place = Place::new(kind).await;
    let first = place.open().await;
    for _ in 0..2 {
        let second = Store::open(&place.database).await;
        assert!(matches!(second, Err(StoreError::InUse(_))), "{second:?}");
    }
    drop(first);
}

#[rstest]
#[tokio::test]
async fn a_job_that_fails_takes_back_only_its_own(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let place = Place::new(kind).await;
    let store = place.open().await;
    let good = store.write(|tx| Box::pin(async move { rooms::ensure(tx, "!a", "support").await }));
    let bad = store.write(|tx| {
        Box::pin(async move {
            rooms::ensure(tx, "!b", "support").await?;
            Err::<(), _>(StoreError::Value("on purpose".to_owned()))
        })
    });
    let panics = store.write(|tx| {
        Box::pin(async move {
            rooms::ensure(tx, "!c", "support").await?;
            panic!("on purpose");
            #[expect(unreachable_code, reason = "names the type")]
            Ok(())
        })
    });
    let (good, bad, panics) = tokio::join!(good, bad, panics);
    good.unwrap();
    bad.unwrap_err();
    panics.unwrap_err();
    let mut connection = store.read().await.unwrap();
    assert!(rooms::find(&mut connection, "!a").await.unwrap().is_some());
    assert!(rooms::find(&mut connection, "!b").await.unwrap().is_none());
    assert!(rooms::find(&mut connection, "!c").await.unwrap().is_none());
}

#[rstest]
#[tokio::test]
async fn a_snapshot_stays_as_it_was(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let place = Place::new(kind).await;
    let store = place.open().await;
    let ensure = |room: &'static str| {
        store.write(move |tx| Box::pin(async move { rooms::ensure(tx, room, "support").await }))
    };
    ensure("!a").await.unwrap();
    let mut snapshot = store.snapshot().await.unwrap();
    assert!(rooms::find(&mut snapshot, "!a").await.unwrap().is_some());
    ensure("!b").await.unwrap();
    assert!(rooms::find(&mut snapshot, "!b").await.unwrap().is_none());
    drop(snapshot);
    // The connection that it had looks at what is there now.
    for _ in 0..20 {
        let mut connection = store.read().await.unwrap();
        assert!(rooms::find(&mut connection, "!b").await.unwrap().is_some());
    }
}

#[rstest]
#[tokio::test]
async fn only_what_is_committed_is_counted(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    use std::sync::{Arc, Mutex};
    let place = Place::new(kind).await;
    let store = place.open().await;
    let counted = Arc::new(Mutex::new(Vec::new()));
    let write = |name: &'static str, fails: bool| {
        let counted = Arc::clone(&counted);
        store.write(move |tx| {
            Box::pin(async move {
                tx.once_committed(move || counted.lock().unwrap().push(name));
                if fails {
                    return Err(StoreError::Value("on purpose".to_owned()));
                }
                Ok(())
            })
        })
    };
    let (first, second, third) = tokio::join!(
        write("first", false),
        write("second", true),
        write("third", false)
    );
    first.unwrap();
    second.unwrap_err();
    third.unwrap();
    assert_eq!(*counted.lock().unwrap(), ["first", "third"]);
}

#[tokio::test]
async fn a_failed_commit_is_not_the_fault_of_those_who_waited() {
    let place = Place::new(Kind::Sqlite).await;
    let store = place.open().await;
    // What a full disk may do: all of the transaction is rolled back.
    let full = store.write(|tx| {
        Box::pin(async move {
            execute!(
                tx.connection(),
                "CREATE TEMP TRIGGER full BEFORE INSERT ON rooms BEGIN SELECT RAISE(ROLLBACK, 'full'); END"
            );
            rooms::ensure(tx, "!a", "support").await
        })
    });
    let waiting =
        store.write(|tx| Box::pin(async move { rooms::ensure(tx, "!b", "support").await }));
    let (full, waiting) = tokio::join!(full, waiting);
    assert!(matches!(full, Err(StoreError::Database(_))), "{full:?}");
    assert!(
        matches!(waiting, Err(StoreError::NotWritten(_))),
        "{waiting:?}"
    );
    store
        .write(|tx| Box::pin(async move { rooms::ensure(tx, "!c", "support").await }))
        .await
        .unwrap();
}

#[rstest]
#[tokio::test]
async fn an_attempt_that_never_ended_is_begun_again_after_its_lease(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let place = Place::new(kind).await;
    let store = place.open().await;
    let row = outbox::NewRow {
        way: outbox::Way::Mail,
        lane: "lane".to_owned(),
        effect_id: "effect".to_owned(),
        payload: "{}".to_owned(),
        letter: None,
        trace: String::new(),
    };
    let enqueue =
        store.write(move |tx| Box::pin(async move { outbox::enqueue(tx, &row, 0).await }));
    enqueue.await.unwrap();
    let claim = async |now: i64| {
        let claim = store.write(move |tx| {
            Box::pin(async move { outbox::claim(tx, outbox::Way::Mail, now, now + 100, 10).await })
        });
        claim
            .await
            .unwrap()
            .into_iter()
            .map(|row| row.uncertain)
            .collect::<Vec<_>>()
    };
    assert_eq!(claim(1).await, [0]);
    assert_eq!(claim(100).await, [0; 0]);
    assert_eq!(claim(101).await, [outbox::LOST]);
}

#[tokio::test]
async fn only_their_owner_reads_database_and_blobs() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new(Kind::Sqlite).await;
    let store = place.open().await;
    store
        .write(|tx| Box::pin(async move { rooms::ensure(tx, "!a", "support").await }))
        .await
        .unwrap();
    for name in ["p.db", "p.db-wal", "p.db-shm", "p.db.lock"] {
        let mode = place
            .folder
            .path()
            .join(name)
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let blobs = place.folder.path().join("blobs");
    blobs::Blobs::open(&blobs).unwrap();
    assert_eq!(
        blobs.metadata().unwrap().permissions().mode() & 0o777,
        0o700
    );
}

/// Puts an item by Ann into the conversation's open letter, which is due at once.
async fn write_item(
    tx: &mut Tx,
    conversation: ConversationId,
    event: &str,
    kind: ItemKind,
    body: &str,
) -> Result<(), StoreError> {
    let item = LetterItem {
        event: event.try_into().unwrap(),
        room: "!a:b".try_into().unwrap(),
        author: "Ann".to_owned(),
        by_staff: true,
        sent_at: jiff::Timestamp::UNIX_EPOCH,
        kind,
        words: Words {
            body: body.to_owned(),
            html: None,
        },
        shared: None,
        quote: None,
        earlier: None,
        had_by: Vec::new(),
        reply_to: None,
        thread_root: None,
        about: None,
        rides: false,
    };
    let at_once = |_| Departure {
        due: jiff::Timestamp::UNIX_EPOCH,
        latest: jiff::Timestamp::UNIX_EPOCH,
    };
    letters::write(tx, conversation, &item, 1, at_once, "", 0).await
}

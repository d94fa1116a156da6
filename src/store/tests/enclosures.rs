//! Files that letters hold, and links to them.

use rstest::rstest;

use super::{
    place::{Kind, Place},
    *,
};
use crate::{
    domain::{
        address::{EmailAddress, NamedAddress},
        ids::LetterId,
    },
    store::{
        files::{self, Kept, State},
        mails::RawMail,
    },
};

/// Two conversations of one room, with letters 1 and 2, which hold `$a`; the second also `$b`.
async fn two_letters(kind: Kind) -> (Place, Store) {
    let place = Place::new(kind).await;
    let store = place.open().await;
    let write = store.write(|tx| {
        Box::pin(async move {
            rooms::ensure(tx, "!a:b", "support").await?;
            for (name, events) in [("jane", &["$a"][..]), ("bob", &["$a", "$b"][..])] {
                let address = EmailAddress::parse(&format!("{name}@acme.example")).unwrap();
                let person = NamedAddress {
                    name: None,
                    address,
                };
                let contact = people::ensure_contact(tx, &person, name, 0).await?;
                let contacts = [contact];
                let customer = people::ensure_customer(tx, "support", &contacts, 0).await?;
                let opened =
                    conversations::open(tx, "!a:b", customer, &contacts, "support", "S", 0);
                let conversation = opened.await?;
                for event in events {
                    write(tx, conversation, event).await?;
                }
            }
            Ok(())
        })
    });
    write.await.unwrap();
    (place, store)
}

async fn write(tx: &mut Tx, conversation: ConversationId, event: &str) -> Result<(), StoreError> {
    write_item(tx, conversation, event, ItemKind::Shared, "").await
}

fn kept(blob: &str) -> Kept {
    Kept {
        size: 70_000,
        content_type: "image/png".to_owned(),
        content: RawMail::Blob(blob.to_owned()),
        picture: Some((1600, 900)),
        shown: Some((1200, 675)),
        preview: Some((vec![1, 2, 3], "image/jpeg".to_owned())),
    }
}

async fn fetch(store: &Store, event: &'static str, blob: &'static str) {
    let fetch = store.write(move |tx| {
        Box::pin(async move {
            files::begin(tx, event, "mxc://b/x", 5).await?;
            files::keep(tx, event, &kept(blob)).await
        })
    });
    fetch.await.unwrap();
}

async fn settle(store: &Store, letter: i64) {
    let settle =
        store.write(move |tx| Box::pin(async move { letters::settle(tx, LetterId(letter)).await }));
    settle.await.unwrap();
}

async fn strike(store: &Store, event: &'static str) {
    let strike = store.write(move |tx| Box::pin(async move { places::strike(tx, event, 9).await }));
    strike.await.unwrap();
}

async fn state(store: &Store, event: &str) -> Option<State> {
    let mut connection = store.read().await.unwrap();
    let found = files::find(&mut connection, event).await.unwrap();
    found.map(|found| found.state)
}

async fn spent(store: &Store) -> Vec<String> {
    let mut connection = store.read().await.unwrap();
    files::spent(&mut connection, "", 10).await.unwrap()
}

async fn link(store: &Store, event: &'static str) -> i64 {
    let make = store.write(move |tx| {
        Box::pin(async move {
            links::make(tx, event, ConversationId(1), "film.mp4", "fr", (10, 1_000)).await
        })
    });
    make.await.unwrap().0
}

#[rstest]
#[tokio::test]
async fn a_file_is_kept_until_its_last_letter_is_settled(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_place, store) = two_letters(kind).await;
    fetch(&store, "$a", "files/one").await;
    fetch(&store, "$b", "files/two").await;
    let mut connection = store.read().await.unwrap();
    let found = files::find(&mut connection, "$a").await.unwrap().unwrap();
    assert_eq!((found.state, found.size), (State::Kept, 70_000));
    assert_eq!((found.shown, found.preview_size), (Some((1200, 675)), 3));
    assert_eq!(found.first_tried_at, 5);
    let preview = files::preview(&mut connection, "$a")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (&preview.0[..], preview.1.as_str()),
        (&[1, 2, 3][..], "image/jpeg")
    );
    let content = files::content(&mut connection, "$a").await.unwrap();
    assert!(matches!(content, Some(RawMail::Blob(name)) if name == "files/one"));
    assert!(
        files::is_referred_to(&mut connection, "files/one")
            .await
            .unwrap()
    );
    assert!(
        !files::is_referred_to(&mut connection, "files/three")
            .await
            .unwrap()
    );
    drop(connection);

    settle(&store, 1).await;
    assert_eq!(state(&store, "$a").await, Some(State::Kept));
    settle(&store, 2).await;
    assert_eq!(state(&store, "$a").await, None);
    assert_eq!(spent(&store).await, ["files/one", "files/two"]);
    let forget =
        store.write(|tx| Box::pin(async move { files::forget_spent(tx, "files/one").await }));
    forget.await.unwrap();
    assert_eq!(spent(&store).await, ["files/two"]);
}

#[rstest]
#[tokio::test]
async fn a_file_with_a_link_is_remembered_without_its_content(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_place, store) = two_letters(kind).await;
    fetch(&store, "$a", "files/one").await;
    let id = link(&store, "$a").await;
    settle(&store, 1).await;
    settle(&store, 2).await;
    assert_eq!(state(&store, "$a").await, Some(State::TooLarge));
    assert_eq!(spent(&store).await, ["files/one"]);
    let mut connection = store.read().await.unwrap();
    let found = links::find(&mut connection, id).await.unwrap().unwrap();
    assert_eq!((found.source.as_str(), found.size()), ("mxc://b/x", 70_000));
    assert_eq!(
        (found.filename.as_str(), found.language.as_str()),
        ("film.mp4", "fr")
    );
    assert!(!found.is_taken_back());
    assert_eq!(links::find(&mut connection, id + 1).await.unwrap(), None);
}

#[rstest]
#[tokio::test]
async fn what_was_taken_back_is_never_kept(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let (_place, store) = two_letters(kind).await;
    // Before it was fetched at all.
    strike(&store, "$b").await;
    fetch(&store, "$b", "files/late").await;
    assert_eq!(state(&store, "$b").await, None);
    assert_eq!(spent(&store).await, ["files/late"]);
    // While it is fetched.
    let begin =
        store.write(|tx| Box::pin(async move { files::begin(tx, "$a", "mxc://b/x", 5).await }));
    begin.await.unwrap();
    strike(&store, "$a").await;
    fetch(&store, "$a", "files/meanwhile").await;
    assert_eq!(state(&store, "$a").await, Some(State::TakenBack));
    assert_eq!(spent(&store).await, ["files/late", "files/meanwhile"]);
}

#[rstest]
#[tokio::test]
async fn a_link_is_dead_once_its_file_was_taken_back(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_place, store) = two_letters(kind).await;
    fetch(&store, "$a", "files/one").await;
    let id = link(&store, "$a").await;
    assert_eq!(link(&store, "$a").await, id, "one for each conversation");
    strike(&store, "$a").await;
    settle(&store, 1).await;
    settle(&store, 2).await;
    let mut connection = store.read().await.unwrap();
    let found = links::find(&mut connection, id).await.unwrap().unwrap();
    assert!(found.is_taken_back() && found.filename.is_empty());
    assert_eq!(spent(&store).await, ["files/one"]);
}

#[rstest]
#[tokio::test]
async fn asking_again_too_soon_tells_nobody(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let (_place, store) = two_letters(kind).await;
    fetch(&store, "$a", "files/one").await;
    let id = link(&store, "$a").await;
    let ask = async |now: i64| {
        let ask = store
            .write(move |tx| Box::pin(async move { links::ask(tx, id, now, now - 100).await }));
        ask.await.unwrap();
        let tell = store.write(move |tx| {
            Box::pin(async move {
                let asked = links::asked(tx.connection(), 10).await?;
                for one in &asked {
                    assert_eq!(
                        (one.room_id.as_str(), one.event_id.as_str()),
                        ("!a:b", "$a")
                    );
                    assert!(links::told(tx, one.id).await?);
                    assert!(!links::told(tx, one.id).await?);
                }
                Ok(asked.len())
            })
        });
        tell.await.unwrap()
    };
    assert_eq!(ask(1_000).await, 1);
    assert_eq!(ask(1_050).await, 0);
    assert_eq!(ask(1_100).await, 1);
    let renew = store.write(move |tx| Box::pin(async move { links::renew(tx, id, 5_000).await }));
    renew.await.unwrap();
    let mut connection = store.read().await.unwrap();
    let found = links::find(&mut connection, id).await.unwrap().unwrap();
    assert_eq!((found.ends_at, found.asked_at), (5_000, None));
}

#[rstest]
#[tokio::test]
async fn a_room_is_told_once_that_a_file_is_missing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_place, store) = two_letters(kind).await;
    let told = store.write(|tx| {
        Box::pin(async move {
            files::begin(tx, "$a", "mxc://b/x", 5).await?;
            files::begin(tx, "$b", "mxc://b/y", 5).await?;
            files::leave(tx, "$b", 90_000_000, "video/mp4").await?;
            Ok([
                files::miss(tx, "$a", "gone").await?,
                files::miss(tx, "$a", "gone").await?,
                files::tell(tx, "$a").await?,
                files::tell(tx, "$b").await?,
                files::tell(tx, "$b").await?,
            ])
        })
    });
    assert_eq!(told.await.unwrap(), [true, false, false, true, false]);
}

#[rstest]
#[tokio::test]
async fn a_lost_blob_is_fetched_again(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let (_place, store) = two_letters(kind).await;
    fetch(&store, "$a", "files/one").await;
    let mut connection = store.read().await.unwrap();
    let found = files::in_blobs(&mut connection, 10).await.unwrap();
    assert_eq!(found, [("$a".to_owned(), "files/one".to_owned())]);
    let lose = store.write(|tx| Box::pin(async move { files::lose(tx, "$a", 9).await }));
    lose.await.unwrap();
    assert_eq!(state(&store, "$a").await, Some(State::Waiting));
    assert_eq!(spent(&store).await, ["files/one"]);
    fetch(&store, "$a", "files/two").await;
    assert_eq!(state(&store, "$a").await, Some(State::Kept));
}

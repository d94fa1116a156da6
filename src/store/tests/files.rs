//! Files on their way to Matrix, what events show, and what is known of those who wrote.

use rstest::rstest;
use serde_json::json;

use super::{
    place::{Kind, Place},
    *,
};
use crate::domain::{
    address::{EmailAddress, NamedAddress},
    ids::{ContactId, LetterId, MailId, MessageId},
    outgoing::{MailPart, Offer, PostedFile, Seal},
};

fn jane() -> EmailAddress {
    EmailAddress::parse("Jane@acme.example").unwrap()
}

#[rstest]
#[tokio::test]
async fn a_part_goes_up_once(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let place = Place::new(kind).await;
    let store = place.open().await;
    let parts = [
        MailPart::File(0),
        MailPart::File(1),
        MailPart::Text,
        MailPart::Original,
    ];
    for (number, part) in parts.into_iter().enumerate() {
        let remember = |url: String| {
            store.write(move |tx| {
                let content = json!({"url": url});
                Box::pin(async move { uploads::remember(tx, MailId(7), part, &content, 0).await })
            })
        };
        let mut connection = store.read().await.unwrap();
        let before = uploads::find(&mut connection, MailId(7), part).await;
        assert_eq!(before.unwrap(), None);
        drop(connection);
        remember(format!("mxc://a/{number}")).await.unwrap();
        remember("mxc://a/later".to_owned()).await.unwrap();
        let mut connection = store.read().await.unwrap();
        let found = uploads::find(&mut connection, MailId(7), part).await;
        let expected = json!({"url": format!("mxc://a/{number}")});
        assert_eq!(found.unwrap(), Some(expected));
        let other = uploads::find(&mut connection, MailId(8), part).await;
        assert_eq!(other.unwrap(), None);
    }
}

#[rstest]
#[tokio::test]
async fn an_event_shows_a_mail_in_each_conversation(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let place = Place::new(kind).await;
    let store = place.open().await;
    let write = store.write(|tx| {
        Box::pin(async move {
            for conversation in [ConversationId(2), ConversationId(1), ConversationId(1)] {
                shown::remember(tx, "$a", conversation, MailId(3), ContactId(4)).await?;
            }
            Ok(())
        })
    });
    write.await.unwrap();
    let mut connection = store.read().await.unwrap();
    let found = shown::mail_of(&mut connection, "$a").await.unwrap();
    let both = [ConversationId(1), ConversationId(2)];
    assert_eq!(found, both.map(|c| (c, MailId(3), ContactId(4))));
    assert_eq!(shown::mail_of(&mut connection, "$b").await.unwrap(), []);
}

#[rstest]
#[tokio::test]
async fn an_offer_is_taken_up_once(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let place = Place::new(kind).await;
    let store = place.open().await;
    let offer = Offer::Release {
        conversation: ConversationId(1),
        contact: ContactId(2),
        mail: MailId(3),
        files: vec![PostedFile {
            index: 4,
            filename: "setup.exe".to_owned(),
        }],
    };
    let made = offer.clone();
    let make =
        store.write(move |tx| Box::pin(async move { offers::make(tx, "$notice", &made).await }));
    make.await.unwrap();
    let take = |event: &'static str, now| {
        store.write(move |tx| Box::pin(async move { offers::take(tx, event, now).await }))
    };
    let find = async || {
        let mut connection = store.read().await.unwrap();
        offers::find(&mut connection, "$notice").await.unwrap()
    };
    let expected = |taken_at| {
        let offer = offer.clone();
        Some(offers::Made { offer, taken_at })
    };
    assert!(!take("$other", 10).await.unwrap());
    assert_eq!(find().await, expected(None));
    assert!(take("$notice", 11).await.unwrap());
    assert!(!take("$notice", 12).await.unwrap());
    assert_eq!(find().await, expected(Some(11)));
}

#[rstest]
#[tokio::test]
async fn the_endings_of_a_senders_newest_mails_are_kept(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let place = Place::new(kind).await;
    let store = place.open().await;
    let remember = |sender: &str, mail: i64| {
        let sender = EmailAddress::parse(sender).unwrap();
        let lines = vec![format!("Regards {mail}"), "Jane\0".to_owned()];
        store.write(move |tx| {
            Box::pin(async move { endings::remember(tx, &sender, MailId(mail), &lines).await })
        })
    };
    for mail in [2, 3, 1, 4, 5, 6, 7, 7] {
        remember("jane@ACME.example", mail).await.unwrap();
    }
    remember("max@acme.example", 8).await.unwrap();
    let mut connection = store.read().await.unwrap();
    let found = endings::of(&mut connection, &jane()).await.unwrap();
    let first: Vec<&str> = found.iter().map(|lines| lines[0].as_str()).collect();
    let expected = [7, 6, 5, 4, 3].map(|mail| format!("Regards {mail}"));
    assert_eq!(first, expected);
    assert_eq!(found[0][1], "Jane\0");
}

#[rstest]
#[tokio::test]
async fn the_newest_words_that_were_sent_are_known(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let place = Place::new(kind).await;
    let store = place.open().await;
    let conversation = store
        .write(|tx| {
            Box::pin(async move {
                rooms::ensure(tx, "!a:b", "support").await?;
                let person = named(jane());
                let contact = people::ensure_contact(tx, &person, "tail", 0).await?;
                let customer = people::ensure_customer(tx, "support", &[contact], 0).await?;
                let contacts = [contact];
                conversations::open(tx, "!a:b", customer, &contacts, "support", "S", 0).await
            })
        })
        .await
        .unwrap();
    for (letter, bodies) in [["one", "two"], ["three", "four"], ["five", "six"]]
        .into_iter()
        .enumerate()
    {
        let sealed = store.write(move |tx| {
            Box::pin(async move {
                for body in bodies {
                    write(tx, conversation, body).await?;
                }
                if letter < 2 {
                    seal(tx, conversation, letter).await?;
                }
                if letter == 0 {
                    letters::settle(tx, LetterId(1)).await?;
                }
                places::strike(tx, "$four", 9).await
            })
        });
        sealed.await.unwrap();
    }
    let words = async |limit| {
        let mut connection = store.read().await.unwrap();
        let words = sent::words(&mut connection, conversation, limit).await;
        words.unwrap()
    };
    assert_eq!(words(40).await, ["three", "two", "one"]);
    assert_eq!(words(2).await, ["three", "two"]);
    let long = store.write(move |tx| {
        Box::pin(async move {
            write(tx, conversation, &"x".repeat(70_000)).await?;
            seal(tx, conversation, 2).await
        })
    });
    long.await.unwrap();
    assert_eq!(words(40).await.len(), 1);
}

async fn write(tx: &mut Tx, conversation: ConversationId, body: &str) -> Result<(), StoreError> {
    let name: String = body.chars().take(10).collect();
    write_item(tx, conversation, &format!("${name}"), ItemKind::Text, body).await
}

async fn seal(tx: &mut Tx, conversation: ConversationId, number: usize) -> Result<(), StoreError> {
    let letter = letters::open_of(tx.connection(), conversation).await?;
    let seal = Seal {
        from: named(jane()),
        reply_to: jane(),
        to: Vec::new(),
        subject: String::new(),
        in_reply_to: None,
        references: Vec::new(),
        how_to: false,
        readers: Vec::new(),
        cc: Vec::new(),
        quote: None,
        quoted: None,
        language: String::new(),
        time_zone: String::new(),
        list: None,
        automatic: None,
    };
    let id = MessageId::parse(&format!("<{number}@b>")).unwrap();
    letters::seal(tx, letter.unwrap(), &id, &seal, 0).await?;
    Ok(())
}

fn named(address: EmailAddress) -> NamedAddress {
    NamedAddress {
        name: None,
        address,
    }
}

//! What is in the files of a letter, read bit by bit while the letter is sent.

use std::io;

use futures_util::future::BoxFuture;

use crate::{
    domain::letter::{Enclosed, EntryBody, SealedLetter},
    mail::compose::Chunks,
    store::{
        Store, StoreError,
        blobs::{Blobs, Content},
        files,
    },
};

/// The content of the file with this key ([`Attached::key`](crate::domain::letter::Attached)); `None` if
/// it isn't there any more.
pub async fn content(
    key: &str,
    store: &Store,
    blobs: &Blobs,
) -> Result<Option<Content>, StoreError> {
    let found = files::content(&mut store.read().await?, key).await?;
    match found {
        Some(place) => blobs.stream(place).await,
        None => Ok(None),
    }
}

/// Opens files for a mail that is sent. One that is gone or can't be read is an error there: the mail has
/// promised its size already.
pub fn opener(
    store: &Store,
    blobs: &Blobs,
) -> impl Fn(String) -> BoxFuture<'static, io::Result<Chunks>> + Send + use<> {
    let (store, blobs) = (store.clone(), blobs.clone());
    move |key| {
        let (store, blobs) = (store.clone(), blobs.clone());
        Box::pin(async move {
            match content(&key, &store, &blobs).await {
                Ok(Some(content)) => Ok(content.chunks),
                Ok(None) => Err(io::Error::new(io::ErrorKind::NotFound, "a file is gone")),
                Err(error) => Err(io::Error::other(error)),
            }
        })
    }
}

/// The keys of the files that are to travel in the letter and aren't there any more as they were.
pub async fn lost(
    letter: &SealedLetter,
    store: &Store,
    blobs: &Blobs,
) -> Result<Vec<String>, StoreError> {
    let mut lost = Vec::new();
    for entry in &letter.entries {
        let EntryBody::File {
            enclosed: Enclosed::Attached(file),
            ..
        } = &entry.body
        else {
            continue;
        };
        let found = content(&file.key, store, blobs).await?;
        if found.as_ref().is_none_or(|found| found.size != file.size) {
            let found = found.map(|found| found.size);
            tracing::error!(
                mail.id = %letter.message_id, file = %file.key, size = file.size, ?found,
                "A file of a letter is gone or was changed: it is fetched again"
            );
            lost.push(file.key.clone());
        }
    }
    Ok(lost)
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt as _;
    use rstest::rstest;
    use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

    use super::*;
    use crate::{
        config::Database,
        domain::{
            address::{EmailAddress, NamedAddress},
            ids::MessageId,
            letter::{Attached, Entry, Language, Look},
            sharing::{FileKind, SharedFile},
        },
    };

    /// A letter with one file of 10 octets.
    fn letter() -> SealedLetter {
        let address = EmailAddress::parse("jane@acme.example").unwrap();
        let file = SharedFile {
            kind: FileKind::File,
            source: None,
            filename: "plan.pdf".to_owned(),
            content_type: None,
            size: None,
            duration: None,
        };
        let enclosed = Enclosed::Attached(Attached {
            key: "$plan".to_owned(),
            size: 10,
            content_type: "application/pdf".to_owned(),
            picture: None,
        });
        let date: jiff::Zoned = "2026-11-12T14:06:00[Europe/Paris]".parse().unwrap();
        let named = NamedAddress {
            name: None,
            address: address.clone(),
        };
        SealedLetter {
            utf8: false,
            message_id: MessageId::parse("l1@example.org").unwrap(),
            date: date.clone(),
            from: named.clone(),
            reply_to: address,
            to: vec![named],
            cc: Vec::new(),
            subject: String::new(),
            in_reply_to: None,
            references: Vec::new(),
            entries: vec![Entry {
                author: "Anna".to_owned(),
                at: date,
                quote: None,
                body: EntryBody::File {
                    file,
                    caption: None,
                    enclosed,
                },
            }],
            how_to: false,
            readers: Vec::new(),
            quote: None,
            footer: None,
            organisation: String::new(),
            look: Look::default(),
            language: Language::English,
            list: None,
            automatic: None,
        }
    }

    async fn with_file(sql: String) -> (tempfile::TempDir, Store, Blobs) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.db");
        let store = Store::open(&Database::Sqlite(path.clone())).await.unwrap();
        let blobs = Blobs::open(&folder.path().join("blobs")).unwrap();
        let url = format!("sqlite:{}", path.display());
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut connection)
            .await
            .unwrap();
        (folder, store, blobs)
    }

    #[rstest]
    #[case::kept("'kept', 10, CAST('0123456789' AS BLOB), ''", false)]
    #[case::none("", true)]
    #[case::taken_back("'taken_back', 10, CAST('0123456789' AS BLOB), ''", true)]
    #[case::changed("'kept', 10, CAST('012345678' AS BLOB), ''", true)]
    #[case::lost("'kept', 10, NULL, 'file-1'", true)]
    #[tokio::test]
    async fn what_is_gone_is_noticed(#[case] row: &str, #[case] is_gone: bool) {
        let sql = match row {
            "" => String::new(),
            row => format!(
                "INSERT INTO files (event_id, source, state, size, content, blob)
                 VALUES ('$plan', 'mxc://a/b', {row})"
            ),
        };
        let (_folder, store, blobs) = with_file(sql).await;
        let lost = lost(&letter(), &store, &blobs).await.unwrap();
        assert_eq!(lost, if is_gone { vec!["$plan"] } else { Vec::new() });
        let opened = opener(&store, &blobs)("$plan".to_owned()).await;
        if !is_gone {
            let chunks: Vec<_> = opened.unwrap().try_collect().await.unwrap();
            assert_eq!(chunks.concat(), b"0123456789");
        }
    }
}

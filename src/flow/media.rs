//! Files on their way to Matrix: out of the mail, up to the homeserver, into the event.
//!
//! A part of a mail goes up once: what the homeserver has is written down before the event is sent,
//! so that another attempt, conversation or request takes it from there.

use std::{
    borrow::Cow,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use ruma::UserId;
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

use super::Context;
use crate::{
    content::{
        html,
        media_type::{self, MediaType, Shows},
        picture::{self, Picture, Thumbnail},
        reply::Known,
    },
    domain::{
        incoming::{IncomingMail, Shown},
        outgoing::{MailPart, Media},
        wording::file::{NotShown, not_shown},
    },
    mail::parse::{self, Attachment},
    matrix::{client::Fault, encode},
    store::{StoreError, floods, mails, uploads},
};

/// How many files may be on their way or wait for memory; the others come back in a moment, so that
/// there are always attempts left for words.
const PLACES: usize = 8;
/// Mails in memory, together, in MiB; each with the one file of it that is on its way, so that it is
/// not quite twice as much in all.
const MEMORY: u32 = 128;
/// A longer mail, in octets, is read as a file: an event may have 65,536, and JSON escapes some.
const LONGEST_TO_READ: usize = 16_000;
/// For all that is done about one file. Less than the lease of an attempt.
pub const PATIENCE: Duration = Duration::from_mins(10);
/// A picture that takes longer to unpack is shown without a preview.
const PATIENCE_FOR_A_PREVIEW: Duration = Duration::from_secs(30);
/// For how long the homeserver's limit is believed.
const LIMIT_HOLDS: Duration = Duration::from_mins(10);
/// After so many attempts, some minutes, a file that alone fails holds up its room no longer.
const MOST_ATTEMPTS: i64 = 12;

/// Takes files up to the homeserver.
#[derive(Debug)]
pub struct Files {
    places: Semaphore,
    memory: Semaphore,
    /// One picture at a time is unpacked.
    unpacking: Arc<Semaphore>,
    limit: Mutex<Option<(Instant, Option<u64>)>>,
}

/// Why a file isn't there.
enum Missing {
    /// It may come up later.
    Yet(Fault),
    /// It won't; with its size, if that is known.
    ForGood(Option<u64>, NotShown),
}

impl Files {
    #[must_use]
    pub fn new() -> Self {
        Self {
            places: Semaphore::new(PLACES),
            memory: Semaphore::new(MEMORY as usize),
            unpacking: Arc::new(Semaphore::new(1)),
            limit: Mutex::new(None),
        }
    }

    /// The content of the event that shows `media` as `user`: `template` with where the file is and
    /// what it looks like. Of a file that the homeserver won't have it is a message that says so.
    /// `attempts` is how often the event was tried, with this one.
    pub async fn complete(
        &self,
        template: &Value,
        media: &Media,
        user: &UserId,
        attempts: i64,
        context: &Context,
    ) -> Result<Result<Value, Fault>, StoreError> {
        let mut connection = context.store.read().await?;
        let known = uploads::find(&mut connection, media.mail, media.part).await?;
        drop(connection);
        if let Some(known) = known {
            return Ok(Ok(filled_in(template, &known, media)));
        }
        let Ok(_place) = self.places.try_acquire() else {
            return Ok(Err(Fault::Later {
                reason: "other files go first".to_owned(),
                after: Some(Duration::from_secs(2)),
            }));
        };
        let taking_up = self.take_up(media, user, context);
        let taken_up = match tokio::time::timeout(PATIENCE, taking_up).await {
            Ok(taken_up) => taken_up?,
            Err(_) => Err(Missing::Yet(Fault::Unknown {
                reason: "taking the file up takes too long".to_owned(),
            })),
        };
        Ok(match taken_up {
            Ok(known) => Ok(filled_in(template, &known, media)),
            Err(Missing::ForGood(size, why)) => Ok(told_instead(template, size, &why, media)),
            Err(Missing::Yet(Fault::Unknown { reason })) => {
                // If nothing else works either, it isn't for the file.
                if attempts >= MOST_ATTEMPTS && context.homeserver.who_am_i().await.is_ok() {
                    let why = NotShown::Failing(reason);
                    Ok(told_instead(template, None, &why, media))
                } else {
                    // Nothing was shown, whatever came of it.
                    Err(Fault::Later {
                        reason,
                        after: None,
                    })
                }
            }
            Err(Missing::Yet(fault)) => Err(fault),
        })
    }

    /// What an event's content is to say of the file once it is up.
    async fn take_up(
        &self,
        media: &Media,
        user: &UserId,
        context: &Context,
    ) -> Result<Result<Value, Missing>, StoreError> {
        let mut reading = context.store.read().await?;
        let holds_files = media.part != MailPart::Text && media.part != MailPart::Readable;
        if holds_files && floods::is_infected(&mut reading, media.mail).await? {
            return Ok(Err(Missing::ForGood(None, NotShown::Infected)));
        }
        let stored = mails::raw(&mut reading, media.mail).await?;
        drop(reading);
        let Some((raw, size)) = stored else {
            return Ok(Err(Missing::ForGood(None, NotShown::Gone)));
        };
        let mebibytes = u32::try_from(size / (1024 * 1024) + 1).unwrap_or(MEMORY);
        let Ok(_memory) = self.memory.acquire_many(mebibytes.min(MEMORY)).await else {
            unreachable!("nobody closes it");
        };
        let raw = match context.blobs.read(raw).await {
            Ok(raw) => raw,
            Err(StoreError::Blob(object_store::Error::NotFound { .. })) => {
                return Ok(Err(Missing::ForGood(None, NotShown::Gone)));
            }
            Err(error @ StoreError::Blob(_)) => {
                return Ok(Err(Missing::Yet(Fault::Later {
                    reason: error.to_string(),
                    after: None,
                })));
            }
            Err(error) => return Err(error),
        };
        let part = media.part;
        let filename = media.filename.clone();
        let reading = tokio::task::spawn_blocking(move || part_of(&raw, part, &filename));
        let Ok(Some((file, claimed))) = reading.await else {
            return Ok(Err(Missing::ForGood(None, NotShown::Unreadable)));
        };
        if part == MailPart::Readable && file.len() <= LONGEST_TO_READ {
            let text = String::from_utf8_lossy(&file);
            return Ok(Ok(json!({"msgtype": "m.notice", "body": text})));
        }
        let handed_over = self.hand_over(file, &claimed, media, user, context).await;
        let Ok(content) = handed_over else {
            return Ok(handed_over);
        };
        let (mail, now) = (media.mail, context.now_ms());
        let written = content.clone();
        context
            .store
            .write(move |tx| {
                Box::pin(async move { uploads::remember(tx, mail, part, &written, now).await })
            })
            .await?;
        Ok(Ok(content))
    }

    async fn hand_over(
        &self,
        file: Bytes,
        claimed: &str,
        media: &Media,
        user: &UserId,
        context: &Context,
    ) -> Result<Value, Missing> {
        let size = file.len() as u64;
        if let Some(limit) = self.limit(context).await
            && size > limit
        {
            let limit = Some(limit);
            return Err(Missing::ForGood(Some(size), NotShown::TooLarge { limit }));
        }
        let mut found = media_type::detect(&file, claimed);
        let picture = match found.shows {
            Shows::Picture => self.look_at(file.clone()).await,
            Shows::Video | Shows::Audio | Shows::File => None,
        };
        if picture.is_none() && found.shows == Shows::Picture {
            found.shows = Shows::File;
        }
        let (picture, thumbnail) = match picture {
            Some(mut picture) => {
                let thumbnail = picture.thumbnail.take();
                (Some(picture), thumbnail)
            }
            None => (None, None),
        };
        let mut info = info(&found, size, picture.as_ref());
        if let Some(thumbnail) = thumbnail {
            let name = format!("thumbnail of {}", media.filename);
            match take_up_thumbnail(thumbnail, &name, user, context).await {
                Ok(shown) => info.extend(shown),
                Err(fault @ Fault::Later { .. }) => return Err(Missing::Yet(fault)),
                // It does without.
                Err(Fault::Refused { .. } | Fault::Unknown { .. }) => {}
            }
        }
        let content_type = match media.part {
            MailPart::Text | MailPart::Readable => "text/plain; charset=utf-8",
            MailPart::File(_) | MailPart::Original => found.name.as_str(),
        };
        let uploaded = context
            .homeserver
            .upload(file, content_type, &media.filename, user)
            .await;
        let url = uploaded.map_err(|fault| match fault {
            Fault::Refused { code, .. } if code == "M_TOO_LARGE" => {
                Missing::ForGood(Some(size), NotShown::TooLarge { limit: None })
            }
            Fault::Refused { reason, .. } => {
                Missing::ForGood(Some(size), NotShown::Refused(reason))
            }
            fault @ (Fault::Later { .. } | Fault::Unknown { .. }) => Missing::Yet(fault),
        })?;
        Ok(json!({"msgtype": message_type(found.shows), "url": url, "info": info}))
    }

    /// `None` if it isn't one that can be shown.
    async fn look_at(&self, file: Bytes) -> Option<Picture> {
        let header = file.clone();
        let preview = async {
            let permit = Arc::clone(&self.unpacking).acquire_owned().await;
            let looking = tokio::task::spawn_blocking(move || {
                let picture = picture::look_at(&file);
                drop(permit);
                picture
            });
            looking.await
        };
        if let Ok(Ok(picture)) = tokio::time::timeout(PATIENCE_FOR_A_PREVIEW, preview).await {
            return picture;
        }
        // A fault in a decoder, or a picture that is made to be slow.
        let measuring = tokio::task::spawn_blocking(move || picture::measure(&header));
        measuring.await.ok().flatten()
    }

    /// The largest file that the homeserver takes, as far as it says that.
    async fn limit(&self, context: &Context) -> Option<u64> {
        let held = *self.limit.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((asked, limit)) = held
            && asked.elapsed() < LIMIT_HOLDS
        {
            return limit;
        }
        // If it can't be asked, it will say so when it gets the file.
        let limit = context.homeserver.upload_limit().await.ok()?;
        let mut held = self.limit.lock().unwrap_or_else(PoisonError::into_inner);
        *held = Some((Instant::now(), limit));
        limit
    }
}

/// The part's content, and what the mail says that it is.
fn part_of(raw: &Bytes, part: MailPart, filename: &str) -> Option<(Bytes, String)> {
    let text = |text: String| Some((text.into(), "text/plain".to_owned()));
    match part {
        MailPart::Original => Some((raw.clone(), "message/rfc822".to_owned())),
        MailPart::Readable => text(parse::open(raw).readable()),
        // Without what was known when the room got its beginning: the file may say more, never less.
        MailPart::Text => text(words_of(parse::open(raw).read(&Known::default()).mail)),
        MailPart::File(index) => {
            let opened = parse::open(raw);
            let files = opened.attachments();
            // Another version may have counted otherwise.
            let is_it = |file: &&Attachment| file.info.filename.as_deref() == Some(filename);
            let file = files
                .get(index)
                .filter(is_it)
                .or_else(|| files.iter().find(is_it))
                .or_else(|| files.get(index))?;
            let content = match file.bytes(raw) {
                Cow::Borrowed(content) => raw.slice_ref(content),
                Cow::Owned(content) => content.into(),
            };
            Some((content, file.info.content_type.clone()))
        }
    }
}

/// All that is shown of a mail, without its images.
fn words_of(mail: IncomingMail) -> String {
    let words = mail.shown.into_iter().filter_map(|shown| match shown {
        Shown::Words(words) => Some(words.body),
        Shown::Image(_) => None,
    });
    words.collect::<Vec<_>>().join("\n\n")
}

fn message_type(shows: Shows) -> &'static str {
    match shows {
        Shows::Picture => "m.image",
        Shows::Video => "m.video",
        Shows::Audio => "m.audio",
        Shows::File => "m.file",
    }
}

/// `info` of the event (client-server API, `m.image` and its neighbours).
fn info(found: &MediaType, size: u64, picture: Option<&Picture>) -> Map<String, Value> {
    let mut info = Map::new();
    info.insert("mimetype".to_owned(), found.name.as_str().into());
    info.insert("size".to_owned(), size.into());
    if let Some(picture) = picture {
        info.insert("w".to_owned(), picture.width.into());
        info.insert("h".to_owned(), picture.height.into());
        info.insert("is_animated".to_owned(), picture.is_animated.into());
        if let Some(hash) = &picture.blurhash {
            // MSC2448, under the name that clients know.
            info.insert("xyz.amorgan.blurhash".to_owned(), hash.as_str().into());
        }
    }
    info
}

/// What `info` says of the thumbnail once it is up.
async fn take_up_thumbnail(
    thumbnail: Thumbnail,
    name: &str,
    user: &UserId,
    context: &Context,
) -> Result<Map<String, Value>, Fault> {
    let about = json!({
        "mimetype": thumbnail.content_type, "size": thumbnail.bytes.len(),
        "w": thumbnail.width, "h": thumbnail.height,
    });
    let url = context
        .homeserver
        .upload(thumbnail.bytes.into(), thumbnail.content_type, name, user)
        .await?;
    let mut shown = Map::new();
    shown.insert("thumbnail_url".to_owned(), url.as_str().into());
    shown.insert("thumbnail_info".to_owned(), about);
    Ok(shown)
}

/// The template with what is known of the file; its body stays, as it may be words that belong to it.
fn filled_in(template: &Value, known: &Value, media: &Media) -> Value {
    let mut content = template.clone();
    for (key, value) in known.as_object().into_iter().flatten() {
        content[key] = value.clone();
    }
    if content["url"].is_null() {
        // Words after all.
        if let Some(content) = content.as_object_mut() {
            content.remove("filename");
        }
        return content;
    }
    for key in ["filename", "body"] {
        if content[key].is_null() {
            content[key] = media.filename.as_str().into();
        }
    }
    content
}

/// A message in the place of the file; words that belong to it are kept.
fn told_instead(template: &Value, size: Option<u64>, why: &NotShown, media: &Media) -> Value {
    let told = not_shown(&media.filename, size, media.mail, media.part, why);
    let mut content = template.clone();
    if let Some(content) = content.as_object_mut() {
        for key in ["filename", "url", "info"] {
            content.remove(key);
        }
    }
    let caption = template["body"]
        .as_str()
        .filter(|body| !template["filename"].is_null() && template["filename"] != *body);
    if let Some(caption) = caption {
        content["msgtype"] = "m.text".into();
        content["body"] = format!("{caption}\n\n{told}").into();
        if let Some(formatted) = template["formatted_body"].as_str() {
            let told = html::escape(&told);
            content["formatted_body"] = format!("{formatted}<p>{told}</p>").into();
        }
    } else {
        for (key, value) in encode::notice(&told, None)
            .as_object()
            .into_iter()
            .flatten()
        {
            content[key] = value.clone();
        }
    }
    content
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::domain::ids::MailId;

    fn media() -> Media {
        Media {
            mail: MailId(7),
            part: MailPart::File(0),
            filename: "plan.pdf".to_owned(),
        }
    }

    #[rstest]
    #[case::name(json!({"msgtype": "m.file", "body": "plan.pdf", "filename": "plan.pdf"}), "plan.pdf")]
    #[case::caption(json!({"msgtype": "m.file", "body": "See here", "filename": "plan.pdf"}), "See here")]
    #[case::nothing(json!({}), "plan.pdf")]
    fn the_template_is_filled_in(#[case] template: Value, #[case] body: &str) {
        let known = json!({"msgtype": "m.image", "url": "mxc://a/b", "info": {"size": 3}});
        assert_eq!(
            filled_in(&template, &known, &media()),
            json!({
                "msgtype": "m.image", "url": "mxc://a/b", "info": {"size": 3},
                "filename": "plan.pdf", "body": body,
            })
        );
    }

    #[test]
    fn words_have_no_file_name() {
        let known = json!({"msgtype": "m.notice", "body": "From: Jane"});
        let template = json!({"body": "mail.txt", "filename": "mail.txt"});
        assert_eq!(filled_in(&template, &known, &media()), known);
    }

    #[test]
    fn what_was_written_beside_a_file_stays_without_it() {
        let template = json!({
            "msgtype": "m.file", "body": "See <here>", "filename": "plan.pdf",
            "format": "org.matrix.custom.html", "formatted_body": "See &lt;here&gt;",
            "m.relates_to": {"m.in_reply_to": {"event_id": "$a"}},
        });
        let told = told_instead(&template, Some(3), &NotShown::Gone, &media());
        assert_eq!(told["msgtype"], "m.text");
        let body = told["body"].as_str().unwrap();
        assert!(
            body.starts_with("See <here>\n\n📎 “plan.pdf” (3 B)"),
            "{body}"
        );
        let formatted = told["formatted_body"].as_str().unwrap();
        assert!(
            formatted.starts_with("See &lt;here&gt;<p>📎 “plan.pdf”"),
            "{formatted}"
        );
        assert_eq!(told["m.relates_to"], template["m.relates_to"]);
        assert!(told.get("filename").is_none());
    }

    #[test]
    fn a_file_without_words_becomes_a_notice() {
        let template = json!({
            "msgtype": "m.file", "body": "plan.pdf", "filename": "plan.pdf",
            "m.relates_to": {"m.in_reply_to": {"event_id": "$a"}},
        });
        let told = told_instead(&template, None, &NotShown::Unreadable, &media());
        assert_eq!(told["msgtype"], "m.notice");
        assert_eq!(told["m.relates_to"], template["m.relates_to"]);
        assert!(
            told["body"]
                .as_str()
                .unwrap()
                .starts_with("📎 “plan.pdf” can't be shown")
        );
    }
}

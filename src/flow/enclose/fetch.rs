//! Gets one file from the homeserver, once for all letters that hold it.

use std::{sync::Arc, time::Duration};

use ruma::{MxcUri, OwnedEventId, OwnedRoomId};

use crate::{
    content::{
        media_type,
        picture::{self, InLetter, Shows},
    },
    domain::{
        delivery::millis,
        ids::LetterId,
        sharing::{FileKind, SharedFile},
        wording,
    },
    flow::{Context, lanes, lanes::Origin},
    matrix::client::Fault,
    store::{
        StoreError, Tx,
        files::{self, Found, Kept, State},
        letters,
        mails::RawMail,
    },
};

/// A letter that can't be sent yet, for its files' sake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotYet {
    /// A part of a sentence.
    pub reason: String,
    pub after: Duration,
}

impl NotYet {
    pub fn others_go_first() -> Self {
        Self {
            reason: "its files are being fetched".to_owned(),
            after: Duration::ZERO,
        }
    }
}

/// For one file. The pieces have limits of their own.
const PATIENCE: Duration = Duration::from_mins(5);
/// After so long a file that can't be fetched is missing.
const GIVE_UP_AFTER: Duration = Duration::from_mins(30);
/// Between two tries: half of the time since the first one, within these bounds.
const SHORTEST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_mins(2);
/// A homeserver may ask for more patience, but not for all of it.
const LONGEST_WISH: Duration = Duration::from_mins(5);
/// What a file is shows in its beginning, in octets.
const HEAD: usize = 64 * 1024;
/// A picture that takes longer to unpack isn't shown in the letter.
const PATIENCE_FOR_A_PREVIEW: Duration = Duration::from_secs(30);
/// Who has waited so long for the pictures before theirs goes without.
const PATIENCE_FOR_A_TURN: Duration = Duration::from_mins(3);

/// What came of a try.
enum Fetched {
    Kept(Kept),
    /// It is left with the homeserver; how large it is at least, and what.
    TooLarge(u64, String),
}

/// Why a try failed.
enum Trouble {
    /// It may work later; when the homeserver wants to be asked again.
    Later(String, Option<Duration>),
    Gone(String),
}

/// Sees to it that the file which the item of `letter` shares was fetched, or is known to be too large or
/// missing.
pub(super) async fn fetch(
    item: &letters::Item,
    file: &SharedFile,
    letter: LetterId,
    context: &Arc<Context>,
) -> Result<Option<NotYet>, StoreError> {
    let Some(source) = &file.source else {
        return Ok(None);
    };
    let event = item.file_event.as_str();
    let known = find(event, context).await?;
    if known.is_some_and(|found| found.state != State::Waiting) {
        return Ok(None);
    }
    let turn = match context.turns.take(event) {
        Ok(turn) => turn,
        Err(after) => {
            let others = NotYet::others_go_first();
            return Ok(Some(NotYet { after, ..others }));
        }
    };
    let Some(found) = begin(event, source, context).await? else {
        return Ok(None);
    };
    // Whoever had the turn before may have ended a moment ago.
    if found.state != State::Waiting {
        return Ok(None);
    }
    let most = largest_content(context.letters.max_size);
    let fetched = match file.size {
        Some(size) if size > most.saturating_mul(2) => {
            let claimed = file.content_type.as_deref().unwrap_or_default();
            Ok(Fetched::TooLarge(
                size,
                media_type::detect(&[], claimed).name,
            ))
        }
        _ => get(file, source, most, context).await?,
    };
    let trouble = match fetched {
        Ok(fetched) => {
            write(event, fetched, context).await?;
            return Ok(None);
        }
        Err(trouble) => trouble,
    };
    let since = context.now_ms().saturating_sub(found.first_tried_at);
    let (reason, after) = match trouble {
        Trouble::Later(reason, after) if since < millis(GIVE_UP_AFTER) => (reason, after),
        Trouble::Later(reason, _) | Trouble::Gone(reason) => {
            give_up(item, file, reason, letter, context).await?;
            return Ok(None);
        }
    };
    let half = Duration::from_millis(since.unsigned_abs() / 2).clamp(SHORTEST_WAIT, LONGEST_WAIT);
    let wait = after.map_or(half, |wish| wish.clamp(SHORTEST_WAIT, LONGEST_WISH));
    tracing::warn!(letter = %letter, reason, "A file can't be fetched yet");
    turn.fail(wait);
    Ok(Some(NotYet {
        reason: format!("a file can't be fetched: {reason}"),
        after: wait,
    }))
}

/// The largest file that a mail of `size` octets can hold, in octets: base64 makes four of three, in
/// lines of 76 (RFC 2045 section 6.8).
pub(super) fn largest_content(size: u64) -> u64 {
    size / 78 * 57
}

async fn find(event: &str, context: &Context) -> Result<Option<Found>, StoreError> {
    let mut reading = context.store.read().await?;
    files::find(&mut reading, event).await
}

/// Writes down that the file is being fetched. `None`: it was taken back.
async fn begin(
    event: &str,
    source: &MxcUri,
    context: &Context,
) -> Result<Option<Found>, StoreError> {
    let (event, source) = (event.to_owned(), source.to_string());
    let now = context.now_ms();
    context
        .store
        .write(move |tx| {
            Box::pin(async move {
                files::begin(tx, &event, &source, now).await?;
                files::find(tx.connection(), &event).await
            })
        })
        .await
}

async fn get(
    file: &SharedFile,
    source: &MxcUri,
    most: u64,
    context: &Context,
) -> Result<Result<Fetched, Trouble>, StoreError> {
    let name = format!("files/{}", context.chance.base32(26));
    match download(file, source, most, &name, context).await {
        Ok(fetched) => Ok(Ok(fetched)),
        Err(Broken::Homeserver(Fault::Refused { code, reason })) => {
            let reason = if code.is_empty() {
                reason
            } else {
                format!("{reason} ({code})")
            };
            Ok(Err(Trouble::Gone(reason)))
        }
        Err(Broken::Homeserver(Fault::Later { reason, after })) => {
            Ok(Err(Trouble::Later(reason, after)))
        }
        Err(Broken::Homeserver(Fault::Unknown { reason })) => Ok(Err(Trouble::Later(reason, None))),
        // No space, perhaps.
        Err(Broken::Store(error @ (StoreError::Blob(_) | StoreError::File(_)))) => {
            let reason = format!("it can't be kept here: {error}");
            Ok(Err(Trouble::Later(reason, None)))
        }
        Err(Broken::Store(error)) => Err(error),
    }
}

enum Broken {
    Homeserver(Fault),
    Store(StoreError),
}

impl From<Fault> for Broken {
    fn from(fault: Fault) -> Self {
        Self::Homeserver(fault)
    }
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

async fn download(
    file: &SharedFile,
    source: &MxcUri,
    most: u64,
    name: &str,
    context: &Context,
) -> Result<Fetched, Broken> {
    let mut download = context
        .homeserver
        .download(source, PATIENCE, &context.bot)
        .await?;
    let claimed = file.content_type.clone();
    let claimed = claimed.unwrap_or_else(|| download.content_type.clone());
    let mut draft = context.blobs.draft(name);
    let mut head = Vec::new();
    let mut size = 0;
    while let Some(piece) = download.piece().await? {
        head.extend_from_slice(&piece[..piece.len().min(HEAD - head.len())]);
        size += piece.len() as u64;
        let announced = download.length.unwrap_or_default();
        if size.max(announced) > most {
            let content_type = media_type::detect(&head, &claimed).name;
            // What was said of it may be the truth; what came is the least.
            let size = size.max(announced).max(file.size.unwrap_or_default());
            return Ok(Fetched::TooLarge(size, content_type));
        }
        draft.write(&piece).await?;
    }
    let found = media_type::detect(&head, &claimed);
    drop(head);
    let content = draft.finish().await?;
    let is_shown = matches!(file.kind, FileKind::Image | FileKind::Sticker)
        && found.shows == media_type::Shows::Picture;
    let picture = if is_shown {
        look_at(content.clone(), size, context).await?
    } else {
        None
    };
    Ok(Fetched::Kept(kept(content, size, found.name, picture)))
}

fn kept(content: RawMail, size: u64, content_type: String, picture: Option<InLetter>) -> Kept {
    let dimensions = picture.as_ref().map(|found| (found.width, found.height));
    let (shown, preview) = match picture.map(|found| found.shows) {
        Some(Shows::Itself) => (dimensions, None),
        Some(Shows::Preview(small)) => (
            Some((small.width, small.height)),
            Some((small.bytes, small.content_type.to_owned())),
        ),
        Some(Shows::Nothing) | None => (None, None),
    };
    Kept {
        size,
        content_type,
        content,
        picture: dimensions,
        shown,
        preview,
    }
}

/// `None` if it isn't one that can be shown. Whoever waits for a slow one has still all of their time.
async fn look_at(
    content: RawMail,
    size: u64,
    context: &Context,
) -> Result<Option<InLetter>, StoreError> {
    let turn = Arc::clone(&context.turns.pictures).acquire_owned();
    let Ok(permit) = tokio::time::timeout(PATIENCE_FOR_A_TURN, turn).await else {
        return Ok(None);
    };
    let looking = async {
        let file = context.blobs.reader(content).await?;
        let looking = tokio::task::spawn_blocking(move || {
            let found = picture::for_letter(file, size);
            drop(permit);
            found
        });
        // A fault in a decoder.
        Ok(looking.await.unwrap_or_default())
    };
    // Or a picture that is made to be slow.
    tokio::time::timeout(PATIENCE_FOR_A_PREVIEW, looking)
        .await
        .unwrap_or(Ok(None))
}

async fn write(event: &str, fetched: Fetched, context: &Context) -> Result<(), StoreError> {
    let event = event.to_owned();
    context
        .store
        .write(move |tx| {
            Box::pin(async move {
                match fetched {
                    Fetched::Kept(kept) => files::keep(tx, &event, &kept).await,
                    Fetched::TooLarge(size, content_type) => {
                        files::leave(tx, &event, size, &content_type).await
                    }
                }
            })
        })
        .await
}

/// The file is missing from every letter; the room is told once.
async fn give_up(
    item: &letters::Item,
    file: &SharedFile,
    reason: String,
    letter: LetterId,
    context: &Arc<Context>,
) -> Result<(), StoreError> {
    let text = wording::file::could_not_be_fetched(&file.filename, &reason);
    let (event, file_event) = (item.event.clone(), item.file_event.clone());
    let store = context.store.clone();
    let context = Arc::clone(context);
    store
        .write(move |tx| {
            Box::pin(async move {
                if files::miss(tx, &file_event, &reason).await? {
                    tell(tx, &event, &text, letter, &context).await?;
                }
                Ok(())
            })
        })
        .await
}

/// Says it in the letter's room, as a reply to the message with the file.
pub(super) async fn tell(
    tx: &mut Tx,
    event: &str,
    text: &str,
    letter: LetterId,
    context: &Context,
) -> Result<(), StoreError> {
    let origin = Origin::without_event(context.chance.base32(12), context.now_ms());
    let (room, _) = letters::place_of(tx.connection(), letter).await?;
    let Ok(room) = OwnedRoomId::try_from(room) else {
        return lanes::report(tx, text, &origin, context).await;
    };
    let event = OwnedEventId::try_from(event).ok();
    lanes::say(tx, room, text, event.as_ref(), &origin, context).await
}

//! Makes the files of a sealed letter ready: fetched from the homeserver, or given a link, or known to
//! be missing.
//!
//! `fetch` gets one file, for all letters that hold it; `share_out` decides how each travels in one
//! letter.

mod fetch;
mod share_out;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::tz::TimeZone;

use super::{Context, file_links::page_of};
pub use fetch::NotYet;
pub use share_out::Wait;

use crate::{
    domain::{
        delivery::SendOutcome,
        ids::LetterId,
        letter::{Attached, Enclosed, Inline, Preview},
        sharing::{Fate, Missing, Shared, SharedFile},
    },
    store::{
        Connection, StoreError,
        files::{self, State},
        letters,
    },
};

/// How long an attempt may spend on files before it makes place for others. With one more file, less
/// than the lease of an attempt.
const LONGEST: Duration = Duration::from_mins(5);

/// Whether every file of the letter is where it is to be, so that nothing has to be done for it.
pub async fn is_ready(connection: &mut Connection, letter: LetterId) -> Result<bool, StoreError> {
    let items = letters::items(connection, letter).await?;
    for item in items.iter().filter(|item| file_to_have(item).is_some()) {
        let found = files::find(connection, &item.file_event).await?;
        if item.fate.is_none() || found.is_none_or(|found| found.state == State::Waiting) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Sees to it that the fate of every file in the letter is decided and stored; every recipient gets
/// the same letter. `Some`: not yet. `words` is what it takes without its files, in octets; asked only
/// if there is something to decide.
pub async fn ready(
    letter: LetterId,
    words: impl Future<Output = Result<u64, SendOutcome>> + Send,
    context: &Arc<Context>,
) -> Result<Option<Wait>, StoreError> {
    let begun = Instant::now();
    let mut reading = context.store.read().await?;
    let items = letters::items(&mut reading, letter).await?;
    drop(reading);
    let mut undecided = items.iter().filter(|item| item.fate.is_none());
    let is_decided = undecided.all(|item| file_to_have(item).is_none());
    let mut not_yet: Option<NotYet> = None;
    for (item, file) in items.iter().filter_map(|it| Some((it, file_to_have(it)?))) {
        if begun.elapsed() > LONGEST {
            return Ok(Some(Wait::ForFiles(NotYet::others_go_first())));
        }
        let Some(wait) = fetch::fetch(item, file, letter, context).await? else {
            continue;
        };
        not_yet = not_yet
            .filter(|longest| longest.after > wait.after)
            .or(Some(wait));
    }
    match not_yet {
        Some(wait) => Ok(Some(Wait::ForFiles(wait))),
        None if is_decided => Ok(None),
        None => match words.await {
            Ok(words) => share_out::decide(letter, words, context).await,
            Err(outcome) => Ok(Some(Wait::ForServer(outcome))),
        },
    }
}

/// A file that may be attached, or is: its blob can have been lost.
fn file_to_have(item: &letters::Item) -> Option<&SharedFile> {
    match &item.shared {
        Some(Shared::File(file)) if matches!(item.fate, None | Some(Fate::Attached)) => Some(file),
        _ => None,
    }
}

/// What the letter shows of the file that `event` has shared.
pub async fn enclosed(
    connection: &mut Connection,
    event: &str,
    file: &SharedFile,
    fate: Option<&Fate>,
    context: &Context,
) -> Result<Enclosed, StoreError> {
    let gone = |reason: &str| {
        Enclosed::Missing(Missing::Gone {
            reason: reason.to_owned(),
        })
    };
    Ok(match (fate, &context.public) {
        (Some(Fate::Attached), _) => match files::find(connection, event).await? {
            Some(found) if found.state == State::Kept => {
                Enclosed::Attached(attached(connection, event, found).await?)
            }
            Some(found) if !found.problem.is_empty() => gone(&found.problem),
            _ => gone("it isn't kept any more"),
        },
        (
            Some(Fate::Linked {
                link,
                salt,
                size,
                until,
            }),
            Some(public),
        ) => Enclosed::Linked {
            url: public.page(&page_of(
                &context.keys.link_token(*link, salt),
                &file.filename,
            )),
            size: *size,
            until: until.to_zoned(TimeZone::UTC),
        },
        // The configuration had a public address when the letter was sealed.
        (Some(Fate::Linked { size, .. }), None) => {
            Enclosed::Missing(Missing::TooLarge { size: *size })
        }
        (Some(Fate::Missing(missing)), _) => Enclosed::Missing(missing.clone()),
        (None, _) => gone("it was not fetched"),
    })
}

async fn attached(
    connection: &mut Connection,
    event: &str,
    found: files::Found,
) -> Result<Attached, StoreError> {
    let picture = match found.shown {
        Some((width, height)) => {
            let preview = files::preview(connection, event).await?;
            Some(Inline {
                preview: preview.map(|(content, content_type)| Preview {
                    content,
                    content_type,
                }),
                width,
                height,
            })
        }
        None => None,
    };
    Ok(Attached {
        key: event.to_owned(),
        size: found.size,
        content_type: found.content_type,
        picture,
    })
}

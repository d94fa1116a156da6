//! How each file travels in one letter: as many as there is place for are attached, in their order.

use std::sync::Arc;

use super::fetch::{NotYet, tell};
use crate::{
    domain::{
        ids::LetterId,
        sharing::{Fate, Missing, Shared, SharedFile},
        wording,
    },
    flow::{Context, file_links::end_of_link},
    store::{
        StoreError, Tx, conversations,
        files::{self, Found, State},
        letters, links,
    },
};

/// For the letter's frame, headers and boundaries, in octets.
const FRAME: u64 = 64 * 1024;
/// For the header of each part.
const PART: u64 = 1024;

/// Decides about the letter's files, all at once; every file in it is known. `Some`: one isn't any
/// more.
pub(super) async fn decide(
    letter: LetterId,
    context: &Arc<Context>,
) -> Result<Option<NotYet>, StoreError> {
    let most = largest_mail(letter, context).await?;
    let store = context.store.clone();
    let context = Arc::clone(context);
    store
        .write(move |tx| Box::pin(async move { decide_now(tx, letter, most, &context).await }))
        .await
}

/// What we and the mail server allow, in octets.
async fn largest_mail(letter: LetterId, context: &Context) -> Result<u64, StoreError> {
    let mut reading = context.store.read().await?;
    let sealed = letters::sealed(&mut reading, letter).await?;
    let found = conversations::find(&mut reading, sealed.conversation).await?;
    drop(reading);
    let (name, _) = context.mailbox(found.as_ref().map_or("", |found| &found.mailbox));
    let server = match context.transports.get(name) {
        Some(transport) => transport.size_limit().await,
        None => None,
    };
    let own = context.letters.max_size;
    Ok(own.min(server.unwrap_or(own)))
}

async fn decide_now(
    tx: &mut Tx,
    letter: LetterId,
    most: u64,
    context: &Context,
) -> Result<Option<NotYet>, StoreError> {
    let sealed = letters::sealed(tx.connection(), letter).await?;
    let items = letters::items(tx.connection(), letter).await?;
    let conversation = conversations::find(tx.connection(), sealed.conversation).await?;
    let (_, mailbox) = context.mailbox(conversation.as_ref().map_or("", |found| &found.mailbox));
    let logo = mailbox.look.logo.as_ref();
    let words = items.iter().map(|item| {
        let html = item.words.html.as_ref().map_or(0, String::len);
        // In both parts, and encoded.
        4 * (item.words.body.len() + html) as u64
    });
    let quote = sealed
        .seal
        .quote
        .as_ref()
        .map_or(0, |quote| quote.text.len());
    let rest = FRAME
        + words.sum::<u64>()
        + 4 * quote as u64
        + logo.map_or(0, |logo| encoded(logo.content.len() as u64));
    let mut place = most.saturating_sub(rest);
    let mut shared = Vec::new();
    for item in &items {
        let Some(Shared::File(file)) = &item.shared else {
            continue;
        };
        let found = files::find(tx.connection(), &item.event).await?;
        shared.push((item, file, found));
    }
    // What another attempt has decided stays.
    for (item, _, found) in &shared {
        if let (Some(Fate::Attached), Some(found)) = (&item.fate, found) {
            place = place.saturating_sub(weight(found));
        }
    }
    for (item, file, found) in shared {
        if item.fate.is_some() {
            continue;
        }
        let way = match way(file, found.as_ref(), place) {
            Ok(way) => way,
            Err(not_yet) => return Ok(Some(not_yet)),
        };
        let fate = match way {
            Way::Attach(weight) => {
                place -= weight;
                Fate::Attached
            }
            Way::Miss(missing) => Fate::Missing(missing),
            Way::Link(size) if context.public.is_some() => {
                let now = context.now_ms();
                let until = end_of_link(now);
                let link = links::make(
                    tx,
                    &item.event,
                    sealed.conversation,
                    &file.filename,
                    &sealed.seal.language,
                    (now, until.as_millisecond()),
                );
                Fate::Linked {
                    link: link.await?,
                    size,
                    until,
                }
            }
            Way::Link(size) => {
                if files::tell(tx, &item.event).await? {
                    let text = wording::file::too_large_for_mail(&file.filename, size, most);
                    tell(tx, &item.event, &text, letter, context).await?;
                }
                Fate::Missing(Missing::TooLarge { size })
            }
        };
        letters::decide(tx, letter, &item.event, &fate).await?;
    }
    Ok(None)
}

/// What becomes of one file.
#[derive(Debug, PartialEq, Eq)]
enum Way {
    /// It takes so much of the mail.
    Attach(u64),
    /// It has so many octets.
    Link(u64),
    Miss(Missing),
}

fn way(file: &SharedFile, found: Option<&Found>, place: u64) -> Result<Way, NotYet> {
    if file.source.is_none() {
        return Ok(Way::Miss(Missing::Encrypted));
    }
    let gone = |reason: &str| {
        let reason = reason.to_owned();
        Ok(Way::Miss(Missing::Gone { reason }))
    };
    match found {
        Some(found) => match found.state {
            State::Kept if weight(found) <= place => Ok(Way::Attach(weight(found))),
            State::Kept | State::TooLarge => Ok(Way::Link(found.size)),
            State::Missing => gone(&found.problem),
            State::TakenBack => gone("it was taken back"),
            State::Waiting => Err(NotYet::others_go_first()),
        },
        // Let go of with another letter, a moment ago.
        None => Err(NotYet::others_go_first()),
    }
}

/// What a file takes of the mail, in octets.
fn weight(found: &Found) -> u64 {
    PART + encoded(found.size) + encoded(found.preview_size)
}

/// In base64, in lines of 76 and their ends.
fn encoded(size: u64) -> u64 {
    size.div_ceil(57).saturating_mul(78)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{domain::sharing::FileKind, flow::enclose::fetch::largest_content};

    fn found(state: State, size: u64) -> Found {
        Found {
            source: "mxc://example.org/a".to_owned(),
            state,
            size,
            content_type: "application/pdf".to_owned(),
            shown: None,
            preview_size: 0,
            problem: "the homeserver says: no".to_owned(),
            first_tried_at: 0,
        }
    }

    fn file(source: Option<&str>) -> SharedFile {
        SharedFile {
            kind: FileKind::File,
            source: source.map(Into::into),
            filename: "plan.pdf".to_owned(),
            content_type: None,
            size: None,
            duration: None,
        }
    }

    #[rstest]
    #[case::fits(State::Kept, 5_700, Ok(Way::Attach(8_824)))]
    #[case::fits_no_more(State::Kept, 70_000, Ok(Way::Link(70_000)))]
    #[case::left(State::TooLarge, 90_000_000, Ok(Way::Link(90_000_000)))]
    #[case::missing(State::Missing, 0, Ok(Way::Miss(Missing::Gone { reason: "the homeserver says: no".to_owned() })))]
    #[case::waiting(State::Waiting, 0, Err(NotYet::others_go_first()))]
    fn a_file_goes_where_there_is_place(
        #[case] state: State,
        #[case] size: u64,
        #[case] expected: Result<Way, NotYet>,
    ) {
        let file = file(Some("mxc://example.org/a"));
        assert_eq!(way(&file, Some(&found(state, size)), 90_000), expected);
    }

    #[test]
    fn what_only_members_can_read_is_missing() {
        let expected = Ok(Way::Miss(Missing::Encrypted));
        assert_eq!(way(&file(None), None, 90_000), expected);
    }

    #[test]
    fn what_is_fetched_can_fit() {
        assert!(encoded(largest_content(20_000_000)) <= 20_000_000);
        assert!(encoded(largest_content(20_000_000) + 100) > 19_999_000);
    }
}

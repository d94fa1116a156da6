//! How each file travels in one letter: as many as there is place for are attached, in their order.

use std::sync::Arc;

use super::fetch::{NotYet, tell};
use crate::{
    domain::{
        delivery::SendOutcome,
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

/// For the signature, what is each recipient's own, and boundaries, in octets.
const FRAME: u64 = 8 * 1024;
/// For what stands about a file in the letter and in the header of its part, besides its name.
const PART: u64 = 2 * 1024;
/// A name stands in both parts and three times in headers; an octet of it takes at most twelve there.
const NAME: u64 = 60;

/// What a letter waits for.
#[derive(Debug)]
pub enum Wait {
    ForFiles(NotYet),
    /// An attempt to send it ended here: how much the mail server takes can't be found out.
    ForServer(SendOutcome),
}

/// Decides about the letter's files, all at once; every file in it is known. `words` is what the letter
/// takes without them, in octets. `Some`: one isn't known any more, or the mail server can't be asked.
pub(super) async fn decide(
    letter: LetterId,
    words: u64,
    context: &Arc<Context>,
) -> Result<Option<Wait>, StoreError> {
    let most = match largest_mail(letter, context).await? {
        Ok(most) => most,
        Err(outcome) => return Ok(Some(Wait::ForServer(outcome))),
    };
    let store = context.store.clone();
    let context = Arc::clone(context);
    let decided = store.write(move |tx| {
        Box::pin(async move { decide_now(tx, letter, words, most, &context).await })
    });
    Ok(decided.await?.map(Wait::ForFiles))
}

/// What we and the mail server allow, in octets. Never a guess: a letter that turns out to be too large
/// is refused.
async fn largest_mail(
    letter: LetterId,
    context: &Context,
) -> Result<Result<u64, SendOutcome>, StoreError> {
    let mut reading = context.store.read().await?;
    let sealed = letters::sealed(&mut reading, letter).await?;
    let found = conversations::find(&mut reading, sealed.conversation).await?;
    let found_out = letters::most(&mut reading, letter).await?;
    drop(reading);
    let (name, _) = context.mailbox(found.as_ref().map_or("", |found| &found.mailbox));
    let server = match context.transports.get(name) {
        Some(transport) => transport.size_limit().await,
        None => Err(SendOutcome::RetryLater {
            reason: "the mailbox has no mail server".to_owned(),
            after: None,
        }),
    };
    let own = context.letters.max_size.min(found_out.unwrap_or(u64::MAX));
    Ok(server.map(|server| own.min(server)))
}

async fn decide_now(
    tx: &mut Tx,
    letter: LetterId,
    words: u64,
    most: u64,
    context: &Context,
) -> Result<Option<NotYet>, StoreError> {
    let sealed = letters::sealed(tx.connection(), letter).await?;
    let mut shared = Vec::new();
    for item in letters::items(tx.connection(), letter).await? {
        // What another attempt has decided stays.
        let (Some(Shared::File(file)), None) = (&item.shared, &item.fate) else {
            continue;
        };
        let found = files::find(tx.connection(), &item.file_event).await?;
        shared.push(((item.event, item.file_event), file.clone(), found));
    }
    let said = shared.iter().map(|(_, file, _)| said_of(file));
    let mut place = most.saturating_sub(words + FRAME + said.sum::<u64>());
    let mut fates = Vec::new();
    for (events, file, found) in shared {
        let way = match way(&file, found.as_ref(), place) {
            Ok(way) => way,
            Err(not_yet) => return Ok(Some(not_yet)),
        };
        if let Way::Attach(weight) = way {
            place -= weight;
        }
        fates.push((events, file, way));
    }
    for ((event, file_event), file, way) in fates {
        let fate = match way {
            Way::Attach(_) => Fate::Attached,
            Way::Miss(missing) => Fate::Missing(missing),
            Way::Link(size) if context.public.is_some() => {
                let now = context.now_ms();
                let until = end_of_link(now);
                let link = links::make(
                    tx,
                    &file_event,
                    sealed.conversation,
                    &file.filename,
                    &sealed.seal.language,
                    (now, until.as_millisecond()),
                );
                let (link, salt) = link.await?;
                Fate::Linked {
                    link,
                    salt,
                    size,
                    until,
                }
            }
            Way::Link(size) => {
                if files::tell(tx, &file_event).await? {
                    let text = wording::file::too_large_for_mail(&file.filename, size, most);
                    tell(tx, &event, &text, letter, context).await?;
                }
                Fate::Missing(Missing::TooLarge { size })
            }
        };
        letters::decide(tx, letter, &event, &fate).await?;
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
    encoded(found.size) + encoded(found.preview_size)
}

/// What is said of a file, in octets, however it travels.
fn said_of(file: &SharedFile) -> u64 {
    PART + NAME * file.filename.len() as u64
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
    #[case::fits(State::Kept, 5_700, Ok(Way::Attach(7_800)))]
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

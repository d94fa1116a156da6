//! Makes the files of a sealed letter ready: fetched from the homeserver, or given a link, or known to
//! be missing.

use super::Context;
use crate::{
    domain::{
        delivery::SendOutcome,
        ids::{ConversationId, LetterId},
        letter::Enclosed,
        shared::{Fate, Missing, SharedFile},
    },
    store::{Connection, StoreError},
};

/// Sees to it that the fate of every file in the letter is decided and stored. `Err`: not yet, and
/// what that means for the attempt.
#[expect(clippy::unused_async, reason = "files will be fetched")]
pub async fn ready(
    _letter: LetterId,
    _context: &Context,
) -> Result<Result<(), SendOutcome>, StoreError> {
    Ok(Ok(()))
}

/// What the letter shows of the file that `event` has shared.
#[expect(clippy::unused_async, reason = "what was fetched will be looked up")]
pub async fn enclosed(
    _connection: &mut Connection,
    _event: &str,
    _file: &SharedFile,
    fate: Option<&Fate>,
    _conversation: ConversationId,
    _context: &Context,
) -> Result<Enclosed, StoreError> {
    Ok(Enclosed::Missing(match fate {
        Some(Fate::Missing(missing)) => missing.clone(),
        Some(Fate::Attached | Fate::Linked { .. }) | None => Missing::Gone {
            reason: "it was not fetched".to_owned(),
        },
    }))
}

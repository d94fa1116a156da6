//! Writes what becomes of messages that say something else than before, and of polls.

use super::lanes::Origin;
use crate::{
    domain::effect::{Amend, Ballot},
    store::{StoreError, Tx, desk, places, votes},
};

pub async fn message(tx: &mut Tx, change: Amend, origin: &Origin) -> Result<(), StoreError> {
    match change {
        Amend::Rewrite {
            event,
            by,
            conversations,
            kind,
            said,
        } => {
            let (event, by) = (event.as_str(), by.as_str());
            places::rewrite(tx, (event, by), &conversations, kind, &said).await
        }
        Amend::Unsay {
            message,
            conversation,
        } => places::unsay(tx, message.as_str(), conversation).await,
        Amend::TakeOut {
            conversation,
            event,
        } => {
            places::take_out(tx, conversation, event.as_str(), origin.inbox_seq).await?;
            desk::taken_out(tx, event.as_str()).await
        }
        Amend::Remember { message, event } => {
            places::remember_edit(tx, message.as_str(), event.as_str(), origin.inbox_seq).await
        }
    }
}

pub async fn poll(tx: &mut Tx, change: Ballot, origin: &Origin) -> Result<(), StoreError> {
    match change {
        Ballot::Cast {
            poll,
            vote,
            voter,
            answers,
            at,
        } => {
            let (poll, voter) = (poll.as_str(), voter.as_str());
            votes::set(tx, poll, voter, vote.as_str(), &answers, at).await
        }
        Ballot::Withdraw { poll, vote, voter } => {
            votes::forget(tx, poll.as_str(), voter.as_str(), vote.as_str()).await
        }
        Ballot::Close { poll } => votes::end(tx, poll.as_str(), origin.now).await,
    }
}

//! Which conversation a command is about: the one with a number, the one of the thread, or the only one.

use crate::domain::{
    event::{EventKind, RoomEvent},
    facts::{Case, EventFacts},
    ids::ConversationId,
    wording::desk as wording,
};

/// The conversation that is meant, else what to say. `command` is what was asked, for showing how to name
/// one.
pub(super) fn meant<'f>(
    number: Option<ConversationId>,
    command: &str,
    event: &RoomEvent,
    facts: &'f EventFacts,
) -> Result<&'f Case, String> {
    let cases = &facts.details.desk.cases;
    if let Some(number) = number {
        let found = cases.iter().find(|case| case.id == number);
        return found.ok_or_else(|| wording::no_such(number));
    }
    let thread = match &event.kind {
        EventKind::Message { relation, .. } => relation.thread_root.as_ref(),
        _ => None,
    };
    let in_thread: Vec<&Case> = match thread {
        Some(root) => {
            let own = cases
                .iter()
                .filter(|case| case.thread_root.as_ref() == Some(root));
            let kept = cases
                .iter()
                .filter(|case| facts.past.thread.contains(&case.id));
            own.chain(kept).collect()
        }
        None => Vec::new(),
    };
    if let [only] = in_thread[..] {
        return Ok(only);
    }
    let mains: Vec<&Case> = cases
        .iter()
        .filter(|case| case.thread_root.is_none())
        .collect();
    match mains[..] {
        [] => Err(crate::domain::wording::nobody_here()),
        // Several customers share the thread.
        [only] if in_thread.is_empty() => Ok(only),
        _ => Err(wording::which(command, cases)),
    }
}

/// Whether `--share` is among the words, and the others. Phones make a dash of two.
pub(super) fn share_in<'w>(words: impl Iterator<Item = &'w str>) -> (bool, Vec<&'w str>) {
    let is_share = |word: &&str| ["--share", "—share", "–share"].contains(word);
    let (share, others): (Vec<&str>, Vec<&str>) = words.partition(is_share);
    (!share.is_empty(), others)
}

/// The number at the beginning of the arguments, if there is one, and the rest. Where a text follows, only
/// `#7` is a number: a text may begin with one.
pub(super) fn number_first(arguments: &str, is_text: bool) -> (Option<ConversationId>, &str) {
    let arguments = arguments.trim();
    let (first, rest) = arguments
        .split_once(char::is_whitespace)
        .unwrap_or((arguments, ""));
    if is_text && !first.starts_with('#') {
        return (None, arguments);
    }
    match crate::domain::elsewhere::number(first) {
        Some(number) => (Some(number), rest.trim()),
        None => (None, arguments),
    }
}

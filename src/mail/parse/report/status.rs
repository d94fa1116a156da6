//! RFC 3464, and what is written in its name.

use super::{
    fields::{self, Fields},
    notice::Notice,
    recipient::{MOST_RECIPIENTS, recipient},
};
use crate::domain::{
    address::EmailAddress,
    bounce::{Action, FailedRecipient, StatusCode},
};

/// Adds the recipients of a delivery-status part to `found`, each address once.
pub(super) fn read(text: &str, said: &Notice, found: &mut Vec<FailedRecipient>) {
    for block in merged(fields::blocks(text)) {
        if found.len() == MOST_RECIPIENTS {
            return;
        }
        if let Some(one) = read_block(&block, said)
            && !found.iter().any(|other| other.address == one.address)
        {
            found.push(one);
        }
    }
}

/// Some servers put a blank line between the fields of one recipient.
fn merged(blocks: Vec<Fields>) -> Vec<Fields> {
    let mut merged: Vec<Fields> = Vec::new();
    for block in blocks {
        match merged.last_mut() {
            Some(last)
                if last.has_any(ADDRESS)
                    && !block.has_any(ADDRESS)
                    && !last.has_any(&["diagnostic-code"])
                    && block.has_any(&["action", "status", "diagnostic-code"]) =>
            {
                last.append(block);
            }
            _ => merged.push(block),
        }
    }
    merged
}

fn read_block(block: &Fields, said: &Notice) -> Option<FailedRecipient> {
    let address = ADDRESS
        .iter()
        .flat_map(|name| block.all(name))
        .find_map(typed_address)?;
    let status = block.get("status").and_then(|value| {
        let word = value.split([' ', '(', ';']).find(|word| !word.is_empty())?;
        StatusCode::parse(word)
    });
    let action = block.get("action").and_then(Action::parse);
    let diagnosis = ["diagnostic-code", "x-supplementary-info", "reason"]
        .iter()
        .find_map(|name| block.get(name))
        .map(after_type);
    let around = said.about_text(&address);
    let sources: Vec<&str> = diagnosis.into_iter().chain(around).collect();
    // What failed for good, however it is called.
    let action = action.or_else(|| match status?.class {
        2 => Some(Action::Delivered),
        4 => Some(Action::Delayed),
        _ => Some(Action::Failed),
    });
    let mta = block.get("remote-mta").map(after_type);
    let mta = mta.map(str::trim).filter(|name| !name.is_empty());
    Some(recipient(
        address,
        action,
        status,
        &sources,
        mta.map(str::to_owned),
    ))
}

/// `rfc822; jane@acme.com`, also without its type.
fn typed_address(value: &str) -> Option<EmailAddress> {
    let address = after_type(value);
    let bare = match (address.find('<'), address.rfind('>')) {
        (Some(start), Some(end)) if start < end => &address[start + 1..end],
        _ => address,
    };
    EmailAddress::parse(bare.trim().trim_end_matches('.')).ok()
}

/// Without the type before the semicolon.
fn after_type(value: &str) -> &str {
    let is_type = |kind: &str| {
        kind.trim()
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
    };
    match value.split_once(';') {
        Some((kind, rest)) if is_type(kind) => rest.trim(),
        _ => value,
    }
}

/// The one that was written to before those to which that led.
const ADDRESS: &[&str] = &[
    "original-recipient",
    "final-recipient",
    "x-actual-recipient",
];

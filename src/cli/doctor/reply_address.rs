//! Area `reply_address`: do answers find back; with `--send` by a mail that makes the way.

use std::time::Duration;

use super::{
    report::{Area, Check, Status},
    round_trip,
    scene::Scene,
};
use crate::domain::token::TOKEN_LENGTH;

/// RFC 5321 section 4.5.3.1.1.
const LONGEST_LOCAL_PART: usize = 64;

const TRIP: &str = "there and back";

/// `send` says how long to wait for a mail; without it none is sent. `smtp` is what was found about
/// the way out.
pub async fn examine(send: Option<Duration>, smtp: &[Check], scene: &Scene) -> Vec<Check> {
    let mailboxes = scene.config.mailboxes.iter();
    let each = mailboxes.map(async |(name, mailbox)| {
        let address = mailbox.reply_address.with_token(&"a".repeat(TOKEN_LENGTH));
        let length = address.local_part().len();
        let found = format!(
            "{}: {length} of {LONGEST_LOCAL_PART} characters",
            mailbox.reply_address
        );
        let mut checks = vec![Area::ReplyAddress.ok(format!("{name}: pattern"), found)];
        let trip = format!("{name}: {TRIP}");
        let prefix = format!("{name}: ");
        let is_stuck = smtp
            .iter()
            .any(|it| it.status() == Status::Fault && it.name().starts_with(&prefix));
        let why_not = match send {
            None => Some("only with --send, which sends a mail".to_owned()),
            Some(_) if !scene.running.is_so() => Some("Postroom doesn't run".to_owned()),
            Some(_) if is_stuck => Some("the mailbox's SMTP server can't be used".to_owned()),
            Some(_) => None,
        };
        match (send, why_not) {
            (Some(patience), None) => {
                checks.extend(round_trip::make(&trip, name, mailbox, patience, scene).await);
            }
            (_, why) => {
                checks.push(Area::ReplyAddress.skipped(trip, why.unwrap_or_default()));
            }
        }
        checks
    });
    futures_util::future::join_all(each).await.concat()
}

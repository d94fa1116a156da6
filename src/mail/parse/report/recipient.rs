//! One recipient, of what was said about it.

use super::super::headers::one_line;
use crate::domain::{
    address::EmailAddress,
    bounce::{Action, FailedRecipient, Reason, StatusCode, reply_code},
};

/// Makes a recipient of what was said, from the best source to the worst.
pub(super) fn recipient(
    address: EmailAddress,
    action: Option<Action>,
    status: Option<StatusCode>,
    said: &[&str],
    remote_mta: Option<String>,
) -> FailedRecipient {
    let action = action.unwrap_or(Action::Failed);
    let found = || said.iter().find_map(|text| StatusCode::find(text));
    // What stands for all codes is written by who knows less than the server that refused.
    let telling = status.filter(|status| !status.is_vague());
    let better = || found().filter(|found| status.is_none() || !found.is_vague());
    let mut recipient = FailedRecipient {
        address,
        action,
        status: telling.or_else(better).or(status),
        reply: reply(said),
        remote_mta,
        reason: Reason::Unknown,
    };
    if recipient.is_failure() {
        recipient.reason = Reason::find(said, status);
    }
    recipient
}

/// What the server said, on one line: from the line with a code on, up to a rule.
fn reply(said: &[&str]) -> Option<String> {
    let coded = said.iter().find(|text| reply_code(text).is_some());
    let texts = coded.into_iter().chain(said);
    let mut replies = texts.map(|text| {
        let is_rule = |line: &&str| ["--", "==", "**"].iter().any(|rule| line.starts_with(rule));
        let is_start = |line: &&str| coded.is_none() || reply_code(line).is_some();
        let lines: Vec<&str> = text
            .lines()
            .skip_while(|line| is_rule(line) || !is_start(line))
            .take_while(|line| !is_rule(line))
            .collect();
        let line = one_line(&lines.join(" "));
        line.chars().take(LONGEST_REPLY).collect::<String>()
    });
    replies.find(|reply| !reply.is_empty())
}

/// No mail has as many recipients that one server would report at once.
pub(super) const MOST_RECIPIENTS: usize = 100;
const LONGEST_REPLY: usize = 1000;

//! What a server's answer means for the mail (RFC 5321 section 4.2.1).

use std::{fmt, io};

use super::{
    connection::{Broken, ConnectFault, Trouble},
    reply::Reply,
    settings::Server,
};
use crate::domain::delivery::SendOutcome;

/// How far a mail has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// `MAIL FROM`
    Sender,
    /// `RCPT TO`
    Recipient,
    /// `DATA`
    Data,
    /// The dot at the end of the mail.
    Mail,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sender => "the sender",
            Self::Recipient => "the recipient",
            Self::Data => "the transfer",
            Self::Mail => "the mail",
        })
    }
}

/// The outcome of a transaction that ended at `stage`.
///
/// At [`Stage::Mail`] only an answer can be judged: without one the outcome is uncertain.
pub(super) fn judge(stage: Stage, trouble: Trouble) -> SendOutcome {
    let reply = match trouble {
        Trouble::Answer(reply) => reply,
        Trouble::Lost(error) => return lost(&error),
    };
    match reply.code {
        400..=499 => retry_later(format!("the mail server puts {stage} off: {reply}")),
        500..=599 if is_about_us(stage, &reply) => retry_later(format!(
            "the mail server doesn't let us send: {reply}; not this mail, but our access to the \
             server has to be mended"
        )),
        500..=599 if is_about_sender(stage, &reply) => SendOutcome::SenderRefused {
            reason: format!("the mail server refuses the sender: {reply}"),
        },
        500..=599 if stage == Stage::Recipient => SendOutcome::RecipientRefused {
            reason: format!("the mail server refuses {stage}: {reply}"),
            reply: reply.to_string(),
        },
        500..=599 => SendOutcome::Refused {
            reason: format!("the mail server refuses {stage}: {reply}"),
        },
        _ if stage == Stage::Mail => SendOutcome::Uncertain {
            reason: format!("the mail was sent, but the receipt is none: {reply}"),
        },
        _ => retry_later(format!(
            "the mail server answers to {stage} what makes no sense: {reply}"
        )),
    }
}

/// As [`judge`], where the mail itself is known, of `size` octets. A server that finds it too large and
/// doesn't say what would do is offered half as much.
pub(super) fn judge_mail(stage: Stage, trouble: Trouble, size: u64) -> SendOutcome {
    match trouble {
        Trouble::Answer(reply) if is_about_size(&reply) => SendOutcome::TooLarge {
            reason: format!("the mail server finds the mail too large: {reply}"),
            most: size / 2,
        },
        other => judge(stage, other),
    }
}

/// The mail was broken off before its end, so that the server has none (RFC 5321 section 4.1.1.4).
pub(super) fn broken_off(broken: &Broken) -> SendOutcome {
    match broken {
        Broken::Lost(error) => lost(error),
        Broken::Unreadable(error) => {
            retry_later(format!("the mail could not be read to its end: {error}"))
        }
        Broken::TooLong => {
            retry_later("the mail server takes the mail too slowly: it was broken off".to_owned())
        }
    }
}

/// The connection failed before the mail was complete.
fn lost(error: &io::Error) -> SendOutcome {
    retry_later(format!(
        "the connection to the mail server was lost: {error}"
    ))
}

/// There was no connection over which the mail could have been offered.
pub(super) fn connect_failed(server: &Server, fault: &ConnectFault) -> SendOutcome {
    let advice = if fault.may_pass() {
        ""
    } else {
        "; not this mail, but our access to the server has to be mended"
    };
    retry_later(format!(
        "no mail can be sent over {server}: {fault}{advice}"
    ))
}

/// Whether a refusal would meet every mail of ours: authentication is asked for (RFC 4954
/// section 6) or our commands come in an order that the server doesn't allow.
fn is_about_us(stage: Stage, reply: &Reply) -> bool {
    stage != Stage::Mail && matches!(reply.code, 503 | 530 | 534 | 535 | 538)
}

/// Whether it is the return address that is refused. Many servers say so no earlier than at the
/// recipient (Postfix and Exim by default), Microsoft's no earlier than at the end of the mail.
fn is_about_sender(stage: Stage, reply: &Reply) -> bool {
    let says = |words: &[&str]| {
        let reply = reply.lines.join(" ").to_ascii_lowercase();
        words.iter().any(|word| reply.contains(word))
    };
    match stage {
        Stage::Sender => true,
        Stage::Recipient => says(&["sender address rejected", "sender verify failed"]),
        Stage::Data | Stage::Mail => says(&["5.7.60", "sendasdenied"]),
    }
}

/// Whether the mail is too large: the codes of RFC 3463 say so (section 3.4 and 3.3), or, without one,
/// the words. 552 alone also means a full mailbox, and more.
fn is_about_size(reply: &Reply) -> bool {
    if !(500..=599).contains(&reply.code) {
        return false;
    }
    let text = reply.lines.join(" ").to_ascii_lowercase();
    match text.split_ascii_whitespace().next().unwrap_or_default() {
        "5.3.4" | "5.2.3" => true,
        code if code.starts_with("5.") => false,
        _ => reply.code == 552 && ["size", "large", "big"].iter().any(|it| text.contains(it)),
    }
}

fn retry_later(reason: String) -> SendOutcome {
    SendOutcome::RetryLater {
        reason,
        after: None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(552, "5.3.4 Message size exceeds fixed limit", true)]
    #[case(554, "5.3.4 Too big", true)]
    #[case(552, "5.2.3 Longer than the administrator allows", true)]
    #[case(552, "Message too large", true)]
    #[case(552, "5.2.2 Mailbox full: no size left", false)]
    #[case(552, "5.7.0 Dangerous", false)]
    #[case(552, "Mailbox full", false)]
    #[case(452, "4.3.4 Too large just now", false)]
    #[case(554, "A large refusal", false)]
    fn a_mail_that_is_too_large_is_told_from_others(
        #[case] code: u16,
        #[case] text: &str,
        #[case] expected: bool,
    ) {
        let reply = Reply {
            code,
            lines: vec![text.to_owned()],
        };
        let outcome = judge_mail(Stage::Mail, Trouble::Answer(reply), 1_000);
        let is_too_large = matches!(outcome, SendOutcome::TooLarge { most: 500, .. });
        assert_eq!(is_too_large, expected, "{outcome:?}");
    }
}

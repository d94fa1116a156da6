//! A look at a mail before it is read: what filters have written into it, and what the virus scanner
//! says.

use bytes::Bytes;

use super::Context;
use crate::{
    config::Clamd,
    domain::{
        ids::MessageId,
        incoming::{Fate, IncomingMail, Shown, Withheld},
        marks::Marks,
    },
    mail::{
        authenticate::filters::{self, Reading},
        clamd::{self, Finding},
        parse,
    },
};

/// What was seen of a mail before it was read.
#[derive(Debug, Clone, Default)]
pub struct Looked {
    pub marks: Marks,
    /// It names this as a letter of ours.
    pub postroom_id: Option<MessageId>,
    /// What the virus scanner says; `None` where there is none.
    pub finding: Option<Finding>,
}

/// Looks for the marks of filters, and asks the virus scanner.
pub async fn look(raw: &Bytes, recipients: &[String], context: &Context) -> Looked {
    let (_, mailbox) = context.mailbox_to(recipients);
    let trust = mailbox.trust.clone();
    let reading = Reading {
        strips_forged: context.guard.strips_forged,
        level: context.guard.spam_level,
    };
    let copy = raw.clone();
    let reading = tokio::task::spawn_blocking(move || {
        let found = parse::filters(&copy);
        let marks = filters::marks(&copy, &found, &trust, reading);
        (marks, found.postroom_id)
    });
    // Who reads the whole mail fails as well, and tells of it.
    let (marks, postroom_id) = reading.await.unwrap_or_default();
    Looked {
        marks,
        postroom_id,
        finding: match &context.guard.clamd {
            Some(clamd) => Some(scan(raw, clamd).await),
            None => None,
        },
    }
}

async fn scan(raw: &Bytes, clamd: &Clamd) -> Finding {
    let finding = clamd::scan(raw, clamd).await;
    if let Finding::Away(reason) | Finding::NotScanned(reason) = &finding {
        tracing::warn!(reason, "The virus scanner has not looked at a mail");
    }
    finding
}

impl Looked {
    /// What malware is in the mail.
    pub fn malware(&self) -> Option<&str> {
        match &self.finding {
            Some(Finding::Infected(name)) => Some(name),
            _ => self.marks.virus.as_deref(),
        }
    }

    /// No file of a mail is shown that has malware in it, or may have.
    pub fn withhold(&self, mail: &mut IncomingMail) {
        let why = match &self.finding {
            _ if self.malware().is_some() => Withheld::Infected,
            Some(Finding::NotScanned(_)) => Withheld::NotScanned,
            _ => return,
        };
        mail.shown.retain(|shown| matches!(shown, Shown::Words(_)));
        for file in &mut mail.attachments {
            file.fate = Fate::Withheld(why);
        }
    }
}

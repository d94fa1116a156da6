//! Fetches mail from mailboxes: a connection for each folder, all side by side, each tried again
//! for ever.
//!
//! `door` logs in and remembers a password that was refused; `visit` is what happens on one
//! connection; `plan` decides which mails are taken how; `take` takes them; `notices` tells staff,
//! once, what doesn't work, and `told` knows what is news to them.

mod door;
mod notices;
mod plan;
mod take;
mod told;
mod trouble;
mod visit;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::{door::Door, notices::Notices, plan::Tries, trouble::Trouble};
use super::Context;
use crate::{
    config::{Imap, Mailbox, MailboxName},
    domain::delivery::backoff,
    lifecycle::Health,
    mail::dial::TlsFault,
    store::imap::Place,
};

/// Fetches the mail of one folder.
#[derive(Debug)]
pub struct Fetcher {
    context: Arc<Context>,
    door: Arc<Door>,
    notices: Notices,
    settings: Imap,
    /// The mailbox's own address.
    address: String,
    place: Place,
    tries: Tries,
    /// Failures in a row.
    failures: u32,
}

/// A connection that has held so long was a good one, however it ended.
const STEADY: Duration = Duration::from_mins(1);
/// The longest wait before another attempt.
const LONGEST_WAIT: Duration = Duration::from_mins(5);

impl Fetcher {
    /// One for each folder of a mailbox; none if its mail isn't fetched.
    pub fn of_mailbox(
        name: &MailboxName,
        mailbox: &Mailbox,
        context: &Arc<Context>,
        health: &Health,
    ) -> Result<Vec<Self>, TlsFault> {
        let Some(settings) = &mailbox.imap else {
            return Ok(Vec::new());
        };
        let door = Arc::new(Door::new(settings)?);
        let told = Arc::default();
        let of_folder = |folder: &String| Self {
            context: Arc::clone(context),
            door: Arc::clone(&door),
            notices: Notices::new(name.as_str(), folder, &told, context, health),
            settings: settings.clone(),
            address: mailbox.address.to_string(),
            place: Place {
                mailbox: name.to_string(),
                host: settings.server.host.clone(),
                username: settings.username().to_owned(),
                folder: folder.clone(),
            },
            tries: Tries::default(),
            failures: 0,
        };
        Ok(settings.folders.iter().map(of_folder).collect())
    }

    /// Fetches until `stop`. What was begun then is begun again at the next start.
    pub async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let begun = Instant::now();
            let visit = AssertUnwindSafe(self.visit()).catch_unwind();
            let trouble = tokio::select! {
                ended = visit => match ended {
                    Ok(Err(trouble)) => trouble,
                    Ok(Ok(never)) => match never {},
                    Err(_) => Trouble::Panicked,
                },
                () = stop.cancelled() => return,
            };
            if begun.elapsed() >= STEADY {
                self.failures = 0;
            }
            self.failures += 1;
            self.notices.trouble(&trouble, self.failures).await;
            tokio::select! {
                () = self.wait(&trouble) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    async fn wait(&self, trouble: &Trouble) {
        match trouble {
            Trouble::NoFolder(_) => tokio::time::sleep(self.settings.poll).await,
            _ if trouble.is_login() => self.door.closed().await,
            _ => {
                let chance = self.context.chance.fraction();
                tokio::time::sleep(backoff(self.failures, chance, LONGEST_WAIT)).await;
            }
        }
    }
}

//! Tells staff, whoever watches and the log what doesn't work, and when it works again: each once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{
    told::{Told, is_certain},
    trouble::Trouble,
};
use crate::{
    domain::wording::mailbox::{self as wording, NotMarked, Unreadable},
    flow::{
        Context,
        lanes::{self, Origin},
    },
    lifecycle::Health,
    store::StoreError,
    telemetry::metrics::catalogue::{IMAP_CONNECTED, IMAP_MAILS},
};

/// What is told about one folder.
#[derive(Debug)]
pub(super) struct Notices {
    mailbox: String,
    folder: String,
    told: Arc<Mutex<Told>>,
    context: Arc<Context>,
    health: Health,
    part: String,
}

/// As [`Notices::count`] has them.
const OUTCOMES: [&str; 4] = ["taken", "known", "too_large", "passed_over"];

impl Notices {
    pub(super) fn new(
        mailbox: &str,
        folder: &str,
        told: &Arc<Mutex<Told>>,
        context: &Arc<Context>,
        health: &Health,
    ) -> Self {
        let notices = Self {
            mailbox: mailbox.to_owned(),
            folder: folder.to_owned(),
            told: Arc::clone(told),
            context: Arc::clone(context),
            health: health.clone(),
            part: format!("imap {mailbox}/{folder}"),
        };
        notices.health.is_down(&notices.part, "not connected yet");
        notices.connected(0.0);
        for outcome in OUTCOMES {
            notices.count(outcome, 0);
        }
        notices
    }

    /// A visit ended; it is the `failures`th in a row.
    pub(super) async fn trouble(&self, trouble: &Trouble, failures: u32) {
        self.connected(0.0);
        let (mailbox, folder) = (self.mailbox.as_str(), self.folder.as_str());
        let host = self.host();
        let unreadable = trouble.unreadable(&host);
        if unreadable.as_ref().is_some_and(is_certain) || failures > 1 {
            let short = unreadable.as_ref().map(wording::unreadable_in_short);
            let short = short.unwrap_or("reading it fails");
            self.health.is_down(&self.part, short);
            // Ever more rarely: it may take days.
            if failures.is_power_of_two() {
                tracing::warn!(mailbox, folder, failures, reason = %trouble, "Can't read a mailbox");
            }
        } else {
            tracing::info!(mailbox, folder, reason = %trouble, "Lost the connection to a mailbox");
        }
        let Some(unreadable) = unreadable else {
            return;
        };
        let now = self.context.now();
        if self.told().fails(folder, &unreadable, now) {
            let only = match unreadable {
                Unreadable::NoFolder(_) => folder,
                _ => "",
            };
            self.report(wording::mailbox_unreadable(mailbox, only, &unreadable))
                .await;
        }
    }

    /// The folder is open, after so many failures in a row.
    pub(super) fn opened(&self, failures: u32) {
        let (mailbox, folder) = (self.mailbox.as_str(), self.folder.as_str());
        self.connected(1.0);
        if failures <= 1 {
            self.health.is_up(&self.part);
        }
        tracing::info!(mailbox, folder, "Reading a mailbox");
    }

    /// The folder has been read to its end.
    pub(super) async fn all_is_well(&self) {
        let (mailbox, folder) = (self.mailbox.as_str(), self.folder.as_str());
        self.health.is_up(&self.part);
        let again = self.told().is_read(folder);
        if again.account {
            self.report(wording::mailbox_readable_again(mailbox)).await;
        }
        if again.folder {
            self.report(wording::folder_readable_again(mailbox, folder))
                .await;
        }
    }

    /// Mails that were taken can't be marked; told once.
    pub(super) async fn not_marked(&self, why: &NotMarked) {
        let (mailbox, folder) = (self.mailbox.as_str(), self.folder.as_str());
        if self.told().not_marked(folder) {
            tracing::warn!(
                mailbox,
                folder,
                ?why,
                "Can't mark mails that were taken over"
            );
            self.report(wording::not_marked(mailbox, folder, why)).await;
        }
    }

    /// Counts mails for whoever watches.
    pub(super) fn count(&self, outcome: &'static str, mails: usize) {
        IMAP_MAILS.add(mails as u64, [self.mailbox.clone(), outcome.to_owned()]);
    }

    async fn report(&self, text: String) {
        let context = Arc::clone(&self.context);
        let origin = Origin::without_event(context.chance.base32(12), context.now_ms());
        let written = self.context.store.write(move |tx| {
            Box::pin(async move {
                lanes::report(tx, &text, &origin, &context).await?;
                Ok::<_, StoreError>(())
            })
        });
        if let Err(error) = written.await {
            tracing::error!(%error, "Could not tell staff about a mailbox");
        }
    }

    fn connected(&self, value: f64) {
        IMAP_CONNECTED.set(value, [self.mailbox.clone(), self.folder.clone()]);
    }

    fn host(&self) -> String {
        let (_, mailbox) = self.context.mailbox(&self.mailbox);
        let imap = mailbox.imap.as_ref();
        imap.map_or_else(String::new, |imap| imap.server.host.clone())
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

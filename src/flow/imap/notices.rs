//! Tells staff, whoever watches and the log what doesn't work, and when it works again: each once.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

use super::trouble::Trouble;
use crate::{
    domain::wording::mailbox::{self as wording, NotMarked, Unreadable},
    flow::{
        Context,
        lanes::{self, Origin},
    },
    lifecycle::Health,
    store::StoreError,
};

/// What staff know of one mailbox already, for all of its folders.
#[derive(Debug, Clone, Default)]
pub(super) struct Told(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// Since when nobody gets in.
    closed_since: Option<Timestamp>,
    told_of_account: bool,
    missing_folders: HashSet<String>,
    unmarked_folders: HashSet<String>,
}

/// What is told about one folder.
#[derive(Debug)]
pub(super) struct Notices {
    mailbox: String,
    folder: String,
    told: Told,
    context: Arc<Context>,
    health: Health,
    part: String,
}

/// A server that is away for a moment is nobody's business.
const TOLD_AFTER: SignedDuration = SignedDuration::from_mins(5);

impl Notices {
    pub(super) fn new(
        mailbox: &str,
        folder: &str,
        told: &Told,
        context: &Arc<Context>,
        health: &Health,
    ) -> Self {
        let notices = Self {
            mailbox: mailbox.to_owned(),
            folder: folder.to_owned(),
            told: told.clone(),
            context: Arc::clone(context),
            health: health.clone(),
            part: format!("imap {mailbox}/{folder}"),
        };
        notices.health.is_down(&notices.part, "not connected yet");
        notices.connected(0.0);
        notices
    }

    /// A visit ended; it is the `failures`th in a row.
    pub(super) async fn trouble(&self, trouble: &Trouble, failures: u32) {
        self.connected(0.0);
        let (mailbox, folder) = (self.mailbox.as_str(), self.folder.as_str());
        let host = self.host();
        let unreadable = trouble.unreadable(&host);
        // Servers hang up now and then; whoever comes back at once has missed nothing.
        let is_certain = match &unreadable {
            None | Some(Unreadable::Unreachable(_)) => false,
            Some(_) => true,
        };
        if is_certain || failures > 1 {
            let short = unreadable.as_ref().map(wording::unreadable_in_short);
            let short = short.unwrap_or("reading it fails");
            self.health.is_down(&self.part, short);
            tracing::warn!(mailbox, folder, failures, reason = %trouble, "Can't read a mailbox");
        } else {
            tracing::info!(mailbox, folder, reason = %trouble, "Lost the connection to a mailbox");
        }
        let Some(unreadable) = unreadable else {
            return;
        };
        if self.is_new(&unreadable, is_certain) {
            let only = match unreadable {
                Unreadable::NoFolder(_) => folder,
                _ => "",
            };
            self.report(wording::mailbox_unreadable(mailbox, only, &unreadable))
                .await;
        }
    }

    /// The folder can be read.
    pub(super) async fn all_is_well(&self) {
        self.connected(1.0);
        let (mailbox, folder) = (self.mailbox.as_str(), self.folder.as_str());
        self.health.is_up(&self.part);
        tracing::info!(mailbox, folder, "Reading a mailbox");
        let (account, missing) = {
            let mut known = self.known();
            known.closed_since = None;
            let account = std::mem::take(&mut known.told_of_account);
            (account, known.missing_folders.remove(folder))
        };
        if account {
            self.report(wording::mailbox_readable_again(mailbox)).await;
        }
        if missing {
            self.report(wording::folder_readable_again(mailbox, folder))
                .await;
        }
    }

    /// Mails that were taken can't be marked; told once.
    pub(super) async fn not_marked(&self, why: &NotMarked) {
        let (mailbox, folder) = (self.mailbox.as_str(), self.folder.as_str());
        if self.known().unmarked_folders.insert(folder.to_owned()) {
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
        let (mailbox, mails) = (self.mailbox.clone(), mails as u64);
        metrics::counter!("postroom_imap_mails_total", "mailbox" => mailbox, "outcome" => outcome)
            .increment(mails);
    }

    fn is_new(&self, unreadable: &Unreadable, is_certain: bool) -> bool {
        let now = self.context.now();
        let mut known = self.known();
        if let Unreadable::NoFolder(_) = unreadable {
            return known.missing_folders.insert(self.folder.clone());
        }
        let since = *known.closed_since.get_or_insert(now);
        let is_due = is_certain || now.duration_since(since) > TOLD_AFTER;
        is_due && !std::mem::replace(&mut known.told_of_account, true)
    }

    async fn report(&self, text: String) {
        let context = Arc::clone(&self.context);
        let origin = Origin {
            inbox_seq: 0,
            trace: context.chance.base32(12),
            now: context.now_ms(),
        };
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
        let (mailbox, folder) = (self.mailbox.clone(), self.folder.clone());
        metrics::gauge!("postroom_imap_connected", "mailbox" => mailbox, "folder" => folder)
            .set(value);
    }

    fn host(&self) -> String {
        let (_, mailbox) = self.context.mailbox(&self.mailbox);
        let imap = mailbox.imap.as_ref();
        imap.map_or_else(String::new, |imap| imap.server.host.clone())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.told.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! One connection to one folder: where it was left, what has come since, and what comes.

use std::convert::Infallible;

use super::{Fetcher, trouble::Trouble};
use crate::{
    config::{KEYWORD, Processed},
    domain::wording::mailbox::NotMarked,
    mail::imap::{Folder, Session},
    store::imap::{self, Progress},
};

/// A folder that is open.
pub(super) struct Visit {
    pub session: Session,
    pub progress: Progress,
    marking: Marking,
}

/// How mails that were taken over are marked in this folder.
enum Marking {
    Flag(&'static str),
    /// Into this folder, as the server calls it.
    Move(String),
    Nothing,
}

/// Mails that are marked by one command.
const MARKED_AT_ONCE: i64 = 200;

impl Fetcher {
    /// Fetches as long as the connection lasts.
    pub(super) async fn visit(&mut self) -> Result<Infallible, Trouble> {
        let mut session = self.door.enter().await?;
        let folder = session.select(&self.place.folder).await?;
        let progress = self.progress(folder).await?;
        let marking = self.marking(&mut session, folder).await?;
        self.notices.all_is_well().await;
        let mut visit = Visit {
            session,
            progress,
            marking,
        };
        // Postroom may have ended between taking a mail over and marking it.
        self.mark(&mut visit).await?;
        loop {
            self.catch_up(&mut visit).await?;
            self.failures = 0;
            if visit.session.can_idle() {
                visit.session.idle(self.settings.idle).await?;
            } else {
                tokio::time::sleep(self.settings.poll).await;
            }
            // What the server has refused to mark before.
            self.mark(&mut visit).await?;
        }
    }

    /// How far the folder has been read; noted first if it was never read.
    async fn progress(&self, folder: Folder) -> Result<Progress, Trouble> {
        let (validity, next) = (folder.uid_validity.into(), folder.uid_next.into());
        let store = &self.context.store;
        let known = imap::find(&mut store.read().await?, &self.place).await?;
        match known {
            Some(known) if known.uid_validity == validity => return Ok(known),
            Some(known) => {
                tracing::warn!(
                    mailbox = self.place.mailbox,
                    folder = self.place.folder,
                    "The server has numbered the mails anew; they are compared with what was taken"
                );
                store
                    .write(move |tx| {
                        Box::pin(async move { imap::begin_anew(tx, &known, validity, next).await })
                    })
                    .await?;
            }
            None => {
                let place = self.place.clone();
                let (begin, since) = if self.settings.older {
                    (1, 0)
                } else {
                    (next, self.context.now_ms())
                };
                store
                    .write(move |tx| {
                        Box::pin(
                            async move { imap::begin(tx, &place, validity, begin, since).await },
                        )
                    })
                    .await?;
            }
        }
        let known = imap::find(&mut store.read().await?, &self.place).await?;
        known
            .filter(|known| known.uid_validity == validity)
            .ok_or(Trouble::Overtaken)
    }

    async fn marking(&self, session: &mut Session, folder: Folder) -> Result<Marking, Trouble> {
        match &self.settings.processed {
            Processed::Seen => return Ok(Marking::Flag("\\Seen")),
            Processed::Move(target) if session.can_move() => {
                return Ok(Marking::Move(session.provide(target).await?));
            }
            Processed::Move(_) => self.notices.not_marked(&NotMarked::NoMove).await,
            Processed::Keyword => {}
        }
        if folder.takes_keyword {
            return Ok(Marking::Flag(KEYWORD));
        }
        self.notices.not_marked(&NotMarked::NoKeywords).await;
        Ok(Marking::Nothing)
    }

    /// Marks what was taken over on the server, and then notes that. What the server refuses waits
    /// for the next time.
    pub(super) async fn mark(&self, visit: &mut Visit) -> Result<(), Trouble> {
        let store = &self.context.store;
        let folder = visit.progress.id;
        loop {
            let uids = imap::unmarked(&mut store.read().await?, folder, MARKED_AT_ONCE).await?;
            if uids.is_empty() {
                return Ok(());
            }
            let on_wire: Vec<u32> = uids
                .iter()
                .filter_map(|uid| (*uid).try_into().ok())
                .collect();
            let marked = match &visit.marking {
                Marking::Flag(flag) => visit.session.flag(&on_wire, flag).await?,
                Marking::Move(target) => visit.session.move_to(&on_wire, target).await?,
                Marking::Nothing => Ok(()),
            };
            if let Err(answer) = marked {
                self.notices.not_marked(&NotMarked::Refused(answer)).await;
                return Ok(());
            }
            store
                .write(move |tx| Box::pin(async move { imap::marked(tx, folder, &uids).await }))
                .await?;
        }
    }
}

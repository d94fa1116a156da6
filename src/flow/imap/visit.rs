//! One connection to one folder: where it was left, what has come since, and what comes.

use std::convert::Infallible;

use tokio::time::Instant;

use super::{Fetcher, trouble::Trouble};
use crate::{
    config::{KEYWORD, Processed},
    domain::{delivery::backoff, wording::mailbox::NotMarked},
    mail::imap::{Fault, Folder, Session},
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
/// Some servers always have something to say, and mean nothing by it: so often in a row they are
/// believed, then ever more rarely.
const FALSE_ALARMS: u32 = 3;

impl Fetcher {
    /// Fetches as long as the connection lasts.
    pub(super) async fn visit(&mut self) -> Result<Infallible, Trouble> {
        let mut session = self.door.enter().await?;
        let folder = session.select(&self.place.folder).await?;
        let progress = self.progress(folder).await?;
        let marking = self.marking(&mut session, folder).await?;
        self.notices.opened(self.failures);
        let mut visit = Visit {
            session,
            progress,
            marking,
        };
        // Postroom may have ended between taking a mail over and marking it.
        self.mark(&mut visit).await?;
        let mut in_vain = 0;
        loop {
            let before = visit.progress.next_uid;
            self.catch_up(&mut visit).await?;
            self.notices.all_is_well().await;
            if visit.progress.next_uid > before {
                in_vain = 0;
            }
            self.wait_for_mail(&mut in_vain, &mut visit.session).await?;
            self.failures = 0;
            // What the server has refused to mark before.
            self.mark(&mut visit).await?;
        }
    }

    /// Returns when there may be new mail. `in_vain` counts how often there was none although the
    /// server had soon said so.
    async fn wait_for_mail(&self, in_vain: &mut u32, session: &mut Session) -> Result<(), Fault> {
        if !session.can_idle() {
            tokio::time::sleep(self.settings.poll).await;
            // Servers may show new mail only now.
            return session.check().await;
        }
        let begun = Instant::now();
        session.idle(self.settings.idle).await?;
        if begun.elapsed() >= self.settings.poll {
            *in_vain = 0;
            return Ok(());
        }
        *in_vain += 1;
        if *in_vain > FALSE_ALARMS {
            let chance = self.context.chance.fraction();
            let pause = backoff(*in_vain - FALSE_ALARMS, chance, self.settings.poll);
            tokio::time::sleep(pause.saturating_sub(begun.elapsed())).await;
        }
        Ok(())
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
        let not_moved = match &self.settings.processed {
            Processed::Seen => return Ok(Marking::Flag("\\Seen")),
            Processed::Move(target) if session.can_move() => match session.provide(target).await? {
                Ok(target) => return Ok(Marking::Move(target)),
                Err(answer) => Some(NotMarked::NoFolder(target.clone(), answer)),
            },
            Processed::Move(_) => Some(NotMarked::NoMove),
            Processed::Keyword => None,
        };
        if folder.takes_keyword {
            if let Some(why) = not_moved {
                self.notices.not_marked(&why).await;
            }
            return Ok(Marking::Flag(KEYWORD));
        }
        let why = not_moved.map_or(NotMarked::NoKeywords, |_| NotMarked::NoMoveAndNoKeywords);
        self.notices.not_marked(&why).await;
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

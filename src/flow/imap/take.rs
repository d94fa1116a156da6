//! Takes over what is in a folder: the mail, how far the folder has been read and what is to be
//! marked are one transaction.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use super::{
    Fetcher,
    plan::{Group, Terms, plan},
    trouble::Trouble,
    visit::Visit,
};
use crate::{
    domain::{
        notices::Stream,
        wording::mailbox::{self as wording, Left},
    },
    flow::{
        lanes::Origin,
        notices,
        receive::{Draft, Receiver},
    },
    mail::{
        imap::{Fault, Listed, Piece},
        parse,
    },
    ports::{Envelope, MailDraft, MailSink},
    store::{
        StoreError, imap,
        mails::{self, NewMail},
    },
};

/// A mail that was fetched: `None` if it has been taken before, under another UID.
type Fetched = (u32, Option<NewMail>);

/// What came of fetching one mail.
enum Outcome {
    Fetched(Box<Draft>),
    /// Somebody has deleted or moved it.
    Gone,
    TooLarge,
    PassedOver(String),
}

impl Fetcher {
    /// Takes everything that is there, in order.
    pub(super) async fn catch_up(&mut self, visit: &mut Visit) -> Result<(), Trouble> {
        loop {
            visit.session.take_news();
            let Ok(next) = u32::try_from(visit.progress.next_uid) else {
                // Behind the last UID that there can be.
                return Ok(());
            };
            let listed = visit.session.list(next, !self.tries.without_sizes).await;
            if let Err(Fault::Refused { .. } | Fault::Unwelcome(_)) = &listed {
                // Perhaps it can't measure one of the mails; then each is looked at by itself.
                self.tries.without_sizes = !self.tries.without_sizes;
            }
            let listed = listed?;
            if listed.is_empty() {
                self.tries.without_sizes = false;
                return Ok(());
            }
            for group in plan(&listed, &self.terms(visit)) {
                match group {
                    Group::Together(mails) => self.take_together(&mails, visit).await?,
                    Group::Alone(mail) => self.take_alone(mail, visit).await?,
                    Group::TooLarge(mail) => self.leave(mail, None, visit).await?,
                    Group::NotOurs(mails) => {
                        let last = mails.last().map_or(next, |mail| mail.uid);
                        self.commit(Vec::new(), last, visit).await?;
                    }
                }
                self.mark(visit).await?;
                self.failures = 0;
            }
        }
    }

    fn terms(&self, visit: &Visit) -> Terms {
        Terms {
            compare_below: u32::try_from(visit.progress.compare_below).unwrap_or(u32::MAX),
            since: Timestamp::from_millisecond(visit.progress.since).unwrap_or_default(),
            max_size: self.settings.max_size,
            careful_below: if self.tries.without_sizes {
                u32::MAX
            } else {
                self.tries.careful_below
            },
        }
    }

    async fn take_together(&mut self, mails: &[Listed], visit: &mut Visit) -> Result<(), Trouble> {
        let uids: Vec<u32> = mails.iter().map(|mail| mail.uid).collect();
        let last = uids.last().copied().unwrap_or_default();
        self.tries.careful_below = last.saturating_add(1);
        let mut beginnings = visit.session.beginnings(&uids).await?;
        let mut fetched: Vec<Fetched> = Vec::new();
        for mail in mails {
            match beginnings.remove(&mail.uid) {
                Some(bytes) if is_whole(&bytes, mail) => {
                    let mut draft = self.begin(&bytes).await?;
                    write(&mut draft, bytes).await?;
                    let taken = self.unless_known(draft, mail.uid, &fetched, visit).await?;
                    fetched.push((mail.uid, taken));
                }
                // It is larger than the server said, or gone, or can't be read.
                _ => {
                    self.commit_all(std::mem::take(&mut fetched), visit).await?;
                    self.take_alone(*mail, visit).await?;
                }
            }
        }
        self.commit_all(fetched, visit).await?;
        self.tries.careful_below = 0;
        Ok(())
    }

    async fn take_alone(&mut self, mail: Listed, visit: &mut Visit) -> Result<(), Trouble> {
        let outcome = if let Some(reason) = self.tries.given_up(mail.uid) {
            Outcome::PassedOver(reason)
        } else {
            self.tries.begin(mail.uid);
            let fetched = self.fetch(mail, visit).await;
            if let Err(Trouble::Server(Fault::Unwelcome(reason))) = &fetched {
                self.tries.refuse(reason);
            }
            fetched?
        };
        match outcome {
            Outcome::Fetched(draft) => {
                let taken = self.unless_known(*draft, mail.uid, &[], visit).await?;
                self.commit_all(vec![(mail.uid, taken)], visit).await
            }
            Outcome::Gone => {
                tracing::debug!(
                    mailbox = self.place.mailbox,
                    folder = self.place.folder,
                    uid = mail.uid,
                    "A mail is gone before it was taken over"
                );
                self.commit(Vec::new(), mail.uid, visit).await
            }
            Outcome::TooLarge => self.leave(mail, None, visit).await,
            Outcome::PassedOver(reason) => self.leave(mail, Some(reason), visit).await,
        }
    }

    /// Fetches a mail piece by piece.
    async fn fetch(&mut self, mail: Listed, visit: &mut Visit) -> Result<Outcome, Trouble> {
        let mut draft: Option<Draft> = None;
        let mut offset = 0_u32;
        loop {
            let bytes = match visit.session.piece(mail.uid, offset).await? {
                Piece::Bytes(bytes) => bytes,
                Piece::Refused(reason) => return self.not_fetched(mail, reason, visit).await,
                Piece::Nothing => {
                    let reason = "the server sends nothing".to_owned();
                    return self.not_fetched(mail, reason, visit).await;
                }
            };
            let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            // Some servers misjudge sizes: only what comes up short twice has ended.
            let is_end = length == 0;
            offset = offset.saturating_add(length);
            if u64::from(offset) > self.settings.max_size {
                return Ok(Outcome::TooLarge);
            }
            let is_whole = is_end || is_short(length) && offset >= mail.size;
            let mut own = match draft.take() {
                Some(draft) => draft,
                None => self.begin(&bytes).await?,
            };
            write(&mut own, bytes).await?;
            if is_whole {
                return Ok(Outcome::Fetched(Box::new(own)));
            }
            draft = Some(own);
        }
    }

    async fn not_fetched(
        &mut self,
        mail: Listed,
        reason: String,
        visit: &mut Visit,
    ) -> Result<Outcome, Trouble> {
        if !visit.session.has(mail.uid).await? {
            return Ok(Outcome::Gone);
        }
        self.tries.refuse(&reason);
        match self.tries.given_up(mail.uid) {
            Some(reason) => Ok(Outcome::PassedOver(reason)),
            None => Err(Trouble::Mail(reason)),
        }
    }

    /// Begins to store a mail of which `beginning` is the beginning.
    async fn begin(&self, beginning: &[u8]) -> Result<Draft, Trouble> {
        let told = parse::envelope(beginning);
        let mut recipients = told.recipients;
        if !recipients
            .iter()
            .any(|recipient| recipient.eq_ignore_ascii_case(&self.address))
        {
            recipients.push(self.address.clone());
        }
        let envelope = Envelope {
            peer: self.place.host.clone(),
            helo: self.place.folder.clone(),
            sender: told.sender.unwrap_or_else(|| "unknown".to_owned()),
            recipients,
            client: None,
        };
        let receiver = Receiver::new(Arc::clone(&self.context), SOURCE);
        receiver
            .begin(envelope)
            .await
            .map_err(|fault| StoreError::NotWritten(fault.0).into())
    }

    /// The mail, ready to be committed, unless it was taken before the UIDs changed.
    async fn unless_known(
        &self,
        draft: Draft,
        uid: u32,
        before: &[Fetched],
        visit: &Visit,
    ) -> Result<Option<NewMail>, Trouble> {
        if i64::from(uid) < visit.progress.compare_below {
            let digest = draft.digest();
            let is_twin =
                |(_, mail): &Fetched| mail.as_ref().is_some_and(|mail| mail.digest == digest);
            if before.iter().any(is_twin)
                || imap::is_known(&mut self.context.store.read().await?, &digest).await?
            {
                return Ok(None);
            }
        }
        Ok(Some(draft.seal().await?))
    }

    async fn commit_all(&self, fetched: Vec<Fetched>, visit: &mut Visit) -> Result<(), Trouble> {
        let Some((last, _)) = fetched.last() else {
            return Ok(());
        };
        let last = *last;
        self.commit(fetched, last, visit).await
    }

    /// Everything up to the UID `last` is dealt with, and these mails are ours from now on.
    async fn commit(
        &self,
        fetched: Vec<Fetched>,
        last: u32,
        visit: &mut Visit,
    ) -> Result<(), Trouble> {
        let taken = fetched.iter().filter(|(_, mail)| mail.is_some()).count();
        let known = fetched.len() - taken;
        let (progress, now) = (visit.progress, self.context.now_ms());
        let next_uid = i64::from(last) + 1;
        let ids = self.context.store.write(move |tx| {
            Box::pin(async move {
                if !imap::advance(tx, &progress, next_uid).await? {
                    return Ok(None);
                }
                let mut ids = Vec::new();
                for (uid, mail) in fetched {
                    if let Some(mail) = mail {
                        let id = mails::insert(tx, &mail, SOURCE, now).await?;
                        ids.push((id, mail.trace));
                    }
                    imap::add_unmarked(tx, progress.id, uid.into()).await?;
                }
                Ok::<_, StoreError>(Some(ids))
            })
        });
        let ids = ids.await?.ok_or(Trouble::Overtaken)?;
        visit.progress.next_uid = next_uid;
        for (id, trace) in ids {
            let (mailbox, folder) = (&self.place.mailbox, &self.place.folder);
            tracing::info!(trace, mail = %id, mailbox, folder, "Took a mail over");
        }
        self.notices.count("taken", taken);
        self.notices.count("known", known);
        Ok(())
    }

    /// Leaves a mail where it is, and tells staff; because it is too large, or for another reason.
    async fn leave(
        &self,
        mail: Listed,
        reason: Option<String>,
        visit: &mut Visit,
    ) -> Result<(), Trouble> {
        let came_at = mail.came_at.unwrap_or_default().as_millisecond();
        let (progress, size) = (visit.progress, i64::from(mail.size));
        let store = &self.context.store;
        let is_known = mail.uid < self.terms(visit).compare_below
            && imap::is_passed(&mut store.read().await?, progress.id, came_at, size).await?;
        if is_known {
            return self.commit(Vec::new(), mail.uid, visit).await;
        }
        let outcome = if reason.is_none() {
            "too_large"
        } else {
            "passed_over"
        };
        // A mail whose body can't be had may have no header, either.
        let header = match reason {
            None => visit.session.header(mail.uid).await?,
            Some(_) => Vec::new(),
        };
        let told = parse::envelope(&header);
        let left = Left {
            mailbox: &self.place.mailbox,
            folder: &self.place.folder,
            from: &told.from,
            subject: &told.subject,
            size: mail.size.into(),
        };
        let text = match &reason {
            None => wording::mail_too_large(left, self.settings.max_size),
            Some(reason) => wording::mail_passed_over(left, reason),
        };
        let (mailbox, folder) = (&self.place.mailbox, &self.place.folder);
        tracing::warn!(
            mailbox,
            folder,
            uid = mail.uid,
            size,
            outcome,
            "Left a mail on the server"
        );
        let context = Arc::clone(&self.context);
        let origin = Origin::without_event(context.chance.base32(12), context.now_ms());
        let next_uid = i64::from(mail.uid) + 1;
        let is_ours = store.write(move |tx| {
            Box::pin(async move {
                let is_ours = imap::advance(tx, &progress, next_uid).await?;
                if is_ours {
                    imap::add_passed(tx, progress.id, came_at, size).await?;
                    notices::tell(tx, Stream::Faulty, &text, &origin, &context).await?;
                }
                Ok::<_, StoreError>(is_ours)
            })
        });
        if !is_ours.await? {
            return Err(Trouble::Overtaken);
        }
        visit.progress.next_uid = next_uid;
        self.notices.count(outcome, 1);
        Ok(())
    }
}

/// As the column `mails.source` has it.
const SOURCE: &str = "imap";

async fn write(draft: &mut Draft, bytes: Vec<u8>) -> Result<(), Trouble> {
    let written = draft.write(Bytes::from(bytes)).await;
    written.map_err(|fault| StoreError::NotWritten(fault.0).into())
}

/// Whether a piece that was asked for came back smaller.
fn is_short(length: u32) -> bool {
    length < crate::mail::imap::PIECE
}

/// Whether the first piece of a mail is all of it.
fn is_whole(bytes: &[u8], mail: &Listed) -> bool {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    is_short(length) && length >= mail.size
}

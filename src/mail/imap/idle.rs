//! Waits until the server has news (RFC 2177).

use std::time::Duration;

use imap_proto::{MailboxDatum, Response, Status};
use tokio::time::Instant;

use super::{
    fault::Fault,
    session::{Ended, Session, Unreadable, parse, words},
};

impl Session {
    /// Whether the server tells of new mail by itself.
    pub fn can_idle(&self) -> bool {
        self.capabilities.idle
    }

    /// Whether the server has spoken of new mail since the last time that this was asked.
    pub fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.has_news)
    }

    /// Waits for new mail, at most for `longest`; then the server has to show that it is still
    /// there. Returns at once if it has spoken of new mail already, or if it refuses to tell: from
    /// then on this session can't idle.
    pub async fn idle(&mut self, longest: Duration) -> Result<(), Fault> {
        if self.has_news {
            return Ok(());
        }
        let until = Instant::now() + longest;
        let tag = self.begin("IDLE").await?;
        if let Some(Ended::No(answer)) = self.go_ahead(&tag).await? {
            tracing::debug!(answer, "The IMAP server refuses IDLE");
            self.capabilities.idle = false;
            return Ok(());
        }
        while !self.has_news {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let answer = match self.wire.answer(left).await {
                Ok(answer) => answer,
                Err(Fault::Lost(error)) if error.kind() == std::io::ErrorKind::TimedOut => break,
                Err(fault) => return Err(fault),
            };
            match parse(answer) {
                Some(
                    response @ Response::Data {
                        status: Status::Bye,
                        ..
                    },
                ) => return Err(Fault::Unwelcome(words(&response))),
                Some(Response::Done { .. }) => {
                    return Err(Fault::Nonsense("it ended IDLE by itself"));
                }
                // Where it can't be understood, looking does no harm.
                Some(Response::MailboxData(MailboxDatum::Exists(_))) | None => {
                    self.has_news = true;
                }
                Some(_) => {}
            }
        }
        self.wire.say("DONE").await?;
        match self.finish(&tag, Unreadable::Skip, |_| {}).await? {
            Ended::Ok => Ok(()),
            Ended::No(answer) => Err(Fault::Refused {
                command: "IDLE",
                answer,
            }),
        }
    }
}

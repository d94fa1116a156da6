//! Commands and their answers, one after the other.

use imap_proto::{Capability, MailboxDatum, Response, ResponseCode, Status};

use super::{fault::Fault, wire::Wire};

/// A connection on which we are logged in.
pub struct Session {
    pub(super) wire: Wire,
    pub(super) capabilities: Capabilities,
    /// The server has spoken of new mail since this was last reset.
    pub(super) has_news: bool,
    tags: u32,
}

/// What the server can do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one word of the server's"
)]
pub(super) struct Capabilities {
    pub starttls: bool,
    pub plain: bool,
    /// RFC 4959
    pub initial_response: bool,
    /// RFC 2177
    pub idle: bool,
    /// RFC 6851
    pub moves: bool,
}

impl Capabilities {
    pub(super) fn read(words: &[Capability]) -> Self {
        let mut found = Self::default();
        for word in words {
            match word {
                Capability::Auth(way) => found.plain |= way.eq_ignore_ascii_case("PLAIN"),
                Capability::Atom(word) => {
                    found.starttls |= word.eq_ignore_ascii_case("STARTTLS");
                    found.initial_response |= word.eq_ignore_ascii_case("SASL-IR");
                    found.idle |= word.eq_ignore_ascii_case("IDLE");
                    found.moves |= word.eq_ignore_ascii_case("MOVE");
                }
                Capability::Imap4rev1 => {}
            }
        }
        found
    }
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    Ok,
    /// NO or BAD, with what the server says about it.
    No(String),
}

/// What to do with an answer that can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Servers say all kinds of things.
    Skip,
    /// It may have been what we wait for.
    Fail,
}

const NOT_ASKED: &str = "it answers what was not asked";
/// A command takes at most so many times the wait for an answer, however much is answered.
const LONGEST: u32 = 10;

impl Session {
    pub(super) fn new(wire: Wire) -> Self {
        Self {
            wire,
            capabilities: Capabilities::default(),
            has_news: false,
            tags: 0,
        }
    }

    /// Gives a command that must succeed.
    pub(super) async fn demand(
        &mut self,
        name: &'static str,
        command: &str,
        unreadable: Unreadable,
        on_answer: impl FnMut(&Response),
    ) -> Result<(), Fault> {
        match self.command(command, unreadable, on_answer).await? {
            Ended::Ok => Ok(()),
            Ended::No(answer) => Err(Fault::Refused {
                command: name,
                answer,
            }),
        }
    }

    /// Gives a command, and `on_answer` everything that the server says until it is done, the last
    /// answer included.
    pub(super) async fn command(
        &mut self,
        command: &str,
        unreadable: Unreadable,
        on_answer: impl FnMut(&Response),
    ) -> Result<Ended, Fault> {
        let tag = self.begin(command).await?;
        self.finish(&tag, unreadable, on_answer).await
    }

    /// Sends a command and returns its tag.
    pub(super) async fn begin(&mut self, command: &str) -> Result<String, Fault> {
        self.tags += 1;
        let tag = format!("P{}", self.tags);
        self.wire.say(&format!("{tag} {command}")).await?;
        Ok(tag)
    }

    /// Reads until the command with this tag has ended.
    pub(super) async fn finish(
        &mut self,
        tag: &str,
        unreadable: Unreadable,
        on_answer: impl FnMut(&Response),
    ) -> Result<Ended, Fault> {
        let limit = self.wire.timeout() * LONGEST;
        tokio::time::timeout(limit, self.end(tag, unreadable, on_answer))
            .await
            .unwrap_or(Err(Fault::Nonsense("a command never ends")))
    }

    async fn end(
        &mut self,
        tag: &str,
        unreadable: Unreadable,
        mut on_answer: impl FnMut(&Response),
    ) -> Result<Ended, Fault> {
        let patience = self.wire.timeout();
        loop {
            let answer = self.wire.answer(patience).await?;
            let Some(response) = parse(answer) else {
                if unreadable == Unreadable::Fail || !answer.starts_with(b"* ") {
                    return Err(Fault::Nonsense("an answer can't be read"));
                }
                tracing::debug!(size = answer.len(), "Skipped an answer of the IMAP server");
                continue;
            };
            on_answer(&response);
            match &response {
                Response::Done {
                    tag: own, status, ..
                } if own.0 == tag => {
                    return Ok(match status {
                        Status::Ok => Ended::Ok,
                        _ => Ended::No(words(&response)),
                    });
                }
                Response::Done { .. } => {
                    return Err(Fault::Nonsense(NOT_ASKED));
                }
                Response::Data {
                    status: Status::Bye,
                    ..
                } => return Err(Fault::Unwelcome(words(&response))),
                Response::MailboxData(MailboxDatum::Exists(_)) => self.has_news = true,
                _ => {}
            }
        }
    }

    /// Waits for the server's leave to go on with a command; returns how that ended if there is none.
    pub(super) async fn go_ahead(&mut self, tag: &str) -> Result<Option<Ended>, Fault> {
        let limit = self.wire.timeout() * LONGEST;
        tokio::time::timeout(limit, self.leave(tag))
            .await
            .unwrap_or(Err(Fault::Nonsense("a command never begins")))
    }

    async fn leave(&mut self, tag: &str) -> Result<Option<Ended>, Fault> {
        let patience = self.wire.timeout();
        loop {
            let answer = self.wire.answer(patience).await?;
            let Some(response) = parse(answer) else {
                continue;
            };
            match &response {
                Response::Continue(_) => return Ok(None),
                Response::Done { tag: own, .. } if own.0 == tag => {
                    return Ok(Some(Ended::No(words(&response))));
                }
                Response::Done { .. } => return Err(Fault::Nonsense(NOT_ASKED)),
                Response::Data {
                    status: Status::Bye,
                    ..
                } => return Err(Fault::Unwelcome(words(&response))),
                Response::MailboxData(MailboxDatum::Exists(_)) => self.has_news = true,
                _ => {}
            }
        }
    }

    pub(super) async fn ask_capabilities(&mut self) -> Result<(), Fault> {
        let mut found = None;
        let hear = |answer: &Response| {
            if let Response::Capabilities(words) = answer {
                found = Some(Capabilities::read(words));
            }
        };
        // Who doesn't tell, as some do before the login, can do what every server can.
        self.command("CAPABILITY", Unreadable::Skip, hear).await?;
        self.capabilities = found.unwrap_or_default();
        Ok(())
    }

    /// Asks for nothing; whatever the server has to tell is heard.
    pub async fn check(&mut self) -> Result<(), Fault> {
        self.demand("NOOP", "NOOP", Unreadable::Skip, |_| {}).await
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("capabilities", &self.capabilities)
            .finish_non_exhaustive()
    }
}

/// An answer, if it can be read. On some that no server should give, the parser panics.
pub(super) fn parse(answer: &[u8]) -> Option<Response<'_>> {
    let parsed = std::panic::catch_unwind(|| Response::parse(answer));
    parsed.ok()?.ok().map(|(_, response)| response)
}

/// What the server says for people to read, up to 200 characters.
pub(super) fn words(response: &Response) -> String {
    let (Response::Done { outcome, .. } | Response::Data { outcome, .. }) = response else {
        return String::new();
    };
    let text = outcome.information.as_deref().unwrap_or_default();
    let visible = text.chars().filter(|c| !c.is_control());
    visible.take(200).collect()
}

/// The capabilities that a status response tells by the way.
pub(super) fn told_capabilities(response: &Response) -> Option<Capabilities> {
    let (Response::Done { outcome, .. } | Response::Data { outcome, .. }) = response else {
        return None;
    };
    match &outcome.code {
        Some(ResponseCode::Capabilities(words)) => Some(Capabilities::read(words)),
        _ => None,
    }
}

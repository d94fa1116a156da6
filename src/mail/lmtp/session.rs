//! The conversation on one connection, from the greeting to the goodbye.

use std::{mem, pin::pin, sync::Arc};

use bytes::BytesMut;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    Limits,
    command::{Command, THIS_IS_LMTP},
    forward::{ATTRIBUTES, Forward, Kind},
    places::Place,
    unstuff::Unstuffer,
    wire::{Goodbye, Line, Wire},
};
use crate::{
    domain::address::EmailAddress,
    ports::{Envelope, MailDraft, MailSink, SinkFault},
};

/// Talks to one client until either side ends it.
pub(super) async fn run<S: MailSink, C: AsyncRead + AsyncWrite + Unpin>(
    stream: C,
    peer: String,
    place: Place,
    sink: S,
    limits: Arc<Limits>,
    stop: CancellationToken,
) {
    let mut session = Session {
        wire: Wire::new(stream, limits.idle),
        peer,
        place,
        last_mail: Instant::now(),
        sink,
        limits,
        stop,
        helo: None,
        sender: None,
        recipients: Vec::new(),
        forward: Forward::default(),
        commands: 0,
        errors: 0,
    };
    let goodbye = session.talk().await;
    session.wire.close(goodbye).await;
}

struct Session<S, C> {
    wire: Wire<C>,
    peer: String,
    place: Place,
    /// When it was taken over; at first when the connection began.
    last_mail: Instant,
    sink: S,
    limits: Arc<Limits>,
    stop: CancellationToken,
    /// Given by LHLO.
    helo: Option<String>,
    /// Given by MAIL; `None` outside of a mail.
    sender: Option<String>,
    recipients: Vec<String>,
    /// What a trusted client says of its own.
    forward: Forward,
    commands: usize,
    errors: usize,
}

/// Why a mail that was read to its end is not ours.
#[derive(Debug)]
enum NotTaken {
    TooLarge,
    Fault(SinkFault),
}

impl<S: MailSink, C: AsyncRead + AsyncWrite + Unpin> Session<S, C> {
    async fn talk(&mut self) -> Goodbye {
        // No host name: Postfix takes a server that greets with its own name for a loop.
        self.wire.say("220 postroom LMTP");
        loop {
            if let Err(goodbye) = self.step().await {
                return goodbye;
            }
        }
    }

    /// One command and its answer.
    async fn step(&mut self) -> Result<(), Goodbye> {
        let late = self.last_mail + self.limits.without_mail;
        let line = tokio::select! {
            biased;
            () = self.stop.cancelled() => return Err(Goodbye::Stopping),
            line = self.wire.line(self.limits.line) => line?,
            () = self.place.is_wanted(self.limits.crowded) => return Err(Goodbye::Crowded),
            () = sleep_until(late) => return Err(Goodbye::Slow),
        };
        self.commands += 1;
        if self.commands > self.limits.commands {
            return Err(Goodbye::TooManyCommands);
        }
        let command = match line {
            Line::Whole(line) => Command::parse(&line),
            Line::TooLong => Err("500 5.5.2 Line too long"),
        };
        match command {
            Ok(Command::Lhlo(name)) => self.lhlo(name),
            Ok(Command::Mail { sender, size }) => self.mail(sender, size)?,
            Ok(Command::Rcpt(recipient)) => self.rcpt(recipient),
            Ok(Command::Data) => self.data().await?,
            Ok(Command::Rset) => {
                self.forget_mail();
                self.wire.say("250 2.0.0 Forgotten");
            }
            Ok(Command::Noop) => self.wire.say("250 2.0.0 Still here"),
            Ok(Command::Vrfy) => self.wire.say("252 2.5.2 Try RCPT and see"),
            Ok(Command::Xforward(attributes)) => self.xforward(&attributes)?,
            Ok(Command::Xclient(attributes)) => self.xclient(&attributes)?,
            Ok(Command::Quit) => return Err(Goodbye::Quit),
            // A browser, perhaps, that a page has led here, with commands below its header.
            Err(answer)
                if self.helo.is_none() && answer.starts_with("500 ") && answer != THIS_IS_LMTP =>
            {
                self.wire.say(answer);
                return Err(Goodbye::NotLmtp);
            }
            Err(answer) => self.blame(answer)?,
        }
        Ok(())
    }

    fn lhlo(&mut self, name: String) {
        self.helo = Some(name);
        self.forget_mail();
        self.wire.say("250-postroom");
        self.wire.say("250-PIPELINING");
        self.wire
            .say(format_args!("250-SIZE {}", self.limits.mail_size));
        if self.limits.trusts(&self.peer) {
            self.wire.say(format_args!("250-XFORWARD {ATTRIBUTES}"));
            self.wire.say(format_args!("250-XCLIENT {ATTRIBUTES}"));
        }
        self.wire.say("250-8BITMIME");
        self.wire.say("250-SMTPUTF8");
        self.wire.say("250 ENHANCEDSTATUSCODES");
    }

    fn mail(&mut self, sender: String, size: Option<u64>) -> Result<(), Goodbye> {
        if self.helo.is_none() {
            return self.blame("503 5.5.1 Begin with LHLO");
        }
        if self.sender.is_some() {
            return self.blame("503 5.5.1 A mail has begun already; say RSET to drop it");
        }
        if size.is_some_and(|size| size > self.limits.mail_size) {
            self.wire.say(TOO_LARGE);
            return Ok(());
        }
        self.sender = Some(sender);
        self.wire.say("250 2.1.0 Sender noted");
        Ok(())
    }

    fn rcpt(&mut self, recipient: String) {
        if self.sender.is_none() {
            self.wire.say(NO_MAIL);
        } else if self.recipients.len() >= self.limits.recipients {
            self.wire
                .say("452 4.5.3 Too many recipients; send the rest in another mail");
        } else if self.sink.accepts(&recipient) {
            self.recipients.push(recipient);
            self.wire.say("250 2.1.5 Recipient noted");
        } else {
            self.wire.say("550 5.1.1 No such mailbox here");
        }
    }

    async fn data(&mut self) -> Result<(), Goodbye> {
        if self.sender.is_none() {
            self.wire.say(NO_MAIL);
            return Ok(());
        }
        if self.recipients.is_empty() {
            self.wire.say("503 5.5.1 No recipient was accepted");
            return Ok(());
        }
        let envelope = self.take_envelope();
        let draft = match self.sink.begin(envelope.clone()).await {
            Ok(draft) => draft,
            Err(fault) => {
                log(&envelope, 0, Err(&NotTaken::Fault(fault)));
                self.wire.say(COME_AGAIN);
                return Ok(());
            }
        };
        self.wire.say("354 Send the mail, then a line with a dot");
        let (received, size) = match self.receive(draft).await {
            Ok(received) => received,
            Err(goodbye) => {
                info!(
                    envelope.peer,
                    reason = ?goodbye,
                    "Dropped a mail whose connection ended before it did"
                );
                return Err(goodbye);
            }
        };
        let taken = match received {
            Ok(draft) => draft.commit().await.map_err(NotTaken::Fault),
            Err(reason) => Err(reason),
        };
        log(&envelope, size, taken.as_ref().copied());
        for recipient in &envelope.recipients {
            match &taken {
                Ok(()) => self.wire.say(format_args!("250 2.0.0 <{recipient}> Taken")),
                Err(NotTaken::TooLarge) => self.wire.say(TOO_LARGE),
                Err(NotTaken::Fault(_)) => self.wire.say(COME_AGAIN),
            }
        }
        if taken.is_ok() {
            self.commands = 0;
            self.last_mail = Instant::now();
        }
        Ok(())
    }

    fn take_envelope(&mut self) -> Envelope {
        Envelope {
            peer: self.peer.clone(),
            helo: self.helo.clone().unwrap_or_default(),
            sender: self.sender.take().unwrap_or_default(),
            recipients: mem::take(&mut self.recipients),
            client: self.forward.end_of_mail(),
        }
    }

    /// Reads one mail to its end, and how large it was. Whatever cuts this off drops the draft.
    async fn receive<D: MailDraft>(
        &mut self,
        draft: D,
    ) -> Result<(Result<D, NotTaken>, u64), Goodbye> {
        let Self {
            wire, limits, stop, ..
        } = self;
        let stopped = pin!(async {
            stop.cancelled().await;
            sleep(limits.finish).await;
        });
        tokio::select! {
            received = read_mail(wire, draft, limits.mail_size) => received,
            () = stopped => Err(Goodbye::Stopping),
            () = sleep(limits.mail_time) => Err(Goodbye::Slow),
        }
    }

    /// Says who handed the next mail to the client.
    fn xforward(&mut self, attributes: &str) -> Result<(), Goodbye> {
        match self.take_word(Kind::Mail, attributes) {
            Ok(()) => {
                self.wire.say("250 2.0.0 Noted");
                Ok(())
            }
            Err(answer) => self.blame(answer),
        }
    }

    /// Says for whom the client speaks: the conversation begins anew.
    fn xclient(&mut self, attributes: &str) -> Result<(), Goodbye> {
        match self.take_word(Kind::Session, attributes) {
            Ok(()) => {
                self.helo = None;
                self.wire.say("220 postroom LMTP");
                Ok(())
            }
            Err(answer) => self.blame(answer),
        }
    }

    fn take_word(&mut self, kind: Kind, attributes: &str) -> Result<(), &'static str> {
        if !self.limits.trusts(&self.peer) {
            return Err("550 5.7.0 Your word doesn't count here");
        }
        if self.sender.is_some() {
            return Err("503 5.5.1 A mail has begun already");
        }
        self.forward.read(kind, attributes)
    }

    fn forget_mail(&mut self) {
        self.sender = None;
        self.recipients.clear();
        // Better nobody than somebody else.
        let _forgotten = self.forward.end_of_mail();
    }

    /// Answers a command that the client should not have given.
    fn blame(&mut self, answer: &str) -> Result<(), Goodbye> {
        self.wire.say(answer);
        self.errors += 1;
        if self.errors > self.limits.errors {
            return Err(Goodbye::TooManyErrors);
        }
        Ok(())
    }
}

/// Streams a mail into `draft`. One that can't be taken is read to its end all the same, because
/// a client hears no answer before it has sent everything.
async fn read_mail<D: MailDraft, C: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<C>,
    draft: D,
    largest: u64,
) -> Result<(Result<D, NotTaken>, u64), Goodbye> {
    let mut unstuffer = Unstuffer::default();
    let mut taken = Ok(draft);
    let mut size = 0;
    loop {
        let mut chunk = BytesMut::with_capacity(wire.input.len());
        let ended = unstuffer.push(&mut wire.input, &mut chunk);
        size += chunk.len() as u64;
        if size > largest {
            taken = Err(NotTaken::TooLarge);
        } else if let Ok(draft) = &mut taken
            && !chunk.is_empty()
            && let Err(fault) = draft.write(chunk.freeze()).await
        {
            taken = Err(NotTaken::Fault(fault));
        }
        if ended {
            return Ok((taken, size));
        }
        wire.fill().await?;
    }
}

fn log(envelope: &Envelope, size: u64, taken: Result<(), &NotTaken>) {
    let sender = masked(&envelope.sender);
    let recipients = masked_all(&envelope.recipients);
    let peer = &envelope.peer;
    match taken {
        Ok(()) => info!(peer, sender, recipients, size, "Took a mail over"),
        Err(NotTaken::TooLarge) => {
            info!(
                peer,
                sender, recipients, size, "Refused a mail that is too large"
            );
        }
        Err(NotTaken::Fault(fault)) => {
            warn!(
                peer, sender, recipients, size, %fault,
                "Could not take a mail over; its source keeps it"
            );
        }
    }
}

fn masked_all(addresses: &[String]) -> String {
    let masked: Vec<String> = addresses.iter().map(|address| masked(address)).collect();
    masked.join(", ")
}

fn masked(address: &str) -> String {
    if address.is_empty() {
        return "<>".to_owned();
    }
    EmailAddress::parse(address).map_or_else(|_| "…".to_owned(), |address| address.masked())
}

/// Not the client's fault: with pipelining it says RCPT and DATA before it hears of a refusal.
const NO_MAIL: &str = "503 5.5.1 No mail has begun";
const TOO_LARGE: &str = "552 5.3.4 The mail is too large";
const COME_AGAIN: &str = "451 4.3.0 Can't store the mail now; come again later";

//! What a client of the LMTP door may say, in whatever pieces it comes.
//!
//! The first octet says what the store fails at, the second in which pieces the rest is sent.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use postroom::{
    mail::lmtp::{Limits, Lmtp},
    ports::{Envelope, MailDraft, MailSink, SinkFault},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

pub const WORDS: &[&str] = &[
    "LHLO mail.acme.com\r\n",
    "MAIL FROM:<jane@acme.com>\r\n",
    "MAIL FROM:<> SIZE=100 BODY=8BITMIME SMTPUTF8\r\n",
    "RCPT TO:<support@example.org>\r\n",
    "RCPT TO:<support@elsewhere.org>\r\n",
    "DATA\r\n",
    "\r\n.\r\n",
    "\n.\n",
    "\r\n.\n",
    "\n.\r\n",
    "\r.\r",
    "\r\n..\r\n",
    "RSET\r\n",
    "NOOP\r\n",
    "VRFY x\r\n",
    "QUIT\r\n",
    "BDAT 5 LAST\r\n",
    "EHLO x\r\n",
    "SIZE=99999999999999999999",
    "@",
    "<",
    ">",
];

const LARGEST_MAIL: u64 = 300;

pub fn run(data: &[u8]) {
    let [faults, pieces, dialogue @ ..] = data else {
        return;
    };
    let faults = Faults {
        begin: faults & 1 == 1,
        write: faults & 2 == 2,
        commit: faults & 4 == 4,
    };
    let whole = talk(dialogue, dialogue.len().max(1), faults);
    whole.check();
    // How the octets are cut changes nothing.
    let in_pieces = talk(dialogue, usize::from(*pieces).max(1), faults);
    assert_eq!(whole, in_pieces);
}

/// What the store can't do.
#[derive(Debug, Clone, Copy)]
struct Faults {
    begin: bool,
    write: bool,
    commit: bool,
}

/// What came of a dialogue.
#[derive(Debug, PartialEq, Eq)]
struct Heard {
    answers: String,
    /// Recipients and content of each mail that was taken over.
    taken: Vec<(Vec<String>, Vec<u8>)>,
}

impl Heard {
    fn check(&self) {
        assert!(self.answers.is_empty() || self.answers.ends_with("\r\n"));
        let lines = self.answers.split_terminator("\r\n");
        let mut acknowledged = 0;
        for line in lines {
            let (code, rest) = line.split_at_checked(3).expect(line);
            assert!(code.bytes().all(|digit| digit.is_ascii_digit()), "{line:?}");
            assert!(rest.starts_with([' ', '-']), "{line:?}");
            assert!(!line.contains(['\r', '\n', '\0']), "{line:?}");
            acknowledged += usize::from(line.starts_with("250 2.0.0 <"));
        }
        let recipients = self.taken.iter().map(|(recipients, _)| recipients.len());
        assert_eq!(acknowledged, recipients.sum::<usize>(), "{self:?}");
        for (recipients, mail) in &self.taken {
            assert!(!recipients.is_empty() && recipients.len() <= 3);
            assert!(recipients.iter().all(|one| is_ours(one)), "{recipients:?}");
            assert!(mail.len() as u64 <= LARGEST_MAIL);
        }
    }
}

fn is_ours(recipient: &str) -> bool {
    recipient.ends_with("@example.org")
}

fn talk(dialogue: &[u8], piece: usize, faults: Faults) -> Heard {
    let sink = Sink {
        faults,
        taken: Arc::default(),
    };
    let limits = Limits {
        mail_size: LARGEST_MAIL,
        recipients: 3,
        line: 100,
        connections: 1,
        commands: 30,
        errors: 5,
        idle: Duration::from_mins(1),
        mail_time: Duration::from_mins(1),
        finish: Duration::from_secs(1),
        trusted: Vec::new(),
        ..Limits::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let answers = runtime.block_on(async {
        let (client, server) = tokio::io::duplex(64);
        let door = Lmtp::new(sink.clone(), limits);
        let session = door.talk(server, "unix".to_owned(), CancellationToken::new());
        let (mut reading, mut writing) = tokio::io::split(client);
        let says = async {
            for piece in dialogue.chunks(piece) {
                // The door may have closed meanwhile.
                if writing.write_all(piece).await.is_err() {
                    break;
                }
                tokio::task::yield_now().await;
            }
            let _closed = writing.shutdown().await;
        };
        let hears = async {
            let mut heard = Vec::new();
            let _cut_off = reading.read_to_end(&mut heard).await;
            heard
        };
        let ((), (), heard) = tokio::join!(session, says, hears);
        heard
    });
    let taken = std::mem::take(&mut *sink.taken.lock().expect("nobody panics with it"));
    Heard {
        answers: String::from_utf8(answers).expect("answers are text"),
        taken,
    }
}

type Taken = Arc<Mutex<Vec<(Vec<String>, Vec<u8>)>>>;

#[derive(Debug, Clone)]
struct Sink {
    faults: Faults,
    taken: Taken,
}

struct Draft {
    sink: Sink,
    recipients: Vec<String>,
    content: Vec<u8>,
}

impl MailSink for Sink {
    type Draft = Draft;

    fn accepts(&self, recipient: &str) -> bool {
        is_ours(recipient)
    }

    async fn begin(&self, envelope: Envelope) -> Result<Draft, SinkFault> {
        if self.faults.begin {
            return Err(SinkFault("on purpose".to_owned()));
        }
        Ok(Draft {
            sink: self.clone(),
            recipients: envelope.recipients,
            content: Vec::new(),
        })
    }
}

impl MailDraft for Draft {
    async fn write(&mut self, bytes: Bytes) -> Result<(), SinkFault> {
        self.content.extend_from_slice(&bytes);
        assert!(
            self.content.len() as u64 <= LARGEST_MAIL,
            "is stored though too large"
        );
        // By what is there and not by the piece: how it is cut changes nothing.
        if self.sink.faults.write && self.content.contains(&b'!') {
            return Err(SinkFault("on purpose".to_owned()));
        }
        Ok(())
    }

    async fn commit(self) -> Result<(), SinkFault> {
        if self.sink.faults.commit {
            return Err(SinkFault("on purpose".to_owned()));
        }
        let mut taken = self.sink.taken.lock().expect("nobody panics with it");
        taken.push((self.recipients, self.content));
        Ok(())
    }
}

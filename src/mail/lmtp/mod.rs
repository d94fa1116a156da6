//! LMTP (RFC 2033): the door at which a mail server hands mail over, one answer per recipient.
//!
//! [`Lmtp::serve`] accepts connections for which there are `places`, `session` holds the conversation
//! on one of them, `command` reads its lines, `forward` what it tells of its own client, `wire` its
//! octets, and `unstuff` finds the end of a mail. The door knows no store: whatever it receives goes to a
//! [`MailSink`].

mod command;
mod forward;
mod limits;
mod places;
mod session;
#[cfg(test)]
mod tests;
mod unstuff;
mod wire;

use std::{sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    task::{JoinError, JoinSet},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

pub use self::limits::Limits;
use self::places::Places;
use crate::ports::MailSink;

/// An LMTP server that gives every mail to `S`.
#[derive(Debug)]
pub struct Lmtp<S: MailSink> {
    sink: S,
    limits: Arc<Limits>,
    places: Arc<Places>,
}

impl<S: MailSink> Lmtp<S> {
    pub fn new(sink: S, limits: Limits) -> Self {
        Self {
            sink,
            limits: Arc::new(limits),
            places: Places::new(),
        }
    }

    /// Serves `listener` until `stop`. Then nobody new is let in, clients that wait are sent away,
    /// and a mail that is being received may finish within [`Limits::finish`]; returns at the
    /// latest [`LAST_WORDS`] after that. A mail that was cut off is not acknowledged, so its
    /// source keeps it.
    pub async fn serve(self, listener: TcpListener, stop: CancellationToken) {
        let mut sessions = JoinSet::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                Some(ended) = sessions.join_next() => report(&ended),
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        // Answers are small and awaited; without it a pipelining client may wait
                        // 40 ms for each.
                        let _ = stream.set_nodelay(true);
                        let peer = peer.ip().to_canonical().to_string();
                        sessions.spawn(self.talk(stream, peer, stop.clone()));
                    }
                    Err(fault) => {
                        warn!(%fault, "Could not accept an LMTP connection");
                        sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(listener);
        let all_ended = async {
            while let Some(ended) = sessions.join_next().await {
                report(&ended);
            }
        };
        if timeout(self.limits.finish + LAST_WORDS, all_ended)
            .await
            .is_err()
        {
            warn!("Cut LMTP connections that did not end in time");
        }
    }

    /// Talks to one client, whatever it is connected by, until either side ends it; or says why there
    /// is no place for it. `peer` is its address, for the envelope.
    pub fn talk<C: AsyncRead + AsyncWrite + Unpin + Send>(
        &self,
        stream: C,
        peer: String,
        stop: CancellationToken,
    ) -> impl Future<Output = ()> + Send + use<S, C> {
        let place = self.places.take(&peer, &self.limits);
        let (sink, limits) = (self.sink.clone(), Arc::clone(&self.limits));
        async move {
            match place {
                Ok(place) => session::run(stream, peer, place, sink, limits, stop).await,
                Err(answer) => turn_away(stream, answer).await,
            }
        }
    }
}

/// Best effort: a client that doesn't read its 421 sees the connection end.
async fn turn_away<C: AsyncWrite + Unpin>(mut stream: C, answer: &str) {
    let answer = format!("{answer}\r\n");
    let _ = timeout(
        Duration::from_millis(100),
        stream.write_all(answer.as_bytes()),
    )
    .await;
}

fn report(ended: &Result<(), JoinError>) {
    // Its own words may quote a mail.
    if ended.is_err() {
        error!("An LMTP session broke");
    }
}

/// For the store to commit a mail that was just received, and for the answer to it.
pub const LAST_WORDS: Duration = Duration::from_secs(5);

/// Out of file descriptors, say: asking again at once would only burn the processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

//! A server with a certificate of the test's choice that notes what it is told, and answers nothing
//! sensible.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How it behaves.
#[derive(Clone)]
pub enum Manner {
    /// It shows the certificate, and greets.
    Tls(TlsAcceptor, &'static str),
    /// It wants to speak TLS 1.1.
    OldTls,
    /// It doesn't know TLS.
    Plain,
}

#[derive(Debug, Default, Clone)]
struct Notes {
    connections: usize,
    heard: String,
}

pub struct TlsTrap {
    port: u16,
    notes: Arc<Mutex<Notes>>,
    _stop: DropGuard,
}

impl TlsTrap {
    /// Listens on a free port of 127.0.0.1.
    pub async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let notes = Arc::<Mutex<Notes>>::default();
        let stop = CancellationToken::new();
        let (stopped, log) = (stop.clone(), Arc::clone(&notes));
        tokio::spawn(async move {
            while let Some(Ok((stream, _))) = stopped.run_until_cancelled(listener.accept()).await {
                let (manner, log) = (manner.clone(), Arc::clone(&log));
                tokio::spawn(async move {
                    let heard = listen(stream, manner).await;
                    let mut notes = log.lock().unwrap_or_else(PoisonError::into_inner);
                    notes.connections += 1;
                    notes.heard.push_str(&heard);
                });
            }
        });
        Self {
            port,
            notes,
            _stop: stop.drop_guard(),
        }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Connections that have ended.
    pub fn connections(&self) -> usize {
        self.notes().connections
    }

    /// Everything that was said on them, without what belongs to TLS.
    pub fn heard(&self) -> String {
        self.notes().heard
    }

    fn notes(&self) -> Notes {
        let notes = self.notes.lock();
        notes.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn listen(mut stream: TcpStream, manner: Manner) -> String {
    match manner {
        // A client that doesn't like the certificate hangs up.
        Manner::Tls(acceptor, greeting) => match acceptor.accept(stream).await {
            Ok(mut stream) => {
                let _ = stream.write_all(greeting.as_bytes()).await;
                rest(&mut stream).await
            }
            Err(_) => String::new(),
        },
        Manner::OldTls => {
            let mut hello = [0; 4096];
            let _ = stream.read(&mut hello).await;
            let _ = stream.write_all(&old_hello()).await;
            let mut octets = Vec::new();
            let _ = timeout(PATIENCE, stream.read_to_end(&mut octets)).await;
            // An alert is no secret.
            match octets.first() {
                None | Some(21) => String::new(),
                Some(_) => String::from_utf8_lossy(&octets).into_owned(),
            }
        }
        Manner::Plain => rest(&mut stream).await,
    }
}

async fn rest<S: tokio::io::AsyncRead + Unpin>(stream: &mut S) -> String {
    let mut octets = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(Ok(read @ 1..)) = timeout(PATIENCE, stream.read(&mut piece)).await {
        octets.extend_from_slice(&piece[..read]);
    }
    String::from_utf8_lossy(&octets).into_owned()
}

/// A `ServerHello` of TLS 1.1 (RFC 4346 section 7.4.1.3), with a cipher suite of its time.
fn old_hello() -> Vec<u8> {
    let mut hello = vec![3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0xc0, 0x13, 0]);
    let mut record = vec![22, 3, 2, 0, 42, 2, 0, 0, 38];
    record.extend(hello);
    record
}

const PATIENCE: Duration = Duration::from_millis(500);

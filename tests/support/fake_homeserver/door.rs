//! The listening socket, which can be shut and opened again on the same port, and connections
//! that can be cut one by one or all at once.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// The side of the door that the test holds.
#[derive(Clone)]
pub struct Handle {
    address: SocketAddr,
    wanted: watch::Sender<bool>,
    is_open: watch::Receiver<bool>,
    connections: Arc<Mutex<CancellationToken>>,
}

impl Handle {
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes the socket, then every connection; returns when new ones are refused.
    pub async fn shut(&self) {
        self.settle(false).await;
        self.cut_all();
    }

    /// Listens again on the same port.
    pub async fn open(&self) {
        self.settle(true).await;
    }

    /// Closes every connection without a word; new ones are accepted as before.
    pub fn cut_all(&self) {
        let mut connections = lock(&self.connections);
        connections.cancel();
        *connections = CancellationToken::new();
    }

    async fn settle(&self, open: bool) {
        self.wanted.send_replace(open);
        let mut is_open = self.is_open.clone();
        // An error means that the server has been stopped for good: then nobody listens anyway.
        let _ = is_open.wait_for(|now| *now == open).await;
    }
}

/// The side of the door that the server holds.
pub struct Door {
    address: SocketAddr,
    socket: Option<TcpListener>,
    wanted: watch::Receiver<bool>,
    is_open: watch::Sender<bool>,
    connections: Arc<Mutex<CancellationToken>>,
}

/// Listens on a free port of 127.0.0.1.
pub async fn listen() -> (Door, Handle) {
    let socket = TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a free port");
    let address = socket.local_addr().expect("a bound socket has an address");
    let (wanted, wanted_by_door) = watch::channel(true);
    let (is_open, seen_open) = watch::channel(true);
    let connections = Arc::new(Mutex::new(CancellationToken::new()));
    let door = Door {
        address,
        socket: Some(socket),
        wanted: wanted_by_door,
        is_open,
        connections: connections.clone(),
    };
    (
        door,
        Handle {
            address,
            wanted,
            is_open: seen_open,
            connections,
        },
    )
}

impl Listener for Door {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            let open = *self.wanted.borrow_and_update();
            if !open {
                self.socket = None;
            } else if self.socket.is_none() {
                self.socket = TcpListener::bind(self.address).await.ok();
            }
            match &self.socket {
                Some(socket) => {
                    self.is_open.send_replace(true);
                    tokio::select! {
                        accepted = socket.accept() => if let Ok((stream, peer)) = accepted {
                            let _ = stream.set_nodelay(true);
                            return (Connection::new(stream, &lock(&self.connections)), peer);
                        },
                        _ = self.wanted.changed() => {}
                    }
                }
                None if open => tokio::time::sleep(Duration::from_millis(5)).await,
                None => {
                    self.is_open.send_replace(false);
                    if self.wanted.changed().await.is_err() {
                        std::future::pending::<()>().await;
                    }
                }
            }
        }
    }

    fn local_addr(&self) -> Result<SocketAddr> {
        Ok(self.address)
    }
}

/// Lets a request's handler cut the connection that brought the request.
#[derive(Clone)]
pub struct Cut(CancellationToken);

impl Cut {
    /// From now on nothing is read from this connection or written to it.
    pub fn cut(&self) {
        self.0.cancel();
    }
}

impl Connected<IncomingStream<'_, Door>> for Cut {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        Self(stream.io().cut.clone())
    }
}

pub struct Connection {
    stream: TcpStream,
    cut: CancellationToken,
    cutting: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Connection {
    fn new(stream: TcpStream, all: &CancellationToken) -> Self {
        let cut = all.child_token();
        Self {
            stream,
            cutting: Box::pin(cut.clone().cancelled_owned()),
            cut,
        }
    }

    fn check(&self) -> Result<()> {
        if self.cut.is_cancelled() {
            Err(Error::from(ErrorKind::ConnectionReset))
        } else {
            Ok(())
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        self.check()?;
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        // Only a reader that must wait needs to be woken by a cut.
        if read.is_pending() && self.cutting.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(Error::from(ErrorKind::ConnectionReset)));
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

fn lock(connections: &Mutex<CancellationToken>) -> std::sync::MutexGuard<'_, CancellationToken> {
    connections.lock().unwrap_or_else(PoisonError::into_inner)
}

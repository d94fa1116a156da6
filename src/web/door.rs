//! Where HTTP comes in: so many connections, and none that keeps its place without need.
//!
//! hyper alone waits for ever: for the rest of a request's head, for its body, for who doesn't read the
//! answer. `Io` knows when a connection waits for a request and ends one that waits too long; while a
//! request is worked on, that takes as long as it takes.
//!
//! There is no bound for one peer: behind a web server all customers have its address. It does that.

use std::{
    io::{self, ErrorKind, IoSlice},
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, HttpBody as _},
    extract::{ConnectInfo, Request, connect_info::Connected},
    http::header::CONTENT_LENGTH,
    middleware::{self, Next},
    response::Response,
    serve::{IncomingStream, Listener},
};
use futures_util::{StreamExt as _, stream};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep, sleep, sleep_until, timeout_at},
};
use tokio_util::sync::CancellationToken;

/// The bounds of [`serve`].
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at the same time; one more waits until it is let in. Default 256.
    pub connections: usize,
    /// From a request's first octet, or from the connection's beginning, to the end of its head. Default
    /// 10 s.
    pub head: Duration,
    /// Between two requests. Default 3 min: longer than Synapse keeps a connection that it may use again
    /// (2 min), as what it sends into one that ends at that moment counts as failed.
    pub idle: Duration,
    /// The most for either when three quarters of the places are taken. Default 3 s.
    pub crowded: Duration,
    /// From the end of a request's head to the end of its body. Default 1 min.
    pub body: Duration,
    /// How long a client may take nothing of an answer that is ready for it. Default 1 min.
    pub unread: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            head: Duration::from_secs(10),
            idle: Duration::from_mins(3),
            crowded: Duration::from_secs(3),
            body: Duration::from_mins(1),
            unread: Duration::from_mins(1),
        }
    }
}

/// Serves until `stop`, and then until what is being answered is.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    stop: CancellationToken,
) -> io::Result<()> {
    let door = Door {
        listener,
        places: Arc::new(Semaphore::new(limits.connections)),
        limits: Arc::new(limits),
    };
    let router = router.layer(middleware::from_fn(answer));
    let service = router.into_make_service_with_connect_info::<Connection>();
    axum::serve(door, service)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
}

/// Works on one request, while its connection is in no hurry; and neither is the answer's last octet.
async fn answer(
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
    next: Next,
) -> Response {
    let answering = connection.begin();
    let limit = connection.0.limits.body;
    let mut response = next.run(request.map(|body| in_time(body, limit))).await;
    let body = response.body();
    if body.is_end_stream() {
        return response;
    }
    // Which a stream can't tell.
    if let Some(length) = body.size_hint().exact() {
        let headers = response.headers_mut();
        headers.entry(CONTENT_LENGTH).or_insert(length.into());
    }
    response.map(|body| {
        let pieces = body.into_data_stream().map(move |piece| {
            let _until_the_last = &answering;
            piece
        });
        Body::from_stream(pieces)
    })
}

/// The same, which fails if it isn't whole within `limit`.
fn in_time(body: Body, limit: Duration) -> Body {
    if body.is_end_stream() {
        return body;
    }
    let end = Instant::now() + limit;
    let pieces = stream::unfold(body.into_data_stream(), move |mut body| async move {
        let piece = match timeout_at(end, body.next()).await {
            Ok(piece) => piece?.map_err(io::Error::other),
            Err(_) => Err(ErrorKind::TimedOut.into()),
        };
        Some((piece, body))
    });
    Body::from_stream(pieces)
}

/// Lets connections in while there are places.
struct Door {
    listener: TcpListener,
    places: Arc<Semaphore>,
    limits: Arc<Limits>,
}

impl Listener for Door {
    type Io = Io;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Io, SocketAddr) {
        let Ok(place) = Arc::clone(&self.places).acquire_owned().await else {
            // Nobody closes it.
            return std::future::pending().await;
        };
        let (stream, peer) = Listener::accept(&mut self.listener).await;
        // Answers are small and awaited.
        let _ = stream.set_nodelay(true);
        let connection = Connection(Arc::new(Shared {
            limits: Arc::clone(&self.limits),
            places: Arc::clone(&self.places),
            stage: Mutex::new(Stage::Head(Instant::now())),
        }));
        let io = Io {
            stream,
            connection,
            waiting: None,
            unread: None,
            _place: place,
        };
        (io, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// One connection, as those see it who work on its requests.
#[derive(Debug, Clone)]
struct Connection(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limits: Arc<Limits>,
    places: Arc<Semaphore>,
    stage: Mutex<Stage>,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    /// A head is awaited, since then.
    Head(Instant),
    /// So many requests are worked on: with HTTP/2 several.
    Answering(usize),
    /// Everything has been answered, since then.
    Idle(Instant),
}

impl Connected<IncomingStream<'_, Door>> for Connection {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.io().connection.clone()
    }
}

impl Connection {
    fn begin(&self) -> Answering {
        let mut stage = self.stage();
        *stage = match *stage {
            Stage::Answering(others) => Stage::Answering(others + 1),
            Stage::Head(_) | Stage::Idle(_) => Stage::Answering(1),
        };
        Answering(self.clone())
    }

    /// Something has come.
    fn hear(&self) {
        let mut stage = self.stage();
        if let Stage::Idle(_) = *stage {
            *stage = Stage::Head(Instant::now());
        }
    }

    /// Until when it may wait for a request; `None` while one is worked on.
    fn end(&self) -> Option<Instant> {
        let limits = &self.0.limits;
        let (since, limit) = match *self.stage() {
            Stage::Answering(_) => return None,
            Stage::Head(since) => (since, limits.head),
            Stage::Idle(since) => (since, limits.idle),
        };
        let is_crowded = self.0.places.available_permits() <= limits.connections / 4;
        let limit = if is_crowded {
            limit.min(limits.crowded)
        } else {
            limit
        };
        Some(since + limit)
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        let stage = self.0.stage.lock();
        stage.unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request is worked on until this is dropped.
#[derive(Debug)]
struct Answering(Connection);

impl Drop for Answering {
    fn drop(&mut self) {
        let mut stage = self.0.stage();
        *stage = match *stage {
            Stage::Answering(all) if all > 1 => Stage::Answering(all - 1),
            _ => Stage::Idle(Instant::now()),
        };
    }
}

/// The octets of one connection. What takes too long is an error.
struct Io {
    stream: TcpStream,
    connection: Connection,
    waiting: Option<Pin<Box<Sleep>>>,
    unread: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
}

impl Io {
    fn poll_waiting(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        loop {
            let Some(end) = self.connection.end() else {
                self.waiting = None;
                return Poll::Pending;
            };
            let now = Instant::now();
            if now >= end {
                tracing::debug!("Ended an HTTP connection that kept a place without need");
                return Poll::Ready(ErrorKind::TimedOut.into());
            }
            // It may have become crowded meanwhile.
            let look = end.min(now + self.connection.0.limits.crowded);
            let waiting = self
                .waiting
                .get_or_insert_with(|| Box::pin(sleep_until(look)));
            ready!(waiting.as_mut().poll(context));
            self.waiting = None;
        }
    }

    /// What came of an attempt to write.
    fn poll_written<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.unread = None;
            return written;
        }
        let limit = self.connection.0.limits.unread;
        let unread = self.unread.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(unread.as_mut().poll(context));
        tracing::debug!("Ended an HTTP connection that took nothing of its answer");
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Io {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Ready(read) => {
                if buffer.filled().len() > before {
                    self.connection.hear();
                }
                Poll::Ready(read)
            }
            Poll::Pending => self.poll_waiting(context).map(Err),
        }
    }
}

impl AsyncWrite for Io {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, octets);
        self.poll_written(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, octets);
        self.poll_written(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests;

//! A TCP proxy that breaks connections where a test wants it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// What happens to the next connection; those after it are left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// Both sides are closed after so many octets from the server.
    CloseAfter(usize),
    /// Both sides are closed after so many octets from the client, which the server still gets.
    CloseAfterSaid(usize),
    /// Nothing more comes from the server after so many octets, and the connection stays open.
    StallAfter(usize),
    /// The first letter of an answer after so many octets from the server is spoilt.
    SpoilLineAfter(usize),
}

/// Nothing comes through any more, and the client sees nothing closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// The server sees nothing closed, either.
    OnBothSides,
    /// The server sees that the client is gone.
    TowardsTheClient,
}

#[derive(Debug, Default)]
struct State {
    next: Option<Break>,
    /// Whether the last break has happened.
    broke: bool,

    connections: usize,
    /// Octets of the server's on the longest connection that was left alone.
    longest: (usize, usize),
}

#[derive(Debug, Clone)]
pub struct Proxy {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    silence: watch::Sender<Option<Silence>>,
}

impl Proxy {
    pub async fn start(target: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            state: Arc::default(),
            silence: watch::Sender::new(None),
        };
        let state = Arc::clone(&proxy.state);
        let silence = proxy.silence.subscribe();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let fault = {
                    let mut state = state.lock().unwrap();
                    state.connections += 1;
                    state.next.take()
                };
                if let Ok(server) = TcpStream::connect(("127.0.0.1", target)).await {
                    tokio::spawn(serve(client, server, fault, silence.clone(), state.clone()));
                }
            }
        });
        proxy
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn break_next(&self, fault: Break) {
        let mut state = self.state.lock().unwrap();
        state.next = Some(fault);
        state.broke = false;
    }

    /// Silences every connection there is for good, and every new one until [`Self::speak`].
    pub fn fall_silent(&self, silence: Silence) {
        self.silence.send_replace(Some(silence));
    }

    /// New connections are carried again.
    pub fn speak(&self) {
        self.silence.send_replace(None);
    }

    /// Whether the last break has happened already.
    pub fn broke(&self) -> bool {
        self.state.lock().unwrap().broke
    }

    pub fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }

    /// How much server and client have said on a connection that was left alone, at most.
    pub fn longest(&self) -> (usize, usize) {
        self.state.lock().unwrap().longest
    }
}

async fn serve(
    mut client: TcpStream,
    mut server: TcpStream,
    fault: Option<Break>,
    mut silence: watch::Receiver<Option<Silence>>,
    state: Arc<Mutex<State>>,
) {
    let is_held = tokio::select! {
        biased;
        silence = silence.wait_for(Option::is_some) => silence.is_ok_and(|it| *it == Some(Silence::OnBothSides)),
        () = carry(&mut client, &mut server, fault, state) => return,
    };
    let _held = is_held.then_some(server);
    // As long as the client waits.
    let mut rest = Vec::new();
    let _gone = client.read_to_end(&mut rest).await;
}

async fn carry(
    client: &mut TcpStream,
    server: &mut TcpStream,
    fault: Option<Break>,
    state: Arc<Mutex<State>>,
) {
    let (mut from_client, mut from_server) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
    let (mut said, mut answered) = (0, 0);
    let mut at_line_start = true;
    let mut spoilt = false;
    loop {
        tokio::select! {
            read = client.read(&mut from_client) => {
                let Ok(length @ 1..) = read else { return };
                said += length;
                if server.write_all(&from_client[..length]).await.is_err() {
                    return;
                }
                if let Some(Break::CloseAfterSaid(limit)) = fault && said > limit {
                    state.lock().unwrap().broke = true;
                    return;
                }
            }
            read = server.read(&mut from_server) => {
                let Ok(length @ 1..) = read else { return };
                let mut bytes = from_server[..length].to_vec();
                let before = answered;
                answered += length;
                match fault {
                    Some(Break::CloseAfter(limit)) if answered > limit => {
                        state.lock().unwrap().broke = true;
                        let _gone = client.write_all(&bytes[..limit - before]).await;
                        return;
                    }
                    Some(Break::StallAfter(limit)) if answered > limit => {
                        state.lock().unwrap().broke = true;
                        let _gone = client.write_all(&bytes[..limit - before]).await;
                        // As long as the client waits.
                        let mut rest = Vec::new();
                        let _gone = client.read_to_end(&mut rest).await;
                        return;
                    }
                    Some(Break::SpoilLineAfter(limit)) if answered > limit && !spoilt => {
                        for (at, byte) in bytes.iter_mut().enumerate() {
                            let is_word = at_line_start && matches!(*byte, b'*' | b'+' | b'P');
                            if before + at > limit && is_word && !spoilt {
                                *byte = 0;
                                spoilt = true;
                                state.lock().unwrap().broke = true;
                            }
                            at_line_start = *byte == b'\n';
                        }
                    }
                    _ => at_line_start = bytes.last() == Some(&b'\n'),
                }
                if client.write_all(&bytes).await.is_err() {
                    return;
                }
                if fault.is_none() {
                    let mut state = state.lock().unwrap();
                    if answered > state.longest.0 {
                        state.longest = (answered, said);
                    }
                }
            }
        }
    }
}

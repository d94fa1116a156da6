//! Somebody else's mail server, as ours sees it. Everything here is at 127.0.0.1; but Postfix lets who
//! speaks from there say for whom (XCLIENT), and from then on takes them for a server of the world.

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

/// A mail server of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Provider {
    /// As it calls itself.
    pub name: &'static str,
    pub address: &'static str,
}

/// That of the customers. Who asks for it finds it in the DNS if [`PROVIDER_RECORD`] stands at their
/// domains.
pub const PROVIDER: Provider = Provider {
    name: "mail.acme.com",
    address: "203.0.113.20",
};

/// Allows [`PROVIDER`], and nobody else, to send a domain's mail (SPF).
pub const PROVIDER_RECORD: &str = "v=spf1 ip4:203.0.113.20 -all";

/// Its way to a server of ours: what comes to this port gets there as from the provider.
#[derive(Debug)]
pub struct Way {
    port: u16,
    _stop: DropGuard,
}

impl Way {
    /// `ours` is the port of the server on loopback.
    pub async fn open(provider: Provider, ours: u16) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        tokio::spawn(async move {
            while let Some(Ok((client, _))) = stopped.run_until_cancelled(listener.accept()).await {
                // Who is turned away comes again, as mail servers do.
                tokio::spawn(carry(client, provider, ours));
            }
        });
        Ok(Self {
            port,
            _stop: stop.drop_guard(),
        })
    }

    pub fn port(&self) -> u16 {
        self.port
    }
}

async fn carry(mut client: TcpStream, provider: Provider, ours: u16) -> Result<()> {
    let server = SocketAddr::from(([127, 0, 0, 1], ours));
    let mut server = BufReader::new(TcpStream::connect(server).await?);
    reply(&mut server).await?;
    let Provider { name, address } = provider;
    server
        .write_all(format!("EHLO {name}\r\n").as_bytes())
        .await?;
    reply(&mut server).await?;
    let introduction = format!("XCLIENT NAME={name} ADDR={address}\r\n");
    server.write_all(introduction.as_bytes()).await?;
    // The server begins anew.
    let greeting = reply(&mut server).await?;
    ensure!(greeting.starts_with("220"), "{greeting}");
    client.write_all(greeting.as_bytes()).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

/// All lines of a reply (RFC 5321 section 4.2.1).
async fn reply(server: &mut BufReader<TcpStream>) -> Result<String> {
    let mut reply = String::new();
    loop {
        let begin = reply.len();
        server.read_line(&mut reply).await?;
        let line = &reply[begin..];
        ensure!(!line.is_empty(), "the server hung up");
        if line.as_bytes().get(3) != Some(&b'-') {
            return Ok(reply);
        }
    }
}

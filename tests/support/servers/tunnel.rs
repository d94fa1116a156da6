//! Leads every name to loopback, for servers that look for each other by names of no DNS.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// A proxy for `CONNECT NAME:PORT` (RFC 9110 section 9.3.6); dropping the value ends it.
#[derive(Debug)]
pub struct Tunnel {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Tunnel {
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client));
            }
        });
        Ok(Self { address, task })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(client: TcpStream) -> Result<()> {
    let mut client = BufReader::new(client);
    let mut port = None;
    loop {
        let mut line = String::new();
        client.read_line(&mut line).await?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some(rest) = line.strip_prefix("CONNECT ") {
            let target = rest.split(' ').next().unwrap_or_default();
            port = target.rsplit(':').next().and_then(|it| it.parse().ok());
        }
    }
    let port: u16 = port.context("no port")?;
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else {
        client.write_all(b"HTTP/1.1 502 Nobody\r\n\r\n").await?;
        return Ok(());
    };
    client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await?;
    tokio::io::copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

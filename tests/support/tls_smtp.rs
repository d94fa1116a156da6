//! An SMTP server with a certificate of the test's choice (TLS from the first byte), which takes a
//! login, a sender and a recipient, or doesn't, and never a mail.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};
use tokio_rustls::{TlsAcceptor, rustls};
use tokio_util::sync::{CancellationToken, DropGuard};

/// What the certificate says.
#[derive(Debug, Clone)]
pub struct Shown {
    pub names: Vec<String>,
    /// Year, month, day.
    pub until: (i32, u8, u8),
}

pub struct TlsSmtp {
    address: SocketAddr,
    authority: String,
    said: Arc<Mutex<Vec<String>>>,
    _stop: DropGuard,
}

impl TlsSmtp {
    /// Listens on a free port of 127.0.0.1. A line that begins with one of `refusals` gets what
    /// stands beside it.
    pub async fn start(shown: Shown, refusals: &'static [(&'static str, &'static str)]) -> Self {
        let (authority, acceptor) = acceptor(&shown);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let stop = CancellationToken::new();
        let (stopped, log) = (stop.clone(), Arc::clone(&said));
        tokio::spawn(async move {
            while let Some(Ok((stream, _))) = stopped.run_until_cancelled(listener.accept()).await {
                let (acceptor, log) = (acceptor.clone(), Arc::clone(&log));
                tokio::spawn(async move {
                    // A client that doesn't like the certificate hangs up.
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let _ = serve(BufReader::new(stream), refusals, &log).await;
                    }
                });
            }
        });
        Self {
            address,
            authority,
            said,
            _stop: stop.drop_guard(),
        }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Writes the certificate that clients have to trust.
    pub fn write_authority(&self, path: &Path) -> PathBuf {
        std::fs::write(path, &self.authority).unwrap();
        path.to_owned()
    }

    /// Every command so far.
    pub fn said(&self) -> Vec<String> {
        self.said
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The authority in PEM, and a server that shows a certificate by it.
pub fn acceptor(shown: &Shown) -> (String, TlsAcceptor) {
    let mut of_authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    of_authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let authority = of_authority.self_signed(&authority_key).unwrap();
    let issuer = rcgen::Issuer::new(of_authority, authority_key);

    let mut wanted = rcgen::CertificateParams::new(shown.names.clone()).unwrap();
    wanted.not_before = rcgen::date_time_ymd(2020, 1, 1);
    let (year, month, day) = shown.until;
    wanted.not_after = rcgen::date_time_ymd(year, month, day);
    wanted.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = wanted.signed_by(&key, &issuer).unwrap();

    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    (authority.pem(), TlsAcceptor::from(Arc::new(tls)))
}

async fn serve<S>(
    mut stream: BufReader<S>,
    refusals: &[(&str, &str)],
    said: &Mutex<Vec<String>>,
) -> std::io::Result<()>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    stream.write_all(b"220 tls.invalid ESMTP\r\n").await?;
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 {
        let command = line.trim_end().to_owned();
        line.clear();
        said.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(command.clone());
        let refused = refusals
            .iter()
            .find(|(begin, _)| command.starts_with(begin));
        let reply = match (refused, command.split(' ').next().unwrap_or_default()) {
            (Some((_, reply)), _) => reply,
            (None, "EHLO") => "250-tls.invalid\r\n250-SIZE 20000000\r\n250 AUTH PLAIN",
            (None, "AUTH") => "235 2.7.0 Welcome",
            (None, "QUIT") => "221 2.0.0 Bye",
            (None, "MAIL" | "RCPT" | "RSET") => "250 2.1.0 Ok",
            (None, _) => "502 5.5.1 Not here",
        };
        stream.write_all(format!("{reply}\r\n").as_bytes()).await?;
        stream.flush().await?;
        if command == "QUIT" {
            break;
        }
    }
    Ok(())
}

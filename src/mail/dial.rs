//! The way to a mail server: TCP, TLS, and a limit on every wait.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rustls::{
    ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use rustls_platform_verifier::Verifier;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::certificate::Certificate;

/// What commands and answers go over, encrypted or not.
pub trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for S {}

/// Why TLS can't be used as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum TlsFault {
    #[error("“{0}” can't be a name on a certificate")]
    HostName(String),
    #[error("the CA file {0} can't be read: {1}")]
    CaFile(PathBuf, io::Error),
    #[error("the CA file {0} holds no certificate in PEM")]
    NoCertificate(PathBuf),
    #[error("TLS can't be prepared: {0}")]
    Rustls(#[from] rustls::Error),
}

/// TLS to one server.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ClientConfig>,
    verifier: Arc<dyn ServerCertVerifier>,
    name: ServerName<'static>,
}

impl Tls {
    /// Trusts the system's certificates and those in the CA file, for `host` only.
    pub fn new(host: &str, ca_file: Option<&Path>) -> Result<Self, TlsFault> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = Verifier::new_with_extra_roots(extra_roots(ca_file)?, provider.clone())?;
        let verifier: Arc<dyn ServerCertVerifier> = Arc::new(verifier);
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&verifier))
            .with_no_client_auth();
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| TlsFault::HostName(host.to_owned()))?;
        Ok(Self {
            config: Arc::new(config),
            verifier,
            name,
        })
    }

    /// From now on the certificate that the server shows is noted, whether it is believed or not.
    pub fn watch(&mut self, seen: &Seen) {
        let watcher = Watcher {
            verifier: Arc::clone(&self.verifier),
            seen: seen.clone(),
        };
        Arc::make_mut(&mut self.config)
            .dangerous()
            .set_certificate_verifier(Arc::new(watcher));
    }

    /// Continues in TLS.
    pub async fn begin(&self, stream: Box<dyn Stream>) -> io::Result<Box<dyn Stream>> {
        let connector = TlsConnector::from(Arc::clone(&self.config));
        let stream = connector.connect(self.name.clone(), stream).await?;
        Ok(Box::new(stream))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tls").field(&self.name).finish()
    }
}

/// The certificate that a server showed last. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Seen(Arc<Mutex<Option<Certificate>>>);

impl Seen {
    #[must_use]
    pub fn certificate(&self) -> Option<Certificate> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Certificate>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Remembers the certificate and leaves the judgement to somebody else.
#[derive(Debug)]
struct Watcher {
    verifier: Arc<dyn ServerCertVerifier>,
    seen: Seen,
}

impl ServerCertVerifier for Watcher {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.seen.lock() = Certificate::read(certificate);
        self.verifier
            .verify_server_cert(certificate, intermediates, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier
            .verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier
            .verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

fn extra_roots(ca_file: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, TlsFault> {
    let Some(path) = ca_file else {
        return Ok(Vec::new());
    };
    let pem = std::fs::read(path).map_err(|error| TlsFault::CaFile(path.to_owned(), error))?;
    let roots: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .unwrap_or_default();
    if roots.is_empty() {
        return Err(TlsFault::NoCertificate(path.to_owned()));
    }
    Ok(roots)
}

/// Connects to the first of the host's addresses that answers; with `loopback_only` nothing leaves
/// the machine, even if `localhost` resolves to somewhere else. `NotFound`: the name has no address.
pub async fn connect(host: &str, port: u16, loopback_only: bool) -> io::Result<TcpStream> {
    let addresses = tokio::net::lookup_host((host, port))
        .await
        .map_err(|error| io::Error::new(io::ErrorKind::NotFound, error))?;
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses.filter(|address| !loopback_only || address.ip().is_loopback()) {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// What comes of `action`, or `TimedOut` after `limit`.
pub async fn within<T>(
    limit: Duration,
    action: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    tokio::time::timeout(limit, action)
        .await
        .unwrap_or_else(|_| {
            let waited = format!("no answer within {} s", limit.as_secs_f32());
            Err(io::Error::new(io::ErrorKind::TimedOut, waited))
        })
}

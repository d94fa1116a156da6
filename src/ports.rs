//! The traits where the wire enters the machine, so that a reader of mail need not know the store.

use std::net::IpAddr;

use bytes::Bytes;

/// Who handed a mail over, as it was at the door: SPF can't be checked without it later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Address of the peer, without the port: an IP, or `unix`. Mail that was fetched has the name of
    /// the server that had it.
    pub peer: String,
    /// The name in LHLO, as given; of mail that was fetched, the folder.
    pub helo: String,
    /// `MAIL FROM` without brackets; empty for the null sender `<>`, and `unknown` where nobody wrote
    /// it down.
    pub sender: String,
    /// Every accepted `RCPT TO` without brackets, in order.
    pub recipients: Vec<String>,
    /// Who had handed the mail to the peer, if that is a server of ours which said so.
    pub client: Option<Client>,
}

/// Who handed a mail to a server of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    pub address: IpAddr,
    /// The name that it gave itself; empty if none is known.
    pub helo: String,
}

/// Takes incoming mail over. Once [`MailDraft::commit`] has returned `Ok` the mail is ours.
pub trait MailSink: Clone + Send + Sync + 'static {
    type Draft: MailDraft;

    /// Whether `recipient` (without brackets) is an address of ours.
    fn accepts(&self, recipient: &str) -> bool;

    /// Begins to store one mail.
    fn begin(
        &self,
        envelope: Envelope,
    ) -> impl Future<Output = Result<Self::Draft, SinkFault>> + Send;
}

/// One mail on its way in. Dropped without a commit it leaves nothing behind.
pub trait MailDraft: Send {
    fn write(&mut self, bytes: Bytes) -> impl Future<Output = Result<(), SinkFault>> + Send;

    /// Returns only after the mail is stored durably.
    fn commit(self) -> impl Future<Output = Result<(), SinkFault>> + Send;
}

/// The mail can't be taken over now; the source keeps it and comes again.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SinkFault(pub String);

//! Takes mail over from the doors: once this says yes, the mail is stored durably.

use std::sync::Arc;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::Context;
use crate::{
    ports::{Envelope, MailDraft, MailSink, SinkFault},
    store::{
        StoreError, blobs,
        mails::{self, NewMail},
    },
};

/// Hands mail to the store.
#[derive(Clone, Debug)]
pub struct Receiver {
    context: Arc<Context>,
    /// Through which door the mail comes: `lmtp` or `imap`.
    source: &'static str,
}

impl Receiver {
    #[must_use]
    pub fn new(context: Arc<Context>, source: &'static str) -> Self {
        Self { context, source }
    }
}

impl MailSink for Receiver {
    type Draft = Draft;

    fn accepts(&self, recipient: &str) -> bool {
        self.context.is_our_address(recipient)
    }

    async fn begin(&self, envelope: Envelope) -> Result<Draft, SinkFault> {
        let trace = self.context.chance.base32(12);
        Ok(Draft {
            blob: self
                .context
                .blobs
                .draft(&format!("mails/{}", self.context.chance.base32(26))),
            receiver: self.clone(),
            envelope,
            digest: Sha256::new(),
            size: 0,
            trace,
        })
    }
}

/// A mail that is being handed over.
#[derive(Debug)]
pub struct Draft {
    receiver: Receiver,
    envelope: Envelope,
    blob: blobs::Draft,
    digest: Sha256,
    size: u64,
    trace: String,
}

impl MailDraft for Draft {
    async fn write(&mut self, bytes: Bytes) -> Result<(), SinkFault> {
        self.digest.update(&bytes);
        self.size += bytes.len() as u64;
        self.blob.write(&bytes).await.map_err(|error| fault(&error))
    }

    async fn commit(self) -> Result<(), SinkFault> {
        let mail = NewMail {
            envelope: self.envelope,
            size: self.size,
            raw: self.blob.finish().await.map_err(|error| fault(&error))?,
            digest: HEXLOWER.encode(&self.digest.finalize()),
            trace: self.trace.clone(),
        };
        let context = &self.receiver.context;
        let (now, source) = (context.now_ms(), self.receiver.source);
        let id = context
            .store
            .write(move |tx| Box::pin(async move { mails::insert(tx, &mail, source, now).await }))
            .await
            .map_err(|error| fault(&error))?;
        tracing::debug!(trace = %self.trace, mail = %id, "Stored a mail");
        Ok(())
    }
}

fn fault(error: &StoreError) -> SinkFault {
    SinkFault(error.to_string())
}

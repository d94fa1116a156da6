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
        let receiver = self.receiver.clone();
        let mail = self.seal().await.map_err(|error| fault(&error))?;
        let context = &receiver.context;
        let (now, source, trace) = (context.now_ms(), receiver.source, mail.trace.clone());
        let id = context
            .store
            .write(move |tx| Box::pin(async move { mails::insert(tx, &mail, source, now).await }))
            .await
            .map_err(|error| fault(&error))?;
        tracing::debug!(trace, mail = %id, "Stored a mail");
        Ok(())
    }
}

impl Draft {
    /// SHA-256 of what was written so far, in hexadecimal.
    pub fn digest(&self) -> String {
        HEXLOWER.encode(&self.digest.clone().finalize())
    }

    /// Makes the mail ready for [`mails::insert`], for who has more to write in the same
    /// transaction: what is large is durable then.
    pub async fn seal(self) -> Result<NewMail, StoreError> {
        Ok(NewMail {
            digest: self.digest(),
            envelope: self.envelope,
            size: self.size,
            raw: self.blob.finish().await?,
            trace: self.trace,
        })
    }
}

fn fault(error: &StoreError) -> SinkFault {
    SinkFault(error.to_string())
}

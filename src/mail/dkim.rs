//! Signs letters (DKIM, RFC 6376; Ed25519 keys: RFC 8463), and knows what the DNS has to say of the
//! keys.

use data_encoding::BASE64;
use mail_auth::{
    common::{
        crypto::{DkimKey, Ed25519Key, RsaKey},
        headers::HeaderWriter as _,
    },
    dkim::{Canonicalization, DkimSigner, DkimSigningStream, Done},
};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};
use secrecy::ExposeSecret as _;

use super::punycode::ascii_domain;
use crate::{config::Dkim, domain::address::EmailAddress};

/// Header fields that the signature covers, where a letter has them. One that stands here once more
/// than in a letter can't be added on the way without breaking the signature (RFC 6376 section 8.15).
const SIGNED: [&str; 20] = [
    "From",
    "From",
    "To",
    "To",
    "Subject",
    "Subject",
    "Date",
    "Date",
    "Cc",
    "Message-ID",
    "Reply-To",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "X-Postroom-Id",
];

/// Signs a mailbox's letters, once with each of its keys.
pub struct Signer(Vec<(DkimSigner<DkimKey, Done>, Published)>);

/// Why a key can't sign; completes “its DKIM key …”.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    #[error("is no private key in PEM form")]
    NoKey,
    #[error("is neither an RSA key of 2048 to 4096 bits nor an Ed25519 key")]
    Unusable,
    #[error("is for {0}, which can't stand in the DNS")]
    Domain(String),
}

/// A letter could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("it can't be signed: {0}")]
pub struct SignFault(mail_auth::Error);

impl Signer {
    /// Takes the keys of the mailbox with this address.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the first key that can't sign.
    pub fn new(keys: &[Dkim], address: &EmailAddress) -> Result<Self, KeyFault> {
        let signers = keys.iter().map(|dkim| {
            let domain = dkim.domain.as_deref().unwrap_or(address.domain());
            let domain = ascii_domain(domain).ok_or_else(|| KeyFault::Domain(domain.to_owned()))?;
            let (key, published) = read(dkim, &domain)?;
            let signer = DkimSigner::from_key(key)
                .domain(domain)
                .selector(&dkim.selector)
                .headers(SIGNED)
                .header_canonicalization(Canonicalization::Relaxed)
                .body_canonicalization(Canonicalization::Relaxed);
            Ok((signer, published))
        });
        signers.collect::<Result<_, _>>().map(Self)
    }

    /// Begins to sign one mail.
    #[must_use]
    pub fn begin(&self) -> Signing<'_> {
        let signers = self.0.iter();
        Signing(signers.map(|(signer, _)| signer.sign_streaming()).collect())
    }

    /// The mail with its signatures in front.
    ///
    /// # Errors
    ///
    /// If a key refuses to sign.
    pub fn sign(&self, mail: Vec<u8>) -> Result<Vec<u8>, SignFault> {
        let mut signing = self.begin();
        signing.write(&mail);
        Ok([signing.finish()?.into_bytes(), mail].concat())
    }

    /// What the DNS has to say, of each key.
    pub fn published(&self) -> impl Iterator<Item = &Published> {
        self.0.iter().map(|(_, published)| published)
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.published().map(|published| &published.name);
        f.debug_list().entries(names).finish()
    }
}

/// A mail on its way through the signers. Only its header is held in memory.
pub struct Signing<'a>(Vec<DkimSigningStream<'a, DkimKey>>);

impl std::fmt::Debug for Signing<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} signatures", self.0.len())
    }
}

impl Signing<'_> {
    /// The next piece of the mail, header and body, wherever it is cut.
    pub fn write(&mut self, piece: &[u8]) {
        for stream in &mut self.0 {
            stream.write(piece);
        }
    }

    /// The header fields to put in front of the mail, each folded and with CRLF at its end; empty
    /// without a key.
    ///
    /// # Errors
    ///
    /// If a key refuses to sign.
    pub fn finish(self) -> Result<String, SignFault> {
        let mut fields = String::new();
        for stream in self.0 {
            let signature = stream.finish().map_err(SignFault)?;
            // Unfolded, a long domain makes a long line; relaxed signatures survive folding.
            let field = signature.to_header();
            let folded = field.replacen("; s=", ";\r\n\ts=", 1);
            fields.push_str(&folded.replacen("; c=", ";\r\n\tc=", 1));
        }
        Ok(fields)
    }
}

/// A public key as its record in the DNS says it (RFC 6376 section 3.6.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Where the record stands: `post._domainkey.example.org`.
    pub name: String,
    /// Who signs.
    pub domain: String,
    /// `rsa` or `ed25519`.
    pub kind: &'static str,
    key: Vec<u8>,
}

impl Published {
    /// `v=DKIM1; k=rsa; p=…`
    #[must_use]
    pub fn record(&self) -> String {
        let Self { kind, key, .. } = self;
        format!("v=DKIM1; k={kind}; p={}", BASE64.encode(key))
    }

    /// How a record that was found differs; `None` if it is the key's.
    #[must_use]
    pub fn differs(&self, record: &str) -> Option<&'static str> {
        let tag = |name: &str| {
            record.split(';').find_map(|tag| {
                let (key, value) = tag.split_once('=')?;
                (key.trim() == name).then(|| value.split_whitespace().collect::<String>())
            })
        };
        let Some(key) = tag("p") else {
            return Some("it holds no key");
        };
        if key.is_empty() {
            return Some("it says that the key is no longer good");
        }
        // RSA is what is meant where nothing is said.
        if tag("k").is_some_and(|kind| kind != self.kind)
            || tag("k").is_none() && self.kind != "rsa"
        {
            return Some("it is for another kind of key");
        }
        (key != BASE64.encode(&self.key)).then_some("it holds another key")
    }
}

fn read(dkim: &Dkim, domain: &str) -> Result<(DkimKey, Published), KeyFault> {
    let pem = dkim.key.expose_secret().as_bytes();
    let der = PrivateKeyDer::from_pem_slice(pem).map_err(|_| KeyFault::NoKey)?;
    let published = |kind, key| Published {
        name: format!("{}._domainkey.{domain}", dkim.selector),
        domain: domain.to_owned(),
        kind,
        key,
    };
    if let PrivateKeyDer::Pkcs8(der) = &der
        // OpenSSL leaves the public half out, which is no reason to refuse the key.
        && let Ok(key) = Ed25519Key::from_pkcs8_maybe_unchecked_der(der.secret_pkcs8_der())
    {
        let published = published("ed25519", key.public_key());
        return Ok((key.into(), published));
    }
    let key = RsaKey::from_key_der(der).map_err(|_| KeyFault::Unusable)?;
    let published = published("rsa", subject_public_key_info(&key.public_key()));
    Ok((key.into(), published))
}

/// An RSA key (PKCS #1) with its kind around it, as verifiers want it (RFC 5280 section 4.1.2.7).
fn subject_public_key_info(key: &[u8]) -> Vec<u8> {
    /// Object identifier 1.2.840.113549.1.1.1 and NULL, in DER.
    const RSA: &[u8] = &[
        0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    ];
    let bits = der(0x03, &[&[0], key].concat());
    der(0x30, &[RSA, &bits].concat())
}

/// A value of DER with its tag and length.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut value = vec![tag];
    match length {
        [short @ 0..0x80] => value.push(*short),
        long => {
            value.push(0x80 | u8::try_from(long.len()).unwrap_or_default());
            value.extend_from_slice(long);
        }
    }
    value.extend_from_slice(content);
    value
}

#[cfg(test)]
mod tests;

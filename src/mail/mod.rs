//! Mail on the wire: parsed, authenticated, composed, taken in over LMTP, fetched by IMAP, handed
//! over by SMTP.
//!
//! May be imported by `flow` and `cli`; imports `config`, `ports` and the floors below. A new source
//! of mail is one file here that hands what it gets to a [`crate::ports::MailSink`], and one arm in
//! `cli::run`.

pub mod authenticate;
pub mod certificate;
pub mod clamd;
pub mod compose;
pub mod dial;
pub mod dkim;
pub mod dns;
pub mod imap;
pub mod lmtp;
pub mod parse;
pub mod probe_mail;
mod punycode;
pub mod smtp;
pub mod tnef;

//! From nothing to a session: TCP, TLS, greeting, login.

use std::{io, time::Duration};

use data_encoding::BASE64;
use imap_proto::{Response, Status};
use secrecy::{ExposeSecret, SecretString};

use super::{
    fault::Fault,
    name::quoted,
    session::{Ended, Session, Unreadable, parse, told_capabilities, words},
    wire::Wire,
};
use crate::{
    config::{Encryption, MailServer},
    mail::dial::{self, Seen, Tls, TlsFault, within},
};

/// Somebody's account on a server.
#[derive(Debug)]
pub struct Account {
    host: String,
    port: u16,
    encryption: Encryption,
    tls: Option<Tls>,
    username: String,
    timeout: Duration,
}

impl Account {
    /// Reads the CA file, if there is one. `timeout` limits the wait for the connection, for TLS and
    /// for every answer.
    pub fn new(server: &MailServer, timeout: Duration) -> Result<Self, TlsFault> {
        let tls = match server.encryption {
            Encryption::Insecure => None,
            Encryption::StartTls | Encryption::Tls => {
                Some(Tls::new(&server.host, server.ca_file.as_deref())?)
            }
        };
        let credentials = server.credentials.as_ref();
        Ok(Self {
            host: server.host.clone(),
            port: server.port,
            encryption: server.encryption,
            tls,
            username: credentials.map_or_else(String::new, |own| own.username.clone()),
            timeout,
        })
    }

    /// Notes the certificate that the server shows, whether it is believed or not.
    pub fn watch(&mut self, seen: &Seen) {
        if let Some(tls) = &mut self.tls {
            tls.watch(seen);
        }
    }

    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn username(&self) -> &str {
        &self.username
    }

    /// Connects and logs in.
    pub async fn connect(&self, password: &SecretString) -> Result<Session, Fault> {
        let mut wire = self.dial().await?;
        if let (Encryption::Tls, Some(tls)) = (self.encryption, &self.tls) {
            wire = wire.encrypt(tls).await?;
        }
        let mut session = Session::new(wire);
        session.hear_greeting().await?;
        if let (Encryption::StartTls, Some(tls)) = (self.encryption, &self.tls) {
            let ended = session
                .command("STARTTLS", Unreadable::Skip, |_| {})
                .await?;
            if ended != Ended::Ok {
                return Err(Fault::NoStartTls);
            }
            // What was said in the clear counts no more (RFC 3501 section 6.2.1).
            session = Session::new(session.wire.encrypt(tls).await?);
        }
        session.ask_capabilities().await?;
        session.log_in(&self.username, password).await?;
        Ok(session)
    }

    async fn dial(&self) -> Result<Wire, Fault> {
        let loopback_only = self.tls.is_none();
        let attempt = dial::connect(&self.host, self.port, loopback_only);
        let stream = within(self.timeout, attempt).await.map_err(|error| {
            if error.kind() == io::ErrorKind::NotFound {
                Fault::UnknownHost(error)
            } else {
                Fault::Unreachable(error)
            }
        })?;
        Ok(Wire::new(Box::new(stream), self.timeout))
    }
}

impl Session {
    async fn hear_greeting(&mut self) -> Result<(), Fault> {
        let patience = self.wire.timeout();
        let greeting = self.wire.answer(patience).await?;
        match parse(greeting) {
            Some(Response::Data {
                status: Status::Ok, ..
            }) => Ok(()),
            Some(response @ Response::Data { .. }) => Err(Fault::Unwelcome(words(&response))),
            _ => Err(Fault::Nonsense("it doesn't greet as an IMAP server does")),
        }
    }

    async fn log_in(&mut self, username: &str, password: &SecretString) -> Result<(), Fault> {
        let password = password.expose_secret();
        let mut told = None;
        let hear = |answer: &Response| told = told_capabilities(answer).or(told);
        let ended = if self.capabilities.plain {
            let secret = BASE64.encode(format!("\0{username}\0{password}").as_bytes());
            self.authenticate(&secret, hear).await?
        } else {
            let command = format!("LOGIN {} {}", quoted(username), quoted(password));
            self.command(&command, Unreadable::Skip, hear).await?
        };
        match ended {
            Ended::No(answer) if is_passing(&answer) => Err(Fault::Unwelcome(answer)),
            Ended::No(answer) => Err(Fault::Login(answer)),
            Ended::Ok => {
                // What it can do may only show now.
                match told {
                    Some(told) => self.capabilities = told,
                    None => self.ask_capabilities().await?,
                }
                Ok(())
            }
        }
    }

    /// RFC 4616, which knows passwords in every script.
    async fn authenticate(
        &mut self,
        secret: &str,
        hear: impl FnMut(&Response),
    ) -> Result<Ended, Fault> {
        if self.capabilities.initial_response {
            let command = format!("AUTHENTICATE PLAIN {secret}");
            return self.command(&command, Unreadable::Skip, hear).await;
        }
        let tag = self.begin("AUTHENTICATE PLAIN").await?;
        if let Some(refused) = self.go_ahead(&tag).await? {
            return Ok(refused);
        }
        self.wire.say(secret).await?;
        self.finish(&tag, Unreadable::Skip, hear).await
    }
}

/// Whether a refused login says nothing about the password (RFC 5530 section 3).
fn is_passing(answer: &str) -> bool {
    let codes = [
        "[UNAVAILABLE]",
        "[LIMIT]",
        "[INUSE]",
        "[SERVERBUG]",
        "[CONTACTADMIN]",
    ];
    let answer = answer.to_ascii_uppercase();
    codes.iter().any(|code| answer.starts_with(code))
}

//! The way into one account, for all of its folders: a password that was refused is not tried again
//! by each of them.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::{sync::Mutex, time::Instant};

use crate::{
    config::{Credentials, Imap},
    mail::{
        dial::TlsFault,
        imap::{Account, Fault, Session},
    },
};

#[derive(Debug)]
pub(super) struct Door {
    account: Account,
    credentials: Option<Credentials>,
    refused: Mutex<Option<Refused>>,
}

/// A login that failed.
#[derive(Debug)]
struct Refused {
    password: SecretString,
    answer: String,
    /// Before then the same isn't tried again.
    until: Instant,
    wait: Duration,
}

/// After a refused login; doubled each time. Servers lock out who tries too often.
const FIRST_WAIT: Duration = Duration::from_mins(5);
const LONGEST_WAIT: Duration = Duration::from_hours(1);
/// How often is looked whether the password has been mended.
const LOOK: Duration = Duration::from_secs(2);

impl Door {
    pub(super) fn new(settings: &Imap) -> Result<Self, TlsFault> {
        Ok(Self {
            account: Account::new(&settings.server, settings.timeout)?,
            credentials: settings.server.credentials.clone(),
            refused: Mutex::new(None),
        })
    }

    /// Connects and logs in.
    pub(super) async fn enter(&self) -> Result<Session, Fault> {
        let password = self.password();
        let mut refused = self.refused.lock().await;
        let known = refused
            .take()
            .filter(|known| is_same(&known.password, &password));
        let wait = match known {
            Some(known) if Instant::now() < known.until => {
                let answer = known.answer.clone();
                *refused = Some(known);
                return Err(Fault::Login(answer));
            }
            Some(known) => (known.wait * 2).min(LONGEST_WAIT),
            None => FIRST_WAIT,
        };
        let entered = self.account.connect(&password).await;
        if let Err(Fault::Login(answer)) = &entered {
            *refused = Some(Refused {
                password,
                answer: answer.clone(),
                until: Instant::now() + wait,
                wait,
            });
        }
        entered
    }

    /// Waits until another login may be tried.
    pub(super) async fn closed(&self) {
        loop {
            tokio::time::sleep(LOOK).await;
            let password = self.password();
            let refused = self.refused.lock().await;
            let is_closed = refused.as_ref().is_some_and(|known| {
                is_same(&known.password, &password) && Instant::now() < known.until
            });
            if !is_closed {
                return;
            }
        }
    }

    fn password(&self) -> SecretString {
        let credentials = self.credentials.as_ref();
        credentials.map_or_else(SecretString::default, Credentials::current_password)
    }
}

fn is_same(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() == other.expose_secret()
}

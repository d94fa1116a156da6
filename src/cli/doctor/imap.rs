//! Area `imap`: the mailboxes from which mail is fetched, up to the selected folder.

use std::time::Duration;

use super::{
    report::{Advice, Area, Check},
    scene::Scene,
    tls,
};
use crate::{
    config::{Credentials, Encryption, Imap, MailboxName, Processed},
    mail::{
        certificate::{Certificate, CertificateFault},
        dial::Seen,
        imap::{Account, Fault, NotSelected, Session},
    },
};

const PATIENCE: Duration = Duration::from_secs(10);
const WAITS: &str = "No mail comes out of this mailbox; it waits on the server.";
/// Folders that are named where one is missing.
const MOST_FOLDERS: usize = 20;

const SERVER: &str = "server";
const CERTIFICATE: &str = "certificate";
const LOGIN: &str = "login";
const FOLDERS: &str = "folders";

pub async fn examine(scene: &Scene) -> Vec<Check> {
    let mailboxes = scene.config.mailboxes.iter();
    let each = mailboxes.filter_map(|(name, mailbox)| {
        let settings = mailbox.imap.as_ref()?;
        Some(of_mailbox(Place { name, settings }, scene))
    });
    futures_util::future::join_all(each).await.concat()
}

async fn of_mailbox(place: Place<'_>, scene: &Scene) -> Vec<Check> {
    let settings = place.settings;
    let mut account = match Account::new(&settings.server, PATIENCE) {
        Ok(account) => account,
        Err(fault) => {
            let remedy = format!("Correct {} or {}.", place.key("ca_file"), place.key("url"));
            let advice = Advice::new(fault.to_string(), WAITS, remedy);
            return place.failed(SERVER, advice, None, scene);
        }
    };
    let seen = Seen::default();
    account.watch(&seen);
    let password = settings.server.credentials.as_ref();
    let password = password.map_or_else(|| "".into(), Credentials::current_password);
    let session = account.connect(&password).await;
    let certificate = seen.certificate();
    let mut session = match session {
        Ok(session) => session,
        Err(fault) => {
            let (check, advice) = place.advice(&fault, certificate.as_ref(), scene);
            return place.failed(check, advice, certificate.as_ref(), scene);
        }
    };
    let mut checks = place.passed(FOLDERS, certificate.as_ref(), scene);
    checks.push(place.news(&session));
    for folder in &settings.folders {
        checks.push(place.folder(folder, &mut session).await);
    }
    checks
}

/// A mailbox, for checks that bear its name.
struct Place<'a> {
    name: &'a MailboxName,
    settings: &'a Imap,
}

impl Place<'_> {
    fn check(&self, check: &str) -> String {
        format!("{}: {check}", self.name)
    }

    fn key(&self, key: &str) -> String {
        format!("mailboxes.{}.imap.{key}", self.name)
    }

    fn server(&self) -> String {
        format!(
            "{}:{}",
            self.settings.server.host, self.settings.server.port
        )
    }

    /// Everything before `end`.
    fn passed(&self, end: &str, certificate: Option<&Certificate>, scene: &Scene) -> Vec<Check> {
        let passed = [SERVER, CERTIFICATE, LOGIN].into_iter();
        let passed = passed.take_while(|check| *check != end);
        passed
            .map(|check| match check {
                CERTIFICATE => {
                    let name = self.check(CERTIFICATE);
                    let server = &self.settings.server;
                    tls::validity(Area::Imap, name, server, certificate, WAITS, scene)
                }
                LOGIN => {
                    let found = format!("as {}", self.settings.username());
                    Area::Imap.ok(self.check(LOGIN), found)
                }
                other => Area::Imap.ok(self.check(other), self.server()),
            })
            .collect()
    }

    /// What came before went well, what comes after was not tried.
    fn failed(
        &self,
        check: &str,
        advice: Advice,
        certificate: Option<&Certificate>,
        scene: &Scene,
    ) -> Vec<Check> {
        let mut checks = self.passed(check, certificate, scene);
        checks.push(Area::Imap.fault(self.check(check), advice));
        let all = [SERVER, CERTIFICATE, LOGIN, FOLDERS].into_iter();
        let rest = all.skip_while(|other| *other != check).skip(1);
        let why = "it doesn't come that far";
        checks.extend(rest.map(|check| Area::Imap.skipped(self.check(check), why)));
        checks
    }

    /// At which check it failed, and what to say about it.
    fn advice(
        &self,
        fault: &Fault,
        certificate: Option<&Certificate>,
        scene: &Scene,
    ) -> (&'static str, Advice) {
        let (server, url) = (self.server(), self.key("url"));
        let host = &self.settings.server.host;
        let starttls = match self.settings.server.encryption {
            Encryption::StartTls => " -starttls imap",
            Encryption::Tls | Encryption::Insecure => "",
        };
        let (check, remedy) = match fault {
            Fault::UnknownHost(_) => (
                SERVER,
                format!(
                    "Correct the name in {url}, or see whether this machine's DNS works: getent \
                     hosts {host}"
                ),
            ),
            Fault::Unreachable(_) => (
                SERVER,
                format!(
                    "Correct the port in {url}, or open the firewall. Try: nc -vz {host} {}",
                    self.settings.server.port
                ),
            ),
            Fault::Unwelcome(_) | Fault::Lost(_) | Fault::Nonsense(_) | Fault::Refused { .. } => (
                SERVER,
                format!(
                    "See the server's log. Or {url} has the wrong scheme: imaps:// is for port 993, \
                     imap:// for 143."
                ),
            ),
            Fault::NoStartTls => (
                CERTIFICATE,
                format!(
                    "Nothing is told in the clear: switch TLS on at {host}, or try \
                     \"imaps://{host}\" in {url}."
                ),
            ),
            Fault::Tls(error) => match CertificateFault::of(error) {
                Some(fault) => {
                    let key = format!("mailboxes.{}.imap", self.name);
                    let server = &self.settings.server;
                    let advice = tls::advice(&fault, server, &key, certificate, WAITS, scene);
                    return (CERTIFICATE, advice);
                }
                None => (
                    CERTIFICATE,
                    format!(
                        "Look at the server's TLS: openssl s_client -connect {server}{starttls}. Or \
                         {url} has the wrong scheme or port."
                    ),
                ),
            },
            Fault::Login(_) => (
                LOGIN,
                format!(
                    "Correct {} and the password in {}; a new password in that file is tried at \
                     once. Some providers want a password for apps.",
                    self.key("username"),
                    self.key("password_file")
                ),
            ),
        };
        (
            check,
            Advice::new(format!("{server}: {fault}"), WAITS, remedy),
        )
    }

    /// How soon a new mail is known of.
    fn news(&self, session: &Session) -> Check {
        let name = self.check("new mail");
        if session.can_idle() {
            return Area::Imap.ok(name, "told at once (IDLE)");
        }
        let every = humantime::format_duration(self.settings.poll);
        Area::Imap.ok(
            name,
            format!("looked for every {every}: the server has no IDLE"),
        )
    }

    async fn folder(&self, folder: &str, session: &mut Session) -> Check {
        let name = self.check(&format!("folder {folder}"));
        match session.select(folder).await {
            Ok(found) => match &self.settings.processed {
                Processed::Keyword if !found.takes_keyword => Area::Imap.warning(
                    name,
                    Advice::new(
                        "the server takes no keywords",
                        "Mails that were taken over bear no mark; none is taken twice.",
                        format!(
                            "{}: seen{}",
                            self.key("processed"),
                            if session.can_move() { ", or move" } else { "" }
                        ),
                    ),
                ),
                Processed::Move(_) if !session.can_move() => {
                    let (meaning, instead) = if found.takes_keyword {
                        ("stay in the folder, marked by a keyword.", "keyword")
                    } else {
                        (
                            "stay in the folder as they are; none is taken twice.",
                            "seen",
                        )
                    };
                    Area::Imap.warning(
                        name,
                        Advice::new(
                            "the server can't move mails",
                            format!("Mails that were taken over {meaning}"),
                            format!("{}: {instead}", self.key("processed")),
                        ),
                    )
                }
                Processed::Keyword => Area::Imap.ok(name, "there; mails are marked by a keyword"),
                Processed::Move(to) => Area::Imap.ok(name, format!("there; mails go to {to}")),
                Processed::Seen => Area::Imap.ok(name, "there; mails are marked as read"),
            },
            Err(NotSelected::Missing(mut folders)) => {
                folders.truncate(MOST_FOLDERS);
                let advice = Advice::new(
                    "there is no such folder",
                    "No mail comes out of it.",
                    format!(
                        "{}: take of these: {}",
                        self.key("folders"),
                        folders.join(", ")
                    ),
                );
                Area::Imap.fault(name, advice)
            }
            Err(NotSelected::Fault(fault)) => {
                let remedy = "See the server's log, and whether the account may read the folder.";
                Area::Imap.fault(name, Advice::new(fault.to_string(), WAITS, remedy))
            }
        }
    }
}

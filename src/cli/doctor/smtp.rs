//! Area `smtp`: each mailbox's way out, up to the point where a mail would be sent.

use std::time::Duration;

use super::{
    report::{Advice, Area, Check},
    scene::Scene,
    tls,
};
use crate::{
    config::{Encryption, Mailbox, MailboxName, ReturnPath},
    domain::token::TOKEN_LENGTH,
    mail::{
        certificate::Certificate,
        smtp::probe::{self, Offers, Probe, ProbeFault},
    },
};

const PATIENCE: Duration = Duration::from_secs(10);
/// Letters are short, but a server that takes no more than this takes no mail of anybody.
const SMALL: u64 = 1_000_000;

const WAITS: &str = "No mail goes out; it waits, for up to five days.";

const SERVER: &str = "server";
const CERTIFICATE: &str = "certificate";
const LOGIN: &str = "login";
const SENDER: &str = "sender";
const RETURN_PATH: &str = "return path";
/// What follows from a return address without a token.
const PLAIN_ONLY_MARKS: &str =
    "a bounce is told at the letter that it names, and stops no mail to an address that fails";

pub async fn examine(scene: &Scene) -> Vec<Check> {
    let mailboxes = scene.config.mailboxes.iter();
    let each = mailboxes.map(|(name, mailbox)| of_mailbox(name, mailbox, scene));
    futures_util::future::join_all(each).await.concat()
}

async fn of_mailbox(name: &MailboxName, mailbox: &Mailbox, scene: &Scene) -> Vec<Check> {
    let place = Place { name, mailbox };
    if scene.without_smtp.contains(name) {
        return place.skipped(SERVER, "its configuration has a fault");
    }
    let smtp = mailbox.smtp.clone();
    let hello_name = mailbox.address.domain().to_owned();
    let with_token = mailbox.reply_address.with_token(&"a".repeat(TOKEN_LENGTH));
    let Probe {
        certificate,
        outcome,
    } = probe::probe(smtp, hello_name, (&mailbox.address, &with_token), PATIENCE).await;
    match outcome {
        Ok(offers) => {
            let mut checks = vec![place.ok(SERVER, place.server())];
            checks.push(place.certificate(certificate.as_ref(), scene));
            checks.push(place.login());
            checks.extend(place.offers(&offers));
            checks
        }
        Err(fault) => place.failed(&fault, certificate.as_ref(), scene),
    }
}

/// A mailbox, for checks that bear its name.
struct Place<'a> {
    name: &'a MailboxName,
    mailbox: &'a Mailbox,
}

impl Place<'_> {
    fn ok(&self, check: &str, found: impl Into<String>) -> Check {
        Area::Smtp.ok(format!("{}: {check}", self.name), found)
    }

    fn fault(&self, check: &str, advice: Advice) -> Check {
        Area::Smtp.fault(format!("{}: {check}", self.name), advice)
    }

    fn warning(&self, check: &str, advice: Advice) -> Check {
        Area::Smtp.warning(format!("{}: {check}", self.name), advice)
    }

    /// Everything from `first` on.
    fn skipped(&self, first: &str, why: &str) -> Vec<Check> {
        let all = [SERVER, CERTIFICATE, LOGIN, SENDER];
        let rest = all.into_iter().skip_while(|check| *check != first);
        rest.map(|check| Area::Smtp.skipped(format!("{}: {check}", self.name), why))
            .collect()
    }

    fn server(&self) -> String {
        format!("{}:{}", self.mailbox.smtp.host, self.mailbox.smtp.port)
    }

    fn key(&self, key: &str) -> String {
        format!("mailboxes.{}.smtp.{key}", self.name)
    }

    fn certificate(&self, certificate: Option<&Certificate>, scene: &Scene) -> Check {
        let name = format!("{}: {CERTIFICATE}", self.name);
        tls::validity(
            Area::Smtp,
            name,
            &self.mailbox.smtp,
            certificate,
            WAITS,
            scene,
        )
    }

    fn login(&self) -> Check {
        match &self.mailbox.smtp.credentials {
            Some(credentials) => self.ok(LOGIN, format!("as {}", credentials.username)),
            None => self.ok(LOGIN, "none configured, none asked for"),
        }
    }

    fn offers(&self, offers: &Offers) -> Vec<Check> {
        let address = &self.mailbox.address;
        let sender = match &offers.sender {
            Ok(()) => self.ok(SENDER, format!("{address} may send")),
            Err(reply) => self.fault(SENDER, self.sender_advice(reply)),
        };
        vec![
            sender,
            self.return_path(offers),
            self.size(offers),
            self.extensions(offers),
        ]
    }

    fn return_path(&self, offers: &Offers) -> Check {
        let key = format!("mailboxes.{}.return_path", self.name);
        match (&offers.sender_with_token, self.mailbox.return_path) {
            (_, ReturnPath::Plain) => self.ok(
                RETURN_PATH,
                format!("plain, as configured: {PLAIN_ONLY_MARKS}"),
            ),
            (Ok(()), _) => self.ok(RETURN_PATH, "with a token, which bounces come back to"),
            (Err(reply), ReturnPath::Auto) => self.ok(
                RETURN_PATH,
                format!("plain, as the server takes no token in it ({reply}): {PLAIN_ONLY_MARKS}"),
            ),
            (Err(reply), ReturnPath::Verp) => self.fault(
                RETURN_PATH,
                Advice::new(
                    reply,
                    "The server takes no mail with a token in its return address: letters are \
                     refused.",
                    format!(
                        "{key}: auto. Or let the user send from every address of reply_address."
                    ),
                ),
            ),
        }
    }

    fn sender_advice(&self, reply: &str) -> Advice {
        let address = &self.mailbox.address;
        let refused = format!("The server takes no mail from {address}: letters are refused.");
        // RFC 3463 section 3.2: it is the recipient, which is the same address, that is unknown.
        if reply.contains("5.1.1") {
            return Advice::new(
                reply,
                format!("The server knows no {address}: what customers write to it bounces."),
                format!(
                    "Make {address} known to the mail server (in Postfix: \
                     virtual_mailbox_maps or transport_maps), or correct mailboxes.{}.address.",
                    self.name
                ),
            );
        }
        let remedy = match &self.mailbox.smtp.credentials {
            None => format!(
                "The server may want a login: {} and {}.",
                self.key("username"),
                self.key("password_file")
            ),
            Some(credentials) => format!(
                "Let the user {} send as {address} (in Postfix: smtpd_sender_login_maps), or log \
                 in as another: {}",
                credentials.username,
                self.key("username")
            ),
        };
        Advice::new(reply, refused, remedy)
    }

    fn size(&self, offers: &Offers) -> Check {
        match offers.size {
            None => self.ok("size", "the server names no limit"),
            Some(size) if size < SMALL => self.warning(
                "size",
                Advice::new(
                    format!("at most {size} octets"),
                    "A long letter would be refused, and its author told.",
                    "Raise the server's limit (in Postfix: message_size_limit = 52428800).",
                ),
            ),
            Some(size) => self.ok("size", format!("up to {}", super::machine::bytes(size))),
        }
    }

    fn extensions(&self, offers: &Offers) -> Check {
        let told = |is_there: bool, name: &str| {
            if is_there {
                name.to_owned()
            } else {
                format!("no {name}")
            }
        };
        let told = [
            told(offers.eight_bit, "8BITMIME"),
            told(offers.smtputf8, "SMTPUTF8"),
        ];
        let note = if offers.smtputf8 {
            ""
        } else {
            " (no mail to addresses like jürgen@…)"
        };
        self.ok("extensions", format!("{}{note}", told.join(", ")))
    }

    fn failed(
        &self,
        fault: &ProbeFault,
        certificate: Option<&Certificate>,
        scene: &Scene,
    ) -> Vec<Check> {
        let check = stage(fault);
        let advice = match fault {
            ProbeFault::Certificate(fault) => {
                let key = format!("mailboxes.{}.smtp", self.name);
                tls::advice(fault, &self.mailbox.smtp, &key, certificate, WAITS, scene)
            }
            other => self.unusable(other),
        };
        let mut checks = Vec::new();
        for passed in [SERVER, CERTIFICATE, LOGIN] {
            if passed == check {
                break;
            }
            checks.push(match passed {
                CERTIFICATE => self.certificate(certificate, scene),
                _ => self.ok(passed, self.server()),
            });
        }
        checks.push(self.fault(check, advice));
        let next = match check {
            SERVER => CERTIFICATE,
            CERTIFICATE => LOGIN,
            _ => SENDER,
        };
        checks.extend(self.skipped(next, "it doesn't come that far"));
        checks
    }

    /// What was found, and what to do.
    fn unusable(&self, fault: &ProbeFault) -> Advice {
        let (server, url) = (self.server(), self.key("url"));
        let (host, port) = (&self.mailbox.smtp.host, self.mailbox.smtp.port);
        let starttls = match self.mailbox.smtp.encryption {
            Encryption::StartTls => " -starttls smtp",
            Encryption::Tls | Encryption::Insecure => "",
        };
        let remedy = match fault {
            ProbeFault::Settings(_) => format!("Correct {} or {url}.", self.key("ca_file")),
            ProbeFault::Name(_) => format!(
                "Correct the name in {url}, or see whether this machine's DNS works: getent hosts \
                 {host}"
            ),
            ProbeFault::Unreachable(_) => format!(
                "Correct the port in {url}, or open the firewall. Try: nc -vz {host} {port}"
            ),
            ProbeFault::Lost(_) => format!(
                "The server hangs up: see its log. Or {url} has the wrong scheme: smtps:// is for \
                 port 465, smtp:// for 587."
            ),
            ProbeFault::Unwelcome(_) => {
                format!("See the log of {host} for why it doesn't want us.")
            }
            ProbeFault::NoStartTls => format!(
                "Nothing is sent in the clear: switch TLS on at {host}, or try \"smtps://{host}\" \
                 in {url}."
            ),
            ProbeFault::Injected => {
                format!("Somebody may be in between: see who answers at {server}.")
            }
            ProbeFault::Tls(_) | ProbeFault::Certificate(_) => format!(
                "Look at the server's TLS: openssl s_client -connect {server}{starttls}. Or {url} \
                 has the wrong scheme or port."
            ),
            ProbeFault::NoLogin => format!(
                "Use its port for submission (587) in {url}, or take {} out if it wants none.",
                self.key("username")
            ),
            ProbeFault::Login(_) => format!(
                "Correct {} and the password in {}; restart Postroom. Some providers want a \
                 password for apps.",
                self.key("username"),
                self.key("password_file")
            ),
        };
        let found = match fault {
            ProbeFault::Name(error) => format!("{host} has no address: {error}"),
            ProbeFault::Unreachable(error) | ProbeFault::Lost(error) => {
                format!("{server}: {error}")
            }
            other => other.to_string(),
        };
        Advice::new(found, WAITS, remedy)
    }
}

/// At which check it failed.
fn stage(fault: &ProbeFault) -> &'static str {
    match fault {
        ProbeFault::Settings(_)
        | ProbeFault::Name(_)
        | ProbeFault::Unreachable(_)
        | ProbeFault::Lost(_)
        | ProbeFault::Unwelcome(_) => SERVER,
        ProbeFault::NoStartTls
        | ProbeFault::Injected
        | ProbeFault::Certificate(_)
        | ProbeFault::Tls(_) => CERTIFICATE,
        ProbeFault::NoLogin | ProbeFault::Login(_) => LOGIN,
    }
}

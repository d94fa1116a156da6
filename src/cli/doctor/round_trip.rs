//! A mail that goes out by a mailbox's SMTP server and must come back through the real doors, into
//! the Postroom that runs. `docs/decisions/0010-a-probe-has-a-token-of-its-own.md` tells how it is
//! recognised and why it ends there.

use std::time::{Duration, Instant};

use super::{
    database,
    machine::bytes,
    report::{Advice, Area, Check},
    scene::Scene,
};
use crate::{
    config::{Mailbox, MailboxName},
    domain::{address::EmailAddress, delivery::SendOutcome, ids::MessageId},
    mail::{
        dkim::Signer,
        dns::Resolver,
        probe_mail::{self, Signature},
        smtp::SmtpTransport,
    },
    store::{
        Connection, StoreError, keys,
        mails::{self, Arrived},
    },
};

/// How long the SMTP server may take for one answer.
const SMTP_PATIENCE: Duration = Duration::from_secs(15);
/// Between two looks into the database.
const PAUSE: Duration = Duration::from_millis(100);

pub async fn make(
    name: &str,
    mailbox_name: &MailboxName,
    mailbox: &Mailbox,
    patience: Duration,
    scene: &Scene,
) -> Vec<Check> {
    match travel(name, mailbox, patience, scene).await {
        Ok((check, raw)) => {
            let mut checks = vec![check];
            if let Some(raw) = raw {
                checks.push(signature(mailbox_name, mailbox, &raw, scene).await);
            }
            checks
        }
        Err(error) => {
            let why = format!("the database can't be looked into: {error}");
            vec![Area::ReplyAddress.skipped(name, why)]
        }
    }
}

/// What came of it; and the mail as it came back, if it is there to be seen.
async fn travel(
    name: &str,
    mailbox: &Mailbox,
    patience: Duration,
    scene: &Scene,
) -> Result<(Check, Option<Vec<u8>>), StoreError> {
    let mut connection = database::look(scene).await?;
    let keys = keys::read(&mut connection).await?;
    let before = mails::newest(&mut connection).await?;
    let now = scene.clock.now();
    let number = u32::from_be_bytes(scene.chance.bytes());
    let token = keys.probe_token(number.into());
    let address = mailbox.reply_address.with_token(&token);
    let tail = scene.chance.base32(16);
    let id = MessageId::parse(&format!("probe.{tail}@{}", mailbox.address.domain()));
    let mail = id.as_ref().and_then(|id| {
        let mail = probe_mail::compose(&mailbox.address, &address, id, now)?;
        Some((id.as_str().to_owned(), mail))
    });
    let Some((id, mail)) = mail else {
        let why = "the mailbox's address can't be written in ASCII";
        return Ok((Area::ReplyAddress.skipped(name, why), None));
    };
    let sent = Instant::now();
    let answer = match send(mail, mailbox, &address).await {
        Ok(answer) => answer,
        Err(reason) => {
            let advice = Advice::new(
                reason,
                "The mail did not go out: letters would not either.",
                "See the area smtp: postroom doctor --only smtp",
            );
            return Ok((Area::ReplyAddress.fault(name, advice), None));
        }
    };
    let arrived = wait(&mut connection, &id, &token, before, sent, patience).await?;
    let Some(arrived) = arrived else {
        let bounce = mails::bounce_after(&mut connection, before).await?;
        let advice = lost(&answer, bounce, patience, &address);
        return Ok((Area::ReplyAddress.fault(name, advice), None));
    };
    let took = sent.elapsed().as_secs_f32();
    let check = if arrived.outcome == "own" {
        let found = format!("a mail came back after {took:.1} s (mail {})", arrived.id);
        Area::ReplyAddress.ok(name, found)
    } else {
        Area::ReplyAddress.fault(name, stuck(&arrived))
    };
    Ok((check, arrived.raw))
}

/// The server's answer, with which it has taken the mail; or why it has not.
async fn send(mail: Vec<u8>, mailbox: &Mailbox, to: &EmailAddress) -> Result<String, String> {
    let hello_name = mailbox.address.domain().to_owned();
    let signer = Signer::new(&mailbox.dkim, &mailbox.address);
    let signed = signer
        .map_err(|fault| format!("its DKIM key {fault}"))
        .and_then(|signer| signer.sign(mail).map_err(|fault| fault.to_string()));
    let mail = signed?;
    let transport = SmtpTransport::new(mailbox.smtp.clone(), hello_name, SMTP_PATIENCE)
        .map_err(|fault| fault.to_string())?;
    let sender = mailbox.address.as_str();
    let deadline = tokio::time::Instant::now() + 10 * SMTP_PATIENCE;
    let mail = async || Some(mail.into());
    match transport.send(sender, to, deadline, mail).await {
        SendOutcome::Delivered { answer } => Ok(answer),
        SendOutcome::RetryLater { reason, .. }
        | SendOutcome::Refused { reason }
        | SendOutcome::RecipientRefused { reason, .. }
        | SendOutcome::SenderRefused { reason }
        | SendOutcome::TooLarge { reason, .. }
        | SendOutcome::Uncertain { reason } => Err(reason),
        SendOutcome::Withdrawn => Err("it was not sent".to_owned()),
    }
}

/// The mail, once Postroom has decided about it; at the end of `patience` also if it has not.
async fn wait(
    connection: &mut Connection,
    id: &str,
    token: &str,
    before: i64,
    sent: Instant,
    patience: Duration,
) -> Result<Option<Arrived>, StoreError> {
    loop {
        let arrived = mails::arrived(connection, id, token, before).await?;
        let is_decided = arrived.as_ref().is_some_and(|mail| mail.state != "waiting");
        if is_decided || sent.elapsed() >= patience {
            return Ok(arrived);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// It left, and never came.
fn lost(answer: &str, bounce: Option<i64>, patience: Duration, to: &EmailAddress) -> Advice {
    let whole = || format!("the SMTP server took it ({answer})");
    let words = answer.split_once("queued as ").map(|(_, after)| after);
    // Somebody is going to copy it into a shell.
    let is_plain = |c: char| c.is_ascii_alphanumeric();
    let queue_id = words.map(|after| after.split(|c| !is_plain(c)).next().unwrap_or_default());
    let queue_id = queue_id.filter(|id| !id.is_empty());
    if let Some(bounce) = bounce {
        return Advice::new(
            format!(
                "{}, but a delivery report came back: mail {bounce}",
                whole()
            ),
            "A mail server on the way doesn't know reply addresses: customers' answers bounce, \
             too.",
            format!(
                "Read the report (column raw of mail {bounce}, see docs/operations.md), and let \
                 your mail server deliver {to}, as it does any other token."
            ),
        );
    }
    let where_to_look = match queue_id {
        Some(id) => format!("On the mail server: grep {id} /var/log/mail.log; postqueue -p"),
        None => "Look for it in the mail server's log and queue.".to_owned(),
    };
    Advice::new(
        format!(
            "{}, and it did not come back within {} s",
            whole(),
            patience.as_secs()
        ),
        "Customers' answers don't come in either: they get stuck in the same place, or come late.",
        format!(
            "{where_to_look}\nIt must hand mail for {to} over to lmtp.listen (in Postfix: \
             transport_maps). --wait gives a slow way more time."
        ),
    )
}

/// It came, and was not taken for what it is.
fn stuck(arrived: &Arrived) -> Advice {
    let id = arrived.id;
    if arrived.state == "waiting" {
        return Advice::new(
            format!("mail {id} came back, but nobody has decided about it yet"),
            "Postroom takes mail, but is behind with it, or hangs.",
            "See what it says: journalctl -u postroom. Then: systemctl restart postroom",
        );
    }
    Advice::new(
        format!(
            "mail {id} came back as “{}” {}",
            arrived.outcome, arrived.problem
        ),
        "The way works, but the Postroom that runs doesn't know its own mail: it is older than \
         this program.",
        "systemctl restart postroom",
    )
}

/// Whether a signature came with it that others can verify: only a mail tells the selector.
async fn signature(name: &MailboxName, mailbox: &Mailbox, raw: &[u8], scene: &Scene) -> Check {
    let name = format!("{name}: DKIM");
    let signatures = probe_mail::signatures(raw);
    let Some(Signature { domain, selector }) = best(signatures, mailbox.address.domain()) else {
        let advice = Advice::new(
            format!(
                "no signature on the mail that came back ({})",
                bytes(raw.len() as u64)
            ),
            "Large providers take unsigned mail for spam.",
            "Let your mail server or provider sign (OpenDKIM, rspamd), or Postroom itself (the key \
             `dkim` of the mailbox). If the server signs only what leaves for elsewhere, send a \
             letter to another address and look there.",
        );
        return Area::ReplyAddress.warning(name, advice);
    };
    let place = format!("{selector}._domainkey.{domain}");
    let keys = match Resolver::new(&scene.config.dns) {
        Ok(resolver) => resolver.texts(&place).await,
        Err(why) => Err(why),
    };
    match keys {
        Ok(keys) if keys.iter().any(|key| key.contains("p=")) => {
            Area::ReplyAddress.ok(name, format!("signed by {domain}, selector {selector}"))
        }
        Ok(_) => Area::ReplyAddress.fault(
            name,
            Advice::new(
                format!("signed by {domain}, but there is no key at {place}"),
                "Nobody can verify the signature: mail looks forged.",
                format!(
                    "In the zone: {place}. TXT \"v=DKIM1; k=…; p=…\", as your signer tells it."
                ),
            ),
        ),
        Err(why) => Area::ReplyAddress.skipped(name, why.to_string()),
    }
}

/// One of the mailbox's own domain counts most.
fn best(mut signatures: Vec<Signature>, domain: &str) -> Option<Signature> {
    let own = signatures
        .iter()
        .position(|it| it.domain.eq_ignore_ascii_case(domain));
    let at = own.unwrap_or(0);
    (at < signatures.len()).then(|| signatures.swap_remove(at))
}
